"""The breaker of each OpenAI service, with its log lines and metrics.

It opens after two outages in a row, or at once for a fault that lasts: a caller should not wait
for an answer that will not come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voicebot.breaker import Breaker, BreakerPolicy, Fault
from voicebot.log import get_logger
from voicebot.openai import metrics
from voicebot.openai.failures import Service

POLICY: Final = BreakerPolicy(
    outages=2, first_pause_s=5.0, longest_pause_s=60.0, lasting_pause_s=300.0, trial_s=5.0
)
"""A refused key or an empty account lasts: a person has to act. A cancelled trial never reports,
so others are let through after `trial_s`."""

OpenAIBreaker = Breaker

_log = get_logger("voicebot.openai")


def openai_breaker(service: Service, clock: Callable[[], float] = time.monotonic) -> OpenAIBreaker:
    """Return a closed breaker for `service`; share it among all calls of a process."""
    return Breaker(POLICY, _Observer(service), clock=clock)


@dataclass(frozen=True, slots=True)
class _Observer:
    service: Service

    def failed(self, fault: Fault) -> None:
        metrics.failures.labels(self.service, fault).inc()

    def opened(self, fault: Fault | None, pause_s: float) -> None:
        metrics.open_breakers.labels(self.service).set(1)
        _log.warning(
            "vendor_away",
            service=self.service,
            failure=fault,
            pause_s=pause_s,
            advice="the call goes on without it; `voicebot doctor --openai` says what is wrong",
        )

    def closed(self) -> None:
        metrics.open_breakers.labels(self.service).set(0)
        _log.info("vendor_back", service=self.service)
