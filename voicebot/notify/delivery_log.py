"""The delivery log in Redis: cursors, retries and failed deliveries of each endpoint.

    call:{sid}:webhooks              hash beside the record, in its slot, expiring with it
        <endpoint>                   the cursor: up to this entry all is taken or to be retried
        <endpoint>:<entry>           a retry: attempts so far, when it is due
    voicebot:webhooks:{<endpoint>}:  in one slot
        since                        the endpoint receives events from this moment on
        due                          calls with a retry, by the moment to check them again
        failed, failures             failed deliveries: ids by moment, and their details
        lease                        the process that delivers

A cursor and a retry are written in one command, so that no event is lost between them. No
customers' data is stored here: the event is read again for each attempt.
"""

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

import orjson
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, computed_field
from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.notify.notification import NotificationType
from voicebot.notify.receivers import Endpoint, endpoints
from voicebot.settings import Settings
from voicebot.store import (
    BEGINNING,
    StreamEvent,
    call_keys,
    entry_order,
    iso_utc,
    unavailable_when_away,
)

ORDERED_ATTEMPTS: Final = 4
"""For so many attempts (under three minutes) a call's later events wait for an earlier one. After
that, an event that a receiver cannot process does not hold up the others."""

REMEMBERED_S: Final = 7 * 24 * 3600
"""An endpoint that returns to the settings within that time continues where it was; later it starts
anew."""

DUE_AT_ONCE: Final = 500

_ENTRY: Final = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)
_ATTEMPTS_AND_DUE: Final = TypeAdapter(tuple[int, int])


@dataclass(frozen=True, slots=True)
class Retry:
    """An event to be delivered again at `due_ms` (Unix milliseconds)."""

    entry: str
    attempts: int
    due_ms: int

    @property
    def holds_back(self) -> bool:
        """True while later events of its call wait for it."""
        return self.attempts < ORDERED_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Progress:
    """The delivery state of one call at one endpoint; retries in the order of their events."""

    cursor: str
    retries: tuple[Retry, ...]


Place = tuple[int, str, str]
"""A position in the list of failures, newest first: when (Unix ms), id, endpoint."""


class WebhookFailure(BaseModel):
    """One event that one receiver did not take, in any attempt. No customer's data is in it."""

    id: str = Field(description="The `webhook-id` of every attempt", examples=["msg_3f2a…"])
    endpoint: str = Field(description="The receiver's host", examples=["crm.example.com#3f2a"])
    type: NotificationType
    callSid: str
    at: str = Field(description="When it happened, UTC")
    attempts: int
    why: str = Field(description="Of the last attempt", examples=["HTTP 500"])
    entry: str = Field(exclude=True)
    failed_ms: int = Field(exclude=True)

    @computed_field(description="When it was given up, UTC")  # type: ignore[prop-decorator]
    @property
    def failedAt(self) -> str:
        return iso_utc(datetime.fromtimestamp(self.failed_ms / 1000, UTC))

    @property
    def place(self) -> Place:
        """Its unique position in the list."""
        return self.failed_ms, self.id, self.endpoint


def webhooks_key(call_sid: CallSid) -> str:
    """Return the key of a call's delivery state, in the same slot as its record."""
    return f"{call_keys(call_sid).call}:webhooks"


class DeliveryLog:
    """The log of one endpoint. Every method raises client.AWAY."""

    def __init__(self, client: Redis, endpoint: Endpoint, *, retention_s: int) -> None:
        self._client = client
        self._endpoint = endpoint.id
        self._retention_s = retention_s
        self._since, self._due, self._failed, self._failures, self.lease_key = (
            f"voicebot:webhooks:{{{endpoint.id}}}:{name}"
            for name in ("since", "due", "failed", "failures", "lease")
        )

    async def begin(self, now_ms: int) -> int:
        """Return the moment from which this endpoint receives events (Unix ms): now when it is
        new."""
        await self._client.set(self._since, now_ms, nx=True)
        await self._client.expire(self._since, REMEMBERED_S)
        return int(await self._client.get(self._since) or now_ms)

    async def progress(self, call_sid: CallSid) -> Progress:
        key = webhooks_key(call_sid)
        return self.read(await cast(Awaitable[Mapping[str, str]], self._client.hgetall(key)))

    def read(self, stored: Mapping[str, str]) -> Progress:
        """Parse the delivery state from a call's hash."""
        prefix = f"{self._endpoint}:"
        retries = [
            retry
            for name, text in stored.items()
            if name.startswith(prefix) and (retry := _retry(name.removeprefix(prefix), text))
        ]
        retries.sort(key=lambda retry: entry_order(retry.entry))
        cursor = stored.get(self._endpoint, BEGINNING)
        return Progress(cursor if _ENTRY.fullmatch(cursor) else BEGINNING, tuple(retries))

    async def event(self, call_sid: CallSid, entry: str) -> StreamEvent | None:
        """Return an event to be retried, if its call's stream still has it."""
        found = await self._client.xrange(call_keys(call_sid).events, entry, entry)
        entries = cast(list[tuple[str, dict[str, str]]], found)
        return next((StreamEvent(call_sid, name, fields) for name, fields in entries), None)

    async def write(
        self, call_sid: CallSid, *, cursor: str | None = None, retry: Retry | None = None
    ) -> None:
        """Move the cursor, and store what remains to be tried of an event."""
        fields = {} if cursor is None else {self._endpoint: cursor}
        if retry is not None:
            text = orjson.dumps([retry.attempts, retry.due_ms]).decode()
            fields[f"{self._endpoint}:{retry.entry}"] = text
        key = webhooks_key(call_sid)
        await self._client.hset(key, items=[part for pair in fields.items() for part in pair])
        # Longer than any event is kept: without a cursor, events would be delivered again.
        await self._client.expire(key, 2 * self._retention_s)

    async def settle(self, call_sid: CallSid, entry: str) -> None:
        """End the retries of an event."""
        await self._client.hdel(webhooks_key(call_sid), f"{self._endpoint}:{entry}")

    async def check_again(self, call_sid: CallSid, at_ms: int) -> None:
        """Schedule a check of a call at `at_ms` or earlier."""
        await self._client.zadd(self._due, {call_sid: at_ms}, lt=True)

    async def due(self, now_ms: int) -> list[CallSid]:
        """Remove and return the calls that are due for a check."""
        found = await self._client.zrangebyscore(self._due, 0, now_ms, start=0, num=DUE_AT_ONCE)
        if found:
            await self._client.zrem(self._due, *found)
        return [CallSid(str(call_sid)) for call_sid in found]

    async def late_calls(self) -> int:
        return int(await self._client.zcard(self._due))

    async def give_up(self, failure: WebhookFailure) -> None:
        """List a failed delivery, and remove those older than the retention time."""
        await self._client.hset(self._failures, failure.id, orjson.dumps(dict(failure)).decode())
        await self._client.zadd(self._failed, {failure.id: failure.failed_ms})
        oldest_ms = failure.failed_ms - self._retention_s * 1000
        for name in await self._client.zrangebyscore(self._failed, 0, oldest_ms):
            await self._remove(str(name))
        for key in (self._failed, self._failures):
            await self._client.expire(key, self._retention_s)

    async def failed(self) -> int:
        return int(await self._client.zcard(self._failed))

    async def failures(self, limit: int, after: Place | None = None) -> list[WebhookFailure]:
        """Return up to `limit` failed deliveries after a place, newest first.

        Reads more until enough come after `after`, because many may have failed at one moment.
        """
        newest, count = ("+inf", limit) if after is None else (str(after[0]), limit + 1)
        while True:
            names = await self._client.zrevrangebyscore(self._failed, newest, 0, start=0, num=count)
            read = [await self._failure(str(name)) for name in names]
            found = [f for f in read if f and (after is None or f.place < after)]
            if len(found) >= limit or len(names) < count:
                return found[:limit]
            count *= 2

    async def retry(self, failure_id: str, now_ms: int) -> bool:
        """Request one more attempt at a failed delivery; False when the id is not listed.

        It is listed again when that attempt fails, too.
        """
        failure = await self._failure(failure_id)
        if failure is None:
            return False
        call_sid = CallSid(failure.callSid)
        attempts = max(failure.attempts, ORDERED_ATTEMPTS)  # later events do not wait for it
        await self.write(call_sid, retry=Retry(failure.entry, attempts, now_ms))
        await self.check_again(call_sid, now_ms)
        await self._remove(failure.id)
        return True

    async def _failure(self, name: str) -> WebhookFailure | None:
        text = await cast(Awaitable[str | None], self._client.hget(self._failures, name))
        try:
            return None if text is None else WebhookFailure.model_validate_json(text)
        except ValidationError:  # written by another program
            return None

    async def _remove(self, name: str) -> None:
        await self._client.zrem(self._failed, name)
        await self._client.hdel(self._failures, name)


def _retry(entry: str, text: str) -> Retry | None:
    try:
        attempts, due_ms = _ATTEMPTS_AND_DUE.validate_json(text)
    except ValidationError:
        return None
    return Retry(entry, attempts, due_ms) if _ENTRY.fullmatch(entry) else None


class FailedDeliveries:
    """The failed deliveries of all endpoints. Every method raises StoreUnavailable."""

    def __init__(self, client: Redis, settings: Settings) -> None:
        self._logs = [
            DeliveryLog(client, endpoint, retention_s=settings.retention_s)
            for endpoint in endpoints(settings)
        ]

    async def page(self, limit: int, after: Place | None = None) -> list[WebhookFailure]:
        """Return up to `limit` failed deliveries after a place, newest first."""
        with unavailable_when_away():
            found = [f for log in self._logs for f in await log.failures(limit, after)]
        return sorted(found, key=lambda failure: failure.place, reverse=True)[:limit]

    async def late_calls(self) -> int:
        with unavailable_when_away():
            return sum([await log.late_calls() for log in self._logs])

    async def retry(self, failure_id: str, now_ms: int) -> int:
        """Request one more attempt; return the number of endpoints that listed it."""
        with unavailable_when_away():
            return sum([await log.retry(failure_id, now_ms) for log in self._logs])
