"""Values that are somebody else's, of another time, or only told of."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.collect.understanding.given import given_in
from voicebot.call import Step
from voicebot.collect.understanding import Situation

MONDAY = datetime(2026, 11, 23, 9)


def asked(step: Step, text: str) -> dict[Step, str]:
    return given_in(text, Situation(step, MONDAY, region="AU"))


@pytest.mark.parametrize(
    "said",
    [
        "is your number 0491 570 156",
        "are you at 12 Elm Street, Newtown",
        "my old address was 12 Elm Street",
        "I saw your van on Friday at nine am",
        "the last visit was on March 3rd at two pm",
        "my flight leaves tomorrow at 6 pm",
        "my brother's number is 0491 570 156",
        "is it 0491 570 156 that you have?",
        "our aunt lives at 12 Elm Street, Newtown",
        "nobody lived at 12 Elm Street, Newtown",
        "her email is mia@example.com",
        "do you still have mia@example.com?",
    ],
)
def test_what_is_not_the_callers_is_no_answer(said: str) -> None:
    assert asked(Step.SERVICE, said) == {}


@pytest.mark.parametrize("lead", ["I", "my wife and I", "we", "my family", "I have always"])
def test_who_counts_themselves_in_says_where_they_live(lead: str) -> None:
    for verb in ("live", "lives", "lived"):
        text = f"{lead} {verb} at 12 Elm Street"
        assert asked(Step.ADDRESS, text).get(Step.ADDRESS) == "12 Elm Street"


@pytest.mark.parametrize("step", [Step.SERVICE, Step.PHONE, Step.ADDRESS])
def test_a_former_address_gives_way_to_the_new_one(step: Step) -> None:
    understood = asked(step, "my old address was 12 Elm Street, now it's 14 Oak Road")
    assert understood == {Step.ADDRESS: "14 Oak Road"}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I was hoping for Tuesday at two", "2026-11-24T14:00"),
        ("my boiler broke, can you come Tuesday at two?", "2026-11-24T14:00"),
        ("it broke yesterday so Tuesday at two", "2026-11-24T14:00"),
        ("after work on Tuesday at six", "2026-11-24T18:00"),
        ("I want to leave on Tuesday at two", "2026-11-24T14:00"),
        ("I called on Friday at two", None),
    ],
)
def test_what_has_been_is_no_wish_and_what_follows_it_is(said: str, value: str | None) -> None:
    assert asked(Step.TIME, said).get(Step.TIME) == value


@pytest.mark.parametrize(
    ("step", "said", "value"),
    [
        (Step.PHONE, "0491 570 156 is my old number, use 0491 570 157", "+61491570157"),
        (Step.PHONE, "0491 570 156 doesn't work anymore, try 0491 570 157", "+61491570157"),
        (Step.PHONE, "0491 570 156 is disconnected", None),
        (Step.EMAIL, "a@example.com is valid", "a@example.com"),
        (Step.PHONE, "my dad's number is 0491 570 156, call that", "+61491570156"),
        (Step.PHONE, "my dad's number is 0491 570 156 but mine is 0491 570 157", "+61491570157"),
        (Step.PHONE, "is it ok to give 0491 570 156?", "+61491570156"),
        (Step.PHONE, "is 0491 570 156", "+61491570156"),
        (Step.PHONE, "is 0491 570 156 right?", None),
        (Step.EMAIL, "Is mia@example.com.", "mia@example.com"),
        (Step.ADDRESS, "my uncle lives at 12 Elm Street, I'm at 14 Oak Road", "14 Oak Road"),
    ],
)
def test_words_behind_a_value_may_rule_it_out(step: Step, said: str, value: str | None) -> None:
    assert asked(step, said).get(step) == value


@pytest.mark.parametrize(
    "said",
    [
        "my boy turns six on Thursday",
        "my ferry gets in at four",
        "payday is the 28th",
        "the voucher expires on Sunday",
        "our kids are at camp till noon",
        "she told me to ring on Tuesday",
        "I've got an exam on Friday",
        "I'm busy on Wednesday",
        "phone me at eleven",
        "right back in ten minutes",
        "see you on Monday",
        "I had an operation on June 4th",
        "I missed my visit on Monday",
        "just two",
        "only three",
        "my mum works till four every day",
        "the last time I came on a Thursday",
        "we open at nine",
        "the vet told me to ring on Tuesday",
        "my ferry gets in on Monday at nine so later than that",
        "is Friday at nine gone",
        "either Friday at nine or Thursday at two",
        "is the plumber there on Thursday",
        "since ten past four today",
    ],
)
def test_a_fact_with_a_day_or_an_hour_in_it_is_no_wish(said: str) -> None:
    understood = asked(Step.TIME, said)
    assert understood == {}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I'm busy on Wednesday so Thursday at ten", "2026-11-26T10:00"),
        ("I finish at four, so half past four on Friday is good", "2026-11-27T16:30"),
        ("she said Friday at nine would suit", "2026-11-27T09:00"),
        ("I had Friday at nine in mind", "2026-11-27T09:00"),
        ("Friday at nine, I have work at noon", "2026-11-27T09:00"),
        ("I can come back on Friday at nine", "2026-11-27T09:00"),
        ("see you Friday at nine then", "2026-11-27T09:00"),
        ("just Friday at nine", "2026-11-27T09:00"),
        ("my train is at noon on Friday, can I come on Friday at nine", "2026-11-27T09:00"),
        ("I've got a lecture until noon, so Friday at one", "2026-11-27T13:00"),
        ("I booked it for Friday at nine", "2026-11-27T09:00"),
        ("I had a booking for Friday at nine", "2026-11-27T09:00"),
        ("I needed Friday at nine", "2026-11-27T09:00"),
        ("do you have any spots left on Friday at nine?", "2026-11-27T09:00"),
        ("I looked it up, Friday at nine", "2026-11-27T09:00"),
        ("I messed up, it's Friday at nine", "2026-11-27T09:00"),
        ("I picked Friday at nine", "2026-11-27T09:00"),
        ("is Friday at nine free", "2026-11-27T09:00"),
    ],
)
def test_a_wish_beside_a_fact_is_kept(said: str, value: str) -> None:
    assert asked(Step.TIME, said).get(Step.TIME) == value


def test_a_day_of_a_streets_name_is_no_day() -> None:
    assert asked(Step.TIME, "I'm at 9 July Street").get(Step.TIME) is None


@pytest.mark.parametrize(
    "said", ["what was your name again, Otto?", "sorry, what's your name, Otto?"]
)
def test_whose_name_is_asked_is_not_the_caller(said: str) -> None:
    assert asked(Step.NAME, said).get(Step.NAME) is None


def test_a_caller_who_asks_back_has_a_name() -> None:
    assert asked(Step.NAME, "Otto Brandt, what's your name?").get(Step.NAME) == "Otto Brandt"


@pytest.mark.parametrize(
    "said", ["there's a funeral on Friday at nine", "school on Friday at nine"]
)
def test_an_event_beside_another_answer_is_no_wish(said: str) -> None:
    assert asked(Step.PHONE, said) == {}
