"""Clips: frames, the end of the voice, WAV files, those that ship, and the local voice."""

import base64
import json
import struct
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection, unix_serve

from voicebot import g711
from voicebot.call import FIELDS
from voicebot.errors import PhoneError
from voicebot.simulators.phone.recordings import (
    PITCH,
    Clip,
    default_script,
    load_clip,
    local_voice,
    shipped,
    shipped_clip,
    spoken,
    stretch,
)
from voicebot.simulators.phone.script import SILENCE, Kind, Script, ScriptLine


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


def test_a_clip_can_be_cut_where_its_last_loud_window_ends() -> None:
    clip = Clip("x", g711.encode(np.concatenate([tone(0.5, 8000), tone(0.5, 20)])))
    assert len(clip.cut().audio) == clip.voiced_samples == 4000
    assert clip.cut().text == "x"


def test_mu_law_in_a_wav_file_is_taken_as_it_is(tmp_path: Path) -> None:
    mulaw = g711.encode(tone(0.5, 8000))
    form = struct.pack("<HHIIHHH", 7, 1, 8000, 8000, 1, 8, 0)
    chunks = [(b"fmt ", form), (b"LIST", b"odd"), (b"data", mulaw)]
    body = b"".join(k + struct.pack("<I", len(v)) + v + b"\0" * (len(v) % 2) for k, v in chunks)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    assert load_clip(tmp_path / "a.wav").audio == mulaw


def test_line_noise_is_not_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 26, 8000).astype(np.int16)  # -62 dBFS
    assert Clip("x", g711.encode(noise)).voiced_samples == 0


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


def test_every_clip_of_the_manifest_is_there_and_holds_a_voice() -> None:
    for file in shipped():
        assert shipped_clip(file).voiced_samples > 0, file


def test_every_clip_names_its_licence_and_none_has_the_voice_of_the_bot() -> None:
    for clip in shipped().values():
        assert clip.licence
        assert "joe" not in clip.voice


async def test_the_default_caller_has_a_recorded_line_for_every_step(tmp_path: Path) -> None:
    script = default_script()
    clips = await spoken(script, tmp_path)
    for key in (*(step.value for step in FIELDS), "confirm", "no"):
        first = script.lines[key][0]
        assert first.kind is Kind.RECORDING
        assert clips[first].text in {clip.text for clip in shipped().values()}


Answers = Callable[[dict[str, object]], list[bytes]]


def reply(sound: bytes = b"", **header: object) -> bytes:
    return json.dumps(header).encode() + b"\n" + sound


def speaking(job: dict[str, object]) -> list[bytes]:
    """A tts that says each text as its letters."""
    letters = str(job["text"]).encode()
    return [
        reply(letters[:2], do="sound"),
        reply(letters[2:], do="sound"),
        reply(do="spoken"),
    ]


@asynccontextmanager
async def tts(data_dir: Path, answers: Answers) -> AsyncIterator[list[dict[str, object]]]:
    jobs: list[dict[str, object]] = []

    async def serve(socket: ServerConnection) -> None:
        async for message in socket:
            assert isinstance(message, bytes), "headers and audio travel as one binary message"
            job = json.loads(message.partition(b"\n")[0])
            jobs.append(job)
            for answer in answers(job):
                await socket.send(answer)

    async with unix_serve(serve, str(data_dir / "tts.sock")):
        yield jobs


async def test_a_text_becomes_a_clip_in_a_higher_voice(tmp_path: Path) -> None:
    async with tts(tmp_path, speaking) as jobs, local_voice(tmp_path) as voice:
        clip = await voice.speak("Hello.")
    assert clip.text == "Hello."
    assert clip.audio == b"Hello."
    assert jobs == [{"do": "speak", "text": "Hello.", "pitch": PITCH}]


async def test_each_text_of_a_script_is_spoken_once_before_the_call(tmp_path: Path) -> None:
    one, two = ScriptLine(Kind.TEXT, "One."), ScriptLine(Kind.TEXT, "Two.")
    async with tts(tmp_path, speaking) as jobs:
        clips = await spoken(Script({"name": (one, SILENCE, one, two)}), tmp_path)
    assert [job["text"] for job in jobs] == ["One.", "Two."]
    assert clips[two].audio == b"Two."


async def test_a_failing_tts_process_is_an_error(tmp_path: Path) -> None:
    def failing(job: dict[str, object]) -> list[bytes]:
        return [reply(do="failed", reason="busy", message="the queue is full")]

    async with tts(tmp_path, failing), local_voice(tmp_path) as voice:
        with pytest.raises(PhoneError, match="the queue is full"):
            await voice.speak("Hello.")


@pytest.mark.audio
async def test_without_a_server_a_tts_process_is_started_for_the_call(tmp_path: Path) -> None:
    async with local_voice(tmp_path) as voice:
        clip = await voice.speak("My name is Ann Lee.")
    assert 4_000 < clip.voiced_samples < 40_000, "half a second to five"
