"""Follows all calls once for every page that is open: one reader of Redis, many listeners.

    channel ──notice──► what is new in that call's stream ──► bulletin ──► every subscription
    every few seconds, and after Redis was away: what the index's calls have since the watermark

The watermark is the cursor from which a listener that was away goes on. All that was published
before a batch's first entry has been handed out before it, since notices are heard in the order
of publishing; so that entry's moment is safe. MARGIN_MS covers clocks of several Redis nodes.
A bulletin may come twice; none is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from voicebot.call import CallSid, Status
from voicebot.console.views import Story, Turn, told
from voicebot.log import get_logger
from voicebot.store.client import AWAY, unavailable_when_away
from voicebot.store.events import (
    BEGINNING,
    EventReader,
    IndexEntry,
    StreamEvent,
    entry_order,
)
from voicebot.store.record import CallRecord

MARGIN_MS = 3000
GATHER_S = 0.1
"""A turn writes several times within a moment: they are read together, behind the bot's voice."""

PRESENCE_EVERY_S = 1.0
CATCH_UP_EVERY_S = 5.0
CALLS_CAUGHT_UP = 300
"""More calls than that do not change within one outage; older ones are read when asked for."""

LONGEST_CALL_MS = 3_600_000
"""What happened in a call began so long before it at the most; hand-overs aside."""

CALLS_KNOWN = 1000
WAITING_BULLETINS = 500
"""A page that is so far behind is cut off; it comes back with its cursor."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A call as it stands. `stale` says that events came which `record` was read before."""

    record: CallRecord
    story: Story
    live: bool
    stale: bool = False


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: its frame is kept by it
class Bulletin:
    """One call has changed: how it stands now, and the events that say what happened."""

    call_sid: CallSid
    known: Known
    events: tuple[StreamEvent, ...]
    watermark: int


class Subscription:
    """One listener's queue. It ends when the newsroom closes or the listener is too slow."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Bulletin | None] = asyncio.Queue(WAITING_BULLETINS)
        self._over = False

    def put(self, bulletin: Bulletin) -> None:
        """Never waits: who does not read loses the line, not the others' time."""
        if not self._over and self._queue.full():
            self.end()
        elif not self._over:
            self._queue.put_nowait(bulletin)

    def end(self) -> None:
        """No more bulletins; what waits is dropped."""
        self._over = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self, patience_s: float) -> Bulletin | None:
        """The next bulletin, or None when there was none for so long; see `over`."""
        try:
            async with asyncio.timeout(patience_s):
                return await self._queue.get()
        except TimeoutError:
            return None

    @property
    def over(self) -> bool:
        """Has it ended?"""
        return self._over


class Newsroom:
    """Of one console process. `run` follows until it is cancelled or dismissed."""

    def __init__(self, reader: EventReader, answered: Callable[[Turn], None]) -> None:
        self._reader = reader
        self._answered = answered
        self._known: OrderedDict[CallSid, Known] = OrderedDict()
        self._changed: OrderedDict[CallSid, int] = OrderedDict()
        """What was told last of a call, by its bulletin's watermark; all since `_remembered`."""
        self._remembered = 0
        self._subscriptions: set[Subscription] = set()
        self._reading = asyncio.Lock()
        self._following = False
        self._over = False
        self.watermark = 0

    @property
    def following(self) -> bool:
        """Does Redis tell us what happens?"""
        return self._following

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    async def run(self) -> None:
        """Follow; when Redis goes away, come back and catch up."""
        pause_s = _FIRST_PAUSE_S
        while not self._over:
            try:
                async for _ in self._follow():
                    pause_s = _FIRST_PAUSE_S
                    if self._over:  # the client may swallow a cancellation
                        return
            except AWAY as error:
                log.warning("calls_not_followed", why=type(error).__name__, again_in_s=pause_s)
            finally:
                self._following = False
                self._known.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Listen until the block is left."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def dismiss(self) -> None:
        """Every listener is sent away, and `run` ends: the process does."""
        self._over = True
        for subscription in self._subscriptions:
            subscription.end()

    def changed_since(self, watermark: int) -> list[CallSid] | None:
        """Calls that bulletins told of since a cursor; None when nobody here remembers so far."""
        if not self._following or watermark < self._remembered:
            return None
        return [c for c, at in self._changed.items() if at >= watermark - MARGIN_MS]

    async def look(self, call_sids: Sequence[CallSid], *, anew: bool = False) -> list[Known]:
        """Calls as they stand, in that order; unknown ones are left out. StoreUnavailable.

        anew  what is known is read again: who wrote a moment ago finds it before its news comes
        """
        with unavailable_when_away():
            async with self._reading:
                known = [c for c in call_sids if (k := self._known.get(c)) and (anew or k.stale)]
                await self._load([c for c in call_sids if c not in self._known])
                await self._refresh([c for c in known if c in self._known])  # some made room
                found = [self._known[c] for c in call_sids if c in self._known]
                if not self._following:
                    self._known.clear()
                return found

    async def since(self, watermark: int) -> dict[CallSid, list[StreamEvent]]:
        """What the calls' streams have had since a cursor; raises StoreUnavailable."""
        from_ms = max(0, watermark - MARGIN_MS)
        late = [c for c, k in self._known.items() if entry_order(k.story.last_id)[0] >= from_ms]
        with unavailable_when_away():
            found = await self._reader.of_calls(dict.fromkeys(late, f"{from_ms}-0"))
            after: IndexEntry | None = None
            while places := await self._reader.listed(CALLS_CAUGHT_UP, after):
                unread = [p.call_sid for p in places if p.call_sid not in found]
                found |= await self._reader.of_calls(dict.fromkeys(unread, f"{from_ms}-0"))
                after = places[-1]
                if after.claimed_ms < from_ms - LONGEST_CALL_MS:
                    break
        return found

    async def listed(self, limit: int, after: IndexEntry | None = None) -> list[IndexEntry]:
        """Recent calls, newest first; raises StoreUnavailable."""
        with unavailable_when_away():
            return await self._reader.listed(limit, after)

    async def stream_of(self, call_sid: CallSid, after: str) -> list[StreamEvent]:
        """What one call's stream holds after an entry; raises StoreUnavailable."""
        with unavailable_when_away():
            return await self._reader.of_call(call_sid, after)

    async def _follow(self) -> AsyncIterator[None]:
        async with self._reader.bundles(GATHER_S) as notices:
            if not self.watermark:
                self._remembered = self.watermark = await self._reader.now_ms()
            await self._catch_up()
            self._following = True
            yield
            caught_up = present = time.monotonic()
            async for call_sids in notices:
                for call_sid in call_sids:
                    async with self._reading:
                        await self._news_of(call_sid)
                now = time.monotonic()
                if now - present > PRESENCE_EVERY_S:
                    present = now
                    await self._check_presence()
                if now - caught_up > CATCH_UP_EVERY_S:
                    caught_up = now
                    await self._catch_up()
                yield

    async def _catch_up(self) -> None:
        now = await self._reader.now_ms()
        places = await self._reader.listed(CALLS_CAUGHT_UP)
        async with self._reading:
            missed = await self._reader.of_calls({p.call_sid: self._cursor(p) for p in places})
            for call_sid in missed:
                await self._news_of(call_sid)
        self.watermark = max(self.watermark, now)

    def _cursor(self, place: IndexEntry) -> str:
        known = self._known.get(place.call_sid)
        return known.story.last_id if known else f"{max(0, self.watermark - MARGIN_MS)}-0"

    async def _news_of(self, call_sid: CallSid) -> None:
        known = self._known.get(call_sid)
        if known is None:
            await self._load([call_sid])
            known = self._known.get(call_sid)
            if known is None:
                return
            events = [e for e in await self._reader.of_call(call_sid) if self._is_new(e)]
        else:
            events = await self._reader.of_call(call_sid, known.story.last_id)
            known = await self._with_news(call_sid, known, events)
        if events:
            self.watermark = max(self.watermark, events[0].at_ms)
            self._tell(Bulletin(call_sid, known, tuple(events), self.watermark))

    async def _with_news(self, call_sid: CallSid, known: Known, events: list[StreamEvent]) -> Known:
        story = told(known.story, events)
        for turn in story.turns[len(known.story.turns) :]:
            self._answered(turn)
        on_phone = any(e.fields.get("type") == "phase" for e in events)
        stale = known.stale or any(e.fields.get("type") != "phase" for e in events)
        known = replace(known, story=story, live=known.live or on_phone, stale=stale)
        self._keep(call_sid, known)
        if self._subscriptions and stale:
            await self._refresh([call_sid])
        return self._known[call_sid]

    async def _refresh(self, call_sids: Sequence[CallSid]) -> None:
        """Read the records again."""
        for call_sid, record in (await self._reader.records(call_sids)).items():
            if (known := self._known.get(call_sid)) is not None:
                self._keep(call_sid, replace(known, record=record, stale=False))

    async def _load(self, call_sids: Sequence[CallSid]) -> None:
        """Events before records: what a record lacks of them comes as news."""
        events = await self._reader.of_calls(dict.fromkeys(call_sids, BEGINNING))
        held = await self._reader.on_the_phone(call_sids)
        for call_sid, record in (await self._reader.records(call_sids)).items():
            story = told(Story(), events.get(call_sid, ()))
            self._keep(call_sid, Known(record, story, call_sid in held))

    def _keep(self, call_sid: CallSid, known: Known) -> None:
        self._known[call_sid] = known
        self._known.move_to_end(call_sid)
        while len(self._known) > CALLS_KNOWN:
            self._known.popitem(last=False)

    def _is_new(self, event: StreamEvent) -> bool:
        return event.at_ms >= self.watermark - MARGIN_MS

    async def _check_presence(self) -> None:
        """A mark that died of itself publishes nothing: the server that held it was killed."""
        open_calls = [c for c, k in self._known.items() if k.live or _may_be_on_the_phone(k)]
        held = await self._reader.on_the_phone(open_calls)
        for call_sid in open_calls:
            known = self._known.get(call_sid)
            if known is not None and known.live is not (call_sid in held):
                known = replace(known, live=call_sid in held)
                self._keep(call_sid, known)
                self._tell(Bulletin(call_sid, known, (), self.watermark))

    def _tell(self, bulletin: Bulletin) -> None:
        self._changed[bulletin.call_sid] = bulletin.watermark
        self._changed.move_to_end(bulletin.call_sid)
        if len(self._changed) > CALLS_KNOWN:
            _, forgotten = self._changed.popitem(last=False)
            self._remembered = forgotten + MARGIN_MS + 1
        for subscription in tuple(self._subscriptions):
            subscription.put(bulletin)


def _may_be_on_the_phone(known: Known) -> bool:
    return known.record.skeleton.status is Status.ACTIVE and known.story.spoken
