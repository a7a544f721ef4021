"""The time of a booking as callers say it, in the business's local time.

Days and hours are found piece by piece, those that are not wanted are left out, and what was said
last counts. A piece (a day alone, an hour alone) is completed by the one of the turn before, or by
the time that is held. A time of another zone ("3 pm Perth time") is counted in the business's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from datetime import time as time_of_day
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from voicebot.call import Step
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.booked import moving, old_times
from voicebot.collect.understanding.fields.time_choice import (
    as_offered,
    base_of,
    begins,
    chosen,
    in_last_sentence,
    with_ranks,
    without_questions,
)
from voicebot.collect.understanding.fields.time_clocks import CLOCKS, pieces_of
from voicebot.collect.understanding.fields.time_days import DAYS, EITHER, add_days, resolve_together
from voicebot.collect.understanding.fields.time_open import (
    cuts,
    in_offered_half,
    offered_ones,
    shifted,
    told,
    with_role,
)
from voicebot.collect.understanding.fields.time_patterns import Line, Rules
from voicebot.collect.understanding.fields.time_pieces import (
    PARTS,
    Clock,
    Cue,
    Day,
    Kind,
    Part,
    Piece,
    Role,
)
from voicebot.collect.understanding.fields.time_plans import (
    asked_aside,
    facts,
    only_asks,
    plans,
    with_its_day,
    without_house_numbers,
)
from voicebot.collect.understanding.fields.time_terms import in_part
from voicebot.collect.understanding.fields.time_wish import marked, wish
from voicebot.collect.understanding.fields.zones import in_our_time, named_zone
from voicebot.collect.understanding.questions import OTHER_TIME
from voicebot.collect.understanding.types import (
    Asked,
    Correct,
    Flexible,
    Missing,
    Note,
    Provide,
    Situation,
)
from voicebot.collect.understanding.utterance import Utterance

_DAWN_HOUR = 5
"""Tonight at one is tomorrow's date."""
_SEVERAL_CLOCKS, _BOUND, _AS_NOTE = 2, 1, 2
"""Guesses where several hours are named, in an hour that is the earliest, in a fact for staff."""
_PARTS = {hours.since: name for name, hours in reversed(PARTS.items())}


def _tags(names: str) -> set[str]:
    return {f"time.{name}" for name in names.split()}


_OF_DAYS = _tags("""
    weekday short month day tonight holiday holiday_us weekend days weeks fortnights months
    hours minutes ordinal suffix part
""").union(("choose.position", "time.only_then"))
_OF_TIMES = _OF_DAYS.union(
    _tags("too_early too_late later_on sooner noon any late early new_year weekdays at_ten"),
    _tags("ish_number short_day which oclock"),
    ("number.unit", "number.teen", "number.ten", "number.sounds_like"),
)
"""Without one of these, or figures, an utterance says nothing of days, or of times."""
P = TypeVar("P", Day, Clock, Part)
_Known = tuple[date | None, time_of_day | None, str]


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the time or piece of one that was said, a choice among the offered, and a window."""
    yield from time_by(said, situation, DAYS, CLOCKS)


def time_by(
    said: Utterance,
    situation: Situation,
    days: Rules[Day],
    clocks: Rules[Clock],
    outside: Sequence[tuple[int, int]] = (),
) -> Iterator[Candidate]:
    """Give it by a language's patterns of days and of hours; nothing is read `outside`."""
    elsewhere = situation.found or situation.step is not Step.TIME
    if elsewhere and moving(said, situation, found=situation.found):
        situation = replace(situation, step=Step.TIME, asked=Asked.ANSWER, partial=None)
    strict = situation.step is not Step.TIME
    figures = any(
        token.is_digits and (not strict or said.low(at + 1) in ("/", "-", "."))
        for at, token in enumerate(said.tokens)
    )
    if not figures and said.tags.isdisjoint(_OF_DAYS if strict else _OF_TIMES):
        return
    line = Line(said, situation, days, clocks)
    if only_asks(line):
        return
    outside = [*outside, *asked_aside(line), *old_times(said, situation)]
    outside += [(each.first, each.end) for each in said.all("time.weekdays")]  # "lunes a viernes"
    day, hour, _ = _held(situation)
    confirms = situation.asked is Asked.CONFIRM and day and hour
    read_back = datetime.combine(day, hour) if confirms and day and hour else None
    told_of = list(facts(line))
    every = with_ranks(line, pieces_of(line, read_back, outside)) if told_of else []
    every = [with_role(line, piece) for piece in every]
    told_of = [with_its_day(line, fact, every) for fact in told_of]
    pieces = _pieces(line, read_back, [*told_of, *outside])
    pieces = [*_then(line, pieces, told_of, every), *pieces]
    base = base_of(line, pieces)
    if base:
        pieces = _pieces(line, base, [*told_of, *outside])
    wished = wish(line, pieces, ())
    yield from chosen(line, pieces, wished.window if wished else None)
    if strict:
        yield from _provided(line, pieces)
        return
    taken = [piece for fact in told_of for piece in plans(line, fact, every)]
    wished = wish(line, pieces, taken)
    ranged = wished is not None and wished.is_ranged and "time.any" not in said.tags
    later = shifted(line, read_back or base) if base or not pieces else None
    if later and any(p.first >= later[0][1] and not isinstance(p, Day) for p in pieces):
        later = None  # "one, or a bit later, half past one"
    given: list[Candidate] = []
    if later:
        (first, end), window = later
        first = begins(line, pieces, first)
        yield from told(line, Flexible(window, said.span(first, end)), first, end)
    elif wished is None or wished.is_taken or wished.is_plain or ranged:
        given = list(_provided(line, pieces))
        yield from given
    opens = wished and (wished.is_open or not wished.is_plain or not given)
    if wished and opens and not later and not wished.is_taken:
        told_too = [f for f in told_of if any(f[0] <= plan.first < f[1] for plan in taken)]
        first = min([wished.first, *(fact[0] for fact in told_too)])
        end = max([wished.end, *(fact[1] for fact in told_too)])
        yield from told(line, Flexible(wished.window, said.span(first, end)), first, end, ranged)
    for first, end in told_of:
        is_asked = said.clause(first).asked  # "do I need to be home"
        if not is_asked and any(said.all(*_OF_TIMES, first=first, end=end)):
            span = said.span(first, end)
            leaves = wish(line, (), [each for each in taken if first <= each.first < end])
            note = Note(said.text[slice(*span)], span, leaves.window if leaves else None)
            yield Candidate(note, first, end, _AS_NOTE)


def _then(
    line: Line, pieces: list[Piece], told_of: Sequence[tuple[int, int]], every: Sequence[Piece]
) -> Iterator[Piece]:
    """Give the day of "my hair on Friday, after that", and the hour of "we close at five"."""
    word = next(line.said.all("time.same_day"), None)
    if word is None:
        return
    told = [p for fact in told_of for p in every if fact[0] <= p.first < fact[1]]
    for kind, role in ((Day, Role.WANTED), (Clock, Role.SINCE)):
        found = [piece for piece in told if isinstance(piece, kind)]
        if len(found) == 1 and not any(isinstance(piece, kind) for piece in pieces):
            yield replace(found[0], first=word.first, end=word.end, role=role)


def _pieces(
    line: Line, counted_from: datetime | None, outside: Sequence[tuple[int, int]]
) -> list[Piece]:
    """Return what names days and hours, each with what is wanted of it."""
    found = without_house_numbers(line, pieces_of(line, counted_from, outside))
    found = without_questions(line, with_ranks(line, as_offered(line, found, counted_from)))
    found = marked(line, [with_role(line, piece) for piece in found])
    return in_offered_half(line, found, counted_from)


def _held(situation: Situation) -> _Known:
    """Return what is known already: an earlier piece of this answer, or the time that is held."""
    piece = situation.partial or situation.record.get(Step.TIME)
    if situation.step is not Step.TIME or not piece:
        return None, None, ""
    stamp, _, since = piece.partition(" ")
    day, _, hour = stamp.partition("T")
    if situation.moves and situation.offered and not situation.partial:
        days = {moment[:10] for moment in situation.offered}  # "ten" is of the day that is offered
        day = days.pop() if len(days) == 1 else ""
    try:
        held = date.fromisoformat(day) if day else None
        return held, time_of_day.fromisoformat(hour[:5]) if hour else None, _PARTS.get(since, "")
    except ValueError:
        return None, None, ""


def _wanted(line: Line, pieces: Sequence[Piece]) -> tuple[list[Day], list[Clock], list[Part]]:
    """Return the days, hours and parts that count, of the last round that has some.

    A mend ("no", "make it") opens a round, in which only the surest hours count.
    """
    strict = line.situation.step is not Step.TIME
    starts = cuts(line)
    rounds: list[list[Piece]] = []
    for _, group in groupby(pieces, lambda piece: bisect_right(starts, piece.first)):
        each = list(group)
        cue = max((p.cue for p in each if isinstance(p, Clock)), default=Cue.WEAK)
        least = Cue.STRONG if strict else max(cue, Cue.WEAK)
        rounds.insert(0, [p for p in each if not isinstance(p, Clock) or p.cue >= least])
    days, clocks, parts = _of(Day, rounds), _of(Clock, rounds), _of(Part, rounds)
    if strict and not clocks:  # a bare "12 th" may be a street's
        days = [day for day in days if day.kind is not Kind.MONTH_DAY or _is_date(line, day)]
    if clocks or parts:  # "the second one, but at nine"
        days = [replace(day, hour=None) if day.is_rank else day for day in days]
    counted = [day for day in days if day.hour]
    return (counted[:1], [], []) if counted else (days, clocks, parts)


def _is_date(line: Line, day: Day) -> bool:
    """Return True where a day of the month is none of a street: "could you do the twentieth"."""
    the = line.said.before(day.first, "time.the")
    return not day.plain or bool(the and line.said.before(the.first, OTHER_TIME))


def _of(kind: type[P], rounds: Sequence[Sequence[Piece]]) -> list[P]:
    found = ([piece for piece in pieces if isinstance(piece, kind)] for pieces in rounds)
    return next(filter(None, found), [])


def _provided(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the time that the pieces make with what is known already."""
    situation, (held_day, held_hour, held_part) = line.situation, _held(line.situation)
    days, clocks, parts = _wanted(line, [piece for piece in pieces if _may_be_it(piece)])
    day, assumes = resolve_together(days, line.today)
    since = any(clock.role is Role.SINCE for clock in clocks)
    if clocks and clocks[0].role is Role.SINCE:  # "I said after ten. Eleven?"
        clocks = [c for c in in_last_sentence(line, clocks) if isinstance(c, Clock)]
    ranged = any(clock.until for clock in clocks) and "time.any" in line.said.tags
    if ranged or (since and not (day or held_day)):
        clocks = []
    if assumes >= EITHER or not (day or clocks or parts):
        return
    part = parts[0].name if parts else ""
    clock = in_part(clocks[0], part or held_part) if clocks else None
    hour = clock.time if clock else days[0].hour if days else None
    if clock and not clock.until and len({each.time for each in clocks}) > 1:
        assumes = max(assumes, _SEVERAL_CLOCKS)
    assumes = max(assumes, _BOUND if clock and since else 0)
    if day and hour and clock:
        day, hour = _to_come(
            line, day, clock, bare=len(days) == 1 and days[0].plain and days[0].kind is Kind.WEEKDAY
        )
    whole_day = day or held_day
    hours = {at.time() for at in offered_ones(line)} if "time.again" in line.said.tags else set()
    held_hour = hours.pop() if len(hours) == 1 else held_hour  # "Friday, same time"
    whole_hour = hour or (None if part and whole_day else held_hour)
    clock_text = f"T{whole_hour:%H:%M}" if whole_hour else ""
    stamp, moved = _ours(line, f"{whole_day or ''}{clock_text}")
    if not stamp:
        return
    missing, partial = None, None
    if stamp.startswith("T"):
        missing, partial = Missing.DAY, stamp
    elif "T" not in stamp:
        part = part or ("" if day else held_part)
        missing, partial = Missing.CLOCK, f"{stamp} {PARTS[part].since}" if part else stamp
    used: list[Piece] = [*days, *clocks[:1], *parts]
    first, end = min(piece.first for piece in used), max(piece.end for piece in used)
    span, known = line.said.span(first, end), situation.record.get(Step.TIME)
    ambiguous = clock is not None and clock.ambiguous and not clock.until
    act: Provide | Correct = Provide(
        Step.TIME, stamp, span, missing, partial, None, ambiguous, assumes, moved
    )
    mends = known and not (day and hour) and not situation.partial and not moved
    if known and mends and missing is None and not known.startswith(stamp):
        act = Correct(Step.TIME, stamp, span)
    open_ = not (hour and whole_day) and not line.said.tags.isdisjoint(
        ("time.any", "time.early", "time.late")
    )
    yield from told(line, act, first, end, assumes + open_)  # a window first
    for piece in pieces:
        if piece not in used and piece not in clocks and _is_given_up(piece):
            refused = line.tag(line.on(piece.end), "refused")
            yield from told(line, None, piece.first, refused.end if refused else piece.end)


def _to_come(line: Line, day: date, clock: Clock, *, bare: bool) -> tuple[date | None, time_of_day]:
    """Return the day and time that are meant: one at night is the next day's; none is over.

    "Tuesday at three" is today if today is Tuesday, and "today at eight" is the evening's, if
    eight in the morning is over.
    """
    hour, now = clock.time, line.situation.now
    if hour.hour < _DAWN_HOUR and clock.part in ("evening", "night"):
        return add_days(day, 1), hour
    held, coming_week = _held(line.situation)[0], add_days(line.today, 7 - line.today.weekday())
    of_later = held and coming_week and held >= coming_week  # "Monday the 7th?" "Tuesday, at ten"
    bare = bare and not (of_later or line.situation.offered)
    if bare and day == add_days(line.today, 7):
        day = line.today if hour > now.time() else day
    evening = replace(clock, part="evening").time
    over = clock.ambiguous and day == line.today and hour <= now.time() < evening
    return day, evening if over else hour


def _is_given_up(piece: Piece) -> bool:
    """Return True for the Thursday of "not Thursday, Friday at ten", and of "Thursday, no, ..."."""
    named = isinstance(piece, Clock) and piece.cue >= Cue.MEDIUM  # not the 2 of "a table for 2"
    named = named or (isinstance(piece, Day) and piece.kind < Kind.PAST)
    return named and piece.role in (Role.WANTED, Role.OUT, Role.BUT)


def _may_be_it(piece: Piece) -> bool:
    """Return True for what may be the time itself, and not only bound it."""
    since = isinstance(piece, Clock) and piece.role is Role.SINCE
    bounds = isinstance(piece, Part) and piece.role in (Role.SINCE, Role.UNTIL)
    return since or bounds or piece.role is Role.WANTED


def _ours(line: Line, stamp: str) -> tuple[str, bool]:
    """Return a time that was said in another zone in ours, and True; without ours its day alone."""
    day, _, clock = stamp.partition("T")
    situation = line.situation
    here = ZoneInfo(situation.zone) if situation.zone else None
    there = named_zone(line.said, situation.region, here) if clock else None
    if not here or not there:
        return (day if there else stamp), False
    ours = in_our_time(day, clock, there, here, situation.now)
    if ours is None or f"{ours:%H:%M}" == clock:
        return stamp, False
    return f"{ours:%Y-%m-%dT%H:%M}"[0 if day else 10 :], True
