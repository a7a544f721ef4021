"""One tiny real benchmark: servers, phones, figures."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path

import pytest

from tests.serving import alive
from voicebot.bench.figures import descendants
from voicebot.bench.servers import StackKind, running

_PHONES_START_S = 120


async def bench(folder: Path, *words: str) -> Process:
    """`voicebot bench` with two calls, in this folder."""
    command = (sys.executable, "-m", "voicebot", "bench", "--calls", "2", *words)
    return await create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=folder)


@pytest.mark.slow
@pytest.mark.valkey
async def test_two_calls_without_models_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "null.json"
    process = await bench(tmp_path, "--seconds", "8", "--workers", "2", "--json", str(file))
    out, errors = await process.communicate()
    report = json.loads(file.read_text())
    assert process.returncode == 0
    assert b"null stack" in out
    assert errors == b""
    assert report["error_kinds"] == {}
    assert report["workers"] == 2
    assert report["calls_placed"] == 2
    assert report["turn_latency_ms"]["count"] >= 2
    assert report["server_latency_ms"]["count"] >= 2
    assert report["commit_latency_ms"]["count"] >= 4, "what was heard and what was said"
    assert report["loop_lag_ms"]["count"] > 0
    assert report["frames"] > 0
    assert file.with_suffix(".png").exists()


@pytest.mark.slow
@pytest.mark.valkey
async def test_another_server_is_measured_by_what_the_phones_hear(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    async with running(StackKind.NULL, tmp_path, calls=2) as other:
        more = ("--against", other.url, "--json", str(file))
        process = await bench(tmp_path, "--seconds", "8", *more)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    report = json.loads(file.read_text())
    assert report["error_kinds"] == {}
    assert report["turn_latency_ms"]["count"] >= 2
    assert report["server_latency_ms"]["count"] == 0, "only its own server could tell"


@pytest.mark.slow
@pytest.mark.valkey
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    process = await bench(tmp_path, "--seconds", "60")
    assert process.stdout is not None
    while b"at once" not in await process.stdout.readline():
        assert not process.stdout.at_eof()
    async with asyncio.timeout(_PHONES_START_S):
        # serve, Valkey, stream, console, phones; other processes have no event to wait for.
        while len(started := set(descendants(process.pid))) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    process.send_signal(number)
    out = await process.stdout.read()
    assert await process.wait() == 130
    assert b"gone" in out
    assert not any(map(alive, started))
