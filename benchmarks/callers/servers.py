"""A `voicebot serve --local` on free ports, for callers from outside."""

from __future__ import annotations

import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from voicebot.bench.servers import foreign_environment
from voicebot.settings import Settings
from voicebot.store import redis_url


@dataclass(frozen=True)
class Server:
    """The addresses of a started server, and the environment that it runs in."""

    media: str
    console: str
    redis: str
    environment: Mapping[str, str]


@asynccontextmanager
async def serving(
    data: Path, business: Path, *, log: Path | None = None, engines: str = "auto"
) -> AsyncIterator[Server]:
    """Start a server on an empty data folder; it is stopped at the end.

    business  a file, or an example by its name; log  a folder for the server's log
    engines   of recognition and synthesis; `null` where nobody speaks
    """
    environment = {
        **foreign_environment(),
        "VOICEBOT_DATA_DIR": str(data),
        "VOICEBOT_BUSINESS": str(business),
        "VOICEBOT_STREAM_PORT": "0",
        "VOICEBOT_CONSOLE_PORT": "0",
        "VOICEBOT_REDIS_PORT": str(26_000 + os.getpid() % 10_000),
        "PYTHONUNBUFFERED": "1",
        "VOICEBOT_TRANSCRIBER": engines,
        "VOICEBOT_SYNTHESIZER": engines,
    }
    command = (sys.executable, "-m", "voicebot", "serve", "--local")
    with _log(log).open("wb") as log_file:
        serve = await create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=log_file, env=environment
        )
        try:
            yield await _ready(serve, environment)
        finally:
            serve.terminate()
            await serve.communicate()


def _log(folder: Path | None) -> Path:
    """Return the file for the server's log."""
    if folder is None:
        return Path(os.devnull)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "serve.log"


async def _ready(serve: Process, environment: Mapping[str, str]) -> Server:
    assert serve.stdout is not None
    said = ""
    async for line in serve.stdout:
        said += line.decode()
        if line.startswith(b"Stop with"):
            break
    found = [re.search(p, said) for p in (r"ws://\S+", r"staff +(http://\S+)")]
    if not all(found):
        raise SystemExit(f"the server did not start:\n{said}")
    media, staff = (m for m in found if m)
    ours = Settings(_env_file=None, data_dir=Path(environment["VOICEBOT_DATA_DIR"]))
    return Server(media[0], staff[1], redis_url(ours), environment)
