"""Resampling by whole factors, up or down, of a stream of pieces.

One symmetric low-pass serves both ways: it removes what would alias over 4 kHz, or the images over
4 kHz. A stream keeps a few samples, so that pieces join without clicks. With whole factors a few
lines of NumPy do, and they wait for 2 ms of audio only; soxr would wait for 80 ms.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from voicebot import g711

_PASS_HZ: Final = 3400
_STOP_HZ: Final = 4600
"""Content between the two aliases to over 3.4 kHz, which telephones cut off."""
_BETA: Final = 6.5
"""Of the Kaiser window: the stop band is at least 65 dB down."""
_SPAN_MS: Final = 4


class Resampler:
    """Resamples one stream between the telephone's 8 kHz and a multiple of it, without delay."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        high_hz = max(from_hz, to_hz)
        if min(from_hz, to_hz) != g711.RATE_HZ or high_hz % g711.RATE_HZ:
            raise ValueError(f"{high_hz} Hz is no multiple of {g711.RATE_HZ} Hz")
        self._up, self._down = high_hz // from_hz, high_hz // to_hz
        self._taps = _low_pass(high_hz) * self._up
        self._held = np.zeros(len(self._taps) // 2)

    def feed(self, samples: NDArray[Any]) -> NDArray[np.float64]:
        """Return what can be resampled now; the last 2 ms wait for the next piece."""
        spread = np.zeros(len(samples) * self._up)
        spread[:: self._up] = samples
        return self._filter(spread)

    def flush(self) -> NDArray[np.float64]:
        """End the stream and return the rest."""
        return self._filter(np.zeros(len(self._taps) // 2))

    def _filter(self, more: NDArray[np.float64]) -> NDArray[np.float64]:
        self._held = np.concatenate((self._held, more))
        if len(self._held) < len(self._taps):
            return np.zeros(0)
        # Computing all samples and keeping every n-th is three times as fast as strided windows.
        kept = np.correlate(self._held, self._taps)[:: self._down]
        self._held = self._held[len(kept) * self._down :]
        return kept


def rounded(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return 16-bit samples, clipped."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


@lru_cache(maxsize=4)
def _low_pass(rate_hz: int) -> NDArray[np.float64]:
    """Return the taps of a symmetric windowed sinc with unit gain."""
    if rate_hz == g711.RATE_HZ:
        return np.ones(1)
    half = rate_hz * _SPAN_MS // 2000
    at = np.arange(-half, half + 1)
    cut = (_PASS_HZ + _STOP_HZ) / rate_hz
    taps = np.sinc(cut * at) * np.kaiser(len(at), _BETA)
    result: NDArray[np.float64] = taps / taps.sum()
    return result
