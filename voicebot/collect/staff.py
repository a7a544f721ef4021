"""Do what a member of staff asks of a call: between the bot's turns, as part of the conversation.

A sentence is spoken as it was typed, a correction is said aloud, and then the open question is put
again in its own words. Staff's word counts as confirmed, and is checked as any value is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from voicebot.call import CommandKind, CommandRefusal, StaffCommand, Step
from voicebot.collect import asides, times
from voicebot.collect.answers import proceed
from voicebot.collect.dialogue import Mode
from voicebot.collect.events import Reserve
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import window_of
from voicebot.validation import refuse_time


def on_command(turn: Turn, command: StaffCommand) -> Turn:
    """Obey, or refuse and leave the conversation as it is."""
    if turn.dialogue.mode is Mode.ENDED:
        return turn.refuse(CommandRefusal.CALL_HAS_ENDED)
    match command.kind:
        case CommandKind.TRANSFER if turn.business.transfer_to:
            return asides.put_through(turn)
        case CommandKind.TRANSFER:
            return turn.refuse(CommandRefusal.NO_NUMBER)
        case CommandKind.SAY:
            return _question_again(replace(turn, said=(command.text,)))
        case CommandKind.END:
            return asides.farewell(turn)
        case CommandKind.CORRECT if command.step is Step.TIME:
            return _set_time(turn, command.text)
        case CommandKind.CORRECT:
            return _set(turn, command.step, command.text)


def _question_again(turn: Turn) -> Turn:
    """Put the open question once more, in the words that the caller has just heard."""
    return turn.become(unheard=True).ask()


def _set(turn: Turn, step: Step | None, value: str) -> Turn:
    held = turn.dialogue
    answer = turn.valid(step, value) if step else None
    if step is None or answer is None:
        return turn.refuse(CommandRefusal.NOT_VALID)
    turn = turn.answer(step, answer).confirm(step)
    turn = turn.say("saved.changed", value=turn.spoken(step))
    answers_it = held.mode in (Mode.ASKING, Mode.CONFIRMING) and step in (
        held.step,
        *held.read_back,
    )
    return proceed(turn) if answers_it else _question_again(turn)


def _set_time(turn: Turn, value: str) -> Turn:
    """Book the time where everything else is known; else keep it until then, to be read back."""
    held, at = turn.dialogue, turn.valid(Step.TIME, value)
    if not isinstance(at, datetime):
        return turn.refuse(CommandRefusal.NOT_VALID)
    service = times.service_of(turn)
    if refusal := refuse_time(at, turn.business, turn.now, service):
        return turn.refuse(CommandRefusal(refusal))
    if held.step is not Step.TIME or held.about:
        return _question_again(turn.become(window=window_of(value)))
    turn = turn.become(mode=Mode.ASKING, partial=None, window=None, offered=())
    return turn.ask_for(Reserve(at, agreed=True, service=service))
