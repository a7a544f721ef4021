"""Keys of the telephone in every step, as scenes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.collect.conversation import NOW, VALUES, at, ended, fresh, hears, run, said, saved, says
from voicebot.business import load_business
from voicebot.call import FIELDS, Message, Service, Speaker, Status, Step
from voicebot.collect.dialogue import Dialogue, Mode, situation
from voicebot.collect.events import Effect, Ending, Heard
from voicebot.collect.keyed import read_keys
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import read

STAFFED = load_business(None).model_copy(update={"transfer_to": "+61255501111"})
"""A business with a person to put callers through to."""
READ_BACK = {
    Step.NAME: frozenset({Step.NAME}),
    Step.PHONE: frozenset[Step](),
    Step.ADDRESS: frozenset({Step.ADDRESS}),
    Step.EMAIL: frozenset[Step](),
    Step.SERVICE: frozenset({Step.SERVICE}),
}
"""What was given early, so that it is read back."""


def keyed(dialogue: Dialogue, keys: str) -> tuple[Dialogue, tuple[Effect, ...]]:
    """The caller presses these keys; the whole answer is taken."""
    where = situation(dialogue, NOW)
    reading = read_keys(keys, where) or read(keys, where)
    return run(dialogue, Heard(Message(Speaker.CALLER, keys, NOW), reading))


def reading_back(step: Step) -> Dialogue:
    """A value of this step was read back."""
    if step is Step.TIME:
        answers = {s: v for s, v in VALUES.items() if s is not Step.TIME}
        dialogue = fresh(answers=answers, settled=frozenset(answers), step=Step.TIME)
        return run(dialogue, hears(dialogue, "Wednesday at half past nine"))[0]
    held = {step: VALUES[step]}
    return at(step, answers=held, mode=Mode.CONFIRMING, early=READ_BACK[step])


@pytest.mark.parametrize("step", FIELDS)
def test_0_alone_asks_for_a_person_at_every_question(step: Step) -> None:
    _, effects = keyed(at(step, STAFFED), "0")
    assert ended(effects) is Ending.TRANSFER


@pytest.mark.parametrize("step", FIELDS)
def test_0_alone_asks_for_a_person_at_every_read_back(step: Step) -> None:
    _, effects = keyed(replace(reading_back(step), business=STAFFED), "0")
    assert ended(effects) is Ending.TRANSFER


@pytest.mark.parametrize("step", FIELDS)
def test_a_star_has_every_question_put_again(step: Step) -> None:
    dialogue = at(step, put=1)
    after, effects = keyed(dialogue, "*")
    assert says(effects, f"ask.{step}", services=Turn(dialogue, NOW).offers())
    assert (after.step, after.attempts) == (step, 0), "it is no failed answer"


@pytest.mark.parametrize("step", FIELDS)
def test_a_star_has_every_value_read_back_again(step: Step) -> None:
    before = reading_back(step)
    after, effects = keyed(before, "*")
    assert after.mode is Mode.CONFIRMING
    assert before.step is after.step is step
    assert said(effects).strip().endswith("?")


@pytest.mark.parametrize("step", FIELDS)
def test_1_is_a_yes_to_every_read_back(step: Step) -> None:
    after, effects = keyed(reading_back(step), "1")
    assert after.step is not step or ended(effects)
    assert step in saved(effects).confirmed or Status.BOOKED is saved(effects).status


@pytest.mark.parametrize("step", FIELDS)
def test_2_is_a_no_to_every_read_back(step: Step) -> None:
    after, effects = keyed(reading_back(step), "2")
    assert (after.step, after.mode) == (step, Mode.ASKING)
    assert says(effects, "confirm.wrong")


@pytest.mark.parametrize("step", FIELDS)
def test_a_telephone_number_may_be_keyed_at_every_question(step: Step) -> None:
    _, effects = keyed(at(step), "0411222333")
    assert saved(effects).answers[Step.PHONE] == "+61411222333"


@pytest.mark.parametrize("step", FIELDS)
def test_a_telephone_number_may_be_keyed_at_every_read_back(step: Step) -> None:
    _, effects = keyed(reading_back(step), "0411222333")
    assert saved(effects).answers[Step.PHONE] == "+61411222333"


@pytest.mark.parametrize("place", range(1, len(STAFFED.services) + 1))
def test_a_service_is_chosen_by_its_place_in_what_is_read_out(place: int) -> None:
    asked, effects = keyed(at(Step.SERVICE, put=1), "*")
    names = [offer.name.casefold() for offer in STAFFED.services]
    listed = sorted((said(effects).casefold().find(name), name) for name in names)
    _, effects = keyed(asked, str(place))
    service = saved(effects).answers[Step.SERVICE]
    assert isinstance(service, Service)
    assert service.name.casefold() == listed[place - 1][1]


def test_a_place_that_no_service_has_is_asked_about() -> None:
    after, _ = keyed(at(Step.SERVICE), "9")
    assert (after.step, after.attempts) == (Step.SERVICE, 1)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_offered_time_is_chosen_by_its_place(place: int) -> None:
    times = ("2026-03-03T09:00", "2026-03-04T15:00", "2026-03-06T10:00")
    asked = at(Step.TIME, offered=times, mode=Mode.CHOOSING)
    after, _ = keyed(asked, str(place))
    assert (after.mode, after.pending) == (Mode.CONFIRMING, times[place - 1])
    assert keyed(asked, "4")[0].mode is Mode.CHOOSING


def test_keys_join_the_piece_of_a_number_that_was_said_or_keyed() -> None:
    after, effects = keyed(at(Step.PHONE), "0411")
    assert says(effects, "missing.digits", value="0411")
    assert saved(keyed(after, "222333")[1]).answers[Step.PHONE] == "+61411222333"
    spoken, _ = run(at(Step.PHONE), hears(at(Step.PHONE), "oh four one one"))
    assert saved(keyed(spoken, "222333")[1]).answers[Step.PHONE] == "+61411222333"
    _, effects = run(after, hears(after, "two two two three three three"))
    assert saved(effects).answers[Step.PHONE] == "+61411222333"


def test_a_0_that_a_number_wants_is_its_last_figure() -> None:
    asked = at(Step.PHONE, STAFFED, partial="0411 222 33")
    assert saved(keyed(asked, "0")[1]).answers[Step.PHONE] == "+61411222330"
    assert ended(keyed(at(Step.PHONE, STAFFED, partial="0411"), "0")[1]) is Ending.TRANSFER


def test_anything_else_is_answered_by_keys() -> None:
    closing = fresh(step=Step.DONE, mode=Mode.CLOSING)
    assert ended(keyed(closing, "2")[1]) is Ending.HANGUP
    assert not ended(keyed(closing, "1")[1])
