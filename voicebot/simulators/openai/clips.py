"""The recordings that the simulator knows, and what is said in a piece of audio."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, ValidationError

from voicebot.errors import SettingsError
from voicebot.simulators.openai.envelope import HOP_S, Envelope, Match, best_match, envelope, voiced

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
