"""Looking calls up: pages of the index, and what a search or a filter lets through."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from voicebot.call import CallSid, Status, Step
from voicebot.console.event_hub import Known, Newsroom
from voicebot.console.problems import Problem
from voicebot.console.views import Need, answers, need_of
from voicebot.store import CallSkeleton
from voicebot.store.events import IndexEntry
from voicebot.validation import read_moment

PAGE = 50
LARGEST_PAGE = 200
MOST_LOOKED_AT = 2000
"""Records that one request reads; a search that found too little goes on from `next`."""

_DIGITS = re.compile(r"\D+")
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a text in number, name or callSid; a status; a need."""

    text: str = ""
    status: Status | None = None
    need: Need | None = None
    live: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Calls, newest first, and where the next page begins."""

    calls: list[Known]
    next: str | None


async def find(newsroom: Newsroom, wanted: Wanted, limit: int, cursor: str | None) -> Page:
    """One page; raises StoreUnavailable, and Problem for a strange cursor."""
    after = place_of(cursor) if cursor else None
    found: list[Known] = []
    looked_at = 0
    while looked_at < MOST_LOOKED_AT:
        places = await newsroom.listed(LARGEST_PAGE, after)
        known = {k.record.skeleton.callSid: k for k in await newsroom.look(_sids(places))}
        for place in places:
            after = place
            call = known.get(place.call_sid)
            if call is not None and matches(call, wanted):
                found.append(call)
                if len(found) == limit:
                    return Page(found, cursor_of(place))
        if len(places) < LARGEST_PAGE:
            return Page(found, None)
        looked_at += len(places)
    return Page(found, cursor_of(after) if after else None)


async def of_day(newsroom: Newsroom, day: date, zone: tzinfo) -> AsyncIterator[CallSkeleton]:
    """Every call that began on this day of the business's calendar, newest first."""
    after: IndexEntry | None = None
    while places := await newsroom.listed(LARGEST_PAGE, after):
        claimed_ms = {place.call_sid: place.claimed_ms for place in places}
        for known in await newsroom.look(_sids(places), anew=True):
            skeleton = known.record.skeleton
            if _day_of(skeleton, claimed_ms[CallSid(skeleton.callSid)], zone) == day:
                yield skeleton
        after = places[-1]
        if _date_of(after.claimed_ms, zone) < day:
            return  # a call is claimed no earlier than it begins


def matches(call: Known, wanted: Wanted) -> bool:
    """Does the search let this call through?"""
    skeleton = call.record.skeleton
    status = None if skeleton.broken else skeleton.status
    if wanted.status is not None and status is not wanted.status:
        return False
    if wanted.live is not None and call.live is not wanted.live:
        return False
    if wanted.need is not None and need(call) is not wanted.need:
        return False
    return _has_text(skeleton, wanted.text)


def need(call: Known) -> Need | None:
    """Why somebody should look after the call, if so."""
    return need_of(call.record, call.story, live=call.live)


def _has_text(skeleton: CallSkeleton, text: str) -> bool:
    needle = text.strip().casefold()
    if not needle:
        return True
    found = answers(skeleton)
    name, phone = (found[step][0] or "" for step in (Step.NAME, Step.PHONE))
    numbers = f"{_DIGITS.sub('', phone)} {_DIGITS.sub('', skeleton.caller or '')}"
    digits = _DIGITS.sub("", needle).removeprefix("0")  # as it is dialled at home
    by_number = len(digits) >= _FEWEST_DIGITS and digits in numbers
    return by_number or needle in name.casefold() or needle in skeleton.callSid.casefold()


def cursor_of(place: IndexEntry) -> str:
    """A place as an opaque text."""
    return urlsafe_b64encode(f"{place.claimed_ms}:{place.call_sid}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> IndexEntry:
    """The place that a cursor names; raises Problem 400 for one that is not ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        ms, _, sid = urlsafe_b64decode(padded).decode().partition(":")
        return IndexEntry(CallSid(sid), int(ms))
    except (Base64Error, ValueError) as error:
        raise Problem(400, "bad_cursor", "this cursor is not ours: begin without one") from error


def _sids(places: list[IndexEntry]) -> list[CallSid]:
    return [place.call_sid for place in places]


def _day_of(skeleton: CallSkeleton, claimed_ms: int, zone: tzinfo) -> date:
    """When it began; as the index has it where the record does not tell."""
    moment = read_moment(skeleton.createdAt)
    return moment.astimezone(zone).date() if moment else _date_of(claimed_ms, zone)


def _date_of(ms: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(ms / 1000, zone).date()
