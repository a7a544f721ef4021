"""The workers of a speech process, handed to the jobs that wait: the most urgent first.

since  the moment from which a job counts as waiting; the earliest is the next. A job that has a
       head start counts as older than it is; one whose last reply still sounds at the caller,
       as younger.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from voicebot.errors import SpeechError

GiveWay = Callable[[float], Awaitable[None]]
"""Lets jobs go first that wait since before the given moment, from which this one waits now."""


class TooManyJobs(SpeechError):
    """As many jobs wait as may, and all have waited longer."""


@dataclass(frozen=True, slots=True)
class _Place:
    since: float
    begun: bool  # it has had a worker before, and is not refused any more


class Workers:
    """So many workers (`count`), for whom at most `limit` jobs wait that have not begun.

    tell  is told how many wait, at each change
    """

    def __init__(self, count: int, limit: int, tell: Callable[[int], object]) -> None:
        self.limit = limit
        self._free = count
        self._waiting: dict[asyncio.Future[None], _Place] = {}
        self._tell = tell

    @asynccontextmanager
    async def hold(self, since: float) -> AsyncGenerator[GiveWay, None]:
        """Wait for a worker, and have it for as long as the block lasts.

        Gives a function that lets more urgent jobs go first. Raises TooManyJobs, also while it
        waits, when a job comes that counts as older.
        """
        await self._take(_Place(since, begun=False))
        is_held = True

        async def give_way(since: float) -> None:
            nonlocal is_held
            if any(place.since < since for place in self._waiting.values()):
                is_held = False
                self._release()
                await self._take(_Place(since, begun=True))
                is_held = True

        try:
            yield give_way
        finally:
            if is_held:
                self._release()

    async def _take(self, place: _Place) -> None:
        if self._free:
            self._free -= 1
            return
        if not place.begun:
            self._make_room(place.since)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = place
        self._tell(len(self._waiting))
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._leave(turn)
            elif not turn.cancelled() and turn.exception() is None:
                self._release()  # it was handed over just now
            raise

    def _make_room(self, since: float) -> None:
        """Refuse the youngest of the jobs that have not begun, if they are too many."""
        waiting = {turn: p.since for turn, p in self._waiting.items() if not p.begun}
        if len(waiting) < self.limit:
            return
        youngest = max(waiting, key=waiting.__getitem__, default=None)
        if youngest is None or waiting[youngest] <= since:
            raise TooManyJobs
        self._leave(youngest)
        if not youngest.cancelled():
            youngest.set_exception(TooManyJobs())

    def _release(self) -> None:
        while self._waiting:
            oldest = min(self._waiting, key=lambda turn: self._waiting[turn].since)
            self._leave(oldest)
            if not oldest.cancelled():
                oldest.set_result(None)
                return
        self._free += 1

    def _leave(self, turn: asyncio.Future[None]) -> None:
        del self._waiting[turn]
        self._tell(len(self._waiting))
