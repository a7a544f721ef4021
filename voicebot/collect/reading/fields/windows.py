"""Times left open ("any day but Monday", "after four"), and one chosen among those offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.clocks import Clock, Cue, Part
from voicebot.collect.reading.fields.dates import Day, Kind, add_days, resolve, resolve_together
from voicebot.collect.reading.fields.patterns import Line
from voicebot.collect.reading.fields.wanted import Piece, is_excepted, is_negated, is_refused
from voicebot.collect.reading.lexicon import Match
from voicebot.collect.reading.types import Asked, Choose, Flexible, Window

_DAYS_AHEAD = 14
"""Days that "any day but Monday" allows."""
_SATURDAY, _SUNDAY = 5, 6
_HOURS = {
    "lunch": (time(12), time(13)),
    "morning": (None, time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(17), None),
    "night": (time(18), None),
}
_LATE, _EARLY = time(15), time(11)


def window(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open."""
    days = [piece for piece in pieces if isinstance(piece, Day) and piece.kind is not Kind.PAST]
    clocks = [p for p in pieces if isinstance(p, Clock) and (p.cue > Cue.BARE or p.until)]
    parts = [piece for piece in pieces if isinstance(piece, Part)]
    any_ = list(line.said.all("time.any"))
    day, hours = _days(line, days, any_), _hours(line, clocks, parts)
    if day and day.days and clocks and not hours:
        hours = Window(after=clocks[0].time, before=clocks[0].time)
    if not (day or hours or (any_ and (days or parts))) or (clocks and not hours):
        return
    if day is None:
        named, assumes = resolve_together([d for d in days if not is_refused(line, d)], line.today)
        day = Window((named,) if named and not assumes else ())
    found = replace(day, after=hours.after, before=hours.before) if hours else day
    said: list[Piece | Match] = [
        *days,
        *clocks,
        *parts,
        *line.said.all("time.any", "time.late", "time.weekdays"),
    ]
    first, end = min(each.first for each in said), max(each.end for each in said)
    ranged = any(clock.until for clock in clocks) and not any_
    act = Flexible(found, line.said.span(first, end))
    yield Candidate(act, *around(line, first, end), assumes=ranged)


def around(line: Line, first: int, end: int) -> tuple[int, int]:
    """Return a stretch with the words that lead up to a time, and that belong behind it."""
    said = line.said
    bounds = (
        "not",
        "earliest",
        "latest",
        "between",
        "at",
        "on",
        "the",
        "lead",
        "any",
        "early",
        "late",
    )
    while True:
        behind = line.back(first)
        behind -= said.low(behind - 1) == ","
        lead = line.before(behind, *bounds) or said.before(
            line.back(behind), "lead.is", "yes.restate"
        )
        if lead is None:
            break
        first = lead.first
    while trail := line.tag(line.on(end), "trail", "onward", "any"):
        end = trail.end
    return first, end


def is_open(line: Line, clock: Clock) -> bool:
    """Return True for an hour that only bounds: "after four", "four or later"."""
    if line.tag(line.on(clock.end), "onward"):
        return True
    bound = line.before(clock.first, "earliest", "latest")
    return bound is not None and bound.tag == "time.earliest"


def is_bound_day(line: Line, day: Day) -> bool:
    """Return True for a day that only bounds: "not before Thursday", "by Friday"."""
    the = line.before(day.first, "the")
    bound = line.before(the.first if the else day.first, "earliest", "latest", "by")
    return (bound or line.tag(line.on(day.end), "onward", "backward")) is not None


def chosen(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: "the Friday one"."""
    situation = line.situation
    if situation.asked is not Asked.CHOICE:
        return
    left = [datetime.fromisoformat(o) for o in situation.offered if _is_moment(o)]
    wanted = [p for p in pieces if not is_refused(line, p) and not _is_the_one(line, p)]
    fitting = [moment for moment in left if all(_fits(line, p, moment) for p in wanted)]
    if not wanted or len(fitting) != 1:
        return
    first, end = min(p.first for p in wanted), max(p.end for p in wanted)
    if of := line.tag(line.on(end), "kind_of_offer"):
        end = of.end
    act = Choose(line.said.span(first, end), moment=fitting[0].isoformat(timespec="minutes"))
    yield Candidate(act, *around(line, first, end))


def _is_the_one(line: Line, piece: Piece) -> bool:
    """Return True for the "one" of "the Friday one", which is no hour."""
    named = line.before(piece.first, "weekday", "part", "day", "ordinal", "suffix")
    one = line.tag(piece.first, "kind_of_offer")
    return isinstance(piece, Clock) and named is not None and one is not None


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _fits(line: Line, piece: Piece, moment: datetime) -> bool:
    if isinstance(piece, Clock):
        evening = replace(piece, part="evening") if piece.ambiguous else piece
        return moment.time().replace(second=0) in (piece.time, evening.time)
    if isinstance(piece, Part):
        after, before = _HOURS[piece.name]
        return (not after or moment.time() >= after) and (not before or moment.time() < before)
    if isinstance(piece, Day):
        if piece.kind is Kind.WEEKDAY:
            return moment.weekday() == piece.number
        if piece.kind is Kind.MONTH_DAY:
            return moment.day == piece.number
        return moment.date() == resolve(piece, line.today)
    return moment == piece.at


def _days(line: Line, days: Sequence[Day], any_: Sequence[Match]) -> Window | None:
    """Return the days that are left open; None where none is, or one is named."""
    today = line.today
    excepted = {resolve(day, today) for day in days if is_excepted(line, day.first)}
    excepted_weekdays = {day.weekday() for day in excepted if day}
    named = [day for day in days if not is_excepted(line, day.first)]
    workdays = next(line.said.all("time.weekdays"), None) is not None
    if excepted_weekdays or (workdays and any_):
        return _days_but(line, excepted_weekdays | ({_SATURDAY, _SUNDAY} if workdays else set()))
    weeks = [day for day in named if day.kind in (Kind.WEEK, Kind.WEEKEND)]
    weekdays = [day for day in named if day not in weeks and day.kind is not Kind.NONE]
    if weeks and not weekdays:
        if weeks[0].kind is Kind.WEEKEND and is_negated(line, weeks[0].first):
            return _days_but(line, {_SATURDAY, _SUNDAY})
        return _week(weeks[0], today)
    for first, second in pairwise(weekdays):
        joint = line.tag(line.on(first.end), "or", "joint")
        if joint is None or not all(_leads(line, at) for at in range(joint.end, second.first)):
            continue
        if joint.tag == "time.or":
            found = {resolve_together([day, *weeks], today)[0] for day in weekdays}
            return Window(tuple(sorted(day for day in found if day)))
        start = resolve_together([first, *weeks], today)[0]
        return Window(first=start, last=resolve(second, start) if start else None)
    return next(filter(None, (_bounded(line, day) for day in weekdays)), None)


def _days_but(line: Line, excepted: set[int]) -> Window:
    """Return the days ahead without these weekdays."""
    ahead = (add_days(line.today, n) for n in range(1, _DAYS_AHEAD + 1))
    return Window(tuple(day for day in ahead if day and day.weekday() not in excepted))


def _leads(line: Line, at: int) -> bool:
    """Return True for the "on the" between two days."""
    return line.said.is_sound(at) or line.tag(at, "on", "the", "inside") is not None


def _week(week: Day, today: date) -> Window | None:
    monday = add_days(today, 7 * week.number - today.weekday())
    sunday = add_days(monday, 6) if monday else None
    if monday is None or sunday is None:
        return None
    if week.kind is Kind.WEEKEND:
        return Window((sunday - timedelta(days=1), sunday))
    return Window(first=max(monday, today), last=sunday)


def _bounded(line: Line, day: Day) -> Window | None:
    found = resolve(day, line.today)
    first = day.first
    while the := line.before(first, "the"):
        first = the.first
    if found is None:
        return None
    if behind := line.tag(line.on(day.end), "onward", "backward"):
        return Window(first=found) if behind.tag == "time.onward" else Window(last=found)
    bound = line.before(first, "earliest", "latest", "by")
    if bound is None:
        return None
    plain = bound.end - bound.first == 1
    if bound.tag == "time.earliest":
        return Window(first=add_days(found, 1) if plain and line.before(first, "after") else found)
    return Window(last=add_days(found, -1) if plain and line.before(first, "before") else found)


def _hours(line: Line, clocks: Sequence[Clock], parts: Sequence[Part]) -> Window | None:
    for clock in clocks:
        if clock.until:
            return Window(after=clock.time, before=clock.until)
        if is_open(line, clock):
            return Window(after=clock.time)
        if line.before(clock.first, "latest"):
            return Window(before=clock.time)
    if clocks:
        return None
    if parts:
        after, before = _HOURS[parts[0].name]
        if is_negated(line, parts[0].first):
            return Window(before=after) if after else Window(after=before)
        if line.before(parts[0].first, "earliest"):
            return Window(after=before or after)
        if line.before(parts[0].first, "latest"):
            return Window(before=after or before)
        return Window(after=after, before=before)
    if next(line.said.all("time.late"), None):
        return Window(after=_LATE)
    return None
