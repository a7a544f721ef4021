"""Appointments that stand: found by a telephone number or a name, called off, moved.

    cancel   the record says so ──► its place is free
    move     the new place is taken ──► the record has the new time ──► the old place is free

The booked call's record, the days' places and the index are of different slots of a cluster, so no
script decides it all. Each step can be repeated. A crash between two leaves at worst one place too
many taken: the next try frees it, and `Reconciliation` where there is none. Nothing is journaled:
while Redis is away an appointment stands as it is.

A place that an appointment was moved to has the holder `<callSid>><minute>`: in a day that has the
old place too, both are there until the record is written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date, datetime

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, CallState, Service, Step
from voicebot.errors import BrokenRecord, StoreUnavailable
from voicebot.ledger import Booking, Place
from voicebot.log import get_logger
from voicebot.names import name_keys
from voicebot.store.booking_index import BookingIndex
from voicebot.store.client import AWAY, unavailable_when_away
from voicebot.store.layout import answer_text
from voicebot.store.scripts import Script, Scripts, TooFewReplicas, Verdict, read_records
from voicebot.store.slots import Slots, day_key, is_for_good, minute_of_day, places_on
from voicebot.store.staff_writes import StaffWrites
from voicebot.validation import read_moment

log = get_logger(__name__)

PATIENCE_S = 1.0
"""Time that a caller waits for each of Redis's answers."""
_RELEASE = Script("release", behind=())
_FAILURES = (*AWAY, BrokenRecord, StoreUnavailable, TooFewReplicas, TimeoutError)


class CallAppointments:
    """`voicebot.call.Appointments` of one call: its own place, and appointments of other calls.

    hold, free, leave, take_over  those of Slots
    """

    def __init__(
        self,
        client: Redis,
        scripts: Scripts,
        business: Business,
        call_sid: CallSid,
        clock: Callable[[], datetime],
        staff: StaffWrites,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._business = business
        self._call_sid = call_sid
        self._clock = clock
        self._index = BookingIndex(client, clock)
        self._staff = staff
        self._slots = slots = Slots(client, business, call_sid, clock)
        self.hold, self.free = slots.hold, slots.free
        self.leave, self.take_over = slots.leave, slots.take_over

    async def book(self, start: datetime, service: str | None = None) -> Place:
        """See Slots.book. The call is found by its numbers as soon as its record says so, too."""
        place = await self._slots.book(start, service)
        if place is Place.YOURS:
            await _best_effort(self._index.add(self._call_sid, start))
        return place

    async def give_back(self) -> None:
        """See Slots.give_back."""
        await _best_effort(self._slots.give_back())

    async def bookings(self, number: str) -> tuple[Booking, ...]:
        """Return coming appointments under `number`; see Appointments.bookings."""
        return await self._standing(
            self._index.of(number),
            lambda state: number in (state.caller, state.answers.get(Step.PHONE)),
        )

    async def bookings_named(self, name: str) -> tuple[Booking, ...]:
        """Return coming appointments under a name; see Appointments.bookings_named."""
        keys = name_keys(name)

        def is_alike(state: CallState) -> bool:
            stored = state.answers.get(Step.NAME)
            return isinstance(stored, str) and not keys.isdisjoint(name_keys(stored))

        found = await self._standing(self._index.named(name), is_alike)
        log.info("booking_sought_by_name", call_sid=self._call_sid, found=len(found))
        return found

    async def _standing(
        self, search: Awaitable[list[CallSid]], is_theirs: Callable[[CallState], bool]
    ) -> tuple[Booking, ...]:
        """Return what a search names and what still stands so, soonest first; see `bookings`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                names = [c for c in await search if c != self._call_sid]
                records = await read_records(self._client, names) if names else []
        except _FAILURES:
            return ()
        now = self._clock()
        read = [
            Booking(call_sid, record.state(self._business, now))
            for call_sid, record in zip(names, records, strict=True)
            if record is not None
        ]
        found = [b for b in read if _is_coming(b.state, now) and is_theirs(b.state)]
        return tuple(sorted(found, key=_start))

    async def cancel(self, booking: CallSid) -> bool:
        """Call an appointment off; see Appointments.cancel."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                done = await self._scripts.rebook(booking, "", at=self._clock())
        except _FAILURES:
            return False
        if done.verdict not in (Verdict.APPLIED, Verdict.DONE):
            return False
        if done.verdict is Verdict.APPLIED:
            log.info("booking_cancelled", call_sid=booking, by=self._call_sid)
        await self._release(booking, done.was, done.before)
        await _best_effort(self._index.remove(booking))  # else it expires
        return True

    async def move(self, booking: CallSid, start: datetime) -> Place:
        """Move an appointment to `start`; see Appointments.move."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                record = await self._scripts.read(booking)
        except _FAILURES:
            return Place.UNKNOWN
        state = record.state(self._business, self._clock()) if record else None
        if state is None or not state.booked:
            return Place.UNKNOWN
        service = state.answers.get(Step.SERVICE)
        service_id = service.id if isinstance(service, Service) else None
        local = start.astimezone(self._business.zone)
        place = Place.YOURS
        try:
            async with asyncio.timeout(PATIENCE_S):
                stays = state.answers.get(Step.TIME) == start
                stays = stays and await self._of(booking).has_place(start)
                if not stays:
                    slots = self._of(CallSid(f"{booking}>{minute_of_day(local)}"))
                    instead_of = (booking, self._call_sid)
                    place = await slots.book(start, service_id, instead_of=instead_of)
        except _FAILURES:
            return Place.UNKNOWN
        if place is not Place.YOURS:
            return place
        text, taken = answer_text(local), () if stays else (answer_text(local),)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._index.add(booking, start)
                done = await self._scripts.rebook(booking, text, at=self._clock())
        except (BrokenRecord, ResponseError):  # nothing was written
            await self._release(booking, *taken)
            return Place.UNKNOWN
        except _FAILURES:  # it may be written, so both places stay
            return Place.UNKNOWN
        if done.verdict not in (Verdict.APPLIED, Verdict.DONE):
            await self._release(booking, *taken)
            return Place.UNKNOWN
        if done.verdict is Verdict.APPLIED:
            log.info("booking_moved", call_sid=booking, by=self._call_sid)
        old = [t for t in (done.was, done.before) if read_moment(t) not in (None, start)]
        await self._release(booking, *old)
        await self.leave()
        await self.give_back()
        return Place.YOURS

    async def note(self, booking: CallSid, by: str, text: str) -> None:
        """Add a note to an appointment's record; see Appointments.note."""
        await _best_effort(self._staff.note(booking, by, text))

    def _of(self, holder: CallSid) -> Slots:
        return Slots(self._client, self._business, holder, self._clock)

    async def _release(self, booking: CallSid, *times: str) -> None:
        """Free a booking's places at these times; best effort, see Reconciliation."""
        for moment in (read_moment(text) for text in times):
            if moment is None:
                continue
            local = moment.astimezone(self._business.zone)
            key = day_key(self._business, local.date())
            await _best_effort(_RELEASE.run(self._client, (key,), (booking, minute_of_day(local))))


_STAFF = CallSid("staff")
"""The holder of nothing: staff move and call off, they take no place of their own."""


class Diary:
    """The appointments of a day, as staff see them: which calls have a place, calling off, moving.

    `appointments` returns the calendar as a call may change it.
    """

    def __init__(
        self, client: Redis, business: Business, appointments: Callable[[CallSid], CallAppointments]
    ) -> None:
        self._client = client
        self._business = business
        staff = appointments(_STAFF)
        self.cancel, self.move = staff.cancel, staff.move

    async def calls_on(self, days: Sequence[date]) -> list[CallSid]:
        """Return the calls that have a place for good on these days, each once.

        Whether its appointment stands, and when, is in a call's record. Raises StoreUnavailable.
        """
        found: dict[CallSid, None] = {}
        with unavailable_when_away():
            for places in await places_on(self._client, self._business, days):
                for holder, place in (places or {}).items():
                    if is_for_good(place):
                        found[CallSid(holder.partition(">")[0])] = None
        return list(found)


async def _best_effort(work: Awaitable[object]) -> None:
    with suppress(*_FAILURES):
        async with asyncio.timeout(PATIENCE_S):
            await work


def _is_coming(state: CallState, now: datetime) -> bool:
    start = state.answers.get(Step.TIME)
    return state.booked and isinstance(start, datetime) and start > now


def _start(booking: Booking) -> datetime:
    start = booking.state.answers[Step.TIME]
    assert isinstance(start, datetime)
    return start
