"""The doctor's checks of the engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.runtime.given import problems, settings
from voicebot.runtime import doctor as engines
from voicebot.runtime.doctor import check_openai, check_speech
from voicebot.runtime.start_checks import Level
from voicebot.settings import Engine

KEY = SecretStr("sk-test")


def test_a_missing_model_is_a_problem_that_names_the_setting(tmp_path: Path) -> None:
    chosen = settings(
        tmp_path, whisper_dir=tmp_path, transcriber=Engine.LOCAL, synthesizer=Engine.NULL
    )
    (finding,) = check_speech(chosen)
    assert finding.state is Level.PROBLEM
    assert "VOICEBOT_WHISPER_DIR" in finding.text


def test_engines_that_only_benchmarks_want_are_noted(tmp_path: Path) -> None:
    (finding,) = check_speech(settings(tmp_path, transcriber=Engine.NULL, synthesizer=Engine.NULL))
    assert finding.state is Level.NOTE


def test_more_speech_threads_than_cores_are_noted(tmp_path: Path) -> None:
    *_, finding = check_speech(settings(tmp_path, speech_threads=10_000))
    assert "VOICEBOT_SPEECH_THREADS" in finding.mend


def test_without_a_key_nothing_is_asked_of_openai(tmp_path: Path) -> None:
    assert check_openai(settings(tmp_path)).state is Level.OK


def test_what_needs_a_key_and_has_none_is_a_problem(tmp_path: Path) -> None:
    finding = check_openai(settings(tmp_path, transcriber=Engine.OPENAI))
    assert problems([finding]) == ["OpenAI"]
    assert "OPENAI_API_KEY" in finding.text


def test_a_server_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    own = {"transcriber": Engine.OPENAI, "openai_base_url": "http://127.0.0.1:8090/v1"}
    assert check_openai(settings(tmp_path, **own)).state is Level.OK


def test_a_missing_fallback_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(tmp_path, openai_api_key=KEY)
    assert check_openai(chosen).state is Level.OK
    monkeypatch.setattr(engines, "has_fallback", lambda settings, process: False)
    finding = check_openai(chosen)
    assert (finding.state, "no stt and no tts" in finding.text) == (Level.NOTE, True)
