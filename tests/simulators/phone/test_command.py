"""`voicebot call` as it is typed: the slow ones in a process of its own."""

import json
import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from tests.simulators.phone.bot import CONNECT, HANGUP, Bot, running
from tests.simulators.phone.test_caller import record
from tests.simulators.phone.test_console import http
from tests.simulators.phone.test_recordings import save, tone
from voicebot.errors import PhoneError
from voicebot.simulators.phone.command import find_server


async def typed(*words: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """Run `voicebot call …`; exit code, standard output, standard error."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "voicebot", "call", *words),
        stdout=PIPE, stderr=PIPE, cwd=cwd,
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


@pytest.mark.slow
async def test_the_record_alone_is_printed_for_programs() -> None:
    bot = Bot([CONNECT, HANGUP], turns=0)
    bot.record = lambda look: record("name", "Hello.")
    async with running(bot) as url:
        code, out, _ = await typed(
            "--url", url, "--console", http(url), "--json", "--say", "silence"
        )
    assert code == 0
    assert json.loads(out)["step"] == "name"


@pytest.mark.slow
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


@pytest.mark.slow
async def test_a_call_that_is_lost_exits_with_1() -> None:
    async with running(Bot(["<Response/>"])) as url:
        code, *_ = await typed("--url", url, "--console", "", "--say", "silence")
    assert code == 1


@pytest.mark.slow
async def test_the_phone_calls_where_the_servers_settings_say(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=1\n")
    code, _, errors = await typed("--say", "silence", cwd=tmp_path)
    assert code == 1
    assert "no server answers at http://127.0.0.1:1/twiml (nothing listens there" in errors
    assert "make run-local" in errors
    assert "Traceback" not in errors


@pytest.mark.slow
async def test_script_and_recording_are_said_and_hanging_up_on_purpose_exits_with_3(
    tmp_path: Path,
) -> None:
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--hangup-after", "tea"), "Usage"),
        (("--unheard-of",), "Usage"),
        (("--console", "", "--hangup-after", "name"), "console"),
        (("--console", "", "--no-book"), "console"),
        (("--say", "Hello.", "--audio", "name.wav"), "--script"),
    ],
)
async def test_what_cannot_be_done_exits_with_1_and_a_reason(
    words: tuple[str, ...], complaint: str
) -> None:
    code, _, errors = await typed(*words)
    assert code == 1
    assert complaint in errors


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("VOICEBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nothing_set")
def test_the_default_server_is_on_this_machine() -> None:
    found = find_server()
    assert found.stream_url == "ws://127.0.0.1:8080/media"
    assert found.console_url == "http://127.0.0.1:8000"
    assert found.token is None


@pytest.mark.usefixtures("nothing_set")
@pytest.mark.parametrize(
    ("env", "in_earnest"),
    [
        ("", False),
        ("VOICEBOT_BUSINESS=demo\nVOICEBOT_SMTP_URL=", False),
        ("VOICEBOT_BUSINESS=business.toml", True),
        ("VOICEBOT_SMTP_URL=smtp://mail.example.com", True),
    ],
)
def test_a_server_set_for_a_business_or_mail_is_no_place_for_trial_bookings(
    env: str, in_earnest: bool, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(env)
    assert find_server().is_in_earnest is in_earnest


@pytest.mark.usefixtures("nothing_set")
def test_the_environment_comes_before_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=1\nVOICEBOT_CONSOLE_TOKEN=first,second\n")
    monkeypatch.setenv("VOICEBOT_STREAM_PORT", "2")
    found = find_server()
    assert (found.stream_url, found.token) == ("ws://127.0.0.1:2/media", "first")


@pytest.mark.usefixtures("nothing_set")
@pytest.mark.parametrize(
    ("host", "at"), [("0.0.0.0", "127.0.0.1"), ("192.0.2.7", "192.0.2.7"), ("::1", "[::1]")]
)
def test_a_host_is_one_that_can_be_reached(
    host: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_STREAM_HOST", host)
    assert find_server().stream_url == f"ws://{at}:8080/media"


@pytest.mark.usefixtures("nothing_set")
def test_an_env_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(PhoneError, match=r"\.env"):
        find_server()
