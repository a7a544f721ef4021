"""A caller's utterance: telephone audio, its words, and the end of its voice."""

from __future__ import annotations

import base64
import wave
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot import g711
from voicebot.errors import PhoneError

VOICED_DBFS: Final = -45.0
"""Voice is louder than this; line noise is at -62, speech at -20."""

_WINDOW_SAMPLES: Final = g711.RATE_HZ // 100
_FULL_SCALE: Final = 32768.0
_FILTER_TAPS: Final = 65

SILENT_FRAME: Final = base64.b64encode(g711.SILENCE * g711.FRAME_BYTES).decode()
"""One silent frame in base64."""


@dataclass(frozen=True)
class Clip:
    """One utterance: mu-law at 8 kHz, and its words."""

    text: str
    audio: bytes

    @cached_property
    def frames(self) -> tuple[str, ...]:
        """The 20 ms frames in base64, the last one padded with silence."""
        size = g711.FRAME_BYTES
        pieces = (self.audio[i : i + size] for i in range(0, len(self.audio), size))
        return tuple(base64.b64encode(p.ljust(size, g711.SILENCE)).decode() for p in pieces)

    @cached_property
    def voiced_samples(self) -> int:
        """The number of samples up to the end of the voice."""
        return last_voiced(g711.decode(self.audio))

    def cut(self) -> Clip:
        """Return the clip without the quiet after its last voiced sample."""
        return Clip(self.text, self.audio[: self.voiced_samples])


def last_voiced(samples: NDArray[np.int16]) -> int:
    """Return the number of samples up to the end of the last 10 ms over -45 dBFS, or 0."""
    whole = len(samples) // _WINDOW_SAMPLES
    windows = samples[: whole * _WINDOW_SAMPLES].reshape(whole, _WINDOW_SAMPLES)
    level = np.sqrt(np.mean((windows / _FULL_SCALE) ** 2, axis=1))
    loud = np.flatnonzero(level > 10 ** (VOICED_DBFS / 20))
    return int(loud[-1] + 1) * _WINDOW_SAMPLES if loud.size else 0


def load_clip(path: Path, text: str | None = None) -> Clip:
    """Read a 16-bit mono WAV file; raises PhoneError."""
    try:
        with wave.open(str(path), "rb") as recording:
            if (recording.getnchannels(), recording.getsampwidth()) != (1, 2):
                raise PhoneError(f"{path}: save it as mono with 16 bits a sample")
            rate = recording.getframerate()
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
    except OSError as error:
        raise PhoneError(f"cannot read the recording {path}: {error.strerror}") from error
    except (EOFError, wave.Error) as error:  # EOFError has no text
        why = str(error) or "it ends too soon"
        raise PhoneError(f"{path} is not a WAV file: {why}") from error
    samples = samples.astype(np.int16)
    return Clip(text or path.name, g711.encode(stretch(samples, rate / g711.RATE_HZ)))


def stretch(samples: NDArray[np.int16], speed: float) -> NDArray[np.int16]:
    """Resample to play `speed` times as fast, with a low-pass against aliases."""
    if speed == 1.0 or not samples.size:
        return samples
    sound = samples.astype(np.float64)
    if speed > 1.0:
        sound = np.convolve(sound, _low_pass(1 / speed), mode="same")
    at = np.arange(0, len(sound) - 1, speed)
    slower = np.interp(at, np.arange(len(sound)), sound)
    result: NDArray[np.int16] = np.clip(np.round(slower), -32768, 32767).astype(np.int16)
    return result


def _low_pass(share: float) -> NDArray[np.float64]:
    """Return the taps of a windowed sinc that passes this share of the band, with unit gain."""
    n = np.arange(_FILTER_TAPS) - _FILTER_TAPS // 2
    kernel: NDArray[np.float64] = np.sinc(n * share) * np.hamming(_FILTER_TAPS)
    kernel /= kernel.sum()
    return kernel
