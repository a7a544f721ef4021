"""Masks, limits, tokens, activity: decisions without I/O."""

from collections.abc import Mapping

import pytest

from voicebot.call import CallSid, Needs, Speaker, Step, Wish
from voicebot.console.masking import Visibility, mask_value, mask_words
from voicebot.console.views import CallActivity, CurrentCall, call_row, follow, whole_call
from voicebot.store import CallRecord, StreamEvent

T0 = "2026-03-02T09:00:00.000Z"
T1 = "2026-03-02T09:00:00.640Z"


def happened(nth: int, **fields: str) -> StreamEvent:
    return StreamEvent(CallSid("CA1"), f"1000-{nth}", fields)


def phase(nth: int, value: str, at: str = T0) -> StreamEvent:
    return happened(nth, type="phase", value=value, at=at)


def test_the_time_to_answer_is_from_thinking_to_speaking() -> None:
    activity = follow(CallActivity(), [phase(1, "thinking", T0), phase(2, "speaking", T1)])
    assert [turn.waitedMs for turn in activity.turns] == [640]


def test_an_event_that_comes_twice_counts_once() -> None:
    events = [phase(1, "thinking", T0), phase(2, "speaking", T1)]
    assert (
        follow(follow(CallActivity(), events), events).turns == follow(CallActivity(), events).turns
    )


def test_thinking_too_short_to_be_told_begins_with_the_callers_words() -> None:
    words: Mapping[str, str] = {"message": '{"speaker":"customer","message":"Hi"}'}
    events = [happened(1, type="message", at=T0, **words), phase(2, "speaking", T1)]
    assert [turn.waitedMs for turn in follow(CallActivity(), events).turns] == [640]


def test_a_second_claim_after_speech_is_a_resumption_and_before_it_is_none() -> None:
    claim = [happened(1, type="claim"), happened(2, type="claim")]
    assert follow(CallActivity(), claim).resumed == 0
    spoken = [happened(1, type="claim"), phase(2, "speaking"), happened(3, type="claim")]
    assert follow(CallActivity(), spoken).resumed == 1


def test_what_the_caller_did_not_hear_is_known_until_the_bot_speaks_again() -> None:
    said = '{"speaker":"AI","message":"Hello. What is your name?","startedAt":"T1"}'
    heard = '{"speaker":"AI","message":"Hello. What","startedAt":"T1","heard":"partial"}'
    other = '{"speaker":"AI","message":"And your number?","startedAt":"T2"}'
    cut = [happened(1, type="message", message=said), happened(2, type="revised", message=heard)]
    assert follow(CallActivity(), cut).unheard == {"T1": "is your name?"}
    late = [
        cut[0],
        happened(3, type="message", message=other),
        happened(4, type="revised", message=heard),
    ]
    assert follow(CallActivity(), late).unheard == {}, (
        "it cannot be told any more which words were left"
    )


def test_masks_tell_calls_apart_and_nothing_else() -> None:
    assert mask_value(Step.NAME, "John Smith") == "J••• S•••"
    assert mask_value(Step.PHONE, "+61412345678") == "••• ••• 678"
    assert mask_value(Step.EMAIL, "j.smith@gmail.com") == "j•••@•••"
    assert "Chapel" not in mask_value(Step.ADDRESS, "112 Chapel Street")
    assert mask_words(Speaker.CALLER, "I am Ann") == "• •• •••"


def test_the_bots_read_back_is_masked_also_where_words_have_no_spaces() -> None:
    said = mask_words(
        Speaker.BOT, "Thank you. I have 0412 345 678, John.", ["John Smith", "+61412345678"]
    )
    assert said == "Thank you. I have ••• ••• •••, •••."
    assert "王小明" not in mask_words(Speaker.BOT, "谢谢，王小明先生。", ["王小明"])


def test_the_time_that_the_bot_says_is_shown_as_its_field_is() -> None:
    said = "That would be Tuesday the 24th of November at 9:30 am. Shall I book that?"
    assert mask_words(Speaker.BOT, said, ["John Smith", "12 5th Avenue"]) == said
    assert (
        mask_words(Speaker.BOT, "11月24日上午9点30分，可以吗？", ["王小明"])
        == "11月24日上午9点30分，可以吗？"
    )
    address = mask_words(Speaker.BOT, "The address is 12 5th Avenue.", ["12 5th Avenue"])
    assert address == "The address is ••• ••• •••."
    said = mask_words(Speaker.BOT, "I have 0412 345 678 and a1@b.example")
    assert said == "I have ••• ••• ••• and •••"


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({"status": "booked"}, Needs.NOTHING),
        ({"status": "transfer"}, Needs.PERSON),
        ({"status": "incomplete"}, Needs.FOLLOW_UP),
        ({"status": "abandoned"}, Needs.FOLLOW_UP),
        ({"status": "cancelled"}, Needs.NOTHING),
        ({"status": "active"}, Needs.FOLLOW_UP),
        ({"status": "incomplete", "continuedAs": "CA2"}, Needs.NOTHING),
        ({"status": "incomplete", "needs": ""}, Needs.NOTHING),
        ({"status": "booked", "needs": "follow_up"}, Needs.FOLLOW_UP),
        ({"status": "active", "needs": "person"}, Needs.PERSON),
        ({"status": "incomplete", "needs": "person", "continuedAs": "CA2"}, Needs.PERSON),
        ({"status": "incomplete", "needs": "of a later version"}, Needs.FOLLOW_UP),
    ],
)
def test_what_staff_must_do_is_as_stored_else_by_how_the_call_ended(
    fields: Mapping[str, str], needs: Needs
) -> None:
    call = CurrentCall(CallRecord(fields), CallActivity(spoken=True), live=False)
    assert call.needs is needs
    assert call_row(call, Visibility.PLAIN).needs == (needs or None)


def test_notes_are_shown_to_staff_and_masked_until_revealed() -> None:
    notes = '[{"text": "gate code 4711", "at": "2026-03-02T09:00:00.000Z"}]'
    record = CallRecord({"callSid": "CA1", "wish": "complaint", "notes": notes})
    call = CurrentCall(record, CallActivity(), live=False)
    plain, masked = (whole_call(call, sight) for sight in (Visibility.PLAIN, Visibility.MASKED))
    assert [note.text for note in plain.notes] == ["gate code 4711"]
    assert plain.wish is masked.wish is Wish.COMPLAINT
    assert [note.text for note in masked.notes] == ["•••• •••• ••••"]
