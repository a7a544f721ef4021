"""Replays what ended processes left in their journals, in order and once, and lists it.

Files of living processes are left alone: each brings its own. A file is taken by its lock, so two
processes on one data dir do not replay the same one at once. What Redis denies just now stays.
Where a key of another type stands at the call's place it becomes a dead letter, which only
`by_hand` tries again. A damaged file stays for a person. None of these holds up another entry.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from redis.exceptions import ResponseError

from voicebot.call import CallSid
from voicebot.errors import BrokenRecord, StillInUse
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.commit_encoding import Pending, PendingCommits
from voicebot.store.journal_file import (
    DEAD_LETTERS,
    UNREADABLE,
    JournalFile,
    is_living,
    read_journal,
)
from voicebot.store.scripts import TooFewReplicas

log = get_logger(__name__)

JOURNALS = "journal"


@dataclass(frozen=True, slots=True)
class Replayer:
    """Replays the journals of a data dir.

    deliver   brings one entry: all that a session has to deliver, or a small write
    brought   called with each session whose writes have reached Redis; must not block
    reported  unreadable files that were logged, each once
    """

    data_dir: Path
    deliver: Callable[[Pending], Awaitable[object]]
    brought: Callable[[PendingCommits], None]
    reported: set[Path] = field(default_factory=set)

    async def run(self, *, by_hand: bool = False) -> int:
        """Bring everything that ended processes left; returns how many writes that were.

        `by_hand` tries dead letters once more, too: what was wrong may be repaired. Raises
        client.AWAY as soon as Redis does not answer; and, when everything was tried, an error
        (also TooFewReplicas) for what it did not take. What was not brought stays.
        """
        paths = await asyncio.to_thread(journal_paths, self.data_dir)
        if by_hand:
            paths += await asyncio.to_thread(dead_letter_paths, self.data_dir)
        brought = 0
        denied: list[ResponseError | TooFewReplicas] = []
        for path in paths:
            try:
                if (file := await self._adopted(path)) is None:
                    continue
                try:
                    for entry in await asyncio.to_thread(file.entries):
                        try:
                            brought += await self._bring(entry, file)
                        except (TooFewReplicas, ResponseError) as error:
                            denied.append(error)
                finally:
                    await asyncio.to_thread(file.close)
            except UNREADABLE as error:
                self._report(path, error)
        metrics.replayed.inc(brought)
        if denied:
            raise denied[0]
        return brought

    async def _adopted(self, path: Path) -> JournalFile | None:
        adopting = asyncio.ensure_future(asyncio.to_thread(JournalFile.adopt, path))
        try:
            return await asyncio.shield(adopting)
        except OSError as error:  # a file of the disk, not Redis
            self._report(path, error)
            return None
        except asyncio.CancelledError:
            with suppress(*UNREADABLE, OSError):
                if (file := await adopting) is not None:
                    file.close()
            raise

    def _report(self, path: Path, error: Exception) -> None:
        if path not in self.reported:
            self.reported.add(path)
            advice = "leave it where it is; see `voicebot journal`"
            log.error("journal_unreadable", file=path.name, why=type(error).__name__, advice=advice)

    async def _bring(self, entry: Pending, file: JournalFile) -> int:
        """Bring one entry; returns how many writes that were."""
        try:
            await self.deliver(entry)
        except BrokenRecord as broken:
            await self._refused(entry, file, broken.why)
            return 0
        await asyncio.to_thread(_in_transaction, file, file.drop, entry.id)
        if isinstance(entry, PendingCommits):
            self.brought(entry)
        return len(entry.waiting)

    async def _refused(self, entry: Pending, file: JournalFile, why: str) -> None:
        """Make it a dead letter: only a person can repair it, and it must not be asked for ever."""
        metrics.commits_refused.inc()
        advice = (
            "it is kept aside; mend what stands at this call's keys, then `voicebot journal replay`"
        )
        log.error("replay_refused", call_sid=entry.call_sid, why=why, advice=advice)
        if file.path.parent.name != DEAD_LETTERS:
            await asyncio.to_thread(_in_transaction, file, file.put_dead_letter, entry, why)


def _in_transaction(file: JournalFile, operation: Callable[..., None], *arguments: object) -> None:
    with file.transaction():
        operation(*arguments)


def journal_paths(data_dir: Path) -> list[Path]:
    """Return all journal files of a data dir."""
    return sorted((data_dir.absolute() / JOURNALS).glob("*.db"))


def dead_letter_paths(data_dir: Path) -> list[Path]:
    """Return the files of what Redis refuses for good."""
    return sorted((data_dir.absolute() / JOURNALS / DEAD_LETTERS).glob("*.db"))


def waiting_sessions(data_dir: Path, call_sid: CallSid | None = None) -> list[PendingCommits]:
    """Return sessions in journals and dead letters, of living processes too; oldest first."""
    found = (e for e in waiting_entries(data_dir, call_sid) if isinstance(e, PendingCommits))
    return sorted(found, key=lambda pending: pending.session.began)


def waiting_entries(data_dir: Path, call_sid: CallSid | None = None) -> list[Pending]:
    """Return everything in journals and dead letters, of living processes too."""
    paths = journal_paths(data_dir) + dead_letter_paths(data_dir)
    return [entry for path in paths for entry in read_journal(path, call_sid).entries]


@dataclass(frozen=True, slots=True)
class JournalErasure:
    """The number of writes erased from journals, and of damaged files, which stay as they are."""

    writes: int
    damaged: int


def erase_from_journals(data_dir: Path, call_sids: Collection[CallSid]) -> JournalErasure:
    """Erase what waits of these calls in files that no process owns, dead letters too.

    Raises StillInUse when a running process has writes of one: it would bring them afterwards.
    """
    paths = journal_paths(data_dir) + dead_letter_paths(data_dir)
    for path in paths:
        if is_living(path) and any(e.call_sid in call_sids for e in read_journal(path).entries):
            raise StillInUse("a running server still has writes of it: try again in some seconds")
    return _erase(paths, lambda entry: entry.call_sid in call_sids)


def erase_old_entries(data_dir: Path, before: datetime) -> JournalErasure:
    """Erase what was made so long ago that Redis would have let it expire, but for the files of
    running processes."""
    paths = journal_paths(data_dir) + dead_letter_paths(data_dir)
    return _erase(paths, lambda entry: max(entry.waiting, default=before) < before)


def _erase(paths: Sequence[Path], unwanted: Callable[[Pending], bool]) -> JournalErasure:
    writes = damaged = 0
    for path in paths:
        if not any(map(unwanted, (contents := read_journal(path)).entries)):
            damaged += contents.is_damaged
            continue
        if (file := JournalFile.adopt(path)) is None:
            continue
        with closing(file), file.transaction():
            for entry in filter(unwanted, file.entries()):
                writes += len(entry.waiting)
                file.drop(entry.id)
    return JournalErasure(writes, damaged)


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
class JournalSummary:
    """One journal file that holds entries.

    waiting  when the writes of each call were made: commits and integrators' small writes
    why      Redis's reason for refusing them
    """

    name: str
    owner: JournalOwner
    waiting: Mapping[CallSid, Sequence[datetime]]
    why: str = ""

    @property
    def writes(self) -> int:
        """The number of writes in the file."""
        return sum(map(len, self.waiting.values()))


@dataclass(frozen=True, slots=True)
class JournalBacklog:
    """The backlog in the journals of a data dir: its size and age.

    dead_letters  writes that Redis refuses for good, and damaged files; not among `entries`
    """

    entries: int
    oldest: datetime | None
    dead_letters: int = 0

    def age_s(self, now: datetime) -> float:
        """Return the seconds since the oldest waiting write."""
        return (now - self.oldest).total_seconds() if self.oldest else 0.0


def journal_summaries(data_dir: Path) -> list[JournalSummary]:
    """Return every file that holds something; dead letters last."""
    found = [_summary(path) for path in journal_paths(data_dir) + dead_letter_paths(data_dir)]
    return [file for file in found if file.waiting or file.owner is JournalOwner.DAMAGED]


def _summary(path: Path) -> JournalSummary:
    contents = read_journal(path)
    if contents.is_damaged:
        owner = JournalOwner.DAMAGED
    elif path.parent.name == DEAD_LETTERS:
        owner = JournalOwner.NOBODY
    else:
        owner = JournalOwner.RUNNING if is_living(path) else JournalOwner.ENDED
    waiting: dict[CallSid, list[datetime]] = {}
    for entry in contents.entries:
        if entry.waiting:
            waiting.setdefault(entry.call_sid, []).extend(entry.waiting)
    return JournalSummary(path.stem, owner, waiting, contents.why)


def journal_backlog(data_dir: Path) -> JournalBacklog:
    """Return depth and age of all journals of a data dir; also sets the metrics."""
    files = journal_summaries(data_dir)
    coming = [f for f in files if f.owner in (JournalOwner.RUNNING, JournalOwner.ENDED)]
    moments = [at for file in coming for made in file.waiting.values() for at in made]
    found = JournalBacklog(
        entries=len(moments),
        oldest=min(moments, default=None),
        dead_letters=sum(file.writes or 1 for file in files if file not in coming),
    )
    metrics.journal_entries.set(found.entries)
    metrics.journal_aside.set(found.dead_letters)
    metrics.journal_age_seconds.set(found.age_s(datetime.now(UTC)))
    return found
