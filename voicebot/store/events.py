"""Reads calls as they happen: event streams, notices by pub/sub, and many records at once.

Every write appends to its call's stream and publishes the callSid in one script, so a notice
means that the stream has something new. Notices come at most once: a reader that was away asks
for what came after its last cursor, in the streams of the calls that the index names.

All keys of a call share a slot, so nothing here needs two calls in one command: it works on a
cluster, where each command of a pipeline goes to its own node.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster

from voicebot.call import CallSid, is_call_sid
from voicebot.store.client import AWAY, ask_each
from voicebot.store.index import CallIndex, in_parts, read_fields
from voicebot.store.layout import CHANNEL, COMMANDS_CHANNEL, call_keys
from voicebot.store.record import CallRecord
from voicebot.store.scripts import read_records

NOTICE_PATIENCE_S = 1.0
"""Then the wait for a notice is begun again; shorter than the client's time-out."""

BEGINNING = "0-0"
"""Before the first entry of any stream."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One entry of a call's stream; `id` orders the entries of that call alone."""

    call_sid: CallSid
    id: str
    fields: Mapping[str, str]

    @property
    def at_ms(self) -> int:
        """The moment its Redis node wrote it, in epoch milliseconds."""
        return self.order[0]

    @property
    def order(self) -> tuple[int, int]:
        """The id as numbers: later entries of one stream are greater."""
        return entry_order(self.id)


def entry_order(entry: str) -> tuple[int, int]:
    """Return an entry id as its moment in epoch milliseconds and its place within that."""
    ms, _, nth = entry.partition("-")
    return int(ms), int(nth or 0)


class EventReader:
    """Reads on one client, with the index of its calls. Every method raises client.AWAY."""

    def __init__(self, client: Redis) -> None:
        self.index = CallIndex(client)
        self._client = client

    async def of_call(self, call_sid: CallSid, after: str = BEGINNING) -> list[StreamEvent]:
        """Return the events of one call's stream after an entry; none where it is no stream."""
        return (await self.of_calls({call_sid: after})).get(call_sid, [])

    async def of_calls(self, after: Mapping[CallSid, str]) -> dict[CallSid, list[StreamEvent]]:
        """Return the same for many calls; a call without new events is left out."""
        found: dict[CallSid, list[StreamEvent]] = {}
        for part in in_parts(list(after)):
            asked = [("XRANGE", call_keys(c).events, f"({after[c]}", "+") for c in part]
            for call_sid, entries in zip(part, await ask_each(self._client, asked), strict=True):
                if entries:  # none where it is no stream: its record is shown as broken
                    found[call_sid] = [StreamEvent(call_sid, *entry) for entry in entries]
        return found

    async def records(self, call_sids: Sequence[CallSid]) -> dict[CallSid, CallRecord]:
        """Return the records of those calls that have one, each at one moment; also broken ones."""
        found: dict[CallSid, CallRecord] = {}
        for part in in_parts(call_sids):
            stored = await read_records(self._client, part)
            found |= {c: s.named(c) for c, s in zip(part, stored, strict=True) if s}
        return found

    async def fields(
        self, call_sids: Sequence[CallSid], names: Sequence[str]
    ) -> dict[CallSid, list[str | None]]:
        """Return a few fields of each call's record; see read_fields."""
        return dict(zip(call_sids, await read_fields(self._client, call_sids, names), strict=True))

    async def last_messages(self, call_sids: Sequence[CallSid]) -> dict[CallSid, str | None]:
        """Return each call's latest message as its history has it; None where there is none."""
        asked = [("LINDEX", call_keys(call_sid).history, -1) for call_sid in call_sids]
        return dict(zip(call_sids, await ask_each(self._client, asked), strict=True))

    async def now_ms(self) -> int:
        """Return the clock of Redis in epoch milliseconds."""
        reply = await cast(Awaitable[object], self._client.time())
        if isinstance(reply, dict):  # a cluster's client answers by node
            reply = min(reply.values())
        seconds, micros = cast(tuple[int, int], reply)
        return seconds * 1000 + micros // 1000

    def command_notices(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[CallSid, ...]]]:
        """Yield the callSids for which staff give commands, as `notices` does."""
        return self.notices(channel=COMMANDS_CHANNEL)

    @asynccontextmanager
    async def notices(
        self, gather_s: float = 0.0, *, channel: str = CHANNEL
    ) -> AsyncIterator[AsyncIterator[tuple[CallSid, ...]]]:
        """Yield the callSids of writes as they are published; () about once a second without any.

        What is published within `gather_s` of a first notice comes with it, each call once.
        Subscribed when the block is entered.
        """
        async with self._hearing(channel) as next_notice:

            async def heard() -> AsyncGenerator[tuple[CallSid, ...], None]:
                while True:
                    first = await next_notice(NOTICE_PATIENCE_S)
                    gathered = {} if first is None else {first: None}
                    until = time.monotonic() + gather_s
                    while gathered and (left_s := until - time.monotonic()) > 0:
                        if (another := await next_notice(left_s)) is not None:
                            gathered[another] = None
                    yield tuple(gathered)

            async with aclosing(heard()) as bundles:
                yield bundles

    @asynccontextmanager
    async def _hearing(
        self, channel: str
    ) -> AsyncIterator[Callable[[float], Awaitable[CallSid | None]]]:
        """Subscribe, and yield a function that waits so many seconds for the next notice."""
        async with subscribed(self._client, channel) as next_text:

            async def next_notice(patience_s: float) -> CallSid | None:
                name = await next_text(patience_s) or ""
                return CallSid(name) if is_call_sid(name) else None

            yield next_notice


@asynccontextmanager
async def subscribed(
    client: Redis, channel: str
) -> AsyncIterator[Callable[[float], Awaitable[str | None]]]:
    """Subscribe to a channel, and yield a function that waits so many seconds for the next text.

    Raises client.AWAY.
    """
    node: dict[str, ClusterNode] = {}
    if isinstance(client, RedisCluster):  # any node tells; the library asks the channel's
        await client.initialize()
        node = {"node": client.get_random_node()}
    pubsub = client.pubsub(**node)
    try:
        await pubsub.subscribe(channel)
        await pubsub.get_message(timeout=NOTICE_PATIENCE_S)  # the word that we are subscribed

        async def next_text(patience_s: float) -> str | None:
            found = await pubsub.get_message(ignore_subscribe_messages=True, timeout=patience_s)
            return None if found is None else str(found["data"])

        yield next_text
    finally:
        with suppress(*AWAY):  # it is gone already
            await pubsub.aclose()  # type: ignore[no-untyped-call]
