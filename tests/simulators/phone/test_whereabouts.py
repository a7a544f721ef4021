"""Where the phone looks for the server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.errors import PhoneError
from voicebot.simulators.phone.console import find_server


@pytest.fixture(autouse=True)
def _an_empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("VOICEBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_default_server_is_on_this_machine() -> None:
    found = find_server()
    assert found.stream_url == "ws://127.0.0.1:8080/media"
    assert found.console_url == "http://127.0.0.1:8000"
    assert found.token is None


def test_the_environment_comes_before_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=1\nVOICEBOT_CONSOLE_TOKEN=first,second\n")
    monkeypatch.setenv("VOICEBOT_STREAM_PORT", "2")
    found = find_server()
    assert (found.stream_url, found.token) == ("ws://127.0.0.1:2/media", "first")


@pytest.mark.parametrize(
    ("host", "at"), [("0.0.0.0", "127.0.0.1"), ("192.0.2.7", "192.0.2.7"), ("::1", "[::1]")]
)
def test_a_host_is_one_that_can_be_reached(
    host: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_STREAM_HOST", host)
    assert find_server().stream_url == f"ws://{at}:8080/media"


def test_an_env_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(PhoneError, match=r"\.env"):
        find_server()
