"""One journal file: what it holds, and who may read it. Synchronous; used from a thread."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Self

import orjson

from voicebot.call import CallSid
from voicebot.store.commits import EncodedCommit, PendingCommits, PendingUpdate, SessionInfo, Update
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
            if is_cut(path):
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
            if is_cut(path):
                raise sqlite3.DatabaseError("cut to nothing")
            return cls(path, lock, open_database(path))
        except BlockingIOError:
            lock.close()
            return None
        except sqlite3.Error:
            lock.close()
            raise

    def close(self) -> None:
        """Release the lock; a file without entries is removed."""
        empty = self.is_empty()
        self._database.close()
        if empty:
            self.path.unlink(missing_ok=True)
            _lock_path(self.path).unlink(missing_ok=True)
        self._lock.close()

    def is_empty(self) -> bool:
        """Return whether nothing waits in it."""
        query = "SELECT EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM updates)"
        try:
            return not self._database.execute(query).fetchone()[0]
        except sqlite3.Error:
            return False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have all of the block on disk at its end, or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def put_session(self, pending: PendingCommits) -> None:
        """Store everything of a session; commits that are here already stay."""
        session = pending.session
        self._database.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " epoch = excluded.epoch, found = excluded.found, history = excluded.history,"
            " delivered = excluded.delivered",
            (
                session.id,
                session.call_sid,
                session.began.isoformat(),
                pending.epoch,
                _json(dict(session.fresh)),
                _json(dict(pending.snapshot.fields)),
                _json(list(pending.snapshot.history)),
                pending.delivered,
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

    def drop_session(self, session_id: str) -> None:
        """Drop a session that Redis has."""
        self._database.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
        self._database.execute("DELETE FROM commits WHERE session = ?", (session_id,))

    def put_update(self, pending: PendingUpdate) -> None:
        """Store an integrator's write behind those that wait."""
        update = pending.update
        self._database.execute(
            "INSERT OR IGNORE INTO updates (id, call_sid, at, fields, history, events)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                pending.id,
                pending.call_sid,
                pending.at.isoformat(),
                _json(update.fields),
                _json(update.history),
                _json(update.events),
            ),
        )

    def drop_update(self, write_id: str) -> None:
        """Drop a small write that Redis has."""
        self._database.execute("DELETE FROM updates WHERE id = ?", (write_id,))

    def sessions(self) -> list[PendingCommits]:
        """Return the sessions, oldest first."""
        return read_sessions(self._database)

    def updates(self) -> list[PendingUpdate]:
        """Return the small writes in the order in which they were made."""
        return read_updates(self._database)

    def put_dead_letter(self, entry: PendingCommits | PendingUpdate, why: str) -> None:
        """Move a session or a small write to a file of its own, with Redis's reason.

        On disk there before it is dropped here: a crash between the two leaves it in both,
        which the numbers and ids make harmless.
        """
        entry_id = entry.session.id if isinstance(entry, PendingCommits) else entry.id
        path = self.path.parent / DEAD_LETTERS / f"{entry_id}.db"
        with closing(self.create(path)) as letters, letters.transaction():
            letters._put(entry)
            letters.put_refusal(entry_id, why)
        self.drop_session(entry_id)
        self.drop_update(entry_id)

    def put_refusal(self, entry_id: str, why: str) -> None:
        """Store what Redis said, for the person who repairs it."""
        self._database.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?)", (entry_id, why))

    def _put(self, entry: PendingCommits | PendingUpdate) -> None:
        if isinstance(entry, PendingCommits):
            self.put_session(entry)
        else:
            self.put_update(entry)


def is_cut(path: Path) -> bool:
    """Return whether the file is there with nothing in it.

    SQLite takes it for a new one, and throws away the write-ahead log beside it.
    """
    with suppress(FileNotFoundError):
        return not path.stat().st_size
    return False


def open_database(path: Path) -> sqlite3.Connection:
    """Open a connection that is durable at each commit and serves any thread."""
    database = sqlite3.connect(
        path, timeout=BUSY_PATIENCE_S, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def read_sessions(
    database: sqlite3.Connection, call_sid: CallSid | None = None
) -> list[PendingCommits]:
    """Return all sessions, or one call's; oldest first."""
    where = "" if call_sid is None else " WHERE call_sid = ?"
    values = () if call_sid is None else (call_sid,)
    rows = database.execute(
        "SELECT id, call_sid, began, epoch, fresh, found, history, delivered FROM sessions"
        f"{where} ORDER BY began",
        values,
    ).fetchall()
    return [_held(database, row) for row in rows]


def read_updates(database: sqlite3.Connection) -> list[PendingUpdate]:
    """Return all small writes, in the order in which they were made."""
    rows = database.execute(
        "SELECT id, call_sid, at, fields, history, events FROM updates ORDER BY number"
    ).fetchall()
    return [
        PendingUpdate(
            write_id,
            CallSid(call_sid),
            datetime.fromisoformat(at),
            Update(
                orjson.loads(fields),
                tuple(orjson.loads(history)),
                tuple(tuple(event) for event in orjson.loads(events)),
            ),
        )
        for write_id, call_sid, at, fields, history, events in rows
    ]


def read_refusal(database: sqlite3.Connection) -> list[str]:
    """Return why Redis refuses what is in this file; nothing for an ordinary journal."""
    return [why for (why,) in database.execute("SELECT why FROM refusals")]


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


def _held(
    database: sqlite3.Connection, row: tuple[str, str, str, int | None, str, str, str, int]
) -> PendingCommits:
    session_id, call_sid, began, epoch, fresh, found, history, delivered = row
    commits = database.execute(
        "SELECT seq, at, arguments FROM commits WHERE session = ? ORDER BY seq", (session_id,)
    )
    return PendingCommits(
        SessionInfo(
            CallSid(call_sid), session_id, datetime.fromisoformat(began), orjson.loads(fresh)
        ),
        epoch,
        CallRecord(orjson.loads(found), tuple(orjson.loads(history))),
        delivered,
        tuple(
            EncodedCommit(seq, datetime.fromisoformat(at), tuple(orjson.loads(arguments)))
            for seq, at, arguments in commits
        ),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")
