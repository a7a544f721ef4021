"""The simulated caller's recordings are recognised in every form."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.simulators.openai.conftest import RECORDED, Recorded, Samples, recorded
from voicebot import g711
from voicebot.errors import SettingsError
from voicebot.simulators.openai.clips import Clips, load_clips

RATE = 8000


def by_phone(samples: Samples) -> Samples:
    """Through mu-law, 6 dB down."""
    return g711.decode(g711.encode((samples // 2).astype(np.int16)))


def voice(samples: Samples) -> slice:
    loud = np.flatnonzero(np.abs(samples) > 400)
    return slice(loud[0], loud[-1])


@pytest.mark.parametrize("clip", RECORDED, ids=lambda clip: clip.file)
def test_each_recording_is_recognised_through_the_telephone(clips: Clips, clip: Recorded) -> None:
    assert clips.recognise(by_phone(clip.samples), RATE) == clip.text


@pytest.mark.parametrize("clip", RECORDED, ids=lambda clip: clip.file)
def test_cuts_at_both_ends_and_noise_do_not_matter(clips: Clips, clip: Recorded) -> None:
    random = np.random.default_rng(1)
    span = voice(clip.samples)
    cut = clip.samples[span.start + 37 : span.stop - 123]
    noise = random.normal(0, 26, len(cut) + 1611)
    noise[611 : 611 + len(cut)] += cut
    assert clips.recognise(by_phone(noise.astype(np.int16)), RATE) == clip.text


def test_a_part_between_pauses_gives_the_words_of_that_part(clips: Clips) -> None:
    clip = recorded("phone_pauses.wav")
    loud = np.flatnonzero(np.abs(clip.samples) > 800)
    gaps = np.flatnonzero(np.diff(loud) > RATE // 3)
    ends = [0, *((loud[gap] + loud[gap + 1]) // 2 for gap in gaps), len(clip.samples)]
    parts = [clips.recognise(clip.samples[a:b], RATE) for a, b in itertools.pairwise(ends)]
    assert len(parts) > 1
    assert " ".join(parts).replace(",", "") == clip.text.replace(",", "")


@pytest.mark.parametrize("seconds", [0, 0.05, 1, 3])
def test_noise_and_silence_are_nothing(clips: Clips, seconds: float) -> None:
    random = np.random.default_rng(2)
    noise = random.normal(0, 3000, round(seconds * RATE)).astype(np.int16)
    assert clips.recognise(noise, RATE) == ""
    assert clips.recognise(np.zeros(len(noise), np.int16), RATE) == ""


@pytest.mark.parametrize("content", ["{}", '[{"file": "missing.wav", "text": "x"}]', "nonsense"])
def test_a_manifest_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(SettingsError):
        load_clips(tmp_path / "manifest.json")
