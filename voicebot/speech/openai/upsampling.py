"""Telephone audio to 24 kHz, for servers that take nothing else.

Two samples are put between any two, and the images that this makes over 4 kHz are filtered out
(a windowed sinc). What has to be remembered between pieces is a few samples, so that pieces
join without clicks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot import g711

FACTOR: Final = 3
_TAPS_EACH_SIDE: Final = 16
"""In samples of the telephone: 2 ms to either side. Images of what lies below 3.4 kHz, the end
of the telephone's band, are 70 dB down."""
_SPAN: Final = 2 * _TAPS_EACH_SIDE


def _phases() -> NDArray[np.float64]:
    """A row of taps for each of the three places of an output sample between two inputs."""
    taps = np.arange(-_TAPS_EACH_SIDE * FACTOR, _TAPS_EACH_SIDE * FACTOR) / FACTOR
    kernel = np.sinc(taps) * np.kaiser(len(taps) + 1, 6.0)[:-1]
    rows = kernel.reshape(_SPAN, FACTOR).T
    result: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return result


_PHASES: Final = _phases()


class Upsampler:
    """One stream of audio; it is 2 ms late."""

    def __init__(self) -> None:
        self._before = np.zeros(_SPAN - 1)

    def feed(self, mulaw: bytes) -> bytes:
        """16-bit little-endian PCM at 24 kHz, three samples for each byte."""
        if not mulaw:
            return b""
        samples = np.concatenate((self._before, g711.decode(mulaw).astype(np.float64)))
        self._before = samples[-(_SPAN - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(samples, _SPAN)
        louder = windows @ _PHASES[:, ::-1].T
        return np.clip(np.round(louder), -32768, 32767).astype("<i2").tobytes()
