"""The events of one call, and of all calls, as Server-Sent Events for integrators.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping

import orjson
from anyio import EndOfStream, move_on_after
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from voicebot.call import CallSid
from voicebot.console.auth import Visitor
from voicebot.console.event_hub import CALLS_CACHED, CallUpdate, EventHub, Updates
from voicebot.console.masking import Visibility, mask_event
from voicebot.console.problems import BadCursor
from voicebot.store import BEGINNING, StreamEvent, entry_order

PING_EVERY_S = 15.0
"""A comment now and then: proxies close silent connections, and a gone client is noticed."""

PING = b": still here\n\n"
RETRY = b"retry: 500\n\n"
"""Milliseconds until the browser reconnects."""

_MARK = "w"  # the cursor's first letter, so that clients do not count with it


def frame(event: str, data: BaseModel | Mapping[str, object], cursor: str | None = None) -> bytes:
    """Return one event; `data` becomes one line of JSON."""
    line = f"id: {cursor}\n" if cursor is not None else ""
    text = data.model_dump_json() if isinstance(data, BaseModel) else orjson.dumps(data).decode()
    return f"{line}event: {event}\ndata: {text}\n\n".encode()


def streaming(frames: AsyncIterator[bytes]) -> StreamingResponse:
    """Return the response that sends the frames, past proxies that buffer."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def cursor_of(watermark: int) -> str:
    """Return an opaque cursor of all calls' events."""
    return f"{_MARK}{watermark}"


def given_watermark(request: Request, after: str | None) -> int | None:
    """Return the watermark of a request's cursor, None without one; raises BadCursor."""
    cursor = _given_cursor(request, after)
    if not cursor:
        return None
    if not cursor.startswith(_MARK) or not cursor[1:].isdecimal() or len(cursor) > 20:
        raise BadCursor
    return int(cursor[1:])


def given_entry(request: Request, after: str | None) -> str:
    """Return the entry of one call's stream behind which to go on; raises BadCursor."""
    cursor = _given_cursor(request, after)
    ms, dash, nth = (cursor or BEGINNING).partition("-")
    if not (ms.isdecimal() and dash and nth.isdecimal() and len(cursor) < 40):
        raise BadCursor
    return cursor or BEGINNING


def _given_cursor(request: Request, after: str | None) -> str:
    """Return the cursor of a browser that reconnects, else the parameter."""
    return request.headers.get("last-event-id") or after or ""


async def next_updates(updates: Updates, visitor: Visitor) -> AsyncIterator[CallUpdate | None]:
    """Yield updates, and None after PING_EVERY_S without one, while the visitor may stay."""
    while True:
        update = None
        try:
            with move_on_after(PING_EVERY_S):
                update = await updates.receive()
        except EndOfStream:
            return
        if not await visitor.may_stay():
            return
        yield update


async def events_of_call(
    hub: EventHub, call_sid: CallSid, after: str, visitor: Visitor
) -> AsyncGenerator[bytes, None]:
    """Yield all that the stream keeps after an entry, then what comes; each entry once."""
    with hub.subscribe() as updates:
        seen = SeenEvents()
        seen.note(call_sid, after)
        yield RETRY
        missed = await hub.reader.of_call(call_sid, after)
        if not await visitor.may_stay():
            return
        for event in seen.new(missed):
            yield event_frame(event, event.id, visitor)
        async for update in next_updates(updates, visitor):
            if update is None:
                yield PING
            elif update.call_sid == call_sid:
                for event in seen.new(update.events):
                    yield event_frame(event, event.id, visitor)


async def events_of_all(
    hub: EventHub, watermark: int | None, visitor: Visitor
) -> AsyncGenerator[bytes, None]:
    """Yield what happened since a cursor, then what comes; each entry at least once.

    A cursor names a moment before which nothing is missing, so what follows it may come again
    after a reconnect: an event's `id` with its callSid tells.
    """
    with hub.subscribe() as updates:
        seen = SeenEvents()
        yield RETRY
        if watermark is not None:
            since = await hub.events_since(watermark)
            if not await visitor.may_stay():
                return
            missed = [event for events in since.values() for event in events]
            for event in seen.new(sorted(missed, key=lambda e: e.order)):
                yield event_frame(event, cursor_of(max(watermark, event.at_ms)), visitor)
        async for update in next_updates(updates, visitor):
            if update is None:
                yield PING
                continue
            for event in seen.new(update.events):
                yield event_frame(event, cursor_of(update.watermark), visitor)


def event_frame(event: StreamEvent, cursor: str, visitor: Visitor) -> bytes:
    """Return one entry as the visitor sees it; its type names the event."""
    if visitor.visibility(event.call_sid) is Visibility.MASKED:
        event = mask_event(event)
    data = {"callSid": event.call_sid, "id": event.id, **event.fields}
    return frame(event.fields.get("type", "event"), data, cursor)


class SeenEvents:
    """The events that a listener has had, by call, of the CALLS_CACHED calls that spoke last.

    Of a call that is forgotten an event may come again, as after a reconnect.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[CallSid, tuple[int, int]] = OrderedDict()

    def note(self, call_sid: CallSid, entry: str) -> None:
        """Count all entries up to this one as seen."""
        self._keep(call_sid, entry_order(entry))

    def new(self, events: Iterable[StreamEvent]) -> Iterable[StreamEvent]:
        """Yield the events that were not seen yet, and count them as seen."""
        for event in events:
            if event.order > self._last.get(event.call_sid, (0, 0)):
                self._keep(event.call_sid, event.order)
                yield event

    def _keep(self, call_sid: CallSid, order: tuple[int, int]) -> None:
        self._last[call_sid] = order
        self._last.move_to_end(call_sid)
        if len(self._last) > CALLS_CACHED:
            self._last.popitem(last=False)
