"""What the live page asks for: one stream of calls as they stand, reveals, hand-over marks.

The page's own routes: they follow the page, integrators use `/calls` and `/events`. Customers'
data comes masked; a reveal is logged (callSid only) and answered with the plain call and a grant
with which the stream sends that one call plain.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from voicebot.call import CallSid, Status
from voicebot.console.conversations import UnknownCall
from voicebot.console.finding import Wanted, find, need
from voicebot.console.finding import cursor_of as page_after
from voicebot.console.newsroom import Bulletin, Known, Newsroom, Subscription
from voicebot.console.problems import Problem
from voicebot.console.rooms import Rooms, rooms
from voicebot.console.schemas import OptionalSid, Sid
from voicebot.console.sse import (
    PING,
    PING_EVERY_S,
    RETRY,
    cursor_of,
    frame,
    given_cursor,
    streaming,
    watermark_of,
)
from voicebot.console.views import CallView, Need, Sight, WholeCallView, call_view, whole_view
from voicebot.log import get_logger
from voicebot.store.client import answering
from voicebot.store.events import Listed
from voicebot.store.index import Verdict, hand_over
from voicebot.store.record import utc_now

ROWS = 100
"""Calls that a fresh page gets; older ones come when it asks for them, or by search."""
LOOKED_THROUGH = 500
"""Of so many, those that need somebody or are spoken come with them, however old they are."""

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)
RoomsNow = Annotated[Rooms, Depends(rooms)]


class Rows(BaseModel):
    """A page of the list."""

    calls: list[CallView]
    next: str | None


class Revealed(BaseModel):
    """A call in plain, and the proof that this was logged."""

    call: WholeCallView
    grant: str


class Taking(BaseModel):
    """Who takes a call, or empty to let it go; `over` takes it from a colleague."""

    by: str = Field("", max_length=60)
    over: bool = False


@router.get("/events")
async def events(
    request: Request, house: RoomsNow, call: OptionalSid = None, grant: str = "", after: str = ""
) -> StreamingResponse:
    """Rows as they change, and one call whole: first how all stands, or what a cursor missed.

    A cursor that is too old, or another console's, begins anew: `ready` then says `all`, and rows
    that were not told before it are no longer the page's.
    """
    cursor = given_cursor(request, after)
    watermark = watermark_of(cursor) if cursor else None
    open_call = CallSid(call) if call else None
    plain = open_call is not None and house.grants.admits(open_call, grant)
    desk = _Desk(house.newsroom, open_call, Sight.PLAIN if plain else Sight.MASKED)
    return streaming(desk.frames(watermark))


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
async def one(callSid: Sid, house: RoomsNow, grant: str = "") -> WholeCallView:
    """One call whole."""
    sight = Sight.PLAIN if house.grants.admits(callSid, grant) else Sight.MASKED
    return whole(await _known(house, CallSid(callSid)), sight)


@router.post("/calls/{callSid}/reveal")
async def reveal(callSid: Sid, house: RoomsNow) -> Revealed:
    """Show the customer's data; that it was shown is logged, not what."""
    known = await _known(house, CallSid(callSid))
    log.info("customer_data_revealed", call_sid=callSid)
    return Revealed(call=whole(known, Sight.PLAIN), grant=house.grants.issue(callSid))


@router.post("/calls/{callSid}/taker")
async def take(callSid: Sid, body: Taking, house: RoomsNow) -> dict[str, str]:
    """ "I'm taking this": colleagues see it at once. 409 when a colleague has it."""
    with answering():
        handed = await hand_over(
            house.client,
            CallSid(callSid),
            body.by.strip(),
            at=utc_now(),
            retention_s=house.settings.retention_s,
            over=body.over,
        )
    if handed.verdict is Verdict.UNKNOWN:
        raise UnknownCall(f"there is no call {callSid}")
    if handed.verdict is Verdict.TAKEN:
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

    def __init__(self, newsroom: Newsroom, open_call: CallSid | None, sight: Sight) -> None:
        self._newsroom = newsroom
        self._open = open_call
        self._sight = sight

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
            for known in rows:
                yield _row_frame(known)
            if self._open is not None:
                for known in await self._newsroom.look([self._open]):
                    yield self._whole_frame(known)
            ready = {"following": self._newsroom.following, "older": older, "all": changed is None}
            yield frame("ready", ready, cursor)
            async for change in self._changes(subscription):
                yield change

    async def _to_begin_with(self) -> tuple[list[Known], str | None]:
        """The newest calls and those that matter now, the oldest first; where older ones begin."""
        places: list[Listed] = await self._newsroom.listed(LOOKED_THROUGH)
        newest = {place.call_sid for place in places[:ROWS]}
        known = await self._newsroom.look([place.call_sid for place in places])
        told = [k for k in known if k.live or need(k) or k.record.skeleton.callSid in newest]
        return told[::-1], page_after(places[ROWS - 1]) if len(places) > ROWS else None

    async def _changes(self, subscription: Subscription) -> AsyncIterator[bytes]:
        following = self._newsroom.following
        while not subscription.over:
            bulletin = await subscription.next(PING_EVERY_S)
            if self._newsroom.following is not following:
                following = self._newsroom.following
                yield frame("following", {"following": following})
            if bulletin is None:
                yield PING
                continue
            if bulletin.call_sid == self._open:
                yield self._whole_frame(bulletin.known)
            yield _bulletin_frame(bulletin)

    def _whole_frame(self, known: Known) -> bytes:
        return frame("whole", whole(known, self._sight).model_dump(mode="json"))


@lru_cache(maxsize=64)
def _bulletin_frame(bulletin: Bulletin) -> bytes:
    """The same bytes for every open page, made once."""
    return _row_frame(bulletin.known, cursor_of(bulletin.watermark))


def _row_frame(known: Known, cursor: str | None = None) -> bytes:
    return frame("call", row(known).model_dump(mode="json"), cursor)
