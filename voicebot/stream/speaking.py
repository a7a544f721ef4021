"""Speech output of one call: synthesises texts, sentence by sentence, for the machine.

A fixed sentence is at hand at once, another must be made. A line that fell silent after its opener
would sound finished, and callers would answer into the gap. So an opener waits, unless it sounds
for much longer than sentences of this call took to be made:

    fixed      "Thank you." ▁▁▁▁▁▁▁▁▁▁▁▁▁│ Thank you. I have 0412 …
    to make    "I have 0412 …" synthesis │

    fixed      "Thank you very much." Thank you very much. I have 0412 …
    to make         "I have 0412 …" synthesis │
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

import numpy as np

from voicebot import g711
from voicebot.collect.spoken import pronounce
from voicebot.errors import CallEnded, SpeechUnavailable
from voicebot.speech import Synthesizer, split_sentences
from voicebot.stream.connection import Outbox
from voicebot.stream.events import (
    AudioReady,
    BackchannelReady,
    CallEvent,
    FillerReady,
    SentenceBegan,
    Signal,
)
from voicebot.stream.machine import CallMachine
from voicebot.stream.playback import pieces
from voicebot.telemetry import Stage, Waited

SPEAK_S: Final = 15.0
"""For a piece of a sentence, of any engine. Ours have shorter deadlines of their own."""
OPENER_SPARE: Final = 2.0
"""An opener that sounds so many times longer than the last sentences took need not wait for one."""
_SOFT: Final = 10 ** (-6 / 20)
"""6 dB softer: it is to be noticed, not to be waited for."""

BeforeFirstFrame = Callable[[datetime], Awaitable[None]]


class Speaker:
    """Speaks for one session. `say` and `resume` belong to the conversation's task.

    fixed  sentences that the synthesizer has at hand
    tell   takes note of what speech waited for
    """

    def __init__(
        self,
        machine: CallMachine,
        outbox: Outbox,
        synthesizer: Synthesizer,
        fixed: Collection[str],
        tell: Callable[[Waited], None],
    ) -> None:
        self._machine = machine
        self._outbox = outbox
        self._synthesizer = synthesizer
        self._fixed = fixed
        self._tell = tell
        self._sentences: list[str] = []
        self._made_s: deque[float] = deque(maxlen=3)
        """The last sentences that were not at hand took so long until their first audio."""

    async def say(self, text: str, before_first_frame: BeforeFirstFrame) -> None:
        """Queue all of `text`, or as much as there is until the caller interrupts.

        Raises CallEnded when the caller is gone, SpeechUnavailable when there is no voice.
        """
        self._sentences = split_sentences(text)
        self._machine.handle(Signal.SAY_BEGAN)
        await self._say(self._sentences, (), before_first_frame)
        self._machine.handle(Signal.SAY_ENDED)

    async def resume(self, first: int, known: Sequence[bytes]) -> None:
        """Say the last text again from its sentence number `first` on; raises as `say` does."""
        await self._say(self._sentences[first:], known, None)
        self._machine.handle(Signal.RESUME_ENDED)

    async def filler(self, sentence: str) -> None:
        """Hand the machine the audio of a filler phrase."""
        self._machine.handle(FillerReady(await self._phrase(sentence)))

    async def backchannel(self, sentence: str) -> None:
        """Hand the machine the audio of a sign that the bot listens, softer than its words."""
        softer = g711.decode(await self._phrase(sentence)) * _SOFT
        self._machine.handle(BackchannelReady(g711.encode(softer.astype(np.int16))))

    async def _phrase(self, sentence: str) -> bytes:
        """Return a phrase's audio, mu-law; empty when there is no voice."""
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
        async with aclosing(self._events(sentences, known)) as batches:
            async for events in batches:
                if before_first_frame is not None:
                    self._check_line()
                    await before_first_frame(self._machine.now().utc)
                    before_first_frame = None
                    self._check_line()
                    self._machine.handle(Signal.SPEECH_BEGAN)
                for event in events:
                    await self._outbox.room()
                    if self._machine.state.playback.is_interrupted:
                        return
                    self._machine.handle(event)

    async def _events(
        self, sentences: Sequence[str], known: Sequence[bytes]
    ) -> AsyncGenerator[list[CallEvent], None]:
        """Yield each sentence's beginning, audio and end.

        Those at hand at the beginning wait until the first that must be made has audio, unless
        they sound long enough.
        """
        at_hand = [n < len(known) or s in self._fixed for n, s in enumerate(sentences)]
        first_made = at_hand.index(False) if False in at_hand else 0
        waiting: list[CallEvent] = []
        for n, sentence in enumerate(sentences):
            if n == first_made and self._sounds_long(waiting):
                yield waiting
                waiting = []
            waiting.append(SentenceBegan(sentence))
            async with aclosing(self._audio(sentence, known[n : n + 1])) as voice:
                async for mulaw in voice:
                    waiting += map(AudioReady, pieces(mulaw))
                    if n >= first_made:
                        yield waiting
                        waiting = []
            waiting.append(Signal.SENTENCE_ENDED)
            if n >= first_made:
                yield waiting
                waiting = []

    def _sounds_long(self, events: Sequence[CallEvent]) -> bool:
        """Return whether the audio outlasts the making of the next sentence by far."""
        size = sum(len(event.mulaw) for event in events if isinstance(event, AudioReady))
        sounds_s = g711.milliseconds(size) / 1000
        return bool(self._made_s) and sounds_s > OPENER_SPARE * max(self._made_s)

    async def _audio(self, sentence: str, known: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the sentence's audio; the wait for a synthesised one is not our time."""
        if known:
            yield known[0]
            return
        self._check_line()
        asked_at, made = self._machine.now().s, sentence not in self._fixed
        async with aclosing(self._synthesizer.speak(pronounce(sentence))) as voice:
            while mulaw := await _in_time(voice):
                now_s = self._machine.now().s
                self._tell(Waited(Stage.TTS, now_s - asked_at))
                if made:
                    self._made_s.append(now_s - asked_at)
                asked_at, made = now_s, False
                yield mulaw

    def _check_line(self) -> None:
        if self._machine.state.gone:
            raise CallEnded("the caller is gone; the record keeps what was said")


async def _in_time(voice: AsyncGenerator[bytes, None]) -> bytes:
    """Return the next piece, empty after the last; raises SpeechUnavailable when it hangs."""
    try:
        async with asyncio.timeout(SPEAK_S):
            return await anext(voice, b"")
    except TimeoutError:
        raise SpeechUnavailable(f"no word from text to speech within {SPEAK_S:g} s") from None
