"""The recordings that the simulator knows, recognised by their loudness envelopes.

An envelope is the level in dB above the noise floor, 100 times a second. It hardly depends on
sampling rate and codec, so only the right stretch of the right recording correlates almost
perfectly.
"""

import io
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
_HOP_S: Final = 0.010
_WINDOW_HOPS: Final = 2
_FLOOR_DBFS: Final = -45.0
"""Below this is no speech; line noise is at -60."""
_FULL_SCALE: Final = 32768.0

Samples = NDArray[np.int16]
Envelope = NDArray[np.float64]


class _Entry(BaseModel):
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: its words, and its envelope without the quiet around it."""

    text: str
    voice: Envelope


@dataclass(frozen=True, slots=True)
class Clips:
    """All known recordings."""

    known: tuple[Clip, ...]

    def recognise(self, samples: Samples, rate_hz: int) -> str:
        """Return the words in this audio; "" when it is no part of a known recording."""
        query = _voiced(_envelope(samples, rate_hz))
        if len(query) * _HOP_S < _SHORTEST_S or not self.known:
            return ""
        found = [(*_best_match(query, clip.voice), clip) for clip in self.known]
        likeness, start, clip = max(
            found, key=lambda it: it[0] + _WHOLE_BONUS * min(1.0, len(query) / len(it[2].voice))
        )
        return "" if likeness < _ALIKE else _words_between(clip, start, start + len(query))


def load_clips(manifest: Path) -> Clips:
    """Read a manifest, a JSON list of {"file", "text"}, and the WAV files beside it.

    Raises SettingsError.
    """
    clips = []
    try:
        for entry in TypeAdapter(list[_Entry]).validate_json(manifest.read_bytes()):
            samples, rate_hz = read_wav((manifest.parent / entry.file).read_bytes())
            clips.append(Clip(entry.text, _voiced(_envelope(samples, rate_hz))))
    except ValidationError as error:
        raise SettingsError(f"{manifest} is not a list of {{file, text}}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the recordings of {manifest}: {error}") from error
    return Clips(tuple(clips))


def read_wav(content: bytes) -> tuple[Samples, int]:
    """Return the samples and the rate of a 16-bit mono WAV file; raises ValueError."""
    try:
        with wave.open(io.BytesIO(content), "rb") as recording:
            if (recording.getnchannels(), recording.getsampwidth()) != (1, 2):
                raise ValueError("only 16-bit mono is understood here")
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
            return samples.astype(np.int16), recording.getframerate()
    except (wave.Error, EOFError) as error:  # EOFError has no text
        raise ValueError(str(error) or "it ends too soon") from error


def _words_between(clip: Clip, start: int, end: int) -> str:
    """Return the words whose middle is spoken between two hops.

    Positions are estimated: each word takes its share, by letters, of the voiced time.
    """
    words = clip.text.split()
    sizes = np.array([len(word) for word in words], np.float64)
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    spoken = np.cumsum(clip.voice > 0)
    at = np.searchsorted(spoken, middles * spoken[-1])
    return " ".join(word for word, hop in zip(words, at, strict=True) if start <= hop < end)


def _envelope(samples: Samples, rate_hz: int) -> Envelope:
    """Return dB over the floor, at least 0, of 20 ms windows every 10 ms."""
    hop = round(rate_hz * _HOP_S)
    whole = len(samples) // hop
    if whole < _WINDOW_HOPS:
        return np.zeros(0)
    hops = (samples[: whole * hop].astype(np.float64) / _FULL_SCALE).reshape(whole, hop)
    power = np.convolve((hops**2).mean(axis=1), np.full(_WINDOW_HOPS, 1 / _WINDOW_HOPS), "valid")
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(level - _FLOOR_DBFS, 0.0)


def _voiced(of: Envelope) -> Envelope:
    """Return the envelope without the quiet at both ends."""
    loud = np.flatnonzero(of)
    return of[loud[0] : loud[-1] + 1] if loud.size else of[:0]


def _best_match(query: Envelope, reference: Envelope) -> tuple[float, int]:
    """Return the correlation coefficient and the hop in `reference` where `query` fits best.

    It may overlap the ends: the hop may be negative.
    """
    if not query.any() or not reference.any():
        return 0.0, 0
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
    return float(likeness[at]), at - room
