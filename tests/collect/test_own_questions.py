"""Questions of the business file are answered also where nothing in them asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.conversation import at, hears, run, said
from voicebot.business import answer_for, load_business
from voicebot.call import Needs, Step
from voicebot.collect.dialogue import Mode

DEMO = load_business(Path("demo"))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("I only have cash on me", "do you take cards"),
        ("is tap and go fine", "do you take cards"),
        ("there's no room in front of the house for a truck", "is there parking needed"),
        ("I'll be at work, is that a problem", "do I need to be there"),
        ("any deals going for seniors", "do you do discounts"),
        ("is Sunday any good for you people", "do you work weekends"),
    ],
)
def test_a_question_without_a_form_of_asking_is_answered(text: str, asked: str) -> None:
    before = at(Step.NAME)
    after, effects = run(before, hears(before, text))
    assert str(answer_for(asked, DEMO)) in said(effects)
    assert after.step is Step.NAME
    assert after.needs is Needs.NOTHING
    assert after.window is None


@pytest.mark.parametrize(
    "text",
    [
        "Robin Park",
        "I'd have to ask my husband",
        "hang on, the dog wants out",
        "12 Card Street",
        "we moved here in May",
    ],
)
def test_what_is_no_question_gets_no_answer_of_the_business(text: str) -> None:
    before = at(Step.NAME)
    _, effects = run(before, hears(before, text))
    assert not any(answer.say in said(effects) for answer in DEMO.answers)


def test_beside_a_yes_it_is_answered_and_books_nothing() -> None:
    before = at(Step.TIME, pending="2026-03-04T09:30", mode=Mode.CONFIRMING)
    after, effects = run(before, hears(before, "yes, I only have cash on me though"))
    assert str(answer_for("do you take cards", DEMO)) in said(effects)
    assert (after.step, after.mode) == (Step.TIME, Mode.CONFIRMING)
