"""A turn under way: what is recorded of it goes to speech to text while it is spoken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicebot.speech import SttTurn, Transcript
from voicebot.stream.recording import Recording


@dataclass(eq=False, slots=True)
class Decode:
    """A turn's audio on its way to being text.

    unheard  nobody could listen to it
    """

    listening: SttTurn
    audio: bytes
    task: asyncio.Task[Transcript] | None = None
    unheard: bool = False

    def cancel(self) -> None:
        """Its text is not wanted any more."""
        if self.task is not None:
            self.task.cancel()


@dataclass(eq=False, slots=True)
class Following:
    """One turn, from the audio time at which it begins."""

    recording: Recording
    listening: SttTurn
    start_ms: float
    _fed_ms: float = 0.0

    def __post_init__(self) -> None:
        self._fed_ms = self.start_ms

    def feed_until(self, ms: float) -> None:
        """The turn goes on until now. A pause is not fed until it turns out to be within it."""
        if ms > self._fed_ms:
            self.listening.feed(self.recording.between(self._fed_ms, ms))
            self._fed_ms = ms

    def utterance(self, end_ms: float) -> bytes:
        """All of it, up to a pause."""
        return self.recording.between(self.start_ms, end_ms)
