"""Server-Sent Events: the frames, and a response that proxies do not hold back. Pure but for that.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse

from voicebot.console.problems import Problem

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
