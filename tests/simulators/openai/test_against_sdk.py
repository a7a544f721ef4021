"""The simulator's answers are valid for the types of the installed `openai` package.

Each event and body is validated by the package's own models, with their literals. The package's
client reads the same leniently; a drift would pass there unseen.
"""

from typing import Literal

import httpx
import pytest
from openai import AsyncOpenAI, InternalServerError, RateLimitError
from openai.pagination import AsyncPage
from openai.types import Model
from openai.types.audio import Transcription
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.realtime import (
    RealtimeErrorEvent,
    RealtimeServerEvent,
    realtime_transcription_session_create_response,
)
from pydantic import BaseModel, TypeAdapter

from tests.simulators.openai.conftest import KEY, recorded
from tests.simulators.openai.realtime import PCM, PCMU, Event, Line, dial
from tests.simulators.openai.test_audio import wav
from voicebot.simulators.openai.simulator import Fault, FaultKind, Service, Simulator

EVENTS: TypeAdapter[BaseModel] = TypeAdapter(RealtimeServerEvent)
TranscriptionSession = (
    realtime_transcription_session_create_response.RealtimeTranscriptionSessionCreateResponse
)
NAME = recorded("john_name.wav")


def check(event: Event) -> None:
    """The event is one of the package's, of the type it says, with nothing unknown in it."""
    read = EVENTS.validate_python(event)
    assert read.model_dump()["type"] == event["type"]
    assert set(event) <= set(type(read).model_fields)


def check_all(line: Line) -> set[str]:
    for event in line.events:
        check(event)
        session = event.get("session")
        if isinstance(session, dict):
            TranscriptionSession.model_validate(session)
    return {str(event["type"]) for event in line.events}


def test_the_check_itself_refuses_what_the_package_does_not_know() -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        check({"type": "input_audio_buffer.weather_report", "event_id": "e"})
    with pytest.raises(ValueError, match="transcript"):
        check({
            "type": "conversation.item.input_audio_transcription.completed", "event_id": "e",
            "item_id": "i", "content_index": 0, "usage": {"type": "duration", "seconds": 1},
        })  # fmt: skip


@pytest.mark.parametrize("audio", [PCM, PCMU], ids=["pcm", "pcmu"])
async def test_events_of_a_transcription(
    url: str, simulator: Simulator, audio: dict[str, object]
) -> None:
    simulator.faults.order(Fault(service=Service.HEARING, kind=FaultKind.FAILED_ITEM))
    async with dial(url) as line:
        await line.configure(format=audio)
        await line.send("input_audio_buffer.commit", event_id="mine")
        await line.next()
        await line.say(NAME.samples)
        await line.send("input_audio_buffer.commit")
        await line.until("conversation.item.input_audio_transcription.failed")
        await line.send("input_audio_buffer.clear")
        await line.configure(format=PCMU)
        await line.transcript(NAME.samples)
        await line.send("nonsense")
        await line.next()
        kinds = check_all(line)
    assert kinds == {
        "session.created", "session.updated", "error", "input_audio_buffer.cleared",
        "input_audio_buffer.committed", "conversation.item.added",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.input_audio_transcription.failed",
    }  # fmt: skip


async def test_an_error_event_names_type_code_and_cause(url: str) -> None:
    async with dial(url) as line:
        await line.configure(turn_detection={"type": "server_vad"})
        read = RealtimeErrorEvent.model_validate(line.events[-1])
    assert read.error.type == "invalid_request_error"


async def test_bodies_of_files_and_models(http: httpx.AsyncClient) -> None:
    form = {"model": "gpt-transcribe"}
    heard = await http.post("audio/transcriptions", data=form, files={"file": wav(NAME.samples)})
    assert Transcription.model_validate(heard.json()).text == NAME.text
    models = await http.get("models")
    assert len(AsyncPage[Model].model_validate(models.json()).data) > 5


@pytest.mark.parametrize("kind", [None, FaultKind.REFUSAL, FaultKind.CUT_JSON, FaultKind.FENCED])
async def test_bodies_of_chat_completions(
    http: httpx.AsyncClient, simulator: Simulator, kind: FaultKind | None
) -> None:
    if kind:
        simulator.faults.order(Fault(service=Service.ANSWERS, kind=kind))
    asked = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "hello"}]}
    answer = (await http.post("chat/completions", json=asked)).json()
    assert set(answer) <= set(ChatCompletion.model_fields)
    (choice,) = ChatCompletion.model_validate(answer).choices
    assert choice.finish_reason == ("length" if kind is FaultKind.CUT_JSON else "stop")
    assert bool(choice.message.refusal) is (kind is FaultKind.REFUSAL)


class Extraction(BaseModel):
    name: str | None
    email: str | None
    intent: Literal["answer", "other"]


async def test_the_packages_client_gets_its_schema_filled(url: str, simulator: Simulator) -> None:
    async with AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0) as client:
        asked: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": "Extract."},
            {"role": "user", "content": "It's Ann, ann@example.com"},
        ]
        found = await client.chat.completions.parse(
            model="gpt-6-luna", messages=asked, response_format=Extraction
        )
        assert found.choices[0].message.parsed == Extraction(name=None, email=None, intent="answer")
        simulator.answers.append('{"name": "Bo", "email": null, "intent": "other"}')
        found = await client.chat.completions.parse(
            model="gpt-6-luna", messages=asked, response_format=Extraction
        )
        assert found.choices[0].message.parsed == Extraction(name="Bo", email=None, intent="other")


async def test_the_packages_client_knows_the_errors(url: str, simulator: Simulator) -> None:
    simulator.faults.order(Fault(service=Service.MODELS, kind=FaultKind.NO_QUOTA))
    simulator.faults.order(Fault(service=Service.MODELS, kind=FaultKind.SERVER_ERROR, status=503))
    async with AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0) as client:
        with pytest.raises(RateLimitError) as limited:
            await client.models.list()
        with pytest.raises(InternalServerError):
            await client.models.list()
    assert limited.value.code == "insufficient_quota"
