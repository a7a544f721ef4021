"""The caller's audio by audio time, and a turn that is passed on while it is spoken."""

from __future__ import annotations

from voicebot.speech import Hint, Transcript
from voicebot.stream.following import Following
from voicebot.stream.recording import Recording

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
    assert len(recording._audio) < 5000 * MS


class SttStream:
    """Remembers what it was fed."""

    partial = ""

    def __init__(self) -> None:
        self.fed = b""

    def feed(self, mulaw: bytes) -> None:
        self.fed += mulaw

    async def transcribe(self, utterance: bytes, hint: Hint) -> Transcript:
        return Transcript("")


def test_a_turn_is_fed_once_and_in_order() -> None:
    ear, recording = SttStream(), recorded(4)
    turn = Following(recording, ear, 500)
    for until in (700, 1500, 1500, 1200, 3000):
        turn.feed_until(until)
    assert ear.fed == recording.between(500, 3000) == turn.utterance(3000)
