"""Speech engines without models, so that a benchmark measures the server's own cost.

The simulated caller plays clips of known text with digital silence between them. Any silence ends
a turn, and a clip is recognised by the checksum of its bytes.
"""

import re
import zlib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from voicebot import g711
from voicebot.errors import SettingsError
from voicebot.speech.protocols import Deliver, Hint, Transcript

_SILENT: Final = b"\xff\x7f"
"""The two zeros of mu-law."""
_SOUND = re.compile(rb"[^\xff\x7f]")
_TONE_S: Final = 0.4
_TONE_HZ: Final = 400
_TONE_LEVEL: Final = 8000


class NullDetector:
    """Takes everything but digital silence for speech. It satisfies VoiceDetector."""

    window_ms: float = float(g711.FRAME_MS)
    decisive: bool = True

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._pending = b""

    def feed(self, mulaw: bytes) -> None:
        """Deliver 1.0 for each 20 ms window with any sound and 0.0 for the others."""
        self._pending += mulaw
        whole = len(self._pending) // g711.FRAME_BYTES * g711.FRAME_BYTES
        ready, self._pending = self._pending[:whole], self._pending[whole:]
        for at in range(0, whole, g711.FRAME_BYTES):
            self._deliver(1.0 if _SOUND.search(ready, at, at + g711.FRAME_BYTES) else 0.0)

    def flush(self) -> None:
        """Do nothing: all is delivered at once."""

    def close(self) -> None:
        """Do nothing: all is delivered at once."""


class NullTranscriber:
    """Looks clips up by their checksum; unknown ones have no text. It satisfies Transcriber."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._texts = texts

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the manifest's text of this clip."""
        return Transcript(self._texts.get(clip_checksum(utterance), ""))


class NullSynthesizer:
    """Plays the same 0.4 s tone for every sentence. It satisfies Synthesizer."""

    def __init__(self) -> None:
        time = np.arange(round(_TONE_S * g711.RATE_HZ)) / g711.RATE_HZ
        tone = _TONE_LEVEL * np.sin(2 * np.pi * _TONE_HZ * time)
        self._tone = g711.encode(tone.astype(np.int16))

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield the tone as one piece."""
        yield self._tone

    async def aclose(self) -> None:
        """Do nothing."""


def clip_checksum(mulaw: bytes) -> int:
    """Return the CRC-32 of a clip without the silence around it, whose length varies."""
    return zlib.crc32(mulaw.strip(_SILENT))


class _Clip(BaseModel):
    crc: int
    text: str


def read_manifest(path: Path | None) -> dict[int, str]:
    """Read the texts of known clips by checksum: `[{"crc": 123, "text": "…"}]`.

    Without a file no clip is known. Raises SettingsError.
    """
    if path is None:
        return {}
    try:
        clips = TypeAdapter(list[_Clip]).validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"cannot read {path}: {error.strerror}; VOICEBOT_NULL_MANIFEST names it"
        ) from error
    except ValidationError as error:
        raise SettingsError(f"{path} is not a list of {{crc, text}}: {error}") from error
    return {clip.crc: clip.text for clip in clips}
