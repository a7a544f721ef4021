"""Silero finds the bot's own speech, no speech in noise, and does not care how frames are cut.

The noise of a line is measured in what the caller says.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import voicebot.simulators.phone
from voicebot import g711
from voicebot.simulators.phone import load_clip, shipped, shipped_clip
from voicebot.speech.vad import SileroDetector, SileroDetectors, is_noisy, signal_to_noise_db

SPEECH = 0.5
SECOND = g711.RATE_HZ
WINDOW = 256
FRAME = g711.FRAME_BYTES
SILENCE = g711.SILENCE * SECOND
SENTENCES = [file for file in shipped() if len(shipped_clip(file).audio) > g711.RATE_HZ]


@pytest.fixture(scope="module")
def recorded() -> bytes:
    """A sentence without the quiet after it."""
    clips = Path(voicebot.simulators.phone.__file__).parent / "clips"
    return load_clip(clips / "john_name.wav").cut().audio


def noise(seconds: float, level: float, seed: int = 1) -> bytes:
    """White noise of this root mean square, of full scale 32768."""
    random = np.random.default_rng(seed)
    return g711.encode((random.standard_normal(round(seconds * SECOND)) * level).astype(np.int16))


def mixed(voice: bytes, level: float, gain: float = 1.0) -> bytes:
    """The voice over such noise."""
    random = np.random.default_rng(2)
    samples = gain * g711.decode(voice) + random.standard_normal(len(voice)) * level
    return g711.encode(np.clip(samples, -32768, 32767).astype(np.int16))


class Call:
    """One call's detector, run at each frame, and what it has delivered."""

    def __init__(self, detectors: SileroDetectors | None = None) -> None:
        self.windows: list[float] = []
        self._detectors = detectors or SileroDetectors(later=lambda run: None)
        self.detector: SileroDetector = self._detectors.open(self.windows.append)

    def hears(self, audio: bytes, piece: int = FRAME) -> list[float]:
        """Return what the next pieces of this length bring."""
        before = len(self.windows)
        for at in range(0, len(audio), piece):
            self.detector.feed(audio[at : at + piece])
            self._detectors.run()
        return self.windows[before:]


def begins(windows: list[float]) -> int:
    """The first window of speech."""
    return next(n for n, probability in enumerate(windows) if probability > SPEECH)


def skipped(windows: list[float]) -> float:
    """Return the share of windows that the model was not asked about; its own answer is never 0."""
    return windows.count(0.0) / len(windows)


def test_speech_between_silences_is_found_where_it_is(recorded: bytes) -> None:
    windows = Call().hears(SILENCE + recorded + SILENCE)
    per_second = 1000 / SileroDetector.window_ms
    talking = [n for n, probability in enumerate(windows) if probability > SPEECH]
    length_s = len(recorded) / SECOND
    assert 1.0 <= talking[0] / per_second <= 1.3
    assert length_s + 0.6 <= talking[-1] / per_second <= length_s + 1.3
    assert len(talking) > 0.7 * length_s * per_second


@pytest.mark.parametrize("level", [0, 30, 300])
def test_noise_is_not_speech(level: float) -> None:
    assert max(Call().hears(noise(5, level))) < SPEECH


def test_frames_of_any_length_give_the_same_windows(recorded: bytes) -> None:
    audio = recorded[: 2 * SECOND]
    whole = Call().hears(audio, len(audio))
    assert Call().hears(audio) == pytest.approx(whole, abs=1e-5)
    assert Call().hears(audio, 37) == pytest.approx(whole, abs=1e-5)
    assert len(whole) == len(audio) // WINDOW


@pytest.mark.slow
def test_after_a_minute_of_noise_the_next_word_is_found_as_by_a_new_detector(spoken: bytes) -> None:
    tired = Call()
    tired.hears(noise(60, 200))
    after, at_once = (c.hears(SILENCE[:WINDOW] + spoken) for c in (tired, Call()))
    assert begins(after) - begins(at_once) <= 1, "later than by a new one"


def test_inaudible_audio_skips_the_model_and_loses_no_word(recorded: bytes) -> None:
    lead = SILENCE * 3
    windows = Call().hears(lead + recorded + SILENCE * 3)
    assert skipped(windows) > 0.3
    found = [p > SPEECH for p in windows[len(lead) // WINDOW :]]
    alone = [p > SPEECH for p in Call().hears(lead[: len(lead) % WINDOW] + recorded)]
    assert found.index(True) <= alone.index(True) + 2
    assert sum(found) >= sum(alone) - 4


@pytest.mark.parametrize("level", [100, 300, 1000])
def test_a_steady_noise_seldom_reaches_the_model(level: float) -> None:
    assert skipped(Call().hears(noise(20, level))) > 0.8


@pytest.mark.parametrize("level", [100, 300, 600])
def test_a_voice_over_a_steady_noise_is_found_as_soon_as_without_the_gate(
    recorded: bytes, level: float
) -> None:
    over = mixed(recorded, level)
    found = Call()
    found.hears(noise(4, level))
    fresh = Call()
    fresh.hears(noise(0.2, level))  # too short to settle
    gated, ungated = found.hears(over), fresh.hears(over)
    assert abs(begins(gated) - begins(ungated)) <= 1
    assert sum(p > SPEECH for p in gated) >= 0.9 * sum(p > SPEECH for p in ungated)


def test_a_noise_that_grows_louder_or_softer_is_soon_known_again() -> None:
    call = Call()
    call.hears(noise(4, 100))
    assert skipped(call.hears(noise(4, 500, seed=3))) > 0.6
    assert skipped(call.hears(noise(4, 60, seed=4))) > 0.6


def test_a_voice_over_a_noise_that_swells_is_found_as_soon_as_without_the_gate(
    recorded: bytes,
) -> None:
    lead_s, level = 4, 300
    length = lead_s * SECOND + len(recorded)
    swell = 1 + 0.6 * np.sin(2 * np.pi * 0.7 * np.arange(length) / SECOND)
    random = np.random.default_rng(5)
    samples = swell * level * random.standard_normal(length)
    samples[lead_s * SECOND :] += g711.decode(recorded)
    audio = g711.encode(np.clip(samples, -32768, 32767).astype(np.int16))
    gated = Call().hears(audio)[lead_s * SECOND // WINDOW :]
    ungated = Call().hears(audio[(lead_s * SECOND // WINDOW - 6) * WINDOW :])[6:]
    assert abs(begins(gated) - begins(ungated)) <= 2


def test_a_voice_that_is_no_louder_than_the_noise_was_is_heard_when_the_noise_ends(
    recorded: bytes,
) -> None:
    quiet = mixed(recorded, 20, gain=0.1)
    call = Call()
    call.hears(noise(4, 300) + noise(1.5, 20))
    assert begins(call.hears(quiet)) <= begins(Call().hears(quiet)) + 2


def test_calls_do_not_hear_each_other_though_they_share_the_models_runs(recorded: bytes) -> None:
    later: list[Callable[[], None]] = []
    detectors = SileroDetectors(later.append)
    speaking, quiet, noisy = (Call(detectors) for _ in range(3))
    tracks = {speaking: recorded, quiet: SILENCE * 9, noisy: noise(9, 300)}
    for at in range(0, 3 * SECOND, FRAME):
        for call, track in tracks.items():
            call.detector.feed(track[at : at + FRAME])
        for run in later:
            run()
        later.clear()
    alone = Call().hears(recorded[: 3 * SECOND])
    assert speaking.windows == pytest.approx(alone, abs=1e-4)
    assert max(quiet.windows + noisy.windows) < SPEECH


def test_several_windows_at_once_are_delivered_in_order(recorded: bytes) -> None:
    call = Call()
    by_frames = Call().hears(SILENCE + recorded)
    assert call.hears(SILENCE + recorded, 4000) == pytest.approx(by_frames, abs=1e-5)


def test_the_end_of_a_call_waits_for_no_tick(recorded: bytes) -> None:
    call = Call(SileroDetectors(later=lambda run: None))
    call.detector.feed(recorded[:WINDOW])
    assert call.windows == []
    call.detector.flush()
    assert len(call.windows) == 1


def test_a_closed_detector_delivers_nothing_more(recorded: bytes) -> None:
    detectors = SileroDetectors(later=lambda run: None)
    call = Call(detectors)
    call.detector.feed(recorded[: 3 * WINDOW])
    call.detector.close()
    detectors.run()
    call.detector.feed(recorded[:WINDOW])
    assert call.windows == []


async def test_a_window_is_delivered_in_the_next_turn_of_the_loop(recorded: bytes) -> None:
    arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    detector = SileroDetectors().open(arrived.set_result)
    detector.feed(recorded[:WINDOW])
    assert not arrived.done()
    await asyncio.sleep(0)
    assert 0 < arrived.result() < 1


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
