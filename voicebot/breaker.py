"""A circuit breaker: a service that does not answer is not asked for a while.

    CLOSED ──policy.outages in a row──► OPEN ──pause over──► TRIAL ──answered──► CLOSED
       ▲        (a lasting one: at once)  ▲                    │
       └──────────── answered ────────────└─── longer pause ◄──┘

Without a probe, the caller that asks first after the pause is the trial for all. With a probe the
breaker makes the trials itself, and no caller is let through before one of them succeeds.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Fault(Protocol):
    """The reason of a failed request."""

    @property
    def is_outage(self) -> bool:
        """True when the next request would fail as well."""

    @property
    def lasts(self) -> bool:
        """True when trying again soon is in vain."""


class BreakerObserver(Protocol):
    """Receives what happens, for logs and metrics; returns nothing."""

    def failed(self, fault: Fault) -> None:
        """Count a failed request."""

    def opened(self, fault: Fault | None, pause_s: float) -> None:
        """Note that nobody asks the service for a while; without a fault it was tripped."""

    def closed(self) -> None:
        """Note that the service is asked again."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """The counts and pauses by which a breaker opens and closes.

    outages        so many in a row open it; one late answer may be an accident
    first_pause_s  doubled after each trial that fails, up to longest_pause_s
    lasting_pause_s  the pause after a fault that lasts
    trial_s        so long no other caller is let through beside a trial
    """

    outages: int
    first_pause_s: float
    longest_pause_s: float
    lasting_pause_s: float
    trial_s: float

    def longer(self, pause_s: float) -> float:
        """Return the pause after one of `pause_s`."""
        return min(2 * pause_s, self.longest_pause_s)


class _State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    TRIAL = "trial"


class Breaker:
    """One for each service, shared by all calls of a process.

    probe  asks the service, and returns whether it answered
    start  runs the probing as a task with an owner
    """

    def __init__(
        self,
        policy: BreakerPolicy,
        observer: BreakerObserver,
        *,
        clock: Callable[[], float] = time.monotonic,
        probe: Callable[[], Awaitable[bool]] | None = None,
        start: Callable[[Coroutine[object, object, None]], object] | None = None,
    ) -> None:
        self.policy = policy
        self._observer = observer
        self._clock = clock
        self._probe = probe
        self._start = start
        self._state = _State.CLOSED
        self._outages = 0
        self._pause_s = policy.first_pause_s
        self._until = 0.0
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """True when it is in vain to ask now. Asks for no trial."""
        return self._state is not _State.CLOSED and self._clock() < self._until

    def allows(self) -> bool:
        """Return whether the service may be asked now; after a pause one caller is the trial."""
        if self.is_open:
            return False
        if self._state is not _State.CLOSED:
            self._state = _State.TRIAL
            self._until = self._clock() + self.policy.trial_s
        return True

    async def closed(self) -> None:
        """Wait until the service answers."""
        await self._closed.wait()

    def answered(self) -> None:
        """Close the breaker: the service did what it was asked."""
        if self._state is not _State.CLOSED:
            self._state = _State.CLOSED
            self._closed.set()
            self._observer.closed()
        self._outages = 0
        self._pause_s = self.policy.first_pause_s

    def failed(self, fault: Fault) -> None:
        """Count a failure; outages open the breaker.

        While it is open, only requests that were under way fail: they change nothing.
        """
        self._observer.failed(fault)
        if not fault.is_outage or self._state is _State.OPEN:
            return
        self._outages += 1
        if self._state is _State.TRIAL:
            self._pause_s = self.policy.longer(self._pause_s)
        if fault.lasts or self._outages >= self.policy.outages:
            self._pause_s = self.policy.lasting_pause_s if fault.lasts else self._pause_s
            self._open(fault)

    def trip(self) -> None:
        """Open at once, unless it is open."""
        if self._state is _State.CLOSED:
            self._open(None)

    def _open(self, fault: Fault | None) -> None:
        self._state = _State.OPEN
        self._closed.clear()
        self._until = math.inf if self._probe else self._clock() + self._pause_s
        self._observer.opened(fault, self._pause_s)
        if self._probe and self._start:
            self._start(self._probing(self._probe))

    async def _probing(self, probe: Callable[[], Awaitable[bool]]) -> None:
        pause_s = self.policy.first_pause_s
        try:
            while not await probe():
                await asyncio.sleep(pause_s)
                pause_s = self.policy.longer(pause_s)
        finally:
            self.answered()
