"""A caller who waits for a late answer is told to, and the record does not know it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import pairwise

from tests.stream.calls import JOHN, NAME, call
from tests.stream.doubles import CodedTranscriber, silence, spoken
from tests.virtual_time import in_virtual_time
from voicebot.stream.state import FillerPhrases
from voicebot.stream.voice import FILLER_AGAIN_S as AGAIN_S

WAIT, AGAIN, ANSWER = "One moment.", "Just a second.", "Thank you."
PHRASES = FillerPhrases((WAIT, AGAIN), after_s=0.7)
SENTENCE_S = 0.5


@dataclass
class LateTts:
    """Says fixed sentences at once, the answer after `late_s`; notes when each began."""

    late_s: float
    began: list[tuple[str, float]] = field(default_factory=list)

    async def speak(self, sentence: str) -> AsyncGenerator[bytes, None]:
        if sentence == ANSWER:
            await asyncio.sleep(self.late_s)
        self.began.append((sentence, asyncio.get_running_loop().time()))
        yield b"\x2a" * round(SENTENCE_S * 8000)

    async def aclose(self) -> None:
        """Nothing to close."""

    @property
    def said(self) -> list[str]:
        return [sentence for sentence, _ in self.began]

    @property
    def longest_silence_s(self) -> float:
        """Between the end of one sentence and the beginning of the next."""
        moments = [at for _, at in self.began[1:]]
        return max(b - a - SENTENCE_S for a, b in pairwise(moments))


@in_virtual_time
async def test_an_answer_in_time_needs_no_filler() -> None:
    tts = LateTts(0.6)
    async with call("Hello.", NAME, ANSWER, synthesizer=tts, fillers=PHRASES) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert tts.said == ["Hello.", ANSWER]


@in_virtual_time
async def test_a_late_answer_is_bridged_again_and_again_and_no_message_of_the_record() -> None:
    tts = LateTts(6.0)
    async with call("Hello.", NAME, ANSWER, synthesizer=tts, fillers=PHRASES) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert tts.said == ["Hello.", WAIT, AGAIN, AGAIN, ANSWER]
    assert tts.longest_silence_s <= AGAIN_S + 0.05
    assert [m.text for m in c.notebook.messages] == ["Hello.", "John Smith", ANSWER]


@in_virtual_time
async def test_a_transcript_that_is_late_is_bridged_as_well() -> None:
    stt = CodedTranscriber({JOHN: "John"}, delay_s=3.0)  # not whole: the turn ends by its pause
    tts = LateTts(0.0)
    async with call("Hello.", NAME, ANSWER, stt=stt, synthesizer=tts, fillers=PHRASES) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert tts.said[:2] == ["Hello.", WAIT]


@in_virtual_time
async def test_nobody_is_talked_over() -> None:
    tts = LateTts(3.0)
    async with call("Hello.", NAME, ANSWER, synthesizer=tts, fillers=PHRASES) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN) + silence(600) + spoken(JOHN, 2500))
        await c.ended.wait()
    assert WAIT not in tts.said[:2]


@in_virtual_time
async def test_without_phrases_there_is_silence() -> None:
    tts = LateTts(6.0)
    async with call("Hello.", NAME, ANSWER, synthesizer=tts) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN))
        await c.ended.wait()
    assert tts.said == ["Hello.", ANSWER]
