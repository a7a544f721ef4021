"""One journal file: what it holds, and who may read it. Synchronous; used from a thread."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

import orjson

from voicebot.call import CallSid
from voicebot.store.commit_encoding import (
    EncodedCommit,
    Pending,
    PendingCommits,
    PendingUpdate,
    SessionInfo,
)
from voicebot.store.record import CallRecord

BUSY_PATIENCE_S = 1.0
_OWNER_ONLY = 0o700

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, call_sid TEXT NOT NULL, began TEXT NOT NULL, epoch INTEGER,
    fresh TEXT NOT NULL, found TEXT NOT NULL, history TEXT NOT NULL, delivered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS commits (
    session TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, arguments TEXT NOT NULL,
    PRIMARY KEY (session, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS updates (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, call_sid TEXT NOT NULL,
    at TEXT NOT NULL, fields TEXT NOT NULL, history TEXT NOT NULL, events TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refusals (
    id TEXT PRIMARY KEY, why TEXT NOT NULL);
"""

DEAD_LETTERS = "aside"
"""Beside the journals: what Redis refuses for good, a file each, tried again only by hand."""

UNREADABLE = (sqlite3.Error, ValueError)
"""Torn pages, a disk without room even for forgetting; text that is no JSON, and no moment."""


class JournalFile:
    """An open file. Its lock is held until `close`, or until the process dies."""

    def __init__(self, path: Path, lock: IO[bytes], database: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._database = database

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create a file and own it; raises sqlite3.Error or OSError."""
        path.parent.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        try:
            file = cls.adopt(path)
        except sqlite3.Error:  # a full disk leaves an empty file, which would look like a damage
            if _is_cut(path):
                path.unlink()
            raise
        if file is None:
            raise BlockingIOError("the journal file belongs to another process")
        return file

    @classmethod
    def adopt(cls, path: Path) -> Self | None:
        """Own a file whose process is gone; return None when it lives."""
        lock = _lock_path(path).open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_cut(path):
                raise sqlite3.DatabaseError("cut to nothing")
            return cls(path, lock, _durable(path))
        except BlockingIOError:
            lock.close()
            return None
        except sqlite3.Error:
            lock.close()
            raise

    def close(self) -> None:
        """Release the lock; a file without entries is removed."""
        is_empty = False
        with suppress(sqlite3.Error):
            is_empty = self.is_empty
        self._database.close()
        if is_empty:
            self.path.unlink(missing_ok=True)
            _lock_path(self.path).unlink(missing_ok=True)
        self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Have all of the block on disk at its end, or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def put(self, entry: Pending) -> None:
        """Store everything of a session, or a small write; what is here already stays."""
        if isinstance(entry, PendingCommits):
            self._put_session(entry)
        else:
            self._database.execute(
                "INSERT OR IGNORE INTO updates (id, call_sid, at, fields, history, events)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(entry.id, entry.call_sid, entry.at.isoformat()),
                    *(_json(entry.fields), _json(entry.history), _json(entry.events)),
                ),
            )

    def _put_session(self, pending: PendingCommits) -> None:
        session, snapshot = pending.session, pending.snapshot
        self._database.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " epoch = excluded.epoch, found = excluded.found, history = excluded.history,"
            " delivered = excluded.delivered",
            (
                *(session.id, session.call_sid, session.began.isoformat(), pending.epoch),
                *(_json(dict(session.fresh)), _json(dict(snapshot.fields))),
                *(_json(list(snapshot.history)), pending.delivered),
            ),
        )
        (last,) = self._database.execute(
            "SELECT coalesce(max(seq), 0) FROM commits WHERE session = ?", (session.id,)
        ).fetchone()
        self._database.executemany(
            "INSERT INTO commits VALUES (?, ?, ?, ?)",
            [
                (session.id, c.seq, c.at.isoformat(), _json(c.arguments))
                for c in pending.commits
                if c.seq > last
            ],
        )

    def drop(self, entry_id: str) -> None:
        """Drop a session or a small write that Redis has."""
        self._database.execute("DELETE FROM sessions WHERE id = ?", (entry_id,))
        self._database.execute("DELETE FROM commits WHERE session = ?", (entry_id,))
        self._database.execute("DELETE FROM updates WHERE id = ?", (entry_id,))
        self._database.execute("DELETE FROM refusals WHERE id = ?", (entry_id,))

    @property
    def is_empty(self) -> bool:
        """Nothing waits in it; raises sqlite3.Error."""
        query = "SELECT EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM updates)"
        return not self._database.execute(query).fetchone()[0]

    def scrub(self) -> None:
        """Leave nothing of what was dropped on the disk: pages are zeroed, see _durable, and the
        log that still has them is cut."""
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def entries(self) -> list[Pending]:
        """Return the sessions, oldest first, then the small writes in the order of their making."""
        return _entries(self._database)

    def put_dead_letter(self, entry: Pending, why: str) -> None:
        """Move an entry to a file of its own, with Redis's reason for the person who repairs it.

        On disk there before it is dropped here: a crash between the two leaves it in both,
        which the numbers and ids make harmless.
        """
        path = self.path.parent / DEAD_LETTERS / f"{entry.id}.db"
        with closing(self.create(path)) as letter, letter.transaction():
            letter.put(entry)
            letter._database.execute(
                "INSERT OR REPLACE INTO refusals VALUES (?, ?)", (entry.id, why)
            )
        self.drop(entry.id)


@dataclass(frozen=True, slots=True)
class JournalContents:
    """The content of a journal file, read without owning it.

    why         Redis's reason for refusing it
    is_damaged  the bytes are not what was written there; nothing replays it
    """

    entries: tuple[Pending, ...] = ()
    why: str = ""
    is_damaged: bool = False


def read_journal(path: Path, call_sid: CallSid | None = None) -> JournalContents:
    """Return what is in a file, of one call or of all; nothing in one that was just made."""
    if _is_cut(path):
        return JournalContents(is_damaged=not is_living(path))  # its process has just made it
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as database:
            reasons = [why for (why,) in database.execute("SELECT why FROM refusals")]
            return JournalContents(tuple(_entries(database, call_sid)), ", ".join(reasons))
    except sqlite3.OperationalError:  # just made, or removed
        return JournalContents()
    except UNREADABLE:
        return JournalContents(is_damaged=True)


def is_living(path: Path) -> bool:
    """Return whether a process owns this file now."""
    try:
        with _lock_path(path).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _is_cut(path: Path) -> bool:
    """Return whether the file is there with nothing in it.

    SQLite takes it for a new one, and throws away the write-ahead log beside it.
    """
    with suppress(FileNotFoundError):
        return not path.stat().st_size
    return False


def _durable(path: Path) -> sqlite3.Connection:
    """Open a connection that is durable at each commit and serves any thread."""
    database = sqlite3.connect(
        path, timeout=BUSY_PATIENCE_S, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")  # what Redis has is no more on this disk
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _entries(database: sqlite3.Connection, call_sid: CallSid | None = None) -> list[Pending]:
    where, values = ("", ()) if call_sid is None else (" WHERE call_sid = ?", (call_sid,))
    sessions = database.execute(
        "SELECT id, call_sid, began, epoch, fresh, found, history, delivered FROM sessions"
        f"{where} ORDER BY began",
        values,
    ).fetchall()
    updates = database.execute(
        f"SELECT id, call_sid, at, fields, history, events FROM updates{where} ORDER BY number",
        values,
    ).fetchall()
    return [_session(database, *row) for row in sessions] + [_update(*row) for row in updates]


def _session(
    database: sqlite3.Connection, session_id: str, call_sid: CallSid, began: str, *rest: Any
) -> PendingCommits:
    epoch, fresh, found, history, delivered = rest
    commits = database.execute(
        "SELECT seq, at, arguments FROM commits WHERE session = ? ORDER BY seq", (session_id,)
    )
    return PendingCommits(
        SessionInfo(call_sid, session_id, datetime.fromisoformat(began), orjson.loads(fresh)),
        epoch,
        CallRecord(orjson.loads(found), tuple(orjson.loads(history))),
        delivered,
        tuple(
            EncodedCommit(seq, datetime.fromisoformat(at), tuple(orjson.loads(arguments)))
            for seq, at, arguments in commits
        ),
    )


def _update(write_id: str, call_sid: CallSid, at: str, *rest: str) -> PendingUpdate:
    fields, history, events = map(orjson.loads, rest)
    moment, told = datetime.fromisoformat(at), tuple(map(tuple, events))
    return PendingUpdate(write_id, call_sid, moment, fields, tuple(history), told)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")
