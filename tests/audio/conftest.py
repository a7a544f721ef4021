"""One `voicebot serve` with real speech recognition and tts, shared by all spoken tests."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from tests.ports import free_port
from tests.serving import Serving, environment, serving, url_in

CALL_LIMIT_S = 240


@dataclass
class Call:
    """A simulated call that has ended: its exit code, what it printed, and its record."""

    sid: str
    code: int
    printed: str
    fields: dict[str, str] = field(default_factory=dict)
    history: list[dict[str, str]] = field(default_factory=list)

    @property
    def latencies_ms(self) -> list[int]:
        """Each turn's, from the caller's last voiced sample to the bot's first frame."""
        return [int(ms) for ms in re.findall(r"answered after (\d+) ms", self.printed)]


class Exchange:
    """Places calls to the running server."""

    def __init__(self, server: Serving, env: dict[str, str]) -> None:
        self._env = env
        self._redis_url = url_in(server.data_dir)
        address = server.phone_url.removeprefix("http://")
        found = re.search(r"staff +(http://\S+)", server.said)
        assert found
        self._options = ("--url", f"ws://{address}/media", "--console", found[1])

    async def call(self, sid: str, *options: str) -> Call:
        """`voicebot call`, to its end; then what Redis holds, read by a plain client."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicebot", "call", *self._options, "--call-sid", sid),
            *options, stdout=PIPE, stderr=PIPE, env=self._env,
        )  # fmt: skip
        async with asyncio.timeout(CALL_LIMIT_S):
            out, err = await process.communicate()
        ended = Call(sid, process.returncode or 0, out.decode() + err.decode())
        async with Redis.from_url(self._redis_url, decode_responses=True) as redis:
            fields = await redis.hgetall(f"call:{{{sid}}}")
            ended.fields = {str(k): str(v) for k, v in fields.items()}
            history = await redis.lrange(f"call:{{{sid}}}:history", 0, -1)
            ended.history = [json.loads(m) for m in history]
        return ended


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A server with models, warm: its fixed sentences have been synthesised."""
    folder = tmp_path_factory.mktemp("audio")
    env = environment(folder / "data", free_port())
    env |= {"VOICEBOT_TRANSCRIBER": "local", "VOICEBOT_SYNTHESIZER": "local"}
    env |= {"VOICEBOT_MEANING": "true"}
    env |= {"VOICEBOT_LOG_LEVEL": "info", "PATH": os.environ["PATH"]}
    with serving(env, folder) as server:
        server.wait_until_ready()
        yield Exchange(server, env)
