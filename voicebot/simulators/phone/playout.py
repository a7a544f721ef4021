"""The provider's play-out queue with its marks, accurate to a sample.

    received   [aaaa][bbbbbb]          [cc]
    played     aaaabbbbbb..............cc      dots: nothing queued, silence
    ends_at              ^                     of the queue, as known when b arrived

No I/O: methods take the call's time in seconds. Rules of the provider: a mark is echoed when all
audio before it has been played, at once when nothing is queued, and all pending marks are echoed
when the queue is cleared.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from voicebot.g711 import FRAME_BYTES, RATE_HZ

LATE_S: Final = 0.020
"""A gap of this length within a sentence is audible."""

NEW_SENTENCE_S: Final = 1.0
"""A longer pause after a mark begins a new sentence and is no gap."""

MOST_QUEUED_S: Final = 600
"""The provider drops media beyond ten queued minutes (its warning 31931)."""


class Playout:
    """The play-out queue of one stream; it keeps lengths, not audio."""

    def __init__(self) -> None:
        self.ends_at = 0.0
        """The moment when the last queued sample is played."""
        self.marked = False
        """Whether the bot's last message was a mark."""
        self.frames = 0
        self.late_frames = 0
        self._marks: deque[tuple[str, float]] = deque()
        self._in_utterance = False

    def queue(self, size_bytes: int, now: float) -> bool:
        """Queue audio; return False when it was dropped because ten minutes are queued."""
        if self.ends_at - now > MOST_QUEUED_S:
            return False
        self.frames += -(-size_bytes // FRAME_BYTES)
        self.late_frames += self._is_late(now)
        self.ends_at = max(self.ends_at, now) + size_bytes / RATE_HZ
        self.marked = False
        self._in_utterance = True
        return True

    def mark(self, name: str, now: float) -> tuple[str, ...]:
        """Queue a mark; return the names to echo at once."""
        self._marks.append((name, self.ends_at))
        self.marked = True
        return self.due(now)

    def clear(self, now: float) -> tuple[str, ...]:
        """Drop the queue; return the names of all pending marks."""
        self.ends_at = min(self.ends_at, now)
        self._in_utterance = False
        names = tuple(name for name, _ in self._marks)
        self._marks.clear()
        return names

    def due(self, now: float) -> tuple[str, ...]:
        """Return the names of the marks that playback has reached, in order, each once."""
        names = []
        while self._marks and self._marks[0][1] <= now:
            names.append(self._marks.popleft()[0])
        return tuple(names)

    @property
    def next_due(self) -> float | None:
        """The moment when playback reaches the next mark, or None."""
        return self._marks[0][1] if self._marks else None

    @property
    def pending(self) -> bool:
        """Whether a mark is pending."""
        return bool(self._marks)

    def caller_speaks(self) -> None:
        """Begin a new utterance of the bot with its next audio."""
        self._in_utterance = False

    def _is_late(self, now: float) -> bool:
        gap = now - self.ends_at
        asks_again = self.marked and gap > NEW_SENTENCE_S
        return self._in_utterance and gap > LATE_S and not asks_again
