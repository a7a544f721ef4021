"""Open the engines that the settings choose: speech to text, text to speech, voice activity."""

from __future__ import annotations

from collections.abc import Callable, Collection

from voicebot.settings import Engine, Settings
from voicebot.speech import SpeechToText, Synthesizer, Transcriber, VoiceDetector
from voicebot.speech.cache import CachedSynthesizer, FallbackSynthesizer
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber, WholeUtterances
from voicebot.speech.models import SpeechProcess, has_fallback, voice_id
from voicebot.speech.null import NullDetector, NullSynthesizer, NullTranscriber, read_manifest
from voicebot.speech.vad import SileroDetector
from voicebot.speech.wire import stt_socket, tts_socket


def open_stt(settings: Settings) -> SpeechToText:
    """Return the speech-to-text engine, not yet connected; raises SettingsError."""
    match settings.engine(settings.transcriber):
        case Engine.NULL:
            return WholeUtterances(NullTranscriber(read_manifest(settings.null_manifest)))
        case Engine.OPENAI:
            # The openai package takes most of a second to import.
            from voicebot.speech.openai.stt import OpenAISpeechToText

            local = has_fallback(settings, SpeechProcess.STT)
            return OpenAISpeechToText(settings, local_transcriber(settings) if local else None)
        case _:
            return WholeUtterances(local_transcriber(settings))


def local_transcriber(settings: Settings) -> Transcriber:
    """Return the transcriber of this machine's stt process, not yet connected."""
    return RemoteTranscriber(stt_socket(settings.data_dir))


def open_synthesizer(
    settings: Settings, fixed: Collection[str] = ()
) -> CachedSynthesizer | FallbackSynthesizer | NullSynthesizer:
    """Return the synthesizer, which caches each of the `fixed` sentences.

    `fixed` must hold no caller's data. Raises SettingsError, ModelMissing.
    """
    match settings.engine(settings.synthesizer):
        case Engine.NULL:
            return NullSynthesizer()
        case Engine.OPENAI:
            from voicebot.openai.client import account
            from voicebot.speech.openai.tts import OpenAISynthesizer

            first = OpenAISynthesizer(account(settings).open_client(), settings)
            synthesizers = [_cached(settings, first, first.voice_id, fixed)]
            if has_fallback(settings, SpeechProcess.TTS):
                synthesizers.append(_local_synthesizer(settings, fixed))
            return FallbackSynthesizer(synthesizers)
        case _:
            return _local_synthesizer(settings, fixed)


def _local_synthesizer(settings: Settings, fixed: Collection[str]) -> CachedSynthesizer:
    synthesizer = RemoteSynthesizer(tts_socket(settings.data_dir))
    return _cached(settings, synthesizer, voice_id(settings.piper_voice), fixed)


def _cached(
    settings: Settings, synthesizer: Synthesizer, voice: str, fixed: Collection[str]
) -> CachedSynthesizer:
    return CachedSynthesizer(synthesizer, settings.data_dir / "speech-cache" / voice, fixed)


def detectors(settings: Settings) -> Callable[[], VoiceDetector]:
    """Return a factory of voice detectors, one per call. Loads the model; raises ModelMissing."""
    if settings.engine(settings.transcriber) is Engine.NULL:
        return NullDetector
    SileroDetector()
    return SileroDetector
