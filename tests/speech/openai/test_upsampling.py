"""Telephone audio at 24 kHz is the same audio, without clicks and without images."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot import g711
from voicebot.speech.openai.resampling import FACTOR, Upsampler

SECOND = g711.RATE_HZ


def tone(hertz: float) -> bytes:
    time = np.arange(SECOND) / g711.RATE_HZ
    return g711.encode((8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16))


def upsampled(mulaw: bytes, size: int) -> NDArray[np.float64]:
    upsampler = Upsampler()
    pieces = [upsampler.feed(mulaw[at : at + size]) for at in range(0, len(mulaw), size)]
    return np.frombuffer(b"".join(pieces), "<i2").astype(np.float64)


@pytest.mark.parametrize("size", [1, 7, 160, 480, SECOND])
def test_how_it_is_cut_does_not_matter(size: int) -> None:
    assert np.array_equal(upsampled(tone(440), size), upsampled(tone(440), SECOND))


@pytest.mark.parametrize("hertz", [300, 1000, 3000, 3400])
def test_a_tone_keeps_its_level_and_gets_no_images(hertz: float) -> None:
    samples = upsampled(tone(hertz), 480)
    assert len(samples) == FACTOR * SECOND
    steady = samples[FACTOR * 100 :]
    spectrum = np.abs(np.fft.rfft(steady * np.blackman(len(steady))))
    at = np.fft.rfftfreq(len(steady), 1 / (FACTOR * g711.RATE_HZ))
    wanted = spectrum[np.abs(at - hertz) < 30].max()
    assert spectrum[at > 4200].max() < wanted / 1000  # 60 dB
    assert np.sqrt(np.mean(steady**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.02)


def test_silence_stays_silent_and_nothing_gives_nothing() -> None:
    assert not upsampled(g711.SILENCE * 800, 160).any()
    assert Upsampler().feed(b"") == b""


def test_full_scale_does_not_wrap_around() -> None:
    loudest = upsampled(b"\x80" * 400 + b"\x00" * 400, 160)
    edge = 400 * FACTOR + 48  # it is 2 ms late
    assert loudest[edge + 60 :].max() < 0 < loudest[200 : edge - 60].min()
    assert np.abs(loudest).max() <= 32768
