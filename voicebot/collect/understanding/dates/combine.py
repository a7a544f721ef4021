"""From the pieces of an answer to one day and one clock time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import TypeVar

from voicebot.collect.understanding.dates.clocks import (
    Clock,
    Cue,
    Half,
    Part,
    clock_at,
    part_at,
)
from voicebot.collect.understanding.dates.days import day_at
from voicebot.collect.understanding.dates.resolving import Day, Weight, add_days, resolve_together
from voicebot.collect.understanding.dates.spans import Moment, ahead_at
from voicebot.collect.understanding.dates.words import Tokens, word, word_set
from voicebot.collect.understanding.lexicon import FILLERS, correction_at

_CLOCK_LEADS = word_set(
    "at around about by after before from until between say @ past approximately near"
)
_WEAK_LEADS = frozenset({"for", "it", "like", "maybe", "to", "would", "perhaps", "prefer", "not"})
_BETWEEN = frozenset(
    {
        "in",
        "the",
        "at",
        "on",
        "around",
        "about",
        "maybe",
        "say",
        "by",
        "early",
        "late",
        "of",
        ",",
        "like",
    }
)
_COUNTED = word_set(
    "people persons person guests guest adults adult kids children child pax of percent dollars "
    "minutes hours days weeks months years times tickets seats rooms men women friends more "
    "other others street st road rd avenue ave bedroom bedrooms or"
)
_JOINTS = frozenset({"to", "until", "and", "or"})
_DAWN_HOUR = 5
"""Tonight at one is tomorrow's date."""
_ANSWER_FILLERS = FILLERS | word_set(
    "the a i i'd id would like want it is it's its make be at on for to could we do can you "
    "book me my please thanks thank then how about what maybe say probably think just let's"
)
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
P = TypeVar("P", Day, Clock, Named, Moment)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said: a day, a clock time, a part of the day; tokens `begin` to `end`."""

    begin: int
    end: int
    day: date | None = None
    clock: time | None = None
    part: Part | None = None
    confidence: float = 1.0


def combine(
    tokens: Tokens, now: datetime, region: str, *, strict: bool, held: Part | None = None
) -> Answer | None:
    """The answer in these words, or None.

    `strict` takes only unmistakable clock times; `held` is a part of the day named before.
    """
    pieces = _joined(tokens, _cued(tokens, list(_scan(tokens, now, region))))
    kept = [p for p in pieces if not _rejected(tokens, p)]
    rounds = [_surest(r, strict=strict) for r in _rounds(kept)]
    if strict and not any(isinstance(p, Clock) for r in rounds for p in r):
        rounds = [[p for p in r if not _is_faint(p)] for r in rounds]
    if moments := _last(rounds, Moment):
        at = moments[0].at
        return Answer(moments[0].begin, moments[0].end, at.date(), at.time().replace(second=0))
    return _answer(rounds, now.date(), held)


def _scan(tokens: Tokens, now: datetime, region: str) -> Iterator[Piece]:
    words = [t.text for t in tokens]
    at = 0
    while at < len(tokens):
        piece = _piece(tokens, words, at, now, region)
        if piece:
            yield piece
            if part := part_at(tokens, at):
                yield Named(at, at + 1, part)
        at = max(piece.end, at + 1) if piece else at + 1


def _piece(tokens: Tokens, words: list[str], at: int, now: datetime, region: str) -> Piece | None:
    found: Piece | None = ahead_at(tokens, at, now, region)
    found = found or day_at(tokens, at, now.date(), region) or clock_at(tokens, at, region)
    if found:
        return found
    if part := part_at(tokens, at):
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


def _cued(tokens: Tokens, pieces: list[Piece]) -> list[Piece]:
    """Each clock time with the part of the day beside it, and how sure it is one."""
    named = [p for p in pieces if isinstance(p, Named)]
    days = [p for p in pieces if isinstance(p, Day)]
    ends = {day.end for day in days}
    alone = all(t.text in _ANSWER_FILLERS for n, t in enumerate(tokens) if not _in(pieces, n))
    cued: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Clock):
            part = next((n.part for n in named if _beside(tokens, piece, n)), None)
            cue = _cue(tokens, piece, part, follows_day=piece.begin in ends, alone=alone)
            if cue in _RAISED and not _counts(tokens, piece):
                cue = _RAISED[cue] if any(_beside(tokens, piece, d) for d in days) else cue
            piece = replace(piece, part=part, cue=cue)
        cued.append(piece)
    return cued


_RAISED = {Cue.BARE: Cue.WEAK, Cue.MEDIUM: Cue.STRONG}
"""A day beside a number makes it more of a clock time: "let's do four on Tuesday"."""


def _counts(tokens: Tokens, clock: Clock) -> bool:
    return word(tokens, clock.end) in _COUNTED - {"or"}


def _in(pieces: Sequence[Piece], at: int) -> bool:
    return any(p.begin <= at < p.end for p in pieces)


def _beside(tokens: Tokens, clock: Clock, named: Named | Day) -> bool:
    first, second = (clock, named) if clock.begin < named.begin else (named, clock)
    return all(word(tokens, n) in _BETWEEN for n in range(first.end, second.begin))


def _cue(tokens: Tokens, clock: Clock, part: Part | None, *, follows_day: bool, alone: bool) -> Cue:
    before, following = word(tokens, clock.begin - 1), word(tokens, clock.end)
    if clock.cue is Cue.STRONG:
        return clock.cue
    if following in _COUNTED and not (following == "of" and part):
        return Cue.BARE if following != "or" else _lead(before, follows_day, alone)
    if part:
        return Cue.STRONG
    return max(clock.cue, _lead(before, follows_day, alone))


def _lead(before: str, follows_day: bool, alone: bool) -> Cue:
    if before in _CLOCK_LEADS or follows_day:
        return Cue.MEDIUM
    return Cue.WEAK if alone or before in _WEAK_LEADS else Cue.BARE


def _joined(tokens: Tokens, pieces: list[Piece]) -> list[Piece]:
    """Ranges and alternatives: "2 to 4 pm" begins at two in the afternoon."""
    joined = list(pieces)
    for n, (first, second) in enumerate(pairwise(pieces)):
        if not (isinstance(first, Clock) and isinstance(second, Clock)):
            continue
        gap = second.begin - first.end
        dash = gap == 0 and tokens[second.begin].pause == "-"
        if dash or (gap == 1 and word(tokens, first.end) in _JOINTS):
            joined[n] = _in_range(first, second)
    return joined


def _in_range(first: Clock, second: Clock) -> Clock:
    cue = max(first.cue, second.cue)
    if first.half or first.part or first.hour > 12:
        return replace(first, cue=cue)
    same = replace(first, half=second.half, part=second.part, cue=cue)
    if same.time <= second.time:
        return same
    return replace(first, half=Half.AM, cue=cue)


_NEGATIONS = frozenset(
    {"not", "can't", "cannot", "cant", "don't", "dont", "won't", "wont", "except"}
)
_UNNEGATED = frozenset(
    {
        "but",
        "so",
        "until",
        "before",
        "after",
        "earlier",
        "later",
        "mind",
        "have",
        "sure",
        "if",
        "or",
    }
)
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


def _rejected(tokens: Tokens, piece: Piece) -> bool:
    """Was it named only to be refused: "not Monday", "I can't do Monday", "instead of three"?"""
    if not isinstance(piece, (Day, Clock)):
        return False
    if isinstance(piece, Day) and piece.weight is Weight.PAST:
        return True
    after = [word(tokens, piece.end + n) for n in range(3)]
    if any(tuple(after[: len(phrase)]) == phrase for phrase in _REFUSED_AFTER):
        return True
    if [word(tokens, piece.begin - n) for n in (2, 1)] in (["instead", "of"], ["rather", "than"]):
        return True
    for at in range(piece.begin - 1, max(piece.begin - _NEGATION_REACH - 1, -1), -1):
        if tokens[at + 1].pause or tokens[at].text in _UNNEGATED:
            return False
        if tokens[at].text in _NEGATIONS:
            return word(tokens, at - 1) not in ("why", "if")
    return False


def _rounds(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces, cut at every mend: what is said later counts."""
    rounds: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Mend):
            rounds.append([])
        else:
            rounds[-1].append(piece)
    return rounds


def _surest(pieces: list[Piece], *, strict: bool) -> list[Piece]:
    """Of several clock times only the surest kind; a bare number is none."""
    best = max((p.cue for p in pieces if isinstance(p, Clock)), default=Cue.WEAK)
    least = Cue.STRONG if strict else max(best, Cue.WEAK)
    return [p for p in pieces if not isinstance(p, Clock) or p.cue >= least]


def _is_faint(piece: Piece) -> bool:
    """A bare "12 th" may be a street's."""
    return isinstance(piece, Day) and piece.weight is Weight.MONTH_DAY and not piece.modifier


def _last(rounds: list[list[Piece]], kind: type[P]) -> list[P]:
    for pieces in reversed(rounds):
        if found := [p for p in pieces if isinstance(p, kind)]:
            return found
    return []


def _answer(rounds: list[list[Piece]], today: date, held: Part | None) -> Answer | None:
    days, clocks = _last(rounds, Day), _last(rounds, Clock)
    parts = _last(rounds, Named)
    if clocks:
        own = next(r for r in reversed(rounds) if clocks[0] in r)
        if any(isinstance(p, Day) for p in own) or any(isinstance(p, Named) for p in own):
            parts = [p for p in own if isinstance(p, Named)]
    day, confidence = resolve_together(days, today)
    if day is None and not clocks and not parts:
        return None
    part = parts[0].part if parts else held
    clock = _clock(clocks[0], part) if clocks else None
    if len({c.time for c in clocks}) > 1:
        confidence = min(confidence, 0.7)
    at_night = any(p.part is Part.NIGHT for p in parts)
    if day == today and clock and clock.hour < _DAWN_HOUR and at_night:
        day = add_days(today, 1)
    used: list[Piece] = [*days, *clocks[:1], *parts]
    begin, end = min(p.begin for p in used), max(p.end for p in used)
    return Answer(begin, end, day, clock, parts[0].part if parts else None, confidence)


def _clock(clock: Clock, part: Part | None) -> time:
    """The clock time; a part of the day named elsewhere counts when it makes sense."""
    if clock.part or clock.half or not part or not _plausible(clock.hour, part):
        return clock.time
    return replace(clock, part=part).time


def _plausible(hour: int, part: Part) -> bool:
    if part is Part.MORNING:
        return 5 <= hour <= 11
    if part is Part.AFTERNOON:
        return hour == 12 or hour <= 6
    return 5 <= hour <= 11
