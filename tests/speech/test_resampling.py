"""Telephone audio at another rate is the same audio, without clicks, aliases and images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from voicebot.speech.resampling import Resampler, rounded

Samples = NDArray[np.float64]
PHONE_HZ = 8_000
UP = [(PHONE_HZ, 16_000), (PHONE_HZ, 24_000)]
DOWN = [(16_000, PHONE_HZ), (24_000, PHONE_HZ), (48_000, PHONE_HZ)]


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> Samples:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.asarray(10_000 * np.sin(2 * np.pi * hz * at))


def resampled(samples: Samples, from_hz: int, to_hz: int, *sizes: int) -> Samples:
    resampler = Resampler(from_hz, to_hz)
    pieces = np.split(samples, np.cumsum(sizes, dtype=int))
    return np.concatenate([*map(resampler.feed, pieces), resampler.flush()])


def decibels(samples: Samples) -> float:
    """The level in the middle, relative to that of `tone`."""
    middle = samples[len(samples) // 10 : -len(samples) // 10]
    return float(20 * np.log10(max(np.sqrt((middle**2).mean()), 1e-3) / (10_000 / np.sqrt(2))))


@pytest.mark.parametrize(("from_hz", "to_hz"), [*UP, *DOWN, (PHONE_HZ, PHONE_HZ)])
@pytest.mark.parametrize("hz", [300, 1000, 2500, 3300])
def test_speech_keeps_its_level_its_place_and_its_length(hz: int, from_hz: int, to_hz: int) -> None:
    heard = resampled(tone(hz, from_hz), from_hz, to_hz)
    middle = slice(200, -200)
    assert np.allclose(heard[middle], tone(hz, to_hz)[middle], atol=100)
    assert len(heard) == to_hz // 2


@pytest.mark.parametrize("hz", [4700, 5000, 7000, 8000, 9000, 11_500])
def test_what_the_telephone_cannot_carry_vanishes(hz: int) -> None:
    assert decibels(resampled(tone(hz, 24_000), 24_000, PHONE_HZ)) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), UP)
@pytest.mark.parametrize("hz", [300, 1000, 3000, 3400])
def test_a_tone_gets_no_images(hz: int, from_hz: int, to_hz: int) -> None:
    heard = resampled(tone(hz, from_hz), from_hz, to_hz)
    spectrum = np.abs(np.fft.rfft(heard * np.blackman(len(heard))))
    images = np.fft.rfftfreq(len(heard), 1 / to_hz) > 4200
    assert spectrum[images].max() < spectrum.max() / 1000  # 60 dB


@given(st.sampled_from([*UP, *DOWN]), st.lists(st.integers(0, 2000), max_size=12))
@settings(max_examples=50, deadline=None)
def test_how_it_is_cut_does_not_matter(rates: tuple[int, int], sizes: list[int]) -> None:
    from_hz, to_hz = rates
    sound = tone(700, from_hz, seconds=0.2)
    whole = resampled(sound, from_hz, to_hz)
    assert np.allclose(resampled(sound, from_hz, to_hz, *sizes), whole)


def test_full_scale_is_clipped_and_does_not_wrap_around() -> None:
    loudest = np.repeat([32_767.0, -32_768.0], 400)
    samples = rounded(resampled(loudest, PHONE_HZ, 24_000))
    assert samples[60:1140].min() > 0 > samples[1260:2340].max()


@pytest.mark.parametrize("rates", [(22_050, PHONE_HZ), (PHONE_HZ, 11_025), (24_000, 16_000)])
def test_other_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no multiple"):
        Resampler(*rates)
