"""Integrators' small writes: once each, in order, through the journal while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from redis.exceptions import ResponseError

from voicebot.call import CallSid, Saved
from voicebot.errors import BrokenRecord, StoreUnavailable
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.breaker import FIRST_PAUSE_S, Breaker, longer
from voicebot.store.client import AWAY
from voicebot.store.journal_file import PendingUpdate
from voicebot.store.refusals import why_away
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
        self._queue: list[PendingUpdate] = []

    async def write(self, call_sid: CallSid, update: Update) -> bool:
        """True when it is durable, False for an unknown call.

        Raises StoreUnavailable, and BrokenRecord when Redis says so at once.
        """
        pending = PendingUpdate(uuid4().hex, call_sid, self._clock(), update)
        if not self._queue and not self._breaker.is_open:
            try:
                async with asyncio.timeout(WRITE_PATIENCE_S):
                    return await self.bring(pending)
            except BrokenRecord:
                metrics.commits_refused.inc()
                raise
            except TooFewReplicas:
                metrics.commits_uncopied.inc()
            except ResponseError as error:
                log.warning("update_waits", call_sid=call_sid, why=why_away(error))
            except (*AWAY, TimeoutError):
                self._breaker.trip()
        await self._keep(pending)
        return True

    async def bring(self, pending: PendingUpdate) -> bool:
        """Do it in Redis, once; False for an unknown call.

        Raises client.AWAY, BrokenRecord and TooFewReplicas.
        """
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
        """Each call's in order; one whose write is denied holds up no other."""
        pause_s = FIRST_PAUSE_S
        while self._queue:
            await self._breaker.closed()
            waiting: set[CallSid] = set()
            for pending in tuple(self._queue):
                if pending.call_sid in waiting or self._breaker.is_open:
                    continue
                if await self._dealt_with(pending, shelf):
                    self._queue.remove(pending)
                else:
                    waiting.add(pending.call_sid)
            if waiting:
                await asyncio.sleep(pause_s)
                pause_s = longer(pause_s)

    async def _dealt_with(self, pending: PendingUpdate, shelf: UpdateShelf) -> bool:
        """Is it in Redis, or put aside for a person?"""
        try:
            known = await self.bring(pending)
        except BrokenRecord as broken:
            metrics.commits_refused.inc()
            log.error("update_refused_by_redis", call_sid=pending.call_sid, why=broken.why)
            return await shelf.put_aside(pending, broken.why) is not Saved.MEMORY
        except (TooFewReplicas, ResponseError):
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
