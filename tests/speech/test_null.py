"""The benchmark's doubles: silence ends a turn, a clip is known by its bytes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot import g711
from voicebot.errors import SettingsError
from voicebot.speech import Hint
from voicebot.speech.null import (
    NullDetector,
    NullSynthesizer,
    NullTranscriber,
    clip_checksum,
    read_manifest,
)

SILENCE = g711.SILENCE * g711.FRAME_BYTES
SOUND = b"\x10" * g711.FRAME_BYTES


def test_one_window_a_frame_and_only_sound_is_speech() -> None:
    windows: list[float] = []
    detector = NullDetector(windows.append)
    assert detector.decisive
    detector.feed(SILENCE + SOUND + b"\x7f" * 160)
    assert windows == [0.0, 1.0, 0.0]


def test_windows_do_not_depend_on_how_frames_are_cut() -> None:
    windows: list[float] = []
    detector = NullDetector(windows.append)
    audio = SILENCE + SOUND + SILENCE
    for at in range(0, len(audio), 7):
        detector.feed(audio[at : at + 7])
    assert windows == [0.0, 1.0, 0.0]


@given(st.binary(), st.integers(0, 500), st.integers(0, 500))
def test_silence_around_a_clip_does_not_change_its_checksum(
    clip: bytes, before: int, after: int
) -> None:
    assert clip_checksum(b"\xff" * before + clip + b"\x7f" * after) == clip_checksum(clip)


async def test_a_clip_of_the_manifest_is_recognised(tmp_path: Path) -> None:
    manifest = tmp_path / "clips.json"
    manifest.write_text(f'[{{"crc": {clip_checksum(SOUND)}, "text": "hello"}}]')
    stt = NullTranscriber(read_manifest(manifest))
    assert (await stt.transcribe(SILENCE + SOUND + SILENCE, Hint())).text == "hello"
    assert (await stt.transcribe(SOUND + b"\x11", Hint())).text == ""


async def test_every_sentence_is_the_same_tone_in_whole_frames() -> None:
    tts = NullSynthesizer()
    (piece,) = [piece async for piece in tts.speak("anything")]
    assert g711.milliseconds(piece) == 400
    assert len(piece) % g711.FRAME_BYTES == 0
    assert np.abs(g711.decode(piece)).max() > 7000


@pytest.mark.parametrize("content", [None, "{}", '[{"crc": "x"}]', "nonsense"])
def test_a_manifest_that_cannot_be_used_is_a_wrong_setting(
    tmp_path: Path, content: str | None
) -> None:
    manifest = tmp_path / "clips.json"
    if content is not None:
        manifest.write_text(content)
    with pytest.raises(SettingsError):
        read_manifest(manifest)


def test_without_a_manifest_no_clip_is_known() -> None:
    assert read_manifest(None) == {}
