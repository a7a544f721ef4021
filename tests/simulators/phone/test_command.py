"""`voicebot call` as it is typed."""

from __future__ import annotations

import json
import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.simulators.phone.bot import CONNECT, HANGUP, Bot, running
from tests.simulators.phone.test_caller import record
from tests.simulators.phone.test_clip import save, tone
from tests.simulators.phone.test_console import http

pytestmark = pytest.mark.slow  # each test is a process of its own


async def typed(
    *words: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run `voicebot call …`; exit code, standard output, standard error."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "voicebot", "call", *words),
        stdout=PIPE, stderr=PIPE, env={**os.environ, **(environment or {})}, cwd=cwd,
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def test_the_record_alone_is_printed_for_programs() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    bot.record = lambda look: record("name", "Hello.")
    async with running(bot) as url:
        code, out, _ = await typed(
            "--url", url, "--console", http(url), "--json", "--say", "silence"
        )
    assert code == 0
    assert json.loads(out)["step"] == "name"


async def test_the_conversation_and_the_latency_are_printed_for_people() -> None:
    bot = Bot([CONNECT, HANGUP], turns=1)
    bot.record = lambda look: record("name", "Hello.", name="Ann Lee") if look > 1 else None
    async with running(bot) as url:
        code, out, _ = await typed("--url", url, "--console", http(url), "--say", "keys:1#")
    assert code == 0
    assert "bot  Hello." in out
    assert "caller  (keys 1#)" in out
    assert "answered after" in out
    assert "name      Ann Lee" in out
    assert "history   1 messages" in out
    assert "median latency" in out


async def test_hanging_up_on_purpose_exits_with_3() -> None:
    async with running(Bot([CONNECT, HANGUP], turns=9)) as url:
        code, *_ = await typed("--url", url, "--console", "", "--say", "hangup")
    assert code == 3


async def test_a_call_that_is_lost_exits_with_1() -> None:
    async with running(Bot(["<Response/>"])) as url:
        code, *_ = await typed("--url", url, "--console", "", "--say", "silence")
    assert code == 1


async def test_no_server_exits_with_1_and_says_how_to_start_one() -> None:
    async with running(Bot([])) as url:
        pass
    code, _, errors = await typed("--url", url, "--console", "")
    assert code == 1
    assert "make run-local" in errors
    assert "Traceback" not in errors


async def test_a_server_on_another_port_is_called_there() -> None:
    ports = {"VOICEBOT_STREAM_PORT": "1", "VOICEBOT_CONSOLE_PORT": "2"}
    code, _, errors = await typed("--say", "silence", environment=ports)
    assert code == 1
    assert "no server answers at http://127.0.0.1:1/twiml" in errors


async def test_an_env_file_tells_the_phone_what_it_tells_the_server(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=1\nVOICEBOT_CONSOLE_TOKEN=first,second\n")
    code, _, errors = await typed("--say", "silence", cwd=tmp_path)
    assert code == 1
    assert "no server answers at http://127.0.0.1:1/twiml (nothing listens there" in errors


async def test_a_proxy_of_the_environment_is_not_asked() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    bot.record = lambda look: record("name", "Hello.")
    proxy = {"http_proxy": "http://127.0.0.1:1", "no_proxy": ""}
    async with running(bot) as url:
        code, *_ = await typed(
            "--url", url, "--console", http(url), "--json", "--say", "silence", environment=proxy
        )
    assert code == 0


async def test_a_script_and_a_recording_can_be_given(tmp_path: Path) -> None:
    save(tmp_path / "name.wav", tone(0.2, 8000))
    (tmp_path / "caller.toml").write_text('name = ["name.wav"]\nphone = ["hangup"]\n')
    async with running(Bot([CONNECT, HANGUP], turns=9)) as url:
        code, out, _ = await typed(
            "--url", url, "--console", "", "--script", str(tmp_path / "caller.toml"),
            "--audio", str(tmp_path / "name.wav"),
        )  # fmt: skip
    assert code == 3
    assert out.count("caller  name.wav") == 1
    assert "(hangs up)" in out


async def test_texts_and_recordings_are_put_in_order_by_a_script() -> None:
    code, _, errors = await typed("--say", "Hello.", "--audio", "name.wav")
    assert code == 1
    assert "--script" in errors


@pytest.mark.parametrize("words", [("--hangup-after", "tea"), ("--unheard-of",)])
async def test_whatever_else_goes_wrong_is_1(words: tuple[str, ...]) -> None:
    code, _, errors = await typed(*words)
    assert code == 1
    assert "Usage" in errors


async def test_hangup_after_needs_a_console() -> None:
    code, _, errors = await typed("--console", "", "--hangup-after", "name")
    assert code == 1
    assert "console" in errors
