"""Child processes: started, awaited until ready, restarted when they die, stopped.

    spawn ── "ready" on stdout ── runs ── dies ── back-off ── spawn …
      │                             │
      │ dies, or is never ready:    │ stop(): SIGTERM, then SIGTERM again, then SIGKILL
      │ StartFailed after three times;
      │ wrong settings: SettingsError at once

A child runs in its own session, so that a terminal's Ctrl-C reaches only the supervisor. Its stdin
is a pipe held by the supervisor: the child stops when the pipe ends. It also inherits a lock, by
which the next supervisor on this data directory finds and ends children that are left.
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
"""How often a child may die before it was ever ready."""

_READY_WITHIN_S = 120.0  # enough to load 150 MB of models from a cold disk
_HEALTHY_AFTER_S = 10.0  # a child that lived so long restarts without delay
_FORCE_AFTER_S = 3.0  # between the second SIGTERM and SIGKILL
_CHUNK_BYTES = 4096
_POLL_S = 0.02
_ORPHAN_SIGNALS = (
    (signal.SIGTERM, 0.2),  # a child may not have noticed yet that its supervisor is gone
    (signal.SIGTERM, _FORCE_AFTER_S),
    (signal.SIGKILL, _FORCE_AFTER_S),
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One process of `voicebot serve`.

    name         for people
    module       run by `python -m`
    environment  added to the supervisor's
    folder       created before each start
    lock         file whose lock the process holds while it runs
    """

    name: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    lock: Path | None = None


class Child:
    """One part that is kept running. Its owner runs `live()` as a task."""

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
        """The id of the running process."""
        return self._process.pid if self._process else None

    async def live(self) -> None:
        """Run until `stop()`.

        Before the part was ever ready: raises StartFailed when it died TRIES times, SettingsError
        when its exit code says that its settings are wrong. Later it is always restarted.
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
        """Send SIGTERM, once more after `within_s`, and SIGKILL after that."""
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
        """Run the process once; return its lifetime in seconds and its exit code."""
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
        if self._stopping.is_set():  # stopped while it was being spawned
            self._signal(signal.SIGTERM)
        try:
            await self._read_output(process)
            return clock() - self.began_at, await process.wait()
        finally:
            self._kill()
            await process.wait()
            self._process = None

    async def _read_output(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                if not await self._read_ready(process.stdout):
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

    async def _read_ready(self, stdout: asyncio.StreamReader) -> bool:
        """Wait for the ready line; False when the child ends without it."""
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
        """Kill the child and its descendants, by their process group."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def end_orphans(folder: Path) -> None:
    """End the children of a killed supervisor, found by their locks in `folder`.

    Only the owner of the data directory may call this. Raises StartFailed when one does not end.
    """
    async with asyncio.TaskGroup() as group:
        for lock in await asyncio.to_thread(lambda: list(folder.glob("*.lock"))):
            group.create_task(_end_orphan(lock))


async def _end_orphan(lock: Path) -> None:
    """End one orphan. At the second SIGTERM it closes its calls, which the provider reconnects."""
    for number, timeout_s in _ORPHAN_SIGNALS:
        pid = _holder(lock)
        if pid is None:
            return
        log.warning("orphan_told_to_end", part=lock.stem, pid=pid, signal=number.name)
        with suppress(OSError):
            (os.killpg if number is signal.SIGKILL else os.kill)(pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while _holder(lock) is not None:  # noqa: ASYNC110, of another process
                    await asyncio.sleep(_POLL_S)
    if (pid := _holder(lock)) is not None:
        raise StartFailed(
            f"process {pid}, left by an earlier voicebot serve, does not end: kill it"
        )


def _new_lock(path: Path | None) -> tuple[int, ...]:
    """Return a locked file descriptor to inherit, or none without a path or on a full disk."""
    if path is None:
        return ()
    try:
        path.unlink(missing_ok=True)  # a process that survived its kill may hold the old one
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return ()
    fcntl.flock(file, fcntl.LOCK_EX)
    return (file,)


def _holder(path: Path) -> int | None:
    """Return the id of the process that holds a lock, or None."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0) or None
    return None


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event; return whether it came within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _make_folder(part: Part) -> None:
    """Create the folder before each start: a logout may have cleared shared memory."""
    if part.folder is not None:
        with suppress(OSError):  # the child says what is wrong
            part.folder.mkdir(mode=0o700, exist_ok=True)


def _give_up_in_time(part: Part, code: int, tries: int) -> None:
    if code == IMPOSSIBLE:
        raise SettingsError(f"{part.name} cannot work with these settings; its output is above")
    if tries == TRIES:
        raise StartFailed(_failure_text(part, code))


def _failure_text(part: Part, code: int) -> str:
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    return (
        f"{part.name} ended {TRIES} times before it was ready ({how}); its output is above. "
        "`voicebot doctor` checks what it needs."
    )


def _pass_on(chunk: bytes) -> None:
    """Copy a child's other output to the log."""
    sys.stderr.buffer.write(chunk)
    sys.stderr.buffer.flush()


SHARED_MEMORY = Path("/dev/shm")


def metrics_dir(data_dir: Path) -> Path:
    """Return the folder of metrics for this data directory, which need not exist yet."""
    number = crc32(bytes(data_dir.absolute()))
    folder = SHARED_MEMORY / f"voicebot-{os.getuid()}-{number:08x}"
    if os.access(SHARED_MEMORY, os.W_OK) and _may_be_ours(folder):
        return folder
    return data_dir / "metrics"


@contextmanager
def kept_metrics(data_dir: Path) -> Iterator[Path]:
    """Provide an empty folder for a run, so that counters begin at zero, and remove it after."""
    folder = metrics_dir(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    _empty(folder)
    try:
        yield folder
    finally:
        _empty(folder)
        with suppress(OSError):  # already removed, or not empty
            folder.rmdir()


def _empty(folder: Path) -> None:
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def _may_be_ours(folder: Path) -> bool:
    """Return whether the folder is missing or owned and writable by this user only."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    )
