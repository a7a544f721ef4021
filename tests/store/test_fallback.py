"""The journal: on disk before it says so, loud when the disk is full."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.store.commit_encoding import (
    Commit,
    PendingCommits,
    PendingUpdate,
    SessionInfo,
    encode,
)
from voicebot.store.fallback import FallbackStore
from voicebot.store.journal_file import JournalFile, read_journal
from voicebot.store.record import CallRecord
from voicebot.store.replay import journal_backlog, journal_paths, waiting_sessions

from .calls import SID, START, answered, caller, sample


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """The connections that are opened from now on."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    return opened


@pytest.fixture
async def journal(
    databases: list[sqlite3.Connection], tmp_path: Path
) -> AsyncIterator[FallbackStore]:
    journal = FallbackStore(tmp_path / "journal")
    yield journal
    await journal.close()


def held(name: str = "a", commits: int = 2, *, delivered: int = 0) -> PendingCommits:
    """A session of some commits."""
    fresh = {"callSid": SID, "step": "name"}
    return PendingCommits(
        SessionInfo(SID, name, START, fresh),
        None,
        CallRecord(fresh, ("{}",)),
        delivered,
        tuple(
            encode(Commit(n, Change(messages=(caller(f"message {n}", n),)), START))
            for n in range(1, commits + 1)
        ),
    )


async def test_what_is_kept_is_read_back_as_it_was(journal: FallbackStore, tmp_path: Path) -> None:
    whole = replace(held(), commits=(encode(Commit(1, answered(Step.TIME, 3), START)),))
    assert await journal.keep(whole) is Saved.JOURNAL
    assert waiting_sessions(tmp_path) == [whole]
    assert waiting_sessions(tmp_path, SID) == [whole]
    assert waiting_sessions(tmp_path, CallSid("CAother")) == []


async def test_keeping_again_adds_what_is_new_and_repeats_nothing(
    journal: FallbackStore, tmp_path: Path
) -> None:
    await journal.keep(held(commits=1))
    later = replace(held(commits=3, delivered=1), epoch=4)
    await journal.keep(later)
    assert waiting_sessions(tmp_path) == [later]
    assert journal_backlog(tmp_path).entries == 2


async def test_a_small_write_is_read_back_as_it_was(journal: FallbackStore, tmp_path: Path) -> None:
    name = {"user.userInfo.name": "Test Caller"}
    pending = PendingUpdate("w1", SID, START, name, ("{}",), (("type", "field"),))
    assert await journal.keep(pending) is Saved.JOURNAL
    (path,) = journal_paths(tmp_path)
    assert read_journal(path).entries == (pending,)


async def test_what_redis_has_is_forgotten_and_an_empty_file_removed(tmp_path: Path) -> None:
    journal = FallbackStore(tmp_path / "journal")
    await journal.keep(held())
    journal.forget("a")
    await journal.close()
    assert list((tmp_path / "journal").iterdir()) == []


async def test_a_file_with_entries_stays_for_the_next_process(tmp_path: Path) -> None:
    journal = FallbackStore(tmp_path / "journal")
    await journal.keep(held())
    await journal.close()
    (path,) = journal_paths(tmp_path)
    file = JournalFile.adopt(path)
    assert file is not None
    assert file.entries() == [held()]
    file.close()


async def test_the_file_of_a_living_process_cannot_be_taken(
    journal: FallbackStore, tmp_path: Path
) -> None:
    await journal.keep(held())
    (path,) = journal_paths(tmp_path)
    assert JournalFile.adopt(path) is None


async def test_writes_that_arrive_together_all_become_durable(
    journal: FallbackStore, tmp_path: Path
) -> None:
    saved = await asyncio.gather(*(journal.keep(held(f"s{n:02}")) for n in range(50)))
    assert set(saved) == {Saved.JOURNAL}
    assert sorted(h.session.id for h in waiting_sessions(tmp_path)) == [
        f"s{n:02}" for n in range(50)
    ]


async def test_a_commit_waits_for_the_disk(
    journal: FallbackStore, databases: list[sqlite3.Connection]
) -> None:
    """`synchronous=FULL` in WAL mode: SQLite's own promise of an fsync at each commit."""
    await journal.keep(held())
    (database,) = databases
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_full_disk_leaves_the_write_in_memory_and_says_so(
    journal: FallbackStore,
    databases: list[sqlite3.Connection],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await journal.keep(held())
    with disk_full(databases[0]):
        assert await journal.keep(held("b", commits=500)) is Saved.MEMORY
    assert "journal_unusable" in capsys.readouterr().err
    assert [h.session.id for h in waiting_sessions(tmp_path)] == ["a"]
    assert await journal.keep(held("b", commits=500)) is Saved.JOURNAL


async def test_a_directory_that_cannot_be_made_leaves_the_write_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = FallbackStore(tmp_path / "file" / "journal")
    await journal.open()
    assert await journal.keep(held()) is Saved.MEMORY
    await journal.close()


async def test_a_file_that_is_just_being_made_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    sqlite3.connect(tmp_path / "journal" / "new.db").close()
    (tmp_path / "journal" / "empty.db").touch()
    assert waiting_sessions(tmp_path) == []
    assert journal_backlog(tmp_path).entries == 0


async def test_depth_and_age_of_the_journal_are_told(tmp_path: Path) -> None:
    journal = FallbackStore(tmp_path / "journal")
    await journal.keep(held(commits=3, delivered=1))
    found = journal_backlog(tmp_path)
    assert (found.entries, found.age_s(START + timedelta(seconds=7))) == (2, 7.0)
    assert sample("voicebot_journal_entries") == 2
    assert sample("voicebot_journal_age_seconds") > 0
    journal.forget("a")
    await journal.close()
    assert journal_backlog(tmp_path).entries == 0
    assert sample("voicebot_journal_entries") == sample("voicebot_journal_age_seconds") == 0


@contextmanager
def disk_full(database: sqlite3.Connection) -> Iterator[None]:
    """No page more for the journal's file."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        database.execute("PRAGMA max_page_count = 1000000")
