"""Failures of requests to OpenAI: their kinds, their metrics, and the breaker of a service.

A breaker opens after two outages in a row, or at once for a fault that lasts: a caller should not
wait for an answer that will not come.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Gauge

from voicebot.breaker import Breaker, BreakerPolicy, Fault
from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger

_log = get_logger("voicebot.openai")


class Service(StrEnum):
    """A service of OpenAI, as metrics name it."""

    HEARING = "hearing"
    SPEAKING = "speaking"
    UNDERSTANDING = "understanding"


class Failure(StrEnum):
    """The reason why a request gave no answer."""

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
        """True when trying again soon is useless."""
        return self in (Failure.UNAUTHORIZED, Failure.NO_QUOTA, Failure.WRONG_REQUEST)

    @property
    def is_momentary(self) -> bool:
        """True when one quick retry may succeed."""
        return self in (Failure.SERVER_ERROR, Failure.CONNECTION)

    @property
    def is_outage(self) -> bool:
        """True when the next request would probably fail as well."""
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


failed_requests = Counter(
    "voicebot_openai_failures",
    "Failed requests to OpenAI, by service and kind",
    ["service", "kind"],
)
open_breakers = Gauge(
    "voicebot_openai_breaker_open",
    "1 while a service is not asked because it failed",
    ["service"],
    multiprocess_mode="livemax",
)
fallbacks = Counter(
    "voicebot_openai_fallbacks", "Turns that a local engine served instead of OpenAI", ["service"]
)
fillers = Counter(
    "voicebot_openai_fillers", "Fillers that callers heard while OpenAI was waited for"
)

for _service in Service:  # start at 0, so that the first increase is visible
    for _kind in Failure:
        failed_requests.labels(_service, _kind)
    open_breakers.labels(_service)
    fallbacks.labels(_service)

POLICY: Final = BreakerPolicy(
    outages=2, first_pause_s=5.0, longest_pause_s=60.0, lasting_pause_s=300.0, trial_s=5.0
)
"""A refused key or an empty account lasts: a person has to act. A cancelled trial never reports,
so others are let through after `trial_s`."""


def openai_breaker(service: Service, clock: Callable[[], float] = time.monotonic) -> Breaker:
    """Return a closed breaker for `service`; share it among all calls of a process."""
    return Breaker(POLICY, _Observer(service), clock=clock)


@dataclass(frozen=True, slots=True)
class _Observer:
    service: Service

    def failed(self, fault: Fault) -> None:
        failed_requests.labels(self.service, fault).inc()

    def opened(self, fault: Fault | None, pause_s: float) -> None:
        open_breakers.labels(self.service).set(1)
        _log.warning(
            "vendor_away",
            service=self.service,
            failure=fault,
            pause_s=pause_s,
            advice="the call goes on without it; `voicebot doctor --openai` says what is wrong",
        )

    def closed(self) -> None:
        open_breakers.labels(self.service).set(0)
        _log.info("vendor_back", service=self.service)
