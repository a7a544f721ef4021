"""Every row of every language is found in its own example, and those of acts make their act."""

from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from voicebot.business import Offer
from voicebot.call import Step
from voicebot.collect import understanding
from voicebot.collect.understanding import Asked, Situation, read
from voicebot.collect.understanding.lexicon import Row, lexicon
from voicebot.collect.understanding.text import tokens

LANGUAGES = sorted(
    Path(each.name).stem
    for each in files(understanding).iterdir()
    if each.name.endswith(".toml") and each.name != "any.toml"
)
ROWS = [
    (language, replace(row, example=each))
    for language in LANGUAGES
    for row in lexicon(language).rows
    for each in row.example.split(" / ")
]
ACTS: dict[str, tuple[type, ...]] = {
    "no": (understanding.Deny, understanding.Correct),
    "want": (understanding.Want,),
    "ask": (understanding.Ask,),
    "decline": (understanding.Decline,),
    "flexible": (understanding.Flexible,),
    "choose": (understanding.Choose,),
    "withdraw": (understanding.Withdraw,),
    "note": (understanding.Note,),
    "yes.agree": (understanding.Affirm,),
    "act.wait": (understanding.Wait,),
    "act.repeat": (understanding.Repeat,),
    "act.slower": (understanding.SlowDown,),
    "act.person": (understanding.WantPerson,),
    "act.greet": (understanding.Greet,),
    "act.leave": (understanding.Leave,),
}


def test_each_row_is_found_in_its_example() -> None:
    wrong = []
    for language, row in ROWS:
        matches = [each for here in lexicon(language).matches(tokens(row.example)) for each in here]
        found = [(match.tag, match.value) for match in matches]
        if (row.tag, row.value) not in found:
            wrong.append(f"{language} {row.example!r}: wanted {row.tag} {row.value!r}, got {found}")
    assert not wrong, "\n".join(wrong)


def test_each_row_of_an_act_makes_it() -> None:
    wrong = []
    for language, row in ROWS:
        wanted = ACTS.get(row.tag) or ACTS.get(row.tag.partition(".")[0])
        if wanted is None:
            continue
        acts = _acts(language, row)
        if not any(isinstance(act, wanted) for act in acts):
            wrong.append(f"{language} {row.tag}, {row.example!r}: wanted {wanted}, got {acts}")
    assert not wrong, "\n".join(wrong)


def _acts(language: str, row: Row) -> tuple[object, ...]:
    asked = Asked.CHOICE if row.tag.startswith("choose") else Asked.ANSWER
    work = (Offer(id="falcons", name="Falconry"),)  # whether we do another counts as a question
    situation = Situation(Step.PHONE, datetime(2026, 11, 23, 9), asked, language, services=work)
    if row.tag.startswith("withdraw"):
        held = {Step.PHONE: "+61491570156", Step.EMAIL: "ruth@example.com"}
        situation = replace(situation, record=held)
    return read(row.example, situation).acts


def test_a_phrase_is_found_through_commas_hyphens_and_thinking() -> None:
    for text in ("no, um, worries", "no-worries", "no worries"):
        found = lexicon("en").matches(tokens(text))[0]
        assert ("yes.agree", len(tokens(text))) in [(match.tag, match.end) for match in found]


@pytest.mark.parametrize("before", ["uh! huh", "uh; huh", "uh~huh", "uh-huh"])
def test_what_was_said_before_changes_nothing(before: str) -> None:
    words = lexicon("en")
    words.matches(tokens(before))
    assert [m.end for m in words.matches(tokens("uh-huh"))[0] if m.tag == "yes.agree"] == [3]


def test_an_end_may_stand_among_other_words() -> None:
    def asks(text: str) -> bool:
        found = lexicon("en").matches(tokens(text))
        return any(match.tag == "ask.called" for here in found for match in here)

    assert asks("when will that be")
    assert asks("when will that be?")
    assert not asks("when will that be done")
