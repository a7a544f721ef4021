"""Who failed twice is not asked for a while: a caller should not wait for what will not come.

closed ──two outages in a row──► open ──pause over──► one trial ──► closed
   ▲      (a lasting one: at once)  ▲                     │
   └────────── an answer ───────────└── longer pause ◄────┘
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from voicebot.log import get_logger
from voicebot.openai_api import metrics
from voicebot.openai_api.failures import Failure, Service

OUTAGES: Final = 2
"""One late answer is an accident."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0
LASTING_PAUSE_S: Final = 300.0
"""A refused key or an empty account: somebody has to do something about it."""
TRIAL_S: Final = 5.0
"""So long nobody else is let through beside a trial; who was cancelled never reports."""

_log = get_logger("voicebot.openai")


class Breaker:
    """One for each service, shared by all calls of a process."""

    def __init__(self, service: Service, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._clock = clock
        self._outages = 0
        self._pause_s = 0.0
        self._closed_until = 0.0

    @property
    def service(self) -> Service:
        """Whom it watches."""
        return self._service

    @property
    def is_open(self) -> bool:
        """Would it be in vain to ask now? Asks for no trial."""
        return self._clock() < self._closed_until

    def allows(self) -> bool:
        """May the service be asked now? After a pause one asker is the trial for all."""
        if self.is_open:
            return False
        if self._pause_s:
            self._closed_until = self._clock() + TRIAL_S
        return True

    def answered(self) -> None:
        """The service did what it was asked."""
        if self._pause_s:
            _log.info("vendor_back", service=self._service)
        self._outages = 0
        self._pause_s = self._closed_until = 0.0
        metrics.open_breakers.labels(self._service).set(0)

    def failed(self, failure: Failure) -> None:
        """The service did not; every kind is counted, outages open the breaker."""
        metrics.failures.labels(self._service, failure).inc()
        if not failure.is_outage:
            return
        self._outages += 1
        if failure.lasts or self._outages >= OUTAGES:
            self._open(failure)

    def _open(self, failure: Failure) -> None:
        longer_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if self._pause_s else FIRST_PAUSE_S
        self._pause_s = LASTING_PAUSE_S if failure.lasts else longer_s
        self._closed_until = self._clock() + self._pause_s
        metrics.open_breakers.labels(self._service).set(1)
        _log.warning(
            "vendor_away",
            service=self._service,
            failure=failure,
            pause_s=self._pause_s,
            advice="the call goes on without it; `voicebot doctor --openai` says what is wrong",
        )
