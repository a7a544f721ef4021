"""What a caller wants of the days and hours named: refused ones, bounds, windows, choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import pairwise

from voicebot.call import Window
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.time_clocks import PARTS, Clock, Cue, Part, Piece
from voicebot.collect.reading.fields.time_days import Day, Kind, add_days, resolve_together
from voicebot.collect.reading.fields.time_patterns import Line, Role
from voicebot.collect.reading.lexicon import Match
from voicebot.collect.reading.types import Asked, Choose, Flexible

_DAYS_AHEAD = 14
"""Days that "any day but Monday" allows."""
_WEEKEND = {5, 6}
_LATE = time(15)
_NEGATION_REACH = 4
_LOWER, _UPPER = (Role.SINCE, Role.BEYOND), (Role.UNTIL, Role.SHORT_OF)
_LEADS = ("not", "earliest", "latest", "between", "at", "on", "the", "lead", "any", "early", "late")


def role_of(line: Line, piece: Piece) -> Role:
    """Return what the words around a piece make of it."""
    first, behind = piece.first, line.on(piece.end)
    none = isinstance(piece, Day) and (piece.kind is Kind.NONE or line.tag(piece.end, "street"))
    if none or line.tag(behind, "refused"):
        return Role.OUT
    if after := line.tag(behind, "onward", "backward"):
        return Role.SINCE if after.tag == "time.onward" else Role.UNTIL
    while the := line.before(first, "the", "on"):
        first = the.first
    if line.before(first, "instead_of"):
        return Role.BUT
    if line.before(first, "moved"):
        return Role.OUT
    bounds = ("earliest", "latest", "by") if isinstance(piece, Day) else ("earliest", "latest")
    bound = line.before(first, *bounds)
    if bound is None:
        return Role.OUT if _is_negated(line, first) else Role.WANTED
    if _is_negated(line, bound.first):  # "I can't come before ten"
        return Role.SINCE if isinstance(piece, Day) else Role.WANTED
    strictly = bound.end - bound.first == 1 and line.before(first, "after", "before") is not None
    if bound.tag == "time.earliest":
        return Role.BEYOND if strictly else Role.SINCE
    return Role.SHORT_OF if strictly else Role.UNTIL


def _is_negated(line: Line, first: int) -> bool:
    """Return True where a "not" stands before it, with few words between."""
    others = 0
    for at in reversed(range(first)):
        if line.said.tokens[at].is_sign and line.said.low(at) not in "-'":
            return False
        if negation := line.tag(at, "not"):
            return line.before(negation.end, "not_now") is None
        if line.tag(at, "unnegated") or others == _NEGATION_REACH:
            return False
        others += line.tag(at, "coming") is None
    return False


def around(line: Line, first: int, end: int) -> tuple[int, int]:
    """Return a stretch with the words that lead up to a time, and that belong behind it."""
    said = line.said
    while True:
        behind = line.back(first)
        behind -= said.low(behind - 1) == ","
        lead = line.before(behind, *_LEADS)
        lead = lead or said.before(line.back(behind), "lead.is", "yes.restate")
        if lead is None:
            break
        first = lead.first
    while trail := line.tag(line.on(end), "trail", "onward", "any"):
        end = trail.end
    return first, end


# -- windows ---------------------------------------------------------------------------------------


def window(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open."""
    days = [p for p in pieces if isinstance(p, Day) and p.date]
    clocks = [p for p in pieces if isinstance(p, Clock) and (p.cue > Cue.BARE or p.until)]
    parts = [p for p in pieces if isinstance(p, Part)]
    any_ = list(line.said.all("time.any"))
    late = list(line.said.all("time.late"))
    day, hours = _days(line, days, any_), _hours(clocks, parts, late)
    if day and day.days and clocks and not hours:
        hours = Window(after=clocks[0].time, before=clocks[0].time)
    if not (day or hours or (any_ and (days or parts))) or (clocks and not hours):
        return
    if day is None:
        wanted = [each for each in days if each.role is Role.WANTED]
        named, assumes = resolve_together(wanted, line.today)
        day = Window((named,) if named and not assumes else ())
    found = replace(day, after=hours.after, before=hours.before) if hours else day
    words = line.said.all("time.any", "time.late", "time.weekdays")
    said: list[Piece | Match] = [*days, *clocks, *parts, *words]
    first, end = min(each.first for each in said), max(each.end for each in said)
    ranged = any(clock.until for clock in clocks) and not any_
    act = Flexible(found, line.said.span(first, end))
    yield Candidate(act, *around(line, first, end), assumes=ranged)


def _days(line: Line, days: Sequence[Day], any_: Sequence[Match]) -> Window | None:
    """Return the days that are left open; None where none is, or one is named."""
    but = {day.date.weekday() for day in days if day.role is Role.BUT and day.date}
    workdays = any(line.said.all("time.weekdays"))
    if but or (workdays and any_):
        return _days_but(line, but | (_WEEKEND if workdays else set()))
    weeks = [day for day in days if day.kind in (Kind.WEEK, Kind.WEEKEND)]
    named = [day for day in days if day not in weeks]
    if weeks and not named:
        return _week(line, weeks[0])
    for first, second in pairwise(named):
        joint = line.tag(line.on(first.end), "or", "joint")
        if joint is None or not all(_leads(line, at) for at in range(joint.end, second.first)):
            continue
        if joint.tag == "time.or":
            found = {resolve_together([day, *weeks], line.today)[0] for day in named}
            return Window(tuple(sorted(day for day in found if day)))
        start = resolve_together([first, *weeks], line.today)[0]
        last = second.date
        if start and last and last < start and second.plain:
            last = add_days(last, 7)
        return Window(first=start, last=last)
    return next(filter(None, map(_bounded, named)), None)


def _days_but(line: Line, excepted: set[int]) -> Window:
    """Return the days ahead without these weekdays."""
    ahead = (add_days(line.today, n) for n in range(1, _DAYS_AHEAD + 1))
    return Window(tuple(day for day in ahead if day and day.weekday() not in excepted))


def _leads(line: Line, at: int) -> bool:
    """Return True for the "on the" between two days."""
    return line.said.is_sound(at) or line.tag(at, "on", "the", "inside") is not None


def _week(line: Line, week: Day) -> Window | None:
    if week.kind is Kind.WEEKEND and week.role is Role.OUT:
        return _days_but(line, _WEEKEND)
    last = add_days(week.date, 1 if week.kind is Kind.WEEKEND else 6) if week.date else None
    if week.date is None or last is None:
        return None
    if week.kind is Kind.WEEKEND:
        return Window((week.date, last))
    return Window(first=max(week.date, line.today), last=last)


def _bounded(day: Day) -> Window | None:
    if day.role in _LOWER and day.date:
        return Window(first=add_days(day.date, 1) if day.role is Role.BEYOND else day.date)
    if day.role in _UPPER and day.date:
        return Window(last=add_days(day.date, -1) if day.role is Role.SHORT_OF else day.date)
    return None


def _hours(clocks: Sequence[Clock], parts: Sequence[Part], late: Sequence[Match]) -> Window | None:
    for clock in clocks:
        if clock.until or clock.role in _LOWER:
            return Window(after=clock.time, before=clock.until)
        if clock.role in _UPPER:
            return Window(before=clock.time)
    if clocks or not parts:
        return Window(after=_LATE) if late and not clocks else None
    hours, role = PARTS[parts[0].name], parts[0].role
    if role in _LOWER or (role is Role.OUT and not hours.after):
        return Window(after=hours.before or hours.after)
    if role in _UPPER or role is Role.OUT:
        return Window(before=hours.after or hours.before)
    return Window(after=hours.after, before=hours.before)


# -- choices ---------------------------------------------------------------------------------------


def chosen(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: "the Friday one"."""
    if line.situation.asked is not Asked.CHOICE:
        return
    offered = [datetime.fromisoformat(o) for o in line.situation.offered if _is_moment(o)]
    wanted = [p for p in pieces if p.role is Role.WANTED and not _is_one(line, p)]
    fitting = [moment for moment in offered if all(_fits(piece, moment) for piece in wanted)]
    if not wanted or len(fitting) != 1:
        return
    first, end = min(p.first for p in wanted), max(p.end for p in wanted)
    if of := line.tag(line.on(end), "kind_of_offer"):
        end = of.end
    act = Choose(line.said.span(first, end), moment=fitting[0].isoformat(timespec="minutes"))
    yield Candidate(act, *around(line, first, end))


def _is_one(line: Line, piece: Piece) -> bool:
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


def _fits(piece: Piece, moment: datetime) -> bool:
    at, day = moment.time().replace(second=0), moment.date()
    if isinstance(piece, Clock):
        evening = replace(piece, part="evening") if piece.ambiguous else piece
        return at in (piece.time, evening.time)
    if isinstance(piece, Part):
        hours = PARTS[piece.name]
        return (not hours.after or at >= hours.after) and (not hours.before or at < hours.before)
    if piece.date is None:
        return False
    if piece.kind is Kind.WEEKDAY:
        return day.weekday() == piece.date.weekday()
    if piece.kind is Kind.MONTH_DAY:
        return day.day == piece.date.day
    return day == piece.date and at == (piece.hour or at)
