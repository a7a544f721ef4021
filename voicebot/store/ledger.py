"""One session's pen: it numbers the commits, keeps the deadline, and never loses one.

    commit ──► Redis answers in time ───────────────► Saved.REDIS
           └─► refused, or silent past the deadline ─► the shelf says where it rests meanwhile;
                                                      it goes out first with the next commit

A late answer is still awaited in the background, so a slow Redis is not asked twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from voicebot.call import CallState, Change, Saved
from voicebot.errors import Fenced
from voicebot.log import get_logger
from voicebot.settings import SaveMode
from voicebot.store.client import AWAY
from voicebot.store.commits import Commit, Sealed, merge, seal
from voicebot.store.delivery import Delivery, Session

log = get_logger(__name__)

CLOSE_PATIENCE_S = 2.0
"""How long the end of a call waits for Redis; the caller is gone by then."""


class Shelf(Protocol):
    """Where commits rest while Redis is away."""

    async def keep(self, session: Session, commits: tuple[Sealed, ...]) -> Saved:
        """Take all that Redis has not acknowledged yet; the answer says how safe it is."""
        ...


class MemoryShelf:
    """The session's own memory: good until this process dies."""

    async def keep(self, session: Session, commits: tuple[Sealed, ...]) -> Saved:
        """Nothing to do: the delivery keeps its commits anyway."""
        return Saved.MEMORY


@dataclass(frozen=True, slots=True)
class Manner:
    """How a session saves.

    deadline_s  how long the conversation waits for Redis on one commit
    saved       told after each commit that reached Redis (mirror, index); must not block
    """

    mode: SaveMode
    deadline_s: float
    shelf: Shelf
    saved: Callable[[], None]
    clock: Callable[[], datetime]


class RecordLedger:
    """`voicebot.call.Ledger` over the commit script. Close it when the call has ended."""

    def __init__(self, delivery: Delivery, state: CallState, manner: Manner) -> None:
        self._delivery = delivery
        self._state = state
        self._manner = manner
        self._turn = asyncio.Lock()
        self._flight: asyncio.Task[None] | None = None
        self._overdue = False
        self._batch: list[Commit] = []

    @property
    def state(self) -> CallState:
        """The record as it was found when the session claimed the call."""
        return self._state

    @property
    def unsaved(self) -> int:
        """Commits that are not in Redis yet."""
        return len(self._delivery.waiting) + len(self._batch)

    async def commit(self, change: Change) -> Saved:
        """Write all of `change` or nothing; raises Fenced when a newer session owns the call."""
        async with self._turn:
            saved = await self._take(change)
        if self._delivery.fenced:
            raise Fenced("a newer session has taken this call over; end this one quietly")
        return saved

    async def close(self) -> None:
        """Write what still waits, and in batch mode everything. Never raises for Redis."""
        async with self._turn:
            if self._batch:
                self._delivery.add(seal(merge(self._batch)))
                self._batch.clear()
            await self._settle()
            if self._delivery.waiting:
                await self._leave()
            self._manner.saved()

    async def _take(self, change: Change) -> Saved:
        at = self._manner.clock()
        if self._manner.mode is SaveMode.BATCH:
            self._batch.append(Commit(len(self._batch) + 1, change, at))
            return Saved.MEMORY
        self._delivery.add(seal(Commit(self._delivery.next_seq, change, at)))
        return await self._save()

    async def _save(self) -> Saved:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._delivery.catch_up())
            self._overdue = False
        if self._overdue:
            return await self._keep()  # one answer is late already: do not wait for it again
        await asyncio.wait({self._flight}, timeout=self._manner.deadline_s)
        if not self._flight.done():
            self._overdue = True
            self._warn("redis_slow", f"no answer within {self._manner.deadline_s * 1000:.0f} ms")
            return await self._keep()
        if self._landed(self._flight):
            self._manner.saved()
            return Saved.REDIS
        return await self._keep()

    def _landed(self, flight: asyncio.Task[None]) -> bool:
        error = flight.exception()
        if error is None:
            return True
        if not isinstance(error, AWAY):
            raise error
        self._warn("redis_away", type(error).__name__)
        return False

    async def _keep(self) -> Saved:
        return await self._manner.shelf.keep(self._delivery.session, self._delivery.waiting)

    async def _settle(self) -> None:
        if self._flight is not None:
            await asyncio.wait({self._flight}, timeout=CLOSE_PATIENCE_S)
            await _end(self._flight)
        if not self._delivery.waiting:
            return
        self._flight = asyncio.create_task(self._delivery.catch_up())
        try:
            await asyncio.wait({self._flight}, timeout=CLOSE_PATIENCE_S)
        finally:
            await _end(self._flight)

    async def _leave(self) -> None:
        saved = await self._keep()
        if saved is Saved.MEMORY:
            log.error(
                "record_not_saved",
                call_sid=self._delivery.session.call_sid,
                commits=len(self._delivery.waiting),
                advice="Redis stayed away until the call ended; check VOICEBOT_REDIS_URL",
            )

    def _warn(self, event: str, why: str) -> None:
        log.warning(
            event,
            call_sid=self._delivery.session.call_sid,
            why=why,
            waiting=len(self._delivery.waiting),
            advice="the call goes on; what was said is kept and written when Redis answers",
        )


async def _end(flight: asyncio.Task[None]) -> None:
    """Stop a flight that is still out, and look at its error so that none goes unseen."""
    flight.cancel()
    await asyncio.wait({flight})
    if not flight.cancelled() and (error := flight.exception()) and not isinstance(error, AWAY):
        raise error
