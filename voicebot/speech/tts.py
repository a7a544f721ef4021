"""The tts process: `python -m voicebot.speech.tts` synthesises for every call on this machine.

It loads the voice once and serves `<data dir>/tts.sock` with the protocol of
`voicebot.speech.wire`.

Piper (piper-tts, OHF-Voice/piper1-gpl) and the espeak-ng in it are GPL-3.0-or-later; voicebot is
MIT. So Piper runs as a separate program, reached over a socket; no other module may import this
one. It is installed only with the extra `local`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray
from piper.config import PiperConfig, SynthesisConfig
from piper.voice import PiperVoice

from voicebot import g711
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech.inference_server import InferenceServer, Replies
from voicebot.speech.models import SpeechProcess, VoiceFiles, voice_files
from voicebot.speech.sentences import first_clause, split_sentences
from voicebot.speech.wire import Kind, Reply, Speak, tts_socket

_WORKERS: Final = 1  # espeak-ng is not re-entrant
_WAITING: Final = 64


async def main(lifetime: Lifetime) -> None:
    """Load the voice, warm it up and serve; raises ModelMissing."""
    settings = load_settings()
    piper = await asyncio.to_thread(_load, settings.piper_voice)

    def work(job: Speak, _: bytes) -> Replies:
        begun = time.perf_counter()
        for mulaw in piper.speak(job.text, job.pitch):
            yield Reply(do=Kind.SOUND, seconds=time.perf_counter() - begun), mulaw
            begun = time.perf_counter()
        yield Reply(do=Kind.SPOKEN), b""

    server = InferenceServer(SpeechProcess.TTS, Speak, work, workers=_WORKERS, waiting=_WAITING)
    await server.serve(tts_socket(settings.data_dir), lifetime)


def _load(voice: Path | None) -> Piper:
    piper = Piper(voice_files(voice))
    for _ in piper.speak("Hello."):  # the first sentence allocates the engine's buffers
        pass
    return piper


_HEADROOM: Final = 10 ** (-3 / 20)
"""-3 dB: mu-law clips at 32,635, and the resampler may overshoot a full-scale peak."""


class Piper:
    """A loaded voice. Use it from one thread only: espeak-ng keeps global state."""

    def __init__(self, files: VoiceFiles) -> None:
        options = onnxruntime.SessionOptions()
        # Piper's own loader would use every core, which speech to text needs.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            files.model, options, providers=["CPUExecutionProvider"]
        )
        self._voice = PiperVoice(session, PiperConfig.from_dict(json.loads(files.config)))

    def speak(self, text: str, pitch: float = 1.0) -> Iterator[bytes]:
        """Yield mu-law in whole 20 ms frames, one piece per sentence, two for a long one.

        Blocks 80 ms per second of speech. Another pitch is made by speaking slower and playing
        faster, which keeps the tempo.
        """
        config = SynthesisConfig(
            length_scale=self._voice.config.length_scale * pitch, volume=_HEADROOM
        )
        for part in (part for s in split_sentences(text) for part in first_clause(s)):
            for chunk in self._voice.synthesize(part, config):
                yield _telephone(chunk.audio_float_array, chunk.sample_rate * pitch)


def _telephone(samples: NDArray[np.float32], rate_hz: float) -> bytes:
    # One call for the whole sentence: soxr low-passes it and flushes its tail at the end.
    narrow = soxr.resample(samples, rate_hz, g711.RATE_HZ, quality="HQ")
    mulaw = g711.encode(np.clip(narrow * 32767, -32768, 32767).astype(np.int16))
    return mulaw + g711.SILENCE * (-len(mulaw) % g711.FRAME_BYTES)


if __name__ == "__main__":
    run(main)
