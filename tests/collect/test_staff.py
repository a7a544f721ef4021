"""What staff have a call do is part of the conversation, and staff's word counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.conversation import (
    NOW,
    PLAIN_CALL,
    VALUES,
    YES,
    answer,
    ended,
    fresh,
    requests,
    run,
    said,
    saved,
    says,
)
from voicebot.business import load_business
from voicebot.call import CommandKind, CommandRefusal, Needs, StaffCommand, Status, Step
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Effect, Ending, Refuse, Started
from voicebot.collect.understanding import window_of
from voicebot.ledger import Place


def asks(kind: CommandKind, text: str = "", step: Step | None = None) -> StaffCommand:
    return StaffCommand(kind, "Kim", NOW, text, step, id="1-0")


def corrects(step: Step, value: str | None = None) -> StaffCommand:
    return asks(CommandKind.CORRECT, value or VALUES[step], step)


def refusal(effects: tuple[Effect, ...]) -> CommandRefusal | None:
    return next((e.why for e in effects if isinstance(e, Refuse)), None)


def test_a_sentence_is_spoken_as_typed_and_the_question_put_again_in_its_own_words() -> None:
    asked, before = run(fresh(), Started())
    after, effects = run(asked, asks(CommandKind.SAY, "sam is ten minutes away."))
    assert said(effects) == "sam is ten minutes away. What's your name, please?"
    assert said(effects).partition(". ")[2] in said(before)
    assert (after.step, after.mode, after.put) == (asked.step, asked.mode, asked.put)


def test_a_transfer_says_so_and_the_webhook_dials() -> None:
    _, effects = run(fresh(), Started(), asks(CommandKind.TRANSFER))
    assert says(effects, "reply.person")
    assert ended(effects) is Ending.TRANSFER
    assert (saved(effects).status, saved(effects).needs) == (Status.TRANSFER, Needs.PERSON)


def test_without_a_number_to_put_callers_through_to_a_transfer_is_refused() -> None:
    business = load_business(None).model_copy(update={"transfer_to": None})
    asked, _ = run(fresh(business), Started())
    after, effects = run(asked, asks(CommandKind.TRANSFER))
    assert effects == (Refuse(CommandRefusal.NO_NUMBER),)
    assert after == asked


def test_an_end_is_kind_and_loses_nothing() -> None:
    _, effects = run(fresh(), Started(), answer(Step.NAME), asks(CommandKind.END))
    assert says(effects, "reply.goodbye")
    assert ended(effects) is Ending.HANGUP
    assert saved(effects).status is Status.INCOMPLETE


@pytest.mark.parametrize("step", [Step.NAME, Step.PHONE])
def test_a_correction_of_the_open_question_is_confirmed_and_the_next_is_asked(step: Step) -> None:
    asked, _ = run(fresh(), *PLAIN_CALL[: 1 + (step is Step.PHONE)])
    after, effects = run(asked, corrects(step))
    assert saved(effects).answers == {step: VALUES[step]}
    assert saved(effects).confirmed == {step}
    assert after.mode is Mode.ASKING
    assert after.step is (Step.PHONE if step is Step.NAME else Step.ADDRESS)


def test_what_was_corrected_is_not_asked_when_its_turn_comes() -> None:
    asked, _ = run(fresh(), Started(), answer(Step.NAME))
    after, effects = run(asked, corrects(Step.EMAIL))
    assert saved(effects).confirmed == {Step.EMAIL}
    assert says(effects, "saved.changed", value=VALUES[Step.EMAIL])
    assert after.step is Step.PHONE
    later, _ = run(after, answer(Step.PHONE), YES, answer(Step.ADDRESS))
    assert later.step is Step.SERVICE


def test_a_correction_of_what_is_read_back_needs_no_yes_any_more() -> None:
    reading, _ = run(fresh(), Started(), answer(Step.NAME), answer(Step.PHONE))
    assert reading.mode is Mode.CONFIRMING
    after, effects = run(reading, corrects(Step.PHONE, "0298765432"))
    assert saved(effects).answers == {Step.PHONE: "+61298765432"}
    assert (after.step, after.mode) == (Step.ADDRESS, Mode.ASKING)


@pytest.mark.parametrize(("step", "value"), [(Step.EMAIL, "nobody"), (Step.SERVICE, "skydiving")])
def test_a_value_that_no_caller_could_give_is_refused(step: Step, value: str) -> None:
    asked, _ = run(fresh(), Started())
    after, effects = run(asked, corrects(step, value))
    assert effects == (Refuse(CommandRefusal.NOT_VALID),)
    assert after == asked


def test_a_time_books_when_it_is_all_that_was_open() -> None:
    asked, _ = run(fresh(), *PLAIN_CALL[:-2])
    assert asked.step is Step.TIME
    after, effects = run(asked, corrects(Step.TIME))
    assert ended(effects) is Ending.HANGUP
    assert (saved(effects).status, saved(effects).booked) == (Status.BOOKED, True)
    assert after.mode is Mode.ENDED


def test_a_time_that_comes_early_is_kept_for_its_question() -> None:
    asked, _ = run(fresh(), Started(), answer(Step.NAME))
    after, effects = run(asked, corrects(Step.TIME))
    assert requests(effects) == []
    assert after.window == window_of(VALUES[Step.TIME])
    assert says(effects, "ask.phone")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2026-03-01T09:30", CommandRefusal.PAST),
        ("2029-03-04T09:30", CommandRefusal.TOO_FAR),
        ("2026-03-04T03:30", CommandRefusal.CLOSED),
    ],
)
def test_a_time_at_which_nobody_comes_is_refused(value: str, why: CommandRefusal) -> None:
    asked, _ = run(fresh(), Started(), answer(Step.NAME))
    assert refusal(run(asked, corrects(Step.TIME, value))[1]) is why


def test_a_time_that_is_taken_is_not_booked_and_others_are_offered() -> None:
    asked, _ = run(fresh(), *PLAIN_CALL[:-2])
    after, effects = run(asked, corrects(Step.TIME), place=Place.TAKEN)
    assert ended(effects) is None
    assert (after.step, after.pending) == (Step.TIME, None)
    assert says(effects, "time.taken", time="this Wednesday, the 4th, at 9:30 am")


def test_a_call_that_is_over_obeys_nothing() -> None:
    over = replace(fresh(), step=Step.DONE, mode=Mode.ENDED)
    for kind in CommandKind:
        _, effects = run(over, asks(kind, "x", Step.NAME))
        assert refusal(effects) is CommandRefusal.CALL_HAS_ENDED
