"""Fallback from OpenAI to local engines, decided anew for every turn and every sentence.

Engines are tried in order of preference; an engine's breaker says when to skip it. A sentence that
breaks off is repeated from its beginning: half a phone number is worse than one said twice.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai import metrics
from voicebot.openai.breaker import OpenAIBreaker
from voicebot.openai.failures import Failure, Service, Unanswered
from voicebot.openai.usage import meter
from voicebot.speech import Hint, SpeechToText, SttStream, SttTurn, Transcriber, Transcript
from voicebot.speech.cache import CachedSynthesizer

_log = get_logger("voicebot.speech.fallback")


class FallbackSynthesizer:
    """Tries several synthesizers in order. It satisfies Synthesizer.

    A single synthesizer is tried twice.
    """

    def __init__(self, synthesizers: Sequence[CachedSynthesizer]) -> None:
        self._synthesizers = synthesizers
        self._order = (
            (*synthesizers, *synthesizers) if len(synthesizers) == 1 else tuple(synthesizers)
        )

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces; raises SpeechUnavailable when every synthesizer failed."""
        for place, synthesizer in enumerate(self._order):
            try:
                async with aclosing(synthesizer.speak(sentence)) as pieces:
                    async for piece in pieces:
                        yield piece
            except SpeechUnavailable as error:
                _log.info("next_mouth", place=place, error=error)
                metrics.fallbacks.labels(Service.SPEAKING).inc()
            else:
                return
        raise SpeechUnavailable("no text to speech: OpenAI failed, and so did any local voice")

    async def warm(self) -> None:
        """Cache the fixed sentences in every voice, beginning with the last (local) one.

        Raises SpeechUnavailable after all were tried when one of them failed.
        """
        failed: SpeechUnavailable | None = None
        for synthesizer in reversed(self._synthesizers):
            try:
                await synthesizer.warm()
            except SpeechUnavailable as error:
                failed = error
        if failed is not None:
            raise failed

    async def aclose(self) -> None:
        """Close all synthesizers."""
        for synthesizer in self._synthesizers:
            await synthesizer.aclose()


class FallbackSpeechToText:
    """Live transcription with a fallback transcriber. It satisfies SpeechToText.

    The secondary transcribes a turn when the primary fails, while the breaker is open, or when the
    call has reached its cost cap. In the last two cases the audio is not sent to the primary.
    Without a secondary, the primary is used even when its breaker is open.
    """

    def __init__(
        self, primary: SpeechToText, secondary: Transcriber | None, breaker: OpenAIBreaker
    ) -> None:
        self.primary = primary
        self._secondary = secondary
        self._breaker = breaker

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        """Open the stream of one call."""
        async with self.primary.open() as stream:
            yield _FallbackStream(stream, self._secondary, self._breaker)

    async def aclose(self) -> None:
        """Close the primary."""
        await self.primary.aclose()


@dataclass(frozen=True, slots=True)
class _FallbackStream:
    live: SttStream
    secondary: Transcriber | None
    breaker: OpenAIBreaker

    def listen(self, hint: Hint) -> SttTurn:
        if meter().is_spent:
            self.breaker.failed(Failure.CAPPED)
            return _FallbackTurn(None, self.secondary, self.breaker)
        use_live = self.breaker.allows() or self.secondary is None
        live = self.live.listen(hint) if use_live else None
        return _FallbackTurn(live, self.secondary, self.breaker)


@dataclass(eq=False, slots=True)
class _FallbackTurn:
    live: SttTurn | None
    secondary: Transcriber | None
    breaker: OpenAIBreaker

    def feed(self, mulaw: bytes) -> None:
        if self.live is not None:
            self.live.feed(mulaw)

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        asked_at = time.perf_counter()
        if self.live is not None:
            try:
                transcript = await self.live.transcribe(utterance, hint)
            except SpeechUnavailable as error:
                _log.info("next_ears", error=error)
                failure = error.failure if isinstance(error, Unanswered) else Failure.LATE
                self.breaker.failed(failure)
            else:
                self.breaker.answered()
                return transcript
        metrics.fallbacks.labels(Service.HEARING).inc()
        if self.secondary is None:
            raise SpeechUnavailable(
                "no speech to text: OpenAI failed, and this machine has no recogniser"
            )
        failed_s = time.perf_counter() - asked_at
        transcript = await self.secondary.transcribe(utterance, hint)
        return replace(transcript, seconds=failed_s + transcript.seconds)
