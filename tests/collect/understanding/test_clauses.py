import pytest

from voicebot.collect.understanding import utterance
from voicebot.collect.understanding.clauses import Clause


def clauses(text: str) -> dict[str, Clause]:
    said = utterance(text, "en")
    return {text[slice(*said.span(c.first, c.end))].strip(" ,."): c for c in said.clauses}


@pytest.mark.parametrize(
    ("said", "clause", "flag"),
    [
        ("it's 0491, no, I mean 0492", "it's 0491", "withdrawn"),
        ("it's 0491, no, I mean 0492", "no, I mean 0492", "mends"),
        ("it's not 0491, it's 0492", "not 0491", "denied"),
        ("don't call 0491, use 0492", "don't call 0491", "denied"),
        ("yes, what does it cost", "what does it cost", "asked"),
        ("yes and how much is it", "how much is it", "asked"),
        ("Friday. Are you licensed?", "Are you licensed?", "asked"),
        ("my old number was 0491", "my old number was 0491", "past"),
        ("my wife's number is 0491 but use 0492", "my wife's number is 0491", "others"),
    ],
)
def test_a_clause_is_flagged(said: str, clause: str, flag: str) -> None:
    assert getattr(clauses(said)[clause], flag)


def test_a_statement_that_denies_asks_nothing() -> None:
    told = clauses("actually it isn't the drain, my husband says")
    assert not any(clause.asked for clause in told.values())


def test_a_wish_in_the_form_of_a_question_asks_nothing() -> None:
    assert not any(clause.asked for clause in clauses("can I come at three?").values())


def test_marks_inside_an_address_or_a_time_part_nothing() -> None:
    assert len(clauses("j.smith@example.com at 3:30")) == 1
