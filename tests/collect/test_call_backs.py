"""Who wants to be rung: promised with its time, asked for no more than a name and a number."""

from __future__ import annotations

import pytest

from tests.collect.scene import DEMO, Scene, last_read_back
from voicebot.call import CallState, Needs, Step, Wish
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import Ending
from voicebot.collect.resuming import begin


def played(*words: str) -> tuple[Scene, str, Wish | None]:
    """A fresh call; the bot's last words; the wish that staff see in the end."""
    scene, said, wish = Scene(begin(DEMO, CallState())), "", None
    for each in words:
        said = scene.hears(each)
        wish = scene.change.wish if scene.change.wish is not None else wish
    return scene, said, wish


CALL_BACK = "call you|ring you"
COMPLAINT = "I'm ringing to complain, your man never cleaned up"


@pytest.mark.parametrize(
    "words",
    [
        ("Just have somebody ring me on 0491 570 156", "Ann Lee", "yes"),
        ("I only want a person to call me", "Ann Lee", "0491 570 156", "yes"),
        ("Ann Lee", "Could you note that I asked about a lock, and have someone ring me?",
         "0491 570 156", "yes"),
        ("Ann Lee", "0491 570 156", "yes", "No address, just ring me about the lock"),
        ("Get me a person, but not now, ring me at five", "Ann Lee", "0491 570 156", "yes"),
        ("Yeah hi, could the manager please ring me", "Ann Lee", "0491 570 156", "yes"),
        ("Can somebody ring me back after six about rewiring the house?", "Ann Lee",
         "0491 570 156", "yes"),
        ("Could an electrician ring me about the wiring?", "Ann Lee", "0491 570 156", "yes"),
        ("I only want the call, I'm not booking", "Ann Lee", "0491 570 156", "yes"),
    ],
)  # fmt: skip
def test_who_wants_only_a_call_gives_a_name_and_a_number(words: tuple[str, ...]) -> None:
    scene, said, _ = played(*words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert {*scene.dialogue.answers} == {Step.NAME, Step.PHONE}
    assert scene.dialogue.needs is Needs.FOLLOW_UP
    assert "else" in said


def test_a_complaint_stays_one_and_the_time_of_the_call_back_is_noted() -> None:
    scene, _, wish = played(
        "I want to complain about your gardener, and I want the manager to call me back",
        "Petra Lind, 0491 570 156, and please, the manager, tomorrow morning",
        "I don't want putting through, I said call me back tomorrow morning",
    )
    assert wish is Wish.COMPLAINT
    assert scene.dialogue.needs is Needs.PERSON
    assert scene.ending is None
    assert any("tomorrow morning" in note for note in scene.notes)
    assert scene.dialogue.window is None


@pytest.mark.parametrize(
    "again",
    [
        "And can you confirm the manager will ring?",
        "Just the manager",
        "I want the manager. After four. That's it",
        "No! Don't put me through. The manager, after four",
    ],
)
def test_a_call_back_that_was_promised_is_no_transfer_when_it_is_said_again(again: str) -> None:
    scene, said, _ = played(COMPLAINT, "Ann Lee", "I want the manager to ring me after four", again)
    assert scene.ending is None
    scene.hears("put me through now")
    assert scene.ending is Ending.TRANSFER
    assert said


def test_behind_a_transfer_that_nobody_answered_it_is_promised() -> None:
    scene, _, wish = played(COMPLAINT, "Hugh Dray. Give me a person")
    assert (scene.ending, wish) == (Ending.TRANSFER, Wish.COMPLAINT)
    state = CallState(answers={Step.NAME: "Hugh Dray"}, dialogue=scene.dialogue.to_json())
    scene = Scene(begin(DEMO, state))
    said = scene.hears("Nobody's answering. Call me back this afternoon instead")
    assert "number" in said
    assert "catch" not in said
    assert scene.dialogue.purpose is Purpose.COMPLAIN


@pytest.mark.parametrize(
    "words",
    [
        "I need a plumber, can somebody call me back?",
        "I want to book a plumber for Thursday at ten, and could someone ring me before?",
    ],
)
def test_who_wants_a_service_and_a_call_is_asked_for_the_booking(words: str) -> None:
    scene, _, _ = played(words, "Ann Lee", "0491 570 156", "yes")
    assert scene.dialogue.step is Step.ADDRESS
    assert scene.dialogue.promised


def test_beside_a_booking_it_is_promised_and_the_booking_goes_on() -> None:
    scene = last_read_back()
    said = scene.hears("have someone call me about the price")
    assert "2 pm" in said
    assert scene.dialogue.promised


@pytest.mark.parametrize("words", ["When exactly will they ring?", "will it be today?"])
def test_when_they_ring_nobody_promises(words: str) -> None:
    _, said, _ = played("have somebody ring me", "Ann Lee", words)
    assert any(each in said for each in ("can't say when", "can't promise", "I don't know"))


@pytest.mark.parametrize("words", ["No, I don't need a call. Bye", "no need to call me back, bye"])
def test_who_wants_no_call_is_promised_none(words: str) -> None:
    scene, _, _ = played("How long do your batteries last?", words)
    assert scene.dialogue.needs is Needs.NOTHING
    assert not scene.dialogue.promised


def test_a_number_is_not_read_back_for_ever_to_who_says_again_what_they_want() -> None:
    ring = "the manager, after four"
    scene, _, _ = played(COMPLAINT, "Ann Lee", "0491 570 156", f"I want {ring}", ring)
    assert scene.dialogue.mode is Mode.CLOSING


def test_a_name_said_once_more_in_the_end_begins_no_booking() -> None:
    call = ("have somebody ring me", "Ann Lee", "0491 570 156", "yes")
    scene, said, _ = played(*call, "It's Ann Leigh, L E I G H")
    assert scene.dialogue.mode is Mode.CLOSING
    assert "address" not in said


def test_who_has_no_booking_is_asked_for_the_new_one() -> None:
    scene, said, wish = played(
        "Ann Lee. When is the plumber coming?", "0491 570 156", "No booking! I want a new one"
    )
    assert (scene.dialogue.purpose, wish) == (Purpose.BOOK, Wish.NOTHING)
    assert scene.dialogue.needs is Needs.NOTHING
    assert "right" in said


def test_if_i_am_late_can_i_move_it_is_a_question_and_has_its_answer() -> None:
    scene = last_read_back()
    said = scene.hears("Yes. And if I'm late, can I move it?")
    assert "evening before" in said
    assert not scene.change.booked
    scene.hears("Yes.")
    assert scene.change.booked
