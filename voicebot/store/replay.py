"""Bringing to Redis what an ended process left in its journal, in order and once.

Files of living processes are left alone: each brings its own. A file is taken by its lock, so
two processes on one data dir never replay the same one at once; would they, the sequence
numbers make it harmless.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from redis.exceptions import ResponseError

from voicebot.call import CallSid
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.delivery import Delivery
from voicebot.store.journal_file import (
    JournalFile,
    PendingUpdate,
    read_sessions,
    read_updates,
)
from voicebot.store.sessions import Held

log = get_logger(__name__)

JOURNALS = "journal"

Entry = TypeVar("Entry", Held, PendingUpdate)


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits in the journals of a data dir: how much, and since when."""

    entries: int
    oldest: datetime | None

    def age_s(self, now: datetime) -> float:
        """Seconds since the oldest waiting write."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


@dataclass(frozen=True, slots=True)
class Replayer:
    """How left-overs are brought: `restored` makes a delivery, `update` does a small write."""

    data_dir: Path
    restored: Callable[[Held], Delivery]
    update: Callable[[PendingUpdate], Awaitable[object]]

    async def run(self) -> int:
        """Bring everything that ended processes left; returns how many writes that were.

        Raises client.AWAY when Redis is away; what was not brought stays.
        """
        brought = 0
        for path in await asyncio.to_thread(journal_paths, self.data_dir):
            file = await asyncio.to_thread(_adopted, path)
            if file is None:
                continue
            try:
                brought += await self._bring(file)
            finally:
                await asyncio.to_thread(file.close)
        metrics.replayed.inc(brought)
        return brought

    async def _bring(self, file: JournalFile) -> int:
        brought = 0
        for held in await asyncio.to_thread(file.sessions):
            with _told(held.session.call_sid):
                await self.restored(held).catch_up()
                await asyncio.to_thread(_in_transaction, file, file.drop_session, held.session.id)
                brought += held.waiting
        for pending in await asyncio.to_thread(file.updates):
            with _told(pending.call_sid):
                await self.update(pending)
                await asyncio.to_thread(_in_transaction, file, file.drop_update, pending.id)
                brought += 1
        return brought


def journal_paths(data_dir: Path) -> list[Path]:
    """All journal files of a data dir."""
    return sorted((data_dir.absolute() / JOURNALS).glob("*.db"))


def waiting_sessions(data_dir: Path, call_sid: CallSid | None = None) -> list[Held]:
    """Sessions with something in a journal, of living processes too; oldest first."""
    found: list[Held] = []
    for path in journal_paths(data_dir):
        found += _read(path, lambda database: read_sessions(database, call_sid))
    return sorted(found, key=lambda held: held.session.began)


def waiting_updates(data_dir: Path) -> list[PendingUpdate]:
    """Small writes in the journals, of living processes too."""
    found: list[PendingUpdate] = []
    for path in journal_paths(data_dir):
        found += _read(path, read_updates)
    return sorted(found, key=lambda pending: pending.at)


def standing(data_dir: Path) -> Standing:
    """Depth and age of all journals of a data dir; also sets the metrics."""
    moments = [
        commit.at
        for held in waiting_sessions(data_dir)
        for commit in held.commits[held.delivered :]
    ]
    moments += [pending.at for pending in waiting_updates(data_dir)]
    found = Standing(len(moments), min(moments, default=None))
    metrics.journal_entries.set(found.entries)
    metrics.journal_age_seconds.set(found.age_s(datetime.now(UTC)))
    return found


@contextmanager
def _told(call_sid: CallSid) -> Iterator[None]:
    """One write that Redis refuses for good must not hold up the others."""
    try:
        yield
    except ResponseError as error:
        log.error("replay_refused", call_sid=call_sid, why=type(error).__name__)


def _read(path: Path, read: Callable[[sqlite3.Connection], list[Entry]]) -> list[Entry]:
    """What `read` finds in a file; a file that is just being made or removed holds nothing."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as database:
            return read(database)
    except sqlite3.OperationalError:
        return []


def _adopted(path: Path) -> JournalFile | None:
    try:
        return JournalFile.adopt(path)
    except (sqlite3.Error, OSError) as error:
        log.error("journal_unreadable", file=path.name, why=type(error).__name__)
        return None


def _in_transaction(file: JournalFile, operation: Callable[[str], None], key: str) -> None:
    with file.transaction():
        operation(key)
