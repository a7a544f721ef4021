"""Files: a form in, words out. Speech: a text in, sound out."""

import io
import wave

import httpx
import numpy as np
import pytest

from tests.simulators.openai.conftest import Samples, recorded
from voicebot.simulators.openai.simulator import PCM_RATE_HZ, babble

TEXT = "May I have your name, please?"
SPEECH = {"model": "gpt-4o-mini-tts", "voice": "coral", "input": TEXT, "response_format": "pcm"}
NAME = recorded("john_name.wav")
FORM = {"model": "gpt-transcribe"}


def wav(samples: Samples, name: str = "u.wav") -> tuple[str, bytes, str]:
    """A form's file: name, content, type."""
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(8000)
        recording.writeframes(samples.astype("<i2").tobytes())
    return name, file.getvalue(), "audio/wav"


async def test_a_file_is_heard(http: httpx.AsyncClient) -> None:
    files = {"file": wav(NAME.samples)}
    answer = await http.post("audio/transcriptions", data=FORM, files=files)
    assert answer.json()["text"] == NAME.text
    assert answer.json()["usage"] == {"type": "duration", "seconds": len(NAME.samples) // 8 / 1000}


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ({"model": "gpt-9"}, wav(NAME.samples)),
        (FORM, wav(NAME.samples, "u.pcm")),
        (FORM, ("u.wav", b"RIFF", "audio/wav")),
        (FORM, wav(np.zeros(700, np.int16))),
    ],
    ids=["model", "extension", "content", "length"],
)
async def test_what_cannot_be_heard_is_refused(
    http: httpx.AsyncClient, form: dict[str, str], file: tuple[str, bytes, str]
) -> None:
    answer = await http.post("audio/transcriptions", data=form, files={"file": file})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_babble_is_as_long_as_the_text_and_never_silent() -> None:
    short, long = babble("Yes."), babble(TEXT)
    assert 1 < len(long) / PCM_RATE_HZ < 5
    assert len(short) < len(long) / 5
    seconds = long[: len(long) // PCM_RATE_HZ * PCM_RATE_HZ].reshape(-1, PCM_RATE_HZ)
    assert (np.abs(seconds).max(axis=1) > 3000).all()


async def test_speech_is_streamed_as_raw_pcm_in_odd_pieces(http: httpx.AsyncClient) -> None:
    async with http.stream("POST", "audio/speech", json=SPEECH) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    samples = np.frombuffer(b"".join(pieces), "<i2")
    assert np.array_equal(samples, babble(TEXT))
    assert any(len(piece) % 2 for piece in pieces)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "tts-9"},
        {"response_format": "mp3"},
        {"input": "x" * 4097},
        {"speed": 9},
        {"model": "tts-1", "instructions": "Calm."},
    ],
)
async def test_speech_that_cannot_be_made_is_refused(
    http: httpx.AsyncClient, change: dict[str, object]
) -> None:
    assert (await http.post("audio/speech", json={**SPEECH, **change})).status_code == 400
