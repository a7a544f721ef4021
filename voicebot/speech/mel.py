"""From telephone samples to Whisper's picture of them: 8 kHz to 16 kHz, then a log-mel spectrogram.

The spectrogram is Whisper's own (Radford et al. 2022, section 2.2): 25 ms Hann window, 10 ms hop,
mel bands on the Slaney scale, log10, clipped to 80 dB below the peak, shifted to about -1 … 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE_HZ: Final = 16_000
FRAMES_PER_S: Final = 100
_WINDOW: Final = 400
_HOP: Final = RATE_HZ // FRAMES_PER_S
_TAPS: Final = 63
_KAISER_BETA: Final = 7.0  # about 70 dB of stop band: images stay under mu-law's own noise


def upsample(samples: Floats) -> Floats:
    """8 kHz to 16 kHz with a half-band low-pass, so that no mirror image appears over 4 kHz."""
    spread = np.zeros(2 * len(samples), np.float32)
    spread[::2] = samples
    return np.convolve(spread, _HALF_BAND, "same") if len(samples) else spread


class Mel:
    """Log-mel spectrograms of a fixed number of bands."""

    def __init__(self, bands: int) -> None:
        self._filters = _filters(bands)
        # The periodic Hann window: symmetric of one more point, less the last.
        self._window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)

    def __call__(self, samples: Floats) -> Floats:
        """16 kHz samples in -1 … 1 to an array [bands, 10 ms frames]."""
        padded = np.pad(samples, _WINDOW // 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
        power = np.abs(np.fft.rfft(windows[:-1] * self._window, axis=1)) ** 2
        log = np.log10(np.maximum(self._filters @ power.T.astype(np.float32), 1e-10))
        mel: Floats = (np.maximum(log, log.max() - 8.0) + 4.0) / 4.0
        return mel.astype(np.float32, copy=False)


def _half_band() -> Floats:
    n = np.arange(_TAPS) - _TAPS // 2
    return (np.sinc(n / 2) * np.kaiser(_TAPS, _KAISER_BETA)).astype(np.float32)


# The Slaney scale: linear to 1 kHz in steps of 200/3 Hz, logarithmic above.
_LINEAR_HZ: Final = 200.0 / 3
_KNEE_HZ: Final = 1000.0
_KNEE_MEL: Final = _KNEE_HZ / _LINEAR_HZ
_LOG_STEP: Final = float(np.log(6.4)) / 27


def _to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _LINEAR_HZ
    return _KNEE_MEL + float(np.log(hz / _KNEE_HZ)) / _LOG_STEP


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HZ, above)


def _filters(bands: int) -> Floats:
    """Triangles of equal area between neighbouring mel points, [bands, bins]."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    edges = _to_hz(np.linspace(_to_mel(0), _to_mel(RATE_HZ / 2), bands + 2))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * 2 / (right - left)).astype(np.float32)


_HALF_BAND: Final = _half_band()
