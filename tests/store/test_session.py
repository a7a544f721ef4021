"""A session's commits: whatever Redis does, nothing is lost and nothing is written twice."""

import asyncio
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from voicebot.call import FIELDS, CallSid, Change, Saved, Status, Step
from voicebot.errors import Fenced
from voicebot.settings import SaveMode, Settings
from voicebot.store.session import CallSession
from voicebot.store.store import Store, save_mode

from .calls import SID, answered, bot, said, sample, spoken, stored
from .conftest import StoreMaker
from .faults import FaultyRedis


@pytest.fixture
def store(faulty: FaultyRedis, make_store: StoreMaker) -> Store:
    return make_store(on=cast(Redis, faulty))


async def test_an_acknowledged_commit_is_in_redis(store: Store, ledger: CallSession) -> None:
    assert await ledger.commit(answered(Step.NAME, 1)) is Saved.REDIS
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Test Caller"
    assert skeleton.step is Step.PHONE


async def test_the_next_session_finds_where_the_call_stands(store: Store) -> None:
    first = await store.open_call(SID, caller=None)
    assert not first.state.resumed
    for second, step in enumerate(FIELDS[:3]):
        await first.commit(answered(step, second))
    again = await store.open_call(SID, caller=None)
    assert again.state.resumed
    assert again.state.step is Step.EMAIL
    assert set(again.state.answers) == set(FIELDS[:3])
    assert again.state.dialogue == '{"turn":2}'


@pytest.mark.parametrize("error", [None, RedisTimeoutError(), ReadOnlyError(), OutOfMemoryError()])
async def test_what_redis_refuses_is_brought_in_order_when_it_is_back(
    store: Store, faulty: FaultyRedis, ledger: CallSession, error: RedisError | None
) -> None:
    with faulty.away(error):
        assert await ledger.commit(said("one")) is Saved.MEMORY
        assert await ledger.commit(said("two")) is Saved.MEMORY
    await ledger.caught_up()
    assert await ledger.commit(said("three")) is Saved.REDIS
    assert await spoken(store) == ["one", "two", "three"]


async def test_a_lost_reply_never_writes_a_message_twice(
    store: Store, faulty: FaultyRedis, ledger: CallSession
) -> None:
    with faulty.replies_lost():
        assert await ledger.commit(said("one")) is Saved.MEMORY
    await ledger.caught_up()
    assert await ledger.commit(said("two")) is Saved.REDIS
    assert await spoken(store) == ["one", "two"]


async def test_a_call_goes_on_when_redis_hangs_and_the_late_answer_counts(
    store: Store, faulty: FaultyRedis, make_store: StoreMaker
) -> None:
    hurried = make_store(on=cast(Redis, faulty), commit_deadline_ms=1)
    ledger = await hurried.open_call(SID, caller=None)
    with faulty.hung():
        assert await ledger.commit(said("one")) is Saved.MEMORY
        asked = faulty.asked
        assert await ledger.commit(said("two")) is Saved.MEMORY
        assert faulty.asked == asked
    await ledger.caught_up()
    await ledger.close()
    assert not ledger.pending.waiting
    assert await spoken(store) == ["one", "two"]


async def test_what_waits_at_the_end_of_a_call_is_written_then(
    store: Store, faulty: FaultyRedis, ledger: CallSession
) -> None:
    with faulty.away():
        await ledger.commit(answered(Step.NAME, 1))
    await ledger.close()
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Test Caller"


async def test_a_call_that_begins_while_redis_is_away_is_written_when_it_is_back(
    store: Store, faulty: FaultyRedis
) -> None:
    with faulty.away():
        ledger = await store.open_call(SID, caller="+61255550100")
        assert ledger.state.step is Step.NAME
        assert await ledger.commit(answered(Step.NAME, 1)) is Saved.MEMORY
    await ledger.caught_up()
    assert await ledger.commit(answered(Step.PHONE, 3)) is Saved.REDIS
    skeleton = await stored(store)
    assert (skeleton.caller, skeleton.step) == ("+61255550100", Step.ADDRESS)
    assert len(skeleton.history) == 4


async def test_what_redis_forgot_is_sent_again(
    store: Store, client: Redis, ledger: CallSession
) -> None:
    await ledger.commit(answered(Step.NAME, 1))
    await ledger.commit(answered(Step.PHONE, 3))
    await client.flushall()
    assert await ledger.commit(answered(Step.ADDRESS, 5)) is Saved.REDIS
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Test Caller"
    assert len(skeleton.history) == 6


async def test_a_record_that_redis_forgot_comes_back_with_what_was_there_before_the_session(
    store: Store, client: Redis
) -> None:
    first = await store.open_call(SID, caller=None)
    await first.commit(answered(Step.NAME, 1))
    second = await store.open_call(SID, caller=None)
    await client.flushall()
    await second.commit(answered(Step.PHONE, 3))
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Test Caller"
    assert len(skeleton.history) == 4


async def test_a_session_that_was_taken_over_is_told_and_what_it_heard_is_kept(
    store: Store, ledger: CallSession
) -> None:
    newer = await store.open_call(SID, caller=None)
    with pytest.raises(Fenced):
        await ledger.commit(said("said to the older one"))
    assert await newer.commit(said("said to the newer one")) is Saved.REDIS
    assert len(await spoken(store)) == 2


async def test_commits_of_one_session_at_the_same_moment_keep_their_order(
    store: Store, ledger: CallSession
) -> None:
    texts = [str(n) for n in range(20)]
    await asyncio.gather(*(ledger.commit(said(text)) for text in texts))
    assert await spoken(store) == texts


async def test_a_cancelled_commit_is_still_written(
    store: Store, faulty: FaultyRedis, ledger: CallSession
) -> None:
    with faulty.hung():
        commit = asyncio.ensure_future(ledger.commit(said("one")))
        await asyncio.sleep(0)
        commit.cancel()
        await asyncio.wait({commit})
    assert await ledger.commit(said("two")) is Saved.REDIS
    assert await spoken(store) == ["one", "two"]


async def test_batch_mode_writes_the_same_record_at_the_end_of_the_call(
    make_store: StoreMaker,
) -> None:
    records = []
    for mode in SaveMode:
        store = make_store(save_mode=mode)
        sid = CallSid(f"CA-{mode}")
        ledger = await store.open_call(sid, caller=None)
        await ledger.commit(Change(messages=(bot("Welcome to us", 0),)))
        await ledger.commit(
            Change(revised=(bot("Welcome to us", 0), bot("Welcome", 0)), step=Step.NAME)
        )
        for second, step in enumerate(FIELDS):
            await ledger.commit(answered(step, 2 * second))
        await ledger.commit(
            Change(confirmed=frozenset({Step.NAME, Step.PHONE}), status=Status.BOOKED)
        )
        await ledger.commit(Change(unconfirmed=frozenset({Step.PHONE})))
        before = await stored(store, sid)
        await ledger.close()
        after = await stored(store, sid)
        assert (before == after) is (mode is SaveMode.REALTIME)
        moments = {f"{step}_timestamp" for step in FIELDS}
        timeless = {"callSid": True, "createdAt": True, "updatedAt": True}
        records.append(after.model_dump(exclude=timeless | {"user": {"userInfo": moments}}))
    assert records[0] == records[1]


async def test_batch_mode_keeps_the_moment_of_each_answer(make_store: StoreMaker) -> None:
    store = make_store(save_mode=SaveMode.BATCH)
    ledger = await store.open_call(SID, caller=None)
    assert await ledger.commit(answered(Step.NAME, 1)) is Saved.MEMORY
    await asyncio.sleep(0.002)
    await ledger.commit(answered(Step.PHONE, 3))
    await ledger.close()
    skeleton = await stored(store)
    info = skeleton.user.userInfo
    assert info.name_timestamp is not None
    assert info.phone_timestamp is not None
    assert info.name_timestamp < info.phone_timestamp


def test_the_realtime_share_is_drawn_by_the_call_and_always_the_same(settings: Settings) -> None:
    calls = [CallSid(f"CA{n:05}") for n in range(2000)]

    def realtime(share: float) -> set[CallSid]:
        chosen = settings.model_copy(update={"realtime_share": share})
        return {c for c in calls if save_mode(chosen, c) is SaveMode.REALTIME}

    assert realtime(0.0) == set()
    assert realtime(1.0) == set(calls)
    assert 0.2 < len(realtime(0.25)) / len(calls) < 0.3
    assert realtime(0.25) < realtime(0.5)


def test_batch_mode_leaves_no_share_for_realtime(settings: Settings) -> None:
    batch = settings.model_copy(update={"save_mode": SaveMode.BATCH})
    assert save_mode(batch, SID) is SaveMode.BATCH


async def test_commits_are_counted_by_where_they_rest(
    faulty: FaultyRedis, ledger: CallSession
) -> None:
    redis, memory, failures = (
        sample("voicebot_commit_seconds_count", saved="redis"),
        sample("voicebot_commit_seconds_count", saved="memory"),
        sample("voicebot_commit_failures_total"),
    )
    await ledger.commit(answered(Step.NAME, 1))
    with faulty.away():
        await ledger.commit(answered(Step.PHONE, 3))
    await ledger.caught_up()
    assert sample("voicebot_commit_seconds_count", saved="redis") == redis + 1
    assert sample("voicebot_commit_seconds_count", saved="memory") == memory + 1
    assert sample("voicebot_commit_failures_total") == failures + 1
