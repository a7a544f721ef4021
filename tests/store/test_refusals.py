"""A write to a key of another type is bounded, logged, kept as a dead letter, and blocks none."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.store.journal_file import JournalFile
from voicebot.store.layout import call_keys, legacy_key
from voicebot.store.replay import dead_letter_paths, journal_backlog, journal_paths
from voicebot.store.session import CallSession

from .calls import SID, answered, caller, said, spoken, stored
from .conftest import Processes
from .faults import no_room

HEALTHY = CallSid("CAhealthy")


async def poison(client: Redis) -> None:
    """Something that is no history stands where the history should be."""
    await client.delete(call_keys(SID).history)
    await client.set(call_keys(SID).history, "no list")


async def mend(client: Redis) -> None:
    await client.delete(call_keys(SID).history)


async def given_up(ledger: CallSession) -> None:
    """Until the session has stopped to ask."""
    async with asyncio.timeout(60):
        await ledger.caught_up()


async def test_a_refused_commit_is_kept_on_disk_and_not_asked_for_ever(
    process: Processes, client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        await poison(client)
        assert await ledger.commit(said("one", 1)) is Saved.JOURNAL
        await given_up(ledger)
        asked = process.faulty.asked
        assert await ledger.commit(said("two", 2)) is Saved.JOURNAL
        await ledger.caught_up()
        assert process.faulty.asked == asked
        assert journal_backlog(process.data_dir).entries == 2
    assert "redis_refuses" in capsys.readouterr().err


async def test_a_refused_commit_leaves_no_half_of_itself(process: Processes, client: Redis) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        await poison(client)
        before = await client.hgetall(call_keys(SID).call)
        assert await ledger.commit(answered(Step.NAME, 1)) is Saved.JOURNAL
        assert not await store.writes.update_conversation_history(SID, caller("hello"))
        assert await client.hgetall(call_keys(SID).call) == before
        assert await client.exists(call_keys(SID).writes) == 0


async def test_other_calls_do_not_feel_a_poisoned_one(process: Processes, client: Redis) -> None:
    async with process() as store:
        poisoned = await store.open_call(SID, caller=None)
        healthy = await store.open_call(HEALTHY, caller=None)
        await poison(client)
        for second in range(5):
            assert await poisoned.commit(said("bad", second)) is Saved.JOURNAL
            assert await healthy.commit(said("good", second)) is Saved.REDIS
        await poisoned.close()
        assert await healthy.commit(said("good", 9)) is Saved.REDIS


async def test_what_was_mended_during_the_call_is_brought_at_its_end(
    process: Processes, client: Redis
) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        await poison(client)
        await ledger.commit(said("one", 1))
        await given_up(ledger)
        await ledger.commit(said("two", 2))
        await mend(client)
        await ledger.close()
        assert await spoken(store) == ["one", "two"]
    assert journal_backlog(process.data_dir) == journal_backlog(Path("nowhere"))


async def test_what_stays_refused_becomes_a_dead_letter_that_is_brought_by_hand(
    process: Processes, client: Redis
) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        await poison(client)
        await ledger.commit(said("one", 1))
        await ledger.commit(said("two", 2))
        await ledger.close()
        now = journal_backlog(process.data_dir)
        assert (now.entries, now.dead_letters) == (0, 2)
    async with process() as second:
        assert await second.replay(by_hand=True) == 0
        assert journal_backlog(process.data_dir).dead_letters == 2
        await mend(client)
        assert await second.replay() == 0
        assert await second.replay(by_hand=True) == 2
        assert await spoken(second) == ["one", "two"]
        assert dead_letter_paths(process.data_dir) == []


async def test_a_poisoned_call_of_a_dead_process_does_not_hold_up_the_others(
    process: Processes, client: Redis
) -> None:
    async with process() as first:
        with process.faulty.away():
            for sid in (SID, HEALTHY):
                ledger = await first.open_call(sid, caller=None)
                await ledger.commit(said(f"said in {sid}"))
            await first.tasks.close()
    await client.set(call_keys(SID).history, "no list")
    async with process() as second:
        healthy = await stored(second, HEALTHY)
        assert [m.message for m in healthy.history] == [f"said in {HEALTHY}"]
        assert journal_backlog(process.data_dir).dead_letters == 1
        assert len(journal_paths(process.data_dir)) == 1, "only the living process's own"


async def test_a_call_that_cannot_even_be_claimed_goes_on_and_becomes_a_dead_letter(
    process: Processes, client: Redis
) -> None:
    await client.set(call_keys(SID).call, "no hash")
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        assert await ledger.commit(said("one", 1)) is Saved.JOURNAL
        await ledger.close()
        assert journal_backlog(process.data_dir).dead_letters == 1
        other = await store.open_call(HEALTHY, caller=None)
        assert await other.commit(said("one", 1)) is Saved.REDIS


async def test_a_refused_small_write_is_false_and_trips_nothing(
    process: Processes, client: Redis
) -> None:
    async with process() as store:
        await store.open_call(SID, caller=None)
        healthy = await store.open_call(HEALTHY, caller=None)
        await poison(client)
        assert not await store.writes.update_conversation_history(SID, caller("hello"))
        assert await healthy.commit(said("one", 1)) is Saved.REDIS
        assert journal_backlog(process.data_dir).entries == 0


async def test_a_small_write_that_was_promised_and_is_refused_later_becomes_a_dead_letter(
    process: Processes, client: Redis
) -> None:
    async with process() as store:
        for sid in (SID, HEALTHY):
            await store.open_call(sid, caller=None)
        with process.faulty.away():
            assert await store.writes.update_conversation_history(SID, caller("hello"))
            assert await store.writes.update_user_info_field(HEALTHY, "name", "Test Caller")
            await poison(client)
        async with asyncio.timeout(60):
            await asyncio.wait(store.tasks.running - {store.replaying})
        healthy = await stored(store, HEALTHY)
        assert healthy.user.userInfo.name == "Test Caller"
        assert journal_backlog(process.data_dir).dead_letters == 1
        await mend(client)
        assert await store.replay(by_hand=True) == 1
        assert await spoken(store) == ["hello"]


async def test_a_strange_key_where_the_old_system_wrote_is_no_old_record(
    process: Processes, client: Redis
) -> None:
    await client.rpush(legacy_key(SID), "no text")
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        assert await ledger.commit(said("one", 1)) is Saved.REDIS


async def test_without_a_journal_a_refused_commit_is_only_in_memory_and_says_so(
    client: Redis, process: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    store = process.elsewhere()
    ledger = await store.open_call(SID, caller=None)
    await poison(client)
    assert await ledger.commit(Change(messages=(caller("one", 1),))) is Saved.MEMORY
    await ledger.close()
    assert "record_only_in_memory" in capsys.readouterr().err
    await store.tasks.close()
    await store.best_effort.finish()


async def test_a_full_disk_leaves_a_refused_session_where_it_is(
    process: Processes, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        await poison(client)
        assert await ledger.commit(said("one", 1)) is Saved.JOURNAL
        with monkeypatch.context() as patch:
            patch.setattr(JournalFile, "put", no_room)
            await ledger.close()
        assert journal_backlog(process.data_dir).entries == 1
