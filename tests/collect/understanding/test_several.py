"""Several fields in one utterance, and corrections of a field that was not asked for."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.collect.understanding.given import given_in
from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.understanding import Situation

MONDAY = datetime(2026, 11, 23, 9)
SERVICES = load_business(None).services
HELD = {
    Step.NAME: "John Smith",
    Step.PHONE: "+61491570156",
    Step.EMAIL: "john@example.com",
    Step.SERVICE: "Plumbing",
}


def said(step: Step, text: str, **held: str) -> dict[Step, str]:
    record = {Step(key): value for key, value in held.items()}
    return given_in(text, Situation(step, MONDAY, services=SERVICES, record=record))


def test_a_name_brings_number_and_address_along() -> None:
    text = "Otto Brandt, 12 Elm Street, Newtown, and my number is 0491 570 156"
    assert said(Step.NAME, text) == {
        Step.NAME: "Otto Brandt",
        Step.PHONE: "+61491570156",
        Step.ADDRESS: "12 Elm Street, Newtown",
    }


def test_a_service_brings_its_time_along() -> None:
    assert said(Step.SERVICE, "I need a plumber tomorrow at three") == {
        Step.SERVICE: "Plumbing",
        Step.TIME: "2026-11-24T15:00",
    }


def test_a_first_sentence_that_greets_by_the_part_of_the_day_names_no_time() -> None:
    asked = "Morning, Declan Okonjo. Can you get an electrician here today at five?"
    assert said(Step.NAME, asked) == {
        Step.NAME: "Declan Okonjo",
        Step.SERVICE: "Electrical",
        Step.TIME: "2026-11-23T17:00",
    }
    told = said(Step.NAME, "Evening. Could a plumber come tomorrow at ten?")
    assert told == {Step.SERVICE: "Plumbing", Step.TIME: "2026-11-24T10:00"}
    assert said(Step.TIME, "Evening, tomorrow at six") == {Step.TIME: "2026-11-24T18:00"}


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("OK gutters then, Merv Pilkington's the name", "Gardening"),
        ("Gutters then, my name's Merv Pilkington", "Gardening"),
        ("Merv Pilkington. I need an electrician, so is seven on the dot possible?", "Electrical"),
        ("Um, the outside, it's Merv Pilkington", None),
        ("Merv Pilkington, is he here on the dot?", None),
    ],
)
def test_a_job_beside_the_name_is_kept(text: str, service: str | None) -> None:
    found = said(Step.NAME, text)
    assert (found.get(Step.NAME), found.get(Step.SERVICE)) == ("Merv Pilkington", service)


def test_a_fault_in_broken_english_is_a_service() -> None:
    found = said(Step.NAME, "Hello I am Nguyen Thi Hoa. Toilet no go down, water come up.")
    assert found == {Step.NAME: "Nguyen Thi Hoa", Step.SERVICE: "Plumbing"}


def test_a_number_is_not_built_from_a_postcode() -> None:
    found = said(Step.ADDRESS, "12 Elm Street, Newtown NSW 2042, 0491 570 156")
    assert found[Step.PHONE] == "+61491570156"
    assert found[Step.ADDRESS] == "12 Elm Street, Newtown NSW 2042"


def test_a_name_before_an_address_is_kept() -> None:
    found = said(Step.ADDRESS, "otto brandt 12 elm street newtown")
    assert found[Step.NAME] == "Otto Brandt"


@pytest.mark.parametrize(
    ("step", "text", "field", "value"),
    [
        (Step.EMAIL, "no wait, it's Smyth with a y", Step.NAME, "John Smyth"),
        (Step.EMAIL, "sorry, my number is 0491 570 157", Step.PHONE, "+61491570157"),
        (Step.ADDRESS, "the last digit of my number is nine", Step.PHONE, "+61491570159"),
        (
            Step.SERVICE,
            "hang on, my email is jon at example dot com",
            Step.EMAIL,
            "jon@example.com",
        ),
        (Step.EMAIL, "actually make it electrical instead", Step.SERVICE, "Electrical"),
        (Step.TIME, "can you change my name to Otto Brandt", Step.NAME, "Otto Brandt"),
        (Step.EMAIL, "actually make it tomorrow at four", Step.TIME, "2026-11-24T16:00"),
    ],
)
def test_an_earlier_answer_is_corrected(step: Step, text: str, field: Step, value: str) -> None:
    record = {field.value: held for field, held in HELD.items()}
    assert said(step, text, **record) == {field: value}


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step.PHONE, "is it open on Tuesday at three"),
        (Step.NAME, "hang on a second"),
        (Step.EMAIL, "I'll see you tomorrow"),
        (Step.ADDRESS, "what's your number"),
    ],
)
def test_weak_evidence_gives_no_other_field(step: Step, text: str) -> None:
    assert not set(said(step, text)) - {step}
