"""Text to speech through OpenAI's speech endpoint.

EndpointVoice makes the requests. OpenAISynthesizer adds the breaker, the deadlines and the cost,
and turns every failure into SpeechUnavailable, so that the next synthesizer can take over.
"""

from __future__ import annotations

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
from voicebot.openai.account import account
from voicebot.openai.breaker import OpenAIBreaker, openai_breaker
from voicebot.openai.exceptions import FAILURES, Stalled, Unwanted, failure_of
from voicebot.openai.failures import Failure, Service
from voicebot.openai.usage import meter
from voicebot.settings import Settings
from voicebot.speech.resampling import Resampler, rounded

QUICK_S: Final = 0.25
"""A request that fails sooner is retried once."""

_log = get_logger("voicebot.speech.openai")


@dataclass(frozen=True, slots=True)
class TtsDeadlines:
    """Time limits in seconds: for the first audio of a sentence, and between its pieces."""

    first_s: float = 0.9
    next_s: float = 1.0


class OpenAISynthesizer:
    """Speaks with an OpenAI voice. It satisfies Synthesizer."""

    def __init__(
        self, voice: EndpointVoice, breaker: OpenAIBreaker, deadlines: TtsDeadlines
    ) -> None:
        self._voice = voice
        self._breaker = breaker
        self._deadlines = deadlines

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield whole 20 ms frames of mu-law; raises SpeechUnavailable, possibly between pieces."""
        self._check()
        bill, spoken, frames = meter(), 0, Frames()
        bill.asked_to_say(len(sentence))
        try:
            async with aclosing(self._pieces(sentence)) as pieces:
                async for piece in pieces:
                    spoken += len(piece)
                    if whole := frames.feed(piece):
                        yield whole
            if not spoken:
                raise Stalled("an answer without audio")
        except FAILURES as error:
            raise self._failed(error) from error
        finally:
            bill.spoke(self._voice.model, spoken / g711.RATE_HZ)
        self._breaker.answered()
        if rest := frames.rest():
            yield rest

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._voice.model

    async def aclose(self) -> None:
        """Close the voice."""
        await self._voice.aclose()

    def _check(self) -> None:
        if meter().is_spent:
            self._breaker.failed(Failure.CAPPED)
            raise SpeechUnavailable("the call has reached its cost cap (VOICEBOT_OPENAI_MAX_COST)")
        if not self._breaker.allows():
            raise SpeechUnavailable("OpenAI failed recently and is not asked for a while")

    def _failed(self, error: Exception) -> SpeechUnavailable:
        failure = failure_of(error)
        self._breaker.failed(failure)
        _log.warning("not_spoken", failure=failure, model=self._voice.model)
        return SpeechUnavailable(f"OpenAI did not speak ({failure})")

    async def _pieces(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield the voice's pieces within the deadlines; retries once after a quick failure."""
        began = time.monotonic()
        begun = False
        try:
            async with aclosing(in_time(self._voice.read(sentence), self._deadlines)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
            return
        except FAILURES as error:
            quick = time.monotonic() - began < QUICK_S
            if begun or not quick or not failure_of(error).is_momentary:
                raise
        async with aclosing(in_time(self._voice.read(sentence), self._deadlines)) as pieces:
            async for piece in pieces:
                yield piece


class Frames:
    """Cuts a stream into whole frames of 20 ms."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, mulaw: bytes) -> bytes:
        """Add bytes and return all whole frames."""
        mulaw = self._rest + mulaw
        whole = len(mulaw) // g711.FRAME_BYTES * g711.FRAME_BYTES
        self._rest = mulaw[whole:]
        return mulaw[:whole]

    def rest(self) -> bytes:
        """Return the last frame, padded with silence, or nothing."""
        return self._rest.ljust(g711.FRAME_BYTES, g711.SILENCE) if self._rest else b""


async def in_time(
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


_WITHOUT_INSTRUCTIONS: Final = "tts-1"
_SAMPLE_BYTES: Final = 2
_FIRST_MS: Final = 40
"""The first piece is small, but large enough for a whole 20 ms frame after filtering."""
_PIECE_MS: Final = 200
"""Later audio arrives in small chunks; they are collected, to filter and send less often."""
_NO_AUDIO: Final = ("text/", "application/json")
"""Content types that are an error even with status 200."""


class EndpointVoice:
    """Requests speech from `/audio/speech`; it owns `client`.

    rate_hz  sampling rate of the server's "pcm": 24000 at OpenAI, others differ
    """

    def __init__(
        self, client: AsyncOpenAI, model: str, voice: str, *, instructions: str, rate_hz: int
    ) -> None:
        self._client = client
        self._model = model
        self._voice = voice
        self._instructions = instructions
        self._rate_hz = rate_hz

    @property
    def model(self) -> str:
        """The name of the model, for its price."""
        return self._model

    async def read(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces of any length; raises FAILURES. Closing it ends the request."""
        instructed = self._instructions and not self._model.startswith(_WITHOUT_INSTRUCTIONS)
        resampler = Resampler(self._rate_hz, g711.RATE_HZ)
        async with self._client.audio.speech.with_streaming_response.create(
            model=self._model,
            voice=self._voice,
            input=sentence,
            instructions=self._instructions if instructed else omit,
            response_format="pcm",
        ) as answer:
            if answer.headers.get("content-type", "").startswith(_NO_AUDIO):
                raise Unwanted(Failure.MALFORMED)  # it would sound as noise
            enough, waiting = self._bytes(_FIRST_MS), b""
            async for pcm in answer.iter_bytes():
                waiting += pcm
                if len(waiting) < enough:
                    continue
                whole = len(waiting) // _SAMPLE_BYTES * _SAMPLE_BYTES  # a piece may end within one
                samples, waiting = np.frombuffer(waiting[:whole], "<i2"), waiting[whole:]
                yield g711.encode(rounded(resampler.feed(samples)))
                enough = self._bytes(_PIECE_MS)
        rest = np.frombuffer(waiting[: len(waiting) // _SAMPLE_BYTES * _SAMPLE_BYTES], "<i2")
        tail = np.concatenate((resampler.feed(rest), resampler.flush()))
        yield g711.encode(rounded(tail))

    def _bytes(self, ms: int) -> int:
        return self._rate_hz * _SAMPLE_BYTES * ms // 1000

    async def aclose(self) -> None:
        """Close the HTTP client."""
        await self._client.close()


def openai_synthesizers(settings: Settings) -> list[tuple[str, OpenAISynthesizer]]:
    """Return each synthesizer with the name of its sentence cache, not yet connected.

    Raises SettingsError.
    """
    # The cache's name changes with everything that changes the sound.
    sound = (
        settings.openai_base_url, settings.openai_speech_model, settings.openai_voice,
        settings.openai_manner, settings.openai_speech_rate_hz,
    )  # fmt: skip
    name = f"openai-{hashlib.sha256(repr(sound).encode()).hexdigest()[:16]}"
    voice = EndpointVoice(
        account(settings).open_client(),
        settings.openai_speech_model,
        settings.openai_voice,
        instructions=settings.openai_manner,
        rate_hz=settings.openai_speech_rate_hz,
    )
    deadlines = TtsDeadlines(first_s=settings.openai_speech_deadline_ms / 1000)
    return [(name, OpenAISynthesizer(voice, openai_breaker(Service.SPEAKING), deadlines))]
