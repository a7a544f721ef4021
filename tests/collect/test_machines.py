"""Machines that answer the bot: the call is over politely, long before its longest end."""

from __future__ import annotations

from itertools import cycle, islice

import pytest

from tests.collect.conversation import YES, answer, ended, fresh, hears, run, said, saved
from voicebot.call import Status, Step
from voicebot.collect.dialogue import Dialogue
from voicebot.collect.events import Ending, Event, Started
from voicebot.collect.moves import MAX_FRUITLESS

MOST_TURNS = 3 * MAX_FRUITLESS
"""Some lines of a song are taken for a name or a street, and each of these is something told."""
MACHINES = {
    "another bot": (
        "Thank you for calling Harbour Dental. We are open from nine to five. How can I help?",
        "I am sorry, I did not understand. You can say appointments, billing or opening hours.",
    ),
    "a voicemail": (
        "The person you are calling is not available. Please leave a message after the tone.",
        "Record your message. When you are done, hang up or press one for more options.",
    ),
    "a song": ("la la la", "baby I love you so", "you know that I never let you go", "oh oh oh"),
    "echoes": ("What's your name, please?", "And your name?", "Sorry, I didn't catch that."),
    "a survey": ("How satisfied are you?", "What did you like?", "Would you recommend us?"),
}


@pytest.mark.parametrize("lines", MACHINES.values(), ids=MACHINES)
def test_a_machine_is_said_goodbye_to(lines: tuple[str, ...]) -> None:
    dialogue, effects = run(fresh(), Started())
    turns = 0
    for line in islice(cycle(lines), MOST_TURNS):
        dialogue, effects = run(dialogue, hears(dialogue, line))
        turns += 1
        if ended(effects):
            break
    assert ended(effects), dialogue
    assert "bye" in said(effects).casefold() or ended(effects) is Ending.TRANSFER
    assert saved(effects).status is not Status.BOOKED
    assert turns <= MOST_TURNS


def chatted(dialogue: Dialogue, turns: int) -> Dialogue:
    """So many turns of a caller who asks and tells nothing."""
    for question in islice(cycle(("how much is it?", "are you open today?")), turns):
        dialogue, effects = run(dialogue, hears(dialogue, question))
        assert not ended(effects)
    return dialogue


def test_who_asks_a_lot_and_then_tells_something_goes_on() -> None:
    told: tuple[Event, ...] = (answer(Step.NAME), answer(Step.PHONE), YES)
    dialogue, _ = run(fresh(), Started())
    for event in told:
        dialogue = chatted(dialogue, MAX_FRUITLESS - 1)
        dialogue, effects = run(dialogue, event)
        assert not ended(effects)
    assert dialogue.confirmed == {Step.PHONE}


def test_what_was_told_is_kept_at_the_goodbye() -> None:
    dialogue, _ = run(fresh(), Started(), answer(Step.NAME))
    dialogue, effects = run(chatted(dialogue, MAX_FRUITLESS - 1), hears(dialogue, "are you open?"))
    assert ended(effects) is Ending.HANGUP
    assert saved(effects).status is Status.INCOMPLETE
    assert "saved" in said(effects)
