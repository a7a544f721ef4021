"""Integrators' small writes: once each, in order, through the journal while Redis is away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from voicebot.call import CallSid, Saved
from voicebot.errors import StoreUnavailable
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.breaker import FIRST_PAUSE_S, Breaker, longer
from voicebot.store.client import AWAY
from voicebot.store.journal_file import PendingUpdate
from voicebot.store.refusals import RefusedForGood
from voicebot.store.replicas import TooFewReplicas
from voicebot.store.scripts import Scripts, Updated
from voicebot.store.sessions import Founding
from voicebot.store.tasks import Tasks
from voicebot.store.updates import Update

log = get_logger(__name__)

WRITE_PATIENCE_S = 0.5


class UpdateShelf(Protocol):
    """Where small writes rest while Redis is away."""

    async def keep_update(self, update: PendingUpdate) -> Saved:
        """The answer says how safe it is."""
        ...

    def forget_update(self, write_id: str) -> None:
        """Redis has it."""
        ...

    async def put_aside(self, entry: PendingUpdate, why: str) -> Saved:
        """Redis will never take it: keep it where only a person asks again."""
        ...


class SmallWrites:
    """One process's small writes.

    old  tells the old system's record of a call, if there is one
    """

    def __init__(
        self,
        scripts: Scripts,
        old: Callable[[CallSid], Awaitable[Founding | None]],
        shelf: UpdateShelf | None,
        breaker: Breaker,
        tasks: Tasks,
        clock: Callable[[], datetime],
    ) -> None:
        self._scripts = scripts
        self._old = old
        self._shelf = shelf
        self._breaker = breaker
        self._tasks = tasks
        self._clock = clock
        self._queue: deque[PendingUpdate] = deque()

    async def write(self, call_sid: CallSid, update: Update) -> bool:
        """True when it is durable, False for an unknown call.

        Raises StoreUnavailable, and RefusedForGood when Redis says at once that it never will.
        """
        pending = PendingUpdate(uuid4().hex, call_sid, self._clock(), update)
        if not self._queue and not self._breaker.is_open:
            try:
                async with asyncio.timeout(WRITE_PATIENCE_S):
                    return await self.bring(pending)
            except RefusedForGood:
                metrics.commits_refused.inc()
                raise
            except TooFewReplicas:
                metrics.commits_uncopied.inc()
            except (*AWAY, TimeoutError):
                self._breaker.trip()
        await self._keep(pending)
        return True

    async def bring(self, pending: PendingUpdate) -> bool:
        """Do it in Redis, once; False for an unknown call. Raises client.AWAY."""
        reply = await self._update(pending)
        if reply is Updated.UNKNOWN and (old := await self._old(pending.call_sid)):
            await self._scripts.found(pending.call_sid, old, at=pending.at)
            reply = await self._update(pending)
        return reply is not Updated.UNKNOWN

    async def _keep(self, pending: PendingUpdate) -> None:
        if self._shelf is None or await self._shelf.keep_update(pending) is Saved.MEMORY:
            raise StoreUnavailable("neither Redis nor the journal took the write")
        self._queue.append(pending)
        if len(self._queue) == 1:
            self._tasks.start(self._recover(self._shelf))

    async def _recover(self, shelf: UpdateShelf) -> None:
        pause_s = FIRST_PAUSE_S
        while self._queue:
            await self._breaker.closed()
            if not await self._dealt_with(self._queue[0], shelf):
                await asyncio.sleep(pause_s)
                pause_s = longer(pause_s)
                continue
            self._queue.popleft()

    async def _dealt_with(self, pending: PendingUpdate, shelf: UpdateShelf) -> bool:
        """In Redis, or refused for good and put aside: the next one's turn."""
        try:
            known = await self.bring(pending)
        except RefusedForGood as refused:
            metrics.commits_refused.inc()
            log.error("update_refused_by_redis", call_sid=pending.call_sid, why=refused.why)
            return await shelf.put_aside(pending, refused.why) is not Saved.MEMORY
        except TooFewReplicas:
            return False
        except AWAY:
            self._breaker.trip()
            return False
        shelf.forget_update(pending.id)
        if not known:
            log.warning("update_dropped", call_sid=pending.call_sid, why="no such record")
        return True

    async def _update(self, pending: PendingUpdate) -> Updated:
        update = pending.update
        return await self._scripts.update(
            pending.call_sid,
            pending.id,
            at=pending.at,
            fields=update.fields,
            history=update.history,
            events=update.events,
        )
