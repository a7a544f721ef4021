"""Which ears and mouth stand behind the seams: chosen here, by settings, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Collection

from voicebot.errors import SettingsError
from voicebot.settings import Engine, Settings
from voicebot.speech import Ears, Synthesizer, Transcriber, VoiceDetector
from voicebot.speech.cache import CachedSynthesizer
from voicebot.speech.client import RemoteSynthesizer, RemoteTranscriber
from voicebot.speech.models import voice_id
from voicebot.speech.null import NullDetector, NullSynthesizer, NullTranscriber, read_manifest
from voicebot.speech.sentences import split_sentences
from voicebot.speech.sockets import ears_socket, mouth_socket
from voicebot.speech.vad import SileroDetector
from voicebot.speech.whole import WholeUtterances


def open_ears(settings: Settings) -> Ears:
    """The ears of these settings. Connects to nothing yet; raises SettingsError."""
    match settings.engine(settings.transcriber):
        case Engine.NULL:
            return WholeUtterances(NullTranscriber(read_manifest(settings.null_manifest)))
        case Engine.OPENAI:
            # Its library takes most of a second to import: who stays local does not pay for it.
            from voicebot.speech.openai.hearing import OpenAIEars

            return OpenAIEars(settings)
        case _:
            return WholeUtterances(local_transcriber(settings))


def local_transcriber(settings: Settings) -> Transcriber:
    """The ears of this machine, for whole utterances. Connects to nothing yet."""
    return RemoteTranscriber(ears_socket(settings.data_dir))


def open_synthesizer(
    settings: Settings, fixed_texts: Collection[str] = ()
) -> CachedSynthesizer | NullSynthesizer:
    """The mouth of these settings; it keeps each sentence of `fixed_texts`.

    These must hold no caller's data. Raises SettingsError, ModelMissing.
    """
    match settings.engine(settings.synthesizer):
        case Engine.NULL:
            return NullSynthesizer()
        case Engine.LOCAL:
            mouth: Synthesizer = RemoteSynthesizer(mouth_socket(settings.data_dir))
            cache = settings.data_dir / "speech-cache" / voice_id(settings.piper_voice)
            fixed = {sentence for text in fixed_texts for sentence in split_sentences(text)}
            return CachedSynthesizer(mouth, cache, fixed)
        case _:
            raise _not_built("VOICEBOT_SYNTHESIZER")


def detectors(settings: Settings) -> Callable[[], VoiceDetector]:
    """Makes a detector for each call. Loads the model now; raises ModelMissing."""
    if settings.engine(settings.transcriber) is Engine.NULL:
        return NullDetector
    SileroDetector()
    return SileroDetector


def _not_built(variable: str) -> SettingsError:
    return SettingsError(f"OpenAI speech is not built yet: set {variable}=local, or unset the key")
