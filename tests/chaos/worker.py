"""`python -m tests.chaos.worker`: the stream worker itself, observed, and mortal on order.

Everything is `voicebot.stream`'s own main, but for four seams: the tts speaks letters, the
clock can be told to jump, the store's clock with it, and the ledger that sessions get writes a
trace: what is about to be committed, and what the conversation was then told. The trace goes
through a pipe, so that it outlives SIGKILL, before the conversation takes another step.

The ledger also writes what these conversations do not come to: with each answer a note, what staff
must do, and what the caller wants. And once a call has booked, a later call moves the appointment
or calls it off: of five in six callers here, at once, while the session that booked still lives,
or at its end; the others ring again and say it. Either way the trace tells what was done.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import orjson

import voicebot.store as store_room
import voicebot.stream.__main__ as stream
from tests.chaos.letters import LetterVoice
from tests.chaos.rebookings import days_of, is_at_once
from voicebot.business import Business
from voicebot.call import CallSid, CallState, Change, Needs, Note, Saved, Step, Wish
from voicebot.errors import BrokenRecord, Fenced, StoreUnavailable
from voicebot.ledger import Appointments, Booking, CommitObserver, Place
from voicebot.runtime.process import run
from voicebot.settings import Settings
from voicebot.store import Store, iso_utc
from voicebot.store.layout import answer_text, message_json, note_json
from voicebot.stream.dependencies import CallDependencies
from voicebot.stream.server import StreamServer
from voicebot.telemetry import Tracing

TRACE_FD = "CHAOS_TRACE_FD"
ORDERS = "CHAOS_ORDERS"

BEFORE_COMMIT = "before a commit"
AFTER_COMMIT = "after a commit"

TRIES = 3
PAUSE_S = 0.15
"""Between two tries, and before each: as long as troubles need to begin."""


class Orders:
    """The trial's orders to this process: `{"serial", "die", "commits", "clock_s"}`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._serial = -1
        self._die: str | None = None
        self._commits = 0
        self._clock = timedelta()

    def now(self) -> datetime:
        """Return the time by the clock of this process."""
        self._look()
        return datetime.now(UTC) + self._clock

    def reached(self, point: str) -> None:
        """End the process, if this is the place for it."""
        self._look()
        if point != self._die:
            return
        self._commits -= 1
        if self._commits <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _look(self) -> None:
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        orders = orjson.loads(self._path.read_bytes())
        self._clock = timedelta(seconds=orders["clock_s"])
        if orders["serial"] != self._serial:
            self._serial = orders["serial"]
            self._die, self._commits = orders["die"], orders["commits"]


Tell = Callable[..., None]


class TracedAppointments:
    """A call's calendar, which tells what is done with appointments of other calls."""

    def __init__(self, appointments: Appointments, orders: Orders, tell: Tell) -> None:
        self._appointments = appointments
        self._orders = orders
        self._tell = tell

    def __getattr__(self, name: str) -> object:
        return getattr(self._appointments, name)

    async def bookings(self, number: str) -> tuple[Booking, ...]:
        return await self._appointments.bookings(number)

    async def cancel(self, booking: CallSid) -> bool:
        self._begin(booking, "")
        done = await self._appointments.cancel(booking)
        self._end(booking, done)
        return done

    async def move(self, booking: CallSid, start: datetime) -> Place:
        self._begin(booking, answer_text(start))
        place = await self._appointments.move(booking, start)
        self._end(booking, place is Place.YOURS)
        return place

    def _begin(self, booking: CallSid, time: str) -> None:
        self._tell(what="rebooking", call=booking, time=time)
        self._orders.reached(BEFORE_COMMIT)

    def _end(self, booking: CallSid, done: bool) -> None:
        self._tell(what="rebooked", call=booking, done=done)
        self._orders.reached(AFTER_COMMIT)


class LaterCall:
    """A call of the same number, which does with an appointment what its seed says."""

    def __init__(self, store: Store, sid: CallSid, caller: str, orders: Orders, tell: Tell) -> None:
        self._store = store
        self._sid = sid
        self._caller = caller
        self._orders = orders
        self._tell = tell
        self._days = days_of(sid)
        self.at_once = is_at_once(sid)

    async def rebook(self, booked: datetime) -> None:
        """Move the appointment by so many days each, None: call it off; three tries each."""
        for nth, days in enumerate(self._days):
            start = None if days is None else booked + timedelta(days=days, minutes=30 * (nth + 1))
            for _ in range(TRIES):
                await asyncio.sleep(PAUSE_S)
                if await self._try(start):
                    break

    async def _try(self, start: datetime | None) -> bool:
        try:
            turn = await self._store.open_turn(CallSid(f"{self._sid}-later"), caller=self._caller)
        except (StoreUnavailable, BrokenRecord):
            return False
        appointments = TracedAppointments(turn.appointments, self._orders, self._tell)
        found = await appointments.bookings(self._caller)
        self._tell(what="looked", found=any(booking.call_sid == self._sid for booking in found))
        if start is None:
            return await appointments.cancel(self._sid)
        await turn.appointments.hold(start, instead_of=(self._sid,))
        return await appointments.move(self._sid, start) is Place.YOURS


class TracedLedger:
    """A ledger that tells what it is asked and what it answers."""

    def __init__(
        self, ledger: store_room.CallSession, orders: Orders, tell: Tell, later: LaterCall
    ) -> None:
        self._ledger = ledger
        self._orders = orders
        self._tell = tell
        self._later = later
        self._booked: datetime | None = None
        self._number = 0

    @property
    def state(self) -> CallState:
        return self._ledger.state

    async def commit(self, change: Change) -> Saved:
        self._number = number = self._number + 1
        at = self._orders.now()
        change = for_staff(change, Note(f"{self._ledger.info.id} {number}", at))
        self._tell(what="commit", number=number, at=iso_utc(at), **described(change))
        self._orders.reached(BEFORE_COMMIT)
        try:
            saved = await self._ledger.commit(change)
        except Fenced:
            self._tell(what="fenced", number=number, until=iso_utc(self._orders.now()))
            raise
        self._tell(what="saved", number=number, saved=saved, until=iso_utc(self._orders.now()))
        self._orders.reached(AFTER_COMMIT)
        time = change.answers.get(Step.TIME)
        if isinstance(time, datetime) and change.booked and saved is Saved.REDIS:
            self._booked = time
            if self._later.at_once:
                await self._rebook()
        return saved

    async def _rebook(self) -> None:
        booked, self._booked = self._booked, None
        if booked is not None:
            await self._later.rebook(booked)

    @property
    def appointments(self) -> Appointments:
        traced = TracedAppointments(self._ledger.appointments, self._orders, self._tell)
        return cast(Appointments, traced)

    def observe(self, observer: CommitObserver) -> None:
        self._ledger.observe(observer)

    async def continue_earlier(self, earlier: CallSid) -> None:
        await self._ledger.continue_earlier(earlier)

    async def close(self) -> None:
        await self._ledger.close()
        self._tell(what="closed")
        await self._rebook()
        self._tell(what="over")


def for_staff(change: Change, note: Note) -> Change:
    """Return a change with an answer, and what a caller may have told beside it."""
    if not change.answers:
        return change
    turn = sum(map(ord, note.text)) + len(change.messages)
    needs = (None, Needs.FOLLOW_UP, Needs.PERSON)[turn % 3]
    wish = (None, Wish.OTHER, Wish.COMPLAINT, Wish.EXISTING)[turn % 4]
    return replace(
        change,
        notes=(*change.notes, note),
        needs=change.needs if needs is None else needs,
        wish=change.wish if wish is None else wish,
    )


def described(change: Change) -> dict[str, object]:
    """Return a change in plain words; of the store's forms it uses the texts of values alone."""
    owned = {"step": change.step, "status": change.status, "dialogue": change.dialogue}
    staff = {"needs": change.needs, "wish": change.wish}
    return {
        "answers": {step.value: answer_text(a) for step, a in change.answers.items()},
        "messages": [message_json(m) for m in change.messages],
        "revised": [message_json(m) for m in change.revised or ()],
        "owned": {name: value for name, value in owned.items() if value is not None},
        "staff": {name: value for name, value in staff.items() if value is not None},
        "notes": [note_json(note) for note in change.notes],
    }


class TracedStore(Store):
    """A store that tells which sessions it opens, and gives them traced ledgers."""

    orders: Orders
    trace_fd: int

    async def open_call(  # type: ignore[override]  # it stands for the session
        self, call_sid: CallSid, *, caller: str | None
    ) -> TracedLedger:
        def tell(**line: object) -> None:
            os.write(self.trace_fd, orjson.dumps(line) + b"\n")

        ledger = await super().open_call(call_sid, caller=caller)
        session = ledger.info.id
        found = {"known": sorted(ledger.state.answers), "resumed": ledger.state.resumed}
        tell(what="opened", call=call_sid, session=session, **found)
        told = partial(tell, call=call_sid, session=session)
        later = LaterCall(self, call_sid, caller or "", self.orders, told)
        return TracedLedger(ledger, self.orders, told, later)


class LetteredServer(StreamServer):
    """A server whose calls speak letters, by the clock of this trial."""

    def __init__(
        self,
        settings: Settings,
        business: Business,
        store: Store,
        calls: CallDependencies,
        tracing: Tracing,
    ) -> None:
        clock = TracedStore.orders.now
        held = cast(Callable[..., Awaitable[object]], calls.converse)
        converse = partial(held, clock=clock)
        calls = replace(calls, synthesizer=LetterVoice(), clock=clock, converse=converse)
        super().__init__(settings, business, store, calls, tracing)


if __name__ == "__main__":
    TracedStore.orders = Orders(Path(os.environ[ORDERS]))
    TracedStore.trace_fd = int(os.environ[TRACE_FD])
    stream.StreamServer = LetteredServer  # type: ignore[attr-defined,assignment]
    store_room.Store = partial(TracedStore, clock=TracedStore.orders.now)  # type: ignore[misc,assignment]
    run(stream.main)
