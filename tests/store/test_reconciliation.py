"""After crashes, and after a journal that came late, each appointment has one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import FIELDS, CallSid, Change, Needs, Saved, Status, Step
from voicebot.ledger import Place
from voicebot.store.reconciliation import Reconciliation
from voicebot.store.session import CallSession
from voicebot.store.slots import day_key
from voicebot.store.store import Store

from .calls import BOOKED_TIME, ONE_VAN, SID, Clock, answered, is_free, stored
from .conftest import Processes, StoreMaker
from .denials import no_calendar
from .faults import FaultyRedis

OTHER = CallSid("CAother")


@pytest.fixture
def business() -> Business:
    return ONE_VAN


@pytest.fixture
def store(make_store: StoreMaker, clock: Clock) -> Store:
    return make_store(clock=clock)


@pytest.fixture
def reconciliation(client: Redis, business: Business, clock: Clock) -> Reconciliation:
    return Reconciliation(client, business, clock)


@pytest.fixture
def process(process: Processes, clock: Clock) -> Processes:
    """Servers by the test's clock."""
    process.clock = clock
    return process


async def test_a_call_that_no_index_names_is_found_again(
    store: Store, client: Redis, reconciliation: Reconciliation
) -> None:
    ledger = await store.open_call(SID, caller="+61255550199")
    await ledger.commit(answered(Step.PHONE, 1))
    await ledger.close()
    await store.best_effort.finish()
    await client.set("call:{CAbroken}", "no hash")
    before = await store.index.recent(5)
    async for key in client.scan_iter("number:*"):
        await client.delete(key)
    await client.delete("voicebot:calls:recent")
    await reconciliation.index()
    assert await store.index.recent(5) == before
    for number in ("+61255550199", "+61255550100"):
        assert await store.index.with_number(number) == [SID]
    await reconciliation.index()
    assert await store.index.recent(5) == before


@asynccontextmanager
async def booking_in_the_journal(store: Store, faulty: FaultyRedis) -> AsyncIterator[CallSession]:
    """A call that has booked a place; its server lost Redis before the record said so."""
    call = await store.open_call(SID, caller=None)
    for second, step in enumerate(FIELDS[:-1]):
        await call.commit(answered(step, second))
    assert await call.appointments.book(BOOKED_TIME) is Place.YOURS
    change = replace(answered(Step.TIME, 9), answers={Step.TIME: BOOKED_TIME})
    with faulty.away():
        assert await call.commit(change) is Saved.JOURNAL
        yield call


async def crash_with_a_booking_in_the_journal(process: Processes) -> None:
    """The server of such a call ends before Redis is back."""
    async with process() as store, booking_in_the_journal(store, process.faulty):
        await store.tasks.close()


@pytest.fixture
async def lost_place(process: Processes, reconciliation: Reconciliation, clock: Clock) -> None:
    """After such a crash the place of the booking is freed, as no record has it."""
    await crash_with_a_booking_in_the_journal(process)
    clock.at += timedelta(days=3)
    assert [await reconciliation.free_places() for _ in range(2)] == [0, 1]


@pytest.mark.usefixtures("lost_place")
async def test_a_booking_that_comes_late_out_of_a_journal_takes_its_place_again(
    store: Store, process: Processes, reconciliation: Reconciliation
) -> None:
    assert await is_free(store)
    async with process():
        pass
    skeleton = await stored(store)
    assert (skeleton.servicebooked, skeleton.due) == (True, Needs.NOTHING)
    assert not await is_free(store)
    assert [await reconciliation.free_places() for _ in range(2)] == [0, 0]


async def test_so_does_a_booking_that_waited_in_a_living_server(
    store: Store, process: Processes, reconciliation: Reconciliation, clock: Clock
) -> None:
    async with process() as living:
        async with booking_in_the_journal(living, process.faulty) as call:
            clock.at += timedelta(days=3)
            assert [await reconciliation.free_places() for _ in range(2)] == [0, 1]
        await call.caught_up()
    assert (await stored(store)).servicebooked
    assert not await is_free(store)


@pytest.mark.usefixtures("lost_place")
async def test_where_that_place_was_given_away_meanwhile_staff_are_told(
    store: Store, process: Processes
) -> None:
    other = await store.open_call(OTHER, caller=None)
    assert await other.appointments.book(BOOKED_TIME) is Place.YOURS
    async with process():
        pass
    assert (await stored(store)).due is Needs.FOLLOW_UP
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.book(BOOKED_TIME) is Place.YOURS, "it is still the other's"


@pytest.mark.usefixtures("lost_place")
async def test_while_the_calendar_alone_is_away_staff_are_told_nothing(
    store: Store, process: Processes, client: Redis
) -> None:
    async with no_calendar(client), process():
        pass
    assert (await stored(store)).due is Needs.NOTHING
    assert await is_free(store)
    async with process():
        pass
    assert (await stored(store)).due is Needs.NOTHING
    assert not await is_free(store)


@pytest.mark.parametrize("told", list(Needs))
@pytest.mark.usefixtures("lost_place")
async def test_that_a_place_is_lost_never_hides_what_a_caller_wants_of_staff(
    store: Store, process: Processes, told: Needs
) -> None:
    other = await store.open_call(OTHER, caller=None)
    assert await other.appointments.book(BOOKED_TIME) is Place.YOURS
    again = await store.open_call(SID, caller=None)
    await again.commit(Change(needs=told))
    async with process():
        pass
    assert (await stored(store)).due is (told or Needs.FOLLOW_UP)


async def test_a_booking_that_comes_in_time_out_of_a_journal_keeps_its_place(
    store: Store, process: Processes, client: Redis
) -> None:
    await crash_with_a_booking_in_the_journal(process)
    (day,) = [key async for key in client.scan_iter("slots:*")]
    before = await client.hgetall(day)
    async with process():
        pass
    assert await client.hgetall(day) == before
    assert (await stored(store)).due is Needs.NOTHING


async def test_a_place_whose_record_is_not_booked_yet_is_never_freed(
    store: Store, reconciliation: Reconciliation
) -> None:
    """The commit that books may wait in a journal."""
    ledger = await store.open_call(SID, caller=None)
    assert await ledger.appointments.book(BOOKED_TIME) is Place.YOURS
    assert [await reconciliation.free_places() for _ in range(3)] == [0, 0, 0]
    assert not await is_free(store)


@pytest.mark.parametrize(
    ("status", "hours_later", "freed"),
    [
        (Status.ABANDONED, 0.5, 0),
        (Status.ABANDONED, 2, 1),
        (Status.ACTIVE, 2, 0),
        (Status.INCOMPLETE, 2, 0),
        (Status.ACTIVE, 49, 1),
    ],
)
async def test_a_place_whose_call_never_booked_is_freed_when_nobody_goes_on_with_it(
    store: Store, reconciliation: Reconciliation, clock: Clock,
    status: Status, hours_later: float, freed: int,
) -> None:  # fmt: skip
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(status=status))
    assert await ledger.appointments.book(BOOKED_TIME) is Place.YOURS
    clock.at += timedelta(hours=hours_later)
    assert [await reconciliation.free_places() for _ in range(2)] == [0, freed]


async def test_an_appointment_whose_place_was_lost_is_found_by_two_passes_and_takes_it_again(
    store: Store, client: Redis, business: Business, reconciliation: Reconciliation
) -> None:
    call = await store.open_call(SID, caller=None)
    for second, step in enumerate(FIELDS[:-1]):
        await call.commit(answered(step, second))
    assert await call.appointments.book(BOOKED_TIME) is Place.YOURS
    change = replace(answered(Step.TIME, 9), answers={Step.TIME: BOOKED_TIME})
    await call.commit(replace(change, status=Status.BOOKED, booked=True))
    await call.close()
    await store.best_effort.finish()

    async def missing() -> list[CallSid]:
        await reconciliation.index()
        await reconciliation.free_places()
        return reconciliation.without_place()

    assert [await missing() for _ in range(2)] == [[], []]
    await client.delete(day_key(business, BOOKED_TIME.astimezone(business.zone).date()))
    assert await is_free(store)
    assert [await missing() for _ in range(2)] == [[], [SID]]
