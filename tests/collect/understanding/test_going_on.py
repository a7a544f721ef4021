"""Callers who answer the next question instead of saying yes to what was read back."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.collect.understanding.given import given_in
from voicebot.business import Offer, load_business
from voicebot.call import Step
from voicebot.collect.understanding import Asked, Situation, Want, read

MONDAY = datetime(2026, 11, 23, 9)
SERVICES = (*load_business(None).services, Offer(id="car", name="Car repair"))
EMAIL_READ_BACK = {
    Step.NAME: "John Smith",
    Step.PHONE: "+61491570156",
    Step.ADDRESS: "12 Elm Street, Newtown",
    Step.EMAIL: "john@example.com",
}
PHONE_READ_BACK = {Step.NAME: "John Smith", Step.PHONE: "+61491570156"}


def read_back(step: Step) -> Situation:
    record = EMAIL_READ_BACK if step is Step.EMAIL else PHONE_READ_BACK
    return Situation(step, MONDAY, Asked.CONFIRM, services=SERVICES, record=record)


def heard(step: Step, text: str) -> dict[Step, str]:
    return given_in(text, read_back(step))


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("a plumber", "Plumbing"),
        ("could you find me a plumber?", "Plumbing"),
        ("is there an electrician free this week", "Electrical"),
        ("thanks, can somebody mow the lawn", "Gardening"),
        ("my car won't start", "Car repair"),
        ("the tap has been dripping", "Plumbing"),
        ("I need my car looked at", "Car repair"),
        ("this clutch makes a horrible noise", "Car repair"),
    ],
)
def test_a_service_said_to_the_address_read_back_is_kept(text: str, service: str) -> None:
    assert heard(Step.EMAIL, text) == {Step.SERVICE: service}


@pytest.mark.parametrize(
    "text",
    [
        "yes that's right",
        "no, that's wrong",
        "say it again please",
        "what does a plumber cost",
        "does the plumber have a good rating",
        "I'd like to talk to a person about the plumber",
        "I don't need a plumber",
        "where will I arrive at?",
        "what are you looking at",
    ],
)
def test_what_names_no_wish_leaves_the_read_back_alone(text: str) -> None:
    assert heard(Step.EMAIL, text) == {}


@pytest.mark.parametrize(
    ("text", "stops"), [("stop", True), ("please stop", True), ("it won't stop", False)]
)
def test_a_call_that_is_stopped_is_stopped_and_a_cough_is_not(text: str, stops: bool) -> None:
    acts = read(text, read_back(Step.EMAIL)).acts
    assert any(isinstance(act, Want) for act in acts) is stops


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("12 Carter Street", "12 Carter Street"),
    ],
)
def test_an_address_said_to_the_number_read_back_is_kept(text: str, address: str) -> None:
    assert heard(Step.PHONE, text) == {Step.ADDRESS: address}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("no, it's 0491 570 157", "+61491570157"),
        ("the last digit is nine", "+61491570159"),
    ],
)
def test_a_mended_number_is_no_address(text: str, number: str) -> None:
    assert heard(Step.PHONE, text) == {Step.PHONE: number}


@pytest.mark.parametrize("text", ["56 Car Street, Newtown", "8 Sink Road, Newtown"])
def test_a_streets_name_is_neither_a_service_nor_another_name(text: str) -> None:
    fields = heard(Step.PHONE, text)
    assert set(fields) == {Step.ADDRESS}
