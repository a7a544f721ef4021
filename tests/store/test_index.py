"""Callers who call again are known by number, within the window; calls on the phone are marked."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from redis.asyncio import Redis

from tests.store.calls import SID
from voicebot.business import Booking, Business, load_business
from voicebot.call import CallSid, Change, EarlierCall, Status, Step
from voicebot.ledger import Place
from voicebot.store.client import connect
from voicebot.store.index import CallIndex, is_number
from voicebot.store.live_marks import LIFE_S
from voicebot.store.store import Store

from .calls import START, answered
from .conftest import StoreMaker

NUMBER = "+61255550100"
EARLIER, LATER = CallSid("CAearlier"), CallSid("CAlater")
LIVE = f"call:{{{EARLIER}}}:live"


@pytest.fixture
def business() -> Business:
    """It can be in one place at a time."""
    return load_business(None).model_copy(update={"booking": Booking(capacity=1)})


@pytest.fixture
def store(make_store: StoreMaker) -> Store:
    return make_store(clock=lambda: START, resume_window_h=24)


async def broken_off(
    store: Store, sid: CallSid = EARLIER, status: Status = Status.ABANDONED
) -> None:
    """A call that got two answers."""
    ledger = await store.open_call(sid, caller=NUMBER)
    await ledger.commit(answered(Step.NAME, 1))
    await ledger.commit(answered(Step.PHONE, 3))
    await ledger.commit(Change(status=status))
    await ledger.close()
    await store.best_effort.finish()


async def offered(store: Store, to: CallSid = LATER) -> tuple[EarlierCall, ...]:
    """The earlier calls that a new call of the same number may go on with."""
    return (await store.open_turn(to, caller=NUMBER)).state.earlier


async def test_a_call_that_broke_off_is_found_by_its_number(store: Store) -> None:
    await broken_off(store)
    (found,) = await offered(store)
    assert found.call_sid == EARLIER
    assert set(found.state.answers) == {Step.NAME, Step.PHONE}
    assert found.state.step is Step.ADDRESS


async def test_the_call_that_asks_does_not_find_itself(store: Store) -> None:
    ledger = await store.open_call(EARLIER, caller=NUMBER)
    await ledger.commit(replace(answered(Step.NAME, 1), step=Step.NAME))
    await ledger.close()
    await store.best_effort.finish()
    assert await offered(store)
    assert not await offered(store, to=EARLIER)


async def test_a_call_that_was_ended_without_a_booking_is_found_too(store: Store) -> None:
    await broken_off(store, status=Status.INCOMPLETE)
    assert await offered(store)


@pytest.mark.parametrize("status", [Status.BOOKED, Status.TRANSFER])
async def test_after_a_call_that_came_to_its_purpose_none_is_offered(
    make_store: StoreMaker, status: Status
) -> None:
    moments = [START, START + timedelta(minutes=5)]
    store = make_store(clock=lambda: moments[0], resume_window_h=24)
    await broken_off(store)
    moments.pop(0)
    await broken_off(store, CallSid("CAdone"), status)
    assert not await offered(store)


async def test_of_several_the_newest_comes_first(make_store: StoreMaker) -> None:
    moments = [START, START + timedelta(minutes=5)]
    store = make_store(clock=lambda: moments[0], resume_window_h=24)
    await broken_off(store)
    moments.pop(0)
    await broken_off(store, CallSid("CAnewer"))
    found = await offered(store)
    assert [call.call_sid for call in found] == ["CAnewer", EARLIER]


async def test_a_call_without_answers_is_not_offered_and_hides_no_other(store: Store) -> None:
    await broken_off(store)
    await (await store.open_call(CallSid("CAempty"), caller=NUMBER)).close()
    await store.best_effort.finish()
    (found,) = await offered(store)
    assert found.call_sid == EARLIER


async def test_a_call_without_a_name_is_not_found_as_nobody_can_tell_whose_it_is(
    store: Store,
) -> None:
    ledger = await store.open_call(EARLIER, caller=NUMBER)
    await ledger.commit(answered(Step.PHONE, 3))
    await ledger.close()
    await store.best_effort.finish()
    assert not await offered(store)


async def test_a_call_may_be_offered_until_its_caller_is_asked_for_more_than_a_name(
    store: Store,
) -> None:
    await broken_off(store)
    for step, found in ((Step.NAME, 1), (Step.PHONE, 0)):
        ledger = await store.open_call(LATER, caller=NUMBER)
        assert ledger.state.earlier
        await ledger.commit(replace(answered(Step.NAME, 1), step=step))
        assert len((await store.open_call(LATER, caller=NUMBER)).state.earlier) == found


async def test_going_on_takes_along_what_the_earlier_call_holds(store: Store) -> None:
    await broken_off(store)
    wanted = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
    earlier = await store.open_turn(EARLIER)
    assert await earlier.appointments.hold(wanted) is Place.YOURS
    later = await store.open_call(LATER, caller=NUMBER)
    assert await later.appointments.hold(wanted) is Place.TAKEN
    await later.continue_earlier(EARLIER)
    assert await later.appointments.hold(wanted) is Place.YOURS
    await later.close()
    other = await store.open_call(CallSid("CAother"), caller=None)
    assert await other.appointments.hold(wanted) is Place.YOURS


async def test_a_call_that_is_on_the_phone_is_not_offered(store: Store, client: Redis) -> None:
    await broken_off(store, status=Status.ACTIVE)
    await client.set(LIVE, "somebody")
    assert not await offered(store)
    await client.delete(LIVE)
    assert await offered(store)


async def test_a_continued_call_is_offered_to_no_other(store: Store) -> None:
    """The call that goes on as it may have to be told again, should its own turn be lost."""
    await broken_off(store)
    await (await store.open_turn(LATER, caller=NUMBER)).continue_earlier(EARLIER)
    assert not await offered(store, to=CallSid("CAother"))
    assert await offered(store)


async def test_the_window_closes(store: Store, make_store: StoreMaker, client: Redis) -> None:
    await broken_off(store)
    assert 0 < await client.ttl(f"caller:{{{NUMBER}}}") <= 24 * 3600
    assert await offered(store)
    late = START + timedelta(hours=24, seconds=1)
    assert not await offered(make_store(clock=lambda: late, resume_window_h=24))


async def test_a_window_of_nothing_remembers_nobody(make_store: StoreMaker, client: Redis) -> None:
    store = make_store(resume_window_h=0)
    await broken_off(store)
    assert not await client.exists(f"caller:{{{NUMBER}}}")


@pytest.mark.parametrize(
    ("number", "known"),
    [
        (NUMBER, True),
        ("+266696687", False),
        ("anonymous", False),
        ("", False),
        ("61255550100", False),
        ("+1{2}3", False),
    ],
)
async def test_only_a_number_that_is_somebodys_is_remembered(number: str, known: bool) -> None:
    assert is_number(number) is known


async def test_an_earlier_call_whose_record_is_broken_hides_no_other(
    store: Store, client: Redis
) -> None:
    await broken_off(store)
    await broken_off(store, CallSid("CAbroken"))
    await client.delete("call:{CAbroken}")
    await client.set("call:{CAbroken}", "no hash")
    (found,) = await offered(store)
    assert found.call_sid == EARLIER


async def marked(client: Redis) -> None:
    while not await CallIndex(client).is_live(SID):
        pass  # each look gives way to the beat


async def test_a_call_is_live_while_it_is_held(client: Redis) -> None:
    index = CallIndex(client)
    async with index.hold(SID):
        await marked(client)
        assert 0 < await client.ttl(f"call:{{{SID}}}:live") <= LIFE_S
    assert not await index.is_live(SID)


async def test_a_newer_stream_keeps_its_mark_when_the_older_one_ends(client: Redis) -> None:
    index = CallIndex(client)
    async with index.hold(SID):
        await marked(client)
        await client.set(f"call:{{{SID}}}:live", "a newer stream")
    assert await index.is_live(SID)


@pytest.mark.parametrize("rounds", [50])
async def test_letting_go_at_any_moment_of_a_beat_ends_at_once(client: Redis, rounds: int) -> None:
    for yields in range(rounds):
        async with asyncio.timeout(60), CallIndex(client).hold(SID):
            for _ in range(yields % 7):
                await asyncio.sleep(0)
    assert not await CallIndex(client).is_live(SID)


async def test_redis_being_away_keeps_nobody_from_calling() -> None:
    nobody = connect("redis://127.0.0.1:1")
    async with CallIndex(nobody).hold(SID):
        assert not await CallIndex(nobody).is_live(SID)
    await nobody.aclose()


async def test_an_error_in_the_call_comes_out_of_the_hold(client: Redis) -> None:
    with pytest.raises(LookupError):
        async with CallIndex(client).hold(SID):
            raise LookupError
    assert not await CallIndex(client).is_live(SID)


class Counting:
    """A client that counts its pipelines, and commands of their own that set."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self.pipelines = self.sets = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def pipeline(self, transaction: bool = True) -> object:
        self.pipelines += 1
        return self._client.pipeline(transaction=transaction)

    async def set(self, *arguments: object, **options: object) -> object:
        self.sets += 1
        return None


async def test_the_marks_of_all_calls_are_renewed_in_one_round_trip(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.store.live_marks.BEAT_S", 0.01)
    counting = Counting(client)
    index, sids = CallIndex(cast(Redis, counting)), [CallSid(f"CA{n}") for n in range(40)]
    keys = [f"call:{{{sid}}}:live" for sid in sids]
    async with AsyncExitStack() as calls:
        for sid in sids:
            await calls.enter_async_context(index.hold(sid))
        for _ in range(3):
            before = counting.pipelines
            await client.delete(*keys)
            while await client.exists(*keys) < len(keys):  # noqa: ASYNC110 - of another task
                await asyncio.sleep(0.001)
            assert counting.pipelines - before <= 3, "one; a renewal or two beside it"
    assert counting.sets == 0
    assert await client.exists(*keys) == 0


async def test_marks_are_renewed_while_calls_come_and_go_all_the_time(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.store.live_marks.BEAT_S", 0.01)
    index = CallIndex(client)
    async with asyncio.timeout(30), index.hold(SID):
        for n in range(20):
            await client.delete(f"call:{{{SID}}}:live")
            while not await index.is_live(SID):
                async with index.hold(CallSid(f"CA{n}")):
                    await asyncio.sleep(0)


async def test_a_call_that_ends_leaves_the_others_marked(client: Redis) -> None:
    index, other = CallIndex(client), CallSid("CAother")
    async with index.hold(other):
        async with index.hold(SID):
            await marked(client)
        assert not await index.is_live(SID)
        assert await index.is_live(other)
    assert not await index.is_live(other)


async def test_a_call_that_comes_later_is_marked_at_once(client: Redis) -> None:
    index = CallIndex(client)
    async with asyncio.timeout(4), index.hold(CallSid("CAother")):  # less than a beat
        while not await index.is_live(CallSid("CAother")):  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.001)
        async with index.hold(SID):
            await marked(client)
