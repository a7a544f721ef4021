"""24 kHz to the telephone: what it must keep, and what must vanish."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot import g711
from voicebot.speech.openai.resampling import Decimator

RATE_HZ = 24_000


def tone(hz: float, seconds: float = 0.5, level: float = 10_000, rate_hz: int = RATE_HZ) -> bytes:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def loudness(mulaw: bytes) -> float:
    samples = g711.decode(mulaw).astype(np.float64)[200:-200]
    return float(np.sqrt((samples**2).mean()))


def decibels(hz: float) -> float:
    decimator = Decimator(RATE_HZ)
    heard = decimator.feed(tone(hz)) + decimator.flush()
    return float(20 * np.log10(max(loudness(heard), 1e-3) / (10_000 / np.sqrt(2))))


@pytest.mark.parametrize("hz", [300, 1000, 2500, 3300])
def test_speech_passes(hz: int) -> None:
    assert abs(decibels(hz)) < 0.5


@pytest.mark.parametrize("hz", [4700, 5000, 7000, 8000, 9000, 11_500])
def test_what_the_telephone_cannot_carry_vanishes(hz: int) -> None:
    assert decibels(hz) < -60


def test_nothing_is_lost_at_the_ends() -> None:
    decimator = Decimator(RATE_HZ)
    pcm = tone(440, seconds=1.0)
    assert len(decimator.feed(pcm) + decimator.flush()) == g711.RATE_HZ


@given(cuts=st.lists(st.integers(1, 4000), max_size=12))
@settings(max_examples=50, deadline=None)
def test_pieces_of_any_length_even_half_samples_sound_as_one(cuts: list[int]) -> None:
    pcm = tone(700, seconds=0.2)
    whole = Decimator(RATE_HZ)
    expected = whole.feed(pcm) + whole.flush()
    pieces, at, heard = Decimator(RATE_HZ), 0, b""
    for size in [*cuts, len(pcm)]:
        heard += pieces.feed(pcm[at : at + size])
        at += size
    assert heard + pieces.flush() == expected


def test_other_rates_and_the_telephones_own() -> None:
    for rate_hz in (8_000, 16_000, 48_000):
        decimator = Decimator(rate_hz)
        heard = decimator.feed(tone(1000, rate_hz=rate_hz)) + decimator.flush()
        assert len(heard) == g711.RATE_HZ // 2
        assert loudness(heard) == pytest.approx(10_000 / np.sqrt(2), rel=0.05)
    with pytest.raises(ValueError, match="22050"):
        Decimator(22_050)
