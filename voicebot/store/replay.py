"""Replays what ended processes left in their journals, in order and once, and lists it.

Files of living processes are left alone: each brings its own. A file is taken by its lock, so
two processes on one data dir never replay the same one at once; would they, the sequence
numbers make it harmless. What Redis denies just now stays, and holds up no other. Where a key
of another type stands at the call's place it becomes a dead letter, which only `by_hand` tries
again. A
file whose bytes are not what was written stays for a person; it, too, holds up no other, and no
call.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from redis.exceptions import ResponseError

from voicebot.call import CallSid
from voicebot.errors import BrokenRecord
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.commits import PendingCommits, PendingUpdate, SessionInfo
from voicebot.store.journal_file import (
    DEAD_LETTERS,
    JournalFile,
    is_cut,
    is_living,
    read_refusal,
    read_sessions,
    read_updates,
)
from voicebot.store.replicas import TooFewReplicas

log = get_logger(__name__)

JOURNALS = "journal"

Row = TypeVar("Row", PendingCommits, PendingUpdate, str)

Denied = list[ResponseError | TooFewReplicas]
"""What Redis said of entries that it did not take just now."""

_UNREADABLE = (sqlite3.Error, ValueError)
"""Torn pages, a disk without room even for forgetting; text that is no JSON, and no moment."""


@dataclass(frozen=True, slots=True)
class JournalBacklog:
    """What waits in the journals of a data dir: how much, and since when.

    dead_letters  writes that Redis refuses for good, and damaged files; not among `entries`
    """

    entries: int
    oldest: datetime | None
    dead_letters: int = 0

    def age_s(self, now: datetime) -> float:
        """Return the seconds since the oldest waiting write."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


@dataclass(frozen=True, slots=True)
class Replayer:
    """Replays the journals of a data dir.

    deliver  brings a session's commits
    update    brings a small write
    brought   called with each session whose writes have reached Redis; must not block
    reported  unreadable files that were logged, each once
    """

    data_dir: Path
    deliver: Callable[[PendingCommits], Awaitable[object]]
    update: Callable[[PendingUpdate], Awaitable[object]]
    brought: Callable[[SessionInfo], None]
    reported: set[Path] = field(default_factory=set)

    async def run(self) -> int:
        """Bring everything that ended processes left; returns how many writes that were.

        Raises client.AWAY as soon as Redis does not answer; and, when everything was tried, an
        error (also TooFewReplicas) for what it did not take. What was not brought stays.
        """
        return await self._all(await asyncio.to_thread(journal_paths, self.data_dir))

    async def by_hand(self) -> int:
        """Run, and try dead letters once more: what was wrong may be repaired."""
        paths = await asyncio.to_thread(journal_paths, self.data_dir)
        return await self._all(paths + await asyncio.to_thread(dead_letter_paths, self.data_dir))

    async def _all(self, paths: list[Path]) -> int:
        brought = 0
        denied: Denied = []
        for path in paths:
            try:
                brought += await self._brought_from(path, denied)
            except _UNREADABLE as error:
                self._report(path, error)
        metrics.replayed.inc(brought)
        if denied:
            raise denied[0]
        return brought

    async def _brought_from(self, path: Path, denied: Denied) -> int:
        file = await asyncio.to_thread(self._adopted, path)
        if file is None:
            return 0
        try:
            return await self._bring(file, denied)
        finally:
            await asyncio.to_thread(file.close)

    def _adopted(self, path: Path) -> JournalFile | None:
        try:
            return JournalFile.adopt(path)
        except OSError as error:  # a file of the disk, not Redis
            self._report(path, error)
            return None

    def _report(self, path: Path, error: Exception) -> None:
        if path not in self.reported:
            self.reported.add(path)
            advice = "leave it where it is; see `voicebot journal`"
            log.error("journal_unreadable", file=path.name, why=type(error).__name__, advice=advice)

    async def _bring(self, file: JournalFile, denied: Denied) -> int:
        brought = 0
        for pending in await asyncio.to_thread(file.sessions):
            if not await _taken(self.deliver(pending), file, pending, denied):
                continue
            await asyncio.to_thread(_in_transaction, file, file.drop_session, pending.session.id)
            self.brought(pending.session)
            brought += pending.waiting
        for update in await asyncio.to_thread(file.updates):
            if not await _taken(self.update(update), file, update, denied):
                continue
            await asyncio.to_thread(_in_transaction, file, file.drop_update, update.id)
            brought += 1
        return brought


def journal_paths(data_dir: Path) -> list[Path]:
    """Return all journal files of a data dir."""
    return sorted((data_dir.absolute() / JOURNALS).glob("*.db"))


def dead_letter_paths(data_dir: Path) -> list[Path]:
    """Return the files of what Redis refuses for good."""
    return sorted((data_dir.absolute() / JOURNALS / DEAD_LETTERS).glob("*.db"))


def waiting_sessions(data_dir: Path, call_sid: CallSid | None = None) -> list[PendingCommits]:
    """Return sessions in journals and dead letters, of living processes too; oldest first."""
    found: list[PendingCommits] = []
    for path in journal_paths(data_dir) + dead_letter_paths(data_dir):
        found += read(path, lambda database: read_sessions(database, call_sid))
    return sorted(found, key=lambda pending: pending.session.began)


def journal_backlog(data_dir: Path) -> JournalBacklog:
    """Return depth and age of all journals of a data dir; also sets the metrics."""
    paths = journal_paths(data_dir)
    waiting = [entry for path in paths for entry in _entries(path)]
    refused = [entry for path in dead_letter_paths(data_dir) for entry in _entries(path)]
    found = JournalBacklog(
        entries=sum(entry.writes for entry in waiting),
        oldest=min((entry.oldest for entry in waiting), default=None),
        dead_letters=sum(entry.writes for entry in refused) + sum(map(is_damaged, paths)),
    )
    metrics.journal_entries.set(found.entries)
    metrics.journal_aside.set(found.dead_letters)
    metrics.journal_age_seconds.set(found.age_s(datetime.now(UTC)))
    return found


def read(path: Path, find: Callable[[sqlite3.Connection], list[Row]]) -> list[Row]:
    """Return what `find` finds in a file; nothing in one that is damaged or just made."""
    if not is_cut(path):
        with suppress(*_UNREADABLE), closing(_opened(path)) as database:
            return find(database)
    return []


def is_damaged(path: Path) -> bool:
    """Return whether its bytes are not what was written; then nothing replays it."""
    if is_cut(path):
        return not is_living(path)  # it has just made the file
    try:
        with closing(_opened(path)) as database:
            read_sessions(database)
            read_updates(database)
    except sqlite3.OperationalError:  # just made, or removed
        return False
    except _UNREADABLE:
        return True
    return False


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)


async def _taken(
    bringing: Awaitable[object],
    file: JournalFile,
    entry: PendingCommits | PendingUpdate,
    denied: Denied,
) -> bool:
    """Return whether Redis took it. What it did not take holds up no other."""
    try:
        await bringing
    except BrokenRecord as broken:
        await _put_dead_letter(file, entry, broken)
        return False
    except (TooFewReplicas, ResponseError) as error:
        denied.append(error)
        return False
    return True


async def _put_dead_letter(
    file: JournalFile, entry: PendingCommits | PendingUpdate, broken: BrokenRecord
) -> None:
    """Make it a dead letter: only a person can repair this, and it must not be asked for ever."""
    metrics.commits_refused.inc()
    call_sid = entry.session.call_sid if isinstance(entry, PendingCommits) else entry.call_sid
    advice = (
        "it is kept aside; mend what stands at this call's keys, then `voicebot journal replay`"
    )
    log.error("replay_refused", call_sid=call_sid, why=broken.why, advice=advice)
    if file.path.parent.name != DEAD_LETTERS:
        await asyncio.to_thread(_move, file, entry, broken.why)


def _move(file: JournalFile, entry: PendingCommits | PendingUpdate, why: str) -> None:
    with file.transaction():
        file.put_dead_letter(entry, why)


def _in_transaction(file: JournalFile, operation: Callable[[str], None], key: str) -> None:
    with file.transaction():
        operation(key)


class JournalOwner(StrEnum):
    """The process that replays a file.

    RUNNING  its own process, as soon as Redis answers
    ENDED    any other process of this data dir, or `voicebot journal replay`
    NOBODY   Redis refused it; only `voicebot journal replay` asks again
    DAMAGED  none; what the disk has is not what was written there
    """

    RUNNING = "running"
    ENDED = "ended"
    NOBODY = "nobody"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The writes of one call that wait in a file: commits and integrators' small writes."""

    call_sid: CallSid
    writes: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class JournalSummary:
    """One file with something in it; `why` is Redis's reason for refusing it."""

    name: str
    owner: JournalOwner
    entries: tuple[JournalEntry, ...]
    why: str = ""

    @property
    def writes(self) -> int:
        """The number of writes in the file."""
        return sum(entry.writes for entry in self.entries)


def journal_summaries(data_dir: Path) -> list[JournalSummary]:
    """Return every file that holds something; dead letters last."""
    found = [
        JournalSummary(path.stem, _owner(path), _entries(path)) for path in journal_paths(data_dir)
    ]
    found += [
        JournalSummary(
            path.stem, JournalOwner.NOBODY, _entries(path), ", ".join(read(path, read_refusal))
        )
        for path in dead_letter_paths(data_dir)
    ]
    return [file for file in found if file.entries or file.owner is JournalOwner.DAMAGED]


def _owner(path: Path) -> JournalOwner:
    if is_damaged(path):
        return JournalOwner.DAMAGED
    return JournalOwner.RUNNING if is_living(path) else JournalOwner.ENDED


def _entries(path: Path) -> tuple[JournalEntry, ...]:
    moments: dict[CallSid, list[datetime]] = {}
    for pending in read(path, read_sessions):
        for commit in pending.commits[pending.delivered :]:
            moments.setdefault(pending.session.call_sid, []).append(commit.at)
    for update in read(path, read_updates):
        moments.setdefault(update.call_sid, []).append(update.at)
    return tuple(JournalEntry(sid, len(made), min(made)) for sid, made in moments.items())
