"""Speech as text: the audio of a sentence is its own letters, so both ends know what was said.

The worker runs on its null recogniser, which knows a clip by its checksum; the manifest is made
here.
Letters are no silence to them: neither 0xFF nor 0x7F stands in the text of these calls.
"""

import json
from collections.abc import AsyncGenerator, Iterable

from voicebot.g711 import FRAME_BYTES
from voicebot.speech import clip_checksum

_BEGIN, _END, _FILL = b"\x01", b"\x02", b" "
_MS = 8
"""Bytes of audio in a millisecond."""
LEAST_MS = 300
"""Longer than what interrupts the bot: any of these sentences can."""


def sound(text: str) -> bytes:
    """Return the audio of `text`, in whole frames."""
    letters = (_BEGIN + text.encode() + _END).ljust(LEAST_MS * _MS, _FILL)
    return letters.ljust(-(-len(letters) // FRAME_BYTES) * FRAME_BYTES, _FILL)


def manifest(texts: Iterable[str]) -> str:
    """Return the manifest of the null recogniser: which clip is which text."""
    return json.dumps([{"crc": clip_checksum(sound(text)), "text": text} for text in texts])


class LetterVoice:
    """Says a sentence at once, as its letters."""

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """Yield one piece."""
        yield sound(sentence)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


class LetterEar:
    """Reads sentences back from the bot's audio, each as soon as its last letter has come."""

    def __init__(self) -> None:
        self._audio = b""

    def hear(self, audio: bytes) -> list[str]:
        """Return the sentences that have become whole."""
        self._audio += audio
        sentences = []
        while _END in self._audio:
            before, _, self._audio = self._audio.partition(_END)
            sentences.append(before.rpartition(_BEGIN)[2].decode())
        return sentences
