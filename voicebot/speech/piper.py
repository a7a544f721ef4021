"""The bot's voice: Piper, to telephone audio. Only voicebot.speech.tts may import this module.

Piper (piper-tts, OHF-Voice/piper1-gpl) is licensed GPL-3.0-or-later and carries espeak-ng, of
the same licence. voicebot is MIT: so Piper is never loaded into a process that runs the rest of
the program, see `voicebot.speech.tts`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray
from piper.config import PiperConfig, SynthesisConfig
from piper.voice import PiperVoice

from voicebot import g711
from voicebot.speech.models import VoiceFiles
from voicebot.speech.sentences import first_clause, split_sentences

_HEADROOM: Final = 10 ** (-3 / 20)
"""-3 dB: mu-law clips at 32,635, and the resampler may overshoot a full-scale peak."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Mu-law of a whole number of 20 ms frames, and the time the model took for it."""

    mulaw: bytes
    seconds: float


class Piper:
    """A loaded voice. Not re-entrant: espeak-ng keeps global state, so use one thread."""

    def __init__(self, files: VoiceFiles) -> None:
        options = onnxruntime.SessionOptions()
        # Piper's own loader takes every core, which speech to text needs.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            files.model, options, providers=["CPUExecutionProvider"]
        )
        self._voice = PiperVoice(session, PiperConfig.from_dict(json.loads(files.config)))

    def speak(self, text: str, pitch: float = 1.0) -> Iterator[Piece]:
        """Synthesise, a piece a sentence, a long one in two. Blocks 80 ms for a second of speech.

        Another pitch is made by speaking slower and playing faster, which keeps the tempo.
        """
        config = SynthesisConfig(
            length_scale=self._voice.config.length_scale * pitch, volume=_HEADROOM
        )
        begun = time.perf_counter()
        for part in _parts(text):
            for chunk in self._voice.synthesize(part, config):
                mulaw = _telephone(chunk.audio_float_array, chunk.sample_rate * pitch)
                yield Piece(mulaw, time.perf_counter() - begun)
                begun = time.perf_counter()


def _parts(text: str) -> list[str]:
    return [part for sentence in split_sentences(text) for part in first_clause(sentence)]


def _telephone(samples: NDArray[np.float32], rate_hz: float) -> bytes:
    # One call for the whole sentence: soxr low-passes, and flushes its tail at the end.
    narrow = soxr.resample(samples, rate_hz, g711.RATE_HZ, quality="HQ")
    mulaw = g711.encode(np.clip(narrow * 32767, -32768, 32767).astype(np.int16))
    return mulaw + g711.SILENCE * (-len(mulaw) % g711.FRAME_BYTES)
