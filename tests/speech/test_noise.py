"""The noise of a line is measured in what the caller says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot import g711
from voicebot.simulators.phone import shipped, shipped_clip
from voicebot.speech.noise import is_noisy, signal_to_noise_db

SENTENCES = [file for file in shipped() if len(shipped_clip(file).audio) > g711.RATE_HZ]


def over_noise(file: str, db: float) -> bytes:
    """A shipped clip on a line whose noise is `db` below the voice."""
    voice = g711.decode(shipped_clip(file).audio).astype(np.float64)
    level = np.sqrt(np.mean(np.sort(voice**2)[-len(voice) // 2 :]))
    noise = np.random.default_rng(3).normal(0, level / 10 ** (db / 20), len(voice))
    loud: NDArray[np.int16] = np.clip(voice + noise, -32768, 32767).astype(np.int16)
    return g711.encode(loud)


@pytest.mark.parametrize("file", SENTENCES)
def test_a_clear_voice_is_on_no_bad_line(file: str) -> None:
    assert is_noisy(shipped_clip(file).audio) is False
    assert is_noisy(over_noise(file, 25)) is False


@pytest.mark.parametrize("file", SENTENCES)
def test_a_voice_in_loud_noise_is_on_a_bad_line(file: str) -> None:
    assert is_noisy(over_noise(file, 6)) is True


@pytest.mark.parametrize("file", SENTENCES)
def test_a_line_that_was_bad_is_good_again_only_where_it_is_clearly_so(file: str) -> None:
    assert is_noisy(shipped_clip(file).audio, before=True) is False
    between = next(db for db in range(6, 30) if not is_noisy(over_noise(file, db)))
    assert is_noisy(over_noise(file, between), before=True) is True


def test_more_noise_measures_as_less_signal() -> None:
    measured = [signal_to_noise_db(over_noise("john_name.wav", db)) for db in (30, 20, 10, 0)]
    found = [each for each in measured if each is not None]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("audio", [b"", g711.SILENCE * 1000])
def test_a_moment_tells_nothing_of_the_line(audio: bytes) -> None:
    assert is_noisy(audio) is None


def test_digital_silence_is_no_infinite_ratio() -> None:
    assert signal_to_noise_db(g711.SILENCE * g711.RATE_HZ) == 0
