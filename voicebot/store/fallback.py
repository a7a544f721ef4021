"""The fallback store: writes rest in the journal on disk while Redis is away, else in memory.

One SQLite file per process under `<data dir>/journal`, in WAL mode with `synchronous=FULL`: an
operation is on disk (fsync) when its coroutine returns. A lock file beside it tells whether its
process lives; only a file whose process is gone may be replayed by another (see replay.py).
A thread of its own writes; what arrives while it is busy goes into the next transaction together.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import uuid4

from voicebot.call import Saved
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.commit_encoding import Pending
from voicebot.store.journal_file import JournalFile

log = get_logger(__name__)

FORGET_AGAIN_S = 1.0

UNUSABLE = (sqlite3.Error, OSError)
"""The disk is full, gone or read-only."""

Operation = Callable[[JournalFile], None]


class FallbackStore:
    """Keeps writes while Redis is away: in the journal on disk, else only in memory.

    directory  where this process's journal file stands; None for no journal
    """

    def __init__(self, directory: Path | None) -> None:
        self._path = directory and directory / f"{uuid4().hex}.db"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._file: JournalFile | None = None
        self._waiting: list[tuple[Operation, asyncio.Future[None]]] = []
        self._writing: asyncio.Future[Exception | None] | None = None
        self._wanted: set[str] = set()  # what must stay, so that no late forgetting takes it
        self._closed = False

    async def open(self) -> None:
        """Create the file now, so that the first outage need not; a failure is only logged."""
        if self._path is not None:
            await self._kept(lambda file: None)

    async def keep(self, entry: Pending) -> Saved:
        """Store a session's commits or a small write: JOURNAL once on disk (fsync), else MEMORY."""
        self._wanted.add(entry.id)
        return await self._kept(lambda file: file.put(entry))

    def forget(self, entry_id: str) -> None:
        """Drop a session or a small write, because Redis has all of it.

        Tried again where the disk fails: what stayed would be counted as waiting, and replayed.
        """
        self._wanted.discard(entry_id)
        self._forget(entry_id)

    async def put_dead_letter(self, entry: Pending, why: str) -> Saved:
        """Move what Redis refuses for good to a file of its own, which only a person replays."""
        return await self._kept(lambda file: file.put_dead_letter(entry, why))

    async def close(self) -> None:
        """Finish writing; an empty file is removed, one with entries waits for the next process."""
        self._closed = True
        if self._path is None:
            return
        while self._writing is not None:
            await asyncio.wait({self._writing})
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
        self._thread.shutdown()

    def _forget(self, entry_id: str) -> None:
        def ended(done: asyncio.Future[None]) -> None:
            if not done.cancelled() and done.exception() is not None:
                done.get_loop().call_later(FORGET_AGAIN_S, self._forget, entry_id)

        if self._path is not None and entry_id not in self._wanted and not self._closed:
            self._soon(lambda file: file.drop(entry_id)).add_done_callback(ended)

    async def _kept(self, operation: Operation) -> Saved:
        if self._path is None:
            return Saved.MEMORY
        try:
            await self._soon(operation)
        except UNUSABLE as error:
            self._complain(error)
            return Saved.MEMORY
        return Saved.JOURNAL

    def _soon(self, operation: Operation) -> asyncio.Future[None]:
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(_seen)
        self._waiting.append((operation, done))
        if self._writing is None:
            self._write_what_waits()
        return done

    def _write_what_waits(self) -> None:
        together, self._waiting, self._writing = self._waiting, [], None
        if together:
            operations = [operation for operation, _ in together]
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(self._thread, self._write, operations)
            self._writing.add_done_callback(partial(self._written, [done for _, done in together]))

    def _written(
        self, together: list[asyncio.Future[None]], writing: asyncio.Future[Exception | None]
    ) -> None:
        error = writing.result()
        for done in together:
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
        self._write_what_waits()

    def _write(self, operations: list[Operation]) -> Exception | None:
        try:
            if self._file is None:
                assert self._path is not None
                self._file = JournalFile.create(self._path)
            with self._file.transaction() as file:
                for operation in operations:
                    operation(file)
            if self._file.is_empty:
                self._file.scrub()
        except UNUSABLE as error:
            return error
        return None

    def _complain(self, error: Exception) -> None:
        metrics.journal_failures.inc()
        log.error(
            "journal_unusable",
            why=type(error).__name__,
            directory=str(self._path and self._path.parent),
            advice="make room on the disk of VOICEBOT_DATA_DIR; meanwhile answers rest in memory",
        )


def _seen(done: asyncio.Future[None]) -> None:
    """Retrieve the error: an entry that was not dropped is only replayed for nothing."""
    if not done.cancelled():
        done.exception()
