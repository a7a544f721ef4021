"""The events of one call, and of all calls, as Server-Sent Events for integrators."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse

from voicebot.call import CallSid
from voicebot.console.auth import PROGRAM, Watcher
from voicebot.console.event_hub import CALLS_KNOWN, Newsroom
from voicebot.console.masking import Sight, mask_event
from voicebot.console.problems import Problem
from voicebot.store.events import StreamEvent, entry_order


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


def event_frame(event: StreamEvent, cursor: str, watching: Watcher) -> bytes:
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

    def new(self, events: Iterable[StreamEvent]) -> Iterable[StreamEvent]:
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


PING_EVERY_S = 15.0
"""A comment now and then: proxies close silent lines, and a gone client is noticed."""

PING = b": still here\n\n"
RETRY = b"retry: 500\n\n"
"""Milliseconds until the browser comes back after a lost line."""

_MARK = "w"  # the cursor's first letter, so that clients do not count with it


def frame(event: str, data: object, cursor: str | None = None) -> bytes:
    """One event; `data` becomes one line of JSON."""
    line = f"id: {cursor}\n" if cursor is not None else ""
    return f"{line}event: {event}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


def streaming(frames: AsyncIterator[bytes]) -> StreamingResponse:
    """The response that sends them."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def given_cursor(request: Request, after: str | None) -> str | None:
    """Where to go on: the header of a browser that comes back, else the parameter."""
    return request.headers.get("last-event-id") or after or None


def cursor_of(watermark: int) -> str:
    """An opaque cursor of all calls' events."""
    return f"{_MARK}{watermark}"


def watermark_of(cursor: str) -> int:
    """What a cursor means; raises Problem 400 for one that is not ours."""
    if not cursor.startswith(_MARK) or not cursor[1:].isdecimal() or len(cursor) > 20:
        raise Problem(400, "bad_cursor", "this cursor is not ours: begin without one")
    return int(cursor[1:])


def entry_of(cursor: str) -> str:
    """The stream entry that a cursor of one call names; raises Problem 400."""
    ms, dash, nth = cursor.partition("-")
    if not (ms.isdecimal() and dash and nth.isdecimal() and len(cursor) < 40):
        raise Problem(400, "bad_cursor", "this cursor is not ours: begin without one")
    return cursor
