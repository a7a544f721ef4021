"""The caller's last words as audio, addressed by audio time. No I/O, bounded."""

from __future__ import annotations

from typing import Final

from voicebot.g711 import RATE_HZ

_BYTES_PER_MS: Final = RATE_HZ // 1000
_SLACK_BYTES: Final = 2_000 * _BYTES_PER_MS
"""Forget in steps, not at every frame: moving the bytes is the cost."""


class Recording:
    """A window of mu-law audio that slides along the call."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._forgotten = 0

    def add(self, mulaw: bytes) -> None:
        """The next piece of the caller's track."""
        self._audio += mulaw

    def forget_before(self, ms: float) -> None:
        """What sounded before `ms` will not be asked for any more."""
        surplus = int(ms * _BYTES_PER_MS) - self._forgotten
        if surplus > _SLACK_BYTES:
            surplus = min(surplus, len(self._audio))
            del self._audio[:surplus]
            self._forgotten += surplus

    def between(self, start_ms: float, end_ms: float) -> bytes:
        """What sounded from `start_ms` to `end_ms`, as far as it is still known."""
        start = int(start_ms * _BYTES_PER_MS) - self._forgotten
        end = int(end_ms * _BYTES_PER_MS) - self._forgotten
        return bytes(self._audio[max(0, start) : max(0, end)])
