"""Reads calls as they happen: event streams, notices by pub/sub, records and the index of calls.

Every write appends to its call's stream and publishes the callSid in one script, so a notice
means that the stream has something new. Notices come at most once: a reader that was away asks
for what came after its last cursor, in the streams of the calls that the index names.

All keys of a call share a slot, so nothing here needs two calls in one command: it works on a
cluster, where each command of a pipeline goes to its own node.
"""

from __future__ import annotations

import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import ResponseError

from voicebot.call import CallSid, Step, is_call_sid
from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store.client import AWAY, is_wrong_type
from voicebot.store.keys import CHANNEL, RECENT_CALLS, call_keys, live_key
from voicebot.store.record import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    EMAIL_SENT_FIELD,
    CallRecord,
    flag,
    utc_now,
)
from voicebot.store.scripts import Scripts

log = get_logger(__name__)

NOTICE_PATIENCE_S = 1.0
"""Then the wait for a notice is begun again; shorter than the client's time-out."""

LATEST_MS = 250_000_000_000_000
"""In the year 9892: a score of the index beyond it is no moment."""

BEGINNING = "0-0"
"""Before the first entry of any stream."""

_PIPELINED = 100  # commands in flight at once
_ANY_CALL = CallSid("*")
_CONFIRMING = [BOOKED_FIELD, EMAIL_SENT_FIELD, ANSWER_FIELD[Step.EMAIL]]


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One entry of a call's stream; `id` orders the entries of that call alone."""

    call_sid: CallSid
    id: str
    fields: Mapping[str, str]

    @property
    def at_ms(self) -> int:
        """When its Redis node wrote it, in epoch milliseconds."""
        return self.order[0]

    @property
    def order(self) -> tuple[int, int]:
        """What the id means: later entries of one stream are greater."""
        return entry_order(self.id)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A place in the index of recent calls: newest claim first, then by name."""

    call_sid: CallSid
    claimed_ms: int


class EventReader:
    """Reads on one client. Every method raises what the client raises (client.AWAY)."""

    def __init__(self, client: Redis, *, retention_s: int) -> None:
        self._client = client
        self._scripts = Scripts(client, retention_s=retention_s)

    async def of_call(self, call_sid: CallSid, after: str = BEGINNING) -> list[StreamEvent]:
        """Return the events of one call's stream after an entry; none where it is no stream."""
        return (await self.of_calls({call_sid: after})).get(call_sid, [])

    async def of_calls(self, after: Mapping[CallSid, str]) -> dict[CallSid, list[StreamEvent]]:
        """Return the same for many calls; a call without new events is left out."""
        found: dict[CallSid, list[StreamEvent]] = {}
        for part in _parts(list(after)):
            async with self._client.pipeline(transaction=False) as pipe:
                for call_sid in part:
                    pipe.xrange(call_keys(call_sid).events, f"({after[call_sid]}")
                replies = await pipe.execute(raise_on_error=False)
            for call_sid, reply in zip(part, replies, strict=True):
                if is_wrong_type(reply):  # its record is shown as broken
                    continue
                if isinstance(reply, Exception):
                    raise reply
                if entries := cast(list[tuple[str, dict[str, str]]], reply):
                    found[call_sid] = [StreamEvent(call_sid, i, fields) for i, fields in entries]
        return found

    async def listed(self, limit: int, after: IndexEntry | None = None) -> list[IndexEntry]:
        """Return entries of the index of recent calls, newest first, from behind `after` on."""
        newest = str(after.claimed_ms) if after and after.claimed_ms < LATEST_MS else "+inf"
        found: list[IndexEntry] = []
        offset = 0
        while len(found) < limit:
            try:
                page = await self._client.zrevrangebyscore(
                    RECENT_CALLS, newest, "-inf", start=offset, num=limit, withscores=True
                )
            except ResponseError as error:
                if not is_wrong_type(error):
                    raise
                log.error("index_of_calls_broken", advice=f"delete the key {RECENT_CALLS}")
                break
            offset += len(page)
            scored = cast(list[tuple[str, float]], page)
            places = [_place(name, score) for name, score in scored if is_call_sid(name)]
            found += [place for place in places if after is None or _comes_after(place, after)]
            if len(page) < limit:
                break
        return found[:limit]

    async def all_calls(self) -> AsyncIterator[tuple[CallSid, ...]]:
        """Yield every call that has a record, in parts of at most 100.

        By their keys: the index of recent calls is written when there is time, a record is not.
        Where nodes of a cluster are away the calls of the others come first, then what they raised.
        """
        away: Exception | None = None
        for node in await self._nodes():
            part: list[CallSid] = []
            try:
                async for key in self._client.scan_iter(
                    match=call_keys(_ANY_CALL).call,
                    count=1000,
                    **node,  # type: ignore[arg-type]
                ):
                    if is_call_sid(name := str(key).partition("{")[2].rstrip("}")):
                        part.append(CallSid(name))
                    if len(part) == _PIPELINED:
                        yield tuple(part)
                        part.clear()
            except AWAY as error:
                away = error
            yield tuple(part)
        if away is not None:
            raise away

    async def _nodes(self) -> list[dict[str, ClusterNode]]:
        """Return the arguments that send a command to one node, for each node that has calls."""
        if not isinstance(self._client, RedisCluster):
            return [{}]
        await self._client.initialize()
        return [{"target_nodes": node} for node in self._client.get_primaries()]

    async def unconfirmed(self, call_sids: Sequence[CallSid]) -> dict[CallSid, bool]:
        """Return for each call whether it is booked, has an e-mail address and was not mailed.

        A call that cannot be read now is left out, which needs no more than one node to be away.
        """
        found: dict[CallSid, bool] = {}
        for part in _parts(call_sids):
            async with self._client.pipeline(transaction=False) as pipe:
                for call_sid in part:
                    pipe.hmget(call_keys(call_sid).call, _CONFIRMING)
                try:
                    replies = await pipe.execute(raise_on_error=False)
                except AWAY:  # of a cluster's node, perhaps: then each call is asked for by itself
                    replies = [await self._confirming(call_sid) for call_sid in part]
            for call_sid, reply in zip(part, replies, strict=True):
                if isinstance(reply, list):
                    booked, mailed, email = reply
                    done = booked != flag(True) or mailed == flag(True)
                    found[call_sid] = bool(email) and not done
        return found

    async def _confirming(self, call_sid: CallSid) -> list[str | None] | None:
        try:
            asked = self._client.hmget(call_keys(call_sid).call, _CONFIRMING)
            return await cast(Awaitable[list[str | None]], asked)
        except AWAY:
            return None

    async def on_the_phone(self, call_sids: Iterable[CallSid]) -> set[CallSid]:
        """Return those of the calls that a phone stream holds now."""
        held: set[CallSid] = set()
        for part in _parts(list(call_sids)):
            async with self._client.pipeline(transaction=False) as pipe:
                for call_sid in part:
                    pipe.exists(live_key(call_sid))
                held |= {c for c, on in zip(part, await pipe.execute(), strict=True) if on}
        return held

    async def records(self, call_sids: Sequence[CallSid]) -> dict[CallSid, CallRecord]:
        """Return the records of those calls that have one, each at one moment; also broken ones."""
        found: dict[CallSid, CallRecord] = {}
        for part in _parts(call_sids):
            async with self._client.pipeline(transaction=False) as pipe:
                stored = await self._scripts.read_all(pipe, part, at=utc_now())
            found |= {c: _record(c, s) for c, s in zip(part, stored, strict=True) if s}
        return found

    async def now_ms(self) -> int:
        """Return the clock of Redis in epoch milliseconds."""
        reply = await cast(Awaitable[object], self._client.time())
        if isinstance(reply, dict):  # a cluster's client answers by node
            reply = min(reply.values())
        seconds, micros = cast(tuple[int, int], reply)
        return seconds * 1000 + micros // 1000

    @asynccontextmanager
    async def notices(self) -> AsyncIterator[AsyncIterator[CallSid | None]]:
        """Yield the callSids of writes as they are published; None about once a second without any.

        Subscribed when the block is entered.
        """
        async with self._hearing() as next_notice:

            async def heard() -> AsyncIterator[CallSid | None]:
                while True:
                    yield await next_notice(NOTICE_PATIENCE_S)

            yield heard()

    @asynccontextmanager
    async def bundles(self, gather_s: float) -> AsyncIterator[AsyncIterator[tuple[CallSid, ...]]]:
        """Yield the same in bundles: what is published within `gather_s` of a first notice comes
        with it, each call once; () about once a second without any.
        """
        async with self._hearing() as next_notice:

            async def heard() -> AsyncIterator[tuple[CallSid, ...]]:
                while True:
                    first = await next_notice(NOTICE_PATIENCE_S)
                    gathered = {} if first is None else {first: None}
                    until = time.monotonic() + gather_s
                    while gathered and (left_s := until - time.monotonic()) > 0:
                        if (another := await next_notice(left_s)) is not None:
                            gathered[another] = None
                    yield tuple(gathered)

            yield heard()

    @asynccontextmanager
    async def _hearing(self) -> AsyncIterator[Callable[[float], Awaitable[CallSid | None]]]:
        """Subscribe, and yield a function that waits so many seconds for the next notice."""
        node: dict[str, ClusterNode] = {}
        if isinstance(self._client, RedisCluster):  # any node tells; the library asks the channel's
            await self._client.initialize()
            node = {"node": self._client.get_random_node()}
        pubsub = self._client.pubsub(**node)
        try:
            await pubsub.subscribe(CHANNEL)
            await pubsub.get_message(timeout=NOTICE_PATIENCE_S)  # the word that we are subscribed

            async def next_notice(patience_s: float) -> CallSid | None:
                found = await pubsub.get_message(ignore_subscribe_messages=True, timeout=patience_s)
                name = "" if found is None else str(found["data"])
                return CallSid(name) if is_call_sid(name) else None

            yield next_notice
        finally:
            with suppress(*AWAY):  # it is gone already
                await pubsub.aclose()  # type: ignore[no-untyped-call]


def entry_order(entry: str) -> tuple[int, int]:
    """Return an entry id as its moment in epoch milliseconds and its place within that."""
    ms, _, nth = entry.partition("-")
    return int(ms), int(nth or 0)


def _place(name: str, score: float) -> IndexEntry:
    """Return an entry of the index; a score that is no moment becomes the first or last one."""
    return IndexEntry(CallSid(name), int(min(max(score, 0), LATEST_MS)))


def _record(call_sid: CallSid, stored: CallRecord | BrokenRecord) -> CallRecord:
    record = CallRecord({}, broken=True) if isinstance(stored, BrokenRecord) else stored
    return record.named(call_sid)


def _comes_after(place: IndexEntry, other: IndexEntry) -> bool:
    """Return whether `place` stands behind `other`; equal moments in falling order of name."""
    if place.claimed_ms != other.claimed_ms:
        return place.claimed_ms < other.claimed_ms
    return place.call_sid < other.call_sid


def _parts(call_sids: Sequence[CallSid]) -> Iterable[Sequence[CallSid]]:
    return (call_sids[i : i + _PIPELINED] for i in range(0, len(call_sids), _PIPELINED))
