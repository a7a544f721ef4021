"""What can go wrong at a vendor, as one of a dozen kinds: for metrics, breakers and retries."""

from __future__ import annotations

from enum import StrEnum

from voicebot.errors import SpeechUnavailable


class Service(StrEnum):
    """What is asked of the vendor, as metrics name it."""

    HEARING = "hearing"
    SPEAKING = "speaking"
    UNDERSTANDING = "understanding"


class Failure(StrEnum):
    """Why there is no answer."""

    UNAUTHORIZED = "unauthorized"
    """The key is refused."""
    NO_QUOTA = "no_quota"
    """The account is empty."""
    WRONG_REQUEST = "wrong_request"
    """No such model, no such service, or a parameter that is not taken."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    """Refused, reset, or closed in the middle."""
    LATE = "late"
    """Nothing came before the deadline."""
    STALLED = "stalled"
    """It began, and then nothing more came."""
    MALFORMED = "malformed"
    """Cut or wrong JSON."""
    REFUSAL = "refusal"
    """The model does not want to answer."""
    UNUSABLE = "unusable"
    """The answer was whole, and no value that the caller can have said."""
    CAPPED = "capped"
    """The call has used what it may cost."""
    OPEN = "open"
    """Not asked, because it failed just before."""

    @property
    def lasts(self) -> bool:
        """Nobody mends this by trying again soon."""
        return self in (Failure.UNAUTHORIZED, Failure.NO_QUOTA, Failure.WRONG_REQUEST)

    @property
    def is_momentary(self) -> bool:
        """Is one quick second try likely to do better?"""
        return self in (Failure.SERVER_ERROR, Failure.CONNECTION)

    @property
    def is_outage(self) -> bool:
        """Does it say that the next request would fail as well?"""
        answered = (Failure.REFUSAL, Failure.UNUSABLE, Failure.MALFORMED)
        return self not in (*answered, Failure.CAPPED, Failure.OPEN)


class Unanswered(SpeechUnavailable):
    """OpenAI did not hear or speak; `failure` says why."""

    def __init__(self, message: str, failure: Failure) -> None:
        super().__init__(message)
        self.failure = failure


def failure_of_code(code: str) -> Failure:
    """Which kind an error is that came as an event, by its code."""
    return _CODES.get(code, Failure.SERVER_ERROR)


_CODES = {
    "insufficient_quota": Failure.NO_QUOTA,
    "invalid_api_key": Failure.UNAUTHORIZED,
    "model_not_found": Failure.WRONG_REQUEST,
    "rate_limit_exceeded": Failure.RATE_LIMITED,
}
