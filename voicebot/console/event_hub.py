"""One reader of Redis that follows all calls, and many listeners.

    channel ──notice──► what is new in that call's stream ──► update ──► every subscription
    every few seconds, and after Redis was away: what the index's calls have since the watermark

The watermark is the cursor from which a listener that was away goes on. Notices come in the order
of publishing, so all that was published before a batch's first entry has been sent before it, and
that entry's moment is a safe watermark. MARGIN_MS covers clocks of several Redis nodes. An update
may come twice; none is left out.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, replace

from anyio import WouldBlock, create_memory_object_stream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from voicebot.call import CallSid, Status
from voicebot.console.views import CallActivity, CurrentCall, Turn, follow
from voicebot.log import get_logger
from voicebot.store import AWAY, BEGINNING, EventReader, IndexEntry, StreamEvent, entry_order

MARGIN_MS = 3000
GATHER_S = 0.1
"""A turn writes several times within a moment: they are read together, after the bot's voice."""

EXPIRE_TIMEOUT_S = 0.5
PRESENCE_EVERY_S = 1.0
CATCH_UP_EVERY_S = 5.0
CALLS_CAUGHT_UP = 300
"""More calls than that do not change within one outage; older ones are read on request."""

LONGEST_CALL_MS = 3_600_000
"""A call's events come at most this long after its claim; hand-overs aside."""

CALLS_CACHED = 300
"""As many as a page has rows. Each takes some 18 KiB; others are read when they are wanted."""
MOST_WAITING = 500
"""A listener that is so many updates behind is disconnected; it comes back with its cursor."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity: its frame is cached by it
class CallUpdate:
    """One call has changed: how it stands now, and the events that say what happened."""

    call_sid: CallSid
    call: CurrentCall
    events: tuple[StreamEvent, ...]
    watermark: int


Updates = MemoryObjectReceiveStream[CallUpdate]
"""One listener's queue. It ends when the hub closes, and when the listener is too slow."""


class EventHub:
    """The hub of one console process. `run` follows until it is cancelled or closed.

    Its other coroutines raise store.AWAY. `on_turn` is called for each turn that the bot answers.
    """

    def __init__(self, reader: EventReader, on_turn: Callable[[Turn], None]) -> None:
        self.reader = reader
        self._on_turn = on_turn
        self._cache: OrderedDict[CallSid, CurrentCall] = OrderedDict()
        self._changed: OrderedDict[CallSid, int] = OrderedDict()
        """The watermark of each call's last update; complete from `_remembered` on."""
        self._remembered = 0
        self._listeners: set[MemoryObjectSendStream[CallUpdate]] = set()
        self._reading = asyncio.Lock()
        self._closed = False
        self.following = False
        """True while notices come from Redis."""
        self.watermark = 0

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def run(self) -> None:
        """Follow all calls; when Redis goes away, reconnect and catch up."""
        pause_s = _FIRST_PAUSE_S
        while not self._closed:
            try:
                async with aclosing(self._follow()) as batches:
                    async for _ in batches:
                        pause_s = _FIRST_PAUSE_S
                        if self._closed:  # the client may swallow a cancellation
                            return
            except AWAY as error:
                log.warning("calls_not_followed", why=type(error).__name__, again_in_s=pause_s)
            finally:
                self.following = False
                self._cache.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    @contextmanager
    def subscribe(self) -> Iterator[Updates]:
        """Listen until the block is left."""
        told, updates = create_memory_object_stream[CallUpdate](MOST_WAITING)
        self._listeners.add(told)
        try:
            with told, updates:
                yield updates
        finally:
            self._listeners.discard(told)

    def close(self) -> None:
        self._closed = True
        while self._listeners:
            self._listeners.pop().close()

    def changed_since(self, watermark: int) -> list[CallSid] | None:
        """Return the calls updated since a cursor; None when this hub does not remember so far."""
        if not self.following or watermark < self._remembered:
            return None
        return [c for c, at in self._changed.items() if at >= watermark - MARGIN_MS]

    async def calls(
        self, call_sids: Sequence[CallSid], *, fresh: bool = False
    ) -> list[CurrentCall]:
        """Return calls as they stand, in that order, without unknown ones.

        `fresh` reads cached calls again, so that a client finds what it has just written.
        """
        async with self._reading:
            kept = {} if fresh else self._cache
            found = {c: k for c in call_sids if (k := kept.get(c)) and not k.stale}
            found |= await self._read([c for c in call_sids if c not in found], fresh=True)
            if not self.following:  # no notice says when they change
                self._cache.clear()
            return [found[c] for c in call_sids if c in found]

    async def expire(self, call_sid: CallSid) -> None:
        """Read a call again when it is next looked at: this console has just written it.

        Waits for a read that may have begun before the write, for at most EXPIRE_TIMEOUT_S.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(EXPIRE_TIMEOUT_S), self._reading:
                if (call := self._cache.get(call_sid)) is not None:
                    self._store(call_sid, replace(call, stale=True))

    async def events_since(self, watermark: int) -> dict[CallSid, list[StreamEvent]]:
        from_ms = max(0, watermark - MARGIN_MS)
        late = [c for c, k in self._cache.items() if entry_order(k.activity.last_id)[0] >= from_ms]
        found = await self.reader.of_calls(dict.fromkeys(late, f"{from_ms}-0"))
        after: IndexEntry | None = None
        while places := await self.reader.index.recent(CALLS_CAUGHT_UP, after):
            unread = [p.call_sid for p in places if p.call_sid not in found]
            found |= await self.reader.of_calls(dict.fromkeys(unread, f"{from_ms}-0"))
            after = places[-1]
            if after.claimed_ms < from_ms - LONGEST_CALL_MS:
                break
        return found

    async def _follow(self) -> AsyncGenerator[None, None]:
        async with self.reader.notices(GATHER_S) as notices:
            if not self.watermark:
                self._remembered = self.watermark = await self.reader.now_ms()
            await self._catch_up()
            self.following = True
            yield
            caught_up = presence_checked = time.monotonic()
            async for call_sids in notices:
                async with self._reading:
                    await self._read(call_sids, in_order=True)
                now = time.monotonic()
                if now - presence_checked > PRESENCE_EVERY_S:
                    presence_checked = now
                    await self._check_presence()
                if now - caught_up > CATCH_UP_EVERY_S:
                    caught_up = now
                    await self._catch_up()
                yield

    async def _catch_up(self) -> None:
        now = await self.reader.now_ms()
        since_watermark = f"{max(0, self.watermark - MARGIN_MS)}-0"
        places = await self.reader.index.recent(CALLS_CAUGHT_UP)
        cursors = {place.call_sid: since_watermark for place in places}
        async with self._reading:
            known = {c: k.activity.last_id for c in cursors if (k := self._cache.get(c))}
            await self._read(list(await self.reader.of_calls(cursors | known)))
        self.watermark = max(self.watermark, now)

    async def _read(
        self, call_sids: Sequence[CallSid], *, fresh: bool = False, in_order: bool = False
    ) -> dict[CallSid, CurrentCall]:
        """Read what is new of these calls, publish it, and return the calls as they stand.

        Events are read before records: what a record lacks of them is still to come. A cached
        call's record is read where it has changed and somebody listens, and with `fresh`.
        `in_order` says that notices named the calls.
        """
        known = {c: k for c in call_sids if (k := self._cache.get(c))}
        last = {c: k.activity.last_id for c, k in known.items()}
        events = await self.reader.of_calls(dict.fromkeys(call_sids, BEGINNING) | last)
        changed = {c for c in known if known[c].stale or not all(map(_is_phase, events.get(c, ())))}
        unknown = [c for c in call_sids if c not in known]
        live = await self.reader.index.on_the_phone(unknown)
        silent = [c for c in known if in_order and c not in events]  # erased, perhaps
        wanted = call_sids if fresh else [*unknown, *silent, *(changed if self._listeners else ())]
        records = await self.reader.records(wanted)
        for call_sid in call_sids:
            new = events.get(call_sid, [])
            if call_sid in known and call_sid in wanted and call_sid not in records:
                del known[call_sid]
                self._cache.pop(call_sid, None)
                continue
            if (call := known.get(call_sid)) is not None:
                activity = follow(call.activity, new)
                for turn in activity.turns[len(call.activity.turns) :]:
                    self._on_turn(turn)
                call = CurrentCall(
                    records.get(call_sid, call.record),
                    activity,
                    live=call.live or any(map(_is_phase, new)),
                    stale=call_sid in changed and call_sid not in records,
                )
            elif (record := records.get(call_sid)) is not None:
                call = CurrentCall(record, follow(CallActivity(), new), call_sid in live)
                new = [e for e in new if e.at_ms >= self.watermark - MARGIN_MS]
            else:
                continue
            known[call_sid] = call
            self._store(call_sid, call)
            if new and in_order:
                self.watermark = max(self.watermark, new[0].at_ms)
            if new and self.watermark:
                self._publish(CallUpdate(call_sid, call, tuple(new), self.watermark))
        return known

    def _store(self, call_sid: CallSid, call: CurrentCall) -> None:
        self._cache[call_sid] = call
        self._cache.move_to_end(call_sid)
        while len(self._cache) > CALLS_CACHED:
            self._cache.popitem(last=False)

    async def _check_presence(self) -> None:
        """Find live marks that expired, which publishes nothing: their server was killed."""
        maybe_live = [
            call_sid
            for call_sid, call in self._cache.items()
            if call.live or (call.skeleton.status is Status.ACTIVE and call.activity.spoken)
        ]
        live = await self.reader.index.on_the_phone(maybe_live)
        for call_sid in maybe_live:
            call = self._cache.get(call_sid)
            if call is not None and call.live is not (call_sid in live):
                call = replace(call, live=call_sid in live)
                self._store(call_sid, call)
                self._publish(CallUpdate(call_sid, call, (), self.watermark))

    def _publish(self, update: CallUpdate) -> None:
        self._changed[update.call_sid] = update.watermark
        self._changed.move_to_end(update.call_sid)
        if len(self._changed) > CALLS_CACHED:
            _, forgotten = self._changed.popitem(last=False)
            self._remembered = forgotten + MARGIN_MS + 1
        for listener in tuple(self._listeners):
            try:
                listener.send_nowait(update)
            except WouldBlock:
                self._listeners.discard(listener)
                listener.close()


def _is_phase(event: StreamEvent) -> bool:
    return event.fields.get("type") == "phase"
