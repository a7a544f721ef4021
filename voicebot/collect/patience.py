"""What becomes of turns that bring nothing for the open question, in any language.

A question is put in other words, then in another way, and is then left open; a read-back that is
neither agreed to nor mended is kept without its yes. The caller's own words go to staff. A caller
who objects twice running to being asked is asked openly what it is that we can do, and what they
say to that is written down, if nothing else is made of it.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.answers import keep_unconfirmed, settle
from voicebot.collect.bookings import keep
from voicebot.collect.dialogue import Dialogue, Mode, Purpose
from voicebot.collect.endings import close
from voicebot.collect.said import Said
from voicebot.collect.turn import Turn
from voicebot.collect.understanding import (
    Ask,
    Asked,
    Decline,
    Deny,
    Greet,
    Note,
    Provide,
    Reading,
    Repeat,
    Situation,
    Thank,
    Wait,
    read,
    utterance,
)
from voicebot.collect.understanding.text import Kind

MOST_VAIN = 3
"""Turns running that bring nothing for a question, after which it is left open."""
MOST_VAIN_YESES = 2
"""The same of a read-back."""
MOST_OBJECTIONS = 2
"""Objections running to being asked at all."""
_SPELLED = 3
"""Letters or figures said one by one, from which on a turn is one more try, and not in vain."""
_MOST_WORDS = 3
"""So many turns of the caller's own words are kept for staff."""
_GUESSED = 2
"""Guesses in a value that has to be read back."""
_TOLD_WHENEVER = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)


def weigh(turn: Turn, before: Dialogue, said: Said) -> Turn:
    """Return the turn as it is where it brought something, else count it, and draw the line.

    turn    what was made of `said`
    before  the dialogue that it was said in
    """
    held = turn.dialogue
    moved_on = (held.step, held.mode, held.purpose) != (before.step, before.mode, before.purpose)
    if turn.ending or turn.request or moved_on or _answered(held, before):
        for text in before.in_vain if before.step is Step.NAME else ():
            turn = turn.note(text)  # told at the beginning, of what the call is about
        return turn.become(vain=0, objections=0, in_vain=())
    tells = said.is_a_sentence and _letters(said) < _SPELLED
    words = (*before.in_vain, said.text)[-_MOST_WORDS:] if tells else before.in_vain
    turn = turn.become(in_vain=words)
    if before.unheard or said.has(Wait, Repeat, Greet) or held.mode is Mode.OFFERING:
        return turn
    brought = told(held) != told(before)
    asks = any(ask.topic for ask in said.of(Ask))
    noted = said.has(Note) and before.asked is Asked.ANSWER
    harmless = asks or noted or (said.has(Thank) and not said.unread)
    vain = before.vain + (0 if harmless else 1)
    objections = before.objections + 1 if _objects(said) and not brought else 0
    turn = turn.become(vain=vain, objections=objections)
    books = held.purpose is Purpose.BOOK and held.step is Step.TIME
    if held.mode is Mode.CLOSING or (books and held.mode is not Mode.CALLING_OFF):
        return turn
    if objections >= MOST_OBJECTIONS:
        return _step_back(turn)
    more = brought or said.has(Ask) or _spells(said)
    most = MOST_VAIN_YESES if held.step in held.answers else MOST_VAIN
    match held.mode:
        case Mode.ASKING if asks and held.put >= MOST_VAIN:
            return _whenever(turn)
        case Mode.ASKING if vain >= most + more:
            return settle(_without_question(turn, said))
        case Mode.CONFIRMING if vain >= MOST_VAIN_YESES + _spells(said):
            return keep_unconfirmed(_without_question(turn, said))
        case Mode.CALLING_OFF if vain >= MOST_VAIN:
            return keep(_without_question(_noted(turn), said)).promise()
    return turn


def _answered(held: Dialogue, before: Dialogue) -> bool:
    """Return whether a turn brought something for the question itself."""
    steps = {before.step, *before.read_back}
    values = [(held.answers.get(s), before.answers.get(s)) for s in steps]
    marks = (held.partial, held.confirmed & steps, held.doubted & steps, held.settled & steps)
    marked = (before.partial, before.confirmed & steps, before.doubted & steps)
    return marks != (*marked, before.settled & steps) or any(new != old for new, old in values)


def late_name(reading: Reading, text: str, where: Situation, held: Dialogue) -> Reading:
    """Return a name where one is told, and nothing else, right after its question was left open.

    It was not said as an answer, and so is read back.
    """
    left = Step.NAME in held.settled and Step.NAME not in held.answers
    asks_next = (
        held.step is Step.PHONE and held.mode is Mode.ASKING and held.purpose is Purpose.BOOK
    )
    if reading.acts or not (left and asks_next):
        return reading
    named = read(text, replace(where, step=Step.NAME, partial=None))
    whole = [act for act in named.acts if isinstance(act, Provide) and act.step is Step.NAME]
    given = [replace(act, assumed=_GUESSED) for act in whole if act.value and not act.missing]
    return Reading(tuple(given)) if len(named.acts) == len(given) == 1 else reading


def told(held: Dialogue) -> tuple[object, ...]:
    """Return all that a caller has any part in."""
    values = (held.answers, held.partial, held.pending, held.window, held.offered)
    return (*values, held.confirmed, held.doubted, held.purpose, held.about)


def _objects(said: Said) -> bool:
    """Return whether the caller minds being asked: "I told you", a no where none is an answer."""
    if said.wants("annoyed"):
        return True
    heard = utterance(said.text, said.situation.language)
    denied = said.has(Deny, Decline) or any(clause.denied for clause in heard.clauses)
    more = said.says_more or said.is_a_sentence
    return more and (denied or said.text.rstrip().endswith(("!", "！")))


def _spells(said: Said) -> bool:
    """Return whether a turn says figures or letters one by one: one more try at a value."""
    heard = utterance(said.text, said.situation.language)
    return len(heard.numbers.digits()) >= _SPELLED or _letters(said) >= _SPELLED


def _letters(said: Said) -> int:
    heard = utterance(said.text, said.situation.language)
    return sum(token.kind is Kind.LETTER for token in heard.tokens)


def _without_question(turn: Turn, said: Said) -> Turn:
    """Take back the question that was put again; what was answered beside it stays."""
    return replace(turn, said=turn.said[:-1] if said.has(Ask) else ())


def _whenever(turn: Turn) -> Turn:
    """Ask no third time who asks questions: they may go on whenever they like."""
    step = turn.dialogue.step
    if step not in _TOLD_WHENEVER:
        return turn
    field = turn.dialogue.wording.line(f"spoken.{step}")
    return replace(turn, said=turn.said[:-1]).say("ask.whenever", field=field)


def _noted(turn: Turn) -> Turn:
    """Write down what the caller said in vain."""
    for text in turn.dialogue.in_vain:
        turn = turn.note(text)
    return turn


def _step_back(turn: Turn) -> Turn:
    """Stop asking, and ask openly what it is; for what else than a booking is wanted, that is
    known, and staff call back about it."""
    held = turn.dialogue
    open_now = {held.step, *held.read_back} & (held.doubted | {*held.read_back})
    turn = turn.become(doubted=held.doubted - open_now, settled=held.settled | open_now)
    turn = replace(_noted(turn), said=())
    if held.purpose is not Purpose.BOOK or held.stepped_back:
        return close(turn.promise().say_call_back()).become(in_vain=(), vain=0, objections=0)
    turn = turn.become(mode=Mode.CLOSING, partial=None, pending=None, offered=(), put=0, attempts=0)
    turn = turn.become(in_vain=(), vain=0, objections=0, stepped_back=True)
    return turn.say("reply.openly")
