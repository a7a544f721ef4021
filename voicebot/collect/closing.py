"""What is said to "is there anything else?": a note for the visit, one more booking, a goodbye."""

from __future__ import annotations

from dataclasses import replace

from voicebot.call import Step
from voicebot.collect import bookings
from voicebot.collect.answers import proceed
from voicebot.collect.asides import farewell
from voicebot.collect.dialogue import Mode, Purpose
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Affirm,
    Ask,
    Correct,
    Deny,
    Flexible,
    Leave,
    Note,
    Provide,
    Thank,
    utterance,
)

_FOR_STAFF = {Purpose.COMPLAIN.value, Purpose.BE_CALLED.value}
"""What was called for is staff's to do: times and places told after it are for them, too."""
_MOST_YESES = 2
"""To "is there anything else?" without a word of what it is; after that the call ends."""


def told_for_visit(turn: Turn, said: Said) -> Turn | None:
    """Return the turn that writes down what is told for the visit that was dealt with, else None.

    Names and times in it are of whoever lets us in ("the doorman's called Anselm"), and begin no
    booking; of another hour for it staff are told.
    """
    held = turn.dialogue
    if held.mode is not Mode.CLOSING or not held.dealt or said.books or said.has(Leave):
        return None
    timed = said.piece(Step.TIME) or any(act.step is Step.TIME for act in said.values)
    known = any(ask.topic for ask in said.of(Ask))
    if not (timed or known) and (own := bookings.of_own_work(turn, said)) is not None:
        return own.ask()  # "and the cleaning stays?"
    if said.has(Ask):
        return None
    if said.has(Deny) and any(act.step is Step.NAME for act in said.of(Correct)):
        return None  # "no, my name's Cole"
    if said.has(Note) or said.tells_more:
        return turn.note(said.text).say_noted().ask()
    steps = {act.step for act in said.of(Provide)} | {act.step for act in said.of(Correct)}
    tags = utterance(said.text, said.situation.language).tags
    moved = (said.has(Flexible) or Step.TIME in steps) and "refuse.apology" not in tags
    piece = said.piece(Step.TIME)
    if held.found and piece and piece.partial == held.found.at[:10]:
        return turn.ask()  # "right, Friday": it is so
    if not (held.found and moved) or Step.SERVICE in steps:
        return None
    return turn.note(said.text).promise().say_call_back().ask()


def _is_only_yes(said: Said) -> bool:
    """Return whether there is something else, by a yes alone, or its key; not "lovely"."""
    heard = utterance(said.text, said.situation.language)
    agreed = list(heard.all("yes.agree", "yes.mere"))
    if not agreed:
        return not said.tells_more
    yes = [match for match in agreed if match.value == "yes" or match.tag == "yes.mere"]
    known = {n for m in yes for n in range(m.first, m.end)}
    return all(n in known or heard.is_sound(n) for n in range(len(heard)))


def answer(turn: Turn, said: Said) -> Turn:
    """Go on with whatever comes, else say goodbye."""
    held, before = turn.dialogue, said.situation.record
    for_staff = bool({*held.dealt[-1:]} & _FOR_STAFF)
    named = [act for act in said.of(Provide) if act.step is Step.SERVICE and act in said.values]
    own = bookings.of_own_work(turn, said) if held.window else None
    if own is not None and not said.books:  # "and the cleaning to Saturday at nine"
        return proceed(bookings.turn_to(replace(own, said=turn.said), Purpose.MOVE, said.text))
    told = for_staff and said.unread and not any(map(said.wishes_for, named))
    books = said.books or bool(named and not told)  # not "the fridge is ruined"
    if held.stepped_back and not held.dealt and said.says_more and not books:
        return proceed(bookings.turn_to(turn, Purpose.BE_CALLED, said.text))
    if (again_found := bookings.take_up_again(turn, before.get(Step.NAME))) is not None:
        return again_found
    changed = {step for step, value in held.answers.items() if value != before.get(step)}
    if not held.cancelled and changed and changed <= {Step.NAME, Step.PHONE}:
        return turn.ask()  # of what was dealt with
    timed = held.window
    if (changed or timed) and not books and for_staff:
        turn = turn.become(window=None).note(said.text).say_noted()
        return farewell(turn) if said.has(Deny, Thank) else turn.ask()  # "no, but today, mind"
    if said.wants("booking") or changed:
        return proceed(turn.become(cancelled=False, mode=Mode.ASKING))
    if held.window:
        return proceed(turn.become(cancelled=False, mode=Mode.ASKING))
    if said.has(Ask) and said.tells_more and not (turn.said or said.values):
        turn = turn.note(said.text).say_noted()  # "so the part's included, right?"
    if said.has(Ask, Note) or said.values:  # a value here is of the booking that was found
        return turn.ask()
    if said.has(Affirm) and _is_only_yes(said) and held.attempts < _MOST_YESES:
        return turn.become(attempts=held.attempts + 1).ask()
    notes = said.says_more or (said.wants("complaint") and not said.has(Thank))
    turn = turn.note(said.text).say_noted() if notes else turn
    over = held.attempts >= _MOST_YESES or not (
        notes or (said.unread and not said.has(Thank, Deny))
    )
    return farewell(turn) if over else turn.become(attempts=held.attempts + 1).ask()
