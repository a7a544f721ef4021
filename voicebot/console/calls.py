"""The calls for integrators: lists, records, events, exports.

A bearer token reads in the clear. A page's session sees customers' data masked here as well, except
for the calls that it revealed.
"""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from voicebot.call import FIELDS, CallSid, Needs, Status, Step, Wish, is_e164
from voicebot.collect.resuming import asking
from voicebot.console.dependencies import AppState, CurrentVisitor, Sid, State
from voicebot.console.event_streams import (
    events_of_all,
    events_of_call,
    given_entry,
    given_watermark,
    streaming,
)
from voicebot.console.masking import mask_record
from voicebot.console.problems import UnknownCall
from voicebot.console.search import LARGEST_PAGE, PAGE, CallFilter, calls_of_day, find
from voicebot.console.views import CallRow, answers, call_row
from voicebot.log import get_logger
from voicebot.store import CallSkeleton, NoteRecord, Skeleton, iso_utc

router = APIRouter()
log = get_logger(__name__)
_SSE: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/event-stream": {"example": "id: 1-0\nevent: field\ndata: {}\n"}}}
}
_CURSOR: dict[str, object] = {
    "parameters": [
        {
            "in": "header",
            "name": "Last-Event-ID",
            "required": False,
            "schema": {"type": "string", "maxLength": 40},
            "description": "The `id` of the last event that came; before `after`",
        }
    ]
}
_FILES: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {}, "application/json": {}}}
}


class Format(StrEnum):
    """The file format of an export."""

    CSV = "csv"
    JSON = "json"


class CallsAnswer(BaseModel):
    """A page of calls; `next` is null at the end.

    complete        there is no other call that matches; else `next` goes on, and may find more,
                    also where this page has none
    searchedBackTo  how far this page has looked; null when to the end, and for a page of calls that
                    were looked up directly
    """

    calls: list[CallRow]
    next: str | None = None
    complete: bool
    searchedBackTo: str | None = None


class CallAnswer(Skeleton):
    """One call's record, and what staff see of it.

    asking  what the bot waits for: a step, `confirm` (a yes to what was read back), `choice` (one
            of what was offered); null when the call is over
    needs   what staff must do, empty for nothing: as stored, else by how the call ended
    wish    what the caller wants beside an appointment
    """

    updatedAt: str
    step: Step
    status: Status
    asking: str | None
    needs: Needs
    wish: Wish
    notes: list[NoteRecord]


@router.get("/calls", tags=["calls"], summary="Calls, newest first")
async def calls(
    state: State,
    visitor: CurrentVisitor,
    q: Annotated[
        str, Query(max_length=100, description="In number, name or callSid", examples=["0412"])
    ] = "",
    status: Status | None = None,
    live: Annotated[bool | None, Query(description="On the phone just now")] = None,
    needs: Annotated[Needs | None, Query(description="What staff must do")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of a page")] = None,
) -> CallsAnswer:
    """One page; `next` is the cursor of the following one, null at the end.

    A whole callSid or telephone number is looked up directly and comes first. Other searches look
    through the calls, newest first, for about a second at most: `complete` says if to the end.
    """
    wanted = CallFilter.of(state.business, q, status, live, needs)
    found = await find(state.event_hub, wanted, limit, cursor)
    sids = [CallSid(call.skeleton.callSid) for call in found.calls]
    calls = await state.event_hub.calls(sids, fresh=True)
    rows = [call_row(c, visitor.visibility(c.skeleton.callSid)) for c in calls]
    back_to = iso_utc(found.back_to) if found.back_to else None
    return CallsAnswer(calls=rows, next=found.next, complete=found.complete, searchedBackTo=back_to)


@router.get(
    "/calls/{callSid}",
    tags=["calls"],
    summary="One call's record",
    response_model=CallAnswer,
    responses={304: {"description": "It is as the ETag says"}},
)
async def show(
    callSid: Sid,
    state: State,
    visitor: CurrentVisitor,
    if_none_match: Annotated[str | None, Header(description="An ETag of before")] = None,
) -> Response:
    """The nested form of the record, with the step that is open and what the bot waits for."""
    skeleton = mask_record(stored := await _seen(state, callSid), visitor.visibility(callSid))
    body = orjson.dumps(
        {
            **skeleton.nested(),
            "step": skeleton.step,
            "status": skeleton.status,
            "asking": asking(stored.step, stored.dialogue),
            **_for_staff(skeleton),
            "updatedAt": skeleton.updatedAt,
        }
    )
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {t.strip().removeprefix("W/") for t in (if_none_match or "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get(
    "/calls/{callSid}/events",
    tags=["events"],
    summary="One call's events, live",
    responses=_SSE,
    openapi_extra=_CURSOR,
)
async def call_events(
    callSid: Sid,
    request: Request,
    state: State,
    visitor: CurrentVisitor,
    after: Annotated[str | None, Query(max_length=40, description="An event's id")] = None,
) -> StreamingResponse:
    """Server-Sent Events from the call's beginning, or from behind `Last-Event-ID` on.

    Each once, in order, without gaps as long as the stream keeps them (about a thousand).
    """
    await _record(state, callSid)
    entry = given_entry(request, after)
    return streaming(events_of_call(state.event_hub, callSid, entry, visitor))


@router.get(
    "/events",
    tags=["events"],
    summary="All calls' events, live",
    responses=_SSE,
    openapi_extra=_CURSOR,
)
async def all_events(
    request: Request,
    state: State,
    visitor: CurrentVisitor,
    after: Annotated[str | None, Query(max_length=40, description="An opaque cursor")] = None,
) -> StreamingResponse:
    """Server-Sent Events from now, or from behind `Last-Event-ID` on, without gaps.

    After a reconnect an event may come twice: `callSid` and `id` of its data name it.
    """
    watermark = given_watermark(request, after)
    return streaming(events_of_all(state.event_hub, watermark, visitor))


@router.get(
    "/calls/{callSid}/export",
    tags=["export"],
    summary="One call as a file",
    responses=_FILES,
)
async def export_call(
    callSid: Sid, state: State, visitor: CurrentVisitor, format: Format = Format.JSON
) -> Response:
    """The record; that it was exported is logged."""
    sight = visitor.visibility(callSid)
    skeleton = mask_record(await _seen(state, callSid), sight)
    log.info("customer_data_exported", call_sid=callSid, format=format.value, sight=sight.value)
    return _file(callSid, [skeleton], format, single=True)


@router.get("/export", tags=["export"], summary="A day's calls as a file", responses=_FILES)
async def export_day(
    state: State,
    visitor: CurrentVisitor,
    day: Annotated[date | None, Query(description="Of the business's calendar; today")] = None,
    format: Format = Format.CSV,
) -> Response:
    """Every call that began on that day, newest first."""
    zone = state.business.zone
    wanted = day or datetime.now(zone).date()
    found = [
        mask_record(skeleton, visitor.visibility(skeleton.callSid))
        async for skeleton in calls_of_day(state.event_hub, wanted, zone)
    ]
    told = {"day": wanted.isoformat(), "calls": len(found), "format": format.value}
    log.info("day_exported", **told, masked=not visitor.reads_clear)
    return _file(f"calls-{wanted.isoformat()}", found, format)


def _file(
    name: str, skeletons: list[CallSkeleton], format: Format, *, single: bool = False
) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format.value}"'}
    if format is Format.CSV:
        return Response(as_csv(skeletons), media_type="text/csv; charset=utf-8", headers=headers)
    documents = [_document(skeleton) for skeleton in skeletons]
    body = orjson.dumps(documents[0] if single else documents, option=orjson.OPT_INDENT_2)
    return Response(body, media_type="application/json", headers=headers)


async def _record(state: AppState, call_sid: CallSid) -> CallSkeleton:
    skeleton = await state.store.get_call_skeleton(call_sid)
    if skeleton is None:
        raise UnknownCall(call_sid)
    return skeleton


async def _seen(state: AppState, call_sid: CallSid) -> CallSkeleton:
    """Return the record with what staff must do, also where that is not stored."""
    skeleton = await _record(state, call_sid)
    calls = await state.event_hub.calls([call_sid], fresh=True)
    needs = calls[0].needs if calls else skeleton.due
    return skeleton.model_copy(update={"needs": needs})


COLUMNS = (
    *("callSid", "createdAt", "updatedAt", "status", "caller"),
    *(column for step in FIELDS for column in (step.value, f"{step.value}_savedAt")),
    *("servicebooked", "messages", "needs", "wish", "notes"),
)
_SIGNS = "=＝﹦⁼₌+＋﹢⁺₊\\-－﹣⁻₋−@＠﹫%％﹪"
"""The first characters of a formula; %, | and ; in older programs."""
_SEPARATORS = ";；﹔|｜\t\r\n"
_NOTHING = r"\W\u115f\u1160\u3164\uffa0"
"""Neither letter nor digit; the four are letters without a shape (Hangul fillers)."""
# A spreadsheet takes a cell that begins with =, +, - or @ for a formula, also in full width and
# behind blanks, quotes or characters without a shape. Where the separator is not the comma (a
# semicolon in much of Europe) a cell also begins in the middle of ours. So an apostrophe stands
# before each such place; only a telephone number keeps its plus.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(
    rf"^(?=[{_NOTHING}]*[{_SIGNS}{_SEPARATORS}])|(?<=[{_SEPARATORS}])(?=[{_NOTHING}]*[{_SIGNS}])"
)


def as_csv(calls: Iterable[CallSkeleton]) -> str:
    """Return a header and one line a call, with the byte order mark that Excel needs."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for call in calls:
        saved = [text or "" for answer in answers(call).values() for text in answer]
        head = [call.callSid, call.createdAt, call.updatedAt, _status(call), call.caller or ""]
        tail = [str(call.servicebooked).lower(), str(len(call.history))]
        tail += [call.due, call.wish, "\n".join(note.text for note in call.notes)]
        cells = [*head, *saved, *tail]
        writer.writerow(cell if is_e164(cell) else _FORMULA.sub("'", cell) for cell in cells)
    return "\ufeff" + out.getvalue()


def _document(call: CallSkeleton) -> dict[str, object]:
    more = {"step": call.step, "status": _status(call), "caller": call.caller}
    return {**call.nested(), **more, **_for_staff(call), "updatedAt": call.updatedAt}


def _for_staff(call: CallSkeleton) -> dict[str, object]:
    notes = [note.model_dump() for note in call.notes]
    return {"needs": call.due, "wish": call.wish, "notes": notes}


def _status(call: CallSkeleton) -> str:
    return "broken" if call.broken else call.status.value
