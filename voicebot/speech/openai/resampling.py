"""Resampling between telephone audio (mu-law, 8 kHz) and PCM, by whole factors.

Decimator low-passes, so that content over 4 kHz does not alias. Upsampler makes 24 kHz, for
servers that take no mu-law, and filters out the images over 4 kHz. Both keep a few samples, so
that pieces join without clicks. With whole ratios a few lines of NumPy do; a resampling library
would be one more dependency.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot import g711

_PASS_HZ: Final = 3400
_STOP_HZ: Final = 4600
"""Content between the two aliases to over 3.4 kHz, which telephones cut off."""
_BETA: Final = 6.5
"""Of the Kaiser window: the stop band is at least 65 dB down."""
_SAMPLE_BYTES: Final = 2
_SPAN_MS: Final = 4


class Decimator:
    """Resamples one PCM stream at `rate_hz` to mu-law at 8 kHz, without delay."""

    def __init__(self, rate_hz: int) -> None:
        if rate_hz % g711.RATE_HZ:
            raise ValueError(f"{rate_hz} Hz is no multiple of {g711.RATE_HZ} Hz")
        self._factor = rate_hz // g711.RATE_HZ
        self._taps = _low_pass(rate_hz) if self._factor > 1 else np.ones(1)
        self._samples = np.zeros(len(self._taps) // 2)
        self._odd = b""

    def feed(self, pcm: bytes) -> bytes:
        """Return mu-law for 16-bit little-endian PCM; a piece may end within a sample."""
        pcm = self._odd + pcm
        whole = len(pcm) // _SAMPLE_BYTES * _SAMPLE_BYTES
        self._odd = pcm[whole:]
        return self._filter(np.frombuffer(pcm[:whole], "<i2").astype(np.float64))

    def flush(self) -> bytes:
        """End the stream and return what the filter still holds."""
        return self._filter(np.zeros(len(self._taps) // 2))

    def _filter(self, more: NDArray[np.float64]) -> bytes:
        self._samples = np.concatenate((self._samples, more))
        if len(self._samples) < len(self._taps):
            return b""
        # Computing all samples and keeping every n-th is three times as fast as strided windows.
        every = np.correlate(self._samples, self._taps)[:: self._factor]
        self._samples = self._samples[len(every) * self._factor :]
        return g711.encode(np.clip(np.rint(every), -32768, 32767).astype(np.int16))


@lru_cache(maxsize=4)
def _low_pass(rate_hz: int) -> NDArray[np.float64]:
    """Return the taps of a symmetric windowed sinc with unit gain."""
    half = rate_hz * _SPAN_MS // 2000
    at = np.arange(-half, half + 1)
    cut = (_PASS_HZ + _STOP_HZ) / rate_hz
    taps = np.sinc(cut * at) * np.kaiser(len(at), _BETA)
    result: NDArray[np.float64] = taps / taps.sum()
    return result


FACTOR: Final = 3
_TAPS_EACH_SIDE: Final = 16
"""In 8 kHz samples: 2 ms on each side. Images of the telephone's band are 70 dB down."""
_SPAN: Final = 2 * _TAPS_EACH_SIDE


def _phases() -> NDArray[np.float64]:
    """Return a row of taps for each of the three output samples per input sample."""
    taps = np.arange(-_TAPS_EACH_SIDE * FACTOR, _TAPS_EACH_SIDE * FACTOR) / FACTOR
    kernel = np.sinc(taps) * np.kaiser(len(taps) + 1, 6.0)[:-1]
    rows = kernel.reshape(_SPAN, FACTOR).T
    result: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return result


_PHASES: Final = _phases()


class Upsampler:
    """Resamples one mu-law stream at 8 kHz to PCM at 24 kHz, with 2 ms of delay."""

    def __init__(self) -> None:
        self._before = np.zeros(_SPAN - 1)

    def feed(self, mulaw: bytes) -> bytes:
        """Return 16-bit little-endian PCM at 24 kHz, three samples per byte."""
        if not mulaw:
            return b""
        samples = np.concatenate((self._before, g711.decode(mulaw).astype(np.float64)))
        self._before = samples[-(_SPAN - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(samples, _SPAN)
        louder = windows @ _PHASES[:, ::-1].T
        return np.clip(np.round(louder), -32768, 32767).astype("<i2").tobytes()
