"""Ears and mouth. The seams that the doors see; what stands behind them is chosen by settings.

Audio at these seams is always telephone audio: mu-law bytes, 8 kHz, mono.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hint:
    """What may help the recogniser with the next utterance.

    vocabulary  a closed list (services, suburbs served), never realistic values: a recogniser
                may read its prompt back
    words_for_digits  write numbers as words, which keeps "double" and "triple" apart
    """

    language: str = "en"
    vocabulary: tuple[str, ...] = ()
    words_for_digits: bool = False


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard; an empty text means nobody spoke."""

    text: str
    seconds: float = 0.0
    """Time spent inside the model or at the vendor."""


class Transcriber(Protocol):
    """Ears: one utterance of mu-law in, its text out. Cancelling the call drops the work."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises SpeechUnavailable when nobody can listen just now."""
        ...

    async def aclose(self) -> None: ...


class Synthesizer(Protocol):
    """Mouth: one sentence in, mu-law pieces out as they become ready."""

    def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Closing the pieces (`contextlib.aclosing`) drops the rest of the sentence.

        Raises SpeechUnavailable when nobody can speak just now.
        """
        ...

    async def aclose(self) -> None: ...


class VoiceDetector(Protocol):
    """Voice activity of one call. Feed frames of any length; windows come out."""

    window_ms: float
    decisive: bool
    """True where silence itself ends the turn: the benchmark's double, whose lines are clean."""

    def feed(self, mulaw: bytes) -> list[float]:
        """Speech probability (0 to 1) of each whole window that became complete."""
        ...

    def reset(self) -> None: ...
