"""Speech to text, text to speech, voice activity: the protocols; settings choose the engines.

Audio at these seams is always telephone audio: mu-law bytes, 8 kHz, mono.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
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
    """One utterance of mu-law in, its text out. Cancelling the call drops the work."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Raises SpeechUnavailable when nobody can listen just now."""
        ...

    async def aclose(self) -> None: ...


class SttTurn(Protocol):
    """One turn of a caller, followed while it is spoken, so that its text is soon there."""

    @property
    def partial(self) -> str:
        """The words so far, which may still change; "" where none are known before a pause."""
        ...

    def feed(self, mulaw: bytes) -> None:
        """What the caller said next. Never waits."""
        ...

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """The text of `utterance`: the turn from its beginning, as far as it was fed.

        Asked at each pause, of a turn that may go on, and again of one that is over. Raises
        SpeechUnavailable when nobody can listen just now. Cancelling the call gives the text
        up, not the turn.
        """
        ...


class SttStream(Protocol):
    """Speech to text of one call."""

    def listen(self, hint: Hint) -> SttTurn:
        """A turn begins; the turn before it is fed no more."""
        ...


class SpeechToText(Protocol):
    """An engine for speech to text: gives every call its stream."""

    def open(self) -> AbstractAsyncContextManager[SttStream]:
        """Open the stream of one call; entering the block waits for nothing."""
        ...

    async def aclose(self) -> None: ...


class Synthesizer(Protocol):
    """One sentence in, mu-law pieces out as they become ready."""

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
