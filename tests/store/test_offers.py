"""Free times: how long visits are, how many there may be, and what callers are offered."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from voicebot.business import Booking, Business, Closure, Hours
from voicebot.call import CallSid, Change, Status, Step, Window
from voicebot.ledger import Place
from voicebot.store.client import connect
from voicebot.store.slots import OFFER_S, Slots, day_key

from .calls import Clock
from .cluster import cluster
from .conftest import StoreMaker

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
WEDNESDAY = date(2026, 3, 4)
ON_WEDNESDAY = Window(days=(WEDNESDAY,), soonest=True)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def salon(business: Business) -> Business:
    """Nine to five on weekdays; colours take two hours at the one basin, cuts half an hour."""
    cut, colour, *_ = business.services
    span = Hours(opens=time(9), closes=time(17))
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    return business.model_copy(
        update={
            "booking": Booking(slot_minutes=30, capacity=2),
            "hours": dict.fromkeys(days, (span,)),
            "services": (
                cut.model_copy(update={"id": "cut", "name": "Cut", "minutes": 30}),
                colour.model_copy(
                    update={"id": "colour", "name": "Colour", "minutes": 120, "capacity": 1}
                ),
            ),
        }
    )


@dataclass
class Desk:
    """The calendar of a business, as many calls may change it."""

    client: Redis
    salon: Business
    clock: Clock

    def __call__(self, name: str) -> Slots:
        return Slots(self.client, self.salon, CallSid(name), self.clock)

    def at(self, hour: int, minute: int = 0, day: date = WEDNESDAY) -> datetime:
        return datetime.combine(day, time(hour, minute), self.salon.zone)

    def hours(self, moments: tuple[datetime, ...]) -> list[str]:
        return [f"{m.astimezone(self.salon.zone):%H:%M}" for m in moments]


@pytest.fixture
def desk(client: Redis, salon: Business, clock: Clock) -> Desk:
    return Desk(client, salon, clock)


async def test_visits_overlap_by_the_minutes_of_their_services(desk: Desk) -> None:
    await desk("A").book(desk.at(10), "colour")
    await desk("B").book(desk.at(11), "cut")
    assert await desk("C").hold(desk.at(11), "cut") is Place.TAKEN, "two are there at eleven"
    assert await desk("C").hold(desk.at(11, 30), "cut") is Place.YOURS
    assert await desk("D").hold(desk.at(9, 30), "cut") is Place.YOURS


async def test_visits_one_after_the_other_are_never_two_at_one_time(desk: Desk) -> None:
    for name, hour in (("A", 10), ("B", 11)):
        await desk(name).book(desk.at(hour), "cut")
    assert await desk("C").hold(desk.at(10), "colour") is Place.YOURS


async def test_a_service_has_fewer_places_than_there_are_in_all(desk: Desk) -> None:
    await desk("A").book(desk.at(10), "colour")
    assert await desk("B").hold(desk.at(11, 30), "colour") is Place.TAKEN
    assert await desk("B").hold(desk.at(11, 30), "cut") is Place.YOURS
    free = await desk("C").free(ON_WEDNESDAY, service="colour", most=20)
    assert desk.hours(free)[:2] == ["12:00", "12:30"], "before ten there is no room for two hours"
    assert desk.hours(free)[-1] == "15:00", "it ends when the business closes"


async def test_what_was_booked_before_visits_had_a_length_takes_a_slot(desk: Desk) -> None:
    key = day_key(desk.salon, WEDNESDAY)
    for name in ("old-1", "old-2"):
        await desk.client.hset(key, name, f"{10 * 60} 0")
    assert await desk("A").hold(desk.at(9), "colour") is Place.TAKEN
    assert await desk("A").hold(desk.at(10), "cut") is Place.TAKEN
    assert await desk("A").hold(desk.at(10, 30), "colour") is Place.YOURS


async def test_a_visit_that_is_as_long_as_a_slot_stands_as_it_always_did(desk: Desk) -> None:
    await desk("A").book(desk.at(10), "cut")
    assert await desk.client.hgetall(day_key(desk.salon, WEDNESDAY)) == {"A": f"{10 * 60} 0"}


async def test_no_time_is_offered_on_closed_days(desk: Desk) -> None:
    closure = Closure.model_validate({"from": "2026-03-03", "to": "2026-03-05"})
    closed = Desk(desk.client, desk.salon.model_copy(update={"closed": (closure,)}), desk.clock)
    free = await closed("A").free(Window(first=date(2026, 3, 3)))
    assert [m.astimezone(desk.salon.zone).date().day for m in free] == [6, 9, 10]
    assert await closed("A").free(Window(days=(WEDNESDAY,))) == ()


async def test_no_visit_reaches_into_what_is_left_out(desk: Desk) -> None:
    busy = Window((WEDNESDAY,), after=time(11), before=time(12))
    window = Window((WEDNESDAY,), before=time(13), but=(busy,))
    free = await desk("A").free(window, service="colour", most=10)
    assert desk.hours(free) == ["09:00", "12:00", "12:30"]


async def test_the_work_is_over_by_the_hour_that_is_wished(desk: Desk) -> None:
    window = Window((WEDNESDAY,), after=time(12), ends=time(15))
    free = await desk("A").free(window, service="colour", most=10)
    assert desk.hours(free) == ["12:00", "12:30", "13:00"]


async def test_each_of_two_days_has_its_own_hours(desk: Desk) -> None:
    friday = Window((date(2026, 3, 6),), after=time(16))
    window = Window((WEDNESDAY,), before=time(10), also=(friday,))
    free = await desk("A").free(window, service="cut", most=10)
    assert sorted(desk.hours(free)) == ["09:00", "09:30", "16:00", "16:30"]


async def test_no_time_is_offered_that_clocks_skip(desk: Desk) -> None:
    always = {"sunday": (Hours.model_validate({"opens": "00:00", "closes": "24:00"}),)}
    night = Desk(desk.client, desk.salon.model_copy(update={"hours": always}), desk.clock)
    window = Window(days=(date(2026, 10, 4),), after=time(1), before=time(4))
    free = await night("A").free(window, most=10)
    assert desk.hours(free) == ["01:00", "01:30", "03:00", "03:30"]


async def test_a_wish_in_a_full_month_has_free_times_on_either_side(desk: Desk) -> None:
    await fill(desk, [MONDAY + timedelta(days=n) for n in range(5, 120)])
    wish = desk.at(10, day=date(2026, 4, 1))
    free = await desk("A").free(Window(), near=wish)
    days = [m.astimezone(desk.salon.zone).date() for m in free]
    assert days == [date(2026, 3, 6), date(2026, 6, 30), date(2026, 6, 30)]


async def fill(desk: Desk, days: list[date]) -> None:
    """Book every place of some days."""
    async with desk.client.pipeline(transaction=False) as pipe:
        for day, start, n in itertools.product(days, range(540, 1020, 30), range(2)):
            pipe.hset(day_key(desk.salon, day), f"{start}-{n}", f"{start} 0")
        await pipe.execute()


async def test_what_one_caller_is_offered_no_other_gets(desk: Desk) -> None:
    first = await desk("A").free(ON_WEDNESDAY, service="colour")
    assert desk.hours(first) == ["09:00", "09:30", "10:00"]
    assert desk.hours(await desk("B").free(ON_WEDNESDAY, service="colour")) == [
        "12:00",
        "12:30",
        "13:00",
    ]
    assert await desk("B").hold(first[1], "colour") is Place.TAKEN


async def test_what_is_offered_and_not_taken_is_free_after_a_while(
    desk: Desk, clock: Clock
) -> None:
    (offered,) = await desk("A").free(ON_WEDNESDAY, service="colour", most=1)
    clock.at += timedelta(seconds=OFFER_S + 1)
    assert await desk("B").hold(offered, "colour") is Place.YOURS


async def test_a_later_offer_gives_back_the_one_before_also_from_another_process(
    desk: Desk,
) -> None:
    first = await desk("A").free(ON_WEDNESDAY, service="colour", most=1)
    second = await desk("A").free(ON_WEDNESDAY, service="colour", without=first, most=1)
    assert desk.hours((*first, *second)) == ["09:00", "09:30"]
    far = await desk("A").free(Window(days=(date(2026, 3, 5),)), service="colour", most=1)
    assert await desk("B").hold(second[0], "colour") is Place.YOURS
    assert await desk("B").hold(far[0], "colour") is Place.TAKEN


@pytest.mark.parametrize("take", ["hold", "book"])
async def test_taking_one_of_the_offers_gives_back_the_others(desk: Desk, take: str) -> None:
    offered = await desk("A").free(Window(), service="colour")
    next_turn = desk("A")
    taken = await (next_turn.hold if take == "hold" else next_turn.book)(offered[1], "colour")
    assert taken is Place.YOURS
    places = [await desk("B").hold(moment, "colour") for moment in offered]
    assert places == [Place.YOURS, Place.TAKEN, Place.YOURS]


async def test_a_call_that_ends_gives_back_what_it_was_offered(desk: Desk) -> None:
    slots = desk("A")
    offered = await slots.free(ON_WEDNESDAY, service="colour")
    await slots.leave()
    assert await desk("B").hold(offered[0], "colour") is Place.YOURS


async def test_a_session_that_was_taken_over_keeps_nothing_from_the_newer_one(
    desk: Desk, clock: Clock
) -> None:
    older = desk("A")
    await older.free(ON_WEDNESDAY, service="colour")
    clock.at += timedelta(seconds=1)
    offered = await desk("A").free(ON_WEDNESDAY, service="colour")
    await older.leave()
    assert await desk("B").hold(offered[0], "colour") is Place.TAKEN


async def test_what_an_earlier_call_was_offered_does_not_stand_in_its_callers_way(
    desk: Desk,
) -> None:
    offered = await desk("A").free(ON_WEDNESDAY, service="colour", most=1)
    later = desk("B")
    await later.take_over(CallSid("A"))
    assert await later.free(ON_WEDNESDAY, service="colour", most=1) == offered


async def test_the_time_that_a_caller_holds_is_not_offered_to_it(desk: Desk) -> None:
    first, *_ = await desk("A").free(ON_WEDNESDAY)
    await desk("A").hold(first)
    assert first not in await desk("A").free(ON_WEDNESDAY)


async def test_a_turn_over_http_that_ends_the_call_gives_back_what_was_offered(
    make_store: StoreMaker, desk: Desk, clock: Clock
) -> None:
    store = make_store(clock=clock)
    turn = await store.open_turn(CallSid("CAoffered"))
    offered = await turn.appointments.free(ON_WEDNESDAY)
    await turn.commit(Change(step=Step.TIME))
    await turn.write({})
    keys = [key async for key in desk.client.scan_iter("call:*:offers")]
    assert offered
    assert keys
    turn = await store.open_turn(CallSid("CAoffered"))
    await turn.commit(Change(status=Status.ABANDONED))
    await turn.write({})
    assert not [key async for key in desk.client.scan_iter("call:*:offers")]
    days = [key async for key in desk.client.scan_iter("slots:*")]
    assert not days


@dataclass
class Caller:
    """One who is offered, takes and lets go times of a day at random, in several processes.

    What it was told last that it may have is in `held` and `offered`, with the service.
    """

    name: str
    desk: Desk
    random: random.Random
    held: dict[datetime, str] = field(default_factory=dict)
    offered: dict[datetime, str] = field(default_factory=dict)

    @property
    def has(self) -> dict[datetime, str]:
        return self.held | self.offered

    async def act(self) -> None:
        slots = self.desk(self.name)
        for _ in range(self.random.randrange(1, 5)):
            kind = self.random.choice(("cut", "colour"))
            match self.random.randrange(6):
                case 0:
                    self.held, self.offered = {}, {}
                    await slots.give_back()
                    await slots.leave()
                case 1 | 2 | 3:
                    near = self.desk.at(self.random.randrange(9, 17))
                    wish = self.random.choice((None, near))
                    free = await slots.free(ON_WEDNESDAY, service=kind, near=wish)
                    self.offered = dict.fromkeys(free, kind)
                case _:
                    hour = self.desk.at(self.random.randrange(9, 15))
                    moment, kind = self.random.choice([*self.has.items(), (hour, kind)])
                    if await slots.hold(moment, kind) is Place.YOURS:
                        self.held, self.offered = {moment: kind}, {}


def most_at_once(visits: list[tuple[datetime, str, str]], kinds: tuple[str, ...]) -> int:
    """Return how many callers of these services have a place at the same time, at the most."""
    lasts = {"cut": timedelta(minutes=30), "colour": timedelta(minutes=120)}
    return max(
        len({n for m, k, n in visits if k in kinds and m <= moment < m + lasts[k]})
        for moment, _, _ in visits
    )


async def crowd(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    callers = [Caller(f"C{n}", desk, chance) for n in range(8)]
    for _ in range(4):
        async with asyncio.TaskGroup() as group:
            for caller in callers:
                group.create_task(caller.act())
        visits = [(m, kind, c.name) for c in callers for m, kind in c.has.items()]
        assert most_at_once(visits, ("cut", "colour")) <= 2
        assert most_at_once([*visits, (NOW, "colour", "")], ("colour",)) <= 1
    wishes = [(c, *chance.choice(list(c.has.items()))) for c in callers if c.has]
    booked = [await desk(c.name).book(moment, kind) for c, moment, kind in wishes]
    assert set(booked) <= {Place.YOURS}, "who was offered a time may have it"


@pytest.mark.parametrize("seed", range(8))
async def test_what_callers_are_told_that_they_may_have_no_two_of_them_get(
    desk: Desk, seed: int
) -> None:
    await crowd(desk, seed)


@pytest.mark.slow
@pytest.mark.valkey
async def test_it_is_so_in_a_cluster_too(salon: Business, clock: Clock, tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes:
        client = connect(nodes.url)
        for seed in range(4):
            for node in range(40):
                await client.delete(day_key(salon, WEDNESDAY), f"call:{{C{node}}}:offers")
            await crowd(Desk(client, salon, clock), seed)
        await client.aclose()
