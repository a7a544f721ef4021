"""The time of a booking as callers say it, in the business's local time.

Days and hours are found piece by piece, those that are not wanted are left out, and what was said
last counts. A piece (a day alone, an hour alone) is completed by the one of the turn before, or by
the time that is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from datetime import time as time_of_day
from typing import TypeVar
from zoneinfo import ZoneInfo

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.time_clocks import (
    PARTS,
    Clock,
    Cue,
    Part,
    Piece,
    clock_at,
    weighed,
)
from voicebot.collect.reading.fields.time_days import (
    EITHER,
    Day,
    Kind,
    add_days,
    day_at,
    resolve_together,
)
from voicebot.collect.reading.fields.time_open import around, chosen, role_of, window
from voicebot.collect.reading.fields.time_patterns import Line, Role
from voicebot.collect.reading.fields.zones import in_our_time, named_zone
from voicebot.collect.reading.types import Asked, Correct, Missing, Note, Provide, Situation
from voicebot.collect.reading.utterance import Utterance

_DAWN_HOUR = 5
"""Tonight at one is tomorrow's date."""
_SEVERAL_CLOCKS, _BOUND, _AS_NOTE = 2, 1, 2
"""Guesses where several hours are named, in an hour that is the earliest, in a fact for staff."""
_PARTS = {hours.since: name for name, hours in reversed(PARTS.items())}
_OF_DAYS = frozenset(
    f"time.{name}"
    for name in (
        *("weekday", "short", "month", "day", "tonight", "holiday", "holiday_us", "weekend"),
        *("days", "weeks", "fortnights", "months", "hours", "minutes", "ordinal", "suffix", "part"),
    )
)
_OF_TIMES = _OF_DAYS | {
    *("time.noon", "time.any", "time.late", "time.weekdays", "time.at_ten", "time.ish_number"),
    *("number.unit", "number.teen", "number.ten", "number.sounds_like"),
}
"""Without one of these, or figures, an utterance says nothing of days, or of times."""
_POLITE = ("quiet.link", "act.leave", "act.greet")
P = TypeVar("P", Day, Clock, Part)


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the time or piece of one that was said, a choice among the offered, and a window."""
    strict = situation.step is not Step.TIME
    figures = any(
        token.is_digits and (not strict or said.low(at + 1) in ("/", "-", "."))
        for at, token in enumerate(said.tokens)
    )
    if not figures and said.tags.isdisjoint(_OF_DAYS if strict else _OF_TIMES):
        return
    line = Line(said, situation)
    if _only_asks(line):
        return
    told = list(_facts(line))
    pieces = _pieces(line, {at for first, end in told for at in range(first, end)})
    yield from chosen(line, pieces)
    yield from _provided(line, pieces)
    if strict:
        return
    yield from window(line, pieces)
    for first, end in told:
        if any(said.all(*_OF_TIMES, first=first, end=end)):
            span = said.span(first, end)
            yield Candidate(Note(said.text[slice(*span)], span), first, end, _AS_NOTE)


# -- what is told and asked ------------------------------------------------------------------------


def _only_asks(line: Line) -> bool:
    """Return True where a day or hour is asked about and no time proposed.

    "Are you open on Saturday?", "am I down for two?"; but "do you have Friday at two?" proposes.
    """
    said = line.said
    if not said.tags.isdisjoint(("time.elsewhere", "time.asks_own")):
        return True
    if line.tag(0, "asks_every") and "time.every" in said.tags:
        return True
    opener = line.tag(line.on(0), "opener")
    if opener is None or line.tag(opener.first, "suggests") or line.tag(opener.end - 1, "suggests"):
        return False
    return "time.tells" in said.tags or not any(said.all("time.offer", first=opener.end))


def _facts(line: Line) -> Iterator[tuple[int, int]]:
    """Give the stretches that only tell of days and hours: "my train leaves at six".

    A fact ends with its sentence, where it leads on ("so", "but"), and where a wish begins.
    """
    end = 0
    for fact in line.said.all("time.fact"):
        wish = line.tag(fact.first, "wish")
        if fact.first < end or (wish and wish.end >= fact.end) or line.before(fact.first, "wish"):
            continue
        end = fact.end
        while end < len(line) and not line.tag(end, "turn", "wish") and not _stops(line, end):
            end += 1
        if not (line.tag(end, "wish") and line.tag(end, "trail")):
            yield fact.first, end  # "she said Friday would suit" wishes


def _stops(line: Line, at: int) -> bool:
    """Return True for a mark that ends a sentence, and is not the one of "3.30"."""
    tokens = line.said.tokens
    inside = tokens[at].glued and at + 1 < len(line) and tokens[at + 1].glued
    return tokens[at].low in ".?!;," and not inside


# -- the pieces ------------------------------------------------------------------------------------


def _pieces(line: Line, told: set[int]) -> list[Piece]:
    """Return every day, hour and part of the day, with what is wanted of it."""
    situation, read_back = line.situation, None
    if situation.asked is Asked.CONFIRM and situation.step is Step.TIME:
        held = _held(situation)
        read_back = datetime.combine(held.day, held.hour) if held.day and held.hour else None
    found: list[Piece] = []
    at = 0
    while at < len(line):
        piece = day_at(line, at, read_back) or clock_at(line, at)
        part = line.tag(at, "part", "tonight")
        if part and not line.said.before(part.end, *_POLITE):
            found.append(Part(at, part.end, part.value or "night"))
        if piece:
            found.append(piece)
        at = max(piece.end if piece else 0, at + 1)
    pieces = weighed(line, [piece for piece in found if piece.first not in told])
    return [replace(piece, role=role_of(line, piece)) for piece in pieces]


def _rounds(line: Line, pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces cut at every mend ("no", "make it"), the last said first."""
    starts = {clause.first for clause in line.said.clauses if clause.mends}
    starts.update(match.first for match in line.said.all("time.mend"))
    turns = (match.first for match in line.said.all("time.turn"))
    starts.update(at for at in turns if not line.tag(at, "no_turn"))
    rounds: list[list[Piece]] = [[]]
    last = 0
    for piece in pieces:
        if any(last < start <= piece.first for start in starts):
            rounds.append([])
        rounds[-1].append(piece)
        last = piece.first
    return rounds[::-1]


def _of(kind: type[P], rounds: Sequence[Sequence[Piece]]) -> list[P]:
    """Return the days, clocks or parts of the last round that has some."""
    found = ([piece for piece in pieces if isinstance(piece, kind)] for pieces in rounds)
    return next(filter(None, found), [])


# -- the answer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Time:
    """A day, an hour and a part of the day, as far as they are known."""

    day: date | None = None
    hour: time_of_day | None = None
    part: str = ""

    def __str__(self) -> str:
        day = self.day.isoformat() if self.day else ""
        return f"{day}T{self.hour:%H:%M}" if self.hour else day


def _held(situation: Situation) -> _Time:
    """Return what is known already: an earlier piece of this answer, or the time that is held."""
    piece = situation.partial or situation.record.get(Step.TIME)
    if situation.step is not Step.TIME or not piece:
        return _Time()
    stamp, _, since = piece.partition(" ")
    day, _, hour = stamp.partition("T")
    try:
        return _Time(
            date.fromisoformat(day) if day else None,
            time_of_day.fromisoformat(hour[:5]) if hour else None,
            _PARTS.get(since, ""),
        )
    except ValueError:
        return _Time()


def _wanted(line: Line, pieces: Sequence[Piece]) -> tuple[list[Day], list[Clock], list[Part]]:
    """Return the days, hours and parts that count: of the last rounds, the surest hours."""
    strict = line.situation.step is not Step.TIME
    rounds: list[list[Piece]] = []
    for each in _rounds(line, pieces):
        cue = max((p.cue for p in each if isinstance(p, Clock)), default=Cue.WEAK)
        least = Cue.STRONG if strict else max(cue, Cue.WEAK)
        rounds.append([p for p in each if not isinstance(p, Clock) or p.cue >= least])
    days, clocks, parts = _of(Day, rounds), _of(Clock, rounds), _of(Part, rounds)
    own = next((each for each in rounds if clocks and clocks[0] in each), [])
    if any(isinstance(piece, Day | Part) for piece in own):
        parts = [piece for piece in own if isinstance(piece, Part)]
    if strict and not clocks:  # a bare "12 th" may be a street's
        days = [day for day in days if not (day.kind is Kind.MONTH_DAY and day.plain)]
    counted = [day for day in days if day.hour]
    return (counted[:1], [], []) if counted else (days, clocks, parts)


def _provided(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the time that the pieces make with what is known already."""
    situation, held = line.situation, _held(line.situation)
    days, clocks, parts = _wanted(line, [p for p in pieces if _counts(p)])
    day, assumes = resolve_together(days, line.today)
    since = any(clock.role is not Role.WANTED for clock in clocks)
    ranged = any(clock.until for clock in clocks) and "time.any" in line.said.tags
    if ranged or (since and not (day or held.day)):
        clocks = []
    used: list[Piece] = [*days, *clocks[:1], *parts]
    if assumes >= EITHER or not (day or clocks or parts):
        return
    part = parts[0].name if parts else ""
    clock = _in_part(clocks[0], part or held.part) if clocks else None
    if clock and not clock.until and len({each.time for each in clocks}) > 1:
        assumes = max(assumes, _SEVERAL_CLOCKS)
    assumes = max(assumes, _BOUND * (since and clock is not None))
    hour = clock.time if clock else days[0].hour if days else None
    if day == line.today and clock and clock.time.hour < _DAWN_HOUR and part == "night":
        day = add_days(line.today, 1)
    both = day is not None and hour is not None
    anew = part and not hour and (day or held.day)
    whole = _Time(
        day or held.day,
        hour or (None if anew else held.hour),
        part or ("" if day else held.part),
    )
    stamp, moved = _ours(line, str(whole))
    if not stamp:
        return
    first, end = min(piece.first for piece in used), max(piece.end for piece in used)
    span, known = line.said.span(first, end), situation.record.get(Step.TIME, "")
    missing, partial = None, None
    if stamp.startswith("T"):
        missing, partial = Missing.DAY, stamp
    elif "T" not in stamp:
        since_hour = f" {PARTS[whole.part].since}" if whole.part else ""
        missing, partial = Missing.CLOCK, stamp + since_hour
    act: Provide | Correct = Provide(
        Step.TIME,
        stamp,
        span,
        missing,
        partial,
        ambiguous=clock is not None and clock.ambiguous,
        assumed=assumes,
        moved=moved,
    )
    mends = known and not both and not situation.partial and not moved
    if mends and missing is None and not known.startswith(stamp):
        act = Correct(Step.TIME, stamp, span)
    yield Candidate(act, *around(line, first, end), assumes)


def _counts(piece: Piece) -> bool:
    """Return True for what may be the time itself, and not only bound it."""
    bound = isinstance(piece, Clock) and piece.role in (Role.SINCE, Role.BEYOND)
    return bound or piece.role is Role.WANTED or isinstance(piece, Part)


def _in_part(clock: Clock, part: str) -> Clock:
    """Return the hour with a part of the day that was named elsewhere, where it makes sense."""
    if clock.part or clock.half or not part or clock.hour % 12 not in PARTS[part].likely:
        return clock
    return replace(clock, part=part)


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
