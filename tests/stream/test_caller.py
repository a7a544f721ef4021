"""Keys and words of the caller as one answer, in the pure machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.collect.conversation import NOW, at
from tests.stream.calls import CONFIRM, NAME, PHONE
from tests.stream.machine import SECOND, Machine, heard, pressed, some, words
from voicebot.call import FIELDS, Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Expectation, TimeUp
from voicebot.collect.understanding import Correct, Provide
from voicebot.stream import events as ev
from voicebot.stream.caller import KEY_WAIT_S, MOST_KEYS, YES_NO_WAIT_S
from voicebot.stream.events import AudioReady, SentenceBegan, Signal, Timer


@pytest.mark.parametrize(
    ("keys", "question", "wait_s"),
    [
        ("1", CONFIRM, YES_NO_WAIT_S),
        ("2", CONFIRM, YES_NO_WAIT_S),
        ("0", CONFIRM, KEY_WAIT_S),
        ("13", CONFIRM, KEY_WAIT_S),
        ("1", PHONE, KEY_WAIT_S),
        ("0411", PHONE, KEY_WAIT_S),
    ],
)
def test_only_a_lone_yes_or_no_is_whole_sooner(
    keys: str, question: Expectation, wait_s: float
) -> None:
    machine = Machine()
    machine.ask(question)
    assert some(pressed(machine, keys), ev.SetTimer)[-1] == ev.SetTimer(Timer.KEYS, wait_s)
    heard = words(machine.tell(Timer.KEYS))
    assert (heard.text, heard.keyed) == (keys, True)


def test_a_lone_key_is_no_yes_to_what_was_not_asked_yet_but_a_number_counts() -> None:
    for keys, counts in (("1", False), ("0411222333", True)):
        machine = Machine()
        machine.ask(PHONE)
        machine.tell(TimeUp())
        pressed(machine, f"{keys}#")
        assert bool(heard(machine.ask(CONFIRM))) is counts


@pytest.mark.parametrize("step", FIELDS)
@pytest.mark.parametrize("keys", ["0411222333#", "11#", "5" * 300 + "#"])
def test_keys_at_a_read_back_are_one_answer_in_every_step(step: Step, keys: str) -> None:
    machine = Machine()
    machine.ask(replace(CONFIRM, step=step))
    assert words(pressed(machine, keys)).text == keys[:-1][:MOST_KEYS]


def test_a_key_silences_the_bot() -> None:
    machine = Machine()
    machine.say("Please key in your number.")
    machine.ask(PHONE)
    machine.at_s += 0.3
    assert ev.Command.CLEAR in pressed(machine, "0")
    assert words(pressed(machine, "4#")).heard_prefix is not None


def test_a_key_in_the_middle_of_a_question_answers_that_question() -> None:
    machine = Machine()
    machine.ask(NAME)
    machine.tell(TimeUp(), Signal.SAY_BEGAN, Signal.SPEECH_BEGAN)
    machine.tell(SentenceBegan("Is that right?"), AudioReady(SECOND))
    pressed(machine, "1#")
    assert words(machine.ask(CONFIRM)).text == "1"


def test_a_hash_alone_is_no_answer_and_interrupts_nothing() -> None:
    machine = Machine()
    machine.say("Is that right?")
    machine.ask(CONFIRM)
    assert not pressed(machine, "#")


# -- words and keys in one answer ------------------------------------------------------------


def asked(step: Step, **state: Any) -> Expectation:
    """The question of a real conversation, with its understanding."""
    return expectation(at(step, **state), lambda: NOW)


def told(machine: Machine, text: str) -> Sequence[ev.Effect]:
    """What was said last is transcribed so, also with digits as words."""
    effects = machine.transcribe(text)
    return effects if heard(effects) else [*effects, *machine.transcribe(text)]


def test_a_number_begun_in_words_is_ended_in_keys() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    machine.hear(900)
    machine.hear(300, 0.0)
    machine.transcribe("oh four one two")
    assert not heard(pressed(machine, "345678"))
    answer = words(pressed(machine, "#"))
    assert answer.text == "oh four one two 345678"
    assert answer.hint is not None
    assert answer.hint.complete


def test_a_number_begun_in_keys_is_ended_in_words() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear(1000, 0.0)
    machine.hear(1200)
    machine.hear(300, 0.0)
    effects = machine.transcribe("three four five six seven eight")
    machine.hear(200, 0.0)
    answer = words([*effects, *machine.effects])
    assert answer.text == "0412 three four five six seven eight"


def test_keys_are_not_taken_as_whole_while_words_follow_them() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear(600)
    assert some(machine.tell(Timer.KEYS), ev.SetTimer) == [ev.SetTimer(Timer.KEYS, KEY_WAIT_S)]


def test_keys_words_and_keys_are_one_answer() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear(900)
    machine.hear(200, 0.0)
    pressed(machine, "678#")
    assert words(told(machine, "three four five")).text == "0412 three four five 678"


def test_a_hash_ends_what_is_said() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    machine.hear(900)
    pressed(machine, "#")
    assert words(told(machine, "oh four one two")).text == "oh four one two"


def test_the_line_that_is_read_back_wrong_is_mended_in_words_and_keys() -> None:
    machine = Machine()
    held = {Step.PHONE: "+61400000000"}
    machine.ask(asked(Step.PHONE, mode=Mode.CONFIRMING, answers=held))
    machine.hear(600)
    pressed(machine, "0411222333#")
    answer = words(machine.transcribe("no it's"))
    assert answer.text == "no it's 0411222333"
    assert answer.hint is not None
    values = [act.value for act in answer.hint.reading.acts if isinstance(act, Provide | Correct)]
    assert values == ["+61411222333"]


@pytest.mark.parametrize("noise", ["", "Hm."])
def test_a_noise_beside_keys_is_no_part_of_them(noise: str) -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    machine.hear(400)
    machine.hear(100, 0.0)
    pressed(machine, "0411222333#")
    answer = words(machine.transcribe(noise))
    assert (answer.text, answer.keyed) == ("0411222333", True)


def test_a_noise_after_some_keys_does_not_end_them() -> None:
    machine = Machine()
    machine.ask(asked(Step.PHONE))
    pressed(machine, "0411")
    machine.hear(400)
    machine.hear(2000, 0.0)
    assert not heard(machine.transcribe(""))
    pressed(machine, "222333")
    assert words(machine.tell(Timer.KEYS)).text == "0411222333"


def test_a_cheek_on_the_keypad_takes_nothing_from_the_words() -> None:
    machine = Machine()
    machine.ask(asked(Step.NAME))
    machine.hear(900)
    pressed(machine, "5")
    machine.tell(Timer.KEYS)
    answer = words(machine.transcribe("my name is Robin Carter"))
    assert (answer.text, answer.keyed) == ("my name is Robin Carter", False)


def test_a_yes_that_is_keyed_while_it_is_said_is_one_yes() -> None:
    machine = Machine()
    held = {Step.PHONE: "+61400000000"}
    machine.ask(asked(Step.PHONE, mode=Mode.CONFIRMING, answers=held))
    machine.hear(400)
    pressed(machine, "1#")
    answer = words(machine.transcribe("yes"))
    assert (answer.text, answer.keyed) == ("1", True)


def test_a_key_beside_words_is_no_yes_to_what_was_not_asked_yet() -> None:
    machine = Machine()
    machine.ask(asked(Step.NAME))
    machine.hear(600)
    machine.tell(TimeUp())  # the bot is about to put another question
    pressed(machine, "1#")
    machine.tell(Signal.SAY_BEGAN, Signal.SPEECH_BEGAN)
    assert not heard(machine.ask(CONFIRM))
