"""The conversation as one pure function, `next_move`. Nothing here waits, speaks or stores.

What the caller says is taken in `heard`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from voicebot.call import Message, StaffCommand, Status, Step
from voicebot.collect.answers import (
    again,
    closed_offer,
    leave_unconfirmed,
    offer_again,
    proceed,
    unclear,
)
from voicebot.collect.bookings import on_called_off, on_found
from voicebot.collect.called_for import PURPOSES
from voicebot.collect.dialogue import Dialogue, Mode, situation
from voicebot.collect.endings import unbooked
from voicebot.collect.events import (
    CalledOff,
    Effect,
    Ending,
    Event,
    Found,
    Free,
    Heard,
    Placed,
    Silent,
    Started,
    TimeUp,
    Unheard,
    Unsaid,
)
from voicebot.collect.heard import beside, on_heard
from voicebot.collect.own_questions import with_questions
from voicebot.collect.patience import late_name, told, weigh
from voicebot.collect.said import Said
from voicebot.collect.staff import on_command
from voicebot.collect.times import on_free, on_placed
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import Ask, Asked, Correct, Provide, Want, in_an_emergency
from voicebot.collect.wording import last_sentence_at

MAX_SILENCES = 3
"""Ask again, rephrase, say goodbye."""
MAX_FRUITLESS = 12
"""Turns one after the other that told nothing of a booking. Of the callers in `benchmarks/callers`
none has 6."""
MOST_TRIES = 3
"""So many attempts at one answer are weighed together."""


def next_move(
    dialogue: Dialogue, event: Event, now: datetime
) -> tuple[Dialogue, tuple[Effect, ...]]:
    """Take one turn: the state after `event`, and what to save, say and end, in order."""
    turn = Turn(dialogue, now)
    match event:
        case Started():
            turn = _start(turn)
        case Heard() if dialogue.mode is Mode.ENDED:
            turn = _over_goodbye(turn, _said(dialogue, event, now))
        case Heard(_, _, revised):
            said = _said(dialogue, event, now)
            turn = _reopened(turn.become(silences=0, patience=0))
            turn = _cut_off(turn, revised)
            if event.noisy is not None:
                turn = turn.become(noisy=event.noisy)
            turn = weigh(on_heard(turn, said), turn.dialogue, said)
            turn = _remembered(turn, dialogue, event)
            turn = _unless_fruitless(turn, dialogue)
        case Placed():
            turn = on_placed(turn, event)
        case Free():
            turn = on_free(turn, event)
        case Found():
            turn = on_found(turn, event)
        case CalledOff():
            turn = on_called_off(turn, event)
        case Unsaid():
            turn = _unsaid(turn)
        case Unheard():
            turn = _unheard(turn)
        case Silent():
            turn = _silence(turn)
        case TimeUp():
            turn = _abandon(turn, "end.time_up")
        case StaffCommand():
            turn = on_command(turn, event)
    return turn.dialogue, tuple(turn.effects(dialogue, event))


def _said(dialogue: Dialogue, heard: Heard, now: datetime) -> Said:
    where, text = situation(dialogue, now), heard.message.text
    reading = with_questions(heard.reading, text, where, dialogue.business)
    if dialogue.urgent:
        reading = in_an_emergency(text, reading, where)
    reading = late_name(reading, text, where, dialogue)
    return Said(text, reading, where, dialogue.read_back)


def _over_goodbye(turn: Turn, said: Said) -> Turn:
    """Answer or note what is said over the goodbye of a booking, and say goodbye again."""
    wishes = any(want.what in PURPOSES for want in said.of(Want))
    if turn.dialogue.called_off or not (said.has(Ask) or said.tells_staff or wishes):
        return _start(turn)
    turn = replace(beside(turn, said), request=None)
    if wishes or not (turn.said or said.tells_more):  # of another day
        turn = turn.promise().note(said.text).say_call_back()
    elif not turn.said:
        turn = turn.note(said.text).say_noted()
    return turn.say("reply.bye").end(Ending.HANGUP, Status.BOOKED)


def _start(turn: Turn) -> Turn:
    held = turn.dialogue
    if held.mode is Mode.ENDED:
        if held.called_off:  # booked is what it must not become by a hello
            return turn.say("reply.bye").end(Ending.HANGUP, Status.CANCELLED)
        return turn.say("already_done").end(Ending.HANGUP, Status.BOOKED)
    if not held.resumed:
        return turn.say("greeting").ask()
    turn = turn.say("welcome_back")
    if held.mode is Mode.OFFERING:
        return turn.ask() if held.earlier else proceed(closed_offer(turn))
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
        return offer_again(turn.say("trouble.keys_for_yes"))
    if turn.dialogue.mode in (Mode.CONFIRMING, Mode.CALLING_OFF):
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
            return proceed(leave_unconfirmed(turn))
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


def _remembered(turn: Turn, before: Dialogue, heard: Heard) -> Turn:
    """Keep what was heard of an answer while its step stays open: attempts add up."""
    step = turn.dialogue.step
    if step is not before.step:
        return turn.become(tries=()) if before.tries else turn
    acts = heard.reading.acts
    told = any(isinstance(act, Provide | Correct) and act.step is step for act in acts)
    if not heard.transcripts or not (told or before.asked is Asked.ANSWER):
        return turn
    return turn.become(tries=(*before.tries, heard.transcripts)[-MOST_TRIES:])


def _unless_fruitless(turn: Turn, before: Dialogue) -> Turn:
    """End a call in which nothing has been told for many turns: a machine would go on for ever."""
    held = turn.dialogue
    if turn.ending is not None or told(held) != told(before):
        return turn.become(fruitless=0)
    turn = turn.become(fruitless=before.fruitless + 1)
    if turn.dialogue.fruitless < MAX_FRUITLESS:
        return turn
    return _abandon(replace(turn, said=(), request=None), "end.time_up")


def _abandon(turn: Turn, line: str) -> Turn:
    line = line if turn.dialogue.knows_something else f"{line}_untold"
    return turn.say(line).end(Ending.HANGUP, Status.INCOMPLETE)


def _reopened(turn: Turn) -> Turn:
    """Go on with a call that had ended without a booking."""
    if not turn.dialogue.reopened:
        return turn
    return turn.become(reopened=False).save(status=Status.ACTIVE)
