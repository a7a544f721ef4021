"""Is Redis known to be away? Then no conversation waits for it; one probe asks for all.

closed ──trip()──► open: probe, pause, probe … ──Redis answers──► closed
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.background import Tasks
from voicebot.store.client import AWAY

log = get_logger(__name__)

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
PROBE_PATIENCE_S = 1.0


class Breaker:
    """One for all sessions of a process."""

    def __init__(self, ping: Callable[[], Awaitable[object]], tasks: Tasks) -> None:
        self._ping = ping
        self._tasks = tasks
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """Redis is known to be away."""
        return not self._closed.is_set()

    def trip(self) -> None:
        """Redis did not do what it was asked: ask no more until it answers a probe."""
        if not self.is_open:
            self._closed.clear()
            metrics.redis_breaker_open.set(1)
            self._tasks.start(self._probe())

    async def closed(self) -> None:
        """Wait until Redis answers."""
        await self._closed.wait()

    async def _probe(self) -> None:
        pause_s = FIRST_PAUSE_S
        try:
            while not await self._answers():
                await asyncio.sleep(pause_s)
                pause_s = longer(pause_s)
        finally:
            self._closed.set()
            metrics.redis_breaker_open.set(0)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_PATIENCE_S):
                await self._ping()
        except (*AWAY, TimeoutError):
            return False
        return True


def longer(pause_s: float) -> float:
    """The next pause of a back-off."""
    return min(2 * pause_s, LONGEST_PAUSE_S)
