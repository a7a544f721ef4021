"""From the pieces of an answer to one day and one clock time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import TypeVar

from voicebot.collect.understanding.dates.clocks import Clock, Cue, Part
from voicebot.collect.understanding.dates.cues import weighed
from voicebot.collect.understanding.dates.pieces import Mend, Named, Piece, scan
from voicebot.collect.understanding.dates.refusals import is_refused
from voicebot.collect.understanding.dates.resolving import Day, Weight, add_days, resolve_together
from voicebot.collect.understanding.dates.spans import Moment
from voicebot.collect.understanding.dates.words import Tokens

_DAWN_HOUR = 5
"""Tonight at one is tomorrow's date."""
_SEVERAL_CLOCKS = 0.7
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
    tokens: Tokens,
    now: datetime,
    region: str,
    *,
    strict: bool,
    held: Part | None = None,
    read_back: datetime | None = None,
) -> Answer | None:
    """The answer in these words, or None.

    `strict` takes only unmistakable clock times; `held` is a part of the day named before;
    from the time that was `read_back` "an hour later" is counted.
    """
    pieces = weighed(tokens, list(scan(tokens, now, region, read_back)))
    kept = [p for p in pieces if not is_refused(tokens, p)]
    rounds = [_surest(r, strict=strict) for r in _rounds(kept)]
    if strict and not any(isinstance(p, Clock) for r in rounds for p in r):
        rounds = [[p for p in r if not _is_faint(p)] for r in rounds]
    if moments := _last(rounds, Moment):
        at = moments[0].at
        return Answer(moments[0].begin, moments[0].end, at.date(), at.time().replace(second=0))
    return _answer(rounds, now.date(), held)


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
        confidence = min(confidence, _SEVERAL_CLOCKS)
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
