"""The time of one phone: seconds since it was switched on, faster than life in tests."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Call time in seconds. `speed` 10 plays ten seconds of a call in one."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._zero = time.perf_counter()

    def now(self) -> float:
        """Seconds of call time since this clock was made.

        Not the loop's own time, which uvloop keeps to the millisecond and a round of the loop.
        """
        return (time.perf_counter() - self._zero) * self.speed

    async def until(self, moment: float) -> None:
        """Sleep to a moment of call time; one that has passed returns at once."""
        await asyncio.sleep(max(0.0, moment - self.now()) / self.speed)

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds of call time."""
        await asyncio.sleep(seconds / self.speed)
