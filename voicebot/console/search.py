"""Looking calls up: pages of the index of recent calls, and the filters of a search."""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from voicebot.business import Business
from voicebot.call import CallSid, Needs, Status, Step, is_call_sid
from voicebot.console.event_hub import EventHub
from voicebot.console.problems import BadCursor
from voicebot.console.views import CurrentCall
from voicebot.store import LATEST_MS, CallSkeleton, IndexEntry
from voicebot.validation import read_moment, validate

PAGE = 50
LARGEST_PAGE = 200
SEARCH_S = 0.6
"""Time after which a search answers with what it has; it goes on from `next`. The first row of a
search among 20,000 calls is there within a second."""

AT_ONCE = 1000  # calls whose few fields are read together
_NO_DIGITS = re.compile(r"\D+")
_FEWEST_DIGITS = 3
_NUMBERS = ("caller", "user.userInfo.phone")
_DUE: dict[str | None, Needs] = {
    Status.BOOKED: Needs.NOTHING,
    Status.CANCELLED: Needs.NOTHING,
    Status.TRANSFER: Needs.PERSON,
}
"""What staff must do at most where nothing is stored."""
_FIELDS = ("status", "needs", "user.userInfo.name", *_NUMBERS)


_NEWEST = IndexEntry(CallSid("~"), LATEST_MS)
"""Before every call of the index."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """A search: a text in number, name or callSid; a status; work for staff; calls on the phone.

    number  the text as a telephone number (E.164), where it is a whole one
    """

    text: str = ""
    status: Status | None = None
    live: bool | None = None
    needs: Needs | None = None
    number: str | None = None

    @classmethod
    def of(
        cls,
        business: Business,
        text: str = "",
        status: Status | None = None,
        live: bool | None = None,
        needs: Needs | None = None,
    ) -> CallFilter:
        """Return the filter of a request; a number is read as it is dialled in the region."""
        number = validate(Step.PHONE, text, business) if text.strip() else None
        return cls(text.strip(), status, live, needs, number if isinstance(number, str) else None)

    @property
    def is_all(self) -> bool:
        return self == CallFilter()

    def matches(self, call: CurrentCall) -> bool:
        skeleton = call.skeleton
        if self.status is not None and (skeleton.broken or skeleton.status is not self.status):
            return False
        if self.live is not None and call.live is not self.live:
            return False
        if self.needs is not None and call.needs is not self.needs:
            return False
        info = skeleton.user.userInfo
        return self._has_text(skeleton.callSid, info.name, skeleton.caller, info.phone)

    def may_match(self, call_sid: CallSid, fields: Sequence[str | None]) -> bool:
        """Return False where a record's few fields (_FIELDS) already say that it does not match."""
        status, needs, name, *numbers = fields
        if self.status is not None and (status or self.status) != self.status:
            return False
        if self.live and status not in (None, Status.ACTIVE):
            return False
        if needs is None and self.needs and status in _DUE:
            needs = _DUE[status]
        if self.needs is not None and needs is not None and needs != self.needs:
            return False
        return self._has_text(call_sid, name, *numbers)

    def _has_text(self, call_sid: str, name: str | None, *numbers: str | None) -> bool:
        needle = self.text.casefold()
        if not needle:
            return True
        if self.number in numbers and self.number:
            return True
        digits = _NO_DIGITS.sub("", needle).removeprefix("0")  # as it is dialled at home
        all_digits = " ".join(_NO_DIGITS.sub("", number or "") for number in numbers)
        by_number = len(digits) >= _FEWEST_DIGITS and digits in all_digits
        return by_number or needle in (name or "").casefold() or needle in call_sid.casefold()


@dataclass(frozen=True, slots=True)
class Page:
    """Calls, newest first; those looked up by a whole number or callSid are a page of their own.

    next      the cursor of the next page
    complete  every stored call was looked at, with the pages before: there is no other
    back_to   the moment of the oldest call that was looked at, where there are older ones
    """

    calls: list[CurrentCall]
    next: str | None = None
    back_to: datetime | None = None

    @property
    def complete(self) -> bool:
        return self.next is None


async def find(hub: EventHub, wanted: CallFilter, limit: int, cursor: str | None) -> Page:
    """Return one page of at most `limit` calls; raises store.AWAY and BadCursor.

    What the text names by a whole callSid or number is looked up, and comes at once.

    It ends after SEARCH_S also where it has found nothing yet, and says how far it has looked.
    """
    until = time.monotonic() + SEARCH_S
    after = decode_cursor(cursor) if cursor else None
    direct = await _looked_up(hub, wanted, limit)
    known = {call.skeleton.callSid for call in direct}
    if direct and after is None:  # others may have it in a name or in a longer number
        return Page(direct, encode_cursor(_NEWEST))
    found = list[CurrentCall]()
    while True:  # a page is looked at however late it is, so that `next` goes on
        most = min(AT_ONCE, limit - len(found)) if wanted.is_all else AT_ONCE
        places = await hub.reader.index.recent(most, after)
        candidates = await _candidates(hub, wanted, places)
        for at in range(0, len(candidates), limit):
            part = candidates[at : at + limit]
            # what the fields have just said of a call is no older than what is kept of it
            read = await hub.calls([place.call_sid for place in part], fresh=not wanted.is_all)
            calls = {call.skeleton.callSid: call for call in read}
            for place in part:
                after, call = place, calls.get(place.call_sid)
                if call is None or place.call_sid in known or not wanted.matches(call):
                    continue
                found.append(call)
                if len(found) >= limit:
                    return _page(found, place)
            if time.monotonic() > until and after is not None:
                return _page(found, after)
        if len(places) < most:
            return Page(found)
        after = places[-1]
        if time.monotonic() > until:
            return _page(found, after)


def _page(found: list[CurrentCall], last: IndexEntry) -> Page:
    return Page(found, encode_cursor(last), _moment(last.claimed_ms, UTC))


async def _looked_up(hub: EventHub, wanted: CallFilter, limit: int) -> list[CurrentCall]:
    """Return the calls that the text names by a whole callSid or number, wherever they stand."""
    index, names = hub.reader.index, list[CallSid]()
    if is_call_sid(wanted.text):
        names.append(CallSid(wanted.text))
    if wanted.number:
        names += await index.with_number(wanted.number)
    calls = await hub.calls(list(dict.fromkeys(names)), fresh=True) if names else []
    return [call for call in calls if wanted.matches(call)][:limit]


async def _candidates(
    hub: EventHub, wanted: CallFilter, places: Sequence[IndexEntry]
) -> list[IndexEntry]:
    """Return the places whose calls may match, by few fields of their records."""
    if wanted.is_all:
        return list(places)
    fields = await hub.reader.fields([place.call_sid for place in places], _FIELDS)
    return [p for p in places if wanted.may_match(p.call_sid, fields[p.call_sid])]


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
