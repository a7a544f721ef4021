"""The stt process: `python -m voicebot.speech.stt` transcribes for every call on this machine.

It loads Whisper once and serves `<data dir>/stt.sock` with the protocol of `voicebot.speech.wire`.
`VOICEBOT_SPEECH_THREADS` utterances are decoded at once. Jobs cancelled in the queue, as most
speculative ones are, are never decoded.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from voicebot import g711
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech import Hint
from voicebot.speech.inference_server import InferenceServer, Replies
from voicebot.speech.models import SpeechProcess, whisper_files
from voicebot.speech.whisper import Whisper
from voicebot.speech.wire import Hear, Kind, Reply, stt_socket


async def main(lifetime: Lifetime) -> None:
    """Load the model, warm it up and serve; raises ModelMissing."""
    settings = load_settings()
    workers = settings.speech_threads
    whisper = await asyncio.to_thread(_load, settings.whisper_dir, workers)

    def work(job: Hear, utterance: bytes) -> Replies:
        hint = Hint(job.language, job.vocabulary, job.words_for_digits)
        heard = whisper.hear(utterance, hint)
        yield Reply(do=Kind.HEARD, text=heard.text, seconds=heard.seconds), b""

    server = InferenceServer(SpeechProcess.STT, Hear, work, workers=workers)
    await server.serve(stt_socket(settings.data_dir), lifetime)


def _load(directory: Path | None, workers: int) -> Whisper:
    whisper = Whisper(whisper_files(directory), workers=workers)
    # The first decode allocates the engine's buffers.
    whisper.hear(g711.SILENCE * g711.RATE_HZ, Hint())
    return whisper


if __name__ == "__main__":
    run(main)
