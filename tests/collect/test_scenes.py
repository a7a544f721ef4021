"""Scenes of a receptionist's work, one for each thing that callers do."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from tests.collect.scene import BOOKED, DEMO, OTHER, Scene, at
from voicebot.business import Emergency, Visit
from voicebot.call import CallState, Needs, Status, Step, Wish
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.events import CallOff, Ending, Move
from voicebot.collect.resuming import begin


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


def test_a_clinic_is_visited_and_says_so() -> None:
    clinic = DEMO.model_copy(update={"visit": Visit.OURS})
    assert "come in" in at(Step.SERVICE, clinic).hears("plumbing")


def test_a_moment_is_given_to_who_asks_for_it() -> None:
    scene = at(Step.TIME)
    scene.hears("hang on, let me check my diary")
    assert scene.dialogue.patience > 0


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
    scene = at(Step.PHONE, alone)
    scene.hears("are you insured if the plumber floods my kitchen?")
    assert not scene.dialogue.urgent
    scene.hears("there's water everywhere")
    assert scene.dialogue.urgent
    scene.hears("no, nothing is flooding")
    assert not scene.dialogue.urgent
    assert scene.change.wish is Wish.NOTHING
    assert scene.change.needs is not Needs.PERSON


def test_the_fee_of_cancelling_keeps_the_question_open_and_a_second_wish_is_no_goodbye() -> None:
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    scene.hears("yes")
    scene.hears("no, is there a fee for cancelling?")
    assert scene.dialogue.mode is Mode.CALLING_OFF
    scene.hears("yes")
    assert scene.asked[-1] == CallOff(OTHER)


def test_a_name_or_a_number_is_wanted_for_a_booking() -> None:
    scene = Scene(begin(DEMO, CallState()))
    scene.hears("I'd rather not say")
    scene.hears("I won't give you that either")
    assert scene.dialogue.step is Step.PHONE


def to_call_off() -> Scene:
    """ "You're booked for plumbing this Wednesday at 2 pm. Shall I cancel it?" """
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    scene.bookings = (BOOKED,)
    scene.hears("0412 345 678")
    scene.hears("yes")
    assert scene.dialogue.mode is Mode.CALLING_OFF
    return scene


@pytest.mark.parametrize(
    "words",
    [
        "Actually, no. Don't cancel. Move it to Friday",
        "No! I said don't cancel. I want Friday, same time",
        "Rather than cancelling, could you shift it to Friday",
        "Don't cancel it, just change the day",
    ],
)
def test_a_cancel_may_turn_into_a_move_at_its_question(words: str) -> None:
    scene = to_call_off()
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.MOVE
    assert scene.change.wish is Wish.RESCHEDULE
    assert not any(isinstance(request, CallOff) for request in scene.asked)


@pytest.mark.parametrize(
    "words",
    [
        "wait, don't cancel it",
        "no, you needn't cancel anything now",
        "keep it please",
        "yes, keep it",
        "hmm actually leave it",
        "No, I'll keep it after all",
    ],
)
def test_a_cancel_that_is_taken_back_leaves_the_booking_and_no_wish(words: str) -> None:
    scene = to_call_off()
    scene.hears(words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert scene.change.wish is Wish.NOTHING
    assert not any(isinstance(request, CallOff) for request in scene.asked)


def test_a_cancel_taken_back_before_the_booking_is_found_is_no_goodbye() -> None:
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    scene.hears("have somebody call me, please, and don't cancel anything yet")
    assert scene.ending is None
    assert (scene.dialogue.promised, scene.change.wish) == (True, Wish.NOTHING)
    assert "don't cancel anything" in " ".join(scene.notes)


def test_displeasure_with_this_call_leaves_its_wish() -> None:
    scene = at(Step.TIME, DEMO.model_copy(update={"transfer_to": None}), mode=Mode.ASKING)
    scene.hears("there's water everywhere")
    scene.hears("I'm not happy")
    assert scene.change.wish in (None, Wish.EMERGENCY)
    assert scene.dialogue.step is Step.TIME
    scene = at(Step.PHONE, purpose=Purpose.CANCEL)
    assert "sorry" in scene.hears("Thanks for nothing, your people left my kitchen a mess").lower()
    assert (scene.dialogue.purpose, scene.change.wish) == (Purpose.CANCEL, None)
    scene = to_call_off()
    scene.hears("yes")
    scene.hears("No, that's all. Thanks for nothing")
    assert scene.change.wish in (None, Wish.CANCEL)
    assert scene.ending is not None


def test_an_address_that_was_cut_short_is_asked_for_before_anything_is_booked() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("Yeah it's 44 Ros")
    scene.hears("my e-mail is robin@example.com")
    assert scene.dialogue.step is Step.ADDRESS
    told, state = scene.dialogue, scene.dialogue.to_json()
    held = begin(
        DEMO, CallState(answers=dict(told.answers), confirmed=told.confirmed, dialogue=state)
    )
    assert held.step is Step.ADDRESS


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.ADDRESS, "No no. 12 Rose Street, Newtown"),
        (Step.ADDRESS, "no, it's 12 Rose Street in Newtown"),
        (Step.PHONE, "no no, 0412 345 678"),
        (Step.PHONE, "no no, 0412 345 678 as I said"),
    ],
)
def test_the_value_that_was_read_back_said_once_more_is_a_yes(step: Step, words: str) -> None:
    scene = at(step)
    scene.hears("12 Rose Street, Newtown, the house behind" if step is Step.ADDRESS else words)
    assert scene.dialogue.mode is Mode.CONFIRMING
    scene.hears(words)
    assert step in scene.dialogue.confirmed


def test_of_yeses_beside_other_words_the_second_is_taken() -> None:
    scene = at(Step.ADDRESS)
    scene.hears("12 Rose Street, Newtown, the house behind")
    scene.hears("Yes, but do you have anything today?")
    scene.hears("Yes. Today, I said. Any slot")
    assert Step.ADDRESS in scene.dialogue.confirmed
    assert scene.dialogue.step is Step.EMAIL


@pytest.mark.parametrize(
    "words",
    [
        "I'm not telling you my name, just send a cleaner",
        "You'll manage without it",
        "Just write Anonymous",
        "I don't want to",
    ],
)
def test_a_name_that_is_refused_is_let_pass_with_a_note(words: str) -> None:
    scene = Scene(begin(DEMO, CallState(caller="+61412345678")))
    scene.hears(words)
    assert scene.dialogue.step is not Step.NAME
    assert Step.NAME not in scene.dialogue.answers
    assert scene.notes


def test_a_day_at_the_service_is_no_work_that_we_do_not_do() -> None:
    scene = at(Step.SERVICE)
    assert "not something we do" not in scene.hears("neither Monday nor Tuesday, from five onwards")


def test_of_the_offered_those_of_the_chosen_day_are_offered() -> None:
    saturday = ("2026-03-07T07:00", "2026-03-07T10:00")
    offered = (*saturday, "2026-03-09T09:00")
    scene = at(Step.TIME, mode=Mode.CHOOSING, offered=offered)
    assert "7 am or 10 am" in scene.hears("Saturday's good")
    assert scene.dialogue.offered == saturday


@pytest.mark.parametrize(
    "words",
    ["I don't want that. Leave it where it was", "no, don't move it", "then keep my booking"],
)
def test_a_move_may_be_given_up_and_the_booking_stays(words: str) -> None:
    scene = at(Step.PHONE, purpose=Purpose.MOVE)
    scene.bookings = (BOOKED,)
    for line in ("0412 345 678", "yes", "Friday at ten", "no"):
        scene.hears(line)
    scene.hears(words)
    assert scene.dialogue.mode is Mode.CLOSING
    assert scene.change.wish is Wish.NOTHING
    assert not any(isinstance(request, Move) for request in scene.asked)


def test_who_wants_to_be_called_back_while_a_booking_is_looked_for_is_asked_no_more() -> None:
    scene = at(Step.PHONE, purpose=Purpose.CANCEL, caller="+61412345678")
    assert "else" in scene.hears("then have somebody call me")
    assert scene.dialogue.promised
    assert scene.change.needs is Needs.FOLLOW_UP


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Should I switch something off?", "main board"),
        ("Is it safe to stay here?", "main board"),
        ("Do I call the fire brigade?", "000"),
        ("should I ring an ambulance", "000"),
        ("can we use the kettle?", "main board"),
        ("And are the lights safe?", "main board"),
        ("should I open the windows", "main board"),
        ("Can my husband go in to get the dog?", "main board"),
        ("is the wall going to catch fire", "main board"),
    ],
)
def test_in_an_emergency_what_to_do_is_said_again_when_asked(asked: str, told: str) -> None:
    alone = DEMO.model_copy(update={"transfer_to": None})
    scene = Scene(begin(alone, CallState(caller=None)))
    scene.hears("My power point is crackling and there's a burning smell")
    scene.hears("Robin Carter")
    assert told in scene.hears(asked)
    assert not [note for note in scene.notes if asked in note]


def test_the_advice_of_an_emergency_is_known_to_whatever_process_goes_on() -> None:
    alone = DEMO.model_copy(update={"transfer_to": None})
    scene = Scene(begin(alone, CallState(caller=None)))
    scene.hears("there's water coming through my ceiling")
    resumed = Scene(begin(alone, CallState(dialogue=scene.dialogue.to_json())))
    assert "electrical" in resumed.hears("Is it safe to put the lights on?")


def test_what_was_answered_is_said_again_to_who_did_not_hear_it() -> None:
    scene = at(Step.ADDRESS, put=1)
    scene.hears("how much is a plumber?")
    assert "120 dollars" in scene.hears("Sorry, what was that?")
    assert "120 dollars" not in scene.hears("Newtown")


def test_a_sentence_is_noted_once() -> None:
    scene = at(Step.EMAIL, put=1)
    scene.hears("Yes. There's a gate code, 4417. Do you take away the old tap?")
    scene.hears("Do you take away the old tap")
    assert len([note for note in scene.notes if "gate code" in note]) == 1
    assert len([note for note in scene.notes if "old tap" in note]) == 1


@pytest.mark.parametrize("words", ["No, eight I said!", "eight, as I said", "eight is what I said"])
def test_an_hour_that_was_said_before_is_taken_at_the_read_back(words: str) -> None:
    scene = at(Step.TIME, mode=Mode.CONFIRMING, pending="2026-03-06T07:00", put=1)
    assert "8 am" in scene.hears(words)
    assert scene.dialogue.step is Step.TIME


def test_who_was_put_through_and_goes_on_has_booked_nothing() -> None:
    saved = {"mode": "ended", "purpose": "complain"}
    told = {Step.NAME: "Petra Lind", Step.PHONE: "+61412345678"}
    state = CallState(
        answers=told,
        confirmed=frozenset({Step.PHONE}),
        status=Status.TRANSFER,
        resumed=True,
        dialogue=orjson.dumps(saved).decode(),
    )
    scene = Scene(begin(DEMO, state))
    scene.hears("I don't want putting through, I said call me back tomorrow morning")
    assert scene.change.status is not Status.BOOKED
    assert not scene.change.booked
    assert any("tomorrow morning" in note for note in scene.notes)
    assert scene.dialogue.promised or scene.dialogue.needs is not Needs.NOTHING


TOLD_EARLY = ("My sink is blocked", "Robin Carter", "0412 345 678", "yes",
              "27 George Street, Parramatta", "no e-mail")  # fmt: skip


def test_the_yes_to_the_time_is_the_yes_to_a_service_that_was_told_in_passing() -> None:
    scene = at(Step.NAME)
    for words in TOLD_EARLY:
        reply = scene.hears(words)
    assert "Plumbing" in reply
    assert "When would you like" in reply
    assert Step.SERVICE not in scene.dialogue.confirmed
    assert "at 10 am for plumbing. Shall I book that?" in scene.hears("tomorrow at ten")
    scene.hears("yes")
    assert scene.ending is Ending.HANGUP
    assert {Step.SERVICE, Step.TIME} <= scene.dialogue.confirmed


@pytest.mark.parametrize("words", ["no, it's gardening", "gardening, not plumbing"])
def test_a_service_that_was_heard_wrong_is_put_right_at_the_last_question(words: str) -> None:
    scene = at(Step.NAME)
    for said in (*TOLD_EARLY, "tomorrow at ten"):
        scene.hears(said)
    assert "ardening" in scene.hears(words)
    assert scene.ending is None
    scene.hears("yes")
    assert scene.dialogue.answers[Step.SERVICE] == "Gardening"
    assert scene.ending is Ending.HANGUP


@pytest.mark.parametrize(
    "words",
    ["I want to cancel my booking for Saturday", "I already have a booking. Cancel that one"],
)
def test_a_booking_that_stands_is_called_off_though_one_seems_to_be_in_the_making(
    words: str,
) -> None:
    scene = at(Step.PHONE)
    scene.dialogue = replace(
        scene.dialogue, answers={Step.NAME: "Leo Brandt", Step.SERVICE: "Cleaning"}
    )
    scene.hears(words)
    assert scene.dialogue.purpose is Purpose.CANCEL
    assert scene.change.wish is Wish.CANCEL
