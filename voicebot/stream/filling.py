"""Fills the silence when an answer takes long: "One moment."

    caller has finished ──700 ms──► "One moment." ──1.5 s──► "Just a second, please." ──► …
                            │                        │
                            └─── the bot speaks: nothing more is said

So whatever is late, recogniser, model or voice, nobody listens to nothing for two seconds. What is
said here is a fixed sentence, kept in memory, and no part of the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from voicebot.openai import metrics
from voicebot.stream.speaking import Speaker

AGAIN_S: Final = 1.5
"""After the end of one filler, until the next."""


@dataclass(frozen=True, slots=True)
class FillerPhrases:
    """What is said, the last one again and again, and how long after the caller's last word."""

    sentences: tuple[str, ...]
    after_s: float


class Filler:
    """Of one call. It satisfies Waiting."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        speaker: Speaker,
        patter: FillerPhrases,
        caller_speaks: Callable[[], bool],
    ) -> None:
        self._group = group
        self._speaker = speaker
        self._patter = patter
        self._caller_speaks = caller_speaks
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """The caller has finished: watch the time."""
        self.end()
        self._task = self._group.create_task(self._fill())

    def end(self) -> None:
        """No need any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _fill(self) -> None:
        await asyncio.sleep(self._patter.after_s)
        last = self._patter.sentences[-1]
        for sentence in chain(self._patter.sentences, repeat(last)):
            sounds_s = 0.0
            if not self._caller_speaks():
                metrics.fillers.inc()
                sounds_s = await self._speaker.fill(sentence)
            await asyncio.sleep(sounds_s + AGAIN_S)
