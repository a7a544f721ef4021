"""Text to speech through OpenAI's speech endpoint, with its deadlines, breaker and cost."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import numpy as np
from openai import AsyncOpenAI, omit

from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai import Failure, Service, meter, openai_breaker
from voicebot.openai.client import FAILURES, Stalled, Unwanted, failure_of
from voicebot.settings import Settings
from voicebot.speech.resampling import Resampler, rounded

QUICK_S: Final = 0.25
"""A request that fails sooner is retried once."""
_WITHOUT_INSTRUCTIONS: Final = "tts-1"
_SAMPLE_BYTES: Final = 2
_FIRST_MS: Final = 40
"""The first piece is small, but large enough for a whole 20 ms frame after filtering."""
_PIECE_MS: Final = 200
"""Later audio arrives in small chunks; they are collected, to filter and send less often."""
_NO_AUDIO: Final = ("text/", "application/json")
"""Content types that are an error even with status 200."""

_log = get_logger("voicebot.speech.openai")


@dataclass(frozen=True, slots=True)
class TtsDeadlines:
    """Time limits in seconds: for the first audio of a sentence, and between its pieces."""

    first_s: float
    next_s: float = 1.0


class OpenAISynthesizer:
    """Speaks with an OpenAI voice. It satisfies Synthesizer, and owns `client`.

    Every failure is a SpeechUnavailable, so that the next synthesizer can take over.
    """

    def __init__(
        self, client: AsyncOpenAI, settings: Settings, deadlines: TtsDeadlines | None = None
    ) -> None:
        self._client = client
        self._settings = settings
        self._breaker = openai_breaker(Service.SPEAKING)
        first_s = settings.openai_speech_deadline_ms / 1000
        self._deadlines = deadlines or TtsDeadlines(first_s)
        self.model = settings.openai_speech_model

    @property
    def voice_id(self) -> str:
        """A name that changes with everything that changes the sound."""
        known = self._settings
        sound = (
            known.openai_base_url, known.openai_speech_model, known.openai_voice,
            known.openai_manner, known.openai_speech_rate_hz,
        )  # fmt: skip
        return f"openai-{hashlib.sha256(repr(sound).encode()).hexdigest()[:16]}"

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield whole 20 ms frames of mu-law; raises SpeechUnavailable, possibly between pieces."""
        bill = meter()
        if bill.is_spent:
            self._breaker.failed(Failure.CAPPED)
            raise SpeechUnavailable("the call has reached its cost cap (VOICEBOT_OPENAI_MAX_COST)")
        if not self._breaker.allows():
            raise SpeechUnavailable("OpenAI failed recently and is not asked for a while")
        bill.asked_to_say(len(sentence))
        spoken, rest = 0, b""
        try:
            async with aclosing(self._pieces(sentence)) as pieces:
                async for piece in pieces:
                    spoken += len(piece)
                    rest += piece
                    whole = len(rest) // g711.FRAME_BYTES * g711.FRAME_BYTES
                    if whole:
                        yield rest[:whole]
                        rest = rest[whole:]
            if not spoken:
                raise Stalled("an answer without audio")
        except FAILURES as error:
            failure = failure_of(error)
            self._breaker.failed(failure)
            _log.warning("not_spoken", failure=failure, model=self.model)
            raise SpeechUnavailable(f"OpenAI did not speak ({failure})") from error
        finally:
            bill.spoke(self.model, spoken / g711.RATE_HZ)
        self._breaker.answered()
        if rest:
            yield rest.ljust(g711.FRAME_BYTES, g711.SILENCE)

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self._client.close()

    async def _pieces(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield pieces within the deadlines; a quick failure is retried once; raises FAILURES."""
        began = time.monotonic()
        for may_retry in (True, False):
            begun = False
            try:
                async with aclosing(_in_time(self._read(sentence), self._deadlines)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except FAILURES as error:
                quick = time.monotonic() - began < QUICK_S
                if not (may_retry and quick and not begun and failure_of(error).is_momentary):
                    raise

    async def _read(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces of any length; raises FAILURES. Closing it ends the request."""
        manner, rate_hz = self._settings.openai_manner, self._settings.openai_speech_rate_hz
        instructed = manner and not self.model.startswith(_WITHOUT_INSTRUCTIONS)
        resampler = Resampler(rate_hz, g711.RATE_HZ)
        pcm, enough = b"", _FIRST_MS
        async with self._client.audio.speech.with_streaming_response.create(
            model=self.model,
            voice=self._settings.openai_voice,
            input=sentence,
            instructions=manner if instructed else omit,
            response_format="pcm",
        ) as answer:
            if answer.headers.get("content-type", "").startswith(_NO_AUDIO):
                raise Unwanted(Failure.MALFORMED)  # it would sound as noise
            async for more in answer.iter_bytes():
                pcm += more
                if len(pcm) * 1000 >= rate_hz * _SAMPLE_BYTES * enough:
                    whole = len(pcm) // _SAMPLE_BYTES * _SAMPLE_BYTES  # it may end within a sample
                    samples, pcm = np.frombuffer(pcm[:whole], "<i2"), pcm[whole:]
                    yield g711.encode(rounded(resampler.feed(samples)))
                    enough = _PIECE_MS
        samples = np.frombuffer(pcm[: len(pcm) // _SAMPLE_BYTES * _SAMPLE_BYTES], "<i2")
        tail = np.concatenate((resampler.feed(samples), resampler.flush()))
        yield g711.encode(rounded(tail))


async def _in_time(
    pieces: AsyncGenerator[bytes, None], deadlines: TtsDeadlines
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces; raises TimeoutError before the first and Stalled between later ones."""
    left_s = deadlines.first_s
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout(left_s):
                    piece = await anext(pieces, None)
            except TimeoutError:
                if left_s is deadlines.first_s:
                    raise
                raise Stalled(f"no audio for {left_s:g} s") from None
            if piece is None:
                return
            yield piece
            left_s = deadlines.next_s
