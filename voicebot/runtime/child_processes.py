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

import asyncio
import fcntl
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from voicebot.errors import SettingsError, StartFailed
from voicebot.log import get_logger
from voicebot.runtime.process import IMPOSSIBLE, READY, within

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
TRIES = 3
"""A child that dies so often before it was ever ready is given up."""

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


class Child:
    """One process of `voicebot serve` that is kept running. Its owner runs `live()` as a task.

    name         for people
    module       run by `python -m`
    environment  added to the supervisor's
    folder       created before each start: a logout may have cleared shared memory
    lock         file whose lock the process holds while it runs
    """

    def __init__(
        self,
        name: str,
        module: str,
        environment: Mapping[str, str],
        *,
        folder: Path | None = None,
        lock: Path | None = None,
    ) -> None:
        self.name = name
        self.environment = environment
        self.ready = asyncio.Event()
        self.ready_after_s = 0.0
        self._module = module
        self._folder = folder
        self._lock = lock
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        return self._process.pid if self._process else None

    async def live(self) -> None:
        """Run until `stop()`.

        Before the child was ever ready: raises StartFailed when it died TRIES times, SettingsError
        when its exit code says that its settings are wrong. Later it is always restarted.
        """
        tries, backoff_s = 0, FIRST_BACKOFF_S
        clock = asyncio.get_running_loop().time
        try:
            while not self._stopping.is_set():
                began_at = clock()
                code = await self._one_life()
                if self._stopping.is_set():
                    return
                tries += 1
                if not self.ready.is_set():
                    self._give_up_in_time(code, tries)
                if clock() - began_at > _HEALTHY_AFTER_S:
                    backoff_s = FIRST_BACKOFF_S
                log.warning("child_died", part=self.name, exit_code=code, restart_in_s=backoff_s)
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
        log.warning("child_slow_to_stop", part=self.name, waited_s=within_s)
        self._signal(signal.SIGTERM)
        if not await within(self._over, _FORCE_AFTER_S):
            self._kill()
            await self._over.wait()

    async def _one_life(self) -> int:
        """Run the process once; return its exit code."""
        if self._folder is not None:
            with suppress(OSError):  # the child says what is wrong
                self._folder.mkdir(mode=0o700, exist_ok=True)
        lock = _new_lock(self._lock)
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module,
                stdin=PIPE, stdout=PIPE, start_new_session=True, pass_fds=lock,
                env={**os.environ, **self.environment},
            )  # fmt: skip
            for file in lock:
                with suppress(OSError):  # a full disk
                    os.write(file, str(process.pid).encode())
        finally:
            for file in lock:
                os.close(file)
        log.debug("child_started", part=self.name, pid=process.pid)
        if self._stopping.is_set():  # stopped while it was being spawned
            self._signal(signal.SIGTERM)
        assert process.stdout is not None
        try:
            await self._read_output(process.stdout)
            return await process.wait()
        except TimeoutError:
            log.error("child_never_ready", part=self.name, waited_s=_READY_WITHIN_S)
            self._kill()
            return await process.wait()
        finally:
            self._kill()
            await process.wait()
            self._process = None

    async def _read_output(self, stdout: asyncio.StreamReader) -> None:
        """Copy the output to the log; raises TimeoutError when no line says that it is ready."""
        began_at, rest = asyncio.get_running_loop().time(), b""
        async with asyncio.timeout(_READY_WITHIN_S) as deadline:
            while chunk := await stdout.read(_CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if deadline.when() is None or line.split(b" ")[0] != READY.encode():
                        _pass_on(line + b"\n")
                        continue
                    deadline.reschedule(None)
                    if self.ready.is_set():
                        log.info("child_back", part=self.name)
                    self.ready_after_s = asyncio.get_running_loop().time() - began_at
                    self.ready.set()
        _pass_on(rest)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _kill(self) -> None:
        """Kill the child and its descendants, by their process group."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _give_up_in_time(self, code: int, tries: int) -> None:
        if code == IMPOSSIBLE:
            raise SettingsError(f"{self.name} cannot work with these settings; its output is above")
        if tries == TRIES:
            how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
            raise StartFailed(
                f"{self.name} ended {TRIES} times before it was ready ({how}); its output is "
                "above. `voicebot doctor` checks what it needs."
            )


async def end_orphans(folder: Path, is_ours: Callable[[str], bool] = bool) -> None:
    """End the children of a killed supervisor, found by their locks in `folder`.

    Only the owner of the data directory may call this, or of those parts of it for whose children
    `is_ours` returns true: it gets a lock's name. Raises StartFailed when one does not end.
    """
    async with asyncio.TaskGroup() as group:
        for lock in await asyncio.to_thread(lambda: list(folder.glob("*.lock"))):
            if is_ours(lock.stem):
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


def _pass_on(output: bytes) -> None:
    sys.stderr.buffer.write(output)
    sys.stderr.buffer.flush()
