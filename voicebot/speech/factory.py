"""Which ears and mouth stand behind the seams: chosen here, by settings, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Collection

from voicebot.openai.breaker import Breaker
from voicebot.openai.failures import Service
from voicebot.settings import Engine, Settings
from voicebot.speech import Ears, Synthesizer, Transcriber, VoiceDetector
from voicebot.speech.cache import CachedSynthesizer
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber, WholeUtterances
from voicebot.speech.fallback import FallbackEars, FallbackSynthesizer
from voicebot.speech.models import Organ, has_fallback, voice_id
from voicebot.speech.null import NullDetector, NullSynthesizer, NullTranscriber, read_manifest
from voicebot.speech.vad import SileroDetector
from voicebot.speech.wire import ears_socket, mouth_socket


def open_ears(settings: Settings) -> Ears:
    """The ears of these settings. Connects to nothing yet; raises SettingsError."""
    match settings.engine(settings.transcriber):
        case Engine.NULL:
            return WholeUtterances(NullTranscriber(read_manifest(settings.null_manifest)))
        case Engine.OPENAI:
            # Its library takes most of a second to import: who stays local does not pay for it.
            from voicebot.speech.openai.hearing import OpenAIEars

            second = local_transcriber(settings) if has_fallback(settings, Organ.EARS) else None
            first = OpenAIEars(settings, alone=second is None)
            return FallbackEars(first, second, Breaker(Service.HEARING))
        case _:
            return WholeUtterances(local_transcriber(settings))


def local_transcriber(settings: Settings) -> Transcriber:
    """The ears of this machine, for whole utterances. Connects to nothing yet."""
    return RemoteTranscriber(ears_socket(settings.data_dir))


def open_synthesizer(
    settings: Settings, fixed: Collection[str] = ()
) -> CachedSynthesizer | FallbackSynthesizer | NullSynthesizer:
    """The mouth of these settings; it keeps each of the `fixed` sentences.

    These must hold no caller's data. Raises SettingsError, ModelMissing.
    """
    match settings.engine(settings.synthesizer):
        case Engine.NULL:
            return NullSynthesizer()
        case Engine.OPENAI:
            from voicebot.speech.openai.speaking import open_mouths

            mouths = [_kept(settings, mouth, name, fixed) for name, mouth in open_mouths(settings)]
            if has_fallback(settings, Organ.MOUTH):
                mouths.append(_local_mouth(settings, fixed))
            return FallbackSynthesizer(mouths)
        case _:
            return _local_mouth(settings, fixed)


def _local_mouth(settings: Settings, fixed: Collection[str]) -> CachedSynthesizer:
    mouth = RemoteSynthesizer(mouth_socket(settings.data_dir))
    return _kept(settings, mouth, voice_id(settings.piper_voice), fixed)


def _kept(
    settings: Settings, mouth: Synthesizer, voice: str, fixed: Collection[str]
) -> CachedSynthesizer:
    return CachedSynthesizer(mouth, settings.data_dir / "speech-cache" / voice, fixed)


def detectors(settings: Settings) -> Callable[[], VoiceDetector]:
    """Makes a detector for each call. Loads the model now; raises ModelMissing."""
    if settings.engine(settings.transcriber) is Engine.NULL:
        return NullDetector
    SileroDetector()
    return SileroDetector
