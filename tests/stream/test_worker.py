"""`python -m voicebot.stream` as a process: real signals, real time, no Redis at all."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.serving import PATIENCE_S
from tests.stream.provider import carried


@asynccontextmanager
async def worker(directory: Path, port: int = 0, drain_s: float = 0) -> AsyncIterator[Process]:
    """One stream worker with speech that needs no models; `stdin` is its supervisor."""
    manifest = directory / "manifest.json"
    manifest.write_text("[]")
    environment = os.environ | {
        "VOICEBOT_DATA_DIR": str(directory),
        "VOICEBOT_STREAM_HOST": "127.0.0.1",
        "VOICEBOT_STREAM_PORT": str(port),
        "VOICEBOT_REDIS_URL": "redis://127.0.0.1:1",
        "VOICEBOT_TRANSCRIBER": "null",
        "VOICEBOT_SYNTHESIZER": "null",
        "VOICEBOT_NULL_MANIFEST": str(manifest),
        "VOICEBOT_DRAIN_S": str(drain_s),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.stream", stdin=PIPE, stdout=PIPE, env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def address(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        word, at = (await process.stdout.readline()).decode().split()
    assert word == "ready"
    return at


async def test_sigterm_hands_a_running_call_over_and_ends_cleanly(tmp_path: Path) -> None:
    async with worker(tmp_path) as process:
        at = await address(process)
        async with connect(at, compression=None) as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until_heard()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
            await provider.until(lambda: provider.close_code is not None)
        assert provider.close_code == 1001


@pytest.mark.slow
async def test_a_second_sigterm_does_not_wait_for_calls(tmp_path: Path) -> None:
    async with worker(tmp_path, drain_s=600) as process:
        at = await address(process)
        async with connect(at, compression=None) as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until_heard()
            process.send_signal(signal.SIGTERM)
            await provider.until_heard()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 128 + signal.SIGTERM


@pytest.mark.slow
async def test_workers_share_a_port_and_end_with_their_supervisor(tmp_path: Path) -> None:
    async with worker(tmp_path) as first:
        at = await address(first)
        port = int(at.rpartition(":")[2].partition("/")[0])
        async with worker(tmp_path, port) as second:
            assert await address(second) == at
            for process in (first, second):
                assert process.stdin is not None
                process.stdin.close()
                assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
