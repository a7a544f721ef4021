"""Appointments: a time is given to one call only."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from voicebot.business import Booking, Business, Hours
from voicebot.call import CallSid, Window
from voicebot.ledger import Place
from voicebot.store.client import connect
from voicebot.store.slots import HOLD_S, Slots

from .calls import Clock

SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
"""Noon in Sydney, on a Wednesday."""


Caller = Callable[[str], Slots]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def one_van(business: Business) -> Business:
    """A business that can be in one place at a time, for an hour."""
    return business.model_copy(update={"booking": Booking(slot_minutes=60, capacity=1)})


@pytest.fixture
def caller(client: Redis, one_van: Business, clock: Clock) -> Caller:
    return lambda name: Slots(client, one_van, CallSid(name), clock)


async def test_two_callers_cannot_hold_the_same_time(caller: Caller) -> None:
    first, second = await asyncio.gather(caller("A").hold(NOON), caller("B").hold(NOON))
    assert {first, second} == {Place.YOURS, Place.TAKEN}


@pytest.mark.parametrize(("minutes", "place"), [(-59, "taken"), (59, "taken"), (60, "yours")])
async def test_a_visit_that_overlaps_another_is_taken(
    caller: Caller, minutes: int, place: str
) -> None:
    await caller("A").book(NOON)
    assert await caller("B").hold(NOON + timedelta(minutes=minutes)) == place


async def test_as_many_as_the_business_can_serve_share_a_time(
    client: Redis, business: Business, clock: Clock
) -> None:
    two = business.model_copy(update={"booking": Booking(capacity=2)})
    places = [await Slots(client, two, CallSid(n), clock).hold(NOON) for n in "ABC"]
    assert places == [Place.YOURS, Place.YOURS, Place.TAKEN]


async def test_a_hold_that_is_not_used_expires_and_a_booking_does_not(
    caller: Caller, clock: Clock
) -> None:
    await caller("A").hold(NOON)
    clock.at += timedelta(seconds=HOLD_S + 1)
    assert await caller("B").book(NOON) is Place.YOURS
    clock.at += timedelta(days=1)
    assert await caller("C").hold(NOON) is Place.TAKEN


async def test_a_caller_may_hold_again_what_it_holds_and_change_its_mind(caller: Caller) -> None:
    a = caller("A")
    assert await a.hold(NOON) is Place.YOURS
    assert await a.hold(NOON) is Place.YOURS
    assert await a.book(NOON + timedelta(hours=3)) is Place.YOURS
    assert await caller("B").hold(NOON) is Place.YOURS


async def test_a_call_that_goes_on_with_another_session_is_its_own_holder(caller: Caller) -> None:
    await caller("A").hold(NOON)
    assert await caller("A").book(NOON) is Place.YOURS


async def test_a_session_that_was_taken_over_gives_back_nothing_of_the_newer_one(
    caller: Caller, clock: Clock
) -> None:
    older, newer = caller("A"), caller("A")
    await older.hold(NOON)
    await older.hold(NOON + timedelta(days=1))
    clock.at += timedelta(seconds=1)
    await newer.book(NOON)
    await newer.hold(NOON + timedelta(days=1))
    await older.leave()
    assert await caller("B").hold(NOON) is Place.TAKEN
    assert await caller("B").hold(NOON + timedelta(days=1)) is Place.TAKEN


async def test_an_abandoned_call_frees_its_time_at_once(caller: Caller) -> None:
    a = caller("A")
    await a.hold(NOON)
    await a.hold(NOON + timedelta(days=1))
    await a.leave()
    assert await caller("B").hold(NOON) is Place.YOURS
    assert await caller("B").hold(NOON + timedelta(days=1)) is Place.YOURS


async def test_leaving_does_not_give_a_booking_back(caller: Caller) -> None:
    a = caller("A")
    await a.hold(NOON + timedelta(days=1))
    await a.book(NOON)
    await a.leave()
    assert await caller("B").hold(NOON) is Place.TAKEN
    assert await caller("B").hold(NOON + timedelta(days=1)) is Place.YOURS


async def test_what_an_earlier_call_holds_does_not_stand_in_its_callers_way(caller: Caller) -> None:
    earlier, later = caller("A"), caller("B")
    days = [NOON, NOON + timedelta(days=1), NOON + timedelta(days=300)]
    for day in days:
        await earlier.hold(day)
    assert await later.hold(NOON) is Place.TAKEN
    await later.take_over(CallSid("A"))
    assert [await later.hold(day) for day in days] == [Place.YOURS] * 3
    assert [await caller("C").hold(day) for day in days] == [Place.TAKEN] * 3


async def test_a_place_whose_booking_was_never_written_goes_along_too(
    caller: Caller, clock: Clock
) -> None:
    await caller("A").book(NOON)
    later = caller("B")
    await later.take_over(CallSid("A"))
    clock.at += timedelta(hours=1)
    assert await caller("C").hold(NOON) is Place.TAKEN
    assert await later.book(NOON) is Place.YOURS


async def test_what_was_taken_along_and_is_not_used_is_free_at_once(caller: Caller) -> None:
    await caller("A").hold(NOON)
    later = caller("B")
    await later.take_over(CallSid("A"))
    await later.leave()
    assert await caller("C").hold(NOON) is Place.YOURS


async def test_a_call_that_holds_a_place_keeps_it_beside_the_one_taken_along(
    caller: Caller,
) -> None:
    later = caller("B")
    await later.hold(NOON + timedelta(hours=3))
    await caller("A").hold(NOON)
    await later.take_over(CallSid("A"))
    assert await caller("C").hold(NOON) is Place.YOURS
    assert await caller("D").hold(NOON + timedelta(hours=3)) is Place.TAKEN


async def test_the_nearest_free_times_are_offered_in_order(caller: Caller) -> None:
    await caller("A").book(NOON)
    await caller("B").book(NOON + timedelta(hours=1))
    free = await caller("C").free(Window(), near=NOON)
    assert [int((at - NOON).total_seconds() / 3600) for at in free] == [-1, 2, 3]


async def test_the_last_time_before_midnight_is_offered_where_that_is_the_closing_time(
    client: Redis, one_van: Business, clock: Clock
) -> None:
    late = Hours.model_validate({"opens": "20:00", "closes": "24:00"})
    business = one_van.model_copy(update={"hours": {"wednesday": (late,)}})
    window = Window(days=(NOON.date(),))
    free = await Slots(client, business, CallSid("A"), clock).free(window, near=NOON, most=9)
    assert [at.hour for at in free] == [20, 21, 22, 23]


async def test_no_time_in_the_past_is_offered(caller: Caller, clock: Clock) -> None:
    clock.at = NOON + timedelta(minutes=30)
    await caller("A").book(NOON + timedelta(hours=1))
    free = await caller("B").free(Window(), near=NOON + timedelta(hours=1))
    assert all(at > clock.at for at in free)


async def test_without_redis_nothing_is_known_and_nothing_raised(
    one_van: Business, clock: Clock
) -> None:
    nobody = connect("redis://127.0.0.1:1")
    slots = Slots(nobody, one_van, CallSid("A"), clock)
    assert await slots.hold(NOON) is Place.UNKNOWN
    assert await slots.book(NOON) is Place.UNKNOWN
    assert await slots.free(Window(), near=NOON) == ()
    await slots.take_over(CallSid("B"))
    await slots.leave()
    await nobody.aclose()


async def test_a_day_is_forgotten_a_week_after_it(caller: Caller, client: Redis) -> None:
    await caller("A").book(NOON)
    (key,) = await client.keys("slots:*")
    days = await client.ttl(key) / 86400
    assert 8.9 < days < 9.1


@pytest.mark.parametrize("place", ["", "noon", "780", "780 soon", "inf 0", "1e3 nan", "-1 0"])
async def test_what_another_program_wrote_into_a_day_takes_no_place(
    place: str, caller: Caller, client: Redis
) -> None:
    for taken in ("B", "C"):
        await caller(taken).book(NOON + timedelta(hours=1))
    (day,) = await client.keys("slots:*")
    await client.hset(day, "stranger", place)
    assert await caller("A").free(Window(), near=NOON, most=1) == (NOON,)
    assert await caller("A").book(NOON) is Place.YOURS


async def test_a_day_of_another_type_is_unknown_and_ends_no_call(
    caller: Caller, client: Redis
) -> None:
    held = caller("A")
    await held.hold(NOON)
    (day,) = await client.keys("slots:*")
    await client.set(day, "no hash")
    assert await held.book(NOON) is Place.UNKNOWN
    days = {at.astimezone(SYDNEY).date() for at in await held.free(Window(), near=NOON)}
    assert days, "the other days are as they should be"
    assert NOON.date() not in days
    await held.leave()


async def test_a_day_of_another_type_keeps_no_place_of_another_day_from_a_later_call(
    caller: Caller, client: Redis
) -> None:
    await caller("A").hold(NOON)
    (day,) = await client.keys("slots:*")
    await client.set(str(day).replace("-04}", "-03}"), "no hash")
    await caller("B").take_over(CallSid("A"))
    assert await client.hkeys(day) == ["B"]


async def test_free_times_are_spread_over_days_and_lie_in_the_window(caller: Caller) -> None:
    free = await caller("A").free(Window(after=time(9), before=time(12)))
    local = [at.astimezone(SYDNEY) for at in free]
    assert len({at.date() for at in local}) == 3
    assert all(9 <= at.hour < 12 for at in local)


async def test_an_exact_hour_of_some_days_is_looked_for(caller: Caller) -> None:
    days = (date(2026, 3, 4), date(2026, 3, 6))
    free = await caller("A").free(Window(days=days, after=time(15), before=time(15)))
    local = [at.astimezone(SYDNEY) for at in free]
    assert [(at.date(), at.hour) for at in local] == [(day, 15) for day in days]


async def test_a_free_time_lies_on_either_side_of_a_wish(caller: Caller) -> None:
    await caller("B").hold(NOON)
    free = await caller("A").free(Window(), near=NOON)
    assert free[0] < NOON < free[-1]


async def test_what_was_not_wanted_is_not_offered_again(caller: Caller) -> None:
    first = await caller("A").free(Window(soonest=True))
    assert not set(first) & set(await caller("A").free(Window(soonest=True), without=first))
