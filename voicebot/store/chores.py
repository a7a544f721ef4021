"""Work that may be late and may fail: phases for watchers, the mirror, the index of calls.

Done one after the other, off the conversation's path; when Redis is slow the oldest is dropped.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import Context

from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store.client import AWAY
from voicebot.store.tasks import stop

log = get_logger(__name__)

MOST_WAITING = 1000
"""Beyond this a chore would only come too late."""

FINISH_PATIENCE_S = 2.0

Chore = Callable[[], Awaitable[object]]


class Chores:
    """A queue with one worker, alive while there is something to do."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, Chore] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    def add(self, key: object, chore: Chore) -> None:
        """Do `chore` soon; one of the same key that still waits is replaced."""
        self._waiting[key] = chore
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        if self._worker is None or self._worker.done():
            # all calls' worker: its log lines are not those of the call that woke it
            self._worker = asyncio.create_task(self._work(), context=Context())

    async def finish(self) -> None:
        """Do what waits, for as long as one waits at the end of a process."""
        if self._worker is None:
            return
        await asyncio.wait({self._worker}, timeout=FINISH_PATIENCE_S)
        self._waiting.clear()
        await stop({self._worker})

    async def _work(self) -> None:
        while self._waiting:
            _, chore = self._waiting.popitem(last=False)
            try:
                await chore()
            except (*AWAY, BrokenRecord) as error:
                log.debug("chore_failed", why=type(error).__name__)
