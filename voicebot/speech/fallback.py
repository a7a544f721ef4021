"""Fallback in the middle of a call: engines in the order of preference.

Every turn and every sentence begins with the first that works; which one that is, its breaker
knows. A sentence that broke off is said again from its beginning: half a phone number is worse
than one said twice.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai import metrics
from voicebot.openai.breaker import Breaker
from voicebot.openai.failures import Failure, Service, Unanswered
from voicebot.openai.usage import meter
from voicebot.speech import Hint, SpeechToText, SttStream, SttTurn, Transcriber, Transcript
from voicebot.speech.cache import CachedSynthesizer

_log = get_logger("voicebot.speech.fallback")


class FallbackSynthesizer:
    """Several synthesizers as one; one that stands alone is asked twice.

    It satisfies Synthesizer.
    """

    def __init__(self, synthesizers: Sequence[CachedSynthesizer]) -> None:
        self._synthesizers = synthesizers
        self._order = (
            (*synthesizers, *synthesizers) if len(synthesizers) == 1 else tuple(synthesizers)
        )

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Raises SpeechUnavailable when nobody can say it."""
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
        raise SpeechUnavailable("nobody can speak: neither OpenAI nor a voice on this machine")

    async def warm(self) -> None:
        """Have the fixed sentences ready in every voice, the last one's first: it is at hand.

        Raises SpeechUnavailable when one of them could not; the others are ready then.
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
        """Close all."""
        for synthesizer in self._synthesizers:
            await synthesizer.aclose()


class FallbackSpeechToText:
    """Live transcription, with a transcriber of whole utterances behind it.

    It satisfies SpeechToText.

    A turn that the first could not transcribe goes to the second at once; so does every
    turn while the breaker is open, or once the call has used what it may cost: then it is not
    even sent. Without a second, the first is asked whatever its breaker says.
    """

    def __init__(
        self, primary: SpeechToText, secondary: Transcriber | None, breaker: Breaker
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
        """Close both."""
        await self.primary.aclose()
        if self._secondary is not None:
            await self._secondary.aclose()


@dataclass(frozen=True, slots=True)
class _FallbackStream:
    live: SttStream
    secondary: Transcriber | None
    breaker: Breaker

    def listen(self, hint: Hint) -> SttTurn:
        if meter().is_spent:
            self.breaker.failed(Failure.CAPPED)
            return _FallbackTurn(None, self.secondary, self.breaker)
        nobody_else = self.secondary is None
        live = self.live.listen(hint) if self.breaker.allows() or nobody_else else None
        return _FallbackTurn(live, self.secondary, self.breaker)


@dataclass(eq=False, slots=True)
class _FallbackTurn:
    live: SttTurn | None
    secondary: Transcriber | None
    breaker: Breaker

    @property
    def partial(self) -> str:
        return self.live.partial if self.live is not None else ""

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
                self.breaker.failed(_reason(error))
            else:
                self.breaker.answered()
                return transcript
        metrics.fallbacks.labels(Service.HEARING).inc()
        if self.secondary is None:
            raise SpeechUnavailable(
                "nobody can listen: neither OpenAI nor a recogniser on this machine"
            )
        in_vain_s = time.perf_counter() - asked_at
        transcript = await self.secondary.transcribe(utterance, hint)
        return replace(transcript, seconds=in_vain_s + transcript.seconds)


def _reason(error: SpeechUnavailable) -> Failure:
    return error.failure if isinstance(error, Unanswered) else Failure.LATE
