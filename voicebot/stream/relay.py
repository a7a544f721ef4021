"""Both voices of one line, mixed, for staff who listen in. Nothing is kept.

caller's track ──20 ms──► piece of 200 ms ┐
bot's audio, as it sounds by the same time ┴─ sum ──► publish
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from voicebot.g711 import RATE_HZ, decode, encode
from voicebot.stream.echo import SentAudio

PIECE_BYTES: Final = RATE_HZ // 5
_NEVER_S: Final = -1.0


class Relay:
    """Publishes while somebody listens; costs one comparison a frame while nobody does.

    `stopwatch` tells seconds of a monotonic clock, the one by which `sent` is kept.
    """

    def __init__(
        self,
        sent: SentAudio,
        publish: Callable[[bytes], None],
        stopwatch: Callable[[], float],
    ) -> None:
        self._sent = sent
        self._publish = publish
        self._now_s = stopwatch
        self._until_s = _NEVER_S
        self._track = bytearray()

    def want(self, seconds: float) -> None:
        """Publish for so long from now."""
        self._until_s = self._now_s() + seconds

    def add(self, mulaw: bytes) -> None:
        """Take the caller's next frame, which has sounded by now."""
        if self._until_s < 0:
            return
        now_s = self._now_s()
        if now_s >= self._until_s:
            self._until_s = _NEVER_S
            self._track.clear()
            return
        self._track += mulaw
        if len(self._track) >= PIECE_BYTES:
            caller = decode(bytes(self._track)).astype(np.int32)
            both = caller + self._sent.until(now_s, len(caller)).astype(np.int32)
            self._publish(encode(np.clip(both, -32768, 32767).astype(np.int16)))
            self._track.clear()
