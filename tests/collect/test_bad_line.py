"""On a bad line the keypad is offered early, and what was spoken is spelled back."""

from __future__ import annotations

from dataclasses import replace

from tests.collect.conversation import NO, NOW, YES, answer, at, fresh, run, said
from voicebot.call import Message, Speaker, Step
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import Heard

NOISY_LINE = "The line is noisy"


def over(noisy: bool | None, heard: Heard) -> Heard:
    return replace(heard, noisy=noisy)


def named(*, noisy: bool) -> tuple[Dialogue, str]:
    dialogue, effects = run(fresh(), over(noisy, answer(Step.NAME, "Anne O'Neil")))
    return dialogue, said(effects)


def test_a_name_is_spelled_back_and_waits_for_a_yes() -> None:
    dialogue, words = named(noisy=True)
    assert "Anne O'Neil, A N N E, O N E I L" in words
    assert (dialogue.step, dialogue.mode) == (Step.NAME, Mode.CONFIRMING)
    assert NOISY_LINE in said(run(dialogue, YES)[1])
    assert run(dialogue, NO)[0].step is Step.NAME


def test_on_a_good_line_it_is_only_said() -> None:
    dialogue, words = named(noisy=False)
    assert "A N N E" not in words
    assert NOISY_LINE not in words
    assert dialogue.step is Step.PHONE


def test_what_stands_before_the_at_sign_is_spelled_back() -> None:
    asked = at(Step.EMAIL)
    _, effects = run(asked, over(True, answer(Step.EMAIL, "ann.lee4@example.com")))
    assert "ann.lee4@example.com, a n n l e e 4" in said(effects)


def test_a_keypad_is_offered_once() -> None:
    dialogue, _ = run(named(noisy=True)[0], YES)
    again = Heard(Message(Speaker.CALLER, "hm", NOW), over(True, answer(Step.NAME)).reading)
    assert NOISY_LINE not in said(run(dialogue, replace(again, reading=type(again.reading)()))[1])


def test_keys_tell_nothing_of_the_line() -> None:
    asked = at(Step.PHONE, noisy=True)
    assert run(asked, over(None, answer(Step.PHONE)))[0].noisy


def test_a_value_spelled_back_was_heard_only_with_its_letters() -> None:
    dialogue, words = named(noisy=True)
    written = Message(Speaker.BOT, words, NOW)
    cut = replace(written, text=words[: words.index("A N N E")], partial=True)
    interrupting = replace(over(False, YES), revised=(written, cut))
    assert run(dialogue, interrupting)[0].step is Step.NAME
