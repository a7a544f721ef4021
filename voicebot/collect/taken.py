"""The values that were given in a turn are taken, each for its own field."""

from __future__ import annotations

from collections.abc import Collection

from voicebot.call import FIELDS, Step
from voicebot.collect import bookings, call_backs, opening, times
from voicebot.collect.answers import settle_early, take
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Ask,
    Correct,
    Decline,
    Missing,
    Provide,
    describes_work,
)


def take_values(
    turn: Turn, said: Said, *, aside: bool = False, only: Collection[Step] = FIELDS
) -> Turn:
    """Take every value that was given, each for its own field; the time is taken last."""
    held, at_end = turn.dialogue, turn.dialogue.mode is Mode.CLOSING
    if call_backs.takes_the_time(turn, said):
        only, aside = tuple(step for step in only if step is not Step.TIME), False
    if held.purpose in (Purpose.COMPLAIN, Purpose.BE_CALLED):
        only = tuple(step for step in only if step not in (Step.SERVICE, Step.TIME))
    seen: dict[Step, str] = {}
    for none in said.of(Decline):
        known = none.step is held.step or none.step in held.answers
        if none.step and none.step in held.steps and not known:
            turn = settle_early(turn, none.step)
    if Step.EMAIL in held.answers and said.takes_back(Step.EMAIL):
        turn = settle_early(turn.drop(Step.EMAIL), Step.EMAIL).say("give_up.declined")
    for act in said.values:
        if act.step is None or act.step not in only or act.value is None:
            continue
        if act.step is Step.TIME:
            continue
        if at_end and held.found and act.step in _STORED:
            if act.step not in said.fields_asked:
                turn = bookings.compare(turn, act, said.text)
            continue
        service = held.answers.get(Step.SERVICE) if act.step is Step.SERVICE else None
        if service and act.value != service and said.adds_a_job and held.asked.value == "confirm":
            turn = turn.note(said.text).say_noted()  # "yes. And what about the carpet?"
            continue
        if act.step in seen and act.value != seen[act.step]:
            turn = _second(turn, act, said)
            continue
        seen[act.step], before = act.value, turn.dialogue
        turn = take(turn, act, unread=said.is_among_words(act))
        if act.step is Step.SERVICE and describes_work(said.text, said.reading, said.situation):
            turn = turn.note(said.text)  # "a fan, and the doorbell"
        if act.step is Step.ADDRESS and said.unread and turn.dialogue is not before:
            turn = turn.note(said.left_over)  # "the granny flat behind": not in it, but of use
    if Step.TIME in only and (held.step is not Step.TIME or aside or at_end):
        turn = early_time(turn, said)
    return turn


_STORED = (Step.ADDRESS, Step.EMAIL, Step.PHONE)
"""Fields of a booking that was read out; where the caller gives a new value, staff change it."""


def _second(turn: Turn, act: Provide | Correct, said: Said) -> Turn:
    """Note a second job; of two other values the later is meant."""
    if act.step is Step.SERVICE:
        return turn.note(said.text).say_noted()
    return take(turn, act, unread=True)


def early_time(turn: Turn, said: Said) -> Turn:
    """Keep what was said about the time before it is asked for, and say what was asked of it."""
    piece = said.piece(Step.TIME)
    named = piece or next((act for act in said.values[::-1] if act.step is Step.TIME), None)
    wish = times.wished(turn, said.reading.acts)
    turn = turn.become(window=wish) if wish else turn
    if turn.dialogue.purpose is not Purpose.BOOK:
        return turn
    if wish and _asks_what_is_free(turn, said):
        return times.tell(turn, wish)
    if named and (shut := times.shut_then(turn, named)):
        return shut  # "can your plumber come at six in the morning?"
    of_work = any(ask.topic == "offered" for ask in said.of(Ask))  # "can you mow it on Friday?"
    if piece and piece.missing is Missing.CLOCK and said.asks_of(piece) and not of_work:
        turn = opening.hours(turn, said.text)  # "and Saturday afternoons?"
    return turn


def _asks_what_is_free(turn: Turn, said: Said) -> bool:
    """Return True for "can you come tomorrow afternoon?", before a time is asked for."""
    held, piece = turn.dialogue, said.piece(Step.TIME)
    if held.purpose is not Purpose.BOOK or held.mode not in (Mode.ASKING, Mode.CONFIRMING):
        return False
    return said.asks_for_times or bool(
        piece and piece.missing is Missing.CLOCK and said.wishes_for(piece)
    )
