"""Ears that hear a turn when it is over: nothing is done while it is spoken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from voicebot.speech import Ear, Hint, Listening, Transcriber, Transcript


class WholeUtterances:
    """Gives every call the same transcriber. It satisfies Ears, Ear and Listening in one.

    Nothing of a turn has to be remembered: the utterance comes with the question for its text.
    """

    partial: Final = ""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Ear]:
        """Itself."""
        yield self

    def listen(self, hint: Hint) -> Listening:
        """Itself."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Not needed."""

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        """The transcriber's."""
        return await self._transcriber.transcribe(utterance, hint)

    async def aclose(self) -> None:
        """Close the transcriber."""
        await self._transcriber.aclose()
