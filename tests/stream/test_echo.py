"""The bot's own voice in the caller's track, of recordings that ship with the phone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot import g711
from voicebot.simulators.phone import shipped, shipped_clip
from voicebot.stream.echo import COMPARED_MS, SentAudio

BOT = shipped_clip("john_address.wav").audio
OTHERS = [shipped_clip(file).audio for file in shipped() if not file.startswith("john")]
WINDOW_S = 0.032
AUDIBLE = 100.0
"""Root mean square of a window with a voice in it."""

Samples = NDArray[np.float64]


def echo_of(mulaw: bytes, level_db: float, delay_s: float, *, phone: bool = False) -> Samples:
    """The bot's voice as it comes back, with the noise of a line; a phone has its resonances."""
    sound = g711.decode(mulaw).astype(np.float64)
    if phone:
        path = np.zeros(160)
        path[[0, 23, 61, 140]] = 1.0, 0.4, -0.3, 0.2
        sound = np.convolve(np.convolve(sound, path)[: len(sound)], (0.5, 0.35, 0.15), "same")
    late = np.concatenate((np.zeros(round(delay_s * g711.RATE_HZ)), sound))
    return late * 10 ** (level_db / 20) + np.random.default_rng(1).normal(0, 25, len(late))


def judged(sent: SentAudio, track: Samples) -> list[bool]:
    """Return for each window of the track with sound in it whether it is found to be an echo."""
    mulaw = g711.encode(np.clip(track, -32768, 32767).astype(np.int16))
    step, before = round(WINDOW_S * g711.RATE_HZ), COMPARED_MS * g711.RATE_HZ // 1000
    found = []
    for end in range(before, len(mulaw), step):
        piece = mulaw[end - before : end]
        if np.sqrt(np.mean(g711.decode(piece[-step:]).astype(np.float64) ** 2)) > AUDIBLE:
            found.append(sent.echoes_in(piece, end / g711.RATE_HZ))
    return found


def sending(mulaw: bytes) -> SentAudio:
    sent = SentAudio()
    for at in range(0, len(mulaw), 1600):  # all at once: the provider plays it in real time
        sent.play(mulaw[at : at + 1600], 0.0)
    return sent


@pytest.mark.parametrize("level_db", [-10, -20])
@pytest.mark.parametrize("delay_s", [0.06, 0.3, 0.9])
@pytest.mark.parametrize("phone", [False, True])
def test_an_echo_is_found_from_its_second_window_on(
    level_db: float, delay_s: float, phone: bool
) -> None:
    found = judged(sending(BOT), echo_of(BOT, level_db, delay_s, phone=phone))
    assert len(found) > 40
    assert all(found[2:])


@pytest.mark.parametrize("other", OTHERS)
def test_who_talks_over_the_bot_is_no_echo(other: bytes) -> None:
    found = judged(sending(BOT), g711.decode(other).astype(np.float64))
    assert not any(found)


def test_who_is_as_loud_as_the_bot_is_heard_over_its_echo() -> None:
    caller = g711.decode(shipped_clip("john_email.wav").audio).astype(np.float64)
    echo = echo_of(BOT, -10, 0.3)
    size = min(len(caller), len(echo))
    found = judged(sending(BOT), caller[:size] + echo[:size])
    assert sum(found) < len(found) / 3


def test_what_was_cleared_is_not_waited_for() -> None:
    sent = sending(BOT)
    sent.clear(1.0)
    assert sent.may_echo(1.5)
    assert not sent.may_echo(3.0)
    late = echo_of(BOT, -10, 0.0)[2 * g711.RATE_HZ :]
    assert not any(judged(sent, np.concatenate((np.zeros(3 * g711.RATE_HZ), late))))


def test_a_line_that_sent_nothing_has_no_echo() -> None:
    assert not SentAudio().may_echo(5.0)
