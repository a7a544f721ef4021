"""The dispatcher of one endpoint: which process delivers, and when it checks which call.

    notice of a write ─────────────┐
    newest calls, every 5 s ───────┤ in case a notice is lost
    all calls, when notices begin  ├──► queue ──► WORKERS tasks, each call in one at a time
      and every 10 minutes ────────┤ in case the index of calls is incomplete
    due retries ───────────────────┘

Endpoints share only Redis, so one that hangs delays only its own deliveries.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.log import get_logger
from voicebot.notify import delivery
from voicebot.notify.delivery import Delivery
from voicebot.notify.delivery_log import DeliveryLog, webhooks_key
from voicebot.notify.endpoints import Endpoint, WebhookClient
from voicebot.settings import Settings
from voicebot.store import AWAY, EventReader, call_keys, cancel_tasks, entry_order, is_wrong_type

log = get_logger(__name__)

WORKERS: Final = 8
"""Concurrent requests to one receiver."""
LEASE_MS: Final = 15_000

NEWEST_CALLS: Final = 300


class Lease:
    """A lease on one key in Redis. Raises client.AWAY, except in `release`.

    It avoids most duplicate deliveries, but it is no fence: a process that was suspended for longer
    than the lease may finish a request beside its successor.
    """

    def __init__(self, client: Redis, key: str, life_ms: int = LEASE_MS) -> None:
        self._client = client
        self._key = key
        self._life_ms = life_ms
        self._holder = uuid4().hex

    async def acquire(self) -> bool:
        """Acquire or renew the lease; return whether this process holds it."""
        if await self._client.set(self._key, self._holder, nx=True, px=self._life_ms):
            return True
        return await self.renew()

    async def renew(self) -> bool:
        """Prolong the lease; return whether this process still holds it."""
        if await self._client.get(self._key) != self._holder:
            return False
        return bool(await self._client.set(self._key, self._holder, px=self._life_ms))

    async def release(self) -> None:
        """Give up the lease; while Redis is away it expires by itself."""
        with suppress(*AWAY):
            if await self._client.get(self._key) == self._holder:
                await self._client.delete(self._key)


class CallQueue:
    """A queue in which each call waits at most once and is with at most one worker."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[CallSid] = asyncio.Queue()
        self._waiting: set[CallSid] = set()
        self._wanted_again: dict[CallSid, bool] = {}
        """For each call with a worker: whether to queue it again."""

    def put(self, call_sid: CallSid) -> None:
        """Add a call; one that is with a worker is queued again after that."""
        if call_sid in self._wanted_again:
            self._wanted_again[call_sid] = True
        elif call_sid not in self._waiting:
            self._waiting.add(call_sid)
            self._queue.put_nowait(call_sid)

    async def get(self) -> CallSid:
        """Wait for the next call; report it with `done`."""
        call_sid = await self._queue.get()
        self._waiting.discard(call_sid)
        self._wanted_again[call_sid] = False
        return call_sid

    def done(self, call_sid: CallSid) -> None:
        """Report that a worker has finished with a call."""
        if self._wanted_again.pop(call_sid):
            self.put(call_sid)

    def __bool__(self) -> bool:
        return bool(self._waiting or self._wanted_again)


@dataclass(frozen=True, slots=True)
class Pace:
    """The intervals of checks in seconds, and the lease in milliseconds."""

    beat_s: float = 1.0
    newest_s: float = 5.0
    all_s: float = 600.0
    lease_ms: int = LEASE_MS


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
        self._reader = EventReader(self.client, retention_s=retention_s)
        self._log = DeliveryLog(self.client, self.endpoint, retention_s=retention_s)
        self._lease = Lease(self.client, self._log.lease_key, self.pace.lease_ms)
        self._http = WebhookClient(self.endpoint, self.settings.webhook_deadline_s, self.clock)
        self._delivery = Delivery(label, self._reader, self._log, self._http, clock=self.clock)
        self._queue = CallQueue()
        self._put_off: set[CallSid] = set()
        self._checked_at = self._checked_all_at = float("-inf")

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until stopped; while Redis is away, wait for it."""
        away = False
        while not stopping.is_set():
            try:
                if await self._lease.acquire():
                    away = False
                    await self._deliver(stopping)
            except AWAY as error:
                if not away:  # logged once per outage
                    log.warning("webhooks_wait_for_redis", why=type(error).__name__)
                away = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pace.beat_s):
                    await stopping.wait()
        await self._http.aclose()

    async def _deliver(self, stopping: asyncio.Event) -> None:
        """Deliver until stopped, until the lease is lost, or until Redis goes away."""
        self._queue = CallQueue()
        try:
            await self._delivery.begin()
            self._checked_at, self._checked_all_at = time.monotonic(), float("-inf")
            async with asyncio.TaskGroup() as group:
                workers = [self._work() for _ in range(WORKERS)]
                works = (stopping.wait(), self._keep(), self._listen(), *workers)
                tasks = [group.create_task(_until_away(work)) for work in works]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:  # a group cancels once, which the client library may swallow
                    await cancel_tasks(tasks)
        finally:
            await self._lease.release()

    async def _listen(self) -> None:
        """Queue calls by their notices.

        When a subscription begins, schedule a check of all calls.
        """
        while True:
            with suppress(*AWAY):
                async with self._reader.notices() as notices:
                    self._checked_at = self._checked_all_at = float("-inf")
                    async for call_sids in notices:
                        for call_sid in call_sids:
                            self._queue.put(call_sid)
            await asyncio.sleep(self.pace.beat_s)

    async def _work(self) -> None:
        while True:
            call_sid = await self._queue.get()
            try:
                await self._delivery.deliver(call_sid)
            except AWAY as error:
                self._postpone(call_sid, error)
            finally:
                self._queue.done(call_sid)

    def _postpone(self, call_sid: CallSid, error: Exception) -> None:
        """Put a call off. One node of a cluster may be away; the lease decides whether to go on."""
        if is_wrong_type(error):
            log.error("webhook_call_unreadable", call_sid=call_sid, why=str(error))
        else:
            self._put_off.add(call_sid)

    async def _keep(self) -> None:
        """Renew the lease and schedule checks; returns when the lease is lost."""
        while await self._lease.renew():
            due = await self._log.due(int(self.clock() * 1000))
            put_off, self._put_off = self._put_off, set()
            for call_sid in (*put_off, *due):
                self._queue.put(call_sid)
            try:
                await self._check(time.monotonic())
            except AWAY as error:
                log.info("webhooks_looked_in_part", why=type(error).__name__)
            await asyncio.sleep(self.pace.beat_s)

    async def _check(self, now: float) -> None:
        """Check calls whose notices may have been lost."""
        if now - self._checked_at < self.pace.newest_s:
            return
        self._checked_at = now
        label = self.endpoint.label
        delivery.late_calls.labels(label).set(await self._log.late_calls())
        delivery.failures.labels(label).set(await self._log.failed())
        newest = await self._reader.index.recent(NEWEST_CALLS)
        await self._check_calls([place.call_sid for place in newest])
        if now - self._checked_all_at >= self.pace.all_s:
            await self._check_all()
            self._checked_all_at = now

    async def _check_all(self) -> None:
        await self._delivery.begin()
        async for part in self._reader.index.all_calls():
            await self._check_calls(part)
            await self._lease.renew()

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
