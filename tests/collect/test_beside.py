"""An answer and something beside it, in one turn: the answer is taken, and so is the other.

Each step is crossed with each kind of side; answer, order and joiner take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.collect.scene import DEMO, Scene, at, last_read_back
from voicebot.call import CallState, Needs, Step
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.resuming import begin

Holds = Callable[[Dialogue], bool]


def _read_back(step: Step, words: str) -> Callable[[], Scene]:
    def scene() -> Scene:
        told = at(step)
        told.hears(words)
        assert (told.dialogue.step, told.dialogue.mode) == (step, Mode.CONFIRMING)
        return told

    return scene


def _several() -> Scene:
    told = Scene(begin(DEMO, CallState()))
    told.hears("Hi, it's Robin Carter, my tap is dripping something awful")
    assert told.dialogue.read_back == (Step.NAME, Step.SERVICE)
    return told


def _holds(step: Step, value: str) -> Holds:
    return lambda held: held.answers.get(step) == value


def _agreed(step: Step) -> Holds:
    return lambda held: step in held.confirmed


ADDRESS, NUMBER = "8 Lindfield Avenue, Blacktown", "+61412900100"
WAITS = "27 George Street, Parramatta, uh, the corner of the thing with all them"
STEPS: dict[str, tuple[Callable[[], Scene], tuple[str, ...], Holds]] = {
    "name": (
        lambda: at(Step.NAME),
        ("Roger Blunt", "it's Roger Blunt"),
        _holds(Step.NAME, "Roger Blunt"),
    ),
    "phone": (
        lambda: at(Step.PHONE),
        ("0412 900 100", "oh four one two, nine double oh, one hundred"),
        _holds(Step.PHONE, NUMBER),
    ),
    "address": (
        lambda: at(Step.ADDRESS),
        (ADDRESS, f"it's {ADDRESS}"),
        _holds(Step.ADDRESS, ADDRESS),
    ),
    "email": (
        lambda: at(Step.EMAIL),
        ("no e-mail", "I don't have an email"),
        lambda held: Step.EMAIL in held.settled,
    ),
    "phone read back": (
        _read_back(Step.PHONE, "0412 900 100"),
        ("yes", "that's right"),
        _agreed(Step.PHONE),
    ),
    "address read back": (
        _read_back(Step.ADDRESS, WAITS),
        ("yes", "that's right"),
        _agreed(Step.ADDRESS),
    ),
    "several read back": (_several, ("yes", "that's right"), _agreed(Step.NAME)),
    "time read back": (
        last_read_back,
        ("yes", "yes please"),
        lambda held: bool(held.pending or held.offered) or held.mode is Mode.ENDED,
    ),
}


def _noted(word: str) -> Holds:
    """One note has it, in the caller's words, and no question is made of it."""
    return lambda held: (
        sum(word in note for note in held.notes) == 1
        and not any(note.startswith("?") for note in held.notes)
    )


def _asked(word: str) -> Holds:
    return lambda held: (
        [word in note for note in held.notes if note.startswith("?")] == [True]
        and held.needs is Needs.FOLLOW_UP
    )


def _idle(held: Dialogue) -> bool:
    """Return whether the turn promises no call back and notes no question."""
    return held.needs is Needs.NOTHING and not any(note.startswith("?") for note in held.notes)


SIDES: dict[str, Holds] = {
    "the bell's broken, so please knock": _noted("bell"),
    "the gate code is four four two one": _noted("gate code"),
    "tell them to park round the back": _noted("park"),
    "it's for my mum's place": _noted("mum"),
    "I'm calling for my neighbour": _noted("neighbour"),
    "no e-mail, I don't do that": lambda held: Step.EMAIL in {*held.settled, *held.answers},
    "do you take old fridges away?": _asked("fridges"),
    "do you come to Penrith?": _idle,
    "sorry, can you hang on one sec, he's got the hose": _idle,
    "could it be Monday or Tuesday next week, between ten and two?": lambda held: (
        bool(held.window) and held.needs is Needs.NOTHING
    ),
}
BEFORE = ("{side}. {Answer}.", "{side}, so {answer}.", "{side}. Anyway, {answer}.")
BEHIND = (
    "{answer}. {side}.",
    "{answer}, and {side}.",
    "{answer}. Oh, and {side}.",
    "{answer}, but {side}.",
)


def _cells() -> Iterator[tuple[str, str, str]]:
    for row, (step, (_, answers, _)) in enumerate(STEPS.items()):
        for column, side in enumerate(SIDES):
            forms = (BEHIND, BEFORE)[(row + column) % 2] if side[-1] != "?" else BEHIND
            form = forms[(row // 2 + column) % len(forms)]
            answer = answers[(row + column // 2) % len(answers)]
            said = form.format(side=side, answer=answer, Answer=answer[0].upper() + answer[1:])
            yield step, side, said.replace("?.", "?")


@pytest.mark.parametrize(("step", "side", "said"), list(_cells()))
def test_an_answer_is_taken_and_what_stands_beside_it_too(step: str, side: str, said: str) -> None:
    scene, _, taken = STEPS[step]
    call = scene()
    call.dialogue = replace(call.dialogue, notes=())
    call.hears(said[0].upper() + said[1:])
    assert taken(call.dialogue)
    assert SIDES[side](call.dialogue)


@pytest.mark.parametrize(
    "said",
    ["Yes. Hang on, that's my wife's number", "Okay, one moment", "Yes, but drop the last bit"],
)
def test_a_yes_that_may_be_undone_is_asked_for_again(said: str) -> None:
    call = STEPS["phone read back"][0]()
    call.hears(said)
    assert call.dialogue.mode is Mode.CONFIRMING
