"""Which candidates become acts, and what is left as rest."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from voicebot.call import FIELDS, Step
from voicebot.collect.reading import Note, Situation, read, utterance
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.choose import choose

NOW = datetime(2026, 11, 23, 9)
SAID = utterance("one zebra two lions um mate", "en")


def chosen(*candidates: tuple[str, int, int, int]) -> list[str]:
    """Return the names of those that are chosen: name, first token, end, guesses."""
    given = [
        Candidate(Note(name, (0, 1)), at, end, guesses) for name, at, end, guesses in candidates
    ]
    return [act.text for act in choose(SAID, given).acts if isinstance(act, Note)]


def test_what_explains_most_words_wins_over_what_overlaps() -> None:
    assert chosen(("short", 0, 2, 0), ("long", 1, 4, 0)) == ["long"]
    assert chosen(("whole", 0, 4, 0), ("half", 0, 2, 0), ("rest", 2, 4, 0)) == ["whole"]


def test_of_two_that_explain_as_much_the_one_with_fewer_guesses_wins() -> None:
    assert chosen(("guessed", 0, 4, 2), ("known", 0, 4, 0)) == ["known"]


def test_acts_stand_in_the_order_spoken() -> None:
    assert chosen(("second", 2, 4, 0), ("first", 0, 2, 0)) == ["first", "second"]


def test_the_rest_is_content_without_fillers_and_names_of_address() -> None:
    reading = choose(SAID, [Candidate(Note("zebra", (0, 9)), 0, 2)])
    assert [SAID.text[slice(*span)] for span in reading.rest] == ["two lions"]


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
