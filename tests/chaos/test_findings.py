"""Findings of the trials, each in its smallest form: two processes on one data dir, one Redis."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from tests.store.calls import SID, caller
from tests.store.faults import FaultyRedis
from voicebot.business import load_business
from voicebot.call import Answer, Change, Saved, Status, Step
from voicebot.settings import Settings
from voicebot.store import CallSession, Store
from voicebot.store import fallback as journal
from voicebot.store.fallback import FallbackStore
from voicebot.store.journal_file import JournalFile
from voicebot.store.replay import JOURNALS, waiting_sessions

ENOUGH_MS = 10_000


@dataclass
class Process:
    """A worker's store, and its own wire to the one Redis."""

    store: Store
    redis: FaultyRedis

    async def open_call(self) -> CallSession:
        return await self.store.open_call(SID, caller=None)

    async def answer(self, step: Step) -> Answer | None:
        """Return the record."""
        return (await self.open_call()).state.answers.get(step)


@asynccontextmanager
async def process(server: FakeServer, data_dir: Path) -> AsyncIterator[Process]:
    redis = FaultyRedis(FakeAsyncRedis(server=server, decode_responses=True))
    settings = Settings(_env_file=None, data_dir=data_dir, commit_deadline_ms=ENOUGH_MS)
    shelf = FallbackStore(data_dir / JOURNALS)
    store = Store(cast(Redis, redis), settings, load_business(None), fallback=shelf)
    await store.start()
    yield Process(store, redis)
    await store.aclose()


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    server = FakeServer()
    async with process(server, tmp_path) as one, process(server, tmp_path) as other:
        yield one, other


async def test_a_call_that_ended_in_the_journal_is_not_streamed_again(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    ledger = await one.open_call()
    await ledger.commit(Change(messages=(caller("hello"),)))
    with one.redis.away():
        assert await ledger.commit(Change(status=Status.BOOKED)) is Saved.JOURNAL
        assert await other.store.status(SID) is Status.BOOKED


async def test_a_session_resumes_from_what_another_has_in_its_journal(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    ledger = await one.open_call()
    await ledger.commit(Change(messages=(caller("hello"),)))
    with one.redis.away():
        assert await ledger.commit(Change(answers={Step.NAME: "Ann Lee"})) is Saved.JOURNAL
        assert (await other.open_call()).state.answers == {Step.NAME: "Ann Lee"}


async def test_a_correction_in_the_journal_survives_a_takeover(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    ledger = await one.open_call()
    await ledger.commit(Change(answers={Step.PHONE: "+61255550100"}))
    with one.redis.away():
        corrected = Change(answers={Step.PHONE: "+61255550199"})
        assert await ledger.commit(corrected) is Saved.JOURNAL
        await other.open_call()
    await ledger.caught_up()
    assert await other.answer(Step.PHONE) == "+61255550199"


async def test_a_third_session_knows_what_two_before_it_journaled(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    with one.redis.away(), other.redis.away():
        first = await one.open_call()
        await first.commit(Change(answers={Step.NAME: "Ann Lee"}))
        second = await other.open_call()
        await second.commit(Change(answers={Step.PHONE: "+61255550100"}))
        third = await one.open_call()
    assert third.state.answers == {Step.NAME: "Ann Lee", Step.PHONE: "+61255550100"}


async def test_a_call_that_begins_right_after_one_slow_commit_sees_its_record(
    two: tuple[Process, Process],
) -> None:
    one, _ = two
    await (await one.open_call()).commit(Change(answers={Step.NAME: "Ann Lee"}))
    one.store.breaker.trip()  # what a commit does that is late by a millisecond
    assert await one.answer(Step.NAME) == "Ann Lee"


async def test_what_a_full_disk_did_not_forget_is_forgotten_when_there_is_room(
    two: tuple[Process, Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = two
    full = asyncio.Event()
    drop, full_disk = JournalFile.drop, sqlite3.OperationalError("disk is full")

    def drop_entry(file: JournalFile, entry_id: str) -> None:
        if not full.is_set():
            full.set()
            raise full_disk
        drop(file, entry_id)

    monkeypatch.setattr(journal, "FORGET_AGAIN_S", 0.01)
    monkeypatch.setattr(JournalFile, "drop", drop_entry)
    ledger = await one.open_call()
    with one.redis.away():
        assert await ledger.commit(Change(answers={Step.NAME: "Ann Lee"})) is Saved.JOURNAL
    await ledger.caught_up()
    async with asyncio.timeout(60):
        while waiting_sessions(tmp_path):  # noqa: ASYNC110 - of another thread
            await asyncio.sleep(0.01)
    assert full.is_set()
