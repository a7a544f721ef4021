"""The delivery log: what each endpoint has been told, in Redis; no process's memory matters.

    call:{sid}:webhooks              hash beside the record, in its slot, expiring with it
        <endpoint>                   the cursor: up to this entry all was taken, or is to be retried
        <endpoint>:<entry>           a retry: attempts so far, when it is due
    voicebot:webhooks:{<endpoint>}:  in one slot
        since                        events before this moment are not for this endpoint
        due                          calls with a retry, by the moment to look at them again
        failed, failures             failed deliveries: ids by moment, and what to show of each
        lease                        which process delivers

A cursor and a retry are written in one command, so that no event falls between them. No customer's
data is kept here: the event itself is read again for each attempt.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, cast

import orjson
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.notify.endpoints import Endpoint, endpoints
from voicebot.settings import Settings
from voicebot.store import BEGINNING, StreamEvent, call_keys, entry_order, unavailable_when_away

ORDERED_ATTEMPTS: Final = 4
"""For so many attempts (under three minutes) a call's later events wait for an earlier one; then
one that a receiver cannot digest must not keep it from learning how the call ended."""

REMEMBERED_S: Final = 7 * 24 * 3600
"""An endpoint that is taken out of the settings and comes back within that time goes on where it
was; later it begins anew."""

DUE_AT_ONCE: Final = 500

_ENTRY: Final = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)
"""The id of a stream's entry."""
_ATTEMPTS_AND_DUE: Final = TypeAdapter(tuple[int, int])


@dataclass(frozen=True, slots=True)
class Retry:
    """An event that was not taken yet, to be tried again at `due_ms` (Unix time)."""

    entry: str
    attempts: int
    due_ms: int

    @property
    def holds_back(self) -> bool:
        """Whether later events of its call still wait for it."""
        return self.attempts < ORDERED_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one endpoint has been told of one call; retries in the order of their events."""

    cursor: str = BEGINNING
    retries: tuple[Retry, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that was given up. It holds no customer's data."""

    id: str
    endpoint: str
    type: str
    callSid: str
    at: str
    entry: str
    attempts: int
    why: str
    failed_ms: int

    @property
    def place(self) -> Place:
        """Where it stands in the list; no two have the same place."""
        return Place(self.failed_ms, self.id, self.endpoint)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the list of failed deliveries, which is in falling order of places."""

    failed_ms: int
    id: str
    endpoint: str


_FAILED: Final = TypeAdapter(FailedDelivery)


def webhooks_key(call_sid: CallSid) -> str:
    """Return the key of what endpoints have been told of a call; same slot as its record."""
    return f"{call_keys(call_sid).call}:webhooks"


class DeliveryLog:
    """The log of one endpoint. Every method raises client.AWAY."""

    def __init__(self, client: Redis, endpoint: Endpoint, *, retention_s: int) -> None:
        self._client = client
        self._endpoint = endpoint
        self._retention_s = retention_s
        self._since, self._due, self._failed, self._failures, self.lease_key = (
            f"voicebot:webhooks:{{{endpoint.id}}}:{name}"
            for name in ("since", "due", "failed", "failures", "lease")
        )

    async def begin(self, now_ms: int) -> int:
        """Return since when this endpoint is told (Unix ms): from now on when it is new."""
        await self._client.set(self._since, now_ms, nx=True)
        await self._client.expire(self._since, REMEMBERED_S)
        return int(await self._client.get(self._since) or now_ms)

    async def progress(self, call_sid: CallSid) -> Progress:
        """Return how far a call has been told."""
        key = webhooks_key(call_sid)
        return self.read(await cast(Awaitable[Mapping[str, str]], self._client.hgetall(key)))

    def read(self, stored: Mapping[str, str]) -> Progress:
        """Return the same of a hash that was read."""
        prefix = f"{self._endpoint.id}:"
        retries = [
            retry
            for name, text in stored.items()
            if name.startswith(prefix) and (retry := _retry(name.removeprefix(prefix), text))
        ]
        retries.sort(key=lambda retry: entry_order(retry.entry))
        cursor = stored.get(self._endpoint.id, BEGINNING)
        return Progress(cursor if _ENTRY.fullmatch(cursor) else BEGINNING, tuple(retries))

    async def event(self, call_sid: CallSid, entry: str) -> StreamEvent | None:
        """Return an event to be retried, if its call's stream still has it."""
        found = await self._client.xrange(call_keys(call_sid).events, entry, entry)
        entries = cast(list[tuple[str, dict[str, str]]], found)
        return next((StreamEvent(call_sid, name, fields) for name, fields in entries), None)

    async def advance(self, call_sid: CallSid, entry: str, retry: Retry | None = None) -> None:
        """Move the cursor to `entry`; `retry` is what remains to be tried of it."""
        fields = {self._endpoint.id: entry}
        await self._write(call_sid, fields | (self._fields(retry) if retry else {}))

    async def postpone(self, call_sid: CallSid, retry: Retry) -> None:
        """Note another attempt at an event, and when the next one is due."""
        await self._write(call_sid, self._fields(retry))

    async def settle(self, call_sid: CallSid, entry: str) -> None:
        """End the retries of an event."""
        await self._client.hdel(webhooks_key(call_sid), f"{self._endpoint.id}:{entry}")

    async def look_again(self, call_sid: CallSid, at_ms: int) -> None:
        """Remember to look at a call, at the latest then."""
        await self._client.zadd(self._due, {call_sid: at_ms}, lt=True)

    async def due(self, now_ms: int) -> list[CallSid]:
        """Return calls to be looked at, and forget them: the one that takes them looks at them."""
        found = await self._client.zrangebyscore(self._due, 0, now_ms, start=0, num=DUE_AT_ONCE)
        if found:
            await self._client.zrem(self._due, *found)
        return [CallSid(str(call_sid)) for call_sid in found]

    async def late_calls(self) -> int:
        """Return how many calls have a retry waiting."""
        return int(await self._client.zcard(self._due))

    async def give_up(self, failure: FailedDelivery) -> None:
        """List a failed delivery, and drop those that are older than a record is kept."""
        text = orjson.dumps(asdict(failure)).decode()
        await self._client.hset(self._failures, failure.id, text)
        await self._client.zadd(self._failed, {failure.id: failure.failed_ms})
        oldest_ms = failure.failed_ms - self._retention_s * 1000
        for name in await self._client.zrangebyscore(self._failed, 0, oldest_ms):
            await self._strike(str(name))
        for key in (self._failed, self._failures):
            await self._client.expire(key, self._retention_s)

    async def failed(self) -> int:
        """Return how many failed deliveries are listed."""
        return int(await self._client.zcard(self._failed))

    async def failures(self, limit: int, after: Place | None = None) -> list[FailedDelivery]:
        """Return up to `limit` failed deliveries behind a place, newest first.

        More is read until enough lies behind `after`: many may have failed at one moment.
        """
        newest, count = ("+inf", limit) if after is None else (str(after.failed_ms), limit + 1)
        while True:
            names = await self._client.zrevrangebyscore(self._failed, newest, 0, start=0, num=count)
            read = [await self._failure(str(name)) for name in names]
            found = [f for f in read if f and (after is None or f.place < after)]
            if len(found) >= limit or len(names) < count:
                return found[:limit]
            count *= 2

    async def retry(self, failure_id: str, now_ms: int) -> bool:
        """Ask for one more attempt at a failed delivery; False when none is listed by this id.

        It is listed again when that attempt fails too.
        """
        failure = await self._failure(failure_id)
        if failure is None:
            return False
        call_sid = CallSid(failure.callSid)
        attempts = max(failure.attempts, ORDERED_ATTEMPTS)  # the call's later events do not wait
        await self.postpone(call_sid, Retry(failure.entry, attempts, now_ms))
        await self.look_again(call_sid, now_ms)
        await self._strike(failure.id)
        return True

    async def _failure(self, name: str) -> FailedDelivery | None:
        text = await cast(Awaitable[str | None], self._client.hget(self._failures, name))
        try:
            return None if text is None else _FAILED.validate_json(text)
        except ValidationError:  # what another program wrote there
            return None

    async def _strike(self, name: str) -> None:
        await self._client.zrem(self._failed, name)
        await self._client.hdel(self._failures, name)

    def _fields(self, retry: Retry) -> dict[str, str]:
        text = orjson.dumps([retry.attempts, retry.due_ms]).decode()
        return {f"{self._endpoint.id}:{retry.entry}": text}

    async def _write(self, call_sid: CallSid, fields: dict[str, str]) -> None:
        key = webhooks_key(call_sid)
        await self._client.hset(key, items=[part for pair in fields.items() for part in pair])
        # Longer than any event of the call is kept: without a cursor it would be told again.
        await self._client.expire(key, 2 * self._retention_s)


def _retry(entry: str, text: str) -> Retry | None:
    """Read a retry, or None where another program wrote something else."""
    try:
        attempts, due_ms = _ATTEMPTS_AND_DUE.validate_json(text)
    except ValidationError:
        return None
    return Retry(entry, attempts, due_ms) if _ENTRY.fullmatch(entry) else None


class FailedDeliveries:
    """The failed deliveries of all endpoints. Every method raises StoreUnavailable."""

    def __init__(self, client: Redis, settings: Settings) -> None:
        self._logs: Sequence[DeliveryLog] = [
            DeliveryLog(client, endpoint, retention_s=settings.retention_s)
            for endpoint in endpoints(settings)
        ]

    async def page(self, limit: int, after: Place | None = None) -> list[FailedDelivery]:
        """Return up to `limit` failed deliveries behind a place, newest first."""
        with unavailable_when_away():
            found = [f for log in self._logs for f in await log.failures(limit, after)]
        return sorted(found, key=lambda failure: failure.place, reverse=True)[:limit]

    async def late_calls(self) -> int:
        """Return how many calls have a retry waiting."""
        with unavailable_when_away():
            return sum([await log.late_calls() for log in self._logs])

    async def retry(self, failure_id: str, now_ms: int) -> int:
        """Ask for one more attempt; return how many endpoints had it listed."""
        with unavailable_when_away():
            return sum([await log.retry(failure_id, now_ms) for log in self._logs])
