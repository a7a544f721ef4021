"""Days and clock times that are named only to be refused: "not Monday", "I can't do three"."""

from __future__ import annotations

from voicebot.collect.understanding.dates.clocks import STREETS, Clock
from voicebot.collect.understanding.dates.pieces import Piece
from voicebot.collect.understanding.dates.resolving import Day, Weight
from voicebot.collect.understanding.dates.words import Tokens, word, word_set

_NEGATIONS = word_set("not can't cannot cant don't dont won't wont except")
_UNNEGATED = word_set("should but so then until before after earlier later mind have sure if or")
_REFUSED_AFTER = (
    ("doesn't", "work"),
    ("won't", "work"),
    ("does", "not", "work"),
    ("will", "not", "work"),
    ("doesn't", "suit"),
    ("is", "no", "good"),
    ("isn't",),
    ("is", "not"),
    ("is", "bad"),
)
_NEGATION_REACH = 4
_COMING = word_set(
    "be able to make do come attend get there my the our appointment booking reservation visit it "
    "on at for in available free here"
)
"""Between a "not" and a day, however many: "I won't be able to make my appointment on Friday"."""
_DAY_BOUNDS = word_set("before after until between")
_CLOCK_BOUNDS = word_set("before until than")
"""After four may begin at four; before ten is never at ten."""
_BOUND_REACH = 5
_MOVED = word_set("reschedule move change switch shift postpone push bring")
_MOVED_REACH = 6
"""What is moved from a day is moved to another one: "reschedule it from Monday to next week"."""
_ANY = word_set("any anytime anyday all every everyday days time times weekdays anything")


def _is_exception(tokens: Tokens, at: int) -> bool:
    """ "Any day but Monday", "all week apart from Friday"."""
    while word(tokens, at - 1) in ("on", "at", "the"):
        at -= 1
    if word(tokens, at - 1) == "but":
        return word(tokens, at - 2) in _ANY
    return [word(tokens, at - n) for n in (2, 1)] in (["apart", "from"], ["other", "than"])


def is_refused(tokens: Tokens, piece: Piece) -> bool:
    """Is this no answer: refused, taken back ("instead of three") or past ("last Friday")?"""
    if not isinstance(piece, (Day, Clock)):
        return False
    if isinstance(piece, Day) and (
        piece.weight in (Weight.PAST, Weight.NONE) or word(tokens, piece.end) in STREETS
    ):
        return True
    after = [word(tokens, piece.end + n) for n in range(3)]
    if any(tuple(after[: len(phrase)]) == phrase for phrase in _REFUSED_AFTER):
        return True
    if [word(tokens, piece.begin - n) for n in (2, 1)] in (["instead", "of"], ["rather", "than"]):
        return True
    return (
        _is_bound(tokens, piece)
        or _is_exception(tokens, piece.begin)
        or _is_moved(tokens, piece.begin)
        or _is_negated(tokens, piece.begin)
    )


def _is_bound(tokens: Tokens, piece: Day | Clock) -> bool:
    """ "Before ten", "after Friday": some other hour or day, which is still to be named."""
    before = piece.begin - (word(tokens, piece.begin - 1) == "the")
    bound = word(tokens, before - 1)
    if bound not in (_DAY_BOUNDS if isinstance(piece, Day) else _CLOCK_BOUNDS):
        return False
    near = {word(tokens, n) for n in range(before - 1 - _BOUND_REACH, before - 1)}
    return near.isdisjoint(_NEGATIONS | {"never", "or"})


def _is_moved(tokens: Tokens, at: int) -> bool:
    if word(tokens, at - 1) != "from":
        return False
    return any(word(tokens, at - n) in _MOVED for n in range(2, _MOVED_REACH + 2))


def _is_negated(tokens: Tokens, begin: int) -> bool:
    """Is a "not" before it, with few words between that do not only speak of coming?"""
    others = 0
    for at in reversed(range(begin)):
        if tokens[at + 1].pause or tokens[at].text in _UNNEGATED or others == _NEGATION_REACH:
            return False
        if tokens[at].text in _NEGATIONS:
            return word(tokens, at - 1) not in ("why", "if")
        others += tokens[at].text not in _COMING
    return False
