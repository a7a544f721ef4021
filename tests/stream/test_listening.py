"""The caller's audio by audio time, and a turn that is passed on while it is spoken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.stream.calls import EPOCH, NAME
from tests.stream.doubles import CodedDetector
from voicebot.speech import Hint, SttTurn, Transcript
from voicebot.stream.events import DropTranscription, Feed, Follow, Now, Transcribe
from voicebot.stream.listening import Listener, Recording
from voicebot.stream.machine import CallMachine
from voicebot.stream.state import CallSettings

MS = 8


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
class Engine:
    """Speech to text that remembers what it was fed and asked."""

    fed: bytes = b""
    asked: list[bytes] = field(default_factory=list)

    def listen(self, hint: Hint) -> SttTurn:
        return self

    def feed(self, mulaw: bytes) -> None:
        self.fed += mulaw

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        self.asked.append(utterance)
        await asyncio.sleep(0)
        return Transcript("words", 0.25)


async def test_a_turn_is_fed_once_and_in_order_and_asked_about_as_a_whole() -> None:
    engine, track = Engine(), recorded(4).between(0, 4000)
    machine = CallMachine(CallSettings(20.0), lambda: Now(0.0, EPOCH), lambda effect: None)
    machine.handle(NAME)
    async with asyncio.TaskGroup() as group:
        listener = Listener(machine, CodedDetector(), engine, group)
        listener.add(track)
        listener.perform(Follow(500, Hint()))
        for until_ms in (700, 1500, 1500, 1200, 3000):
            listener.perform(Feed(until_ms))
        listener.perform(Transcribe(1, Hint(), 3000))
        listener.perform(Transcribe(2, Hint(), 2000))
        listener.perform(DropTranscription(2))
    assert engine.fed == track[500 * MS : 3000 * MS]
    assert engine.asked == [engine.fed]
