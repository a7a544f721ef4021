"""Appointments are found, called off and moved: whatever breaks, none is lost or double."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from voicebot.business import Business
from voicebot.call import CallSid, Change, Status, Step
from voicebot.errors import Fenced
from voicebot.ledger import Appointments, Place
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.client import connect
from voicebot.store.events import EventReader
from voicebot.store.layout import call_keys
from voicebot.store.reconciliation import Reconciliation
from voicebot.store.slots import HOLD_S
from voicebot.store.store import Store

from .calls import (
    BOOKED_TIME,
    NUMBER,
    ONE_VAN,
    SID,
    START,
    Clock,
    answered,
    booked,
    caller,
    is_free,
    spoken,
    stored,
)
from .cluster import cluster
from .conftest import StoreMaker

PHONE = "+61255550100"
OTHER = CallSid("CAother")
LATER = BOOKED_TIME + timedelta(days=1)
HALF_AN_HOUR_LATER = BOOKED_TIME + timedelta(minutes=30)


@pytest.fixture
def business() -> Business:
    return ONE_VAN


@pytest.fixture
def store(make_store: StoreMaker, clock: Clock) -> Store:
    return make_store(clock=clock)


@pytest.fixture
async def other(store: Store) -> Appointments:
    """Another call's, after a whole call has booked BOOKED_TIME as SID."""
    await booked(store)
    return (await store.open_turn(OTHER, caller=NUMBER)).appointments


async def found(store: Store, wanted: str = NUMBER) -> list[tuple[CallSid, object]]:
    """The appointments under a number or a name, as another call finds them."""
    others = (await store.open_turn(OTHER)).appointments
    look_up = others.bookings if wanted.startswith("+") else others.bookings_named
    return [(b.call_sid, b.state.answers[Step.TIME]) for b in await look_up(wanted)]


@pytest.mark.parametrize(
    "wanted", [NUMBER, PHONE, "Test Caller", "caller", "Ann Callar", "Coller", "Mr Calle"]
)
async def test_an_appointment_is_found_by_the_calling_or_the_given_number_or_the_name_as_heard(
    store: Store, wanted: str
) -> None:
    await booked(store)
    assert await found(store, wanted) == [(SID, BOOKED_TIME)]


@pytest.mark.parametrize("wanted", ["+61255550111", "Test", "Caldar", "C", ""])
async def test_another_number_another_name_an_initial_or_none_finds_nothing(
    store: Store, wanted: str
) -> None:
    await booked(store)
    assert await found(store, wanted) == []


async def test_a_call_begins_with_what_its_number_has_booked(store: Store) -> None:
    await booked(store)
    for state in (
        (await store.open_call(OTHER, caller=NUMBER)).state,
        (await store.open_turn(CallSid("CA-turn"), caller=NUMBER)).state,
    ):
        assert [(each.call_sid, each.state.answers[Step.TIME]) for each in state.coming] == [
            (SID, BOOKED_TIME)
        ]


@pytest.mark.parametrize("wanted", [NUMBER, "Caller"])
async def test_they_come_soonest_first_and_without_the_own(store: Store, wanted: str) -> None:
    await booked(store, CallSid("CA1"), LATER)
    await booked(store, CallSid("CA2"), BOOKED_TIME)
    await booked(store, OTHER, LATER + timedelta(days=1))
    assert [sid for sid, _ in await found(store, wanted)] == ["CA2", "CA1"]


async def test_a_name_that_was_mended_is_the_one_that_counts(store: Store) -> None:
    await booked(store)
    assert await store.writes.update_user_info_field(SID, "name", "Robin Carter")
    await store.best_effort.finish()
    assert await found(store, "Carter") == [(SID, BOOKED_TIME)]
    assert await found(store, "Caller") == []


async def test_what_was_called_off_is_in_no_index_and_what_was_moved_has_its_time(
    store: Store, other: Appointments, client: Redis
) -> None:
    assert await other.move(SID, LATER) is Place.YOURS
    assert await found(store, "Caller") == [(SID, LATER)]
    assert await other.cancel(SID)
    assert await found(store, "Caller") == []
    assert [key async for key in client.scan_iter("booked*")] == []


async def test_the_keys_of_names_show_none_and_expire(store: Store, client: Redis) -> None:
    await booked(store)
    keys = [key async for key in client.scan_iter("booked-name:*")]
    assert len(keys) == len({"caller", *"caller"}), "whole, and without each of its letters"
    for key in keys:
        assert "call" not in key.casefold()
        life_s = await client.ttl(key)
        assert BOOKED_TIME < START + timedelta(seconds=life_s) < BOOKED_TIME + timedelta(days=2)


async def test_an_appointment_that_is_over_is_not_found(store: Store, clock: Clock) -> None:
    await booked(store)
    clock.at = BOOKED_TIME + timedelta(seconds=1)
    assert await found(store) == []


async def test_what_is_held_and_not_booked_or_booked_and_not_committed_is_not_found(
    store: Store,
) -> None:
    ledger = await store.open_call(SID, caller=NUMBER)
    await ledger.appointments.book(BOOKED_TIME)
    assert await found(store) == []
    await ledger.commit(answered(Step.TIME, 1))
    assert await found(store) == [(SID, BOOKED_TIME)], "before the call is over"


async def test_a_withheld_number_has_no_appointments(store: Store) -> None:
    ledger = await store.open_call(SID, caller="+266696687")
    await ledger.appointments.book(BOOKED_TIME)
    await ledger.commit(answered(Step.TIME, 1))
    assert await found(store, "+266696687") == []


async def test_what_an_integrator_books_is_found(store: Store) -> None:
    await store.open_call(SID, caller=NUMBER)
    name = (await stored(store)).services[0].name
    assert await store.writes.update_service_selection(SID, name, BOOKED_TIME)
    assert await store.writes.update_booking_status(SID, True)
    await store.best_effort.finish()
    assert await found(store) == [(SID, BOOKED_TIME)]


async def test_the_index_expires_after_its_last_appointment(store: Store, client: Redis) -> None:
    await booked(store)
    life_s = await client.ttl(f"booked:{{{NUMBER}}}")
    assert BOOKED_TIME < START + timedelta(seconds=life_s) < BOOKED_TIME + timedelta(days=2)


async def test_an_appointment_that_is_called_off_keeps_its_time_and_frees_its_place(
    store: Store, other: Appointments, client: Redis
) -> None:
    assert await other.cancel(SID)
    skeleton = await stored(store)
    assert (skeleton.status, skeleton.servicebooked) == (Status.CANCELLED, False)
    assert skeleton.user.serviceBookedTime == BOOKED_TIME.isoformat()
    assert await store.status(SID) is Status.CANCELLED
    assert await is_free(store)
    assert await found(store) == []
    events = [event.fields for event in await EventReader(client).of_call(SID)]
    assert [(e["type"], e["value"]) for e in events[-2:]] == [
        ("booked", "false"),
        ("status", "cancelled"),
    ]
    assert await other.cancel(SID), "again"
    assert len(await EventReader(client).of_call(SID)) == len(events)


async def test_a_moved_appointment_has_the_new_time_and_place_and_frees_the_old_one(
    store: Store, other: Appointments, client: Redis
) -> None:
    assert await other.hold(LATER, instead_of=(SID,)) is Place.YOURS
    assert await other.move(SID, LATER) is Place.YOURS
    skeleton = await stored(store)
    assert (skeleton.status, skeleton.servicebooked) == (Status.BOOKED, True)
    assert skeleton.user.serviceBookedTime == LATER.isoformat()
    assert Step.TIME in skeleton.confirmed
    assert await is_free(store)
    assert not await is_free(store, LATER)
    assert await found(store) == [(SID, LATER)]
    events = [event.fields for event in await EventReader(client).of_call(SID)]
    assert [(e["type"], e["field"], e["value"]) for e in events[-2:]] == [
        ("field", "time", LATER.isoformat()),
        ("moved", "time", LATER.isoformat()),
    ]
    assert await other.move(SID, LATER) is Place.YOURS, "again"
    assert len(await EventReader(client).of_call(SID)) == len(events)
    await other.note(SID, "Robin", "bring a ladder")
    assert [note.text for note in (await stored(store)).notes][-1:] == ["Robin: bring a ladder"]


async def test_a_move_by_less_than_a_visit_is_not_hindered_by_the_place_it_leaves(
    store: Store, other: Appointments
) -> None:
    assert await other.hold(HALF_AN_HOUR_LATER) is Place.TAKEN
    held = await other.hold(HALF_AN_HOUR_LATER, instead_of=(SID,))
    assert held is Place.YOURS
    assert await other.move(SID, HALF_AN_HOUR_LATER) is Place.YOURS
    assert not await is_free(store, HALF_AN_HOUR_LATER)
    assert await is_free(store, BOOKED_TIME - timedelta(minutes=30))
    assert await other.move(SID, BOOKED_TIME) is Place.YOURS, "and back"
    assert not await is_free(store)
    assert await is_free(store, BOOKED_TIME + timedelta(minutes=60))
    assert await other.cancel(SID)
    assert await is_free(store)


async def test_a_time_that_another_call_has_is_not_given_by_a_move(store: Store) -> None:
    await booked(store)
    await booked(store, CallSid("CA2"), LATER)
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.move(SID, LATER) is Place.TAKEN
    assert (await stored(store)).user.serviceBookedTime == BOOKED_TIME.isoformat()
    assert not await is_free(store)


async def test_what_is_called_off_or_never_booked_cannot_be_moved(
    store: Store, other: Appointments
) -> None:
    assert await other.cancel(SID)
    assert await other.move(SID, LATER) is Place.UNKNOWN
    assert await is_free(store, LATER)
    ledger = await store.open_call(CallSid("CA3"), caller=NUMBER)
    await ledger.commit(answered(Step.NAME, 1))
    for unbooked in (CallSid("CA3"), CallSid("CAunknown")):
        assert not await other.cancel(unbooked)
        assert await other.move(unbooked, LATER) is Place.UNKNOWN
        assert await is_free(store, LATER)
    assert (await stored(store, "CA3")).status is Status.ACTIVE
    assert await store.get_call_skeleton("CAunknown") is None


async def test_a_hold_of_the_moving_call_is_let_go_with_the_move(
    store: Store, other: Appointments
) -> None:
    far = LATER + timedelta(days=1)
    assert await other.hold(far, instead_of=(SID,)) is Place.YOURS
    assert await other.move(SID, LATER) is Place.YOURS
    assert await is_free(store, far)


# -- others at the same time ---------------------------------------------------------------


async def test_the_session_that_booked_ends_quietly_and_writes_its_booking_no_more(
    store: Store,
) -> None:
    ledger = await store.open_call(SID, caller=NUMBER)
    await ledger.appointments.book(BOOKED_TIME)
    await ledger.commit(answered(Step.TIME, 1))
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.cancel(SID)
    with pytest.raises(Fenced):
        await ledger.commit(Change(status=Status.BOOKED, booked=True, messages=(caller("x", 9),)))
    await ledger.close()
    skeleton = await stored(store)
    assert (skeleton.status, skeleton.servicebooked) == (Status.CANCELLED, False)
    assert "x" in await spoken(store), "what was said is kept"
    assert await is_free(store)


async def test_a_session_that_closes_after_a_move_mends_nothing_back(store: Store) -> None:
    ledger = await store.open_call(SID, caller=NUMBER)
    await ledger.appointments.book(BOOKED_TIME)
    await ledger.commit(answered(Step.TIME, 1))
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.move(SID, LATER) is Place.YOURS
    await ledger.close()
    assert (await stored(store)).user.serviceBookedTime == LATER.isoformat()
    assert not await is_free(store, LATER)


async def test_a_claim_of_a_call_that_was_called_off_does_not_open_it_again(store: Store) -> None:
    await booked(store)
    assert await (await store.open_turn(OTHER)).appointments.cancel(SID)
    ledger = await store.open_call(SID, caller=NUMBER)
    assert (ledger.state.status, ledger.state.booked) == (Status.CANCELLED, False)
    assert (await stored(store)).status is Status.CANCELLED
    later = await store.open_call(CallSid("CAlater"), caller=NUMBER)
    assert later.state.earlier == ()


async def test_many_at_once_leave_one_time_and_one_place(store: Store) -> None:
    await booked(store)
    times = [BOOKED_TIME + timedelta(days=n) for n in range(1, 6)]
    turns = [await store.open_turn(CallSid(f"CAm{n}")) for n in range(len(times))]
    moves = (t.appointments.move(SID, at) for t, at in zip(turns, times, strict=True))
    assert set(await asyncio.gather(*moves)) == {Place.YOURS}
    time = (await stored(store)).user.serviceBookedTime
    taken = [at for at in (BOOKED_TIME, *times) if not await is_free(store, at)]
    assert [at.isoformat() for at in taken] == [time]


@pytest.mark.parametrize("nth", range(8))
async def test_a_cancel_beside_a_move_leaves_no_place(store: Store, nth: int) -> None:
    await booked(store)
    turns = [await store.open_turn(CallSid(name)) for name in ("CA8", "CA9")]
    both: list[Awaitable[object]] = [
        turns[0].appointments.cancel(SID),
        turns[1].appointments.move(SID, LATER),
    ]
    done = await asyncio.gather(*(both if nth % 2 else both[::-1]))
    assert True in done
    assert (await stored(store)).status is Status.CANCELLED
    assert await is_free(store)
    assert await is_free(store, LATER)


# -- Redis goes away in each step ----------------------------------------------------------


class Breaking:
    """A client on which the n-th script fails, and every later one: its request, or its reply."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._left = 0
        self._reply = self.broke = False
        self.error: Callable[[], Awaitable[object]] = self._refused

    @staticmethod
    async def _refused() -> None:
        raise RedisConnectionError("refused")

    def at(self, nth: int, *, reply: bool) -> None:
        """Begin to count the scripts."""
        self._left, self._reply = nth, reply

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    async def execute_command(self, *command: object, **options: object) -> object:
        run = cast(Callable[..., Awaitable[object]], self._client.execute_command)
        if command[0] not in ("EVAL", "EVALSHA"):
            return await run(*command, **options)
        if self.broke or (self._left == 1 and not self._reply):
            self.broke = True
            await self.error()
        reply = await run(*command, **options)  # no script: it is asked again by its text
        self._left -= 1
        if self._left == 0:
            self.broke = True
            raise RedisConnectionError("connection reset")
        return reply


@pytest.fixture
def breaking(client: Redis) -> Breaking:
    return Breaking(client)


@pytest.fixture
async def broken(
    other: Appointments, breaking: Breaking, make_store: StoreMaker, clock: Clock
) -> Appointments:
    """Those of another call whose Redis breaks, after the one that `other` is for."""
    return (await make_store(cast(Redis, breaking), clock=clock).open_turn(OTHER)).appointments


@pytest.mark.parametrize("reply", [False, True], ids=["request", "reply"])
@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("new", [LATER, HALF_AN_HOUR_LATER], ids=["day", "hour"])
async def test_a_move_that_broke_in_the_middle_is_finished_by_the_next_try(
    store: Store, breaking: Breaking, broken: Appointments, nth: int, reply: bool, new: datetime,
) -> None:  # fmt: skip
    breaking.at(nth, reply=reply)
    half_done = await broken.move(SID, new)
    time = (await stored(store)).user.serviceBookedTime
    assert time in (BOOKED_TIME.isoformat(), new.isoformat())
    assert half_done is Place.UNKNOWN or time == new.isoformat()
    assert not await is_free(store, datetime.fromisoformat(time)), "where it stands it has a place"
    again = await store.open_turn(CallSid("CAagain"))
    assert await again.appointments.move(SID, new) is Place.YOURS
    assert (await stored(store)).user.serviceBookedTime == new.isoformat()
    assert not await is_free(store, new)
    assert await is_free(store, BOOKED_TIME - timedelta(minutes=30))
    assert await again.appointments.cancel(SID)
    assert await is_free(store, new)
    assert await is_free(store)


@pytest.mark.parametrize("reply", [False, True], ids=["request", "reply"])
@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("what", ["move", "cancel"])
async def test_what_broke_in_the_middle_and_nobody_tries_again_is_reconciled(
    store: Store, client: Redis, business: Business, clock: Clock,
    breaking: Breaking, broken: Appointments, nth: int, reply: bool, what: str,
) -> None:  # fmt: skip
    breaking.at(nth, reply=reply)
    if what == "move":
        await broken.move(SID, LATER)
    else:
        await broken.cancel(SID)
    clock.at += timedelta(seconds=HOLD_S + 1)
    reconciliation = Reconciliation(client, business, clock)
    await reconciliation.free_places()
    await reconciliation.free_places()
    skeleton = await stored(store)
    time = datetime.fromisoformat(str(skeleton.user.serviceBookedTime))
    for at in (BOOKED_TIME, LATER):
        assert await is_free(store, at) is not (skeleton.servicebooked and at == time)


async def test_a_place_that_was_just_taken_is_not_freed_under_a_move(
    store: Store, client: Redis, business: Business, clock: Clock,
    other: Appointments, breaking: Breaking, broken: Appointments,
) -> None:  # fmt: skip
    breaking.at(3, reply=False)
    assert await broken.move(SID, LATER) is Place.UNKNOWN
    reconciliation = Reconciliation(client, business, clock)
    assert await reconciliation.free_places() == 0
    assert await other.move(SID, LATER) is Place.YOURS
    assert await reconciliation.free_places() == 0
    assert not await is_free(store, LATER)


async def test_appointments_that_the_index_does_not_name_are_added(
    store: Store, client: Redis, business: Business, clock: Clock
) -> None:
    await booked(store)
    async for key in client.scan_iter("booked*"):
        await client.delete(key)
    await client.set("call:{CAbroken}", "no hash")
    assert await found(store) == []
    await Reconciliation(client, business, clock).index()
    assert await found(store) == [(SID, BOOKED_TIME)]
    assert await found(store, PHONE) == [(SID, BOOKED_TIME)]
    assert await found(store, "Caller") == [(SID, BOOKED_TIME)]


async def test_while_redis_is_away_nothing_is_found_and_nothing_changes(
    store: Store, other: Appointments, make_store: StoreMaker, clock: Clock
) -> None:
    async with connect("redis://127.0.0.1:1") as nowhere:
        ledger = await make_store(nowhere, clock=clock).open_call(OTHER, caller=NUMBER)
        assert await ledger.appointments.bookings(NUMBER) == ()
        assert await ledger.appointments.bookings_named("Caller") == ()
        assert not await ledger.appointments.cancel(SID)
        assert await ledger.appointments.move(SID, LATER) is Place.UNKNOWN
    assert await found(store) == [(SID, BOOKED_TIME)]
    assert await other.cancel(SID)


@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_redis_that_falls_silent_keeps_nobody_waiting(
    store: Store, other: Appointments, breaking: Breaking, broken: Appointments,
    monkeypatch: pytest.MonkeyPatch, nth: int,
) -> None:  # fmt: skip
    breaking.error = asyncio.Event().wait
    with monkeypatch.context() as hurried:
        hurried.setattr("voicebot.store.bookings.PATIENCE_S", 0.05)
        breaking.at(nth, reply=False)
        moved = await broken.move(SID, LATER)
        assert (moved is Place.UNKNOWN) is (nth <= 3), "the third writes the record"
        assert not await broken.cancel(SID)
    assert await other.move(SID, LATER) is Place.YOURS
    assert await found(store) == [(SID, LATER)]
    assert await is_free(store)


async def test_a_record_that_is_no_hash_breaks_nothing(store: Store, client: Redis) -> None:
    await client.set(call_keys(SID).call, "another program's")
    await client.zadd(f"booked:{{{NUMBER}}}", {SID: LATER.timestamp()})
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.bookings(NUMBER) == ()
    assert not await turn.appointments.cancel(SID)
    assert await turn.appointments.move(SID, LATER) is Place.UNKNOWN
    assert await is_free(store, LATER)


# -- a cluster -----------------------------------------------------------------------------


@pytest.fixture
async def on_cluster(
    settings: Settings, business: Business, tmp_path: Path
) -> AsyncIterator[Store]:
    (directory := tmp_path / "nodes").mkdir()
    async with cluster(directory) as nodes:
        there = settings.model_copy(update={"redis_url": nodes.url})
        async with open_store(there, business) as store:
            yield store


@pytest.mark.valkey
@pytest.mark.slow
async def test_on_a_cluster_too(on_cluster: Store, business: Business) -> None:
    day = datetime.now(business.zone) + timedelta(days=9)
    time = day.replace(hour=10, minute=0, second=0, microsecond=0)
    numbers = count(1)
    for _ in range(3):  # calls, days and numbers of several nodes
        sid, at = CallSid(f"CA{next(numbers)}"), time + timedelta(days=next(numbers))
        await booked(on_cluster, sid, at)
        assert (sid, at) in await found(on_cluster)
        turn = await on_cluster.open_turn(CallSid("CAmoving"))
        new = at + timedelta(hours=2)
        assert await turn.appointments.move(sid, new) is Place.YOURS
        assert (sid, new) in await found(on_cluster, PHONE)
        assert (sid, new) in await found(on_cluster, "Coller")
        assert await is_free(on_cluster, at)
        assert not await is_free(on_cluster, new)
        assert await turn.appointments.cancel(sid)
        assert await is_free(on_cluster, new)
    assert await found(on_cluster) == []
    assert await found(on_cluster, "Caller") == []


async def test_a_move_to_the_time_that_it_has_takes_no_second_place(
    store: Store, other: Appointments, client: Redis
) -> None:
    assert await other.hold(BOOKED_TIME, instead_of=(SID,)) is Place.YOURS
    assert await other.move(SID, BOOKED_TIME) is Place.YOURS
    (day,) = [key async for key in client.scan_iter("slots:*")]
    assert list(await client.hgetall(day)) == [SID]
    assert (await stored(store)).user.serviceBookedTime == BOOKED_TIME.isoformat()
