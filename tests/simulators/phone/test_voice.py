"""The caller's voice: the local voice's wire protocol, spoken from outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve

from voicebot.errors import PhoneError
from voicebot.simulators.phone.recordings import PITCH, local_voice, spoken
from voicebot.simulators.phone.script import Script, ScriptLine, Silence, Text

Answers = Callable[[dict[str, object]], list[bytes]]


def reply(sound: bytes = b"", **header: object) -> bytes:
    return json.dumps(header).encode() + b"\n" + sound


def speaking(job: dict[str, object]) -> list[bytes]:
    """A tts that says each text as its letters."""
    letters = str(job["text"]).encode()
    return [
        reply(letters[:2], do="sound", id=job["id"], seconds=0.1),
        reply(letters[2:], do="sound", id=job["id"], seconds=0.1),
        reply(do="spoken", id=job["id"]),
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
    assert jobs == [{"do": "speak", "id": 1, "text": "Hello.", "pitch": PITCH}]


async def test_each_text_of_a_script_is_spoken_once_before_the_call(tmp_path: Path) -> None:
    lines = (
        ScriptLine(Text("One.")),
        ScriptLine(Silence()),
        ScriptLine(Text("One.")),
        ScriptLine(Text("Two.")),
    )
    async with tts(tmp_path, speaking) as jobs:
        clips = await spoken(Script({"name": lines}), tmp_path)
    assert [job["text"] for job in jobs] == ["One.", "Two."]
    assert clips[Text("Two.")].audio == b"Two."


async def test_a_failing_tts_process_is_an_error(tmp_path: Path) -> None:
    def failing(job: dict[str, object]) -> list[bytes]:
        return [reply(do="failed", id=job["id"], reason="busy", message="the queue is full")]

    async with tts(tmp_path, failing), local_voice(tmp_path) as voice:
        with pytest.raises(PhoneError, match="the queue is full"):
            await voice.speak("Hello.")


@pytest.mark.audio
async def test_without_a_server_a_tts_process_is_started_for_the_call(
    tmp_path: Path,
) -> None:
    async with local_voice(tmp_path) as voice:
        clip = await voice.speak("My name is Ann Lee.")
    assert 4_000 < clip.voiced_samples < 40_000, "half a second to five"
