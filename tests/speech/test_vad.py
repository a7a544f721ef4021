"""Silero finds the bot's own speech, no speech in noise, and does not care how frames are cut."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import voicebot.simulators.phone
from voicebot import g711
from voicebot.simulators.phone import load_clip
from voicebot.speech.vad import SileroDetector

SPEECH = 0.5
SECOND = g711.RATE_HZ
SILENCE = g711.SILENCE * SECOND


@pytest.fixture(scope="module")
def recorded() -> bytes:
    """A sentence without the quiet after it."""
    clips = Path(voicebot.simulators.phone.__file__).parent / "clips"
    return load_clip(clips / "john_name.wav").cut().audio


def noise(seconds: float, level: float) -> bytes:
    random = np.random.default_rng(1)
    return g711.encode((random.standard_normal(round(seconds * SECOND)) * level).astype(np.int16))


def test_speech_between_silences_is_found_where_it_is(recorded: bytes) -> None:
    detector = SileroDetector()
    windows = detector.feed(SILENCE + recorded + SILENCE)
    per_second = 1000 / detector.window_ms
    talking = [n for n, probability in enumerate(windows) if probability > SPEECH]
    length_s = len(recorded) / SECOND
    assert 1.0 <= talking[0] / per_second <= 1.3
    assert length_s + 0.6 <= talking[-1] / per_second <= length_s + 1.3
    assert len(talking) > 0.7 * length_s * per_second


@pytest.mark.parametrize("level", [0, 30, 300])
def test_noise_is_not_speech(level: float) -> None:
    assert max(SileroDetector().feed(noise(5, level))) < SPEECH


def test_frames_of_any_length_give_the_same_windows(recorded: bytes) -> None:
    audio = recorded[: 2 * SECOND]
    whole = SileroDetector().feed(audio)
    cut = SileroDetector()
    frames = [p for at in range(0, len(audio), 160) for p in cut.feed(audio[at : at + 160])]
    assert frames == whole
    assert len(whole) == len(audio) // 256


@pytest.mark.slow
def test_after_a_minute_of_noise_the_next_word_is_found_as_by_a_new_detector(spoken: bytes) -> None:
    tired, fresh = SileroDetector(), SileroDetector()
    tired.feed(noise(60, 200))
    after = [p > SPEECH for p in tired.feed(SILENCE[:256] + spoken)]
    at_once = [p > SPEECH for p in fresh.feed(SILENCE[:256] + spoken)]
    assert abs(after.index(True) - at_once.index(True)) <= 1


def test_inaudible_audio_skips_the_model_and_loses_no_word(recorded: bytes) -> None:
    lead = SILENCE * 3
    windows = SileroDetector().feed(lead + recorded + SILENCE * 3)
    assert windows.count(0.0) > 0.3 * len(windows)  # of a skipped one; the model gives more
    found = [p > SPEECH for p in windows[len(lead) // 256 :]]
    alone = [p > SPEECH for p in SileroDetector().feed(lead[: len(lead) % 256] + recorded)]
    assert found.index(True) <= alone.index(True) + 2
    assert sum(found) >= sum(alone) - 4


def test_reset_makes_a_used_detector_new(recorded: bytes) -> None:
    used = SileroDetector()
    used.feed(recorded[:1001])
    used.reset()
    assert used.feed(recorded[:SECOND]) == SileroDetector().feed(recorded[:SECOND])


def test_calls_do_not_hear_each_other(recorded: bytes) -> None:
    speaking, quiet = SileroDetector(), SileroDetector()
    heard = [(speaking.feed(recorded[at : at + 160]), quiet.feed(SILENCE[:160]))
             for at in range(0, 3 * SECOND, 160)]  # fmt: skip
    assert max(p for windows, _ in heard for p in windows) > SPEECH
    assert max(p for _, windows in heard for p in windows) < SPEECH


@pytest.mark.slow
def test_the_runtime_reports_to_nobody(tmp_path: Path) -> None:
    program = "from voicebot.speech.vad import SileroDetector; SileroDetector()"
    own = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {k: v for k, v in os.environ.items() if k not in own}
    subprocess.run(
        [sys.executable, "-c", program], env=environment | {"HOME": str(tmp_path)}, check=True
    )
    assert not list(tmp_path.rglob("*onnxruntime*"))
