"""Which parser reads which field."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.call import Step
from voicebot.collect.understanding import Asked, dates, email, name, phone, service
from voicebot.collect.understanding.found import Found

Parser = Callable[[str, Asked], Found | None]

PARSERS: dict[Step, Parser] = {
    Step.NAME: name.parse,
    Step.PHONE: phone.parse,
    Step.EMAIL: email.parse,
    Step.TIME: dates.parse,
    Step.SERVICE: service.parse,
}


def parse(step: Step, text: str, asked: Asked) -> Found | None:
    """What one field's parser finds in a text."""
    parser = PARSERS.get(step)
    return parser(text, asked) if parser else None
