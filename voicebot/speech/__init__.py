"""Speech to text, text to speech and voice activity detection. All audio is 8 kHz mu-law, mono.

What is public

    open_stt, open_synthesizer, detectors, open_meaning   the engines that the settings choose
    SpeechToText, SttStream, SttTurn        an engine, the stream of one call, one turn of a caller
    Transcriber, Transcript, Hint           hears whole utterances; what was heard; help for it
    Synthesizer, VoiceDetector              speaks sentences; finds speech in a call's audio
    OpenDetector, Deliver                   opens the detector of a call; takes what it finds
    Meaning                                 says how alike texts are in meaning
    CachedSynthesizer, FallbackSynthesizer  what `open_synthesizer` returns, and is to be warmed
    WholeUtterances                         a transcriber as an engine
    is_noisy                                whether an utterance comes over a bad line
    split_sentences, sentences_of           the sentences of a text, and of several
    load_meaning                            the meaning engine in this process, for commands
    SpeechProcess, is_needed, has_fallback  the processes on this machine
    stt_socket, tts_socket, meaning_socket  where they listen
    missing_packages, missing_models        what they lack, for people to read
    voice_files, whisper_files, meaning_model   their weights
    NullDetector, read_manifest, clip_checksum   the engines of the benchmark, which need no model
    openai                                  a package of its own, since it is slow to import
"""

from voicebot.speech.cache import CachedSynthesizer, FallbackSynthesizer
from voicebot.speech.client import WholeUtterances
from voicebot.speech.factory import (
    detectors,
    load_meaning,
    open_meaning,
    open_stt,
    open_synthesizer,
)
from voicebot.speech.models import (
    SpeechProcess,
    has_fallback,
    is_needed,
    meaning_model,
    missing_models,
    missing_packages,
    voice_files,
    whisper_files,
)
from voicebot.speech.null import NullDetector, clip_checksum, read_manifest
from voicebot.speech.protocols import (
    Deliver,
    Hint,
    Meaning,
    OpenDetector,
    SpeechToText,
    SttStream,
    SttTurn,
    Synthesizer,
    Transcriber,
    Transcript,
    VoiceDetector,
)
from voicebot.speech.sentences import sentences_of, split_sentences
from voicebot.speech.vad import is_noisy
from voicebot.speech.wire import meaning_socket, stt_socket, tts_socket

__all__ = [
    "CachedSynthesizer", "Deliver", "FallbackSynthesizer", "Hint", "Meaning", "NullDetector",
    "OpenDetector", "SpeechProcess", "SpeechToText", "SttStream", "SttTurn", "Synthesizer",
    "Transcriber", "Transcript", "VoiceDetector", "WholeUtterances", "clip_checksum", "detectors",
    "has_fallback", "is_needed", "is_noisy", "load_meaning", "meaning_model", "meaning_socket",
    "missing_models", "missing_packages", "open_meaning", "open_stt", "open_synthesizer",
    "read_manifest", "sentences_of", "split_sentences", "stt_socket", "tts_socket", "voice_files",
    "whisper_files",
]  # fmt: skip
