"""A cache of synthesised fixed sentences, per voice, in memory and on disk.

    <data dir>/speech-cache/<voice id>/<sha256 of the sentence>.ulaw

Only sentences of the given closed set are cached. All others may hold a caller's data and are
synthesised anew each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from pathlib import Path

from voicebot.log import get_logger
from voicebot.speech import Synthesizer

_log = get_logger("voicebot.speech.cache")


class CachedSynthesizer:
    """A synthesizer that caches its fixed sentences. It satisfies Synthesizer."""

    def __init__(self, synthesizer: Synthesizer, directory: Path, fixed: Collection[str]) -> None:
        self._synthesizer = synthesizer
        self._directory = directory
        self._fixed = frozenset(fixed)
        self._memory: dict[str, bytes] = {}

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield mu-law pieces; raises SpeechUnavailable when `sentence` is not cached."""
        if sentence not in self._fixed:
            async with aclosing(self._synthesizer.speak(sentence)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        kept = await self._recall(sentence)
        if kept is not None:
            yield kept
            return
        whole = b""
        async with aclosing(self._synthesizer.speak(sentence)) as pieces:
            async for piece in pieces:
                whole += piece
                yield piece
        await self._keep(sentence, whole)

    async def warm(self, progress: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Synthesise all fixed sentences, calling `progress(done, total)` after each.

        Works on one sentence at a time, so that a call's sentence waits for at most one. Raises
        SpeechUnavailable; sentences synthesised before that stay cached.
        """
        for done, sentence in enumerate(sorted(self._fixed), 1):
            async for _ in self.speak(sentence):
                pass
            progress(done, len(self._fixed))

    async def aclose(self) -> None:
        """Close the wrapped synthesizer."""
        await self._synthesizer.aclose()

    async def _recall(self, sentence: str) -> bytes | None:
        if sentence not in self._memory:
            kept = await asyncio.to_thread(_read, self._path(sentence))
            if not kept:
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


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


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
