"""An ended process's writes are replayed once, in order, and harm no later session."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import connect as open_database

import pytest

from voicebot.call import FIELDS, CallSid, Change, Saved, Status, Step
from voicebot.errors import Fenced, StoreUnavailable
from voicebot.store.journal_file import JournalFile
from voicebot.store.replay import journal_backlog, journal_paths

from .calls import SID, answered, caller, said, spoken, stored
from .conftest import Processes
from .faults import no_room


async def test_what_a_dead_process_left_is_there_before_the_next_takes_calls(
    process: Processes,
) -> None:
    async with process() as first:
        ledger = await first.open_call(SID, caller=None)
        assert await ledger.commit(answered(Step.NAME, 1)) is Saved.REDIS
        with process.faulty.away():
            assert await ledger.commit(answered(Step.PHONE, 3)) is Saved.JOURNAL
            assert await ledger.commit(answered(Step.ADDRESS, 5)) is Saved.JOURNAL
            await first.tasks.close()
    async with process() as second:
        again = await second.open_call(SID, caller=None)
        assert set(again.state.answers) == {Step.NAME, Step.PHONE, Step.ADDRESS}
        assert again.state.step is Step.EMAIL
        assert len(await spoken(second)) == 6
    assert journal_paths(process.data_dir) == []


async def test_a_commit_whose_reply_was_lost_is_not_replayed_into_a_second_message(
    process: Processes,
) -> None:
    async with process() as first:
        ledger = await first.open_call(SID, caller=None)
        with process.faulty.replies_lost():
            assert await ledger.commit(said("once")) is Saved.JOURNAL
            await first.tasks.close()
    async with process() as second:
        assert await spoken(second) == ["once"]


async def test_a_call_that_never_reached_redis_is_replayed_as_a_whole(process: Processes) -> None:
    with process.faulty.away():
        async with process() as first:
            ledger = await first.open_call(SID, caller="+61255550100")
            for second, step in enumerate(FIELDS):
                assert await ledger.commit(answered(step, 2 * second)) is Saved.JOURNAL
            await ledger.close()
    async with process() as store:
        skeleton = await stored(store)
        assert (skeleton.status, skeleton.servicebooked) == (Status.BOOKED, True)
        assert skeleton.caller == "+61255550100"
        assert len(skeleton.history) == 2 * len(FIELDS)


async def test_a_call_out_of_a_journal_is_among_the_recent_ones(process: Processes) -> None:
    with process.faulty.away():
        async with process() as store:
            ledger = await store.open_call(SID, caller="+61255550100")
            await ledger.commit(said("My name is"))
        assert await store.index.recent(9) == []
    async with process() as store:
        await store.best_effort.finish()
        assert [entry.call_sid for entry in await store.index.recent(9)] == [SID]


async def test_what_comes_out_of_a_journal_after_a_takeover_changes_no_field(
    process: Processes,
) -> None:
    async with process() as first:
        ledger = await first.open_call(SID, caller=None)
        with process.faulty.away():
            await ledger.commit(
                Change(
                    answers={Step.NAME: "Old Name", Step.EMAIL: "caller@example.com"},
                    messages=(caller("said to the old one", 1),),
                    step=Step.TIME,
                )
            )
            await first.tasks.close()
        elsewhere = process.elsewhere()
        newer = await elsewhere.open_call(SID, caller=None)
        await newer.commit(
            Change(
                answers={Step.NAME: "New Name"},
                messages=(caller("said to the new one", 2),),
                step=Step.PHONE,
            )
        )
    async with process() as second:
        skeleton = await stored(second)
        assert skeleton.user.userInfo.name == "New Name"
        assert skeleton.user.userInfo.email == "caller@example.com"
        assert skeleton.step is Step.PHONE
        assert await spoken(second) == ["said to the old one", "said to the new one"]
        assert await newer.commit(said("goes on", 3)) is Saved.REDIS
        await elsewhere.aclose()


async def test_an_unclaimed_call_that_went_on_elsewhere_does_not_fence_its_newer_owner(
    process: Processes,
) -> None:
    async with process() as first:
        with process.faulty.away():
            ledger = await first.open_call(SID, caller=None)
            await ledger.commit(said("said to the old one", 1))
            await first.tasks.close()
        elsewhere = process.elsewhere()
        newer = await elsewhere.open_call(SID, caller=None)
    async with process() as second:
        assert await newer.commit(said("said to the new one", 2)) is Saved.REDIS
        assert await spoken(second) == ["said to the old one", "said to the new one"]
        await elsewhere.aclose()


async def test_two_processes_do_not_replay_each_others_living_entries(process: Processes) -> None:
    async with process() as first, process() as second:
        ledger = await first.open_call(SID, caller=None)
        with process.faulty.away():
            await ledger.commit(said("mine"))
        assert await second.replay() == 0
        assert journal_backlog(process.data_dir).entries <= 1
        await ledger.caught_up()
        assert await spoken(second) == ["mine"]


async def test_a_replay_that_was_cut_off_goes_on_where_it_was(process: Processes) -> None:
    async with process() as first:
        with process.faulty.away():
            for name in ("CA1", "CA2"):
                ledger = await first.open_call(CallSid(name), caller=None)
                await ledger.commit(said(name))
            await first.tasks.close()
    with process.faulty.replies_lost():
        async with process() as cut_off:
            assert journal_backlog(process.data_dir).entries > 0
            with pytest.raises(StoreUnavailable):
                await cut_off.replay()
    async with process() as second:
        for name in ("CA1", "CA2"):
            assert await spoken(second, name) == [name]
    assert journal_backlog(process.data_dir).entries == 0


async def test_a_replay_that_is_stopped_while_it_opens_a_file_leaves_it_to_the_next(
    process: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process() as first:
        with process.faulty.away():
            await (await first.open_call(SID, caller=None)).commit(said("left behind"))
            await first.tasks.close()
    opened, stopped = threading.Event(), threading.Event()
    adopt = JournalFile.adopt

    def slowly(path: Path) -> JournalFile | None:
        file = adopt(path)
        opened.set()
        stopped.wait()
        return file

    monkeypatch.setattr(JournalFile, "adopt", slowly)
    stopping = process.elsewhere()
    replaying = asyncio.ensure_future(stopping.replay())
    await asyncio.to_thread(opened.wait)
    replaying.cancel()
    stopped.set()
    with pytest.raises(asyncio.CancelledError):
        await replaying
    monkeypatch.undo()
    async with process() as second:
        assert await spoken(second) == ["left behind"]
    await stopping.tasks.close()


async def test_the_webhook_reads_a_calls_status_from_the_journal(process: Processes) -> None:
    async with process() as store:
        with process.faulty.away():
            ledger = await store.open_call(SID, caller=None)
            await ledger.commit(Change(status=Status.TRANSFER))
            assert await store.status(SID) is Status.TRANSFER
            assert await store.status(CallSid("CAunknown")) is None
            await store.tasks.close()


async def test_a_call_goes_on_from_the_journal_when_redis_stays_away(process: Processes) -> None:
    with process.faulty.away():
        async with process() as first:
            ledger = await first.open_call(SID, caller=None)
            await ledger.commit(answered(Step.NAME, 1))
            await ledger.commit(answered(Step.PHONE, 3))
        async with process() as second:
            again = await second.open_call(SID, caller=None)
            assert set(again.state.answers) == {Step.NAME, Step.PHONE}
            assert again.state.step is Step.ADDRESS
            await again.commit(answered(Step.ADDRESS, 5))
    async with process() as third:
        skeleton = await stored(third)
        info = skeleton.user.userInfo
        assert None not in (info.name, info.phone, info.address)
        assert len(skeleton.history) == 6
        assert skeleton.step is Step.EMAIL


async def test_integrators_writes_are_true_when_the_journal_has_them(process: Processes) -> None:
    async with process() as first:
        await first.open_call(SID, caller=None)
        with process.faulty.away():
            assert await first.writes.update_user_info_field(SID, "name", "One")
            assert await first.writes.update_user_info_field(SID, "name", "Two")
            assert await first.writes.update_conversation_history(SID, caller("hello"))
            await first.tasks.close()
    async with process() as second:
        skeleton = await stored(second)
        assert skeleton.user.userInfo.name == "Two"
        assert [m.message for m in skeleton.history] == ["hello"]


async def test_integrators_writes_reach_redis_when_it_is_back_without_a_restart(
    process: Processes,
) -> None:
    async with process() as store:
        await store.open_call(SID, caller=None)
        with process.faulty.replies_lost():
            assert await store.writes.update_conversation_history(SID, caller("once"))
        await asyncio.wait(store.tasks.running - {store.replaying})
        assert await spoken(store) == ["once"]


async def test_a_full_disk_and_no_redis_leave_the_record_in_memory_until_one_returns(
    process: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process() as store:
        ledger = await store.open_call(SID, caller=None)
        with process.faulty.away():
            with monkeypatch.context() as patch:
                patch.setattr(JournalFile, "put", no_room)
                assert await ledger.commit(said("one", 1)) is Saved.MEMORY
                assert not await store.writes.update_user_info_field(SID, "name", "Test Caller")
            assert await ledger.commit(said("two", 2)) is Saved.JOURNAL
            assert journal_backlog(process.data_dir).entries == 2
        await ledger.caught_up()
        assert await spoken(store) == ["one", "two"]


async def test_a_taken_over_session_learns_it_also_when_redis_was_away(process: Processes) -> None:
    async with process() as store:
        older = await store.open_call(SID, caller=None)
        newer = await store.open_call(SID, caller=None)
        with process.faulty.away():
            assert await older.commit(said("one", 1)) is Saved.JOURNAL
        await older.caught_up()
        with pytest.raises(Fenced):
            await older.commit(said("two", 2))
        assert await newer.commit(said("three", 3)) is Saved.REDIS
        assert await spoken(store) == ["one", "two", "three"]


_VICTIM = """
import asyncio, sys
from pathlib import Path
from voicebot.business import load_business
from voicebot.call import Change, CallSid, Message, Speaker, Saved
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.layout import utc_now

async def main():
    settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]), redis_url=sys.argv[2])
    async with open_store(settings, load_business(None)) as store:
        ledger = await store.open_call(CallSid("CAvictim"), caller=None)
        for n in range(1000):
            saved = await ledger.commit(
                Change(messages=(Message(Speaker.CALLER, str(n), utc_now()),))
            )
            print(n, saved.value, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_everything_a_process_acknowledged_before_it_was_killed_survives(
    process: Processes,
) -> None:
    """A real process, a real SIGKILL; Redis is away for all of its life."""
    nowhere = "redis://127.0.0.1:1"
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _VICTIM,
        str(process.data_dir),
        nowhere,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert victim.stdout is not None
    acknowledged: list[list[str]] = []
    while len(acknowledged) < 50:
        acknowledged.append((await victim.stdout.readline()).decode().split())
    os.kill(victim.pid, signal.SIGKILL)
    rest = (await victim.stdout.read()).decode().splitlines()
    acknowledged += [line.split() for line in rest if line.endswith("journal")]
    await victim.wait()
    assert {saved for _, saved in acknowledged} == {"journal"}
    async with process() as store:
        skeleton = await stored(store, "CAvictim")
    texts = [m.message for m in skeleton.history]
    assert texts == [str(n) for n in range(len(texts))]
    assert len(texts) >= len(acknowledged)


def not_sqlite(journal: Path) -> None:
    journal.write_bytes(b"no database at all " * 500)


def torn(journal: Path) -> None:
    """Only the first page is as it was written."""
    pages = journal.read_bytes()
    journal.write_bytes(pages[:4096] + b"\xaa" * (len(pages) - 4096))


def no_json(journal: Path) -> None:
    with closing(open_database(journal)) as database:
        database.execute("UPDATE commits SET arguments = '[1, '")
        database.commit()


def cut_to_nothing(journal: Path) -> None:
    journal.write_bytes(b"")


@pytest.mark.parametrize("damage", [not_sqlite, torn, no_json, cut_to_nothing])
async def test_a_damaged_journal_stops_no_call_no_start_and_no_other_journal(
    process: Processes, damage: Callable[[Path], None]
) -> None:
    for sid in (SID, CallSid("CAother")):
        async with process() as ended:
            with process.faulty.away():
                ledger = await ended.open_call(sid, caller=None)
                assert await ledger.commit(said("once", 1)) is Saved.JOURNAL
                await ended.tasks.close()
        if sid == SID:
            (first,) = journal_paths(process.data_dir)
            first = first.rename(first.with_name("0.db"))  # it is looked at first
            damage(first)
    async with process() as store:
        other = await stored(store, "CAother")
        assert [message.message for message in other.history] == ["once"]
        again = await store.open_call(SID, caller=None)
        assert await again.commit(said("on", 2)) is Saved.REDIS
        assert await store.status(SID) is Status.ACTIVE
        assert await store.replay() == 0
    now = journal_backlog(process.data_dir)
    assert (now.entries, now.dead_letters, first.exists()) == (0, 1, True)
