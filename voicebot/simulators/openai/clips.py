"""The recordings that the simulator knows, recognised by their loudness envelopes.

An envelope is the level in dB above the noise floor, 100 times a second. It hardly depends on
sampling rate and codec, so only the right stretch of the right recording correlates almost
perfectly.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, ValidationError

from voicebot.errors import SettingsError

_ALIKE: Final = 0.9
"""The least correlation of a match; stretches of the same recording have over 0.97."""
_WHOLE_BONUS: Final = 0.05
"""Prefers recordings that are covered completely, because a syllable fits into many."""
_SHORTEST_S: Final = 0.15


class _Entry(BaseModel):
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: its words, and its envelope without the quiet around it."""

    text: str
    voice: Envelope


class Clips:
    """All known recordings."""

    def __init__(self, clips: tuple[Clip, ...]) -> None:
        self._clips = clips

    def recognise(self, samples: NDArray[np.int16], rate_hz: int) -> str:
        """Return the words in this audio; "" when it is no part of a known recording."""
        query = voiced(envelope(samples, rate_hz))
        if len(query) * HOP_S < _SHORTEST_S or not self._clips:
            return ""
        found = [(best_match(query, clip.voice), clip) for clip in self._clips]
        match, clip = max(found, key=lambda pair: _score(query, *pair))
        if match.likeness < _ALIKE:
            return ""
        return words_between(clip, match.start, match.start + len(query))


def load_clips(manifest: Path) -> Clips:
    """Read a manifest, a JSON list of {"file", "text"}, and the WAV files beside it.

    Raises SettingsError.
    """
    try:
        entries = TypeAdapter(list[_Entry]).validate_json(manifest.read_bytes())
        return Clips(tuple(Clip(e.text, _voice(manifest.parent / e.file)) for e in entries))
    except ValidationError as error:
        raise SettingsError(f"{manifest} is not a list of {{file, text}}") from error
    except (OSError, EOFError, wave.Error) as error:
        raise SettingsError(f"cannot read the recordings of {manifest}: {error}") from error


def words_between(clip: Clip, start: int, end: int) -> str:
    """Return the words whose middle is spoken between two hops.

    Positions are estimated: each word takes its share, by letters, of the voiced time.
    """
    words = clip.text.split()
    sizes = np.array([len(word) for word in words], np.float64)
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    spoken = np.cumsum(clip.voice > 0)
    at = np.searchsorted(spoken, middles * spoken[-1])
    return " ".join(word for word, hop in zip(words, at, strict=True) if start <= hop < end)


def _score(query: Envelope, match: Match, clip: Clip) -> float:
    covered = min(1.0, len(query) / len(clip.voice))
    return match.likeness + _WHOLE_BONUS * covered


def _voice(path: Path) -> Envelope:
    with wave.open(str(path), "rb") as recording:
        if (recording.getnchannels(), recording.getsampwidth()) != (1, 2):
            raise SettingsError(f"{path}: save it as mono with 16 bits a sample")
        samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        return voiced(envelope(samples.astype(np.int16), recording.getframerate()))


HOP_S: Final = 0.010
_WINDOW_HOPS: Final = 2
FLOOR_DBFS: Final = -45.0
"""Below this is no speech; line noise is at -60."""
_FULL_SCALE: Final = 32768.0

Envelope = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """The position of a query in a reference, in hops, and their similarity.

    `likeness` is the correlation coefficient; `start` may be negative.
    """

    likeness: float
    start: int


def envelope(samples: NDArray[np.int16], rate_hz: int) -> Envelope:
    """Return dB over the floor, at least 0, of 20 ms windows every 10 ms."""
    hop = round(rate_hz * HOP_S)
    whole = len(samples) // hop
    if whole < _WINDOW_HOPS:
        return np.zeros(0)
    hops = (samples[: whole * hop].astype(np.float64) / _FULL_SCALE).reshape(whole, hop)
    power = np.convolve((hops**2).mean(axis=1), np.full(_WINDOW_HOPS, 1 / _WINDOW_HOPS), "valid")
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(level - FLOOR_DBFS, 0.0)


def voiced(of: Envelope) -> Envelope:
    """Return the envelope without the quiet at both ends."""
    loud = np.flatnonzero(of)
    return of[loud[0] : loud[-1] + 1] if loud.size else of[:0]


def best_match(query: Envelope, reference: Envelope) -> Match:
    """Return where in the reference the query fits best; it may overlap the ends."""
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
