"""Appointments that cannot be given twice: a day's places in Redis, held, booked, released.

    hold   before the time is read back: no other call gets it for HOLD_S
    book   at the caller's yes, before the record's commit: it is the caller's for good
    leave  at the end of a call that did not book: the place is free at once
    take_over  when the caller goes on with an earlier call: its places are this call's

The day `slots:{<business>:<date>}` is one key, so one script decides. It is not the record's
slot of a cluster: a crash between `book` and the commit leaves a place that stays taken until
the caller goes on (the call is its own holder, and a later call takes its places along). A place
too many is better than a caller too many.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, Place, Window
from voicebot.errors import BrokenRecord
from voicebot.store.client import AWAY, is_wrong_type
from voicebot.store.scripts import Script

HOLD_S = 300
"""Long enough for a read-back with questions; a caller who is gone by then has hung up."""
LOOK_AHEAD_DAYS = 7
_LIFE_AFTER_S = 7 * 24 * 3600
"""A day's places are kept for a week after it."""

_SLOT, _LEAVE, _PASS_ON = (Script(name, behind=()) for name in ("slot", "leave", "pass_on"))


class Slots:
    """The calendar as one call may change it. While Redis is away the answer is UNKNOWN."""

    def __init__(
        self,
        client: Redis,
        business: Business,
        call_sid: CallSid,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._business = business
        self._holder = call_sid
        self._clock = clock
        self._held: dict[str, str] = {}  # by day: what stands there for this session

    async def hold(
        self, start: datetime, service: str | None = None, *, instead_of: Sequence[CallSid] = ()
    ) -> Place:
        """Keep this moment for the caller while it is read back.

        Places of the calls `instead_of` do not stand in its way.
        """
        expires = int(self._clock().timestamp() * 1000) + HOLD_S * 1000
        return await self._take(start, expires, instead_of)

    async def book(
        self, start: datetime, service: str | None = None, *, instead_of: Sequence[CallSid] = ()
    ) -> Place:
        """Keep it for good; other places of this call are let go. See `hold`."""
        place = await self._take(start, 0, instead_of)
        if place is Place.YOURS:
            del self._held[self._key(self._local(start).date())]
            await self.leave()
        return place

    async def leave(self) -> None:
        """Release what was held and not booked, unless a newer session of the call holds it."""
        held, self._held = self._held, {}
        try:
            for key, place in held.items():
                await _LEAVE.run(self._client, (key,), (self._holder, place))
        except (*AWAY, BrokenRecord):
            return  # a hold expires by itself

    async def take_over(self, earlier: CallSid) -> None:
        """Take over what an earlier call of this caller still holds; best effort.

        It would stand in the caller's own way.
        """
        today = self._local(self._clock()).date()
        keys = [
            self._key(today + timedelta(days=n))
            for n in range(self._business.booking.days_ahead + 1)
        ]
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hexists(key, earlier)
                has_place = await pipe.execute(raise_on_error=False)
            for key in (key for key, has in zip(keys, has_place, strict=True) if has is True):
                place = await _PASS_ON.run(self._client, (key,), (earlier, self._holder))
                if place:
                    self._held[key] = cast(str, place)
        except (*AWAY, BrokenRecord):
            return  # a hold expires by itself

    async def free(
        self,
        window: Window,
        *,
        service: str | None = None,
        near: datetime | None = None,
        without: Collection[datetime] = (),
        most: int = 3,
    ) -> tuple[datetime, ...]:
        """Return free moments inside a window, by time; none when Redis is away."""
        found: list[datetime] = []
        try:
            for day in self._days(window, near):
                moments = (at for at in await self._free_on(day) if at not in without)
                found += [at for at in moments if window.has_time(self._local(at).time())]
                days = {self._local(at).date() for at in found}
                if near is None and (len(days) >= most or (window.soonest and len(found) >= most)):
                    break
        except AWAY:
            return ()
        if near is not None:
            return tuple(sorted(_nearest(found, near, most)))
        return tuple(sorted(found[:most] if window.soonest else _spread(found, most)))

    def _days(self, window: Window, near: datetime | None) -> Iterator[date]:
        """Yield the days to look at: of the window, or those around a wished moment."""
        today = self._local(self._clock()).date()
        first = max(filter(None, (today, window.first, min(window.days, default=None))))
        if near is not None:
            first = max(today, self._local(near).date() - timedelta(days=1))
        ahead = self._business.booking.days_ahead
        days = (first + timedelta(days=n) for n in range(ahead + 1))
        open_days = (day for day in days if window.has_day(day) and any(_grid(self._business, day)))
        yield from islice(open_days, LOOK_AHEAD_DAYS)

    async def _take(self, start: datetime, expires: int, instead_of: Sequence[CallSid]) -> Place:
        local = self._local(start)
        key = self._key(local.date())
        booking = self._business.booking
        now = self._clock()
        life_s = max(0, int((local - now).total_seconds())) + _LIFE_AFTER_S
        minute = _minute(local)
        arguments = (self._holder, minute, booking.slot_minutes, booking.capacity)
        try:
            moments = (int(now.timestamp() * 1000), expires, life_s)
            reply = await _SLOT.run(self._client, (key,), (*arguments, *moments, *instead_of))
        except (*AWAY, BrokenRecord):
            return Place.UNKNOWN
        if not reply:
            return Place.TAKEN
        self._held[key] = f"{minute} {expires}"
        return Place.YOURS

    async def _free_on(self, day: date) -> list[datetime]:
        try:
            taken = await cast(Awaitable[Mapping[str, str]], self._client.hgetall(self._key(day)))
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
            return []  # no call can hold a time of that day
        now = self._clock()
        now_ms = int(now.timestamp() * 1000)
        busy = [start for v in taken.values() if (start := _busy_from(v, now_ms)) is not None]
        booking = self._business.booking
        return [
            at
            for at in _grid(self._business, day)
            if at > now
            and sum(abs(_minute(at) - start) < booking.slot_minutes for start in busy)
            < booking.capacity
        ]

    def _key(self, day: date) -> str:
        return day_key(self._business, day)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._business.zone)


def _nearest(moments: Sequence[datetime], near: datetime, most: int) -> list[datetime]:
    """Return the nearest on either side of a moment, as far as there are some on both."""
    after = [at for at in moments if at > near]
    before = [at for at in reversed(moments) if at <= near]
    first = [*before[:1], *after[: most - len(before[:1])]]
    return [*first, *before[1 : 1 + most - len(first)]]


def _spread(moments: Sequence[datetime], most: int) -> list[datetime]:
    """Return the first one, then others on other days and halves of the day, then any."""
    chosen = list(moments[:1])
    for differs in (_is_elsewhere, _is_apart, lambda *_: True):
        for at in moments:
            if len(chosen) >= most:
                return chosen
            if at not in chosen and all(differs(at, each) for each in chosen):
                chosen.append(at)
    return chosen


def _is_elsewhere(at: datetime, other: datetime) -> bool:
    return at.date() != other.date()


def _is_apart(at: datetime, other: datetime) -> bool:
    return abs(at - other) >= _APART


_APART = timedelta(hours=3)


def day_key(business: Business, day: date) -> str:
    """Return the hash of a day's places: holder -> "start expires", as slot.lua writes it."""
    return f"slots:{{{business.company.id}:{day.isoformat()}}}"


def _grid(business: Business, day: date) -> Iterator[datetime]:
    """Yield the moments of a day at which visits begin, one slot after the other."""
    at = datetime.combine(day, time(), business.zone)
    while at.date() == day:
        if business.is_open(at):
            yield at
        at += timedelta(minutes=business.booking.slot_minutes)


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _busy_from(place: str, now_ms: int) -> int | None:
    """Return the minute of the day at which a place begins, or None for an expired one."""
    start, _, expires = place.partition(" ")
    if not (start.isdecimal() and expires.isdecimal()):
        return None  # what slot.lua did not write
    return int(start) if expires == "0" or int(expires) > now_ms else None
