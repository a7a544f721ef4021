"""Appointments that stand: found by a telephone number, called off, moved.

    cancel   the record says so ──► its place is free
    move     the new place is taken ──► the record has the new time ──► the old place is free

The booked call's record, the days' places and the index are of different slots of a cluster, so no
script decides it all. Each step can be repeated. A crash between two leaves at worst one place too
many taken: the next try frees it, and `Reconciliation` where there is none. Nothing is journaled:
while Redis is away an appointment stands as it is.

A place that an appointment was moved to has the holder `<callSid>><minute>`: in a day that has the
old place too, both are there until the record is written.

The index names calls, and never decides: whether an appointment stands, and whose it is, is read
from its record. So an entry may come before its record is written, and outlive it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import Booking, CallSid, Place, Service, Step
from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store.client import AWAY, is_wrong_type
from voicebot.store.index import in_parts, is_number
from voicebot.store.layout import ANSWER_FIELD, BOOKED_FIELD, answer_text, call_keys, flag
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Script, Scripts, TooFewReplicas, Verdict, read_records
from voicebot.store.slots import Slots, day_key, minute_of_day
from voicebot.validation import read_moment

log = get_logger(__name__)

PATIENCE_S = 1.0
"""Time that a caller waits for each of Redis's answers."""
MOST_BOOKINGS = 10
"""More coming appointments of one number are not looked at: no caller hears them all."""
_KEPT_AFTER = timedelta(days=1)

_FIELDS = [BOOKED_FIELD, "caller", ANSWER_FIELD[Step.PHONE], ANSWER_FIELD[Step.TIME]]
_RELEASE = Script("release", behind=())
_FAILURES = (*AWAY, BrokenRecord, TooFewReplicas, TimeoutError)


class BookingIndex:
    """Calls by number and time of their appointment. Raises client.AWAY.

    Of an appointment that is moved the later time counts, so that it is found until it is over.
    """

    def __init__(self, client: Redis, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    async def of(self, number: str) -> list[CallSid]:
        """Return the calls that may have a coming appointment under this number."""
        if not is_number(number):
            return []
        now_s = self._clock().timestamp()
        found = await self._client.zrangebyscore(
            _number_key(number), now_s, "+inf", start=0, num=MOST_BOOKINGS
        )
        return [CallSid(str(name)) for name in found]

    async def add(self, call_sid: CallSid, start: datetime | None = None) -> None:
        """Add a call under its numbers if it is booked, or is about to be at `start`."""
        (found,) = await self._read([call_sid])
        if start is not None:
            found = [flag(True), *found[1:3], start.isoformat()]
        await self._write(call_sid, found)

    async def add_all(self, call_sids: Sequence[CallSid]) -> None:
        """Add those of the calls that are booked."""
        for part in in_parts(call_sids):
            for call_sid, found in zip(part, await self._read(part), strict=True):
                await self._write(call_sid, found)

    async def _read(self, call_sids: Sequence[CallSid]) -> list[list[str | None]]:
        async with self._client.pipeline(transaction=False) as pipe:
            for call_sid in call_sids:
                pipe.hmget(call_keys(call_sid).call, _FIELDS)
            replies = await pipe.execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, Exception) and not is_wrong_type(reply):
                raise reply
        nothing: list[str | None] = [None] * len(_FIELDS)
        return [reply if isinstance(reply, list) else nothing for reply in replies]

    async def _write(self, call_sid: CallSid, found: Sequence[str | None]) -> None:
        booked, caller, phone, time = found
        start, now = read_moment(time), self._clock()
        if booked != flag(True) or start is None or start <= now:
            return
        for number in {caller, phone}:
            if number and is_number(number):
                key = _number_key(number)
                async with self._client.pipeline(transaction=False) as pipe:
                    pipe.zadd(key, {call_sid: start.timestamp()}, gt=True)
                    pipe.zremrangebyscore(key, "-inf", now.timestamp())
                    pipe.zrange(key, -1, -1, withscores=True)
                    *_, last = await pipe.execute()
                until = datetime.fromtimestamp(last[0][1], now.tzinfo) if last else start
                await self._client.expire(key, until - now + _KEPT_AFTER)


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
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._business = business
        self._call_sid = call_sid
        self._clock = clock
        self._index = BookingIndex(client, clock)
        self._slots = slots = Slots(client, business, call_sid, clock)
        self.hold, self.free = slots.hold, slots.free
        self.leave, self.take_over = slots.leave, slots.take_over

    async def book(self, start: datetime, service: str | None = None) -> Place:
        """See Slots.book. The call is found by its numbers as soon as its record says so, too."""
        place = await self._slots.book(start, service)
        if place is Place.YOURS:
            with suppress(*_FAILURES):
                async with asyncio.timeout(PATIENCE_S):
                    await self._index.add(self._call_sid, start)
        return place

    async def give_back(self) -> None:
        """See Slots.give_back."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._slots.give_back()

    async def bookings(self, number: str) -> tuple[Booking, ...]:
        """Return coming appointments under `number`; see Appointments.bookings."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                names = [c for c in await self._index.of(number) if c != self._call_sid]
                async with self._client.pipeline(transaction=False) as pipe:
                    records = await read_records(pipe, names) if names else []
        except _FAILURES:
            return ()
        found = [
            Booking(call_sid, record.state(self._business, self._clock()))
            for call_sid, record in zip(names, records, strict=True)
            if record is not None and self._stands(record, number)
        ]
        return tuple(sorted(found, key=lambda booking: _start(booking)))

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

    def _of(self, holder: CallSid) -> Slots:
        return Slots(self._client, self._business, holder, self._clock)

    async def _release(self, booking: CallSid, *times: str) -> None:
        """Free a booking's places at these times; best effort, see Reconciliation."""
        for moment in (read_moment(text) for text in times):
            if moment is None:
                continue
            local = moment.astimezone(self._business.zone)
            key = day_key(self._business, local.date())
            with suppress(*_FAILURES):
                async with asyncio.timeout(PATIENCE_S):
                    await _RELEASE.run(self._client, (key,), (booking, minute_of_day(local)))

    def _stands(self, record: CallRecord, number: str) -> bool:
        now = self._clock()
        state = record.state(self._business, now)
        start = state.answers.get(Step.TIME)
        is_coming = isinstance(start, datetime) and start > now
        is_theirs = number in (state.caller, state.answers.get(Step.PHONE))
        return state.booked and is_coming and is_theirs


def _start(booking: Booking) -> datetime:
    start = booking.state.answers[Step.TIME]
    assert isinstance(start, datetime)
    return start


def _number_key(number: str) -> str:
    """Return the sorted set of calls with an appointment under a number, by epoch seconds."""
    return f"booked:{{{number}}}"
