"""Clips: frames, the end of the voice, WAV files."""

from __future__ import annotations

import base64
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot import g711
from voicebot.errors import PhoneError
from voicebot.simulators.phone.clip import Clip, last_voiced, load_clip, stretch


def tone(seconds: float, level: float, rate: int = 8000, hz: float = 400) -> NDArray[np.int16]:
    at = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def save(path: Path, samples: NDArray[np.int16], rate: int = 8000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_the_voice_ends_where_its_last_loud_window_ends() -> None:
    samples = np.concatenate([tone(0.5, 8000), tone(0.5, 20)])
    assert last_voiced(samples) == 4000


def test_line_noise_is_not_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 26, 8000).astype(np.int16)  # -62 dBFS
    assert last_voiced(noise) == 0


def test_a_clip_can_be_cut_at_the_end_of_its_voice() -> None:
    clip = Clip("x", g711.encode(np.concatenate([tone(0.5, 8000), tone(0.5, 20)])))
    assert len(clip.cut().audio) == clip.voiced_samples == 4000
    assert clip.cut().text == "x"


def test_frames_are_20_ms_and_the_last_is_filled_with_silence() -> None:
    frames = Clip("x", b"\x10" * 200).frames
    assert [len(base64.b64decode(f)) for f in frames] == [160, 160]
    assert base64.b64decode(frames[1]) == b"\x10" * 40 + b"\xff" * 120


def test_a_wav_file_becomes_telephone_audio(tmp_path: Path) -> None:
    clip = load_clip(save(tmp_path / "a.wav", tone(1, 8000)), "hello")
    assert clip.text == "hello"
    assert len(clip.audio) == 8000


def test_another_sampling_rate_is_brought_to_eight_kilohertz(tmp_path: Path) -> None:
    clip = load_clip(save(tmp_path / "a.wav", tone(1, 8000, rate=22050), rate=22050))
    assert len(clip.audio) == pytest.approx(8000, abs=2)
    spectrum = np.abs(np.fft.rfft(g711.decode(clip.audio)))
    assert int(spectrum.argmax()) == pytest.approx(400, abs=2), "the tone keeps its pitch"


def test_what_would_fold_back_is_filtered_out() -> None:
    hiss = stretch(tone(1, 8000, rate=16000, hz=7000), 2.0)
    assert np.abs(hiss[100:-100]).max() < 80, "40 dB below its level"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a recording"])
def test_what_is_no_recording_is_an_error_that_names_the_file(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(PhoneError, match=r"a\.wav is not a WAV file: \w+"):
        load_clip(path)


def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match=r"a\.wav: No such file"):
        load_clip(tmp_path / "a.wav")


def test_stereo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match="mono"):
        load_clip(save(tmp_path / "a.wav", tone(1, 8000), channels=2))
