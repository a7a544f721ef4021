"""Appointments that cannot be given twice: a day's places in Redis, offered, held, booked, freed.

    free   what is free inside a window: what it returns is the caller's for OFFER_S
    hold   before the time is read back: no other call gets it for HOLD_S
    book   at the caller's yes, before the record's commit: it is the caller's for good
    leave  at the end of a call that did not book: the place is free at once
    take_over  when the caller goes on with an earlier call: its places are this call's

The day `slots:{<business>:<date>}` is one key, so one script decides. Of a crash between `book` and
the record's commit, which lies in another slot of a cluster, `Reconciliation` frees the place.

`call:{<callSid>}:offers` names what is offered to a call, for the process of its next turn. Written
first, it may name what was never kept, and what was given back.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast

from redis.asyncio import Redis

from voicebot.business import WEEKDAYS, Business
from voicebot.call import CallSid, Window
from voicebot.errors import BrokenRecord
from voicebot.ledger import Place
from voicebot.store import free_times
from voicebot.store.client import AWAY, ask_each, unless_wrong_type
from voicebot.store.layout import call_keys
from voicebot.store.scripts import Script

HOLD_S = 300
"""Long enough for a read-back with questions; a caller who is gone by then has hung up."""
OFFER_S = 120
"""Long enough for a caller to choose among times that were read out, and to ask about them."""
_LIFE_AFTER_S = 7 * 24 * 3600
"""A day's places are kept for a week after it."""
_DAYS_AT_ONCE = 31
"""Days that are read in one round trip. Most questions are answered by the first."""
_TRIES = 3
"""Others may take what was just found to be free; so often it is looked for again."""

_SLOT, _LEAVE, _PASS_ON = (Script(name, behind=()) for name in ("slot", "leave", "pass_on"))
_PLACE = re.compile(r"(\d+) (\d+)(?: (\d+) (.*))?", re.ASCII | re.DOTALL)
"""A place as slot.lua writes it: start, expiry, and where not usual length and service."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A visit's length in minutes, and the number there may be at one time.

    service   its id, where it has fewer places than there are in all; else empty
    """

    minutes: int
    capacity: int
    service: str
    of_service: int


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
        self._held: dict[tuple[str, str], str] = {}  # by day and holder: what stands there

    async def hold(
        self, start: datetime, service: str | None = None, *, instead_of: Sequence[CallSid] = ()
    ) -> Place:
        """Keep this moment for the caller while it is read back; what was offered is let go.

        Places of the calls `instead_of` do not stand in its way.
        """
        place = await self._take(self._holder, start, self._until(HOLD_S), service, instead_of)
        if place is Place.YOURS:
            await self.give_back()
        return place

    async def book(
        self, start: datetime, service: str | None = None, *, instead_of: Sequence[CallSid] = ()
    ) -> Place:
        """Keep it for good; other places of this call are let go. See `hold`."""
        place = await self._take(self._holder, start, 0, service, instead_of)
        if place is Place.YOURS:
            del self._held[self._key(self._local(start).date()), self._holder]
            await self.leave()
            await self.give_back()
        return place

    async def has_place(self, start: datetime) -> bool:
        """Return whether the call holds or has booked a place on that day. Raises client.AWAY.

        A calendar whose key is of another type has none to give.
        """
        (places,) = await places_on(self._client, self._business, [self._local(start).date()])
        return places is None or any(
            holder.partition(">")[0] == self._holder and self._standing(place)
            for holder, place in places.items()
        )

    async def leave(self) -> None:
        """Release what was held or offered and not booked, unless a newer session of the call
        holds it."""
        held, self._held = self._held, {}
        try:
            for (key, holder), place in held.items():
                await _LEAVE.run(self._client, (key,), (holder, place))
        except (*AWAY, BrokenRecord):
            return  # it expires by itself

    async def give_back(self, of: CallSid | None = None) -> None:
        """Release all that this call, or the call `of`, is offered, whichever process did it.

        Best effort: an offer expires by itself.
        """
        call_sid = of or self._holder
        try:
            await self._withdraw(call_sid, await self._offers(call_sid))
        except AWAY:
            return

    async def take_over(self, earlier: CallSid) -> None:
        """Take over what an earlier call of this caller still holds; best effort.

        It would stand in the caller's own way, and so would what it was offered.
        """
        await self.give_back(earlier)
        keys = list(map(self._key, days_ahead(self._business, self._clock())))
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hexists(key, earlier)
                has_place = await pipe.execute(raise_on_error=False)
            for key in (key for key, has in zip(keys, has_place, strict=True) if has is True):
                place = await _PASS_ON.run(self._client, (key,), (earlier, self._holder))
                if place:
                    self._held[key, self._holder] = cast(str, place)
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
        """Return free moments inside a window, by time; none when Redis is away.

        They are this caller's for OFFER_S. What it was offered before is given back.
        """
        refused, mine = set(without), list[datetime]()
        near = self._local(near) if near else None
        try:
            earlier = await self._offers(self._holder)
            for _ in range(_TRIES):
                wanted = await self._look(window, service, near, refused, most)
                names = {self._offer_name(at): at for at in wanted}
                await self._note_offers(names)
                earlier |= names.keys()
                expires = self._until(OFFER_S)
                places = [
                    await self._take(_offer_holder(self._holder, name), at, expires, service)
                    for name, at in names.items()
                ]
                mine = [at for at, p in zip(wanted, places, strict=True) if p is Place.YOURS]
                if Place.TAKEN not in places:
                    break
                refused |= set(wanted) - set(mine)
            await self._withdraw(self._holder, earlier - {self._offer_name(at) for at in mine})
        except (*AWAY, BrokenRecord):
            return ()
        return tuple(mine)

    async def vacant(self, day: date) -> list[datetime]:
        """Return the free moments of a day, and take none of them. Raises client.AWAY."""
        kind, (taken,) = self._kind(None), await places_on(self._client, self._business, [day])
        starts = self._starts(kind)[day.weekday()]
        is_closed = self._business.is_closed(day)
        return [] if is_closed else list(self._free_on(day, taken, kind, starts))

    async def _look(
        self,
        window: Window,
        service: str | None,
        near: datetime | None,
        refused: Collection[datetime],
        most: int,
    ) -> list[datetime]:
        """Return the moments to offer, in order of time. Raises client.AWAY.

        No more days are read than that takes, each part of them in one round trip.
        """
        kind, found = self._kind(service), list[datetime]()
        starts = self._starts(kind)
        days = self._days(window, near, starts)
        for at in range(0, len(days), _DAYS_AT_ONCE):
            part, rest = days[at : at + _DAYS_AT_ONCE], days[at + _DAYS_AT_ONCE :]
            places = await places_on(self._client, self._business, part)
            for day, taken in zip(part, places, strict=True):
                wanted = free_times.starts_in(window, day, starts[day.weekday()], kind.minutes)
                free = self._free_on(day, taken, kind, wanted)
                found += [moment for moment in free if moment not in refused]
                if near is None and free_times.are_enough(found, window, most):
                    return found[:most] if window.soonest else free_times.spread(found, most)
            if near is not None and free_times.are_nearest(found, near, most, rest):
                break
        if near is not None:
            return sorted(free_times.nearest(sorted(found), near, most))
        return found[:most] if window.soonest else free_times.spread(found, most)

    def _starts(self, kind: _Kind) -> list[list[int]]:
        """Return by weekday the minutes at which visits begin: a slot after the other."""
        step = self._business.booking.slot_minutes
        times = [(minute, time(*divmod(minute, 60))) for minute in range(0, 24 * 60, step)]
        return [
            [
                minute
                for minute, at in times
                if any(span.has_room(at, kind.minutes) for span in self._business.hours.get(d, ()))
            ]
            for d in WEEKDAYS
        ]

    def _days(
        self, window: Window, near: datetime | None, starts: Sequence[Sequence[int]]
    ) -> list[date]:
        """Return the days to look at, in order of time or of their distance to a wish."""
        days = [
            day
            for day in days_ahead(self._business, self._clock())
            if starts[day.weekday()] and window.has_day(day) and not self._business.is_closed(day)
        ]
        if near is None:
            return days
        return sorted(days, key=lambda day: abs(day - near.date()))

    def _free_on(
        self, day: date, taken: Mapping[str, str] | None, kind: _Kind, starts: Sequence[int]
    ) -> Iterator[datetime]:
        """Yield the free moments of a day, as slot.lua would decide, but not one that is held."""
        if taken is None:
            return
        now, zone = self._clock(), self._business.zone
        usual = self._business.booking.slot_minutes
        visits, same, own = (
            defaultdict[str, free_times.Visits](list),
            defaultdict[str, free_times.Visits](list),
            set[int](),
        )
        for holder, place in taken.items():
            if (match := self._standing(place)) is None:
                continue
            start, (call, is_offer, _) = int(match[1]), holder.partition("?")
            if call == self._holder:
                own |= set() if is_offer else {start}
                continue
            visits[call].append((start, start + int(match[3] or usual)))
            if kind.service and match[4] == kind.service:
                same[call].append(visits[call][-1])
        limits = [(free_times.Load(visits.values()), kind.capacity)]
        limits += [(free_times.Load(same.values()), kind.of_service)] if kind.service else []
        for start in starts:
            end = start + kind.minutes
            if start not in own and all(load.most(start, end) < room for load, room in limits):
                at = datetime.combine(day, time(*divmod(start, 60)), zone)
                if at > now and free_times.exists(at):
                    yield at

    def _standing(self, place: str) -> re.Match[str] | None:
        """Return the parts of a place, or None for one that has expired."""
        match = _PLACE.fullmatch(place)
        return match if match and (match[2] == "0" or int(match[2]) > self._until(0)) else None

    async def _take(
        self,
        holder: str,
        start: datetime,
        expires: int,
        service: str | None,
        instead_of: Sequence[CallSid] = (),
    ) -> Place:
        local, now, kind = self._local(start), self._clock(), self._kind(service)
        key = self._key(local.date())
        life_s = max(0, int((local - now).total_seconds())) + _LIFE_AFTER_S
        visit = (minute_of_day(local), kind.minutes, kind.capacity, kind.service, kind.of_service)
        usual = self._business.booking.slot_minutes
        arguments = (holder, *visit, usual, int(now.timestamp() * 1000), expires, life_s)
        try:
            place = await _SLOT.run(self._client, (key,), (*arguments, *instead_of))
        except (*AWAY, BrokenRecord):
            return Place.UNKNOWN
        if not place:
            return Place.TAKEN
        self._held[key, holder] = cast(str, place)
        return Place.YOURS

    async def _offers(self, call_sid: CallSid) -> set[str]:
        """Return the names of what a call may be offered; none where that key is not ours."""
        with unless_wrong_type():
            return set(await cast(Awaitable[set[str]], self._client.smembers(_offers(call_sid))))
        return set()

    async def _note_offers(self, names: Collection[str]) -> None:
        """Note what is about to be offered. Raises client.AWAY."""
        if names:
            key = _offers(self._holder)
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.sadd(key, *names)
                pipe.expire(key, OFFER_S)
                await pipe.execute()

    async def _withdraw(self, call_sid: CallSid, names: Collection[str]) -> None:
        """Release what a call was offered. Raises client.AWAY."""
        if not names:
            return
        async with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                place = self._key(name.split()[0]), _offer_holder(call_sid, name)
                self._held.pop(place, None)
                pipe.hdel(*place)
            pipe.srem(_offers(call_sid), *names)
            await pipe.execute()

    def _offer_name(self, at: datetime) -> str:
        """Return the name of a place among a call's offers: its day and minute."""
        local = self._local(at)
        return f"{local.date()} {minute_of_day(local)}"

    def _kind(self, service: str | None) -> _Kind:
        business = self._business
        offer = business.offer(service) if service else None
        in_all, of_service = business.capacity(), business.capacity(service)
        name = offer.id if offer and of_service < in_all else ""
        return _Kind(business.minutes(service), in_all, name, of_service)

    def _until(self, seconds: int) -> int:
        return int(self._clock().timestamp() * 1000) + seconds * 1000

    def _key(self, day: date | str) -> str:
        return day_key(self._business, day)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._business.zone)


def day_key(business: Business, day: date | str) -> str:
    """Return the hash of a day's places by holder, as slot.lua writes them."""
    return f"slots:{{{business.company.id}:{day}}}"


async def places_on(
    client: Redis, business: Business, days: Sequence[date]
) -> list[Mapping[str, str] | None]:
    """Return each day's places by their holders; None for a key of another type: all is taken."""
    return await ask_each(client, [("HGETALL", day_key(business, day)) for day in days])


def days_ahead(business: Business, now: datetime) -> list[date]:
    """Return the days on which a visit may be booked, from today on."""
    today = now.astimezone(business.zone).date()
    return [today + timedelta(days=n) for n in range(business.booking.days_ahead + 1)]


def is_for_good(place: str) -> bool:
    """Return whether a place, as slot.lua writes it, never expires: it is booked."""
    return place.split(" ")[1:2] == ["0"]


def _offers(call_sid: CallSid) -> str:
    """Return the set of the names of what is offered to a call."""
    return f"{call_keys(call_sid).call}:offers"


def _offer_holder(call_sid: CallSid, name: str) -> str:
    return f"{call_sid}?{name.split()[1]}"


def minute_of_day(local: datetime) -> int:
    """Return the minute of a local time, by which a place begins."""
    return local.hour * 60 + local.minute
