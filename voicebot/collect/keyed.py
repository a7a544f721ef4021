"""Keys of the telephone as an answer, in every step.

0 alone           a person
* alone           the question again
1, 2 alone        a yes, a no: to a read-back, to an offer, to "is there anything else?"
1 to 9 alone      the position among the times that were offered, or among the services
more than one     a number; while the answer is open, whatever the same figures mean when said
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from voicebot.call import Step
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Asked,
    Choose,
    Correct,
    Deny,
    Provide,
    Reading,
    Repeat,
    Situation,
    WantPerson,
    read,
)

YES_KEY, NO_KEY = "1", "2"
PERSON_KEY, REPEAT_KEY = "0", "*"
ALONE: Final = frozenset({REPEAT_KEY})
"""Keys that begin no number, so that little need be waited for."""


def keys_alone(asked: Asked, offered: int = 0) -> frozenset[str]:
    """Return the keys that answer a question all by themselves, with so many things offered."""
    if asked is Asked.CONFIRM:
        return ALONE | {YES_KEY, NO_KEY}
    return ALONE | {str(n + 1) for n in range(offered)}


def read_keys(keys: str, where: Situation) -> Reading | None:
    """Return what keys mean; None where they are read as if they had been said.

    One key pressed several times at a read-back is nothing: neither a second yes nor a value.
    """
    span = (0, len(keys))
    if keys.strip(REPEAT_KEY) == "":
        return Reading((Repeat(span),))
    if keys == PERSON_KEY:
        last = _number(keys, where) if where.step is Step.PHONE and where.partial else Reading()
        return last if any(map(_is_whole, last.acts)) else Reading((WantPerson(span),))
    if where.asked is Asked.ANSWER:
        act = _answer(keys, where)
        return Reading((act,)) if act else None
    if len(set(keys)) == 1:
        act = _choice(keys, where) if where.asked is Asked.CHOICE else _yes_or_no(keys)
        return Reading((act,)) if act else Reading()
    return _number(keys, where)


def _answer(keys: str, where: Situation) -> Act | None:
    if where.step is Step.DONE:
        return _yes_or_no(keys)
    position = int(keys) if keys.isdecimal() else 0
    if where.step is Step.SERVICE and 0 < position <= len(where.services):
        return Provide(Step.SERVICE, where.services[position - 1].name, (0, len(keys)))
    return None


def _choice(keys: str, where: Situation) -> Act | None:
    position = int(keys) if keys.isdecimal() else 0
    in_range = 0 < position <= len(where.offered)
    return Choose((0, len(keys)), position=position) if in_range else None


def _yes_or_no(keys: str) -> Act | None:
    span = (0, len(keys))
    if keys == YES_KEY:
        return Affirm(span)
    return Deny(span) if keys == NO_KEY else None


def _is_whole(act: Act) -> bool:
    return isinstance(act, Provide) and act.value is not None and act.missing is None


def _number(keys: str, where: Situation) -> Reading:
    """Read keys as a telephone number or a piece of one, whatever is asked."""
    done = read(keys, replace(where, step=Step.PHONE, asked=Asked.ANSWER))
    numbers = tuple(a for a in done.acts if isinstance(a, (Provide, Correct)))
    return Reading(tuple(a for a in numbers if a.step is Step.PHONE))
