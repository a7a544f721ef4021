"""Telephone audio reaches the recogniser's front end without mirror images or shifts."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.speech.whisper import RATE_HZ, Floats, Mel, upsample


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> Floats:
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.sin(2 * np.pi * hz * time).astype(np.float32)


@pytest.mark.parametrize("hz", [300, 1000, 2000, 3400])
def test_a_tone_keeps_its_level_and_gets_no_mirror_image(hz: int) -> None:
    wide = upsample(tone(hz, 8000))
    spectrum = np.abs(np.fft.rfft(wide * np.hanning(len(wide))))
    level = spectrum[hz - 5 : hz + 6].max()
    image = spectrum[8000 - hz - 5 : 8000 - hz + 6].max()
    assert 20 * np.log10(image / level) < -50
    middle = slice(200, -200)
    assert np.allclose(wide[middle], tone(hz, RATE_HZ)[middle], atol=0.02)


def test_a_hundred_frames_a_second() -> None:
    assert Mel(80)(tone(500, RATE_HZ, 1.5)).shape == (80, 150)


def test_a_tone_lights_the_band_of_its_own_pitch() -> None:
    mel = Mel(80)
    bands = [int(mel(tone(hz, RATE_HZ)).mean(axis=1).argmax()) for hz in (200, 1000, 3000)]
    # The Slaney scale of 80 bands: 200/3 Hz a mel up to 15 mel, then logarithmic.
    step = (15 + np.log(8) / (np.log(6.4) / 27)) / 81
    wanted = [200 * 3 / 200, 15, 15 + np.log(3) / (np.log(6.4) / 27)]
    assert bands == [pytest.approx(mels / step - 1, abs=1) for mels in wanted]


def test_quiet_is_at_most_eighty_decibels_below_the_peak() -> None:
    mel = Mel(80)(np.concatenate((tone(500, RATE_HZ), np.zeros(RATE_HZ, np.float32))))
    assert mel.max() - mel.min() == pytest.approx(8 / 4, abs=1e-5)
