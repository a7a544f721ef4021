"""The audio of a script's lines: WAV files, the clips that ship with the phone, the local voice.

The local voice is the server's tts process, with a higher pitch. Its protocol is implemented again
here, because the phone shares no code with the server:

    to it    {"do":"speak","text":"…","pitch":1.18}\\n
    from it  {"do":"sound",…}\\n + mu-law, any number of them, then {"do":"spoken"}
             or {"do":"failed","reason":"…","message":"…"}
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import struct
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from voicebot import g711
from voicebot.errors import PhoneError
from voicebot.runtime.started import started_alone
from voicebot.simulators.phone.script import Kind, Script, ScriptLine, load_script

VOICED_DBFS: Final = -45.0
"""Voice is louder than this; line noise is at -62, speech at -20."""

PITCH: Final = 1.18
"""18 % higher than the bot's voice, at the same tempo."""

_WINDOW_SAMPLES: Final = g711.RATE_HZ // 100
_FULL_SCALE: Final = 32768.0
_FILTER_TAPS: Final = 65
_SENTENCE_S: Final = 30.0
_MOST_BYTES: Final = 1 << 20

Samples = NDArray[np.int16]


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
        """The number of samples up to the end of the voice: of its last 10 ms over -45 dBFS."""
        samples = g711.decode(self.audio)
        whole = len(samples) // _WINDOW_SAMPLES
        windows = samples[: whole * _WINDOW_SAMPLES].reshape(whole, _WINDOW_SAMPLES)
        level = np.sqrt(np.mean((windows / _FULL_SCALE) ** 2, axis=1))
        loud = np.flatnonzero(level > 10 ** (VOICED_DBFS / 20))
        return int(loud[-1] + 1) * _WINDOW_SAMPLES if loud.size else 0

    def cut(self) -> Clip:
        """Return the clip without the quiet after its last voiced sample."""
        return Clip(self.text, self.audio[: self.voiced_samples])


async def spoken(script: Script, data_dir: Path) -> dict[ScriptLine, Clip]:
    """Return the audio of all spoken lines; raises PhoneError.

    The local voice is used only for lines that are texts.
    """
    words = {str(_folder() / file): clip.text for file, clip in shipped().items()}
    clips = {
        line: load_clip(Path(line.text), words.get(line.text))
        for line in script
        if line.kind is Kind.RECORDING
    }
    if texts := dict.fromkeys(line for line in script if line.kind is Kind.TEXT):
        async with local_voice(data_dir) as voice:
            for line in texts:
                clips[line] = await voice.speak(line.text)
    return clips


# -- recordings ----------------------------------------------------------------------------


class Shipped(BaseModel):
    """One clip of the manifest: its words, the voice, the licence."""

    file: str
    text: str
    voice: str
    licence: str


def shipped() -> Mapping[str, Shipped]:
    """Return the manifest of the shipped clips, by file name."""
    text = (_folder() / "manifest.json").read_text("utf-8")
    return {clip.file: clip for clip in TypeAdapter(list[Shipped]).validate_json(text)}


def shipped_clip(file: str) -> Clip:
    """Return a shipped clip."""
    return load_clip(_folder() / file, shipped()[file].text)


def default_script() -> Script:
    """Return the default script of `voicebot call`."""
    return load_script(_folder() / "caller.toml")


def _folder() -> Path:
    # The package is always installed as files.
    with as_file(files("voicebot.simulators.phone.clips")) as folder:
        return folder


def load_clip(path: Path, text: str | None = None) -> Clip:
    """Read a mono WAV file of 16 bits, or of mu-law at 8 kHz; raises PhoneError."""
    try:
        data = path.read_bytes()
        if (mulaw := _mulaw(data)) is not None:
            return Clip(text or path.name, mulaw)
        with wave.open(io.BytesIO(data)) as recording:
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


_MULAW_MONO_8_KHZ: Final = struct.pack("<HHI", 7, 1, g711.RATE_HZ)
"""The beginning of such a WAV file's format chunk; the library reads linear samples alone."""


def _mulaw(wav: bytes) -> bytes | None:
    """Return the samples of a mu-law WAV file as they are; None for any other."""
    at, is_mulaw = 12, False
    while at + 8 <= len(wav) and wav[:4] == b"RIFF":
        kind, size = wav[at : at + 4], int.from_bytes(wav[at + 4 : at + 8], "little")
        body = wav[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            is_mulaw = body.startswith(_MULAW_MONO_8_KHZ)
        elif kind == b"data":
            return body if is_mulaw else None
        at += 8 + size + size % 2
    return None


def stretch(samples: Samples, speed: float) -> Samples:
    """Resample to play `speed` times as fast, with a low-pass (a windowed sinc) against aliases."""
    if speed == 1.0 or not samples.size:
        return samples
    sound = samples.astype(np.float64)
    if speed > 1.0:
        taps = np.arange(_FILTER_TAPS) - _FILTER_TAPS // 2
        kernel = np.sinc(taps / speed) * np.hamming(_FILTER_TAPS)
        sound = np.convolve(sound, kernel / kernel.sum(), mode="same")
    at = np.arange(0, len(sound) - 1, speed)
    slower = np.interp(at, np.arange(len(sound)), sound)
    result: Samples = np.clip(np.round(slower), -32768, 32767).astype(np.int16)
    return result


# -- the local voice -----------------------------------------------------------------------


class LocalVoice:
    """Speaks a text as a clip. Open one with `local_voice`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def speak(self, text: str, pitch: float = PITCH) -> Clip:
        """Return the text as a clip, in the bot's own voice at pitch 1.0; raises PhoneError."""
        order = {"do": "speak", "text": text, "pitch": pitch}
        audio = bytearray()
        try:
            async with asyncio.timeout(_SENTENCE_S):
                await self._socket.send(orjson.dumps(order) + b"\n")
                while True:
                    line, _, sound = (await self._socket.recv(decode=False)).partition(b"\n")
                    reply = orjson.loads(line)
                    match reply.get("do"):
                        case "sound":
                            audio += sound
                        case "spoken":
                            return Clip(text, bytes(audio))
                        case _:
                            raise PhoneError(f"the local voice failed: {reply.get('message')}")
        except (ConnectionClosed, TimeoutError) as error:
            raise PhoneError(f"the local voice did not say a line: {error}") from error


@asynccontextmanager
async def local_voice(data_dir: Path) -> AsyncIterator[LocalVoice]:
    """Open the voice of the running server, or start one for as long as it is needed."""
    try:
        socket = await _tts(data_dir)
    except (OSError, InvalidHandshake):
        async with started_alone("voicebot.speech.tts") as own_dir, _tts(own_dir) as socket:
            yield LocalVoice(socket)
        return
    async with socket:
        yield LocalVoice(socket)


def _tts(data_dir: Path) -> connect:
    return unix_connect(
        os.path.relpath(data_dir / "tts.sock"),  # a socket's path is limited to about 100 bytes
        uri="ws://localhost/",
        compression=None,
        max_size=_MOST_BYTES,
        open_timeout=5,
    )
