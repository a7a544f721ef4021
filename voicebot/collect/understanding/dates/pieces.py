"""The pieces of an answer about time, in the order they were said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from voicebot.collect.understanding.dates.clocks import Clock, Part, clock_at, part_at
from voicebot.collect.understanding.dates.days import day_at
from voicebot.collect.understanding.dates.resolving import Day
from voicebot.collect.understanding.dates.spans import Moment, ahead_at
from voicebot.collect.understanding.dates.words import Tokens
from voicebot.collect.understanding.lexicon import correction_at

_NO_MEND = frozenset(
    {"later", "earlier", "problem", "worries", "preference", "matter", "kids", "one"}
)
_TURNS = frozenset({"so", "but"})
"""What follows them is the point: "I work until five so maybe six"."""
_NO_TURN = frozenset({"no", "not", "before", "by", "if", "please", "after", "that", "on"})
_MENDS = (("make", "it"), ("make", "that"), ("change", "it"), ("change", "that"), ("or", "rather"))


@dataclass(frozen=True, slots=True)
class Named:
    """A part of the day, at one token."""

    begin: int
    end: int
    part: Part


@dataclass(frozen=True, slots=True)
class Mend:
    """Words that take back what was said before them: "no", "sorry", "make it"."""

    begin: int
    end: int


Piece = Day | Clock | Named | Moment | Mend


def scan(
    tokens: Tokens, now: datetime, region: str, read_back: datetime | None = None
) -> Iterator[Piece]:
    """Every day, clock time, part of the day, moment and correction in these words."""
    words = [t.text for t in tokens]
    at = 0
    while at < len(tokens):
        piece = _piece(tokens, words, at, now, region, read_back)
        if piece:
            yield piece
            if part := part_at(tokens, at):
                yield Named(at, at + 1, part)
        at = max(piece.end, at + 1) if piece else at + 1


def _piece(
    tokens: Tokens,
    words: list[str],
    at: int,
    now: datetime,
    region: str,
    read_back: datetime | None,
) -> Piece | None:
    found: Piece | None = ahead_at(tokens, at, now, region, read_back)
    found = found or day_at(tokens, at, now.date(), region) or clock_at(tokens, at, region)
    if found:
        return found
    if (part := part_at(tokens, at)) and not (at and words[at - 1] == "good"):
        return Named(at, at + 1, part)
    return _mend(words, at)


def _mend(words: list[str], at: int) -> Mend | None:
    if tuple(words[at : at + 2]) in _MENDS:
        return Mend(at, at + 2)
    if words[at] in _TURNS and " ".join(words[at + 1 : at + 2]) not in _NO_TURN:
        return Mend(at, at + 1)
    length = correction_at(words, at)
    if not length or (words[at] == "no" and " ".join(words[at + 1 : at + 2]) in _NO_MEND):
        return None
    return Mend(at, at + length)
