"""The time of a booking as callers say it, in the business's local time.

Days and hours are found piece by piece, those that are not wanted are left out, and what was said
last counts. A piece (a day alone, an hour alone) is completed by the one of the turn before, or by
the time that is held.
"""

from __future__ import annotations

import datetime as clockwork
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.clocks import Clock, Cue, Part
from voicebot.collect.reading.fields.counted import Moment
from voicebot.collect.reading.fields.dates import EITHER, Day, Kind, add_days, resolve_together
from voicebot.collect.reading.fields.patterns import Line
from voicebot.collect.reading.fields.wanted import (
    Piece,
    facts,
    is_refused,
    only_asks,
    pieces_of,
    rounds_of,
)
from voicebot.collect.reading.fields.windows import around, chosen, is_bound_day, is_open, window
from voicebot.collect.reading.fields.zones import in_our_time, named_zone
from voicebot.collect.reading.types import Correct, Missing, Note, Provide, Situation
from voicebot.collect.reading.utterance import Utterance

_DAWN_HOUR = 5
"""Tonight at one is tomorrow's date."""
_SEVERAL_CLOCKS, _BOUND = 2, 1
"""Guesses where several hours are named, and where an hour is only the earliest."""
_AS_NOTE = 2
"""Guesses in a fact that is told to staff."""
_SINCE = {"morning": "06", "lunch": "12", "afternoon": "12", "evening": "18", "night": "21"}
"""The hour from which a part of the day counts, as a piece writes it: `2027-03-04 18`."""
_PARTS = {hour: part for part, hour in _SINCE.items()}
_OF_DAYS = frozenset(
    f"time.{name}"
    for name in (
        *("weekday", "short", "month", "day", "tonight", "holiday", "holiday_us", "weekend"),
        *("days", "weeks", "fortnights", "months", "hours", "minutes", "ordinal", "suffix", "part"),
    )
)
_OF_TIMES = _OF_DAYS | {
    *("time.noon", "time.any", "time.late", "time.weekdays", "time.at_ten", "time.fact"),
    *("time.ish_number", "number.unit", "number.teen", "number.ten", "number.sounds_like"),
}
"""Without one of these, or figures, an utterance says nothing of days, or of times."""
_DATE_MARKS = frozenset(("/", "-", "."))
"""Between figures they make a date: 31/8."""
P = TypeVar("P", Day, Clock, Part, Moment)


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the time or piece of one that was said, a choice among the offered, and a window."""
    strict = situation.step is not Step.TIME
    if not _has(said, _OF_DAYS if strict else _OF_TIMES):
        return
    line = Line(said, situation)
    if only_asks(line):
        return
    pieces = pieces_of(line)
    yield from chosen(line, pieces)
    answer = _answer(line, [p for p in pieces if not is_refused(line, p)], strict=strict)
    if answer and answer.assumes < EITHER:
        yield from _provided(line, answer)
    if strict:
        return
    yield from window(line, pieces)
    for first, end in facts(line):
        if not _has(said, _OF_TIMES - {"time.fact"}, first, end):
            continue
        span = said.span(first, end)
        yield Candidate(Note(said.text[slice(*span)], span), first, end, _AS_NOTE)


def _has(said: Utterance, tags: frozenset[str], first: int = 0, end: int | None = None) -> bool:
    """Return True where a stretch holds one of these tags, or figures that may be a time."""
    whole = first == 0 and end is None
    if not said.tags.isdisjoint(tags) if whole else any(said.all(*tags, first=first, end=end)):
        return True
    dates_alone = tags is _OF_DAYS
    return any(
        token.is_digits and (not dates_alone or said.low(at + 1) in _DATE_MARKS)
        for at, token in enumerate(said.tokens[first:end], first)
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """A day, an hour and a part of the day; the tokens from `first` up to `end` said them."""

    first: int
    end: int
    day: date | None = None
    clock: clockwork.time | None = None
    part: str | None = None
    assumes: int = 0
    ambiguous: bool = False


def _held(situation: Situation) -> _Answer:
    """Return what is known already: an earlier piece of this answer, or the time that is held."""
    piece = situation.partial or situation.record.get(Step.TIME)
    if situation.step is not Step.TIME or not piece:
        return _Answer(0, 0)
    stamp, _, since = piece.partition(" ")
    day, _, clock = stamp.partition("T")
    try:
        return _Answer(
            0,
            0,
            date.fromisoformat(day) if day else None,
            clockwork.time.fromisoformat(clock[:5]) if clock else None,
            _PARTS.get(since),
        )
    except ValueError:
        return _Answer(0, 0)


def _answer(line: Line, wanted: Sequence[Piece], *, strict: bool) -> _Answer | None:
    """Return what the pieces say together; `strict` takes only what is unmistakable."""
    rounds = [_surest(each, strict=strict) for each in rounds_of(line, wanted)]
    if strict and not any(isinstance(piece, Clock) for each in rounds for piece in each):
        rounds = [[piece for piece in each if not _is_faint(piece)] for each in rounds]
    if moments := _last(rounds, Moment):
        at = moments[0].at
        hour = at.time().replace(second=0, microsecond=0)
        return _Answer(moments[0].first, moments[0].end, at.date(), hour)
    days, clocks, parts = _last(rounds, Day), _last(rounds, Clock), _last(rounds, Part)
    if not clocks:
        days = [day for day in days if not is_bound_day(line, day)]
    else:
        own = next(each for each in reversed(rounds) if clocks[0] in each)
        if any(isinstance(piece, Day | Part) for piece in own):
            parts = [piece for piece in own if isinstance(piece, Part)]
    return _together(line, days, clocks, parts)


def _together(
    line: Line, days: Sequence[Day], clocks: Sequence[Clock], parts: Sequence[Part]
) -> _Answer | None:
    held = _held(line.situation)
    day, assumes = resolve_together(days, line.today)
    open_ = [clock for clock in clocks if is_open(line, clock)]
    loose = any(clock.until for clock in clocks) and any(line.said.all("time.any"))
    if loose or (open_ and day is None and held.day is None):
        clocks = []
    if day is None and not clocks and not parts:
        return None
    part = parts[0].name if parts else held.part
    clock = _with_part(clocks[0], part) if clocks else None
    if len({clock.time for clock in clocks if not clocks[0].until}) > 1:
        assumes = max(assumes, _SEVERAL_CLOCKS)
    at_night = any(part.name == "night" for part in parts)
    if day == line.today and clock and clock.time.hour < _DAWN_HOUR and at_night:
        day = add_days(line.today, 1)
    used: list[Piece] = [*days, *clocks[:1], *parts]
    first, end = min(piece.first for piece in used), max(piece.end for piece in used)
    name = parts[0].name if parts else None
    hour, ambiguous = (clock.time, clock.ambiguous) if clock else (None, False)
    return _Answer(first, end, day, hour, name, max(assumes, _BOUND * bool(open_)), ambiguous)


def _with_part(clock: Clock, part: str | None) -> Clock:
    """Return the hour with a part of the day that was named elsewhere, where it makes sense."""
    plausible = {
        "morning": range(5, 12),
        "lunch": (*range(7), 12),
        "afternoon": (*range(7), 12),
        "evening": range(5, 12),
        "night": range(5, 12),
    }
    if clock.part or clock.half or not part or clock.hour not in plausible[part]:
        return clock
    return replace(clock, part=part)


def _surest(pieces: Sequence[Piece], *, strict: bool) -> list[Piece]:
    """Return the pieces, of several hours only the surest kind; a bare number is none."""
    best = max((piece.cue for piece in pieces if isinstance(piece, Clock)), default=Cue.WEAK)
    least = Cue.STRONG if strict else max(best, Cue.WEAK)
    return [piece for piece in pieces if not isinstance(piece, Clock) or piece.cue >= least]


def _is_faint(piece: Piece) -> bool:
    """A bare "12 th" may be a street's."""
    return isinstance(piece, Day) and piece.kind is Kind.MONTH_DAY and piece.months is None


def _last(rounds: Sequence[Sequence[Piece]], kind: type[P]) -> list[P]:
    for pieces in reversed(rounds):
        if found := [piece for piece in pieces if isinstance(piece, kind)]:
            return found
    return []


def _provided(line: Line, said: _Answer) -> Iterator[Candidate]:
    """Give the time that this makes with what is known already."""
    held = _held(line.situation)
    day, clock = said.day or held.day, said.clock or held.clock
    part = said.part or (held.part if said.day is None else None)
    if said.part and not said.clock and (said.day or held.day):
        clock = None
    stamp = f"{day.isoformat() if day else ''}{f'T{clock:%H:%M}' if clock else ''}"
    if not stamp:
        return
    stamp, moved = _ours(line, stamp)
    span = line.said.span(said.first, said.end)
    first, end = around(line, said.first, said.end)
    if day and clock and "T" in stamp:
        missing, partial = None, None
    elif clock and "T" in stamp:
        missing, partial = Missing.DAY, stamp
    elif stamp:
        missing, partial = Missing.CLOCK, f"{stamp} {_SINCE[part]}" if part else stamp
    else:
        return
    known = line.situation.record.get(Step.TIME)
    completes = not (said.day and said.clock) and not line.situation.partial
    if known and completes and missing is None and known[: len(stamp)] != stamp and not moved:
        yield Candidate(Correct(Step.TIME, stamp, span), first, end, said.assumes)
        return
    act = Provide(
        Step.TIME,
        stamp,
        span,
        missing,
        partial,
        ambiguous=said.ambiguous and said.clock is not None,
        assumed=said.assumes,
        moved=moved,
    )
    yield Candidate(act, first, end, said.assumes)


def _ours(line: Line, stamp: str) -> tuple[str, bool]:
    """Return a time that was said in another zone in ours, and True; without ours its day alone."""
    day, _, clock = stamp.partition("T")
    situation = line.situation
    here = ZoneInfo(situation.zone) if situation.zone else None
    there = named_zone(line.said, situation.region, here) if clock else None
    if there is None:
        return stamp, False
    if here is None:
        return day, False
    ours = in_our_time(day, clock, there, here, situation.now)
    if ours is None or f"{ours:%H:%M}" == clock:
        return stamp, False
    return (f"{ours:%Y-%m-%dT%H:%M}" if day else f"T{ours:%H:%M}"), True
