"""The conversation as one pure function: what happens next, given what just happened.

`next_move` decides; nothing here waits, speaks or stores. What becomes of an answer stands in
`answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from voicebot.call import Message, Status, Step
from voicebot.collect.answers import (
    again,
    answer_question,
    answer_read_back,
    normal,
    on_place,
    proceed,
    settle,
    unclear,
)
from voicebot.collect.appointment import unbooked
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import (
    Effect,
    Ending,
    Event,
    Heard,
    Placed,
    Silent,
    Started,
    TimeUp,
    Unheard,
    Unsaid,
)
from voicebot.collect.replies import reply
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Intent, Understanding
from voicebot.collect.wording import last_sentence_at
from voicebot.validation import validate

MAX_SILENCES = 3
"""Ask again, rephrase, say goodbye."""
MAX_OFFERS = 2
"""Who does not say whether to go on is asked once more, and then starts afresh."""

_UNDECIDED = frozenset(
    {Intent.UNSURE, Intent.NOT_A_VALUE, Intent.NOTHING, Intent.COMPLAINT, Intent.OFF_TOPIC}
    | {Intent.OTHER_VALUE, Intent.NO_SERVICE_NAMED}
)
"""Neither a yes nor a no to going on with an earlier call."""


def next_move(
    dialogue: Dialogue, event: Event, now: datetime
) -> tuple[Dialogue, tuple[Effect, ...]]:
    """One turn: the state after `event`, and what to save, to say and whether to end, in order."""
    turn = Turn(dialogue, now)
    match event:
        case Started():
            turn, message, revised = _start(turn), None, None
        case Heard(message, understanding, revised) if dialogue.mode is Mode.ENDED:
            turn = _start(turn)
        case Heard(message, understanding, revised):
            turn = _reopened(turn.become(silences=0, patience=0))
            turn = _understood(_cut_off(turn, revised), message.text, understanding)
        case Placed():
            turn, message, revised = on_place(turn, event), None, None
        case Unsaid():
            turn, message, revised = _unsaid(turn), None, None
        case Unheard():
            turn, message, revised = _unheard(turn), None, None
        case Silent():
            turn, message, revised = _silence(turn), None, None
        case TimeUp():
            turn, message, revised = _abandon(turn, "end.time_up"), None, None
    return turn.dialogue, tuple(turn.effects(dialogue, message, revised))


def _start(turn: Turn) -> Turn:
    held = turn.dialogue
    if held.mode is Mode.ENDED:
        return turn.say("already_done").end(Ending.HANGUP, Status.BOOKED)
    if not held.resumed:
        return turn.say("greeting").ask()
    turn = turn.say("welcome_back")
    if held.mode is Mode.OFFERING:
        return turn.ask() if held.earlier else proceed(_closed_offer(turn))
    return (turn.say("welcome_back_known") if held.answers else turn).ask()


def _silence(turn: Turn) -> Turn:
    if turn.dialogue.patience:
        return turn.become(patience=turn.dialogue.patience - 1)
    silences = turn.dialogue.silences + 1
    turn = turn.become(silences=silences)
    if silences >= MAX_SILENCES:
        return _abandon(turn, "silence.goodbye")
    return turn.say("silence.first" if silences == 1 else "silence.second").ask()


def _unheard(turn: Turn) -> Turn:
    """Nobody could listen; keys still work. It is an attempt, so that the call ends some day."""
    turn = turn.say("trouble.unheard")
    if turn.dialogue.mode is Mode.OFFERING:
        return _offer_again(turn.say("trouble.keys_for_yes"))
    if turn.dialogue.mode is Mode.CONFIRMING:
        return unclear(turn.say("trouble.keys_for_yes"))
    if turn.dialogue.step is Step.PHONE:
        turn = turn.say("trouble.keys_for_number")
    return again(turn)


def _unsaid(turn: Turn) -> Turn:
    """What could not be read back gets no yes: it is kept, and a person asks for it later."""
    held = turn.dialogue
    match held.mode:
        case Mode.ENDED:
            return turn.say("already_done") if Step.TIME in held.confirmed else turn
        case Mode.CONFIRMING if held.step is Step.TIME:
            return unbooked(turn, "end.unconfirmed")
        case Mode.CONFIRMING:
            return settle(turn, "give_up.move_on")
        case _:
            return turn.become(attempts=0, partial=None).ask()


def _cut_off(turn: Turn, revised: tuple[Message, Message] | None) -> Turn:
    """Note that the caller interrupted a read-back before its value had been heard, or any other
    line before its question, which stands last."""
    if revised is None:
        return turn
    written_as, heard_as = revised
    needed = last_sentence_at(written_as.text) + 1
    if turn.dialogue.mode is Mode.CONFIRMING:
        value = turn.spoken(turn.dialogue.step)
        begins = written_as.text.rfind(value)
        needed = begins + len(value) if begins >= 0 else 0
    return turn.become(unheard=True) if len(heard_as.text) < needed else turn


def _abandon(turn: Turn, line: str) -> Turn:
    line = line if turn.dialogue.knows_something else f"{line}_untold"
    return turn.say(line).end(Ending.HANGUP, Status.INCOMPLETE)


def _understood(turn: Turn, text: str, understood: Understanding) -> Turn:
    answered = reply(turn, understood.intent, text)
    if answered is not None:
        return answered
    if turn.dialogue.mode is Mode.OFFERING:
        return _offered(turn, understood)
    return _met(turn, understood)


def _met(turn: Turn, understood: Understanding) -> Turn:
    if understood.moved:
        turn = turn.say("time.zone")
    known = frozenset(turn.dialogue.answers)
    turn, learned = _take_others(turn, understood)
    if turn.dialogue.mode is Mode.CONFIRMING:
        if learned and not (known & frozenset(understood.fields) or turn.dialogue.unheard):
            turn = _consented(turn)
        return answer_read_back(turn, understood, learned)
    return answer_question(turn, understood, learned)


def _consented(turn: Turn) -> Turn:
    """Instead of a yes the caller goes on with something new, without objecting.

    What was read back is left as it stands, without its yes: asking once more would only nag.
    A time is never taken so, because it books; nor is a correction a consent.
    """
    step = turn.dialogue.step
    if step is Step.TIME:
        return turn
    return turn.become(settled=turn.dialogue.settled | {step})


def _offered(turn: Turn, understood: Understanding) -> Turn:
    """The answer to "shall we go on where we were?"; who tells something else starts afresh."""
    if turn.dialogue.unheard:
        return _learn(turn, understood.fields)[0].ask()
    if understood.intent in _UNDECIDED and not understood.fields:
        return _offer_again(turn.say("ask.sorry"))
    earlier = turn.dialogue.earlier
    turn = _closed_offer(turn)
    if understood.intent is Intent.YES:
        turn = turn.take_over(earlier[0]).say("offer.yes") if earlier else turn.say("offer.gone")
        return proceed(_learn(turn, understood.fields)[0])
    if understood.fields:
        step, mode = turn.dialogue.next_open()
        return _met(turn.become(step=step, mode=mode), _as_answer(understood, step))
    return proceed(turn.say("offer.no"))


def _offer_again(turn: Turn) -> Turn:
    attempts = turn.dialogue.attempts + 1
    if attempts < MAX_OFFERS:
        return turn.become(attempts=attempts).ask()
    return proceed(_closed_offer(turn).say("offer.no"))


def _closed_offer(turn: Turn) -> Turn:
    return turn.become(earlier=(), offered=True, mode=Mode.ASKING, attempts=0)


def _as_answer(understood: Understanding, step: Step) -> Understanding:
    """What was understood as a yes or a no, but tells something: that answers the question."""
    if not understood.fields:
        return understood
    return replace(understood, intent=Intent.ANSWER, value=understood.fields.get(step))


def _reopened(turn: Turn) -> Turn:
    """Who speaks on after a goodbye without booking goes on: the call is no longer over."""
    if not turn.dialogue.reopened:
        return turn
    return replace(turn.become(reopened=False), status=Status.ACTIVE)


def _take_others(turn: Turn, understood: Understanding) -> tuple[Turn, bool]:
    """Keep what was said about other steps; True when there was something."""
    fields = {s: v for s, v in understood.fields.items() if s is not turn.dialogue.step}
    return _learn(turn, fields)


def _learn(turn: Turn, fields: Mapping[Step, str]) -> tuple[Turn, bool]:
    learned = False
    for step, value in fields.items():
        if step is Step.TIME:
            turn, learned = turn.become(given_time=value), True
            continue
        answer = validate(step, value, turn.dialogue.business)
        if answer is None:
            continue
        known = turn.dialogue.answers.get(step)
        if known == normal(value, answer) and step not in turn.dialogue.doubted:
            continue  # said once more: its yes still counts
        turn, learned = turn.answer(step, normal(value, answer), answer), True
        if known is not None:
            turn = turn.say("saved.changed", value=turn.spoken(step))
    return turn, learned
