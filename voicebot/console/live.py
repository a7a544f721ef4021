"""What the live page asks for: one stream of calls as they stand, reveals, hand-over marks.

The page's own routes: they follow the page, integrators use `/calls` and `/events`. Customers'
data comes masked. A reveal is logged (callSid only) and noted in the session, which then sees
that one call in the clear for a while (sessions.py).
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
from voicebot.console.conversations import UnknownCall
from voicebot.console.dependencies import (
    Rooms,
    RoomsNow,
    Sid,
    VisitorNow,
    WatcherNow,
)
from voicebot.console.event_hub import Bulletin, Known, Newsroom, Subscription
from voicebot.console.event_streams import (
    PING,
    PING_EVERY_S,
    RETRY,
    cursor_of,
    frame,
    given_cursor,
    streaming,
    watermark_of,
)
from voicebot.console.masking import Sight
from voicebot.console.page import keep
from voicebot.console.problems import Problem
from voicebot.console.search import Wanted, find, need
from voicebot.console.search import cursor_of as page_after
from voicebot.console.views import CallView, Need, WholeCallView, call_view, whole_view
from voicebot.log import get_logger
from voicebot.store.client import unavailable_when_away
from voicebot.store.events import IndexEntry
from voicebot.store.index import HandOverResult, hand_over
from voicebot.store.record import utc_now

ROWS = 100
"""Calls that a fresh page gets; older ones come when it asks for them, or by search."""
LOOKED_THROUGH = 500
"""Of so many, those that need somebody or are spoken come with them, however old they are."""

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)


class Rows(BaseModel):
    """A page of the list."""

    calls: list[CallView]
    next: str | None


class Taking(BaseModel):
    """Who takes a call, or empty to let it go; `over` takes it from a colleague."""

    by: str = Field("", max_length=60)
    over: bool = False


@router.get("/events")
async def events(
    request: Request, house: RoomsNow, watching: WatcherNow, after: str = ""
) -> StreamingResponse:
    """Rows as they change: first how all stands, or what a cursor missed.

    A cursor that is too old, or another console's, begins anew: `ready` then says `all`, and rows
    that were not told before it are no longer the page's.
    """
    return _frames(request, house, watching, None, after)


@router.get("/calls/{callSid}/events")
async def events_with_call(
    callSid: Sid, request: Request, house: RoomsNow, watching: WatcherNow, after: str = ""
) -> StreamingResponse:
    """The same, and this call whole."""
    return _frames(request, house, watching, CallSid(callSid), after)


def _frames(
    request: Request, house: Rooms, watching: Watcher, open_call: CallSid | None, after: str
) -> StreamingResponse:
    cursor = given_cursor(request, after)
    desk = _Desk(house.newsroom, open_call, watching)
    frames = desk.frames(watermark_of(cursor) if cursor else None)
    return streaming(frames)


@router.get("/calls")
async def calls(
    house: RoomsNow,
    q: Annotated[str, Query(max_length=100)] = "",
    status: Status | None = None,
    needs: Need | None = None,
    live: bool | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Rows:
    """Search, masked: whoever searches for a name must know it already."""
    found = await find(house.newsroom, Wanted(q, status, needs, live), ROWS, cursor)
    return Rows(calls=[row(known) for known in found.calls], next=found.next)


@router.get("/calls/{callSid}")
async def one(callSid: Sid, house: RoomsNow, visitor: VisitorNow) -> WholeCallView:
    """One call whole."""
    return whole(await _known(house, CallSid(callSid)), visitor.page_sight(callSid))


@router.post("/calls/{callSid}/reveal")
async def reveal(
    callSid: Sid, request: Request, response: Response, house: RoomsNow, visitor: VisitorNow
) -> WholeCallView:
    """Show the customer's data; that it was shown is logged, not what."""
    known = await _known(house, CallSid(callSid))
    log.info("customer_data_revealed", call_sid=callSid)
    session = visitor.session
    if session is None and not house.authenticator.wants_token:
        session = await house.sessions.open(NO_TOKEN)
        keep(session, request, response)
    if session is not None:
        await house.sessions.reveal(session, CallSid(callSid))
    return whole(known, Sight.PLAIN)


@router.delete("/calls/{callSid}/reveal")
async def hide(callSid: Sid, house: RoomsNow, visitor: VisitorNow) -> WholeCallView:
    """Mask the customer's data again."""
    if visitor.session is not None:
        await house.sessions.hide(visitor.session, CallSid(callSid))
    return whole(await _known(house, CallSid(callSid)), Sight.MASKED)


@router.post("/calls/{callSid}/taker")
async def take(callSid: Sid, body: Taking, house: RoomsNow) -> dict[str, str]:
    """ "I'm taking this": colleagues see it at once. 409 when a colleague has it."""
    with unavailable_when_away():
        handed = await hand_over(
            house.client,
            CallSid(callSid),
            body.by.strip(),
            at=utc_now(),
            retention_s=house.settings.retention_s,
            over=body.over,
        )
    if handed.result is HandOverResult.UNKNOWN:
        raise UnknownCall(f"there is no call {callSid}")
    if handed.result is HandOverResult.TAKEN:
        raise Problem(409, "taken", "a colleague has this call in hand")
    return {"takenBy": handed.by}


def row(known: Known, sight: Sight = Sight.MASKED) -> CallView:
    """A call in the list."""
    return call_view(known.record, known.story, live=known.live, sight=sight)


def whole(known: Known, sight: Sight) -> WholeCallView:
    """A call's page."""
    return whole_view(known.record, known.story, live=known.live, sight=sight)


async def _known(house: Rooms, call_sid: CallSid) -> Known:
    found = await house.newsroom.look([call_sid], anew=True)
    if not found:
        raise UnknownCall(f"there is no call {call_sid}")
    return found[0]


class _Desk:
    """One open page: every call as a row, one call whole."""

    def __init__(self, newsroom: Newsroom, open_call: CallSid | None, watching: Watcher) -> None:
        self._newsroom = newsroom
        self._open = open_call
        self._watching = watching
        self._shown: Sight | None = None

    async def frames(self, watermark: int | None) -> AsyncIterator[bytes]:
        """How things stand, then every change, until the page is gone."""
        with self._newsroom.subscribe() as subscription:
            cursor = cursor_of(self._newsroom.watermark)
            yield RETRY
            changed = None if watermark is None else self._newsroom.changed_since(watermark)
            if changed is None:
                rows, older = await self._to_begin_with()
            else:
                rows, older = await self._newsroom.look(changed), None
            opened = await self._newsroom.look([self._open]) if self._open else []
            if not await self._watching.may_stay():
                return
            for known in rows:
                yield _row_frame(known)
            for known in opened:
                yield self._whole_frame(known)
            ready = {"following": self._newsroom.following, "older": older, "all": changed is None}
            yield frame("ready", ready, cursor)
            async for change in self._changes(subscription):
                yield change

    async def _to_begin_with(self) -> tuple[list[Known], str | None]:
        """The newest calls and those that matter now, the oldest first; where older ones begin."""
        places: list[IndexEntry] = await self._newsroom.listed(LOOKED_THROUGH)
        newest = {place.call_sid for place in places[:ROWS]}
        known = await self._newsroom.look([place.call_sid for place in places])
        told = [k for k in known if k.live or need(k) or k.record.skeleton.callSid in newest]
        return told[::-1], page_after(places[ROWS - 1]) if len(places) > ROWS else None

    async def _changes(self, subscription: Subscription) -> AsyncIterator[bytes]:
        following = self._newsroom.following
        while not subscription.over:
            bulletin = await subscription.next(PING_EVERY_S)
            if not await self._watching.may_stay():
                return
            if self._newsroom.following is not following:
                following = self._newsroom.following
                yield frame("following", {"following": following})
            if self._open is not None and self._shown is not self._sight:  # hidden, or time is up
                for known in await self._newsroom.look([self._open]):
                    yield self._whole_frame(known)
            if bulletin is None:
                yield PING
                continue
            if bulletin.call_sid == self._open:
                yield self._whole_frame(bulletin.known)
            yield _bulletin_frame(bulletin)

    @property
    def _sight(self) -> Sight:
        return self._watching.visitor.page_sight(self._open or "")

    def _whole_frame(self, known: Known) -> bytes:
        self._shown = self._sight
        return frame("whole", whole(known, self._shown).model_dump(mode="json"))


@lru_cache(maxsize=64)
def _bulletin_frame(bulletin: Bulletin) -> bytes:
    """The same bytes for every open page, made once."""
    return _row_frame(bulletin.known, cursor_of(bulletin.watermark))


def _row_frame(known: Known, cursor: str | None = None) -> bytes:
    return frame("call", row(known).model_dump(mode="json"), cursor)
