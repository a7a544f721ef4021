"""Audio formats of the API, and the simulator's voice: generated tones, or the local voice.

The local voice is the server's tts process. Its protocol is implemented again here, because the
simulator shares no code with the server:

    to it    {"do":"speak","id":1,"text":"…","pitch":1.0}\\n
    from it  {"do":"sound","id":1,…}\\n + mu-law, any number of them, then {"do":"spoken","id":1}
"""

from __future__ import annotations

import io
import os
import wave
from collections.abc import AsyncGenerator
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray
from websockets.asyncio.client import unix_connect
from websockets.exceptions import WebSocketException

from voicebot import g711
from voicebot.log import get_logger

PCM_RATE_HZ: Final = 24_000
"""The only PCM rate of the API."""


class Format(StrEnum):
    """An audio format: 16-bit little-endian PCM at 24 kHz, or mu-law at 8 kHz."""

    PCM = "audio/pcm"
    PCMU = "audio/pcmu"

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return PCM_RATE_HZ if self is Format.PCM else g711.RATE_HZ

    @property
    def bytes_a_second(self) -> int:
        """Bytes per second of one channel."""
        return self.rate_hz * (2 if self is Format.PCM else 1)

    def samples(self, audio: bytes) -> NDArray[np.int16]:
        """Decode to 16-bit samples."""
        if self is Format.PCMU:
            return g711.decode(audio)
        return np.frombuffer(audio[: len(audio) // 2 * 2], "<i2").astype(np.int16)

    def described(self) -> dict[str, object]:
        """Return the form in a session's settings; only PCM has a rate there."""
        return {"type": self.value, **({"rate": PCM_RATE_HZ} if self is Format.PCM else {})}


def read_wav(content: bytes) -> tuple[NDArray[np.int16], int]:
    """Return the samples and the rate of a 16-bit mono WAV file; raises ValueError."""
    try:
        with wave.open(io.BytesIO(content), "rb") as recording:
            if (recording.getnchannels(), recording.getsampwidth()) != (1, 2):
                raise ValueError("only 16-bit mono is understood here")
            samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
            return samples.astype(np.int16), recording.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from error


Samples = NDArray[np.int16]

_LETTER_S: Final = 0.065
"""The approximate duration of a spoken letter."""
_SYLLABLE_HZ: Final = 4.0
_PITCH_HZ: Final = 140.0
_LEVEL: Final = 6000.0
_PIECE_S: Final = 0.2
_UPSAMPLING: Final = PCM_RATE_HZ // g711.RATE_HZ
_MOST_BYTES: Final = 1 << 20

_log = get_logger("voicebot.simulators.openai.audio")


class SpeechSource(Protocol):
    """Speaks a text."""

    def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Yield pieces of samples at 24 kHz."""
        ...


class Babble:
    """A low tone that swells four times a second, as long as the text would take to speak."""

    async def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Yield pieces of 200 ms."""
        whole = babble(text)
        size = round(_PIECE_S * PCM_RATE_HZ)
        for at in range(0, len(whole), size):
            yield whole[at : at + size]


class LocalVoice:
    """The local voice where its socket exists, else a babble."""

    def __init__(self, socket: Path) -> None:
        self._socket = os.path.relpath(socket)  # the path of a socket is limited to about 100 bytes

    async def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Yield the voice's pieces, resampled to 24 kHz."""
        begun = False
        try:
            async with unix_connect(
                self._socket, "ws://localhost/",
                compression=None, max_size=_MOST_BYTES,
            ) as line:  # fmt: skip
                order = {"do": "speak", "id": 1, "text": text, "pitch": 1.0}
                await line.send(orjson.dumps(order) + b"\n")
                while True:
                    head, _, sound = (await line.recv(decode=False)).partition(b"\n")
                    if orjson.loads(head).get("do") != "sound":
                        return
                    begun = True
                    yield _upsampled(g711.decode(sound))
        except (OSError, WebSocketException) as error:
            _log.warning("no_local_voice", error=error)
            if begun:
                return
            async for piece in Babble().speak(text):
                yield piece


def babble(text: str) -> Samples:
    """Return a tone as long as the text would take to speak."""
    time = np.arange(max(1, round(len(text) * _LETTER_S * PCM_RATE_HZ))) / PCM_RATE_HZ
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * _SYLLABLE_HZ * time)
    tone = sum(np.sin(2 * np.pi * _PITCH_HZ * n * time) / n for n in (1, 2, 3))
    samples: Samples = (_LEVEL * swell * tone).astype(np.int16)
    return samples


def _upsampled(samples: Samples) -> Samples:
    at = np.arange(len(samples) * _UPSAMPLING) / _UPSAMPLING
    louder = np.interp(at, np.arange(len(samples)), samples.astype(np.float64))
    result: Samples = louder.astype(np.int16)
    return result
