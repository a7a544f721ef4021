"""The servers under test: `voicebot serve` on free ports, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

import orjson

from voicebot.bench.figures import descendants
from voicebot.errors import StartFailed
from voicebot.runtime.ports import free_port
from voicebot.settings import SaveMode
from voicebot.simulators.phone.recordings import shipped, shipped_clip
from voicebot.speech.null import clip_checksum

_HOST: Final = "127.0.0.1"
_STOP_S: Final = 20.0
_RENDER_S: Final = 1.5
"""No sentence takes the local voice longer."""
_OURS: Final = ("VOICEBOT_", "OPENAI_", "OTEL_")


class StackKind(StrEnum):
    """What hears, speaks and understands behind the stream server."""

    NULL = "null"
    LOCAL = "local"
    OPENAI_SIM = "openai-sim"


@dataclass(frozen=True)
class Servers:
    """A running `voicebot serve`."""

    url: str
    console: str
    redis_url: str
    process_id: int

    @property
    def process_ids(self) -> tuple[int, ...]:
        """All our processes but Valkey."""
        ours = (self.process_id, *descendants(self.process_id))
        return tuple(pid for pid in ours if "valkey" not in _name(pid))


@asynccontextmanager
async def running(
    kind: StackKind,
    folder: Path,
    *,
    calls: int,
    mode: SaveMode = SaveMode.REALTIME,
    workers: int = 1,
    redis_url: str | None = None,
) -> AsyncIterator[Servers]:
    """Start the servers, wait until they are ready, and stop them at the end.

    calls      at once, at most
    redis_url  a server that is there; an embedded Valkey is started without one
    Stream workers write their timings to `folder`/measures.jsonl. Raises StartFailed.
    """
    stream, console, valkey, vendor = (free_port(_HOST) for _ in range(4))
    manifest = folder / "clips.json"
    manifest.write_bytes(null_manifest())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        **_engines(kind),
        "VOICEBOT_STREAM_HOST": _HOST,
        "VOICEBOT_STREAM_PORT": str(stream),
        "VOICEBOT_CONSOLE_PORT": str(console),
        "VOICEBOT_REDIS_PORT": str(valkey),
        "VOICEBOT_DATA_DIR": str(folder),
        "VOICEBOT_BUSINESS": str(files("voicebot") / "business.toml"),
        "VOICEBOT_NULL_MANIFEST": str(manifest),
        "VOICEBOT_MEASURE_FILE": str(folder / "measures.jsonl"),
        "VOICEBOT_SAVE_MODE": mode.value,
        "VOICEBOT_MAX_CALLS": str(2 * calls + 10),
        "VOICEBOT_DRAIN_S": "2",
        "VOICEBOT_LOG_LEVEL": "warning",
        "VOICEBOT_OPENAI_SIM_PORT": str(vendor),
        "OPENAI_BASE_URL": f"http://{_HOST}:{vendor}/v1",
    }
    if redis_url is not None:
        environment["VOICEBOT_REDIS_URL"] = redis_url
    async with AsyncExitStack() as stack:
        if kind is StackKind.OPENAI_SIM:
            await stack.enter_async_context(
                _started(("openai-sim",), b"ready", environment, folder)
            )
        serve = ("serve", "--workers", str(workers))
        process = await stack.enter_async_context(
            _started(serve, b"voicebot is ready", environment, folder)
        )
        if kind is not StackKind.NULL:
            await _sentences_ready(folder / "speech-cache")
        url = redis_url or f"redis://{_HOST}:{valkey}/0"
        yield Servers(f"ws://{_HOST}:{stream}/media", f"http://{_HOST}:{console}", url, process.pid)


def null_manifest() -> bytes:
    """Return what the null recogniser reads in each of the phone's clips, as they are sent."""
    clips = (shipped_clip(file).cut() for file in shipped())
    return orjson.dumps([{"crc": clip_checksum(clip.audio), "text": clip.text} for clip in clips])


def _engines(kind: StackKind) -> dict[str, str]:
    if kind is StackKind.OPENAI_SIM:
        # The stand-in is to be measured, not what takes over from it.
        return {"OPENAI_API_KEY": "any", "VOICEBOT_OPENAI_FALLBACK": "false"}
    engine = kind.value
    return {
        "VOICEBOT_TRANSCRIBER": engine,
        "VOICEBOT_SYNTHESIZER": engine,
        "VOICEBOT_UNDERSTANDING": "local",
    }


@asynccontextmanager
async def _started(
    command: tuple[str, ...], ready: bytes, environment: Mapping[str, str], folder: Path
) -> AsyncIterator[Process]:
    """`voicebot COMMAND` from the line that begins with `ready` on; stopped at the end.

    It runs in `folder`, so that no .env of this one applies, and in a session of its own, so that
    a terminal's Ctrl-C reaches the benchmark alone.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot", *command,
        stdin=DEVNULL, stdout=PIPE, env=environment, cwd=folder, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        while not (line := await process.stdout.readline()).startswith(ready):
            if not line:
                raise StartFailed(f"voicebot {command[0]} ended; what it said stands above")
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    """A first SIGTERM lets calls end, a second one does not; then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await process.wait()


async def _sentences_ready(cache: Path) -> None:
    """Wait until the bot's fixed sentences are rendered: once for all calls, no call's cost."""
    count, rendered = -1, 0
    while count != rendered:
        count = rendered
        await asyncio.sleep(_RENDER_S)
        rendered = await asyncio.to_thread(lambda: sum(1 for _ in cache.rglob("*")))


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8")
    except OSError:
        return ""
