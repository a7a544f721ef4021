"""Keys and words of the caller as one answer, in the pure machine."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.collect.conversation import NOW, at
from tests.stream.calls import CONFIRM, NAME, PHONE
from tests.stream.machine import SECOND, WINDOW_MS, Machine, asking, heard, pressed, some, words
from voicebot.business import Business, load_business
from voicebot.call import FIELDS, Step
from voicebot.collect.collector import expectation
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Expectation, TimeUp
from voicebot.collect.understanding import Correct, Provide
from voicebot.stream import events as ev
from voicebot.stream.caller import KEY_WAIT_S, MOST_KEYS, SIGN_AFTER_MS, YES_NO_WAIT_S
from voicebot.stream.events import AudioReady, SentenceBegan, Signal, Timer
from voicebot.stream.state import CallState
from voicebot.stream.turn_taking import GO_ON_MS


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
    machine = asking(question)
    assert some(pressed(machine, keys), ev.SetTimer)[-1] == ev.SetTimer(Timer.KEYS, wait_s)
    heard = words(machine.tell(Timer.KEYS))
    assert (heard.text, heard.keyed) == (keys, True)


def test_a_lone_key_is_no_yes_to_what_was_not_asked_yet_but_a_number_counts() -> None:
    for keys, counts in (("1", False), ("0411222333", True)):
        machine = asking(PHONE)
        machine.tell(TimeUp())
        pressed(machine, f"{keys}#")
        assert bool(heard(machine.ask(CONFIRM))) is counts


@pytest.mark.parametrize("step", FIELDS)
@pytest.mark.parametrize("keys", ["0411222333#", "11#", "5" * 300 + "#"])
def test_keys_at_a_read_back_are_one_answer_in_every_step(step: Step, keys: str) -> None:
    machine = asking(replace(CONFIRM, step=step))
    assert words(pressed(machine, keys)).text == keys[:-1][:MOST_KEYS]


def test_a_key_silences_the_bot() -> None:
    machine = Machine()
    machine.say("Please key in your number.")
    machine.ask(PHONE)
    machine.at_s += 0.3
    assert ev.Command.CLEAR in pressed(machine, "0")
    assert words(pressed(machine, "4#")).heard_prefix is not None


def test_a_key_in_the_middle_of_a_question_answers_that_question() -> None:
    machine = asking(NAME)
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


def asked(step: Step, business: Business | None = None, **state: Any) -> Expectation:
    """The question of a real conversation, with its understanding."""
    return expectation(at(step, business, **state), lambda: NOW)


def told(machine: Machine, text: str) -> Sequence[ev.Effect]:
    """What was said last is transcribed so, also with digits as words."""
    effects = machine.transcribe(text)
    return effects if heard(effects) else [*effects, *machine.transcribe(text)]


def test_a_number_begun_in_words_is_ended_in_keys() -> None:
    machine = asking(asked(Step.PHONE))
    machine.hear_pausing(900, 300)
    machine.transcribe("oh four one two")
    assert not heard(pressed(machine, "345678"))
    answer = words(pressed(machine, "#"))
    assert answer.text == "oh four one two 345678"
    assert answer.hint is not None
    assert answer.hint.complete


def test_a_number_begun_in_keys_is_ended_in_words() -> None:
    machine = asking(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear(1000, 0.0)
    machine.hear_pausing(1200, 300)
    machine.transcribe("three four five six seven eight")
    machine.hear(200, 0.0)
    answer = words(machine.effects)
    assert answer.text == "0412 three four five six seven eight"


def test_keys_are_not_taken_as_whole_while_words_follow_them() -> None:
    machine = asking(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear(600)
    assert some(machine.tell(Timer.KEYS), ev.SetTimer) == [ev.SetTimer(Timer.KEYS, KEY_WAIT_S)]


def test_keys_words_and_keys_are_one_answer() -> None:
    machine = asking(asked(Step.PHONE))
    pressed(machine, "0412")
    machine.hear_pausing(900, 200)
    pressed(machine, "678#")
    assert words(told(machine, "three four five")).text == "0412 three four five 678"


def test_a_hash_ends_what_is_said() -> None:
    machine = asking(asked(Step.PHONE))
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
    machine = asking(asked(Step.PHONE))
    machine.hear_pausing(400, 100)
    pressed(machine, "0411222333#")
    answer = words(machine.transcribe(noise))
    assert (answer.text, answer.keyed) == ("0411222333", True)


def test_a_noise_after_some_keys_does_not_end_them() -> None:
    machine = asking(asked(Step.PHONE))
    pressed(machine, "0411")
    machine.hear_pausing(400, 2000)
    assert not heard(machine.transcribe(""))
    pressed(machine, "222333")
    assert words(machine.tell(Timer.KEYS)).text == "0411222333"


def test_a_cheek_on_the_keypad_takes_nothing_from_the_words() -> None:
    machine = asking(asked(Step.NAME))
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
    machine = asking(asked(Step.NAME))
    machine.hear(600)
    machine.tell(TimeUp())  # the bot is about to put another question
    pressed(machine, "1#")
    machine.tell(Signal.SAY_BEGAN, Signal.SPEECH_BEGAN)
    assert not heard(machine.ask(CONFIRM))


# -- a sign of listening between two groups of a number --------------------------------------


SIGNS = ("Go on.", "Yes.")


def dictating(question: Expectation) -> Machine:
    machine = asking(question, CallState(WINDOW_MS, backchannels=SIGNS))
    return machine


def group(machine: Machine, text: str, pause_ms: float) -> list[ev.Effect]:
    """The caller says a second of this, which is transcribed, and is silent for so long."""
    effects = [*machine.hear(1000), *machine.hear(300, 0.0)]
    effects += machine.transcribe(text)
    return [*effects, *machine.hear(pause_ms - 300, 0.0)]


def test_who_waits_after_a_group_is_shown_once_that_the_bot_listens() -> None:
    machine = dictating(asked(Step.PHONE))
    assert not some(group(machine, "oh four one two", SIGN_AFTER_MS - 60), ev.SayBackchannel)
    said = some(machine.hear(1500, 0.0), ev.SayBackchannel)
    assert said == [ev.SayBackchannel("Go on.")]
    assert some(machine.tell(ev.BackchannelReady(SECOND)), ev.Play) == [
        ev.Play(SECOND, filler=True)
    ]
    assert not heard(machine.effects), "the turn is still the caller's"


@pytest.mark.parametrize("pause_ms", [1800, 2600, 3400])
def test_the_groups_of_a_number_join_over_long_pauses(pause_ms: float) -> None:
    machine = dictating(asked(Step.PHONE))
    group(machine, "oh four one two", pause_ms)
    group(machine, "oh four one two three four five", pause_ms)
    group(machine, "oh four one two three four five six seven eight", 500)
    assert words(machine.effects).text == "oh four one two three four five six seven eight"
    said = [sign.sentence for sign in some(machine.effects, ev.SayBackchannel)]
    assert said == ["Go on.", "Yes."]


def test_who_says_no_more_after_the_sign_is_asked_for_the_rest() -> None:
    machine = dictating(asked(Step.PHONE))
    effects = group(machine, "oh four one two", SIGN_AFTER_MS + GO_ON_MS + 100)
    assert not heard(effects)
    assert words(told(machine, "oh four one two")).text == "oh four one two"


@pytest.mark.parametrize(
    ("language", "group_said"), [("zh-CN", "零四一二"), ("es", "seis uno dos")]
)
def test_a_group_is_known_in_every_language(language: str, group_said: str) -> None:
    business = load_business(None).model_copy(update={"language": language})
    machine = dictating(asked(Step.PHONE, business))
    assert some(group(machine, group_said, 900), ev.SayBackchannel)


def test_a_sign_that_comes_too_late_is_not_said_over_the_caller() -> None:
    machine = dictating(asked(Step.PHONE))
    group(machine, "oh four one two", 800)
    machine.hear(200)
    assert machine.tell(ev.BackchannelReady(SECOND)) == []


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step.PHONE, "my number is"),
        (Step.PHONE, "hang on a second"),
        (Step.PHONE, "oh"),
        (Step.NAME, "my name is"),
        (Step.ADDRESS, "twenty seven"),
        (Step.TIME, "on the third"),
    ],
)
def test_nothing_else_is_answered_by_a_sign(step: Step, text: str) -> None:
    machine = dictating(asked(step))
    assert not some(group(machine, text, 900), ev.SayBackchannel)


def test_a_group_over_the_bots_words_gets_its_sign_too() -> None:
    machine = dictating(asked(Step.PHONE))
    machine.say("And your phone number?")
    machine.ask(asked(Step.PHONE))
    machine.at_s += 0.4
    assert some(group(machine, "oh four one two", 900), ev.SayBackchannel)
