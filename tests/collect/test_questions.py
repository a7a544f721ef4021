"""Every question of a caller is answered, or noted honestly; none is answered beside the point.

`questions.toml` has them by business and open question, under what is to be said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.scene import Scene, at, last_read_back
from voicebot.business import Business, load_business
from voicebot.call import Needs, Step

BUSINESSES = {
    "demo": load_business(Path("demo")),
    "zh": load_business(Path("zh-home")),
    "es": load_business(Path("benchmarks/callers/business/sevilla.toml")),
}
NOTED, VISIT, PLAIN = "noted", "visit", "plain"
"""Noted for staff, who call back; told to whoever comes; a remark, of which nothing follows."""
_PROMISE = re.compile(r"call you back|ring you|回电|le llamar", re.IGNORECASE)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Every question: its business, the open question, what is to be said, its words."""
    table = tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))
    for business, opens in table.items():
        for step, answers in opens.items():
            for told, questions in answers.items():
                yield from ((business, step, told, question) for question in questions)


def scene(business: Business, step: str) -> Scene:
    """A call at a step, or at its last read-back; at `name` nothing has been told."""
    return last_read_back(business) if step == "last" else at(Step(step), business)


@pytest.mark.parametrize(("business", "step", "told", "question"), list(rows()))
def test_a_question_is_answered_or_noted(
    business: str, step: str, told: str, question: str
) -> None:
    call = scene(BUSINESSES[business], step)
    reply = call.hears(question)
    noted = [note for note in call.notes if note.startswith("?")]
    assert call.ending is None
    if told == NOTED:
        assert noted, reply
        assert call.change.needs is Needs.FOLLOW_UP
        return
    assert not noted, reply
    assert not _PROMISE.search(reply), reply
    assert call.change.needs in (None, Needs.NOTHING)
    if told == VISIT:
        assert call.notes, reply
    elif told == PLAIN:
        assert not call.notes, reply
    else:
        assert re.search(told, reply), reply


def test_nobody_is_promised_a_call_who_gives_no_number() -> None:
    call = at(Step.EMAIL)
    told = call.dialogue.answers.items()
    held: dict[Step, str] = {step: value for step, value in told if step is not Step.PHONE}
    call.dialogue = replace(call.dialogue, answers=held, settled=frozenset({Step.PHONE}))
    reply = call.hears("Do you price match?")
    assert not _PROMISE.search(reply)
    assert call.notes == ["? Do you price match?"]
    assert call.change.needs is Needs.FOLLOW_UP
