"""Transcripts of several attempts at one answer are weighed together."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.collect.conversation import NOW, YES, at, fresh, run
from voicebot.business import load_business
from voicebot.call import CallState, Message, Speaker, Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import Dialogue, Mode, situation
from voicebot.collect.events import Heard
from voicebot.collect.moves import MOST_TRIES
from voicebot.collect.resuming import begin


def hears(dialogue: Dialogue, *transcripts: str) -> Heard:
    """The caller speaks, and a recogniser hears this, the likeliest first."""
    hint = expectation(dialogue, lambda: NOW).read(transcripts)
    return Heard(Message(Speaker.CALLER, hint.text, NOW), hint.reading, None, transcripts)


def after(dialogue: Dialogue, *attempts: tuple[str, ...]) -> Dialogue:
    for transcripts in attempts:
        dialogue, _ = run(dialogue, hears(dialogue, *transcripts))
    return dialogue


def test_a_name_is_the_one_on_which_all_that_was_heard_agrees() -> None:
    alone = after(fresh(), ("Peter Wilsohn", "Peter Wilson", "Peter Wilzon"))
    assert alone.answers[Step.NAME] == "Peter Wilson"


def test_an_attempt_that_gave_nothing_helps_the_next() -> None:
    first = ("the plum in question", "Peter Wilson")
    asked = after(fresh(), first)
    assert Step.NAME not in asked.answers
    assert asked.tries == (first,)
    assert situation(asked, NOW).earlier == (first,)


def test_what_was_heard_of_one_question_is_no_evidence_for_the_next() -> None:
    asked = after(fresh(), ("the plum in question",), ("my name is Peter Wilson",))
    assert asked.step is not Step.NAME
    assert asked.tries == ()


def test_only_the_last_attempts_are_kept() -> None:
    kept = tuple((f"the plum number {n}",) for n in range(MOST_TRIES))
    again = hears(fresh(tries=kept), "the plum")
    assert run(fresh(tries=kept), again)[0].tries == (*kept[1:], ("the plum",))


def test_a_yes_to_a_read_back_is_no_attempt_at_the_value() -> None:
    held = {Step.EMAIL: "ann@example.com"}
    asked = at(Step.EMAIL, mode=Mode.CONFIRMING, answers=held, tries=(("ann",),))
    unclear, _ = run(asked, hears(asked, "what do you think"))
    assert unclear.tries == (("ann",),)
    assert run(asked, YES)[0].tries == ()


def test_who_goes_on_with_the_call_knows_what_was_heard() -> None:
    asked = after(fresh(), ("the plum in question", "Peter Wilson"))
    state = CallState(step=asked.step, dialogue=asked.to_json(), resumed=True)
    assert begin(load_business(None), state).tries == asked.tries


def test_typed_words_are_exact_and_weighed_with_nothing() -> None:
    words = Heard(Message(Speaker.CALLER, "hm", NOW), hears(fresh(), "hm").reading)
    assert run(fresh(), words)[0].tries == ()


def test_a_spelled_suburb_of_the_business_is_chosen_before_it_is_read() -> None:
    asked = expectation(at(Step.ADDRESS), lambda: datetime(2026, 3, 2, tzinfo=UTC))
    hint = asked.read(("T-E-N-R-I-T-H", "P-E-N-R-I-T-H"))
    assert hint.text == "P-E-N-R-I-T-H"
    assert hint.situation.nbest == ("P-E-N-R-I-T-H", "T-E-N-R-I-T-H")
