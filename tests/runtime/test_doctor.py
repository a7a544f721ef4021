"""`voicebot doctor` as it is typed, and what it finds where settings alone decide."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from pydantic import SecretStr

from tests.ports import free_port
from tests.runtime.given import UNSEEN, found
from voicebot.runtime.findings import Level
from voicebot.settings import Engine

OK, NOTE, PROBLEM = Level.OK, Level.NOTE, Level.PROBLEM
TOKEN = SecretStr("0123456789abcdef0123456789abcdef")
KEY = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
RECEIVER = SecretStr("https://crm.example/hook?key=hunter2")
BOT = "https://bot.example.com"
NETWORK = {"console_host": "0.0.0.0"}
AWAY = f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> CompletedProcess[str]:
    """Its answer in a folder whose .env has a slip, and asks for what cannot be."""
    folder: Path = tmp_path_factory.mktemp("doctor")
    (folder / ".env").write_text("VOICEBOT_LOGLEVEL=debug\nVOICEBOT_CONSOLE_HOST=0.0.0.0\n")
    return subprocess.run(
        [sys.executable, "-m", "voicebot", "doctor"],
        capture_output=True, text=True, cwd=folder, timeout=60, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")},
    )  # fmt: skip


def test_problems_are_told_with_their_mend_and_the_exit_code(typed: CompletedProcess[str]) -> None:
    assert typed.returncode == 1
    problems = [line for line in typed.stdout.splitlines() if line.startswith("problem")]
    assert any("VOICEBOT_CONSOLE_TOKEN" in problem for problem in problems)


def test_a_misspelt_setting_is_told(typed: CompletedProcess[str]) -> None:
    assert "did you mean VOICEBOT_LOG_LEVEL?" in typed.stdout


@pytest.mark.parametrize(
    ("subject", "given", "level", "says"),
    [
        ("phone port", {"stream_host": "192.0.2.1"}, PROBLEM, "VOICEBOT_STREAM_HOST"),
        ("staff", NETWORK, PROBLEM, ""),
        ("staff", NETWORK | {"console_token": TOKEN}, OK, ""),
        ("staff", {"console_token": SecretStr("long-enough-to-stay,abc")}, NOTE, "3 letters"),
        ("provider", {}, NOTE, "make run-local"),
        ("provider", {"stream_host": "0.0.0.0"}, NOTE, "VOICEBOT_TWILIO_AUTH_TOKEN"),
        ("provider", {"public_url": BOT}, NOTE, "VOICEBOT_TWILIO_AUTH_TOKEN"),
        ("provider", {"twilio_auth_token": SecretStr("AC" + "0" * 32)}, PROBLEM, ""),
        ("public URL", {"public_url": f"{BOT}/ü"}, NOTE, "cannot be understood"),
        ("public URL", {"public_url": "http://localhost:80"}, NOTE, "no provider reaches"),
        ("data", {"data_dir": Path(__file__) / "data"}, PROBLEM, "VOICEBOT_DATA_DIR"),
        ("data", {"data_dir": UNSEEN}, PROBLEM, "VOICEBOT_DATA_DIR"),
        ("data", {"data_dir": Path("/" + "long/" * 30)}, PROBLEM, "VOICEBOT_DATA_DIR"),
        ("journal", {"data_dir": UNSEEN}, NOTE, ""),
        ("Redis", {"redis_url": "localhost:6379"}, PROBLEM, "VOICEBOT_REDIS_URL"),
        ("Redis", {"redis_url": f"redis://bot:hunter2@{AWAY}"}, PROBLEM, "VOICEBOT_REDIS_URL"),
        ("mail", {}, OK, "off"),
        ("mail", {"mail_from": "bot@example.com"}, NOTE, "VOICEBOT_SMTP_URL"),
        ("webhooks", {}, OK, "off"),
        ("webhooks", {"webhook_url": RECEIVER}, PROBLEM, ""),
        ("webhooks", {"webhook_secret": KEY}, NOTE, ""),
        ("traces", {}, OK, "off"),
        ("business", {}, NOTE, "VOICEBOT_BUSINESS"),
        ("OpenAI", {}, OK, ""),
        ("OpenAI", {"transcriber": Engine.OPENAI, "openai_base_url": f"http://{AWAY}/v1"}, OK, ""),
        ("OpenAI", {"openai_api_key": SecretStr("sk-test")}, OK, ""),
    ],
)  # fmt: skip
async def test_it_finds_what_the_settings_lead_to_and_tells_no_password(
    subject: str, given: dict[str, object], level: Level, says: str, tmp_path: Path
) -> None:
    finding = await found(subject, tmp_path, **given)
    assert finding.level is level
    assert says in f"{finding.text} {finding.mend}"
    assert "hunter2" not in finding.line(subject)


async def test_who_chose_the_network_is_not_sent_to_run_local(tmp_path: Path) -> None:
    finding = await found("provider", tmp_path, stream_host="0.0.0.0")
    assert "make run-local" not in finding.mend
