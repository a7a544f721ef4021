"""Shared parts of all OpenAI clients, also for servers that speak its API.

What is public

    meter, Meter, start_meter, open_bill, note_bill   what a call has used, its cost and its cap
    Usage, read_usage, Tokens     the totals in a record; the tokens of one answer
    load_prices                   the price list
    Service, Failure              a service, and why a request to it failed
    Unanswered, failure_of_code   the error of speech through OpenAI; the failure of an error event
    openai_breaker                the breaker of a service
    failed_requests, fallbacks, fillers   metrics
    client                        a module of its own, since its import takes most of a second:
                                  account, Account, FAILURES, failure_of, Stalled, Unwanted
"""

from voicebot.openai.failures import (
    Failure,
    Service,
    Unanswered,
    failed_requests,
    failure_of_code,
    fallbacks,
    fillers,
    openai_breaker,
)
from voicebot.openai.usage import (
    Meter,
    Tokens,
    Usage,
    load_prices,
    meter,
    note_bill,
    open_bill,
    read_usage,
    start_meter,
)

__all__ = [
    "Failure", "Meter", "Service", "Tokens", "Unanswered", "Usage", "failed_requests",
    "failure_of_code", "fallbacks", "fillers", "load_prices", "meter", "note_bill", "open_bill",
    "openai_breaker", "read_usage", "start_meter",
]  # fmt: skip
