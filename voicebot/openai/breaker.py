"""Who failed twice is not asked for a while: a caller should not wait for what will not come.

closed ──two outages in a row──► open ──pause over──► one trial ──► closed
   ▲      (a lasting one: at once)  ▲                     │
   └────────── an answer ───────────└── longer pause ◄────┘
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from voicebot.log import get_logger
from voicebot.openai import metrics
from voicebot.openai.failures import Failure, Service

OUTAGES: Final = 2
"""One late answer is an accident."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0
LASTING_PAUSE_S: Final = 300.0
"""A refused key or an empty account: somebody has to do something about it."""
TRIAL_S: Final = 5.0
"""So long nobody else is let through beside a trial; who was cancelled never reports."""

_log = get_logger("voicebot.openai")


class _State(Enum):
    """Asked by everybody, by nobody, or by one for all."""

    CLOSED = "closed"
    OPEN = "open"
    TRIAL = "trial"


class Breaker:
    """One for each service, shared by all calls of a process."""

    def __init__(self, service: Service, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._clock = clock
        self._state = _State.CLOSED
        self._outages = 0
        self._pause_s = FIRST_PAUSE_S
        self._until = 0.0

    @property
    def service(self) -> Service:
        """Whom it watches."""
        return self._service

    @property
    def is_open(self) -> bool:
        """Would it be in vain to ask now? Asks for no trial."""
        return self._state is not _State.CLOSED and self._clock() < self._until

    def allows(self) -> bool:
        """May the service be asked now? After a pause one asker is the trial for all."""
        if self.is_open:
            return False
        if self._state is not _State.CLOSED:
            self._state = _State.TRIAL
            self._until = self._clock() + TRIAL_S
        return True

    def answered(self) -> None:
        """The service did what it was asked."""
        if self._state is not _State.CLOSED:
            _log.info("vendor_back", service=self._service)
        self._state = _State.CLOSED
        self._outages = 0
        self._pause_s = FIRST_PAUSE_S
        metrics.open_breakers.labels(self._service).set(0)

    def failed(self, failure: Failure) -> None:
        """The service did not; every kind is counted, outages open the breaker.

        While it is open, only those fail who were under way: that is no news.
        """
        metrics.failures.labels(self._service, failure).inc()
        if not failure.is_outage or self._state is _State.OPEN:
            return
        self._outages += 1
        if self._state is _State.TRIAL:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if failure.lasts or self._outages >= OUTAGES:
            self._open(failure)

    def _open(self, failure: Failure) -> None:
        self._pause_s = LASTING_PAUSE_S if failure.lasts else self._pause_s
        self._state = _State.OPEN
        self._until = self._clock() + self._pause_s
        metrics.open_breakers.labels(self._service).set(1)
        _log.warning(
            "vendor_away",
            service=self._service,
            failure=failure,
            pause_s=self._pause_s,
            advice="the call goes on without it; `voicebot doctor --openai` says what is wrong",
        )
