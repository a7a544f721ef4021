"""The messages in order and form, and the stretch to which each text belongs. Pure."""

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

from voicebot.openai import Failure
from voicebot.speech import Hint
from voicebot.speech.openai.dictation import (
    BATCH_BYTES,
    LONGEST_BYTES,
    Append,
    Clear,
    ClientEvent,
    Commit,
    Dictation,
    Event,
    EventError,
    EventType,
    Format,
    Item,
    encode,
    session_update,
)

WORD = b"\x10" * BATCH_BYTES


def grown(dictation: Dictation, audio: bytes = WORD) -> Item:
    item = dictation.begin()
    item.audio += audio
    return item


def wanted(dictation: Dictation, audio: bytes = WORD) -> Item:
    item = grown(dictation, audio)
    dictation.want(item)
    return item


def committed(dictation: Dictation, *names: str) -> None:
    for name in names:
        dictation.on_event(Event(type=EventType.COMMITTED, item_id=name))


def completed(dictation: Dictation, name: str, text: str) -> None:
    dictation.on_event(Event(type=EventType.COMPLETED, item_id=name, transcript=text))


def error(code: str, event_id: str | None = None) -> Event:
    return Event(type=EventType.ERROR, error=EventError(code=code, event_id=event_id))


def test_a_stretch_is_sent_while_it_grows_and_committed_when_wanted() -> None:
    dictation = Dictation()
    item = grown(dictation)
    assert dictation.to_send() == [Append(WORD)]
    item.audio += b"\x20" * 10
    assert dictation.to_send() == []  # too little for a message of its own
    dictation.want(item)
    assert dictation.to_send() == [Append(b"\x20" * 10), Commit("commit_1")]
    assert dictation.to_send() == []


def test_long_audio_is_sent_in_messages_of_a_second() -> None:
    dictation = Dictation()
    wanted(dictation, b"\x10" * (LONGEST_BYTES * 2 + 5))
    *pieces, end = dictation.to_send()
    sizes = [len(piece.mulaw) for piece in pieces if isinstance(piece, Append)]
    assert sizes == [LONGEST_BYTES, LONGEST_BYTES, 5]
    assert len(sizes) == len(pieces)
    assert end == Commit("commit_1")


def test_audio_that_is_no_longer_wanted_is_cleared_before_the_next() -> None:
    dictation = Dictation()
    grown(dictation)
    dictation.to_send()
    grown(dictation, b"\x20" * BATCH_BYTES)
    assert dictation.to_send() == [Clear(), Append(b"\x20" * BATCH_BYTES)]


def test_nothing_is_cleared_after_a_commit() -> None:
    dictation = Dictation()
    wanted(dictation)
    grown(dictation, b"\x20" * BATCH_BYTES)
    kinds = [type(order) for order in dictation.to_send()]
    assert kinds == [Append, Commit, Append]


def test_texts_go_by_name_not_by_arrival() -> None:
    dictation = Dictation()
    first, second = wanted(dictation), wanted(dictation)
    dictation.to_send()
    committed(dictation, "a", "b")
    completed(dictation, "b", " two ")
    assert (first.text, second.text) == (None, "two")
    assert not dictation.is_idle
    completed(dictation, "a", "one")
    assert first.text == "one"
    assert dictation.is_idle


def test_an_empty_commit_is_nothing_said_and_others_failed() -> None:
    dictation = Dictation()
    empty, refused, good = wanted(dictation), wanted(dictation), wanted(dictation)
    dictation.to_send()
    dictation.on_event(error("something", "commit_2"))
    dictation.on_event(
        Event(
            type=EventType.ERROR,
            error=EventError(code="input_audio_buffer_commit_empty", event_id="commit_1"),
        )
    )
    committed(dictation, "c")
    completed(dictation, "c", "three")
    assert (empty.text, refused.failure, good.text) == ("", Failure.SERVER_ERROR, "three")


def test_an_item_that_failed_is_told() -> None:
    dictation = Dictation()
    item = wanted(dictation)
    dictation.to_send()
    committed(dictation, "a")
    dictation.on_event(Event(type=EventType.FAILED, item_id="a"))
    assert item.failure is Failure.SERVER_ERROR
    assert item.settled.is_set()


def test_after_a_break_all_that_is_unsettled_is_sent_again_in_order() -> None:
    dictation = Dictation()
    done = wanted(dictation, b"\x01" * BATCH_BYTES)
    first = wanted(dictation, b"\x02" * BATCH_BYTES)
    growing = grown(dictation, b"\x03" * BATCH_BYTES)
    dictation.to_send()
    committed(dictation, "a", "b")
    completed(dictation, "a", "done")
    dictation.reconnected()
    assert dictation.to_send() == [
        Append(b"\x02" * BATCH_BYTES), Commit("commit_3"), Append(b"\x03" * BATCH_BYTES),
    ]  # fmt: skip
    dictation.on_event(
        Event(type=EventType.COMPLETED, item_id="b", transcript="of the old session")
    )
    assert (done.text, first.text, growing.text) == ("done", None, None)


def test_giving_up_fails_what_waits_and_keeps_what_grows() -> None:
    dictation = Dictation()
    waiting, growing = wanted(dictation), grown(dictation)
    dictation.give_up(Failure.RATE_LIMITED)
    assert waiting.failure is Failure.RATE_LIMITED
    assert not growing.settled.is_set()
    assert dictation.to_send() == [Append(WORD)]


def test_a_dropped_text_that_comes_later_is_ignored() -> None:
    dictation = Dictation()
    left, next_one = wanted(dictation), wanted(dictation)
    dictation.to_send()
    dictation.abandon(left)
    committed(dictation, "a", "b")
    completed(dictation, "a", "late")
    completed(dictation, "b", "right")
    assert (left.text, next_one.text) == (None, "right")


@pytest.mark.parametrize(
    "event",
    [
        Event(type="other"),
        Event(type=EventType.COMMITTED, item_id="x"),
        Event(type=EventType.COMPLETED, item_id="x", transcript="words"),
        Event(type=EventType.FAILED, item_id="x"),
        error("odd", "x"),
    ],
)
def test_events_of_nothing_known_change_nothing(event: Event) -> None:
    dictation = Dictation()
    assert dictation.on_event(event)
    assert dictation.is_idle


def test_the_end_of_a_session_is_told() -> None:
    expired = error("session_expired")
    assert not Dictation().on_event(expired)


@given(st.data())
def test_what_the_server_holds_at_each_commit_is_exactly_that_stretch(data: st.DataObject) -> None:
    """Feeding, wanting, dropping, sending and cutting in any order."""
    dictation, item = Dictation(), None
    heard: list[bytes] = []
    items: list[Item] = []
    buffer = b""
    for number in range(data.draw(st.integers(1, 25))):
        match data.draw(st.sampled_from(["begin", "feed", "want", "take", "cut"])):
            case "begin":
                item = dictation.begin()
            case "feed" if item is not None and not item.wanted:
                item.audio += bytes([number]) * data.draw(st.integers(0, 3 * BATCH_BYTES))
            case "want" if item is not None and not item.wanted:
                dictation.want(item)
                items.append(item)
            case "cut":
                dictation.reconnected()
                buffer, heard = b"", []
            case "take":
                for order in dictation.to_send():
                    match order:
                        case Append(mulaw):
                            buffer += mulaw
                        case Clear():
                            buffer = b""
                        case Commit():
                            heard.append(buffer)
                            buffer = b""
    for order in dictation.to_send():
        if isinstance(order, Commit):
            heard.append(buffer)
        buffer = buffer + order.mulaw if isinstance(order, Append) else b""
    assert heard == [bytes(item.audio) for item in items]


MODELS = ["gpt-live-transcribe", "gpt-transcribe", "gpt-realtime-whisper", "whisper-1"]
HINT = Hint("en", ("Plumbing", "<Gas>\r\n", "<>"))


@pytest.mark.parametrize("audio", list(Format))
@pytest.mark.parametrize("model", MODELS)
def test_a_session_update_is_one_of_the_packages(audio: Format, model: str) -> None:
    update = orjson.loads(session_update("mine", model, audio, HINT))
    session_update_event.SessionUpdateEvent.model_validate(update)
    session = RealtimeTranscriptionSessionCreateRequest.model_validate(update["session"])
    assert session.audio is not None
    assert session.audio.input is not None
    given = update["session"]["audio"]["input"]
    assert set(given) <= set(type(session.audio.input).model_fields)
    assert given["turn_detection"] is None
    keywords = {"languages": ["en"], "keywords": ["Plumbing", "Gas"]}
    wanted = keywords if model in MODELS[:2] else {"language": "en"}
    assert given["transcription"] == {"model": model, **wanted}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (Append(b"\xff" * 160), input_audio_buffer_append_event.InputAudioBufferAppendEvent),
        (Commit("mine"), input_audio_buffer_commit_event.InputAudioBufferCommitEvent),
        (Clear(), input_audio_buffer_clear_event.InputAudioBufferClearEvent),
    ],
)
def test_client_events_are_the_packages(event: ClientEvent, kind: type[BaseModel]) -> None:
    kind.model_validate_json(encode(event, lambda mulaw: mulaw))


def test_server_events_are_read_with_whatever_else_they_hold() -> None:
    completed = {
        "type": "conversation.item.input_audio_transcription.completed", "event_id": "e",
        "item_id": "item_1", "content_index": 0, "transcript": "Yes.",
        "usage": {"type": "duration", "seconds": 1.5},
    }  # fmt: skip
    event = Event.model_validate(completed)
    assert (event.type, event.item_id, event.transcript) == (EventType.COMPLETED, "item_1", "Yes.")
    session = {"type": "session.updated", "session": {"expires_at": 17, "audio": {}}}
    assert Event.model_validate(session).session.expires_at == 17
    refused = {"type": "error", "error": {"code": None, "event_id": "mine", "message": "secret"}}
    assert Event.model_validate(refused).error == EventError(event_id="mine")
