"""Telling recordings apart by the rise and fall of their loudness, wherever they are cut.

An envelope is the level in dB above the noise floor, 100 times a second. The same recording has
the same envelope whatever its volume, its sampling rate or its codec, so the right stretch of
the right recording correlates almost perfectly, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HOP_S: Final = 0.010
_WINDOW_HOPS: Final = 2
FLOOR_DBFS: Final = -45.0
"""Quieter than this is not speech; line noise lies at -60."""
_FULL_SCALE: Final = 32768.0

Envelope = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a query lies in a reference, in hops of the reference, and how alike they are.

    `likeness` is the correlation coefficient; `start` may be negative.
    """

    likeness: float
    start: int


def envelope(samples: NDArray[np.int16], rate_hz: int) -> Envelope:
    """Decibels over the floor, 0 where it is quieter, of 20 ms windows every 10 ms."""
    hop = round(rate_hz * HOP_S)
    whole = len(samples) // hop
    if whole < _WINDOW_HOPS:
        return np.zeros(0)
    hops = (samples[: whole * hop].astype(np.float64) / _FULL_SCALE).reshape(whole, hop)
    power = np.convolve((hops**2).mean(axis=1), np.full(_WINDOW_HOPS, 1 / _WINDOW_HOPS), "valid")
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(level - FLOOR_DBFS, 0.0)


def voiced(of: Envelope) -> Envelope:
    """Without the quiet at both ends."""
    loud = np.flatnonzero(of)
    return of[loud[0] : loud[-1] + 1] if loud.size else of[:0]


def best_match(query: Envelope, reference: Envelope) -> Match:
    """Where in the reference the query fits best; it may overlap its ends."""
    if not query.any() or not reference.any():
        return Match(0.0, 0)
    room = len(query) - 1
    padded = np.pad(reference, room)
    ones = np.ones(len(query))
    total = np.convolve(padded, ones, "valid")
    squares = np.convolve(padded**2, ones, "valid")
    products = np.correlate(padded, query, "valid")
    spread = np.sqrt(np.maximum(squares - total**2 / len(query), 1e-9))
    own = np.sqrt(max(float(((query - query.mean()) ** 2).sum()), 1e-9))
    likeness = (products - total * query.mean()) / (spread * own)
    at = int(np.argmax(likeness))
    return Match(float(likeness[at]), at - room)
