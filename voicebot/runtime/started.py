"""A program that another one runs for a while: started, ready, stopped."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from voicebot.errors import StartFailed

_START_S = 120.0  # enough to load 150 MB of models from a cold disk
_STOP_S = 20.0


@asynccontextmanager
async def started(
    command: Sequence[str | Path],
    ready: bytes = b"ready",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    stderr: int | None = None,
) -> AsyncIterator[Process]:
    """Run a program; give it once a line begins with `ready`, and stop it at the end.

    It runs in its own session, so that a terminal's Ctrl-C does not reach it; one of ours also ends
    with its stdin. Raises StartFailed when it ends before, or takes too long.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=stderr, env=environment, cwd=folder,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = b""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while line := await process.stdout.readline():
                    if line.startswith(ready):
                        break
        if not line.startswith(ready):
            said = "voicebot doctor says why" if stderr == DEVNULL else "its output is above"
            raise StartFailed(f"{' '.join(map(str, command))} did not start; {said}")
        yield process
    finally:
        await _stop(process)


@asynccontextmanager
async def started_alone(module: str) -> AsyncIterator[Path]:
    """Run a process of ours on a data directory of its own, and give that; raises StartFailed."""
    with TemporaryDirectory(prefix="voicebot-") as folder:
        environment = {**os.environ, "VOICEBOT_DATA_DIR": folder}
        async with started((sys.executable, "-m", module), environment=environment, stderr=DEVNULL):
            yield Path(folder)


async def _stop(process: Process) -> None:
    """Send SIGTERM, which lets calls end, then again, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await process.wait()
