"""Whole turns: an answer, a piece of one, and what a caller says to a read-back."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.understanding.given import given_in
from voicebot.business import load_business
from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import (
    Act,
    Ask,
    Asked,
    Decline,
    Deny,
    Missing,
    Provide,
    Repeat,
    Situation,
    Wait,
    WantPerson,
    consents,
    read,
)

MONDAY = datetime(2026, 11, 23, 9)
SERVICES = load_business(None).services
HELD = {
    Step.NAME: "John Smith",
    Step.PHONE: "+61491665156",
    Step.ADDRESS: "12 Elm Street, Newtown NSW 2042",
    Step.EMAIL: "john.smith@example.com",
    Step.SERVICE: "Plumbing",
    Step.TIME: "2026-11-24T15:00",
}


def open_question(step: Step, partial: str | None = None) -> Situation:
    return Situation(step, MONDAY, services=SERVICES, partial=partial)


def read_back(step: Step) -> Situation:
    return Situation(step, MONDAY, Asked.CONFIRM, services=SERVICES, record=HELD)


def piece(step: Step, text: str, partial: str | None = None) -> Provide:
    (act,) = read(text, open_question(step, partial)).acts
    assert isinstance(act, Provide)
    return act


def test_half_an_answer_is_a_piece_that_the_next_turn_completes() -> None:
    half = piece(Step.PHONE, "oh four nine one")
    assert (half.value, half.missing, half.partial) == (None, Missing.DIGITS, "0491")
    whole = piece(Step.PHONE, "570 156", half.partial)
    assert (whole.value, whole.missing) == ("+61491570156", None)


def test_a_day_waits_for_its_clock_time() -> None:
    day = piece(Step.TIME, "Tuesday")
    assert (day.value, day.missing) == ("2026-11-24", Missing.CLOCK)
    assert piece(Step.TIME, "half past three", "2026-03-04").value == "2026-03-04T15:30"


@pytest.mark.parametrize("step", FIELDS)
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("hang on a second", Wait),
        ("can you repeat that please", Repeat),
        ("I want to talk to a human", WantPerson),
        ("I'd rather not say", Decline),
        ("why do you need that", Ask),
    ],
)
def test_no_step_takes_a_remark_for_a_value(step: Step, said: str, kind: type[Act]) -> None:
    (act,) = read(said, open_question(step)).acts
    assert isinstance(act, kind)


@pytest.mark.parametrize("step", FIELDS)
def test_yes_and_no_after_a_read_back(step: Step) -> None:
    where = read_back(step)
    assert consents(read("yes that's right", where), where)
    assert {type(act) for act in read("no that's wrong", where).acts} == {Deny}


@pytest.mark.parametrize(
    ("step", "said", "value"),
    [
        (Step.PHONE, "no, it's double five six, not double six five", "+61491556156"),
        (Step.PHONE, "the last three digits are nine one four", "+61491665914"),
        (Step.PHONE, "no, it ends in 57", "+61491665157"),
        (Step.PHONE, "no, it's 0491 570 157", "+61491570157"),
        (Step.PHONE, "no, 667", "+61491667156"),
        (Step.EMAIL, "no, it's jon dot smith", "jon.smith@example.com"),
        (Step.EMAIL, "it's example dot org", "john.smith@example.org"),
        (Step.NAME, "no, it's Smyth with a y", "John Smyth"),
        (Step.TIME, "no, make it four", "2026-11-24T16:00"),
        (Step.TIME, "yes but at four", "2026-11-24T16:00"),
        (
            Step.TIME,
            "Yes, but half ten for me means half past nine. Nine thirty",
            "2026-11-24T09:30",
        ),
        (Step.TIME, "no, Wednesday", "2026-11-25T15:00"),
        (Step.SERVICE, "no, electrical", "Electrical"),
        (Step.ADDRESS, "the postcode is 2043", "12 Elm Street, Newtown NSW 2043"),
    ],
)
def test_a_no_brings_the_mend_along(step: Step, said: str, value: str) -> None:
    where = read_back(step)
    assert given_in(said, where) == {step: value}
    assert not consents(read(said, where), where)


@pytest.mark.parametrize(
    "said",
    [
        "no, it's one five nine Elm Street",
        "my address is one five nine Elm Street",
        "the house number is 159",
        "the postcode is 1590",
        "my unit is 159",
    ],
)
def test_digits_of_another_field_are_none_of_the_number_read_back(said: str) -> None:
    assert Step.PHONE not in given_in(said, read_back(Step.PHONE))


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("I'm Otto Brandt, what does it cost?", {Step.NAME: "Otto Brandt"}),
        ("Tuesday at two, do you have parking?", {Step.TIME: "2026-11-24T14:00"}),
        ("can I come on Tuesday at two?", {Step.TIME: "2026-11-24T14:00"}),
        ("are you open on Tuesday at two?", {}),
    ],
)
def test_a_question_beside_a_value_takes_nothing_from_it(
    said: str, fields: dict[Step, str]
) -> None:
    assert given_in(said, open_question(Step.NAME)) == fields


@pytest.mark.parametrize(
    "said", ["can you say that again", "what did you say", "sorry I didn't catch that"]
)
def test_a_wish_to_repeat_is_no_answer_to_a_read_back(said: str) -> None:
    where = read_back(Step.PHONE)
    assert any(isinstance(act, Repeat) for act in read(said, where).acts)
    assert not consents(read(said, where), where)


situations = st.builds(
    Situation,
    step=st.sampled_from(FIELDS),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    asked=st.sampled_from(Asked),
    region=st.sampled_from(["AU", "US", "GB", "CN", "DE"]),
    language=st.sampled_from(["en", "zh-CN", "es"]),
    services=st.just(SERVICES),
    record=st.sampled_from([{}, HELD]),
    partial=st.sampled_from([None, "0491", "j.smith@", "2026-11-24", "T15:00", "12", "?"]),
)
FRAGMENTS = (
    "my name is at dot com double oh four forty hundred sorry no wait not last digits are with a y "
    "spelled b as in boy street unit next tuesday half past am , . - @ + ? yes gmail 0491 12:30 "
    "2/3 and then o'clock plus ext first surname x"
)
fragments = st.lists(st.sampled_from(sorted(FRAGMENTS.split(" "))), max_size=25).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), fragments), situations)
def test_any_text_is_read_somehow(text: str, situation: Situation) -> None:
    done = read(text, situation)
    for first, end in (*done.rest, *(act.span for act in done.acts)):
        assert 0 <= first <= end <= len(text)
