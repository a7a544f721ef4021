"""Scenes of a receptionist's work, one for each thing that callers do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.conversation import VALUES
from tests.collect.scene import BOOKED, DEMO, OTHER, Scene, at, last_read_back
from voicebot.business import BusinessAnswer, Emergency, Visit
from voicebot.call import CallState, Needs, Status, Step, Wish
from voicebot.collect.dialogue import Mode, Purpose, begin
from voicebot.collect.events import CallOff, Ending, Move


def test_an_appointment_is_called_off_after_name_number_and_a_yes() -> None:
    scene = at(Step.NAME)
    scene.bookings = (BOOKED,)
    scene.hears("I need to cancel my appointment")
    assert scene.change.wish is Wish.CANCEL
    scene.hears("Robin Carter")
    scene.hears("0412 345 678")
    assert "plumbing this Wednesday, the 4th, at 2 pm" in scene.hears("yes")
    assert scene.dialogue.mode is Mode.CALLING_OFF
    scene.hears("yes")
    assert scene.asked[-1] == CallOff(OTHER)
    assert scene.change.needs is Needs.NOTHING
    assert scene.ending is None


def test_a_call_back_that_was_promised_beside_it_is_still_owed_when_a_cancel_is_done() -> None:
    scene = at(Step.NAME)
    scene.bookings = (BOOKED,)
    scene.hears("I need to cancel my appointment")
    scene.hears("who won the football last night?")
    for words in ("Robin Carter", "0412 345 678", "yes", "yes"):
        scene.hears(words)
    assert scene.asked[-1] == CallOff(OTHER)
    assert scene.change.needs is Needs.FOLLOW_UP


def test_an_appointment_is_moved_to_a_time_that_is_free() -> None:
    scene = at(Step.PHONE, purpose=Purpose.MOVE)
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    assert "2 pm" in scene.hears("yes")
    scene.hears("Friday at ten in the morning")
    assert scene.dialogue.pending == "2026-03-06T10:00"
    scene.hears("yes")
    assert isinstance(scene.asked[-1], Move)
    assert scene.ending is None


def test_nothing_of_another_callers_appointment_is_said() -> None:
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    scene.dialogue = replace(scene.dialogue, answers={Step.NAME: "Alex Miller"})
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    words = scene.hears("yes")
    assert "2 pm" not in words
    assert scene.dialogue.about is None
    assert scene.change.needs in (Needs.FOLLOW_UP, None)
    assert scene.dialogue.needs in (Needs.FOLLOW_UP, Needs.NOTHING)


def test_an_emergency_hears_the_businesss_own_sentence_and_is_put_through() -> None:
    listed = (Emergency(words=("smell gas",), say="Leave the house now."),)
    scene = at(Step.NAME, DEMO.model_copy(update={"emergencies": listed}))
    assert "Leave the house now." in scene.hears("Help, I smell gas!")
    assert (scene.change.wish, scene.change.needs) == (Wish.EMERGENCY, Needs.PERSON)
    assert scene.ending is Ending.TRANSFER


def test_a_business_s_own_emergency_counts_though_the_reading_does_not_know_its_words() -> None:
    listed = (Emergency(words=("trouble breathing",), say="Hang up and ring 999.", number="999"),)
    business = DEMO.model_copy(update={"emergencies": listed, "transfer_to": None})
    scene = at(Step.NAME, business)
    assert scene.hears("I have trouble breathing").count("999") == 1
    assert (scene.change.wish, scene.change.needs) == (Wish.EMERGENCY, Needs.PERSON)


def test_in_an_emergency_without_anybody_no_e_mail_is_asked_for() -> None:
    scene = at(Step.NAME, DEMO.model_copy(update={"transfer_to": None}))
    scene.hears("There's water pouring through the ceiling!")
    assert scene.dialogue.urgent
    assert Step.EMAIL not in scene.dialogue.steps


def test_a_complaint_is_written_down_and_a_call_back_promised() -> None:
    scene = at(Step.NAME)
    scene.hears("I want to make a complaint about the plumber")
    assert (scene.change.wish, scene.change.needs) == (Wish.COMPLAINT, Needs.PERSON)
    assert "complaint about the plumber" in scene.notes[0]
    assert scene.ending is None


def test_a_question_is_answered_in_the_same_turn_and_the_question_put_again() -> None:
    own = (BusinessAnswer(ask=("are you insured",), say="Yes, all of us are."),)
    scene = at(Step.EMAIL, DEMO.model_copy(update={"answers": own}))
    words = scene.hears("are you insured?")
    assert words.startswith("Yes, all of us are.")
    assert words.endswith("?")


def test_what_the_bot_cannot_know_is_noted_and_a_call_back_promised() -> None:
    scene = last_read_back()
    scene.hears("Yes. Will it be the same fella as last time?")
    assert "same fella" in scene.notes[0]
    assert scene.change.needs is Needs.FOLLOW_UP
    assert scene.dialogue.mode is Mode.CONFIRMING


def test_the_price_of_the_service_in_question_is_told() -> None:
    assert "80 dollars an hour" in at(Step.NAME).hears("how much do you charge for gardening?")


def test_it_says_that_it_is_no_person() -> None:
    assert "automated assistant" in at(Step.PHONE).hears("are you a robot?")


@pytest.mark.parametrize(
    "words", ["yes, the gate code is 4521", "yes, and ring me before you come"]
)
def test_a_note_beside_a_yes_is_kept_and_the_question_put_again(words: str) -> None:
    scene = last_read_back()
    assert scene.hears(words).endswith("?")
    assert scene.notes
    assert scene.ending is None
    scene.hears("yes")
    assert scene.change.status is Status.BOOKED


@pytest.mark.parametrize("words", ["wrong number, sorry", "I'll call back later", "bye"])
def test_who_does_not_want_to_go_on_is_let_go(words: str) -> None:
    scene = at(Step.PHONE)
    scene.hears(words)
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.PHONE, "I won't give you that"),
        (Step.ADDRESS, "what nonsense"),
        (Step.TIME, "whenever"),
        (Step.TIME, "I don't know"),
    ],
)
def test_no_refusal_and_no_third_misunderstanding_hangs_up(step: Step, words: str) -> None:
    scene = at(step)
    for _ in range(3):
        scene.hears(words)
        assert scene.ending is None


def test_hello_is_answered_at_once() -> None:
    words = at(Step.ADDRESS).hears("hello?")
    assert "here" in words or "hear you" in words


def test_what_was_told_early_is_read_back_before_anything_is_booked() -> None:
    scene = at(Step.NAME)
    words = scene.hears("It's Imogen Cray, I need a plumber at 12 Rose Avenue, Newtown")
    assert "best number" in words or "Is that" in words or "is that" in words
    assert Step.SERVICE in scene.dialogue.early
    assert Step.ADDRESS in scene.dialogue.early


def test_a_clinic_is_visited_and_says_so() -> None:
    clinic = DEMO.model_copy(update={"visit": Visit.OURS})
    assert "come in" in at(Step.SERVICE, clinic).hears("plumbing")


def test_a_moment_is_given_to_who_asks_for_it() -> None:
    scene = at(Step.TIME)
    scene.hears("hang on, let me check my diary")
    assert scene.dialogue.patience > 0


def test_a_complaint_beside_the_wish_for_a_person_is_written_down() -> None:
    scene = at(Step.NAME)
    scene.hears("I want to speak to your manager, your cleaner broke my vase")
    assert (scene.change.wish, scene.change.needs) == (Wish.COMPLAINT, Needs.PERSON)
    assert any("vase" in note for note in scene.notes)
    assert Step.SERVICE not in scene.dialogue.answers


@pytest.mark.parametrize(
    "words",
    [
        "I booked a plumber for Wednesday at two. Can we make it Thursday instead?",
        "I already have a booking, I'd like to move it to Thursday",
        "No, I want to move my booking",
    ],
)
def test_an_existing_booking_with_another_time_is_a_move_at_any_step(words: str) -> None:
    scene = at(Step.PHONE, mode=Mode.CONFIRMING)
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.MOVE
    assert scene.change.wish is Wish.RESCHEDULE


def test_a_question_about_an_emergency_is_none_and_one_can_be_taken_back() -> None:
    alone = DEMO.model_copy(update={"transfer_to": None})
    scene = at(Step.SERVICE, alone)
    scene.hears("are you insured if the plumber floods my kitchen?")
    assert not scene.dialogue.urgent
    scene.hears("there's water everywhere")
    assert scene.dialogue.urgent
    scene.hears("no, nothing is flooding")
    assert not scene.dialogue.urgent
    assert scene.change.wish is Wish.NOTHING
    assert scene.change.needs is not Needs.PERSON


def test_a_question_that_nobody_can_answer_is_noted_once() -> None:
    scene = at(Step.PHONE)
    scene.hears("who won the football last night?")
    first = scene.notes
    scene.hears("who won the football last night?")
    assert scene.notes == first


def test_the_fee_of_cancelling_keeps_the_question_open_and_a_second_wish_is_no_goodbye() -> None:
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    scene.hears("yes")
    scene.hears("no, is there a fee for cancelling?")
    assert scene.dialogue.mode is Mode.CALLING_OFF
    scene.hears("yes")
    assert scene.asked[-1] == CallOff(OTHER)


def test_a_remark_that_is_dropped_ends_no_call() -> None:
    scene = last_read_back()
    scene.hears("Yes. Oh and I wonder if, no, never mind.")
    assert scene.ending is None


def test_a_name_or_a_number_is_wanted_for_a_booking() -> None:
    scene = Scene(begin(DEMO, CallState()))
    scene.hears("I'd rather not say")
    scene.hears("I won't give you that either")
    assert scene.dialogue.step is Step.PHONE


def test_a_wrong_number_leaves_nothing_to_do_for_anybody() -> None:
    scene = Scene(begin(DEMO, CallState()))
    scene.hears("who won the football last night?")
    scene.hears("sorry, wrong number")
    assert scene.change.needs is Needs.NOTHING
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    ("words", "answered"),
    [
        ("hang on, I gave you the wrong number, it's 0418 225 970", "That's 0418 225 970"),
        ("oh, I think you've put the wrong number. 0418 225 970", "That's 0418 225 970"),
        ("I gave you the wrong number before, I think", "the best number"),
    ],
)
def test_who_gave_a_wrong_number_has_not_rung_one(words: str, answered: str) -> None:
    scene = at(Step.EMAIL)
    assert answered in scene.hears(words)
    assert scene.ending is None
    assert scene.dialogue.step is Step.PHONE


def test_a_second_service_beside_a_yes_is_a_note() -> None:
    scene = at(Step.TIME, mode=Mode.CONFIRMING, pending="2026-03-04T14:00", put=1)
    scene.hears("yes, and the gardener as well")
    assert scene.dialogue.answers[Step.SERVICE] == VALUES[Step.SERVICE]
    assert scene.notes


def test_who_wants_no_booking_but_asks_after_one_is_not_sent_away() -> None:
    scene = at(Step.PHONE)
    scene.hears("I don't want to book! Can you just look up the Chen booking?")
    assert scene.ending is None
    assert scene.dialogue.purpose is Purpose.ASK_AFTER


@pytest.mark.parametrize("dealt", [(Purpose.CANCEL,), ()])
def test_a_goodbye_to_what_is_called_off_owes_nobody_a_call(dealt: tuple[Purpose, ...]) -> None:
    scene = at(Step.TIME, dealt=dealt)
    scene.hears("okay, so that's cancelled, bye")
    assert scene.ending is Ending.HANGUP
    assert scene.change.needs is None


def test_a_call_back_asked_for_in_a_goodbye_is_written_down() -> None:
    scene = at(Step.EMAIL)
    scene.hears("no, just have someone ring me, bye")
    assert scene.change.needs is Needs.FOLLOW_UP
    assert scene.ending is Ending.HANGUP
