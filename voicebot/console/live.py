"""Routes of staff's live page: one stream of calls as they stand, reveals, hand-overs.

These routes follow the page; integrators use `/calls` and `/events`. Customers' data comes masked.
A reveal is logged (who and which call, never what) and listed for staff; the session then sees
that one call in the clear for a while (auth.py).
"""

from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from voicebot.call import CallSid, Needs
from voicebot.console.auth import NO_TOKEN, Visitor
from voicebot.console.dependencies import CurrentVisitor, Sid, State, Who, current_call
from voicebot.console.event_hub import CallUpdate, EventHub
from voicebot.console.event_streams import (
    PING,
    RETRY,
    cursor_of,
    frame,
    given_watermark,
    next_updates,
    streaming,
)
from voicebot.console.masking import Visibility
from voicebot.console.problems import Problem, UnknownCall
from voicebot.console.search import CallFilter, encode_cursor, find
from voicebot.console.views import CallRow, CurrentCall, WholeCall, call_row, whole_call
from voicebot.log import get_logger
from voicebot.store import RevealRecord

ROWS = 100
"""Calls that a fresh page gets; older ones come on request, or by search."""
OTHER_CALLS = 5
"""So many more calls of the caller stand on a call's page."""
CALLS_SCANNED = 500
"""Of so many, those that are live or need a person come as well, however old they are."""

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)


class CallPage(BaseModel):
    """`complete` is False where calls were not looked at: `next` goes on, and may find more."""

    calls: list[CallRow]
    next: str | None
    complete: bool


class Reveal(BaseModel):
    """The colleague who asks to see a customer's data."""

    by: Who


class StaffNote(BaseModel):
    """A colleague's note; it stands with those of the call, behind their name."""

    by: Who
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Done(BaseModel):
    """The colleague who found that nothing is left to do; `undo` takes it back."""

    by: Who
    undo: bool = False


class HandOver(BaseModel):
    """The colleague who takes a call, empty to let it go; `over` takes it from another one."""

    by: str = Field("", max_length=60)
    over: bool = False


@router.get("/events")
async def events(
    request: Request, state: State, visitor: CurrentVisitor, after: str = ""
) -> StreamingResponse:
    """Stream rows as they change: first how all stands, or what a cursor missed.

    A cursor that is too old, or another console's, begins anew: `ready` then says `all`, and the
    page drops the rows that did not come before it.
    """
    watermark = given_watermark(request, after)
    return streaming(page_stream(state.event_hub, None, visitor, watermark))


@router.get("/calls/{callSid}/events")
async def events_with_call(
    callSid: Sid, request: Request, state: State, visitor: CurrentVisitor, after: str = ""
) -> StreamingResponse:
    watermark = given_watermark(request, after)
    return streaming(page_stream(state.event_hub, callSid, visitor, watermark))


@router.get("/calls")
async def calls(
    state: State,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> CallPage:
    found = await find(state.event_hub, CallFilter.of(state.business, q), ROWS, cursor)
    rows = [call_row(call, Visibility.MASKED) for call in found.calls]
    return CallPage(calls=rows, next=found.next, complete=found.complete)


@router.get("/calls/{callSid}")
async def one(callSid: Sid, state: State, visitor: CurrentVisitor) -> WholeCall:
    return whole_call(await current_call(state, callSid), visitor.page_visibility(callSid))


@router.get("/calls/{callSid}/others")
async def others(callSid: Sid, state: State) -> list[CallRow]:
    """Return the newest other calls that came from this caller's number, or were given it."""
    skeleton = (await current_call(state, callSid)).skeleton
    hub = state.event_hub
    found = list[CallSid]()
    for number in {skeleton.caller, skeleton.user.userInfo.phone} - {None}:
        found += await hub.reader.index.with_number(str(number))
    calls = await hub.calls(list({*found} - {callSid}), fresh=True)
    newest = sorted(calls, key=lambda call: call.skeleton.createdAt, reverse=True)
    return [call_row(call, Visibility.MASKED) for call in newest[:OTHER_CALLS]]


@router.post("/calls/{callSid}/reveal")
async def reveal(
    callSid: Sid,
    body: Reveal,
    request: Request,
    response: Response,
    state: State,
    visitor: CurrentVisitor,
) -> WholeCall:
    """Show the customer's data, once it is noted who asked for it."""
    call = await current_call(state, callSid)
    await state.store.staff.revealed(callSid, body.by)
    log.info("customer_data_revealed", call_sid=callSid, by=body.by)
    session = visitor.session
    if session is None and not state.authenticator.wants_token:
        session = await state.sessions.open(NO_TOKEN)
        session.set_cookie(request, response)
    if session is not None:
        await state.sessions.reveal(session, callSid)
    return whole_call(call, Visibility.PLAIN)


@router.get("/reveals")
async def reveals(state: State) -> list[RevealRecord]:
    """Return who had which call's data shown, the newest first."""
    return await state.store.staff.reveals()


@router.delete("/calls/{callSid}/reveal")
async def hide(callSid: Sid, state: State, visitor: CurrentVisitor) -> WholeCall:
    if visitor.session is not None:
        await state.sessions.hide(visitor.session, callSid)
    return whole_call(await current_call(state, callSid), Visibility.MASKED)


@router.post("/calls/{callSid}/taker")
async def take(callSid: Sid, body: HandOver, state: State) -> dict[str, str]:
    """Mark who looks after a call; 409 when a colleague has it."""
    wanted = body.by.strip()
    holder = await state.store.hand_over(callSid, wanted, over=body.over)
    if holder is None:
        raise UnknownCall(callSid)
    if holder != wanted:
        raise Problem(409, "taken", "a colleague has this call in hand")
    return {"takenBy": holder}


@router.post("/calls/{callSid}/notes", status_code=204)
async def note(callSid: Sid, body: StaffNote, state: State) -> None:
    """Write something down for colleagues."""
    if not await state.store.staff.note(callSid, body.by, body.text):
        raise UnknownCall(callSid)
    log.info("staff_noted", call_sid=callSid, by=body.by)


@router.post("/calls/{callSid}/done", status_code=204)
async def done(callSid: Sid, body: Done, state: State) -> None:
    """Mark that nothing is left to do, or that something is."""
    staff = state.store.staff
    known = (
        await staff.reopen(callSid, Needs.FOLLOW_UP)
        if body.undo
        else await staff.finish(callSid, body.by)
    )
    if not known:
        raise UnknownCall(callSid)
    log.info("staff_done", call_sid=callSid, by=body.by, undo=body.undo)


async def page_stream(
    hub: EventHub, open_call: CallSid | None, visitor: Visitor, watermark: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield how things stand, or what came since `watermark`, then every change.

    Calls are rows; `open_call` comes whole as well, also when it is revealed or masked again.
    """
    with hub.subscribe() as updates:
        cursor = cursor_of(hub.watermark)
        yield RETRY
        changed = None if watermark is None else hub.changed_since(watermark)
        rows, older = await first_rows(hub) if changed is None else (await hub.calls(changed), None)
        opened = next(iter(await hub.calls([open_call] if open_call else [])), None)
        if not await visitor.may_stay():
            return
        for call in rows:
            yield _row_frame(call)
        shown = visitor.page_visibility(open_call or "")
        if opened:
            yield frame("whole", whole_call(opened, shown))
        following = hub.following
        yield frame(
            "ready", {"following": following, "older": older, "all": changed is None}, cursor
        )
        async for update in next_updates(updates, visitor):
            if hub.following is not following:
                following = hub.following
                yield frame("following", {"following": following})
            before, shown = shown, visitor.page_visibility(open_call or "")
            changed_here = update is not None and update.call_sid == open_call
            if update is not None and changed_here:
                opened = update.call
            if opened and (changed_here or shown is not before):
                yield frame("whole", whole_call(opened, shown))
            yield PING if update is None else _update_frame(update)


async def first_rows(hub: EventHub) -> tuple[list[CurrentCall], str | None]:
    """Return the newest calls and those that matter now, the oldest first, and the cursor
    behind which older ones begin."""
    places = await hub.reader.index.recent(CALLS_SCANNED)
    newest = {place.call_sid for place in places[:ROWS]}
    found = await hub.calls([place.call_sid for place in places])
    rows = [call for call in found if call.live or call.needs or call.skeleton.callSid in newest]
    return rows[::-1], encode_cursor(places[ROWS - 1]) if len(places) > ROWS else None


@lru_cache(maxsize=64)
def _update_frame(update: CallUpdate) -> bytes:
    """Return the same bytes for every open page, made once."""
    return _row_frame(update.call, cursor_of(update.watermark))


def _row_frame(call: CurrentCall, cursor: str | None = None) -> bytes:
    return frame("call", call_row(call, Visibility.MASKED), cursor)
