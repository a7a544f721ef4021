"""What a caller wants of the days and hours named: refused ones, bounds, windows, choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import pairwise

from voicebot.call import Window
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.time_clocks import PARTS, Clock, Cue, Part, Piece
from voicebot.collect.reading.fields.time_days import Day, Kind, Role, add_days, resolve_together
from voicebot.collect.reading.fields.time_patterns import Line
from voicebot.collect.reading.lexicon import Match
from voicebot.collect.reading.types import Asked, Choose, Flexible

_DAYS_AHEAD = 14
"""Days that "any day but Monday" allows."""
_WEEKEND = {5, 6}
_LATE = time(15)
_NEGATION_REACH = 4
_LEADS = ("not", "earliest", "latest", "between", "at", "on", "the", "lead", "any", "early", "late")


def with_role(line: Line, piece: Piece) -> Piece:
    """Return the piece with what the words around it want of it.

    Of "after Friday" the piece is the day after: bounds belong to what they allow.
    """
    first, behind = piece.first, line.on(piece.end)
    none = isinstance(piece, Day) and (piece.kind is Kind.NONE or line.tag(piece.end, "street"))
    while the := line.before(first, "the", "on"):
        first = the.first
    if none or line.tag(behind, "refused") or line.before(first, "moved"):
        return replace(piece, role=Role.OUT)
    if line.before(first, "instead_of"):
        return replace(piece, role=Role.BUT)
    if after := line.tag(behind, "onward", "backward"):
        return replace(piece, role=Role.SINCE if after.tag == "time.onward" else Role.UNTIL)
    bound = line.before(first, *("earliest", "latest", "by")[: 2 + isinstance(piece, Day)])
    if bound is None:
        return replace(piece, role=Role.OUT if _is_negated(line, first) else Role.WANTED)
    role = Role.SINCE if bound.tag == "time.earliest" else Role.UNTIL
    if not isinstance(piece, Day):  # "I can't come before ten" names the hour
        return piece if _is_negated(line, bound.first) else replace(piece, role=role)
    if _is_negated(line, bound.first):
        return replace(piece, role=Role.SINCE)
    shift = 1 if role is Role.SINCE else -1
    strictly = bound.end - bound.first == 1 and line.before(first, "after", "before")
    return replace(piece, role=role, date=(strictly and add_days(piece.date, shift)) or piece.date)


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
    while True:
        behind = line.back(first)
        behind = line.back(behind - (line.said.low(behind - 1) == ","))
        lead = line.before(behind, *_LEADS) or line.said.before(behind, "lead.is", "yes.restate")
        if lead is None:
            break
        first = lead.first
    while trail := line.tag(line.on(end), "trail", "onward", "any"):
        end = trail.end
    return first, end


def window(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open."""
    days = [p for p in pieces if isinstance(p, Day) and p.kind is not Kind.NONE]
    clocks = [p for p in pieces if isinstance(p, Clock) and (p.cue > Cue.BARE or p.until)]
    parts = [p for p in pieces if isinstance(p, Part)]
    words = list(line.said.all("time.any", "time.late", "time.weekdays"))
    tags = {word.tag for word in words}
    day, hours = _days(line, days, tags), _hours(clocks, parts, late="time.late" in tags)
    if day and day.days and clocks and not hours:
        hours = Window(after=clocks[0].time, before=clocks[0].time)
    open_ = day or hours or ("time.any" in tags and (days or parts))
    if not open_ or (clocks and not hours):
        return
    if day is None:
        wanted = [each for each in days if each.role is Role.WANTED]
        named, assumes = resolve_together(wanted, line.today)
        day = Window((named,) if named and not assumes else ())
    found = replace(day, after=hours.after, before=hours.before) if hours else day
    said: list[Piece | Match] = [*days, *clocks, *parts, *words]
    first, end = min(each.first for each in said), max(each.end for each in said)
    ranged = any(clock.until for clock in clocks) and "time.any" not in tags
    act = Flexible(found, line.said.span(first, end))
    yield Candidate(act, *around(line, first, end), assumes=ranged)


def _days(line: Line, days: Sequence[Day], tags: set[str]) -> Window | None:
    """Return the days that are left open; None where none is, or one is named."""
    but = {day.date.weekday() for day in days if day.role is Role.BUT}
    workdays = "time.weekdays" in tags
    weeks = [day for day in days if day.kind in (Kind.WEEK, Kind.WEEKEND)]
    named = [day for day in days if day not in weeks]
    week = None if named or not weeks else weeks[0]
    no_weekend = week and week.kind is Kind.WEEKEND and week.role is Role.OUT
    if but or no_weekend or (workdays and "time.any" in tags):
        but |= _WEEKEND if workdays or no_weekend else set()
        ahead = (add_days(line.today, n) for n in range(1, _DAYS_AHEAD + 1))
        return Window(tuple(day for day in ahead if day and day.weekday() not in but))
    if week and week.kind is Kind.WEEKEND:
        return Window((week.date, add_days(week.date, 1) or week.date))
    if week:
        return Window(first=max(week.date, line.today), last=add_days(week.date, 6))
    for first, second in pairwise(named):
        joint = line.tag(line.on(first.end), "or", "joint")
        if joint is None or not all(_leads(line, at) for at in range(joint.end, second.first)):
            continue
        if joint.tag == "time.or":
            found = {resolve_together([day, *weeks], line.today)[0] for day in named}
            return Window(tuple(sorted(day for day in found if day)))
        start, last = resolve_together([first, *weeks], line.today)[0], second.date
        return Window(first=start, last=add_days(last, 7) if start and last < start else last)
    since = next((day.date for day in named if day.role is Role.SINCE), None)
    until = next((day.date for day in named if day.role is Role.UNTIL), None)
    return Window(first=since, last=until) if since or until else None


def _leads(line: Line, at: int) -> bool:
    """Return True for the "on the" between two days."""
    return line.said.is_sound(at) or line.tag(at, "on", "the", "inside") is not None


def _hours(clocks: Sequence[Clock], parts: Sequence[Part], *, late: bool) -> Window | None:
    for clock in clocks:
        if clock.until or clock.role is Role.SINCE:
            return Window(after=clock.time, before=clock.until)
        if clock.role is Role.UNTIL:
            return Window(before=clock.time)
    if clocks or not parts:
        return Window(after=_LATE) if late and not clocks else None
    hours, role = PARTS[parts[0].name], parts[0].role
    if role is Role.SINCE or (role is Role.OUT and not hours.after):
        return Window(after=hours.before or hours.after)
    if role in (Role.UNTIL, Role.OUT):
        return Window(before=hours.after or hours.before)
    return Window(after=hours.after, before=hours.before)


def chosen(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: "the Friday one"."""
    if line.situation.asked is not Asked.CHOICE:
        return
    offered = (_moment(text) for text in line.situation.offered)
    wanted = [p for p in pieces if p.role is Role.WANTED and not _is_one(line, p)]
    fitting = [each for each in offered if each and all(_fits(piece, each) for piece in wanted)]
    if not wanted or len(fitting) != 1:
        return
    first, end = min(p.first for p in wanted), max(p.end for p in wanted)
    of = line.tag(line.on(end), "kind_of_offer")
    act = Choose(line.said.span(first, of.end if of else end), moment=fitting[0].isoformat()[:16])
    yield Candidate(act, *around(line, first, of.end if of else end))


def _is_one(line: Line, piece: Piece) -> bool:
    """Return True for the "one" of "the Friday one", which is no hour."""
    one = isinstance(piece, Clock) and line.tag(piece.first, "kind_of_offer")
    return bool(one and line.before(piece.first, "weekday", "part", "day", "ordinal", "suffix"))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None


def _fits(piece: Piece, moment: datetime) -> bool:
    at, day = moment.time().replace(second=0), moment.date()
    if isinstance(piece, Clock):
        evening = replace(piece, part="evening") if piece.ambiguous else piece
        return at in (piece.time, evening.time)
    if isinstance(piece, Part):
        hours = PARTS[piece.name]
        return (not hours.after or at >= hours.after) and (not hours.before or at < hours.before)
    if piece.kind is Kind.WEEKDAY:
        return day.weekday() == piece.date.weekday()
    if piece.kind is Kind.MONTH_DAY:
        return day.day == piece.date.day
    return day == piece.date and at == (piece.hour or at)
