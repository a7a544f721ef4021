"""A turn over HTTP: whole or not at all, and a claim like any other."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from voicebot.call import CallSid, Change, Saved, Status, Step
from voicebot.errors import Fenced
from voicebot.store.commit_encoding import Commit, SessionInfo, encode
from voicebot.store.http_turns import Overtaken
from voicebot.store.layout import call_keys, legacy_key
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Scripts
from voicebot.store.store import Store

from .calls import OLD_RECORD, OLD_SID, SID, START, answered, bot, caller, stored

NUMBER = "+61255550100"
KEYS = call_keys(SID)
FRESH = CallRecord({"callSid": SID, "status": "active", "step": "name"})


async def test_nothing_of_a_turn_is_there_before_it_is_written(store: Store, client: Redis) -> None:
    turn = await store.open_turn(SID, caller=NUMBER)
    assert not turn.known
    assert await turn.commit(answered(Step.NAME, 1)) is Saved.MEMORY
    assert await client.keys() == []
    skeleton = await turn.write({"said:1": "the answer"})
    assert (skeleton.user.userInfo.name, skeleton.step) == ("Test Caller", Step.PHONE)
    assert skeleton == await store.get_call_skeleton(SID)
    assert skeleton.caller == NUMBER


async def test_the_next_turn_finds_what_a_request_was_answered(store: Store) -> None:
    await (await store.open_turn(SID)).write({"said:1": "one", "key:1": "one"})
    turn = await store.open_turn(SID, requests=["said:0", "key:1"])
    assert (turn.known, list(turn.answers)) == (True, ["one"])


async def test_a_written_turn_is_in_the_indexes_while_other_work_still_waits(store: Store) -> None:
    goes_on = asyncio.Event()
    store.best_effort.add("stalled", goes_on.wait)
    turn = await store.open_turn(SID, caller=NUMBER)
    await turn.commit(answered(Step.NAME, 1))
    await turn.write({})
    assert [entry.call_sid for entry in await store.index.recent(9)] == [SID]
    found = (await store.open_turn(CallSid("CA-later"), caller=NUMBER)).state.earlier
    assert [earlier.call_sid for earlier in found] == [SID]
    goes_on.set()


async def test_of_two_turns_that_read_the_same_record_the_slower_is_none(store: Store) -> None:
    slow, fast = await store.open_turn(SID), await store.open_turn(SID)
    for turn in (slow, fast):
        await turn.commit(Change(messages=(caller("hello"),)))
    await fast.write({})
    with pytest.raises(Overtaken):
        await slow.write({})
    assert len((await store.open_turn(SID)).record.history) == 1


async def test_a_turn_is_none_when_a_session_has_claimed_the_call_since(store: Store) -> None:
    turn = await store.open_turn(SID)
    phone = await store.open_call(SID, caller=None)
    await turn.commit(answered(Step.NAME, 1))
    with pytest.raises(Fenced):
        await turn.write({})
    assert (await store.open_turn(SID)).record.history == []
    assert await phone.commit(answered(Step.NAME, 2)) is Saved.REDIS
    await phone.close()


async def test_a_turn_takes_the_call_over_from_a_session_that_it_knew_of(store: Store) -> None:
    phone = await store.open_call(SID, caller=None)
    await phone.commit(answered(Step.NAME, 1))
    turn = await store.open_turn(SID)
    await turn.commit(answered(Step.PHONE, 3))
    await turn.write({})
    with pytest.raises(Fenced):
        await phone.commit(Change(answers={Step.PHONE: "+61255550111"}, step=Step.NAME))
    await phone.close()
    skeleton = await stored(store)
    assert (skeleton.user.userInfo.phone, skeleton.step) == ("+61255550100", Step.ADDRESS)


async def test_what_comes_out_of_a_journal_changes_no_answer_of_a_later_turn(
    store: Store, client: Redis
) -> None:
    scripts, old = Scripts(client, retention_s=1000), SessionInfo(SID, "old", START, FRESH.fields)
    await scripts.claim(old, FRESH, at=START)
    turn = await store.open_turn(SID)
    await turn.commit(Change(answers={Step.NAME: "New Name"}))
    await turn.write({})
    late = Change(answers={Step.NAME: "Old Name"}, messages=(bot("said before"),))
    await scripts.commit(old, 1, encode(Commit(1, late, START + timedelta(seconds=1))))
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "New Name"
    assert [m.message for m in skeleton.history] == ["said before"]


@pytest.mark.parametrize(
    ("before", "after"), [(Status.ABANDONED, Status.ACTIVE), (Status.BOOKED, Status.BOOKED)]
)
async def test_a_turn_reopens_only_what_is_not_finished(
    store: Store, client: Redis, before: Status, after: Status
) -> None:
    await (await store.open_turn(SID)).write({})
    await client.hset(KEYS.call, "status", before.value)
    assert (await (await store.open_turn(SID)).write({})).status is after


async def test_a_turn_makes_the_record_from_the_old_systems(store: Store, client: Redis) -> None:
    await client.set(legacy_key(OLD_SID), OLD_RECORD)
    turn = await store.open_turn(OLD_SID)
    assert (turn.known, turn.state.step) == (True, Step.EMAIL)
    before = await stored(store, OLD_SID)
    await turn.commit(Change(messages=(caller("hello"),)))
    skeleton = await turn.write({})
    assert skeleton.history[:2] == before.history
    assert len(skeleton.history) == 3


async def test_a_record_that_is_gone_since_it_was_read_is_not_made_anew_in_part(
    store: Store, client: Redis
) -> None:
    await (await store.open_turn(SID)).write({})
    turn = await store.open_turn(SID)
    await client.flushall()
    await turn.commit(answered(Step.PHONE, 1))
    with pytest.raises(Overtaken):
        await turn.write({})
    assert await store.get_call_skeleton(SID) is None
