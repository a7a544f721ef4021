"""The kinds of failure of an OpenAI request, for metrics, breakers and retries."""

from __future__ import annotations

from enum import StrEnum

from voicebot.errors import SpeechUnavailable


class Service(StrEnum):
    """A service of OpenAI, as metrics name it."""

    HEARING = "hearing"
    SPEAKING = "speaking"
    UNDERSTANDING = "understanding"


class Failure(StrEnum):
    """Why a request gave no answer."""

    UNAUTHORIZED = "unauthorized"
    """The key is refused."""
    NO_QUOTA = "no_quota"
    """The account is empty."""
    WRONG_REQUEST = "wrong_request"
    """Unknown model or service, or an unsupported parameter."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    """The connection was refused, reset or closed in the middle."""
    LATE = "late"
    """No answer before the deadline."""
    STALLED = "stalled"
    """The answer began and did not continue in time."""
    MALFORMED = "malformed"
    """Truncated or invalid JSON."""
    REFUSAL = "refusal"
    """The model refused to answer."""
    UNUSABLE = "unusable"
    """The answer is complete, but holds no value that the caller can have said."""
    CAPPED = "capped"
    """The call has reached its cost cap."""
    OPEN = "open"
    """Not asked, because the breaker is open."""

    @property
    def lasts(self) -> bool:
        """Whether trying again soon is useless."""
        return self in (Failure.UNAUTHORIZED, Failure.NO_QUOTA, Failure.WRONG_REQUEST)

    @property
    def is_momentary(self) -> bool:
        """Whether one quick retry may succeed."""
        return self in (Failure.SERVER_ERROR, Failure.CONNECTION)

    @property
    def is_outage(self) -> bool:
        """Whether the next request would probably fail as well."""
        answered = (Failure.REFUSAL, Failure.UNUSABLE, Failure.MALFORMED)
        return self not in (*answered, Failure.CAPPED, Failure.OPEN)


class Unanswered(SpeechUnavailable):
    """OpenAI did not transcribe or speak; `failure` says why."""

    def __init__(self, message: str, failure: Failure) -> None:
        super().__init__(message)
        self.failure = failure


def failure_of_code(code: str) -> Failure:
    """Return the kind of failure for the code of an error event."""
    return _CODES.get(code, Failure.SERVER_ERROR)


_CODES = {
    "insufficient_quota": Failure.NO_QUOTA,
    "invalid_api_key": Failure.UNAUTHORIZED,
    "model_not_found": Failure.WRONG_REQUEST,
    "rate_limit_exceeded": Failure.RATE_LIMITED,
}
