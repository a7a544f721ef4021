"""The business behind the number: what it offers, when it is open, what it answers.

Read from a `business.toml` (docs/business.md); examples ship with the package.
"""

from voicebot.business.answers import (
    SURELY_SAME,
    answer_for,
    answer_of,
    form_meant,
    is_only_place,
    is_usual,
    kinds_of,
    serves,
)
from voicebot.business.loading import (
    EXAMPLES,
    example_name,
    example_text,
    load_business,
    schema,
)
from voicebot.business.model import (
    WEEKDAYS,
    Booking,
    Business,
    BusinessAnswer,
    Closure,
    Company,
    Confirm,
    Emergency,
    Hours,
    Offer,
    Visit,
)
from voicebot.business.reference import reference
from voicebot.business.words import has_one_of

__all__ = [
    "EXAMPLES", "SURELY_SAME", "WEEKDAYS", "Booking", "Business", "BusinessAnswer", "Closure",
    "Company", "Confirm", "Emergency", "Hours", "Offer", "Visit", "answer_for", "answer_of",
    "example_name", "example_text", "form_meant", "has_one_of", "is_only_place", "is_usual",
    "kinds_of", "load_business", "reference", "schema", "serves",
]  # fmt: skip
