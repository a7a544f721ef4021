"""The recordings that the simulator knows, told apart by the rise and fall of their loudness.

An envelope is the level in dB above the noise floor, 100 times a second. The same recording has
the same envelope whatever its volume, its sampling rate or its codec, so the right stretch of
the right recording correlates almost perfectly, and nothing else does.
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
"""Stretches of the same recording are over 0.97 alike; of others, longer than a syllable, less."""
_WHOLE_BONUS: Final = 0.05
"""A syllable fits somewhere into many recordings: who is heard whole is likelier."""
_SHORTEST_S: Final = 0.15


class _Entry(BaseModel):
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: its words, and the envelope of its voice without the quiet around it."""

    text: str
    voice: Envelope


class Clips:
    """All known recordings."""

    def __init__(self, clips: tuple[Clip, ...]) -> None:
        self._clips = clips

    def recognise(self, samples: NDArray[np.int16], rate_hz: int) -> str:
        """The words in this audio; "" when it is no stretch of a known recording."""
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
    """The words whose middle is spoken between two hops of the voice.

    Where a word lies is estimated: each takes its share, by letters, of the time that is voiced.
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
