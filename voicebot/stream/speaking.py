"""Speech output of one call: says a text, can be interrupted, can go on where it was.

A fixed sentence is at hand at once, another must be made. A line that fell silent after its opener
would sound finished, and callers would answer into the gap. So an opener waits:

    fixed      "Thank you." ▁▁▁▁▁▁▁▁▁▁▁▁▁│ Thank you. I have 0412 …
    to make    "I have 0412 …" synthesis │
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from voicebot.collect.spoken import pronounce
from voicebot.errors import CallEnded, SpeechUnavailable
from voicebot.g711 import milliseconds
from voicebot.speech import Synthesizer
from voicebot.speech.sentences import split_sentences
from voicebot.stream import metrics
from voicebot.stream.connection import Outbox
from voicebot.stream.dialect import Dialect
from voicebot.stream.measure import TurnTimer, stopwatch
from voicebot.stream.playback import Playback, pieces

MARK_GRACE_S: Final = 2.0
"""A farewell's last mark may come so much later than its audio's length says."""

_Part = str | bytes | None
"""Of an utterance: a sentence begins, a piece of its audio, the sentence ends."""

BeforeFirstFrame = Callable[[datetime], Awaitable[None]]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Line:
    """Where frames go: the call's outbox, in its provider's words."""

    outbox: Outbox
    dialect: Dialect
    stream_sid: str

    async def play(self, mulaw: bytes, when_sent: Callable[[], None]) -> None:
        """Queue audio."""
        await self.outbox.put(self.dialect.audio(self.stream_sid, mulaw), when_sent)

    async def mark(self, name: str) -> None:
        """Queue a mark behind the audio before it."""
        await self.outbox.put(self.dialect.mark(self.stream_sid, name))

    def clear(self) -> None:
        """Silence, here and at the provider, now."""
        self.outbox.replace_all(self.dialect.clear(self.stream_sid))


@dataclass(frozen=True, slots=True)
class Opening:
    """What happens right before and right after an utterance's first frame is queued."""

    before: BeforeFirstFrame
    after: Callable[[], None]


class Speaker:
    """Speaks for one session. `say` and `go_on` belong to the conversation's task."""

    def __init__(
        self,
        line: Line,
        synthesizer: Synthesizer,
        clock: Clock,
        timer: TurnTimer,
        fixed: Collection[str] = (),
    ) -> None:
        self._line = line
        self._fixed = fixed
        self._synthesizer = synthesizer
        self._clock = clock
        self._timer = timer
        self._playback = Playback()
        self._sentences: list[str] = []
        self._heard: str | None = None
        self._ended = False
        self._finishing = False
        self._played = asyncio.Event()

    @property
    def is_heard(self) -> bool:
        """Does the bot's voice sound at the caller?"""
        return self._playback.is_heard(_now())

    async def say(self, text: str, opening: Opening) -> None:
        """Queue all of `text`, or as much as there is until the caller interrupts.

        Raises CallEnded when the caller is gone, SpeechUnavailable when there is no voice.
        """
        self._heard = None
        self._sentences = split_sentences(text)
        self._playback.begin()
        await self._say_from(0, opening)

    async def go_on(self) -> None:
        """It was no interruption after all: repeat what was not heard to its end."""
        if self._heard is None:
            return
        self._heard = None
        again = self._playback.resume()
        await self._say_from(self._playback.opened, None, again)

    async def fill(self, sentence: str) -> float:
        """Say something that is no part of the conversation, in one go: it is never interrupted.

        Returns how many seconds it sounds: 0.0 when the bot speaks anyway, or nobody can.
        """
        try:
            async with aclosing(self._synthesizer.speak(sentence)) as voice:
                mulaw = b"".join([piece async for piece in voice])
        except SpeechUnavailable:
            return 0.0
        if self._ended or self.is_heard:
            return 0.0
        self._playback.fill(mulaw, _now())
        for piece in pieces(mulaw):
            await self._line.play(piece, _nobody_counts)
        return milliseconds(len(mulaw)) / 1000

    async def _say_from(
        self, first: int, opening: Opening | None, known: Sequence[bytes] = ()
    ) -> None:
        """Say the sentences from this one on; of the first of them the audio is `known`."""
        async with aclosing(self._parts(self._sentences[first:], known)) as parts:
            async for part in parts:
                if opening is not None:
                    await self._open(opening)
                    opening = None
                if self._playback.cut_off:
                    return
                match part:
                    case str() as sentence:
                        self._playback.open_sentence(sentence)
                    case bytes() as mulaw:
                        await self._queue(mulaw)
                    case None:
                        await self._close_sentence()
        self._playback.complete()

    async def _parts(
        self, sentences: Sequence[str], known: Sequence[bytes]
    ) -> AsyncGenerator[_Part, None]:
        """Each sentence, its audio, its end (None); those at hand at the beginning wait until the
        first that must be made has audio."""
        at_hand = [n < len(known) or s in self._fixed for n, s in enumerate(sentences)]
        first_made = at_hand.index(False) if False in at_hand else 0
        waiting: list[_Part] = []
        async with aclosing(self._in_order(sentences, known)) as parts:
            async for n, part in parts:
                waiting.append(part)
                if n > first_made or (n == first_made and not isinstance(part, str)):
                    for ready in waiting:
                        yield ready
                    waiting.clear()

    async def _in_order(
        self, sentences: Sequence[str], known: Sequence[bytes]
    ) -> AsyncGenerator[tuple[int, _Part], None]:
        for n, sentence in enumerate(sentences):
            yield n, sentence
            if n < len(known):
                yield n, known[n]
            else:
                async with aclosing(self._synthesised(sentence)) as voice:
                    async for mulaw in voice:
                        yield n, mulaw
            yield n, None

    async def _synthesised(self, sentence: str) -> AsyncGenerator[bytes, None]:
        """The sentence's audio, until it is interrupted; the first wait is not our time."""
        self._check_line()
        asked_at = stopwatch()
        async with _closing(self._synthesizer.speak(pronounce(sentence))) as voice:
            async for mulaw in voice:
                self._timer.prepared(stopwatch() - asked_at)
                asked_at = stopwatch()
                if self._playback.cut_off:
                    return
                yield mulaw

    async def _open(self, opening: Opening) -> None:
        self._check_line()
        await opening.before(self._clock())
        self._check_line()
        opening.after()

    async def _queue(self, mulaw: bytes) -> None:
        for piece in pieces(mulaw):
            if self._playback.cut_off:
                return
            metrics.queued(piece, self._playback.queue(piece, _now()))
            await self._line.play(piece, self._sent)

    async def _close_sentence(self) -> None:
        await self._line.mark(self._playback.close_sentence())

    def _sent(self) -> None:
        self._timer.answered(stopwatch())

    def interrupt(self) -> None:
        """The caller wants to speak: be silent at once. Nobody answers what is said over the last
        words, "thank you, bye" as a rule: these are said to their end."""
        if self._finishing or not self.is_heard:
            return
        self._heard = self._playback.cut(_now())
        self._line.clear()

    @property
    def is_interrupted(self) -> bool:
        """Were its last words cut off, and nobody has asked for `take_cut` yet?"""
        return self._heard is not None

    def take_cut(self) -> str | None:
        """What was heard of the words that were interrupted, told once; None if none were."""
        heard, self._heard = self._heard, None
        return heard

    def on_mark(self, name: str) -> None:
        """The provider returned a mark."""
        self._playback.on_mark(name, _now())
        if not self.is_heard:
            self._played.set()

    async def finish(self) -> None:
        """Wait until the last word was played; bounded by what its length allows."""
        self._finishing = True
        if not self.is_heard:
            return
        self._played.clear()
        try:
            async with asyncio.timeout(self._playback.remaining_s(_now()) + MARK_GRACE_S):
                await self._played.wait()
        except TimeoutError:
            pass  # a provider without marks, or a lost one: the audio's length has passed

    def end(self) -> None:
        """The caller is gone: nothing more can be said."""
        self._ended = True
        self._played.set()

    def _check_line(self) -> None:
        if self._ended:
            raise CallEnded("the caller is gone; the record keeps what was said")


@asynccontextmanager
async def _closing(voice: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """An interrupted sentence is not synthesised to its end."""
    try:
        yield voice
    finally:
        if isinstance(voice, AsyncGenerator):
            await voice.aclose()


def _nobody_counts() -> None:
    """A filler is no answer."""


def _now() -> float:
    return asyncio.get_running_loop().time()
