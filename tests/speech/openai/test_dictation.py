"""What is sent, in which order, and which text belongs to which stretch. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.openai.failures import Failure
from voicebot.speech.openai.dictation import (
    BATCH_BYTES,
    LONGEST_BYTES,
    Append,
    Clear,
    Commit,
    Dictation,
    Item,
)
from voicebot.speech.openai.messages import Event, EventType

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
        dictation.on_event(Event(EventType.COMMITTED, item_id=name))


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
    dictation.on_event(Event(EventType.COMPLETED, item_id="b", text=" two "))
    assert (first.text, second.text) == (None, "two")
    assert not dictation.is_idle
    dictation.on_event(Event(EventType.COMPLETED, item_id="a", text="one"))
    assert first.text == "one"
    assert dictation.is_idle


def test_an_empty_commit_is_nothing_said_and_others_failed() -> None:
    dictation = Dictation()
    empty, refused, good = wanted(dictation), wanted(dictation), wanted(dictation)
    dictation.to_send()
    dictation.on_event(Event(EventType.ERROR, code="something", cause="commit_2"))
    dictation.on_event(
        Event(EventType.ERROR, code="input_audio_buffer_commit_empty", cause="commit_1")
    )
    committed(dictation, "c")
    dictation.on_event(Event(EventType.COMPLETED, item_id="c", text="three"))
    assert (empty.text, refused.failure, good.text) == ("", Failure.SERVER_ERROR, "three")


def test_an_item_that_failed_is_told() -> None:
    dictation = Dictation()
    item = wanted(dictation)
    dictation.to_send()
    committed(dictation, "a")
    dictation.on_event(Event(EventType.FAILED, item_id="a"))
    assert item.failure is Failure.SERVER_ERROR
    assert item.settled.is_set()


def test_after_a_break_all_that_is_unsettled_is_sent_again_in_order() -> None:
    dictation = Dictation()
    done = wanted(dictation, b"\x01" * BATCH_BYTES)
    first = wanted(dictation, b"\x02" * BATCH_BYTES)
    growing = grown(dictation, b"\x03" * BATCH_BYTES)
    dictation.to_send()
    committed(dictation, "a", "b")
    dictation.on_event(Event(EventType.COMPLETED, item_id="a", text="done"))
    dictation.reconnected()
    assert dictation.to_send() == [
        Append(b"\x02" * BATCH_BYTES), Commit("commit_3"), Append(b"\x03" * BATCH_BYTES),
    ]  # fmt: skip
    dictation.on_event(Event(EventType.COMPLETED, item_id="b", text="of the old session"))
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
    dictation.on_event(Event(EventType.COMPLETED, item_id="a", text="late"))
    dictation.on_event(Event(EventType.COMPLETED, item_id="b", text="right"))
    assert (left.text, next_one.text) == (None, "right")


@pytest.mark.parametrize(
    "event",
    [
        Event(EventType.OTHER),
        Event(EventType.COMMITTED, item_id="x"),
        Event(EventType.COMPLETED, item_id="x", text="words"),
        Event(EventType.FAILED, item_id="x"),
        Event(EventType.ERROR, code="odd", cause="x"),
    ],
)
def test_events_of_nothing_known_change_nothing(event: Event) -> None:
    dictation = Dictation()
    assert dictation.on_event(event)
    assert dictation.is_idle


def test_the_end_of_a_session_is_told() -> None:
    expired = Event(EventType.ERROR, code="session_expired")
    assert not Dictation().on_event(expired)


@given(st.data())
def test_what_the_server_holds_at_each_commit_is_exactly_that_stretch(data: st.DataObject) -> None:
    """Whatever is fed, wanted, dropped, sent and cut, in whatever order."""
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
