"""The stt process: `python -m voicebot.speech.stt` transcribes for every call on this machine.

It loads Whisper once and serves `<data dir>/stt.sock` with the protocol of `voicebot.speech.wire`.
`VOICEBOT_SPEECH_THREADS` utterances are decoded at once. Jobs cancelled in the queue, as most
speculative ones are, are never decoded.
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


def transcription_work(whisper: Whisper) -> Work:
    """Return the function that runs a transcription job, with one reply."""

    def work(job: Job, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        if not isinstance(job, Hear):
            raise TypeError("the stt process takes no synthesis jobs")
        hint = Hint(job.language, job.vocabulary, job.words_for_digits)
        transcript = whisper.hear(audio, hint)
        yield Heard(id=job.id, text=transcript.text, seconds=transcript.seconds), b""

    return work


async def main(lifetime: Lifetime) -> None:
    """Load the model, warm it up and serve; raises ModelMissing."""
    settings = load_settings()
    workers = settings.speech_threads
    whisper = await asyncio.to_thread(_load, settings.whisper_dir, workers)
    server = InferenceServer(SpeechProcess.STT, transcription_work(whisper), workers=workers)
    await server.serve(stt_socket(settings.data_dir), lifetime)


def _load(directory: Path | None, workers: int) -> Whisper:
    whisper = Whisper(whisper_files(directory), workers=workers)
    # The first decode allocates the engine's buffers.
    whisper.hear(g711.SILENCE * g711.RATE_HZ, Hint())
    return whisper


if __name__ == "__main__":
    run(main)
