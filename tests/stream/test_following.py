"""A turn goes to speech to text while it is spoken, and is asked about as it was fed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.stream.calls import CONFIRM, JOHN, NAME, PHRASES, YES, call
from tests.stream.doubles import CodedDetector, CodedTranscriber, silence, spoken
from tests.virtual_time import in_virtual_time
from voicebot.speech import Hint, SttStream, SttTurn, Transcript
from voicebot.stream.caller import PREROLL_MS

BYTES_A_MS = 8


@dataclass
class NotedTurn:
    """The audio that a turn was fed, with times, and its questions."""

    stt: CodedTranscriber
    fed: list[tuple[float, bytes]] = field(default_factory=list)
    asked: list[tuple[float, bytes, bytes]] = field(default_factory=list)

    def feed(self, mulaw: bytes) -> None:
        self.fed.append((asyncio.get_running_loop().time(), mulaw))

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        so_far = b"".join(mulaw for _, mulaw in self.fed)
        self.asked.append((asyncio.get_running_loop().time(), so_far, utterance))
        return await self.stt.transcribe(utterance, hint)


@dataclass
class RecordingStt:
    """Keeps every turn."""

    turns: list[NotedTurn] = field(default_factory=list)
    open_now: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SttStream]:
        self.open_now += 1
        yield self
        self.open_now -= 1

    def listen(self, hint: Hint) -> SttTurn:
        self.turns.append(NotedTurn(CodedTranscriber(PHRASES)))
        return self.turns[-1]

    async def aclose(self) -> None:
        """Nothing to close."""


@in_virtual_time
async def test_a_turn_is_fed_while_it_is_spoken_and_asked_about_all_of_it() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, "Right?", CONFIRM, following=stt) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN, 800))
        await c.provider.until_heard()
        await c.provider.speak(spoken(YES))
        await c.ended.wait()
        assert stt.open_now == 0
    assert c.dialogue.texts == ["John Smith", "yes"]
    assert len(stt.turns) == 2
    for turn in stt.turns:
        assert all(fed == utterance for _, fed, utterance in turn.asked)
        assert turn.fed[0][0] < turn.asked[0][0] - 0.2  # while it was spoken
        assert len(turn.fed) > 5


@in_virtual_time
async def test_a_turn_begins_a_little_before_its_voice() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, following=stt) as c:
        await c.provider.until_heard()
        await c.provider.speak(silence(1000) + spoken(JOHN))
        await c.ended.wait()
    (turn,) = stt.turns
    beginning = turn.asked[0][1]
    quiet = len(beginning) - len(beginning.lstrip(b"\xff"))
    assert abs(quiet - PREROLL_MS * BYTES_A_MS) <= CodedDetector.window_ms * BYTES_A_MS


@in_virtual_time
async def test_a_pause_within_a_turn_is_fed_when_the_caller_goes_on() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, following=stt) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(YES) + silence(400) + spoken(JOHN))
        await c.ended.wait()
    (turn,) = stt.turns
    pause, end = turn.asked
    assert pause[1] == pause[2]
    assert end[1] == end[2]
    assert end[2].startswith(pause[2])
    assert silence(350) in end[2]
    during = [at for at, _ in turn.fed if pause[0] < at < pause[0] + 0.25]
    assert not during


@in_virtual_time
async def test_a_key_ends_the_turn_and_what_is_said_later_is_another() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, NAME, following=stt) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(YES, 300))
        await c.provider.key("1#")
        await c.provider.until(lambda: c.dialogue.heard)
        await c.provider.speak(silence(300) + spoken(JOHN))
        await c.ended.wait()
    assert c.dialogue.texts == ["1", "John Smith"]
    assert bytes([YES]) not in b"".join(mulaw for _, mulaw in stt.turns[-1].fed)
