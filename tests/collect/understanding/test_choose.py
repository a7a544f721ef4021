"""The choice of candidates that become acts, and the rest."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from voicebot.business import Offer
from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import Ask, Note, Provide, Situation, read, utterance
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.choose import choose

NOW = datetime(2026, 11, 23, 9)
SITUATION = Situation(Step.NAME, NOW)
SAID = utterance("one zebra two lions um mate", "en")


def chosen(*candidates: tuple[str, int, int, int]) -> list[str]:
    """Return the names of those that are chosen: name, first token, end, guesses."""
    given = [
        Candidate(Note(name, (0, 1)), at, end, guesses) for name, at, end, guesses in candidates
    ]
    return [act.text for act in choose(SAID, given, SITUATION).acts if isinstance(act, Note)]


def test_what_explains_most_words_wins_over_what_overlaps() -> None:
    assert chosen(("short", 0, 2, 0), ("long", 1, 4, 0)) == ["long"]
    assert chosen(("whole", 0, 4, 0), ("half", 0, 2, 0), ("rest", 2, 4, 0)) == ["whole"]


def test_of_two_that_explain_as_much_the_one_with_fewer_guesses_wins() -> None:
    assert chosen(("guessed", 0, 4, 2), ("known", 0, 4, 0)) == ["known"]


def test_acts_stand_in_the_order_spoken() -> None:
    assert chosen(("second", 2, 4, 0), ("first", 0, 2, 0)) == ["first", "second"]


def test_the_rest_is_content_without_fillers_and_names_of_address() -> None:
    reading = choose(SAID, [Candidate(Note("zebra", (0, 9)), 0, 2)], SITUATION)
    assert [SAID.text[slice(*span)] for span in reading.rest] == ["two lions"]


TRADES = (Offer(id="plumbing", name="Plumbing"), Offer(id="wiring", name="Electrical"))


def given_in(text: str, step: Step) -> dict[Step, str | None]:
    """Return the values that are given in answer to `step`."""
    done = read(text, Situation(step, NOW, services=TRADES))
    return {act.step: act.value for act in done.acts if isinstance(act, Provide)}


@pytest.mark.parametrize(
    ("text", "step", "value"),
    [
        ("I need a plumber tomorrow at ten in the morning", Step.TIME, "2026-11-24T10:00"),
        ("the plumbing leaks, ring me on 0491 570 156", Step.PHONE, "+61491570156"),
        (
            "could an electrician come to 12 Elm Street, Ryde",
            Step.ADDRESS,
            "12 Elm Street, Ryde",
        ),
    ],
)
def test_a_value_in_the_description_of_the_work_is_given_too(
    text: str, step: Step, value: str
) -> None:
    given = given_in(text, Step.SERVICE)
    assert given.keys() == {Step.SERVICE, step}
    assert given[step] == value


def test_a_piece_in_the_description_of_the_work_belongs_to_it() -> None:
    assert given_in("the plumbing has leaked since Monday", Step.SERVICE).keys() == {Step.SERVICE}


@pytest.mark.parametrize(
    ("text", "step", "value"),
    [
        ("is there a booking under Ottilie Brandt?", Step.NAME, "Ottilie Brandt"),
        ("is there anything available tomorrow at 12:30 pm", Step.TIME, "2026-11-24T12:30"),
        ("I guess I should shoot for Tuesday around 3 pm?", Step.TIME, "2026-11-24T15:00"),
    ],
)
def test_a_value_in_a_question_that_no_row_knows_is_given(
    text: str, step: Step, value: str
) -> None:
    assert given_in(text, step) == {step: value}


def test_a_question_without_a_value_is_asked_whole() -> None:
    (act,) = read("do I need to bring anything", Situation(Step.TIME, NOW)).acts
    assert isinstance(act, Ask)


def test_what_is_too_long_to_be_read_is_unread() -> None:
    text = "zebra " * 2_000
    (span,) = read(text, Situation(Step.NAME, NOW)).rest[-1:]
    assert text[slice(*span)].count("zebra") > 1_000


@pytest.mark.parametrize(
    "text", ["yes ", "no sorry I mean ", "that ", "a@b.", "5 ", "(", "\u0301好"]
)
def test_hostile_text_is_read_in_the_time_of_a_long_one(text: str) -> None:
    hostile = (text * 8_000)[:8_000]
    for step in FIELDS:
        utterance.cache_clear()
        begun = time.thread_time()
        read(hostile, Situation(step, NOW))
        assert time.thread_time() - begun < 1
