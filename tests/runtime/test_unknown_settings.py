"""Unknown settings are reported with a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.runtime.start_checks import unknown_names, unknown_settings
from voicebot.settings import Settings, variable


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VOICEBOT_REDDIS_URL", "VOICEBOT_REDIS_URL"),
        ("VOICEBOT_SYNTHESISER", "VOICEBOT_SYNTHESIZER"),
        ("VOICEBOT_SMTP", "VOICEBOT_SMTP_URL"),
        ("VOICEBOT_OPENAI_API_KEY", "OPENAI_API_KEY"),
    ],
)
def test_the_setting_that_was_meant_is_named(name: str, meant: str) -> None:
    assert unknown_names([name]) == [f"{name} is no setting; did you mean {meant}?"]


def test_what_is_like_nothing_is_only_named() -> None:
    assert unknown_names(["VOICEBOT_COLOUR"]) == ["VOICEBOT_COLOUR is no setting"]


def test_every_setting_and_every_name_without_our_prefix_is_left_alone() -> None:
    assert unknown_names(map(variable, Settings.model_fields)) == []
    assert unknown_names(["HOME", "OPENAI_LOG", "VOICEBOT_OPENAI_SIM_PORT"]) == []


def test_environment_and_env_file_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("VOICEBOT_CONSOL_PORT=8001\n")
    monkeypatch.setenv("VOICEBOT_LOGLEVEL", "debug")
    told = " ".join(unknown_settings())
    assert "did you mean VOICEBOT_CONSOLE_PORT?" in told
    assert "did you mean VOICEBOT_LOG_LEVEL?" in told


@pytest.mark.parametrize(
    "line", ["VOICEBOT STREAM_PORT=1", "VOICEBOT_STREAM_PORT: 1", "VOICEBOT_STREAM_PORT", 'A="1']
)
def test_a_line_of_the_env_file_that_is_no_setting_is_told_by_its_number(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"# ports\n\nOTHER=1\nexport VOICEBOT_DATA_DIR=d\n{line}\n")
    assert unknown_settings()[0] == "line 5 of .env is not like NAME=value"
