"""Realtime transcription refuses what the documents do.

What it hears, and the faults that are ordered, are held by its client's tests (speech/openai).
"""

import pytest
from websockets.exceptions import InvalidStatus

from tests.simulators.openai.conftest import KEY, recorded
from tests.simulators.openai.realtime import HEARING, QUIET, dial

NO = recorded("john_no.wav")


def error_of(event: dict[str, object]) -> dict[str, object]:
    error = event["error"]
    assert isinstance(error, dict)
    return error


def code(event: dict[str, object]) -> object:
    return error_of(event)["code"]


async def test_a_commit_of_too_little_is_an_error_that_names_its_cause(url: str) -> None:
    async with dial(url) as line:
        await line.configure()
        await line.say(QUIET[:500])
        await line.send("input_audio_buffer.commit", event_id="mine")
        event = await line.next()
        assert code(event) == "input_audio_buffer_commit_empty"
        assert error_of(event)["event_id"] == "mine"
        assert await line.transcript(NO.samples) == NO.text


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"turn_detection": {"type": "server_vad"}}, "turn_detection"),
        ({"transcription": {"model": "gpt-9"}}, "transcription.model"),
        ({"transcription": {"model": "whisper-1", "keywords": ["x"]}}, "transcription"),
        (
            {"transcription": {"model": "gpt-live-transcribe", "keywords": ["<x>"]}},
            "transcription.keywords.0",
        ),
        (
            {"transcription": {"model": "gpt-transcribe", "language": "en", "languages": ["en"]}},
            "transcription",
        ),
        ({"format": {"type": "audio/pcm", "rate": 16000}}, "format.rate"),
        ({"format": {"type": "audio/pcm"}}, "format"),
        ({"weather": "fine"}, "weather"),
    ],
)
async def test_a_wrong_setting_is_refused_by_name(
    url: str, changes: dict[str, object], param: str
) -> None:
    async with dial(url) as line:
        event = await line.configure(**changes)
        assert event["type"] == "error"
        assert error_of(event)["param"] == f"session.audio.input.{param}"


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [
        ("", KEY, 400),
        ("model=gpt-realtime-2.1&intent=transcription", KEY, 400),
        (HEARING, None, 401),
        (HEARING, "sk-other", 401),
    ],
)
async def test_what_is_no_transcription_with_our_key_is_refused_at_the_handshake(
    url: str, query: str, key: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with dial(url, query, key):
            pass
    assert refused.value.response.status_code == status
