"""What the provider plays to the caller: a queue with a sample-accurate clock, and its marks.

    received   [aaaa][bbbbbb]          [cc]
    played     aaaabbbbbb..............cc      dots: nothing queued, the caller hears silence
    ends_at              ^                     of the queue, as known when b arrived

Pure: every method takes the call's time in seconds. Rules of the provider: a mark comes back
when all that was queued before it has been played, at once when nothing is queued, and all
pending marks come back when the queue is cleared.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from voicebot.g711 import FRAME_BYTES, RATE_HZ

LATE_S: Final = 0.020
"""A hole this long in the middle of a sentence is heard; shorter ones hide in the jitter."""

NEW_SENTENCE_S: Final = 1.0
"""A pause this long after a mark is the bot speaking anew (asking again), not a hole."""

MOST_QUEUED_S: Final = 600
"""The provider drops media beyond ten queued minutes (its warning 31931)."""


class Playout:
    """The play-out queue of one stream; only lengths are kept, not the sound."""

    def __init__(self) -> None:
        self.ends_at = 0.0
        """When the last queued sample is played."""
        self.marked = False
        """Was a mark the last thing that the bot sent?"""
        self.frames = 0
        self.late_frames = 0
        self._marks: deque[tuple[str, float]] = deque()
        self._in_utterance = False

    def queue(self, size_bytes: int, now: float) -> bool:
        """Audio arrived. False when ten minutes are queued already and it was dropped."""
        if self.ends_at - now > MOST_QUEUED_S:
            return False
        self.frames += -(-size_bytes // FRAME_BYTES)
        self.late_frames += self._is_late(now)
        self.ends_at = max(self.ends_at, now) + size_bytes / RATE_HZ
        self.marked = False
        self._in_utterance = True
        return True

    def mark(self, name: str, now: float) -> tuple[str, ...]:
        """A mark arrived; returns the names to echo at once."""
        self._marks.append((name, self.ends_at))
        self.marked = True
        return self.due(now)

    def clear(self, now: float) -> tuple[str, ...]:
        """Drop what is queued; returns the names of all pending marks."""
        self.ends_at = min(self.ends_at, now)
        self._in_utterance = False
        names = tuple(name for name, _ in self._marks)
        self._marks.clear()
        return names

    def due(self, now: float) -> tuple[str, ...]:
        """Names of the marks that playback has reached, in order; each is returned once."""
        names = []
        while self._marks and self._marks[0][1] <= now:
            names.append(self._marks.popleft()[0])
        return tuple(names)

    @property
    def next_due(self) -> float | None:
        """When playback reaches the next mark."""
        return self._marks[0][1] if self._marks else None

    @property
    def pending(self) -> bool:
        """Is a mark still waiting for playback to reach it?"""
        return bool(self._marks)

    def caller_speaks(self) -> None:
        """What the bot sends next answers the caller: it begins a new utterance."""
        self._in_utterance = False

    def _is_late(self, now: float) -> bool:
        hole = now - self.ends_at
        asks_again = self.marked and hole > NEW_SENTENCE_S
        return self._in_utterance and hole > LATE_S and not asks_again
