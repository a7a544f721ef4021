"""Scripted speech at the speech seams: what is said is coded in the audio itself.

A phrase is one byte value, held for as long as it is spoken; 0xFF is silence. So the detector
needs no model, and the recogniser knows from the audio alone what was said, in which order.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import groupby

from voicebot.errors import SpeechUnavailable
from voicebot.g711 import SILENCE
from voicebot.speech import Deliver, Hint, Transcript

MS = 8
"""Bytes of audio in a millisecond."""


def spoken(code: int, ms: int = 400) -> bytes:
    """Audio of the phrase `code`."""
    return bytes([code]) * (ms * MS)


def silence(ms: int) -> bytes:
    return SILENCE * (ms * MS)


class CodedDetector:
    """Sure of itself: a window with any voice in it is speech."""

    window_ms = 20.0
    decisive = False

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._pending = b""

    def feed(self, mulaw: bytes) -> None:
        self._pending += mulaw
        size = int(self.window_ms) * MS
        whole = len(self._pending) // size * size
        ready, self._pending = self._pending[:whole], self._pending[whole:]
        for at in range(0, whole, size):
            self._deliver(1.0 if ready[at : at + size].strip(SILENCE) else 0.0)

    def flush(self) -> None:
        """Do nothing: all is delivered at once."""

    def close(self) -> None:
        """Do nothing: all is delivered at once."""


class TardyDetector(CodedDetector):
    """Delivers only what it is made to by `flush`."""

    def __init__(self, deliver: Deliver) -> None:
        self._held: list[float] = []
        self._tell = deliver
        super().__init__(self._held.append)

    def flush(self) -> None:
        """Deliver all that is held."""
        while self._held:
            self._tell(self._held.pop(0))


@dataclass
class CodedTranscriber:
    """Reads phrases back from audio; takes `delay_s` for it, and remembers what it was asked."""

    phrases: dict[int, str]
    in_words: dict[int, str] = field(default_factory=dict)
    delay_s: float = 0.3
    hints: list[Hint] = field(default_factory=list)
    finished: int = 0

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        self.hints.append(hint)
        await asyncio.sleep(self.delay_s)
        self.finished += 1
        phrases = self.phrases | (self.in_words if hint.words_for_digits else {})
        codes = [code for code, _ in groupby(utterance.replace(SILENCE, b""))]
        return Transcript(" ".join(phrases[c] for c in codes if c in phrases), self.delay_s)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


@dataclass
class FailingStt:
    """Fails after `after_s`."""

    after_s: float = 0.0

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        await asyncio.sleep(self.after_s)
        raise SpeechUnavailable("speech to text is away")

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


@dataclass
class SteadyVoice:
    """Says every sentence in `sentence_ms`, after `delay_s` unless it is one of the `fixed`."""

    sentence_ms: int = 1000
    delay_s: float = 0.0
    fixed: frozenset[str] = frozenset()
    said: list[str] = field(default_factory=list)

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        if sentence not in self.fixed:
            await asyncio.sleep(self.delay_s)
        self.said.append(sentence)
        yield b"\x2a" * (self.sentence_ms * MS)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


class FailingTts:
    """Fails."""

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        raise SpeechUnavailable("text to speech is away")
        yield b""

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""
