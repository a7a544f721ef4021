"""The file endpoint: a whole utterance in, its text out. Slower than a socket, and always there."""

from __future__ import annotations

import asyncio
import io
import time
import wave
from typing import Final

from openai import AsyncOpenAI, omit
from openai.types.audio import Transcription

from voicebot import g711
from voicebot.openai.failures import Failure, Unanswered
from voicebot.openai.trouble import FAILURES, Unwanted, failure_of
from voicebot.openai.usage import meter
from voicebot.speech import Hint, Transcript
from voicebot.speech.openai.messages import clean_keywords, takes_keywords

_SHORTEST_BYTES: Final = g711.RATE_HZ * 3 // 10
"""Clips under 0.1 s are refused; 0.3 s is safe."""
_SAMPLE_BYTES: Final = 2


class FileTranscriber:
    """Ears behind `/audio/transcriptions`. It satisfies Transcriber; the client is not its own."""

    def __init__(self, client: AsyncOpenAI, model: str, *, deadline_s: float) -> None:
        self._client = client
        self._model = model
        self._deadline_s = deadline_s

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises Unanswered."""
        asked_at = time.perf_counter()
        special = takes_keywords(self._model)
        keywords = clean_keywords(hint.vocabulary) if special else []
        try:
            answer = await self._client.audio.transcriptions.create(
                file=("utterance.wav", wav(utterance), "audio/wav"),
                model=self._model,
                language=omit if special else hint.language,
                languages=[hint.language] if special else omit,
                keywords=keywords or omit,
                response_format="json",
                timeout=self._deadline_s,
            )
            words = _words(answer)
        except asyncio.CancelledError:  # the session's text was there first: it is paid for, too
            meter().heard(self._model, len(utterance) / g711.RATE_HZ)
            raise
        except FAILURES as error:
            failure = failure_of(error)
            text = f"OpenAI's file endpoint did not listen ({failure})"
            raise Unanswered(text, failure) from error
        meter().heard(self._model, len(utterance) / g711.RATE_HZ)
        return Transcript(words, time.perf_counter() - asked_at)

    async def aclose(self) -> None:
        """Nothing of its own to close."""


def _words(answer: object) -> str:
    """The library passes on whatever a server says with a 200: a proxy's page, null, a list."""
    text = answer.text if isinstance(answer, Transcription) else None
    if not isinstance(text, str):
        raise Unwanted(Failure.MALFORMED)
    return text.strip()


def wav(mulaw: bytes) -> bytes:
    """The utterance as a WAV file of 16-bit PCM at 8 kHz; mu-law in a WAV may be refused."""
    samples = g711.decode(mulaw.ljust(_SHORTEST_BYTES, g711.SILENCE))
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(_SAMPLE_BYTES)
        recording.setframerate(g711.RATE_HZ)
        recording.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
