"""Work beside the conversations: tasks with an owner, the breaker, a best-effort queue."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import Context
from typing import TypeVar

from voicebot.breaker import Breaker, BreakerPolicy, Fault
from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.client import AWAY

log = get_logger(__name__)

Done = TypeVar("Done")


CANCEL_AGAIN_S = 0.1


async def cancel_tasks(tasks: Iterable[asyncio.Task[Done]]) -> None:
    """Cancel and wait; again, because a client library may swallow a cancellation."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)


class Tasks:
    """The background tasks of one store; `running` are those that have not ended."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, Done]) -> asyncio.Task[Done]:
        """Run `work` until it ends or the store is closed."""
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel all tasks and wait for their end."""
        await cancel_tasks(self.running)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background_work_failed", error=error)


REDIS_POLICY = BreakerPolicy(
    outages=1, first_pause_s=0.05, longest_pause_s=1.0, lasting_pause_s=1.0, trial_s=1.0
)
"""Waiting writes are to be in Redis two seconds after Redis is back."""

PROBE_PATIENCE_S = 1.0


def redis_breaker(ping: Callable[[], Awaitable[object]], tasks: Tasks) -> Breaker:
    """Return the breaker for all sessions of a process: open while Redis is known to be away.

    While it is open no conversation waits for Redis; one probe asks for all.
    """

    async def answers() -> bool:
        try:
            async with asyncio.timeout(PROBE_PATIENCE_S):
                await ping()
        except (*AWAY, TimeoutError):
            return False
        return True

    return Breaker(REDIS_POLICY, _OpenGauge(), probe=answers, start=tasks.start)


class _OpenGauge:
    def failed(self, fault: Fault) -> None:
        """Do nothing: sessions count their own failures."""

    def opened(self, fault: Fault | None, pause_s: float) -> None:
        metrics.redis_breaker_open.set(1)

    def closed(self) -> None:
        metrics.redis_breaker_open.set(0)


MOST_WAITING = 1000
"""Beyond this the oldest work is dropped: it would come too late."""

FINISH_PATIENCE_S = 2.0

Work = Callable[[], Awaitable[object]]


class BestEffortQueue:
    """Work that may be late and may fail: phases for watchers, the mirror, the indexes.

    One worker does it in order, off the conversation's path, and lives while there is work.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, Work] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    def add(self, key: object, work: Work) -> None:
        """Do `work` soon; waiting work with the same key is replaced."""
        self._waiting[key] = work
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        if self._worker is None or self._worker.done():
            # all calls' worker: its log lines are not those of the call that woke it
            self._worker = asyncio.create_task(self._work(), context=Context())

    async def finish(self) -> None:
        """Do what waits, for at most FINISH_PATIENCE_S; then drop the rest."""
        if self._worker is None:
            return
        await asyncio.wait({self._worker}, timeout=FINISH_PATIENCE_S)
        self._waiting.clear()
        await cancel_tasks({self._worker})

    async def _work(self) -> None:
        while self._waiting:
            _, work = self._waiting.popitem(last=False)
            try:
                await work()
            except (*AWAY, BrokenRecord) as error:
                log.debug("chore_failed", why=type(error).__name__)
