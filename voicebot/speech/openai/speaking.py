"""Speaking through OpenAI: what every way of doing it has in common.

A voice makes audio; the synthesizer around it asks only while that makes sense, keeps the time,
counts what it costs, and turns whatever goes wrong into SpeechUnavailable, so that the next
synthesizer can say the sentence.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from openai import AsyncOpenAI, omit

from voicebot import g711
from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai.account import account
from voicebot.openai.breaker import Breaker
from voicebot.openai.failures import Failure, Service
from voicebot.openai.trouble import FAILURES, Stalled, Unwanted, failure_of
from voicebot.openai.usage import meter
from voicebot.settings import Settings
from voicebot.speech.openai.resampling import Decimator

QUICK_S: Final = 0.25
"""Who fails so soon may be asked once more."""

_log = get_logger("voicebot.speech.openai")


@dataclass(frozen=True, slots=True)
class Patience:
    """Until the first audio of a sentence, and then between its pieces."""

    first_s: float = 0.9
    next_s: float = 1.0


class Voice(Protocol):
    """A way of making audio."""

    @property
    def model(self) -> str:
        """What is paid for."""
        ...

    def read(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Mu-law pieces of any length. Closing them ends the request. Raises FAILURES."""
        ...

    async def aclose(self) -> None: ...


class OpenAISynthesizer:
    """It satisfies Synthesizer. Synthesizers of one service share a breaker."""

    def __init__(self, voice: Voice, breaker: Breaker, patience: Patience) -> None:
        self._voice = voice
        self._breaker = breaker
        self._patience = patience

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Whole 20 ms frames; raises SpeechUnavailable, before the first or after any piece."""
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
        """Which one speaks."""
        return self._voice.model

    async def aclose(self) -> None:
        """Close the voice."""
        await self._voice.aclose()

    def _check(self) -> None:
        if meter().is_spent:
            self._breaker.failed(Failure.CAPPED)
            raise SpeechUnavailable("the call has used what it may cost (VOICEBOT_OPENAI_MAX_COST)")
        if not self._breaker.allows():
            raise SpeechUnavailable("OpenAI failed just now, and is not asked for a while")

    def _failed(self, error: Exception) -> SpeechUnavailable:
        failure = failure_of(error)
        self._breaker.failed(failure)
        _log.warning("not_spoken", failure=failure, model=self._voice.model)
        return SpeechUnavailable(f"OpenAI did not speak ({failure})")

    async def _pieces(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """The voice's, in time; after a quick momentary failure it is asked once more."""
        began = time.monotonic()
        begun = False
        try:
            async with aclosing(in_time(self._voice.read(sentence), self._patience)) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
            return
        except FAILURES as error:
            quick = time.monotonic() - began < QUICK_S
            if begun or not quick or not failure_of(error).is_momentary:
                raise
        async with aclosing(in_time(self._voice.read(sentence), self._patience)) as pieces:
            async for piece in pieces:
                yield piece


class Frames:
    """Cuts a stream into whole frames of 20 ms."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, mulaw: bytes) -> bytes:
        """As many whole frames as there are."""
        mulaw = self._rest + mulaw
        whole = len(mulaw) // g711.FRAME_BYTES * g711.FRAME_BYTES
        self._rest = mulaw[whole:]
        return mulaw[:whole]

    def rest(self) -> bytes:
        """The last frame, filled up with silence; nothing when nothing is left."""
        return self._rest.ljust(g711.FRAME_BYTES, g711.SILENCE) if self._rest else b""


async def in_time(
    pieces: AsyncGenerator[bytes, None], patience: Patience
) -> AsyncGenerator[bytes, None]:
    """The pieces, or TimeoutError (the first) or Stalled (a later one). Closes them."""
    left_s = patience.first_s
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout(left_s):
                    piece = await anext(pieces, None)
            except TimeoutError:
                if left_s is patience.first_s:
                    raise
                raise Stalled(f"no audio for {left_s:g} s") from None
            if piece is None:
                return
            yield piece
            left_s = patience.next_s


_WITHOUT_INSTRUCTIONS: Final = "tts-1"
_SAMPLE_BYTES: Final = 2
_FIRST_MS: Final = 40
"""Wanted at once, but less makes no whole frame of 20 ms behind the filter."""
_PIECE_MS: Final = 200
"""A sentence comes within moments, in crumbs; each piece that is handed on is filtered, framed and
sent by itself."""
_NO_AUDIO: Final = ("text/", "application/json")
"""What a proxy or a compatible server says with a 200, and means an error."""


class EndpointVoice:
    """`/audio/speech`. It satisfies Voice; the client is its own.

    rate_hz  of the server's "pcm": 24000 at OpenAI, others differ
    """

    def __init__(
        self, client: AsyncOpenAI, model: str, voice: str, *, manner: str, rate_hz: int
    ) -> None:
        self._client = client
        self._model = model
        self._voice = voice
        self._manner = manner
        self._rate_hz = rate_hz

    @property
    def model(self) -> str:
        """What is paid for."""
        return self._model

    async def read(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Leaving early closes the connection, and that ends the request. Raises FAILURES."""
        takes_manner = self._manner and not self._model.startswith(_WITHOUT_INSTRUCTIONS)
        decimator = Decimator(self._rate_hz)
        async with self._client.audio.speech.with_streaming_response.create(
            model=self._model,
            voice=self._voice,
            input=sentence,
            instructions=self._manner if takes_manner else omit,
            response_format="pcm",
        ) as answer:
            if answer.headers.get("content-type", "").startswith(_NO_AUDIO):
                raise Unwanted(Failure.MALFORMED)  # it would be heard as noise
            enough, waiting = self._bytes(_FIRST_MS), b""
            async for pcm in answer.iter_bytes():
                waiting += pcm
                if len(waiting) < enough:
                    continue
                if mulaw := decimator.feed(waiting):
                    yield mulaw
                enough, waiting = self._bytes(_PIECE_MS), b""
        if tail := decimator.feed(waiting) + decimator.flush():
            yield tail

    def _bytes(self, ms: int) -> int:
        return self._rate_hz * _SAMPLE_BYTES * ms // 1000

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._client.close()


def openai_synthesizers(settings: Settings) -> list[tuple[str, OpenAISynthesizer]]:
    """Each with the name under which its fixed sentences are kept. Connects to nothing yet.

    Raises SettingsError.
    """
    patience = Patience(first_s=settings.openai_speech_deadline_ms / 1000)
    endpoint = OpenAISynthesizer(_endpoint(settings), Breaker(Service.SPEAKING), patience)
    return [(_name(settings, settings.openai_speech_model), endpoint)]


def _endpoint(settings: Settings) -> EndpointVoice:
    return EndpointVoice(
        account(settings).open_client(),
        settings.openai_speech_model,
        settings.openai_voice,
        manner=settings.openai_manner,
        rate_hz=settings.openai_speech_rate_hz,
    )


def _name(settings: Settings, model: str) -> str:
    """Changes with everything that changes the sound."""
    sound = (
        settings.openai_base_url, model, settings.openai_voice, settings.openai_manner,
        settings.openai_speech_rate_hz,
    )  # fmt: skip
    return f"openai-{hashlib.sha256(repr(sound).encode()).hexdigest()[:16]}"
