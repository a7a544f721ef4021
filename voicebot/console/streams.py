"""The events of one call, and of all calls, as Server-Sent Events for integrators."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable

from voicebot.call import CallSid
from voicebot.console.auth import PROGRAM, Watcher
from voicebot.console.masking import Sight, mask_event
from voicebot.console.newsroom import CALLS_KNOWN, Newsroom
from voicebot.console.sse import PING, PING_EVERY_S, RETRY, cursor_of, frame
from voicebot.store.events import Happened, entry_order


async def events_of_call(
    newsroom: Newsroom, call_sid: CallSid, after: str, watching: Watcher = PROGRAM
) -> AsyncIterator[bytes]:
    """All that the stream keeps after an entry, then what comes; each entry once."""
    with newsroom.subscribe() as subscription:
        told = Told()
        told.note(call_sid, after)
        yield RETRY
        missed = await newsroom.stream_of(call_sid, after)
        if not await watching.may_stay():
            return
        for event in told.new(missed):
            yield event_frame(event, event.id, watching)
        while not subscription.over:
            bulletin = await subscription.next(PING_EVERY_S)
            if not await watching.may_stay():
                return
            if bulletin is None:
                yield PING
            elif bulletin.call_sid == call_sid:
                for event in told.new(bulletin.events):
                    yield event_frame(event, event.id, watching)


async def events_of_all(
    newsroom: Newsroom, watermark: int | None, watching: Watcher = PROGRAM
) -> AsyncIterator[bytes]:
    """What happened since a cursor, then what comes; each entry at least once.

    A cursor names a moment before which nothing is missing, so what follows it may come again
    after a reconnect: an event's `id` with its callSid tells.
    """
    with newsroom.subscribe() as subscription:
        told = Told()
        yield RETRY
        if watermark is not None:
            since = await newsroom.since(watermark)
            if not await watching.may_stay():
                return
            missed = [event for events in since.values() for event in events]
            for event in told.new(sorted(missed, key=lambda e: e.order)):
                yield event_frame(event, cursor_of(max(watermark, event.at_ms)), watching)
        while not subscription.over:
            bulletin = await subscription.next(PING_EVERY_S)
            if not await watching.may_stay():
                return
            if bulletin is None:
                yield PING
                continue
            for event in told.new(bulletin.events):
                yield event_frame(event, cursor_of(bulletin.watermark), watching)


def event_frame(event: Happened, cursor: str, watching: Watcher) -> bytes:
    """One entry as the visitor sees it: its type is the event's name, its fields the data."""
    if watching.visitor.sight(event.call_sid) is Sight.MASKED:
        event = mask_event(event)
    data = {"callSid": event.call_sid, "id": event.id, **event.fields}
    return frame(event.fields.get("type", "event"), data, cursor)


class Told:
    """What a listener has had already, by call; of the CALLS_KNOWN calls that spoke last.

    Of a call that is forgotten an event may come again, as after a reconnect.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[CallSid, tuple[int, int]] = OrderedDict()

    def note(self, call_sid: CallSid, entry: str) -> None:
        """All up to this entry is known to the listener."""
        self._keep(call_sid, entry_order(entry))

    def new(self, events: Iterable[Happened]) -> Iterable[Happened]:
        """Those that were not told yet."""
        for event in events:
            if event.order > self._last.get(event.call_sid, (0, 0)):
                self._keep(event.call_sid, event.order)
                yield event

    def _keep(self, call_sid: CallSid, order: tuple[int, int]) -> None:
        self._last[call_sid] = order
        self._last.move_to_end(call_sid)
        if len(self._last) > CALLS_KNOWN:
            self._last.popitem(last=False)
