"""The conversation as one pure function, `next_move`. Nothing here waits, speaks or stores.

Answers are taken in `answers`.
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
    on_place,
    proceed,
    settle,
    unclear,
)
from voicebot.collect.appointment import unbooked
from voicebot.collect.dialogue import Dialogue, Mode, normal
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

MAX_SILENCES = 3
"""Ask again, rephrase, say goodbye."""
MAX_OFFERS = 2
"""An unclear answer to "shall we go on?" is asked for once more; then the call starts afresh."""

_UNDECIDED = frozenset(
    {Intent.UNSURE, Intent.NOT_A_VALUE, Intent.NOTHING, Intent.COMPLAINT, Intent.OFF_TOPIC}
    | {Intent.OTHER_VALUE, Intent.NO_SERVICE_NAMED}
)
"""Neither a yes nor a no to going on with an earlier call."""


def next_move(
    dialogue: Dialogue, event: Event, now: datetime
) -> tuple[Dialogue, tuple[Effect, ...]]:
    """Take one turn: the state after `event`, and what to save, say and end, in order."""
    turn = Turn(dialogue, now)
    match event:
        case Started():
            turn = _start(turn)
        case Heard() if dialogue.mode is Mode.ENDED:
            turn = _start(turn)
        case Heard(message, understanding, revised):
            turn = _reopened(turn.become(silences=0, patience=0))
            turn = _understood(_cut_off(turn, revised), message.text, understanding)
        case Placed():
            turn = on_place(turn, event)
        case Unsaid():
            turn = _unsaid(turn)
        case Unheard():
            turn = _unheard(turn)
        case Silent():
            turn = _silence(turn)
        case TimeUp():
            turn = _abandon(turn, "end.time_up")
    return turn.dialogue, tuple(turn.effects(dialogue, event))


def _start(turn: Turn) -> Turn:
    held = turn.dialogue
    if held.mode is Mode.ENDED:
        if held.called_off:  # booked is what it must not become by a hello
            return turn.say("reply.goodbye").end(Ending.HANGUP, Status.CANCELLED)
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
    """Say that nothing could be transcribed and that keys work.

    It counts as an attempt, so that the call ends some day.
    """
    turn = turn.say("trouble.unheard")
    if turn.dialogue.mode is Mode.OFFERING:
        return _offer_again(turn.say("trouble.keys_for_yes"))
    if turn.dialogue.mode is Mode.CONFIRMING:
        return unclear(turn.say("trouble.keys_for_yes"))
    if turn.dialogue.step is Step.PHONE:
        turn = turn.say("trouble.keys_for_number")
    return again(turn)


def _unsaid(turn: Turn) -> Turn:
    """Ask for no yes to what could not be read back: it is kept, and a person asks later."""
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
    others = {s: v for s, v in understood.fields.items() if s is not turn.dialogue.step}
    turn, learned = _learn(turn, others)
    if turn.dialogue.mode is Mode.CONFIRMING:
        if learned and not (known & frozenset(understood.fields) or turn.dialogue.unheard):
            turn = _consented(turn)
        return answer_read_back(turn, understood, learned)
    return answer_question(turn, understood, learned)


def _consented(turn: Turn) -> Turn:
    """Leave a read-back without its yes, where the caller goes on with something new.

    There was no objection, and asking once more would only nag.
    A time is never taken so, because it books; nor is a correction a consent.
    """
    step = turn.dialogue.step
    if step is Step.TIME:
        return turn
    return turn.become(settled=turn.dialogue.settled | {step})


def _offered(turn: Turn, understood: Understanding) -> Turn:
    """Take the answer to "shall we go on where we were?"; anything else starts afresh."""
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
        value = understood.fields.get(step)  # a yes or a no that tells something answers
        answer = replace(understood, intent=Intent.ANSWER, value=value)
        return _met(turn.become(step=step, mode=mode), answer)
    return proceed(turn.say("offer.no"))


def _offer_again(turn: Turn) -> Turn:
    attempts = turn.dialogue.attempts + 1
    if attempts < MAX_OFFERS:
        return turn.become(attempts=attempts).ask()
    return proceed(_closed_offer(turn).say("offer.no"))


def _closed_offer(turn: Turn) -> Turn:
    return turn.become(earlier=(), offered=True, mode=Mode.ASKING, attempts=0)


def _reopened(turn: Turn) -> Turn:
    """Go on with a call that had ended without a booking."""
    if not turn.dialogue.reopened:
        return turn
    return turn.become(reopened=False).save(status=Status.ACTIVE)


def _learn(turn: Turn, fields: Mapping[Step, str]) -> tuple[Turn, bool]:
    """Keep what was said about these steps; True when it was anything new."""
    learned = False
    for step, value in fields.items():
        if step is Step.TIME:
            turn, learned = turn.become(given_time=value), True
            continue
        answer = turn.valid(step, value)
        if answer is None:
            continue
        known = turn.dialogue.answers.get(step)
        if known == normal(answer, turn.business) and step not in turn.dialogue.doubted:
            continue  # said once more: its yes still counts
        turn, learned = turn.answer(step, answer), True
        if known is not None:
            turn = turn.say("saved.changed", value=turn.spoken(step))
    return turn, learned
