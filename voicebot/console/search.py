"""Looking calls up: pages of the index of recent calls, and the filters of a search."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from voicebot.call import CallSid, Status, Step
from voicebot.console.event_hub import EventHub
from voicebot.console.problems import BadCursor
from voicebot.console.views import CurrentCall, answers
from voicebot.store import CallSkeleton, IndexEntry
from voicebot.validation import read_moment

PAGE = 50
LARGEST_PAGE = 200
MOST_SCANNED = 2000
"""Records that one request reads; a search that found too little goes on from `next`."""

_NO_DIGITS = re.compile(r"\D+")
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class CallFilter:
    """A search: a text in number, name or callSid; a status; calls on the phone."""

    text: str = ""
    status: Status | None = None
    live: bool | None = None

    def matches(self, call: CurrentCall) -> bool:
        skeleton = call.skeleton
        if self.status is not None and (skeleton.broken or skeleton.status is not self.status):
            return False
        if self.live is not None and call.live is not self.live:
            return False
        return _has_text(skeleton, self.text.strip().casefold())


@dataclass(frozen=True, slots=True)
class Page:
    """Calls, newest first, and the cursor of the next page."""

    calls: list[CurrentCall]
    next: str | None


async def find(hub: EventHub, wanted: CallFilter, limit: int, cursor: str | None) -> Page:
    """Return one page of at most `limit` calls; raises store.AWAY and BadCursor."""
    after = decode_cursor(cursor) if cursor else None
    found: list[CurrentCall] = []
    scanned = 0
    while scanned < MOST_SCANNED:
        places = await hub.reader.index.recent(LARGEST_PAGE, after)
        found_here = await hub.calls([place.call_sid for place in places])
        calls = {call.skeleton.callSid: call for call in found_here}
        for place in places:
            after = place
            call = calls.get(place.call_sid)
            if call is not None and wanted.matches(call):
                found.append(call)
                if len(found) == limit:
                    return Page(found, encode_cursor(place))
        if len(places) < LARGEST_PAGE:
            return Page(found, None)
        scanned += len(places)
    return Page(found, encode_cursor(after) if after else None)


async def calls_of_day(hub: EventHub, day: date, zone: tzinfo) -> AsyncIterator[CallSkeleton]:
    """Yield every call that began on `day` in `zone`, newest first; raises store.AWAY."""
    after: IndexEntry | None = None
    while places := await hub.reader.index.recent(LARGEST_PAGE, after):
        claimed_ms = {place.call_sid: place.claimed_ms for place in places}
        for call in await hub.calls(list(claimed_ms), fresh=True):
            skeleton = call.skeleton
            began = read_moment(skeleton.createdAt)
            if began is None:  # the index tells where the record does not
                began = _moment(claimed_ms[CallSid(skeleton.callSid)], zone)
            if began.astimezone(zone).date() == day:
                yield skeleton.model_copy(update={"needs": call.needs})
        after = places[-1]
        if _moment(after.claimed_ms, zone).date() < day:
            return  # a call is claimed no earlier than it begins


def _has_text(skeleton: CallSkeleton, needle: str) -> bool:
    if not needle:
        return True
    found = answers(skeleton)
    name, phone = (found[step][0] or "" for step in (Step.NAME, Step.PHONE))
    numbers = f"{_NO_DIGITS.sub('', phone)} {_NO_DIGITS.sub('', skeleton.caller or '')}"
    digits = _NO_DIGITS.sub("", needle).removeprefix("0")  # as it is dialled at home
    by_number = len(digits) >= _FEWEST_DIGITS and digits in numbers
    return by_number or needle in name.casefold() or needle in skeleton.callSid.casefold()


def encode_cursor(place: IndexEntry) -> str:
    return urlsafe_b64encode(f"{place.claimed_ms}:{place.call_sid}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> IndexEntry:
    """Return the place that a cursor names; raises BadCursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        ms, _, sid = urlsafe_b64decode(padded).decode().partition(":")
        return IndexEntry(CallSid(sid), int(ms))
    except (Base64Error, ValueError) as error:
        raise BadCursor from error


def _moment(ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, zone)
