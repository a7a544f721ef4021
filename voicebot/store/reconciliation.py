"""Mends the calendar and its index after crashes, and after a journal that came late."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from voicebot.business import Business
from voicebot.call import CallSid, Needs, Service, Status, Step
from voicebot.ledger import Place
from voicebot.log import get_logger
from voicebot.store.backend import Backend
from voicebot.store.booking_index import BookingIndex
from voicebot.store.index import CallIndex, in_parts, read_fields
from voicebot.store.layout import ANSWER_FIELD, BOOKED_FIELD, call_keys, flag
from voicebot.store.record import read_status
from voicebot.store.scripts import Script, shared
from voicebot.store.slots import Slots, day_key, days_ahead, is_for_good, minute_of_day, places_on
from voicebot.validation import read_moment

log = get_logger(__name__)

_ABANDONED_FOR = timedelta(hours=1)
"""A call that was abandoned unbooked so long ago keeps no place."""
_SILENT_FOR = timedelta(days=2)
"""Nor does one that broke off so long ago. A journal of it may come later: see `secure_place`."""

_FIELDS = ("status", BOOKED_FIELD, ANSWER_FIELD[Step.TIME], "updatedAt")
_LEAVE = Script("leave", behind=())
_FLAG = Script("flag")


class _Booking(NamedTuple):
    """What a record says of its appointment; a missing or broken record says nothing."""

    status: Status
    booked: str | None
    time: str | None
    updated_at: str | None


async def secure_place(backend: Backend, call_sid: CallSid) -> None:
    """Take the place of a coming appointment again if the call has none on its day any more.

    So it is with a booking that waited in a journal until its place was freed. Where another call
    has that time now, staff are told: the record needs a follow-up, if it asks for nothing yet.
    Raises client.AWAY, also where the calendar alone is away (it may be on another node), and
    BrokenRecord; it can be called again at any time.
    """
    record = await backend.scripts.read(call_sid)
    state = record.state(backend.business, backend.clock()) if record else None
    start = state.answers.get(Step.TIME) if state and state.booked else None
    if record is None or state is None or not isinstance(start, datetime):
        return
    slots = Slots(backend.client, backend.business, call_sid, backend.clock)
    if start <= backend.clock() or await slots.has_place(start):
        return
    service = state.answers.get(Step.SERVICE)
    place = await slots.book(start, service.id if isinstance(service, Service) else None)
    log.warning("place_of_late_booking", call_sid=call_sid, place=place.value)
    if place is Place.UNKNOWN:
        raise RedisConnectionError("the calendar cannot be written")
    if place is Place.TAKEN and record.skeleton.due is Needs.NOTHING:
        head = shared(call_sid, backend.clock(), backend.settings.retention_s)
        keys = call_keys(call_sid).record
        await _FLAG.run(backend.client, keys, (*head, Needs.FOLLOW_UP.value))


class Reconciliation:
    """Mends after crashes: frees places of appointments that are elsewhere or called off, finds
    appointments without a place, and adds those that the index does not name.

    A place is freed, and an appointment without one told, when two passes in a row have found it:
    what was just taken, and whose record is about to be written, is left alone.
    """

    def __init__(
        self,
        client: Redis,
        business: Business,
        clock: Callable[[], datetime],
        retention_s: int = 30 * 86_400,
    ) -> None:
        self._retention_s = retention_s
        self._client = client
        self._business = business
        self._clock = clock
        self._suspects: frozenset[tuple[str, str, str]] = frozenset()
        self._coming: set[CallSid] = set()
        self._placed: set[CallSid] = set()
        self._without: frozenset[CallSid] = frozenset()

    async def index(self) -> None:
        """Add every call to the indexes that lack it, every booked one to that of appointments.

        Raises client.AWAY when it could not see them all.
        """
        bookings, index = BookingIndex(self._client, self._clock), CallIndex(self._client)
        self._coming.clear()
        async for part in index.all_calls():
            self._coming.update(await bookings.add_all(part))
            await index.restore(part, self._retention_s)

    async def free_places(self) -> int:
        """Free what the pass before has found, too, and return how many; raises client.AWAY.

        Passes must be minutes apart.
        """
        self._placed.clear()
        ahead = days_ahead(self._business, self._clock())
        found = {place for day in ahead for place in await self._orphans(day)}
        freed = 0
        for key, holder, place in found & self._suspects:
            freed += int(cast(int, await _LEAVE.run(self._client, (key,), (holder, place))))
        self._suspects = frozenset(found)
        if freed:
            log.warning("places_freed", count=freed)
        return freed

    def without_place(self) -> list[CallSid]:
        """Return the calls whose coming appointment had no place in this pass and the one before.

        A pass is `index` and then `free_places`. A node that died may have lost the place only.
        """
        without = frozenset(self._coming - self._placed)
        found, self._without = sorted(without & self._without), without
        return found

    async def _orphans(self, day: date) -> list[tuple[str, str, str]]:
        key = day_key(self._business, day)
        (taken,) = await places_on(self._client, self._business, [day])
        booked = {holder: place for holder, place in (taken or {}).items() if is_for_good(place)}
        orphans: list[tuple[str, str, str]] = []
        for part in in_parts(list(booked)):  # a day may have thousands of places
            calls = [CallSid(holder.partition(">")[0]) for holder in part]
            self._placed.update(calls)
            fields = await read_fields(self._client, calls, _FIELDS)
            for holder, (status, *rest) in zip(part, fields, strict=True):
                record = _Booking(read_status(status), *rest)
                place = booked[holder]
                if self._is_orphan(record, day, place) or self._is_given_up(record):
                    orphans.append((key, holder, place))
        return orphans

    def _is_orphan(self, record: _Booking, day: date, place: str) -> bool:
        """Return whether the record says that this is no place of its appointment.

        One that is not booked says nothing: the commit that books may wait in a journal.
        """
        if record.status is Status.CANCELLED:
            return True
        start = read_moment(record.time, self._business.zone)
        if record.booked != flag(True) or start is None:
            return False
        local = start.astimezone(self._business.zone)
        return (local.date(), str(minute_of_day(local))) != (day, place.partition(" ")[0])

    def _is_given_up(self, record: _Booking) -> bool:
        """Return whether a call took a place, booked nothing, and nobody will go on with it.

        An abandoned call has no booking in a journal: its end is written behind it, and whoever
        goes on with it opens it again first. Any other may, so that takes its time.
        """
        if record.booked == flag(True):
            return False
        until = read_moment(record.updated_at)
        patience = _ABANDONED_FOR if record.status is Status.ABANDONED else _SILENT_FOR
        return until is not None and self._clock() - until > patience
