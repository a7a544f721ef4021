"""The servers under test: `voicebot serve` on free ports, in its own folder."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from voicebot.bench.figures import descendants
from voicebot.business import example_text
from voicebot.runtime.ports import free_port
from voicebot.runtime.started import started
from voicebot.settings import SaveMode, Settings
from voicebot.simulators.phone import shipped, shipped_clip
from voicebot.speech import clip_checksum
from voicebot.store import redis_url as redis_url_of

_HOST: Final = "127.0.0.1"
_RENDER_S: Final = 1.5
"""Longer than the local voice takes for any sentence."""
_VOICEBOT: Final = (sys.executable, "-m", "voicebot")
_WORKER: Final = "voicebot.stream"
_CAPACITY: Final = re.compile(r"^capacity = \d+$", re.MULTILINE)
_OURS: Final = ("VOICEBOT_", "OPENAI_", "OTEL_")


class StackKind(StrEnum):
    """The engines behind the stream server."""

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
        """The ids of all server processes except Valkey."""
        ours = (self.process_id, *descendants(self.process_id))
        return tuple(pid for pid in ours if "valkey" not in _told_of(pid, "comm"))

    @property
    def worker_ids(self) -> tuple[int, ...]:
        """The ids of the stream workers."""
        return tuple(
            pid for pid in self.process_ids if _WORKER in _told_of(pid, "cmdline").split("\0")
        )


@asynccontextmanager
async def running(
    kind: StackKind,
    folder: Path,
    *,
    calls: int,
    mode: SaveMode = SaveMode.REALTIME,
    workers: int = 1,
    redis_url: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Servers]:
    """Start the servers, wait until they are ready, and stop them at the end.

    calls      the most concurrent calls
    redis_url  an existing server; without it an embedded Valkey is started
    settings   environment variables over those that the benchmark chooses
    Stream workers write their timings to `folder`/measures.jsonl. Raises StartFailed.
    """
    stream, console, valkey, vendor = (free_port(_HOST) for _ in range(4))
    manifest = folder / "clips.json"
    manifest.write_bytes(null_manifest())
    business = folder / "business.toml"  # places for any number of calls, which all want the same
    business.write_text(_CAPACITY.sub("capacity = 1_000_000", example_text("demo")), "utf-8")
    environment = {
        **foreign_environment(),
        **_engines(kind),
        "VOICEBOT_STREAM_HOST": _HOST,
        "VOICEBOT_STREAM_PORT": str(stream),
        "VOICEBOT_CONSOLE_PORT": str(console),
        "VOICEBOT_REDIS_PORT": str(valkey),
        "VOICEBOT_DATA_DIR": str(folder),
        "VOICEBOT_BUSINESS": str(business),
        "VOICEBOT_NULL_MANIFEST": str(manifest),
        "VOICEBOT_MEASURE_FILE": str(folder / "measures.jsonl"),
        "VOICEBOT_SAVE_MODE": mode.value,
        "VOICEBOT_MAX_CALLS": str(2 * calls + 10),
        "VOICEBOT_DRAIN_S": "2",
        "VOICEBOT_LOG_LEVEL": "warning",
        "VOICEBOT_OPENAI_SIM_PORT": str(vendor),
        "OPENAI_BASE_URL": f"http://{_HOST}:{vendor}/v1",
        **(settings or {}),
    }
    if redis_url is not None:
        environment["VOICEBOT_REDIS_URL"] = redis_url
    async with AsyncExitStack() as stack:
        if kind is StackKind.OPENAI_SIM:
            await stack.enter_async_context(
                started((*_VOICEBOT, "openai-sim"), b"ready", environment, folder)
            )
        serve = (*_VOICEBOT, "serve", "--workers", str(workers))
        process = await stack.enter_async_context(
            started(serve, b"voicebot is ready", environment, folder)
        )
        if kind is not StackKind.NULL:
            await _sentences_ready(folder / "speech-cache")
        ours = Settings(_env_file=None, data_dir=folder, redis_port=valkey, redis_url=redis_url)
        url = await asyncio.to_thread(redis_url_of, ours)  # it holds a password
        yield Servers(f"ws://{_HOST}:{stream}/media", f"http://{_HOST}:{console}", url, process.pid)


def foreign_environment() -> dict[str, str]:
    """Return the environment without settings of voicebot."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def null_manifest() -> bytes:
    """Return the null transcriber's manifest of the phone's clips."""
    clips = (shipped_clip(file).cut() for file in shipped())
    return orjson.dumps([{"crc": clip_checksum(clip.audio), "text": clip.text} for clip in clips])


def _engines(kind: StackKind) -> dict[str, str]:
    if kind is StackKind.OPENAI_SIM:
        # Measure the stand-in, not the fallback.
        return {"OPENAI_API_KEY": "any", "VOICEBOT_OPENAI_FALLBACK": "false"}
    engine = kind.value
    return {
        "VOICEBOT_TRANSCRIBER": engine,
        "VOICEBOT_SYNTHESIZER": engine,
        "VOICEBOT_UNDERSTANDING": "local",
        "VOICEBOT_MEANING": str(kind is not StackKind.NULL).lower(),
    }


async def _sentences_ready(cache: Path) -> None:
    """Wait until the bot's fixed sentences are cached, so that no call pays for them."""
    count, rendered = -1, 0
    while count != rendered:
        count = rendered
        await asyncio.sleep(_RENDER_S)
        rendered = await asyncio.to_thread(lambda: sum(1 for _ in cache.rglob("*")))


def _told_of(pid: int, what: str) -> str:
    """Return a file of a process in /proc, empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text("utf-8")
    except OSError:
        return ""
