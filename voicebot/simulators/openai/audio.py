"""Audio formats of Realtime sessions, and of the files that are uploaded."""

from __future__ import annotations

import io
import wave
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot import g711

PCM_RATE_HZ: Final = 24_000
"""The only rate that the API takes and gives as PCM."""


class Format(StrEnum):
    """What a Realtime socket carries: 16-bit little-endian PCM at 24 kHz, or mu-law at 8 kHz."""

    PCM = "audio/pcm"
    PCMU = "audio/pcmu"

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return PCM_RATE_HZ if self is Format.PCM else g711.RATE_HZ

    @property
    def bytes_a_second(self) -> int:
        """Of one channel."""
        return self.rate_hz * (2 if self is Format.PCM else 1)

    def samples(self, audio: bytes) -> NDArray[np.int16]:
        """Decode."""
        if self is Format.PCMU:
            return g711.decode(audio)
        return np.frombuffer(audio[: len(audio) // 2 * 2], "<i2").astype(np.int16)

    def described(self) -> dict[str, object]:
        """As it stands in a session; only PCM names its rate."""
        return {"type": self.value, **({"rate": PCM_RATE_HZ} if self is Format.PCM else {})}


def read_wav(content: bytes) -> tuple[NDArray[np.int16], int]:
    """Samples and rate of a WAV file of 16-bit mono; raises ValueError."""
    try:
        with wave.open(io.BytesIO(content), "rb") as recording:
            if (recording.getnchannels(), recording.getsampwidth()) != (1, 2):
                raise ValueError("only 16-bit mono is understood here")
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
            return samples.astype(np.int16), recording.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from error
