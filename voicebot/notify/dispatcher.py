"""The dispatcher of one endpoint: which process delivers, and when it checks which call.

    notice of a write ─────────────┐
    all calls, when notices begin  ├──► queue ──► WORKERS tasks, each call in one at a time
      and every 10 minutes ────────┤ in case a notice is lost
    due retries ───────────────────┘

Endpoints share only Redis, so one that hangs delays only its own deliveries. The lease avoids most
duplicates, but it is no fence: a process that was suspended for longer than the lease may finish a
request beside its successor.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from voicebot.call import CallSid
from voicebot.log import get_logger
from voicebot.notify import delivery
from voicebot.notify.delivery import Delivery
from voicebot.notify.delivery_log import DeliveryLog, webhooks_key
from voicebot.notify.receivers import Endpoint, WebhookClient
from voicebot.runtime.process import within
from voicebot.settings import Settings
from voicebot.store import AWAY, EventReader, call_keys, cancel_tasks, entry_order, is_wrong_type

log = get_logger(__name__)

WORKERS: Final = 8
"""Concurrent requests to one receiver."""


class CallQueue:
    """A queue in which each call waits at most once and is with at most one worker."""

    def __init__(self) -> None:
        self._waiting: dict[CallSid, None] = {}
        self._with_workers: set[CallSid] = set()
        self._changed = asyncio.Event()

    def put(self, call_sid: CallSid) -> None:
        """Add a call; one that is with a worker comes again after that."""
        self._waiting[call_sid] = None
        self._changed.set()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[CallSid]:
        """Wait for the next call, and keep it from other workers until the block is left."""
        while (call_sid := self._next()) is None:
            self._changed.clear()
            await self._changed.wait()
        del self._waiting[call_sid]
        self._with_workers.add(call_sid)
        try:
            yield call_sid
        finally:
            self._with_workers.discard(call_sid)
            self._changed.set()

    def _next(self) -> CallSid | None:
        return next((c for c in self._waiting if c not in self._with_workers), None)


@dataclass(frozen=True, slots=True)
class Pace:
    """The intervals of the dispatcher.

    beat_s   between renewals of the lease
    again_s  between checks while Redis is away
    all_s    between checks of all calls
    lease_s  from a renewal of the lease to its end
    """

    beat_s: float = 1.0
    again_s: float = 5.0
    all_s: float = 600.0
    lease_s: float = 15.0


@dataclass
class Dispatcher:
    """Delivers to one endpoint while it holds the endpoint's lease."""

    client: Redis
    endpoint: Endpoint
    settings: Settings
    clock: Callable[[], float] = time.time
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        retention_s, label = self.settings.retention_s, self.endpoint.label
        self._reader = EventReader(self.client)
        self._log = DeliveryLog(self.client, self.endpoint, retention_s=retention_s)
        self._lease = Lock(self.client, self._log.lease_key, timeout=self.pace.lease_s)
        self._http = WebhookClient(self.endpoint, self.settings.webhook_deadline_s, self.clock)
        self._delivery = Delivery(label, self._reader, self._log, self._http, clock=self.clock)
        self._queue = CallQueue()
        self._put_off: set[CallSid] = set()
        self._check_all_at = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until stopped; while Redis is away, wait for it."""
        away = False
        while not stopping.is_set():
            try:
                if await self._lease.owned() or await self._lease.acquire(blocking=False):
                    away = False
                    await self._deliver(stopping)
            except AWAY as error:
                if not away:  # logged once per outage
                    log.warning("webhooks_wait_for_redis", why=type(error).__name__)
                away = True
            await within(stopping, self.pace.beat_s)
        await self._http.aclose()

    async def _deliver(self, stopping: asyncio.Event) -> None:
        """Deliver until stopped, until the lease is lost, or until Redis goes away."""
        self._queue = CallQueue()
        try:
            await self._delivery.begin()
            async with asyncio.TaskGroup() as group:
                workers = [self._work() for _ in range(WORKERS)]
                works = (stopping.wait(), self._keep(), self._listen(), *workers)
                tasks = [group.create_task(_until_away(work)) for work in works]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:  # a group cancels once, which the client library may swallow
                    await cancel_tasks(tasks)
        finally:
            with suppress(*AWAY, LockError):  # it expires by itself
                await self._lease.release()

    async def _listen(self) -> None:
        """Queue calls by their notices.

        When a subscription begins, schedule a check of all calls.
        """
        while True:
            with suppress(*AWAY):
                async with self._reader.notices() as notices:
                    self._check_all_at = 0.0
                    async for call_sids in notices:
                        for call_sid in call_sids:
                            self._queue.put(call_sid)
            await asyncio.sleep(self.pace.beat_s)

    async def _work(self) -> None:
        while True:
            async with self._queue.take() as call_sid:
                try:
                    await self._delivery.deliver(call_sid)
                except AWAY as error:
                    if is_wrong_type(error):
                        log.error("webhook_call_unreadable", call_sid=call_sid, why=str(error))
                    else:  # one node of a cluster, perhaps; the lease decides whether to go on
                        self._put_off.add(call_sid)

    async def _keep(self) -> None:
        """Renew the lease and schedule checks; returns when the lease is lost."""
        label = self.endpoint.label
        while await self._renew():
            due = await self._log.due(int(self.clock() * 1000))
            put_off, self._put_off = self._put_off, set()
            for call_sid in (*put_off, *due):
                self._queue.put(call_sid)
            delivery.late_calls.labels(label).set(await self._log.late_calls())
            delivery.failures.labels(label).set(await self._log.failed())
            if time.monotonic() >= self._check_all_at:
                self._check_all_at = math.inf  # unless notices begin meanwhile
                pause_s = await self._check_all()
                self._check_all_at = min(self._check_all_at, time.monotonic() + pause_s)
            await asyncio.sleep(self.pace.beat_s)

    async def _renew(self) -> bool:
        with suppress(LockError):
            return await self._lease.reacquire()
        return False

    async def _check_all(self) -> float:
        """Check all calls; return the seconds until the next check."""
        try:
            await self._delivery.begin()
            async for part in self._reader.index.all_calls():
                await self._check_calls(part)
                await self._renew()
        except AWAY as error:
            log.info("webhooks_looked_in_part", why=type(error).__name__)
            return self.pace.again_s
        return self.pace.all_s

    async def _check_calls(self, call_sids: Iterable[CallSid]) -> None:
        """Queue calls with new events or a retry, and those that cannot be read."""
        asked = list(call_sids)
        async with self.client.pipeline(transaction=False) as pipe:
            for call_sid in asked:
                pipe.hgetall(webhooks_key(call_sid))
                pipe.xrevrange(call_keys(call_sid).events, count=1)
            try:
                replies = await pipe.execute(raise_on_error=False)
            except AWAY as error:  # perhaps of one cluster node and its calls only
                replies = [error] * 2 * len(asked)
        for call_sid, stored, last in zip(asked, replies[::2], replies[1::2], strict=True):
            if self._has_news(call_sid, stored, last):
                self._queue.put(call_sid)

    def _has_news(self, call_sid: CallSid, stored: object, last: object) -> bool:
        if not isinstance(stored, dict) or not isinstance(last, list):
            return True  # an error; the worker handles it for this call alone
        progress = self._log.read(stored)
        after = entry_order(self._delivery.begins_after(call_sid, progress.cursor))
        return bool(progress.retries or (last and entry_order(last[0][0]) > after))


async def _until_away(work: Awaitable[object]) -> None:
    try:
        await work
    except AWAY as error:
        log.info("webhooks_interrupted", why=type(error).__name__)
