"""The caller's audio by audio time; a turn goes to speech to text while it is spoken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.stream.calls import CONFIRM, JOHN, NAME, PHRASES, YES, call
from tests.stream.doubles import MS, CodedTranscriber, silence, spoken
from voicebot.speech import Hint, SttStream, SttTurn, Transcript
from voicebot.stream.listening import Recording

pytestmark = pytest.mark.virtual_time


def recorded(seconds: int) -> Recording:
    """Every second of it is another byte."""
    recording = Recording()
    for second in range(seconds):
        recording.add(bytes([second]) * 1000 * MS)
    return recording


def test_audio_is_found_by_its_time() -> None:
    assert recorded(3).between(900, 1100) == b"\0" * 100 * MS + b"\1" * 100 * MS


def test_audio_keeps_its_time_when_earlier_audio_is_forgotten() -> None:
    recording = recorded(6)
    recording.forget_before(4000)
    assert recording.between(4900, 5100) == b"\4" * 100 * MS + b"\5" * 100 * MS
    assert recording.between(0, 4100) == b"\4" * 100 * MS


def test_what_is_not_recorded_yet_is_not_given() -> None:
    assert recorded(1).between(900, 5000) == b"\0" * 100 * MS
    assert recorded(1).between(2000, 3000) == b""


def test_a_silent_line_does_not_fill_the_memory() -> None:
    recording = Recording()
    for second in range(600):
        recording.add(b"\xff" * 1000 * MS)
        recording.forget_before(second * 1000)
    assert len(recording.between(0, 600_000)) < 5000 * MS


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
        """Do nothing: there is nothing to close."""


async def test_a_turn_is_fed_while_it_is_spoken_and_asked_about_all_of_it() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, "Right?", CONFIRM, following=stt) as c:
        await c.provider.until_heard()
        await c.provider.speak(spoken(JOHN, 800))
        await c.provider.until_heard()
        await c.end_with(spoken(YES))
        assert stt.open_now == 0
    assert c.dialogue.texts == ["John Smith", "yes"]
    assert len(stt.turns) == 2
    for turn in stt.turns:
        assert all(fed == utterance for _, fed, utterance in turn.asked)
        assert turn.fed[0][0] < turn.asked[0][0] - 0.2  # while it was spoken
        assert len(turn.fed) > 5


async def test_a_pause_within_a_turn_is_fed_when_the_caller_goes_on() -> None:
    stt = RecordingStt()
    async with call("Name?", NAME, following=stt) as c:
        await c.provider.until_heard()
        await c.end_with(spoken(YES) + silence(400) + spoken(JOHN))
    (turn,) = stt.turns
    pause, end = turn.asked
    assert pause[1] == pause[2]
    assert end[1] == end[2]
    assert end[2].startswith(pause[2])
    assert silence(350) in end[2]
    during = [at for at, _ in turn.fed if pause[0] < at < pause[0] + 0.25]
    assert not during
