"""Speech output of one call: synthesises texts, sentence by sentence, for the machine.

A fixed sentence is at hand at once, another must be made. A line that fell silent after its opener
would sound finished, and callers would answer into the gap. So an opener waits:

    fixed      "Thank you." ▁▁▁▁▁▁▁▁▁▁▁▁▁│ Thank you. I have 0412 …
    to make    "I have 0412 …" synthesis │
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Protocol

from voicebot.collect.spoken import pronounce
from voicebot.errors import CallEnded, SpeechUnavailable
from voicebot.speech import Synthesizer
from voicebot.speech.sentences import split_sentences
from voicebot.stream import events as ev
from voicebot.stream.playback import pieces
from voicebot.stream.state import CallState

_Part = str | bytes | None
"""Of an utterance: a sentence begins, a piece of its audio, the sentence ends."""

BeforeFirstFrame = Callable[[datetime], Awaitable[None]]
Clock = Callable[[], datetime]


class Call(Protocol):
    """The session, as far as speech output knows it."""

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        ...

    def handle(self, event: ev.CallEvent) -> None:
        """Take an event and perform what follows from it."""
        ...

    async def room(self) -> None:
        """Wait until a frame can be queued; raises CallEnded without a socket."""
        ...

    def synthesis_awaited(self, seconds: float) -> None:
        """Take note that speech waited so long for the synthesizer."""
        ...


class Speaker:
    """Speaks for one session. `say` and `resume` belong to the conversation's task."""

    def __init__(
        self,
        call: Call,
        synthesizer: Synthesizer,
        clock: Clock,
        stopwatch: Callable[[], float],
        fixed: Collection[str] = (),
    ) -> None:
        self._call = call
        self._synthesizer = synthesizer
        self._clock = clock
        self._stopwatch = stopwatch
        self._fixed = fixed
        self._sentences: list[str] = []

    async def say(self, text: str, before_first_frame: BeforeFirstFrame) -> None:
        """Queue all of `text`, or as much as there is until the caller interrupts.

        Raises CallEnded when the caller is gone, SpeechUnavailable when there is no voice.
        """
        self._sentences = split_sentences(text)
        self._call.handle(ev.SayBegan())
        await self._say(self._sentences, (), before_first_frame)
        self._call.handle(ev.SayEnded())

    async def resume(self, first: int, known: Sequence[bytes]) -> None:
        """Perform Resume. Raises as `say` does."""
        await self._say(self._sentences[first:], known, None)

    async def filler(self, sentence: str) -> bytes:
        """Return the audio of a filler phrase, mu-law; empty when there is no voice."""
        try:
            async with aclosing(self._synthesizer.speak(sentence)) as voice:
                return b"".join([piece async for piece in voice])
        except SpeechUnavailable:
            return b""

    async def _say(
        self,
        sentences: Sequence[str],
        known: Sequence[bytes],
        before_first_frame: BeforeFirstFrame | None,
    ) -> None:
        """Say the sentences; of the first of them the audio is `known`."""
        async with aclosing(self._parts(sentences, known)) as parts:
            async for part in parts:
                if before_first_frame is not None:
                    self._check_line()
                    await before_first_frame(self._clock())
                    before_first_frame = None
                    self._check_line()
                    self._call.handle(ev.SpeechBegan())
                match part:
                    case str() as sentence:
                        queued = await self._queue(ev.SentenceBegan(sentence))
                    case bytes() as mulaw:
                        queued = await self._queue(*map(ev.AudioReady, pieces(mulaw)))
                    case None:
                        queued = await self._queue(ev.SentenceEnded())
                if not queued:
                    return

    async def _queue(self, *events: ev.CallEvent) -> bool:
        """Tell the machine, with room in the queue for each; False once it is interrupted."""
        for event in events:
            await self._call.room()
            if self._call.state.playback.is_interrupted:
                return False
            self._call.handle(event)
        return True

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
        asked_at = self._stopwatch()
        async with _closing(self._synthesizer.speak(pronounce(sentence))) as voice:
            async for mulaw in voice:
                self._call.synthesis_awaited(self._stopwatch() - asked_at)
                asked_at = self._stopwatch()
                if self._call.state.playback.is_interrupted:
                    return
                yield mulaw

    def _check_line(self) -> None:
        if self._call.state.gone:
            raise CallEnded("the caller is gone; the record keeps what was said")


@asynccontextmanager
async def _closing(voice: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """An interrupted sentence is not synthesised to its end."""
    try:
        yield voice
    finally:
        if isinstance(voice, AsyncGenerator):
            await voice.aclose()
