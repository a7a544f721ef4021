"""Our messages are what the `openai` package's types allow; theirs are read whatever they hold."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.realtime import (
    RealtimeTranscriptionSessionCreateRequest,
    input_audio_buffer_append_event,
    input_audio_buffer_clear_event,
    input_audio_buffer_commit_event,
    session_update_event,
)
from pydantic import BaseModel

from voicebot.speech import Hint
from voicebot.speech.openai import messages
from voicebot.speech.openai.messages import Event, EventType, Format, NotAnEvent, read_event

MODELS = ["gpt-live-transcribe", "gpt-transcribe", "gpt-realtime-whisper", "whisper-1"]
HINT = Hint("en", ("Plumbing", "<Gas>\r\n", "<>"))


@pytest.mark.parametrize("audio", list(Format))
@pytest.mark.parametrize("model", MODELS)
def test_a_session_update_is_one_of_the_packages(audio: Format, model: str) -> None:
    update = orjson.loads(messages.session_update("mine", model, audio, HINT))
    session_update_event.SessionUpdateEvent.model_validate(update)
    session = RealtimeTranscriptionSessionCreateRequest.model_validate(update["session"])
    assert session.audio is not None
    assert session.audio.input is not None
    assert set(update["session"]["audio"]["input"]) <= set(type(session.audio.input).model_fields)
    assert update["session"]["audio"]["input"]["turn_detection"] is None


def test_buffer_messages_are_the_packages() -> None:
    kinds: dict[str, type[BaseModel]] = {
        messages.append(b"\xff" * 160): input_audio_buffer_append_event.InputAudioBufferAppendEvent,
        messages.commit("mine"): input_audio_buffer_commit_event.InputAudioBufferCommitEvent,
        messages.clear(): input_audio_buffer_clear_event.InputAudioBufferClearEvent,
    }
    for message, kind in kinds.items():
        kind.model_validate_json(message)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("gpt-live-transcribe", {"languages": ["en"], "keywords": ["Plumbing", "Gas"]}),
        ("gpt-transcribe", {"languages": ["en"], "keywords": ["Plumbing", "Gas"]}),
        ("gpt-realtime-whisper", {"language": "en"}),
    ],
)
def test_a_model_is_told_only_what_it_takes(model: str, settings: dict[str, object]) -> None:
    assert messages.transcription(model, HINT) == {"model": model, **settings}


def test_events_are_read_by_their_type() -> None:
    event = {
        "type": "conversation.item.input_audio_transcription.completed", "event_id": "e",
        "item_id": "item_1", "content_index": 0, "transcript": "Yes.",
        "usage": {"type": "duration", "seconds": 1.5},
    }  # fmt: skip
    assert read_event(orjson.dumps(event)) == Event(
        EventType.COMPLETED, item_id="item_1", text="Yes."
    )
    session = {"type": "session.updated", "session": {"expires_at": 17}}
    assert read_event(orjson.dumps(session)) == Event(EventType.UPDATED, expires=17.0)
    error = {"type": "error", "error": {"code": "x", "event_id": "mine", "message": "secret"}}
    assert read_event(orjson.dumps(error)) == Event(EventType.ERROR, code="x", cause="mine")


@pytest.mark.parametrize("text", ["", "{", "[]", '"type"', '{"type":"error","error'])
def test_what_is_no_event_says_so_without_quoting_it(text: str) -> None:
    with pytest.raises(NotAnEvent) as told:
        read_event(text)
    assert "type" not in str(told.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["type", "item_id", "delta", "transcript", "error", "session", "usage", "other"]
)


@given(st.dictionaries(KEYS, st.sampled_from([*EventType]) | JSON))
def test_strange_members_make_an_event_of_little_meaning(given: dict[str, object]) -> None:
    event = read_event(orjson.dumps(given))
    assert event.kind in EventType
    assert isinstance(event.text, str)
