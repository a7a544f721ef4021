"""What the live page asks for: one stream of calls as they stand, reveals, hand-overs.

These routes follow the page; integrators use `/calls` and `/events`. Customers' data comes masked.
A reveal is logged (callSid only) and noted in the session, which then sees that one call in the
clear for a while (auth.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from voicebot.call import CallSid, Status
from voicebot.console.auth import NO_TOKEN, Watcher
from voicebot.console.dependencies import AppState, CurrentVisitor, CurrentWatcher, Sid, State
from voicebot.console.event_hub import CallUpdate, EventHub, Subscription
from voicebot.console.event_streams import (
    PING,
    RETRY,
    cursor_of,
    frame,
    given_cursor,
    next_updates,
    streaming,
    watermark_of,
)
from voicebot.console.masking import Visibility
from voicebot.console.page import set_cookie
from voicebot.console.problems import Problem, UnknownCall
from voicebot.console.search import CallFilter, encode_cursor, find
from voicebot.console.views import (
    CallView,
    CurrentCall,
    Need,
    WholeCallView,
    call_view,
    need_of,
    whole_view,
)
from voicebot.log import get_logger
from voicebot.store import HandOverResult, hand_over, unavailable_when_away, utc_now

ROWS = 100
"""Calls that a fresh page gets; older ones come on request, or by search."""
CALLS_SCANNED = 500
"""Of so many, those that are live or need a person come as well, however old they are."""

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)


class CallPage(BaseModel):
    """A page of the list."""

    calls: list[CallView]
    next: str | None


class HandOver(BaseModel):
    """The colleague who takes a call, empty to let it go; `over` takes it from another one."""

    by: str = Field("", max_length=60)
    over: bool = False


@router.get("/events")
async def events(
    request: Request, state: State, watcher: CurrentWatcher, after: str = ""
) -> StreamingResponse:
    """Stream rows as they change: first how all stands, or what a cursor missed.

    A cursor that is too old, or another console's, begins anew: `ready` then says `all`, and the
    page drops the rows that did not come before it.
    """
    return _page_stream(request, state, watcher, None, after)


@router.get("/calls/{callSid}/events")
async def events_with_call(
    callSid: Sid, request: Request, state: State, watcher: CurrentWatcher, after: str = ""
) -> StreamingResponse:
    """Stream the same, and this call whole."""
    return _page_stream(request, state, watcher, CallSid(callSid), after)


def _page_stream(
    request: Request, state: AppState, watcher: Watcher, open_call: CallSid | None, after: str
) -> StreamingResponse:
    cursor = given_cursor(request, after)
    page = PageStream(state.event_hub, open_call, watcher)
    return streaming(page.frames(watermark_of(cursor) if cursor else None))


@router.get("/calls")
async def calls(
    state: State,
    q: Annotated[str, Query(max_length=100)] = "",
    status: Status | None = None,
    needs: Need | None = None,
    live: bool | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> CallPage:
    """Search; the result is masked."""
    found = await find(state.event_hub, CallFilter(q, status, needs, live), ROWS, cursor)
    return CallPage(
        calls=[call_view(call, Visibility.MASKED) for call in found.calls], next=found.next
    )


@router.get("/calls/{callSid}")
async def one(callSid: Sid, state: State, visitor: CurrentVisitor) -> WholeCallView:
    """Return one call whole."""
    return whole_view(await _current(state, callSid), visitor.page_visibility(callSid))


@router.post("/calls/{callSid}/reveal")
async def reveal(
    callSid: Sid, request: Request, response: Response, state: State, visitor: CurrentVisitor
) -> WholeCallView:
    """Show the customer's data; that it was shown is logged, not what."""
    call = await _current(state, callSid)
    log.info("customer_data_revealed", call_sid=callSid)
    session = visitor.session
    if session is None and not state.authenticator.wants_token:
        session = await state.sessions.open(NO_TOKEN)
        set_cookie(session, request, response)
    if session is not None:
        await state.sessions.reveal(session, CallSid(callSid))
    return whole_view(call, Visibility.PLAIN)


@router.delete("/calls/{callSid}/reveal")
async def hide(callSid: Sid, state: State, visitor: CurrentVisitor) -> WholeCallView:
    """Mask the customer's data again."""
    if visitor.session is not None:
        await state.sessions.hide(visitor.session, CallSid(callSid))
    return whole_view(await _current(state, callSid), Visibility.MASKED)


@router.post("/calls/{callSid}/taker")
async def take(callSid: Sid, body: HandOver, state: State) -> dict[str, str]:
    """Mark who looks after a call; 409 when a colleague has it."""
    with unavailable_when_away():
        handed = await hand_over(
            state.client,
            CallSid(callSid),
            body.by.strip(),
            at=utc_now(),
            retention_s=state.settings.retention_s,
            over=body.over,
        )
    if handed.result is HandOverResult.UNKNOWN:
        raise UnknownCall(callSid)
    if handed.result is HandOverResult.TAKEN:
        raise Problem(409, "taken", "a colleague has this call in hand")
    return {"takenBy": handed.by}


async def _current(state: AppState, call_sid: str) -> CurrentCall:
    found = await state.event_hub.calls([CallSid(call_sid)], fresh=True)
    if not found:
        raise UnknownCall(call_sid)
    return found[0]


class PageStream:
    """The stream of one open page: every call as a row, and `open_call` whole."""

    def __init__(self, hub: EventHub, open_call: CallSid | None, watcher: Watcher) -> None:
        self._hub = hub
        self._open_call = open_call
        self._watcher = watcher
        self._shown: Visibility | None = None

    async def frames(self, watermark: int | None) -> AsyncIterator[bytes]:
        """Yield how things stand, or what came since `watermark`, then every change."""
        with self._hub.subscribe() as subscription:
            cursor = cursor_of(self._hub.watermark)
            yield RETRY
            changed = None if watermark is None else self._hub.changed_since(watermark)
            if changed is None:
                rows, older = await self.first_rows()
            else:
                rows, older = await self._hub.calls(changed), None
            opened = await self._opened()
            if not await self._watcher.may_stay():
                return
            for call in rows:
                yield _row_frame(call)
            for call in opened:
                yield self._whole_frame(call)
            ready = {"following": self._hub.following, "older": older, "all": changed is None}
            yield frame("ready", ready, cursor)
            async for change in self._changes(subscription):
                yield change

    async def first_rows(self) -> tuple[list[CurrentCall], str | None]:
        """Return the newest calls and those that matter now, the oldest first, and the cursor
        behind which older ones begin."""
        places = await self._hub.recent(CALLS_SCANNED)
        newest = {place.call_sid for place in places[:ROWS]}
        found = await self._hub.calls([place.call_sid for place in places])
        rows = [c for c in found if c.live or need_of(c) or c.skeleton.callSid in newest]
        return rows[::-1], encode_cursor(places[ROWS - 1]) if len(places) > ROWS else None

    async def _changes(self, subscription: Subscription) -> AsyncIterator[bytes]:
        following = self._hub.following
        async for update in next_updates(subscription, self._watcher):
            if self._hub.following is not following:
                following = self._hub.following
                yield frame("following", {"following": following})
            if self._shown is not self._visibility:  # hidden, or the reveal has ended
                for call in await self._opened():
                    yield self._whole_frame(call)
            if update is None:
                yield PING
                continue
            if update.call_sid == self._open_call:
                yield self._whole_frame(update.call)
            yield _update_frame(update)

    @property
    def _visibility(self) -> Visibility | None:
        """How the open call is to be shown now; None without one."""
        call_sid = self._open_call
        return None if call_sid is None else self._watcher.visitor.page_visibility(call_sid)

    async def _opened(self) -> list[CurrentCall]:
        """Return the open call, if there is one."""
        return await self._hub.calls([self._open_call]) if self._open_call else []

    def _whole_frame(self, call: CurrentCall) -> bytes:
        self._shown = shown = self._watcher.visitor.page_visibility(self._open_call or "")
        return frame("whole", whole_view(call, shown).model_dump(mode="json"))


@lru_cache(maxsize=64)
def _update_frame(update: CallUpdate) -> bytes:
    """Return the same bytes for every open page, made once."""
    return _row_frame(update.call, cursor_of(update.watermark))


def _row_frame(call: CurrentCall, cursor: str | None = None) -> bytes:
    return frame("call", call_view(call, Visibility.MASKED).model_dump(mode="json"), cursor)
