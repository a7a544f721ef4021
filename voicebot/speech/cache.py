"""Fixed sentences are synthesised once in a voice's life: then they cost nothing at call time.

    <data dir>/speech-cache/<voice id>/<sha256 of the sentence>.ulaw

Only sentences of the closed set that is given here are ever kept, in memory or on disk. What
varies holds a caller's data, and goes straight through.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

from voicebot.speech import Synthesizer


class CachedSynthesizer:
    """A mouth that remembers its fixed sentences."""

    def __init__(self, mouth: Synthesizer, directory: Path, fixed: Collection[str]) -> None:
        self._mouth = mouth
        self._directory = directory
        self._fixed = frozenset(fixed)
        self._memory: dict[str, bytes] = {}

    async def speak(self, sentence: str) -> AsyncIterator[bytes]:
        """Raises SpeechUnavailable only for a sentence that is not kept yet."""
        if sentence not in self._fixed:
            async for piece in self._mouth.speak(sentence):
                yield piece
            return
        kept = await self._recall(sentence)
        if kept is not None:
            yield kept
            return
        pieces: list[bytes] = []
        async for piece in self._mouth.speak(sentence):
            pieces.append(piece)
            yield piece
        await self._keep(sentence, b"".join(pieces))

    async def warm(self, progress: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Have every fixed sentence ready, calling `progress(done, of)` after each.

        One sentence at a time, so that a call's own sentence waits for one at most. Raises
        SpeechUnavailable; what was made until then is kept.
        """
        for done, sentence in enumerate(sorted(self._fixed), 1):
            async for _ in self.speak(sentence):
                pass
            progress(done, len(self._fixed))

    async def aclose(self) -> None:
        """Close the mouth behind."""
        await self._mouth.aclose()

    async def _recall(self, sentence: str) -> bytes | None:
        if sentence not in self._memory:
            kept = await asyncio.to_thread(_read, self._path(sentence))
            if not kept:
                return None
            self._memory[sentence] = kept
        return self._memory[sentence]

    async def _keep(self, sentence: str, mulaw: bytes) -> None:
        self._memory[sentence] = mulaw
        await asyncio.to_thread(_write, self._path(sentence), mulaw)

    def _path(self, sentence: str) -> Path:
        return self._directory / f"{hashlib.sha256(sentence.encode()).hexdigest()}.ulaw"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, mulaw: bytes) -> None:
    """Whole or not at all: several processes may keep the same sentence at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(mulaw)
    os.replace(file.name, path)
