"""The speech endpoint: a sentence in, PCM out as it is made, brought down to the telephone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from openai import AsyncOpenAI, omit

from voicebot.openai.failures import Failure
from voicebot.openai.trouble import Unwanted
from voicebot.speech.openai.decimating import Decimator

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
