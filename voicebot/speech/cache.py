"""A cache of fixed sentences for each voice, and fallback between the voices.

    <data dir>/speech-cache/<voice id>/<sha256 of the sentence>.ulaw

Only sentences of the given closed set are cached. All others may hold a caller's data and are
synthesised anew each time.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from pathlib import Path

from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger
from voicebot.openai import Service, fallbacks
from voicebot.speech.protocols import Synthesizer

_log = get_logger("voicebot.speech.cache")


class CachedSynthesizer:
    """A synthesizer that caches its fixed sentences. It satisfies Synthesizer."""

    def __init__(self, synthesizer: Synthesizer, directory: Path, fixed: Collection[str]) -> None:
        self._synthesizer = synthesizer
        self._directory = directory
        self._fixed = dict.fromkeys(fixed)
        self._memory: dict[str, bytes] = {}

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces; raises SpeechUnavailable when `sentence` is not cached."""
        if sentence not in self._fixed:
            async with aclosing(self._synthesizer.speak(sentence)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        if kept := await self._recall(sentence):
            yield kept
            return
        whole = b""
        async with aclosing(self._synthesizer.speak(sentence)) as pieces:
            async for piece in pieces:
                whole += piece
                yield piece
        await self._keep(sentence, whole)

    async def warm(self) -> None:
        """Synthesise all fixed sentences in their order, so that a call waits for one at most.

        Raises SpeechUnavailable; sentences synthesised before that stay cached.
        """
        for sentence in self._fixed:
            async for _ in self.speak(sentence):
                pass

    async def aclose(self) -> None:
        """Close the wrapped synthesizer."""
        await self._synthesizer.aclose()

    async def _recall(self, sentence: str) -> bytes | None:
        if sentence not in self._memory:
            try:
                kept = await asyncio.to_thread(self._path(sentence).read_bytes)
            except OSError:
                return None
            if not kept:  # a full disk
                return None
            self._memory[sentence] = kept
        return self._memory[sentence]

    async def _keep(self, sentence: str, mulaw: bytes) -> None:
        self._memory[sentence] = mulaw
        try:
            await asyncio.to_thread(_write, self._path(sentence), mulaw)
        except OSError as error:  # a full disk must not silence a call
            _log.warning("sentence_not_cached", directory=self._directory, error=error)

    def _path(self, sentence: str) -> Path:
        return self._directory / f"{hashlib.sha256(sentence.encode()).hexdigest()}.ulaw"


def _write(path: Path, mulaw: bytes) -> None:
    """Write atomically, because several processes may write the same sentence at once."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(mulaw)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise


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
                _log.info("tts_fallback", place=place, error=error)
                fallbacks.labels(Service.SPEAKING).inc()
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
