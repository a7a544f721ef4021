"""An answer is saved, read back, joined to a piece, asked for again, or left open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.conversation import (
    NO,
    NONSENSE,
    NOW,
    PLAIN_CALL,
    REFUSAL,
    SPAN,
    VALUES,
    YES,
    answer,
    at,
    does,
    ended,
    fresh,
    partial,
    run,
    said,
    saved,
    says,
    tells,
)
from voicebot.business import Confirm, load_business
from voicebot.call import FIELDS, CallState, Message, Needs, Service, Speaker, Step
from voicebot.collect.answers import MAX_ATTEMPTS
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import (
    Effect,
    Event,
    Heard,
    Save,
    Say,
    Unsaid,
)
from voicebot.collect.resuming import begin
from voicebot.collect.understanding import Ask, Correct, Missing, Thank, Wait


@pytest.mark.parametrize("step", [s for s in FIELDS if s is not Step.TIME])
def test_a_field_is_saved_with_the_words_that_gave_it_and_before_its_read_back(step: Step) -> None:
    effects = run(at(step), answer(step))[1]
    assert isinstance(effects[0], Save)
    assert isinstance(effects[-1], Say)
    change = saved(effects)
    assert set(change.answers) == {step}
    assert [m.text for m in change.messages] == ["words"]
    assert not change.confirmed


def test_the_service_is_saved_whole() -> None:
    change = saved(run(at(Step.SERVICE), answer(Step.SERVICE))[1])
    service = change.answers[Step.SERVICE]
    assert isinstance(service, Service)
    assert (service.id, service.name) == ("plumbing", "Plumbing")


def test_an_explicit_field_waits_for_its_yes_and_a_yes_confirms_it() -> None:
    dialogue, effects = run(at(Step.PHONE), answer(Step.PHONE))
    assert dialogue.mode is Mode.CONFIRMING
    assert "0412 345 678" in said(effects)
    assert saved(run(dialogue, YES)[1]).confirmed == {Step.PHONE}


def test_saying_the_same_value_again_is_a_yes() -> None:
    change = saved(run(at(Step.PHONE), answer(Step.PHONE), answer(Step.PHONE))[1])
    assert change.confirmed == {Step.PHONE}


def test_another_value_instead_of_a_yes_overwrites_and_is_read_back_again() -> None:
    dialogue, effects = run(at(Step.PHONE), answer(Step.PHONE), answer(Step.PHONE, "+61412345679"))
    assert saved(effects).answers == {Step.PHONE: "+61412345679"}
    assert dialogue.mode is Mode.CONFIRMING
    assert "0412 345 679" in said(effects)


def test_a_no_asks_again_and_the_step_stays_open() -> None:
    dialogue, effects = run(at(Step.EMAIL), answer(Step.EMAIL), NO)
    assert (dialogue.step, dialogue.mode) == (Step.EMAIL, Mode.ASKING)
    assert says(effects, "confirm.wrong")


def test_a_caller_who_goes_on_without_objecting_is_not_nagged_but_has_not_confirmed() -> None:
    dialogue, _ = run(at(Step.PHONE), answer(Step.PHONE))
    dialogue, effects = run(dialogue, tells(address="1 Example Street"))
    assert saved(effects).answers == {Step.ADDRESS: "1 Example Street"}
    assert (dialogue.step, dialogue.mode) == (Step.ADDRESS, Mode.CONFIRMING)  # said early
    assert Step.PHONE not in dialogue.confirmed


def test_a_later_correction_takes_the_earlier_yes_away() -> None:
    start = fresh(
        step=Step.ADDRESS, answers={Step.PHONE: "+61412345678"}, confirmed=frozenset({Step.PHONE})
    )
    dialogue, effects = run(start, tells(phone="+61412345679"))
    assert saved(effects).unconfirmed == {Step.PHONE}
    assert saved(effects).answers == {Step.PHONE: "+61412345679"}
    assert Step.PHONE not in dialogue.confirmed


def test_several_fields_at_once_are_all_saved_and_not_asked_again() -> None:
    dialogue, effects = run(fresh(), tells(name="Robin Carter", service="Cleaning"))
    assert set(saved(effects).answers) == {Step.NAME, Step.SERVICE}
    dialogue, _ = run(dialogue, answer(Step.PHONE), YES, answer(Step.ADDRESS), answer(Step.EMAIL))
    dialogue, effects = run(dialogue, YES)
    assert (dialogue.step, dialogue.mode) == (Step.TIME, Mode.ASKING)
    assert says(effects, "saved.service", value="Cleaning")  # it was told early
    assert Step.SERVICE not in dialogue.confirmed


def test_a_piece_of_an_answer_is_kept_and_the_rest_asked_for() -> None:
    dialogue, effects = run(at(Step.PHONE), partial(Missing.DIGITS, "0412"))
    assert dialogue.partial == "0412"
    assert dialogue.attempts == 0
    assert "0412" in said(effects)


@pytest.mark.parametrize("step", FIELDS)
def test_three_useless_answers_and_the_bot_moves_on(step: Step) -> None:
    start = fresh(step=step, settled=frozenset(FIELDS) - {step, Step.TIME})
    dialogue, effects = run(start, *(NONSENSE,) * MAX_ATTEMPTS)
    assert step is Step.TIME or step in dialogue.settled
    assert dialogue.step is not step or dialogue.mode is Mode.CLOSING or ended(effects)
    assert saved(effects).needs is Needs.FOLLOW_UP or not dialogue.knows_something


def test_a_refused_field_is_noted_and_does_not_prevent_booking() -> None:
    events: list[Event] = [e for i, e in enumerate(PLAIN_CALL) if i != 6]
    events[events.index(answer(Step.EMAIL))] = REFUSAL
    dialogue, effects = run(fresh(), *events)
    assert saved(effects).booked
    assert Step.EMAIL not in dialogue.answers


@pytest.mark.parametrize("policy", list(Confirm))
def test_the_confirmation_policy_of_a_field_is_data(policy: Confirm) -> None:
    business = load_business(None).model_copy(update={"confirm": {Step.NAME: policy}})
    dialogue, effects = run(fresh(business), answer(Step.NAME))
    assert (dialogue.mode is Mode.CONFIRMING) == (policy is Confirm.EXPLICIT)
    assert ("Robin Carter" in said(effects)) == (policy is not Confirm.NEVER)


def test_a_confirmed_value_that_is_said_once_more_stays_confirmed() -> None:
    held = at(Step.EMAIL, answers={Step.PHONE: VALUES[Step.PHONE]}, confirmed={Step.PHONE})
    dialogue, effects = run(held, answer(Step.PHONE))
    assert Step.PHONE in dialogue.confirmed
    assert saved(effects).answers == {}


def test_a_value_that_could_not_be_read_back_is_kept_without_a_yes() -> None:
    dialogue, effects = run(at(Step.PHONE), answer(Step.PHONE), Unsaid())
    assert dialogue.answers[Step.PHONE] == VALUES[Step.PHONE]
    assert (dialogue.step, dialogue.mode) == (Step.ADDRESS, Mode.ASKING)
    assert "What's the address" in said(effects)
    dialogue, effects = run(dialogue, YES)
    assert dialogue.confirmed == frozenset()


def interrupted(effects: tuple[Effect, ...], heard_of_it: str, by: Heard) -> Heard:
    """`by` over the bot's words, of which the caller had heard this."""
    was = Message(Speaker.BOT, said(effects), NOW)
    return replace(by, revised=(was, replace(was, text=heard_of_it, partial=True)))


NO_ANSWERS = [
    NONSENSE,
    YES,
    NO,
    does(),
    does(Correct(None, None, SPAN)),
]


@pytest.mark.parametrize("no_answer", NO_ANSWERS)
def test_what_is_said_before_the_question_was_heard_is_no_failed_attempt(no_answer: Heard) -> None:
    dialogue, effects = run(at(Step.ADDRESS), answer(Step.ADDRESS))
    for _ in range(MAX_ATTEMPTS + 1):
        opener = said(effects).partition("What's your e-mail")[0].rstrip()
        dialogue, effects = run(dialogue, interrupted(effects, opener, no_answer))
        assert said(effects) == "What's your e-mail address?"
        assert (dialogue.step, dialogue.attempts) == (Step.EMAIL, 0)
        assert Step.EMAIL not in dialogue.settled


@pytest.mark.parametrize("no_answer", NO_ANSWERS)
@pytest.mark.parametrize("heard_of_it", ["", "Thank you."])
def test_what_is_said_before_a_read_back_was_heard_is_no_failed_attempt(
    no_answer: Heard, heard_of_it: str
) -> None:
    dialogue, effects = run(at(Step.PHONE), answer(Step.PHONE))
    for _ in range(MAX_ATTEMPTS + 1):
        dialogue, effects = run(dialogue, interrupted(effects, heard_of_it, no_answer))
        assert NUMBER in said(effects)
        assert (dialogue.mode, dialogue.attempts) == (Mode.CONFIRMING, 0)
        assert dialogue.answers[Step.PHONE] == VALUES[Step.PHONE]
        assert not dialogue.doubted


def test_an_answer_counts_also_where_its_question_was_not_heard() -> None:
    asked, effects = run(at(Step.ADDRESS), answer(Step.ADDRESS))
    told = interrupted(effects, "Great.", answer(Step.EMAIL))
    dialogue, effects = run(asked, told)
    assert dialogue.answers[Step.EMAIL] == VALUES[Step.EMAIL]
    assert dialogue.mode is Mode.CONFIRMING


@pytest.mark.parametrize("no_answer", [NONSENSE, does()])
def test_a_question_of_which_something_was_heard_was_asked(no_answer: Heard) -> None:
    asked, effects = run(at(Step.ADDRESS), answer(Step.ADDRESS))
    cut = said(effects).removesuffix(" e-mail address?")
    dialogue, _ = run(asked, interrupted(effects, cut, no_answer))
    assert dialogue.attempts == 1


def test_after_a_piece_of_an_answer_what_was_cut_off_before_it_counts_no_more() -> None:
    asked, effects = run(at(Step.ADDRESS), answer(Step.ADDRESS))
    piece = partial(Missing.DOMAIN, "test@")
    dialogue, effects = run(asked, interrupted(effects, "Great.", piece))
    assert says(effects, "missing.domain", value="test@")
    assert run(dialogue, NONSENSE)[0].attempts == 1


REPEATED = answer(Step.PHONE)
NUMBER = "0412 345 678"


@pytest.mark.parametrize("agreement", [YES, REPEATED])
@pytest.mark.parametrize(
    ("heard_of_it", "confirmed"),
    [
        ("", False),
        ("That's", False),
        ("That's 0412", False),
        (f"That's {NUMBER}, is", True),
    ],
)
def test_a_yes_to_a_value_that_was_not_heard_is_none_nor_is_the_value_once_more(
    agreement: Heard, heard_of_it: str, confirmed: bool
) -> None:
    asked, effects = run(at(Step.PHONE), REPEATED)
    dialogue, effects = run(asked, interrupted(effects, heard_of_it, agreement))
    assert (Step.PHONE in dialogue.confirmed) is confirmed
    assert (NUMBER in said(effects)) is not confirmed


@pytest.mark.parametrize("agreement", [YES, answer(Step.TIME)])
def test_a_time_whose_read_back_was_cut_off_is_read_back_again_and_then_booked(
    agreement: Heard,
) -> None:
    asked, effects = run(at(Step.TIME), answer(Step.TIME))
    asked, effects = run(asked, interrupted(effects, "Thank you.", agreement))
    assert ended(effects) is None
    assert "this Wednesday, the 4th, at 9:30 am" in said(effects)
    assert saved(run(asked, agreement)[1]).booked


@pytest.mark.parametrize(
    "remark", [NONSENSE, does(Wait(SPAN)), does(Thank(SPAN)), does(Ask("", "words", SPAN))]
)
def test_no_remark_makes_a_read_back_heard_that_was_cut_off(remark: Heard) -> None:
    asked, effects = run(at(Step.TIME), answer(Step.TIME))
    asked, effects = run(asked, interrupted(effects, "Thank you. That would be", remark))
    if "9:30 am" not in said(effects):
        state = CallState(step=asked.step, dialogue=asked.to_json(), resumed=True)
        asked, effects = run(begin(asked.business, state), YES)  # whoever goes on knows it, too
        assert ended(effects) is None
    assert "9:30 am" in said(effects)
    assert saved(run(asked, YES)[1]).booked


def test_who_tells_something_else_over_a_read_back_has_not_agreed_to_it() -> None:
    asked, effects = run(at(Step.PHONE), REPEATED)
    other = answer(Step.ADDRESS)
    dialogue, effects = run(asked, interrupted(effects, "Thank you.", other))
    assert dialogue.answers[Step.ADDRESS] == VALUES[Step.ADDRESS]
    assert (dialogue.step, dialogue.mode) == (Step.PHONE, Mode.CONFIRMING)
    assert NUMBER in said(effects)


def corrected(*last_digits: int) -> tuple[Dialogue, tuple[Effect, ...]]:
    """A caller who corrects the number again and again."""
    numbers = [f"+6141234567{digit}" for digit in last_digits]
    return run(at(Step.PHONE), answer(Step.PHONE), *[answer(Step.PHONE, n) for n in numbers])


def test_a_number_that_is_corrected_the_third_time_is_read_back_too() -> None:
    dialogue, effects = corrected(1, 2, 3)
    assert "0412 345 673" in said(effects)
    assert saved(run(dialogue, YES)[1]).confirmed == {Step.PHONE}


def test_the_last_correction_is_said_aloud_though_no_yes_is_asked_for() -> None:
    dialogue, effects = corrected(1, 2, 3, 4)
    assert saved(effects).answers == {Step.PHONE: "+61412345674"}
    assert says(effects, "saved.phone", value="0412 345 674")
    assert says(effects, "ask.address")
    assert [note.text for note in saved(effects).notes] == ["Left open: phone number"]
    assert Step.PHONE not in dialogue.confirmed
