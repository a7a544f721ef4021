"""Text to speech: Piper in a process of its own, for every call on this machine.

`python -m voicebot.speech.tts` loads the voice once and serves `<data dir>/tts.sock`; the
protocol stands in `voicebot.speech.wire` and needs nothing of this package to be spoken.

Why a process of its own: Piper is GPL-3.0-or-later and would make whatever shares its address
space a combined work. Here it is a separate program, reached over a socket, and no other module
of voicebot imports it. It is installed only with the extra `local`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech.inference_server import InferenceServer, Work
from voicebot.speech.models import SpeechProcess, voice_files
from voicebot.speech.piper import Piper
from voicebot.speech.wire import Job, Reply, Sound, Speak, Spoken, tts_socket

_WORKERS: Final = 1  # espeak-ng is not re-entrant
_WAITING: Final = 64


def speaking(piper: Piper) -> Work:
    """Return the work of text to speech: a reply a piece, then the end."""

    def work(job: Job, audio: bytes) -> Iterator[tuple[Reply, bytes]]:
        if not isinstance(job, Speak):
            raise TypeError("text to speech does not hear")
        for piece in piper.speak(job.text, job.pitch):
            yield Sound(id=job.id, seconds=piece.seconds), piece.mulaw
        yield Spoken(id=job.id), b""

    return work


async def main(lifetime: Lifetime) -> None:
    """Load, warm up, serve; raises ModelMissing."""
    settings = load_settings()
    piper = await asyncio.to_thread(_load, settings.piper_voice)
    server = InferenceServer(SpeechProcess.TTS, speaking(piper), workers=_WORKERS, waiting=_WAITING)
    await server.serve(tts_socket(settings.data_dir), lifetime)


def _load(voice: Path | None) -> Piper:
    piper = Piper(voice_files(voice))
    for _ in piper.speak("Hello."):  # the first sentence pays for the engine's buffers
        pass
    return piper


if __name__ == "__main__":
    run(main)
