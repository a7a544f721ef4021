"""Child processes that serve: started, awaited until ready, restarted when they die, stopped.

    spawn ── "ready" on stdout ── runs ── dies ── back-off ── spawn …
      │                             │
      │ dies, or stays silent:      │ stop(): SIGTERM, then SIGTERM again, then SIGKILL
      │ after three times StartFailed;
      │ wrong settings: at once SettingsError

A child lives in a session of its own, so that a terminal's Ctrl-C reaches only us, and gets a
pipe as stdin whose other end we hold: it learns of our death when the pipe ends. It also inherits
a lock, by which the next supervisor on this data directory finds and ends what has not ended.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from voicebot.errors import SettingsError, StartFailed
from voicebot.log import get_logger
from voicebot.runtime.process import IMPOSSIBLE, READY

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
TRIES = 3
"""How often a child may die before it was ever ready: a third time is no accident."""

_READY_WITHIN_S = 120.0  # a cold disk under a model of 150 MB, with room
_HEALTHY_AFTER_S = 10.0  # a life of this length forgets the earlier back-offs
_FORCE_AFTER_S = 3.0  # between the second SIGTERM and SIGKILL
_CHUNK_BYTES = 4096
_POLL_S = 0.02
_INSISTENCE = (
    (signal.SIGTERM, 0.2),  # it may not have noticed yet that its supervisor is gone
    (signal.SIGTERM, _FORCE_AFTER_S),
    (signal.SIGKILL, _FORCE_AFTER_S),
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the whole: its name for people, the module that `python -m` runs, what its
    environment adds to ours, the folder without which it cannot begin, and the file whose lock it
    holds while it lives, if there are such."""

    name: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    lock: Path | None = None


class Child:
    """One part kept alive. `live()` is its owner's task; the rest may be called beside it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.began_at = 0.0
        self.ready_at = 0.0
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process else None

    async def live(self) -> None:
        """Run until `stop()`.

        While the part was never ready: raises StartFailed when it died often enough, SettingsError
        at once when it says that it never can. Later it is started again whatever it died of.
        """
        tries, backoff_s = 0, FIRST_BACKOFF_S
        try:
            while not self._stopping.is_set():
                lived_s, code = await self._one_life()
                if self._stopping.is_set():
                    return
                tries += 1
                if not self.ready.is_set():
                    _give_up_in_time(self.part, code, tries)
                if lived_s > _HEALTHY_AFTER_S:
                    backoff_s = FIRST_BACKOFF_S
                log.warning(
                    "child_died", part=self.part.name, exit_code=code, restart_in_s=backoff_s
                )
                await within(self._stopping, backoff_s)
                backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)
        finally:
            self._over.set()

    async def stop(self, within_s: float) -> None:
        """Ask the child to end; after `within_s` insist, and a little later kill it."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if await within(self._over, within_s):
            return
        log.warning("child_slow_to_stop", part=self.part.name, waited_s=within_s)
        self._signal(signal.SIGTERM)
        if not await within(self._over, _FORCE_AFTER_S):
            self._kill()
            await self._over.wait()

    async def _one_life(self) -> tuple[float, int]:
        """Spawn, listen, wait for the end. Returns how long it lived, and its exit code."""
        clock = asyncio.get_running_loop().time
        self.began_at = clock()
        _make_folder(self.part)
        lock = _new_lock(self.part.lock)
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.part.module,
                stdin=PIPE, stdout=PIPE, start_new_session=True, pass_fds=lock,
                env={**os.environ, **self.part.environment},
            )  # fmt: skip
            for file in lock:
                with suppress(OSError):  # a full disk
                    os.write(file, str(process.pid).encode())
        finally:
            for file in lock:
                os.close(file)
        log.debug("child_started", part=self.part.name, pid=process.pid)
        if self._stopping.is_set():  # asked to stop while it was being born
            self._signal(signal.SIGTERM)
        try:
            await self._listen(process)
            return clock() - self.began_at, await process.wait()
        finally:
            self._kill()
            await process.wait()
            self._process = None

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                if not await self._hear_ready(process.stdout):
                    return
        except TimeoutError:
            log.error("child_never_ready", part=self.part.name, waited_s=_READY_WITHIN_S)
            self._kill()
            return
        if self.ready.is_set():
            log.info("child_back", part=self.part.name)
        else:
            self.ready_at = asyncio.get_running_loop().time()
            self.ready.set()
        while chunk := await process.stdout.read(_CHUNK_BYTES):
            _pass_on(chunk)

    async def _hear_ready(self, stdout: asyncio.StreamReader) -> bool:
        """Wait for the line that says ready; False when the child ends without it."""
        heard = b""
        while chunk := await stdout.read(_CHUNK_BYTES):
            *lines, heard = (heard + chunk).split(b"\n")
            for line in lines:
                if line.split(b" ")[0] == READY.encode():
                    return True
                _pass_on(line + b"\n")
        return False

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _kill(self) -> None:
        """End the child and whatever it started: it leads a session, so a group, of its own."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def end_orphans(folder: Path) -> None:
    """End the children whose supervisor was killed; `folder` holds their locks.

    For the owner of the data directory alone. Raises StartFailed when one does not end.
    """
    async with asyncio.TaskGroup() as group:
        for lock in await asyncio.to_thread(lambda: list(folder.glob("*.lock"))):
            group.create_task(_end_orphan(lock))


async def _end_orphan(lock: Path) -> None:
    """Its calls are closed at the second signal: the provider brings them to us."""
    for number, patience_s in _INSISTENCE:
        pid = _holder(lock)
        if pid is None:
            return
        log.warning("orphan_told_to_end", part=lock.stem, pid=pid, signal=number.name)
        with suppress(OSError):
            (os.killpg if number is signal.SIGKILL else os.kill)(pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while _holder(lock) is not None:  # noqa: ASYNC110, of another process
                    await asyncio.sleep(_POLL_S)
    if (pid := _holder(lock)) is not None:
        raise StartFailed(
            f"process {pid}, left by an earlier voicebot serve, does not end: kill it"
        )


def _new_lock(path: Path | None) -> tuple[int, ...]:
    """A locked file to inherit; none where there is no path, or no room on the disk."""
    if path is None:
        return ()
    try:
        path.unlink(missing_ok=True)  # a process that outlived its kill may hold the old one
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return ()
    fcntl.flock(file, fcntl.LOCK_EX)
    return (file,)


def _holder(path: Path) -> int | None:
    """The process that holds a lock; None when it is gone, or never was told its number."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0) or None
    return None


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Did the event come within that time?"""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _make_folder(part: Part) -> None:
    """Again for every life: the system may have cleared shared memory when a user logged out."""
    if part.folder is not None:
        with suppress(OSError):  # the child says what is wrong
            part.folder.mkdir(mode=0o700, exist_ok=True)


def _give_up_in_time(part: Part, code: int, tries: int) -> None:
    if code == IMPOSSIBLE:
        raise SettingsError(f"{part.name} cannot work so; what it said stands above")
    if tries == TRIES:
        raise StartFailed(_epitaph(part, code))


def _epitaph(part: Part, code: int) -> str:
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    return (
        f"{part.name} ended {TRIES} times before it was ready ({how}); what it said stands above. "
        "`voicebot doctor` checks what it needs."
    )


def _pass_on(chunk: bytes) -> None:
    """What a child prints beside its ready line is meant for whoever reads the log."""
    sys.stderr.buffer.write(chunk)
    sys.stderr.buffer.flush()


SHARED_MEMORY = Path("/dev/shm")


def metrics_dir(data_dir: Path) -> Path:
    """The folder of the run on this data directory; it need not be there yet."""
    number = crc32(bytes(data_dir.absolute()))
    folder = SHARED_MEMORY / f"voicebot-{os.getuid()}-{number:08x}"
    if os.access(SHARED_MEMORY, os.W_OK) and _may_be_ours(folder):
        return folder
    return data_dir / "metrics"


@contextmanager
def kept_metrics(data_dir: Path) -> Iterator[Path]:
    """For the time of a run the folder is there, at first empty: counters begin with the run."""
    folder = metrics_dir(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    _empty(folder)
    try:
        yield folder
    finally:
        _empty(folder)
        with suppress(OSError):  # cleared away already, or somebody else's file is in it
            folder.rmdir()


def _empty(folder: Path) -> None:
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def _may_be_ours(folder: Path) -> bool:
    """Everybody may write into shared memory: a folder that is there must be ours alone."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    )
