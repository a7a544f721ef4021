"""Audio formats of the API, and the simulator's voice: a babble of tones, or the local one.

The local voice is a process of the server's machine; its wire protocol is spoken here from its
description, because the simulator shares no code with the server:

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


Samples = NDArray[np.int16]

_LETTER_S: Final = 0.065
"""A sentence of the bot takes about so long a letter."""
_SYLLABLE_HZ: Final = 4.0
_PITCH_HZ: Final = 140.0
_LEVEL: Final = 6000.0
_PIECE_S: Final = 0.2
_UPSAMPLING: Final = PCM_RATE_HZ // g711.RATE_HZ
_MOST_BYTES: Final = 1 << 20

_log = get_logger("voicebot.simulators.openai.audio")


class Voice(Protocol):
    """Says a text."""

    def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Pieces at 24 kHz."""
        ...


class Babble:
    """A low tone that swells four times a second, as long as the text would take to say."""

    async def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Pieces of 200 ms."""
        whole = babble(text)
        size = round(_PIECE_S * PCM_RATE_HZ)
        for at in range(0, len(whole), size):
            yield whole[at : at + size]


class LocalVoice:
    """The local voice, if it is there; a babble if not."""

    def __init__(self, socket: Path) -> None:
        self._socket = os.path.relpath(socket)  # a socket's path may have a hundred bytes only

    async def speak(self, text: str) -> AsyncGenerator[Samples, None]:
        """Pieces as the voice makes them, brought to 24 kHz."""
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
    """Sound of the length that the text would take to say."""
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
