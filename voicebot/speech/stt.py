"""Speech to text: one process per machine that recognises speech for every call on it.

`python -m voicebot.speech.stt` loads Whisper once and serves `<data dir>/stt.sock`; the
protocol stands in `voicebot.speech.wire`. `VOICEBOT_SPEECH_THREADS` utterances are decoded at
once. A job that is cancelled while it waits is never decoded: most speculative decodes end so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from voicebot import g711
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech import Hint
from voicebot.speech.inference_server import InferenceServer, Work
from voicebot.speech.models import SpeechProcess, whisper_files
from voicebot.speech.whisper import Whisper
from voicebot.speech.wire import Hear, Heard, Job, Reply, stt_socket


def listening(whisper: Whisper) -> Work:
    """Return the work of speech to text: one reply a job."""

    def work(job: Job, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        if not isinstance(job, Hear):
            raise TypeError("speech to text does not speak")
        hint = Hint(job.language, job.vocabulary, job.words_for_digits)
        transcript = whisper.hear(audio, hint)
        yield Heard(id=job.id, text=transcript.text, seconds=transcript.seconds), b""

    return work


async def main(lifetime: Lifetime) -> None:
    """Load, warm up, serve; raises ModelMissing."""
    settings = load_settings()
    workers = settings.speech_threads
    whisper = await asyncio.to_thread(_load, settings.whisper_dir, workers)
    server = InferenceServer(SpeechProcess.STT, listening(whisper), workers=workers)
    await server.serve(stt_socket(settings.data_dir), lifetime)


def _load(directory: Path | None, workers: int) -> Whisper:
    whisper = Whisper(whisper_files(directory), workers=workers)
    # The first decode pays for the engine's buffers; better now than in a caller's turn.
    whisper.hear(g711.SILENCE * g711.RATE_HZ, Hint())
    return whisper


if __name__ == "__main__":
    run(main)
