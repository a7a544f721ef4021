"""Both voices of a line reach staff who listen in, and nobody else."""

import numpy as np
from numpy.typing import NDArray

from voicebot.g711 import FRAME_BYTES, RATE_HZ, SILENCE, decode, encode
from voicebot.stream.echo import SentAudio
from voicebot.stream.relay import PIECE_BYTES, Relay

FRAME_S = FRAME_BYTES / RATE_HZ
LOUD = encode(np.full(FRAME_BYTES, 30_000, np.int16))
SOFT = encode(np.full(FRAME_BYTES, 5_000, np.int16))
QUIET = SILENCE * FRAME_BYTES


class Line:
    """A relay with a clock that goes on by a frame with each frame of the caller's."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.pieces: list[bytes] = []
        self.sent = SentAudio()
        self.relay = Relay(self.sent, self.pieces.append, lambda: self.now_s)

    def hears(self, frame: bytes, frames: int) -> None:
        for _ in range(frames):
            self.now_s += FRAME_S
            self.relay.add(frame)

    @property
    def heard(self) -> NDArray[np.int16]:
        return decode(b"".join(self.pieces))


def test_nothing_is_told_of_a_line_to_which_nobody_listens() -> None:
    line = Line()
    line.hears(LOUD, 100)
    assert line.pieces == []


def test_the_bot_sounds_when_it_sounds_to_the_caller_however_early_it_was_sent() -> None:
    line = Line()
    line.relay.want(15)
    for _ in range(10):
        line.sent.play(SOFT, line.now_s)  # 200 ms, all at once
    line.hears(QUIET, 20)
    assert [len(piece) for piece in line.pieces] == [PIECE_BYTES, PIECE_BYTES]
    assert np.all(line.heard[:PIECE_BYTES] > 4_000)
    assert np.all(np.abs(line.heard[PIECE_BYTES:]) < 10)


def test_both_are_heard_who_talk_at_once_and_too_loud_is_only_loud() -> None:
    line = Line()
    line.relay.want(15)
    line.sent.play(SOFT * 10, line.now_s)
    line.hears(SOFT, 10)
    assert np.all(line.heard > 9_000)
    line.sent.play(LOUD * 10, line.now_s)
    line.hears(LOUD, 10)
    assert np.all(line.heard[PIECE_BYTES:] > 31_000)


def test_it_ends_by_itself_where_the_wish_is_not_renewed() -> None:
    line = Line()
    line.relay.want(1)
    line.hears(SOFT, 40)
    line.relay.want(1)
    line.hears(SOFT, 200)
    assert len(line.heard) / RATE_HZ <= 1.8
    line.relay.want(1)
    line.hears(LOUD, 10)
    assert np.all(line.heard[-PIECE_BYTES:] > 25_000), "nothing of what nobody was to hear"


def test_what_is_listened_to_is_no_less_known_as_an_echo() -> None:
    line = Line()
    rng = np.random.default_rng(3)
    voice = encode((rng.normal(0, 3_000, RATE_HZ)).astype(np.int16))
    line.sent.play(voice, line.now_s)
    line.relay.want(15)
    echo = encode((decode(voice) * 0.2).astype(np.int16))
    began_s = line.now_s
    for at in range(0, len(echo), FRAME_BYTES):
        line.hears(echo[at : at + FRAME_BYTES], 1)
    assert line.sent.echoes_in(echo, began_s + 1.0)
