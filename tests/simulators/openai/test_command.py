"""The simulator as a process."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

pytestmark = pytest.mark.slow  # each test is a process of its own


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "voicebot", "openai-sim", "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().removeprefix("ready ").strip()
    finally:
        process.communicate(timeout=60)


def test_it_says_where_it_serves_and_ends_with_its_parent() -> None:
    with running("--key", "sk-own") as (process, url):
        wrong = httpx.get(f"{url}/models", headers={"authorization": "Bearer sk-other"})
        assert wrong.status_code == 401
    assert process.returncode == 0


def test_what_cannot_be_served_is_told_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options, complaints in (
            (["--port", "0", "--clips", "missing.json"], ["missing.json"]),
            (["--port", "0", "--host", "192.0.2.1"], ["check --host"]),
            (["--port", port], [f"on 127.0.0.1:{port}", "--port, or VOICEBOT_OPENAI_SIM_PORT"]),
        ):
            command = [sys.executable, "-m", "voicebot", "openai-sim", *options]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 1
            assert all(complaint in done.stderr for complaint in complaints), done.stderr
            assert "Traceback" not in done.stderr
