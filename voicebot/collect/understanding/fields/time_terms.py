"""The windows of a term: some days with their hours, wanted or left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise, zip_longest

from voicebot.call import Window
from voicebot.collect.understanding.fields.time_days import EITHER, add_days, resolve_together
from voicebot.collect.understanding.fields.time_patterns import Line
from voicebot.collect.understanding.fields.time_pieces import (
    PARTS,
    Clock,
    Day,
    Kind,
    Part,
    Piece,
    Role,
)
from voicebot.collect.understanding.fields.time_windows import met_hours, names_days

_OUT_WEEKS = 8
"""So many Mondays are left out by "not Mondays"."""
_BUSY = timedelta(hours=1)
"""Plans that begin "at nine" take so long, if no more is said."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Hours that no clock names: "first thing", "late in the day"."""

    first: int
    end: int
    window: Window
    role: Role = Role.WANTED


Item = Piece | Bound
Term = list[Item]


def in_part(clock: Clock, part: str) -> Clock:
    """Return the hour with a part of the day that was named elsewhere, where it makes sense."""
    likely = part and not clock.part and not clock.half and clock.hour % 12 in PARTS[part].likely
    return replace(clock, part=part) if likely else clock


def boxes_of(line: Line, term: Term) -> list[Window]:
    """Return the windows of a term: each of its days with each of its hours."""
    days = _days(line, [each for each in term if isinstance(each, Day)])
    hours = _hours(line, [each for each in term if not isinstance(each, Day)])
    return [replace(day, after=h.after, before=h.before) for day in days for h in hours]


def _hours(line: Line, items: Sequence[Item]) -> list[Window]:
    names = {each.name for each in items if isinstance(each, Part)}
    part = next(iter(names)) if len(names) == 1 else ""
    clocks = [in_part(each, part) for each in items if isinstance(each, Clock)]
    exact: list[time] = []
    spans: list[Window] = []
    bounds = [each.window for each in items if isinstance(each, Bound)]
    for clock in clocks:
        if clock.until and _is_choice(line, clock):
            exact += [clock.time, clock.until]
        elif clock.until:
            spans.append(Window(after=clock.time, before=clock.until))
        elif clock.role in (Role.SINCE, Role.UNTIL):
            since = clock.role is Role.SINCE
            later = max((each.after for each in bounds if each.after), default=None)
            if later and not since and clock.ambiguous and later >= clock.time:
                clock = replace(clock, part="evening")  # "after four, before eight"
            bounds.append(Window(after=clock.time) if since else Window(before=clock.time))
        elif clock.role is not Role.ENDS:
            back = clock.ambiguous and exact and clock.time < exact[-1]  # "six or seven" at night
            exact.append((replace(clock, part="evening") if back else clock).time)
    parts = [each for each in items if isinstance(each, Part)]
    bounds += [_of_part(each) for each in parts if each.role is not Role.WANTED]
    if exact:
        return [Window(after=at, before=at) for at in dict.fromkeys(exact)]
    said_so = (each for each in items if isinstance(each, Clock) and each.role is Role.SINCE)
    bounded = {clock.part for clock in said_so}
    wanted = [each for each in parts if each.role is Role.WANTED and each.name not in bounded]
    spans = spans or [_of_part(each) for each in wanted]
    limits = _limits(bounds)
    met = [met_hours(span, limit) or span for span in dict.fromkeys(spans) for limit in limits]
    return met or limits


def _limits(bounds: Sequence[Window]) -> list[Window]:
    """Return the hours within all bounds; "before ten or after three" are two stretches."""
    limits = [Window()]
    for bound in bounds:
        both = met_hours(limits[-1], bound)
        limits = [*limits[:-1], both] if both else [*limits, bound]
    return limits


def _is_choice(line: Line, clock: Clock) -> bool:
    """Return True for "three or four", which is no "three to four"."""
    return any(line.said.all("time.or", first=clock.first, end=clock.end))


def _of_part(part: Part) -> Window:
    hours = PARTS[part.name]
    if part.role is Role.SINCE:
        return Window(after=hours.before or hours.after)
    if part.role is Role.UNTIL:
        return Window(before=hours.after or hours.before)
    return Window(after=hours.after, before=hours.before)


def _days(line: Line, days: Sequence[Day]) -> list[Window]:
    """Return the days of a term: named ones together, or a stretch of them."""
    if any(day.role is Role.WANTED for day in days):  # "not till January, a Monday"
        days = [replace(day, role=Role.WANTED) if _is_since(day) else day for day in days]
    stretches = [day for day in days if day.kind is Kind.STRETCH and day.role is Role.WANTED]
    named = [day for day in days if day not in stretches]
    workdays = "time.weekdays" in line.said.tags and not named
    since = next((day.date for day in named if day.role is Role.SINCE), None)
    until = next((day.date for day in named if day.role is Role.UNTIL), None)
    if since or until:
        return [Window(first=since, last=until)]
    for one, other in pairwise(named):
        if _joint(line, one, other) == "to":
            start, last = resolve_together([one, *stretches], line.today)[0], other.date
            last = max(start, add_days(last, 7) or start) if start and last < start else last
            return [Window(first=start, last=last)]
    if named:
        return [Window(tuple(sorted(set(_dates(line, named, stretches)))))]
    if not stretches:
        return [Window(tuple(_workdays(line)))] if workdays else [Window()]
    first = max(min(each.date for each in stretches), line.today)
    last = max(each.last or each.date for each in stretches)
    if workdays:
        return [Window(tuple(day for day in _workdays(line) if first <= day <= last))]
    pair = add_days(first, 1) == last
    return [Window((first, last)) if pair else Window(first=first, last=last)]


def _is_since(day: Day) -> bool:
    return day.kind is Kind.STRETCH and day.role is Role.SINCE


def _dates(line: Line, named: Sequence[Day], stretches: Sequence[Day]) -> Iterator[date]:
    """Yield the dates: "Friday the 11th" is one, "next Monday or Tuesday" are of one week."""
    week: date | None = None
    before: Day | None = None
    for one, other in zip_longest(named, named[1:]):
        beside, before = before, None
        if beside is one:
            continue
        found, _ = resolve_together([one, *stretches], line.today)
        if other and not _joint(line, one, other):
            both, doubt = resolve_together([one, other, *stretches], line.today)
            found, before = (both, other) if doubt < EITHER else (found, None)
        elif week and one.plain and one.kind is Kind.WEEKDAY:
            found = add_days(week, (one.date - week).days % 7)
        if one.kind is Kind.WEEKDAY and not one.plain:
            week = found
        if found:
            yield from _every(line, one, found)


def _every(line: Line, day: Day, found: date) -> Iterator[date]:
    """Yield a date; of "Tuesdays" all to come."""
    several = day.plain and line.said.low(day.end - 1).endswith("days")
    for week in range(_OUT_WEEKS if several else 1):
        later = add_days(found, 7 * week)
        if later:
            yield later


def _workdays(line: Line) -> Iterator[date]:
    for ahead in range(1, 7 * _OUT_WEEKS):
        day = add_days(line.today, ahead)
        if day and day.weekday() < 5:
            yield day


def _joint(line: Line, one: Day, other: Day) -> str:
    """Return "or" between two days of which each would do, "to" between first and last."""
    at, joint = one.end, ""
    while at < other.first:
        word = line.tag(at, "or", "joint") or line.tag(at, "on", "the", "inside", "part", "trail")
        if word is None and not line.said.is_sound(at):
            return ""
        if word and word.tag in ("time.or", "time.joint"):
            each = word.tag == "time.or" or line.tag(at, "and")
            joint = "or" if each and not line.before(one.first, "between") else "to"
        at = word.end if word else at + 1
    return joint


def refused_by(line: Line, term: Term) -> Iterator[Window]:
    """Yield what a refused term leaves out: "Mondays" all of them, "this Monday" that one."""
    named = [each for each in term if isinstance(each, Day)]
    days = tuple(d for each in named for d in _left_out(line, each))
    bounds = _bounds_of(line, named)
    hours = [each for each in term if not isinstance(each, Day)]
    out = (Role.OUT, Role.BUT)
    hours = [replace(each, role=Role.WANTED) if each.role in out else each for each in hours]
    for box in _hours(line, hours):
        yield replace(
            box, first=bounds.first, last=bounds.last, days=() if names_days(bounds) else days
        )


def _bounds_of(line: Line, days: Sequence[Day]) -> Window:
    """Return the days left out by "until Thursday" and "from Thursday to Sunday", if such are."""
    until = [day.date for day in days if day.role is Role.UNTIL]
    since = [day.date for day in days if day.role is Role.SINCE]
    for one, other in pairwise(days):
        if _joint(line, one, other) == "to":
            since, until = [one.date], [add_days(other.date, 1) or other.date]
    last = add_days(until[0], -1) if until else None
    return Window(first=since[0] if since else None, last=last)


def _left_out(line: Line, day: Day) -> Iterator[date]:
    """Yield the dates that are left out by a day or a stretch of days."""
    last = day.last or day.date
    weekend = day.kind is Kind.STRETCH and add_days(day.date, 1) == last
    several = line.said.low(day.end - 1).endswith("days") or day.role is not Role.WANTED
    every = (day.kind is Kind.WEEKDAY and day.plain and several) or (
        weekend and not line.tag(day.first, "which")
    )
    for week in range(-1, _OUT_WEEKS) if every else (0,):
        for n in range((last - day.date).days + 1):
            found = add_days(day.date, 7 * week + n)
            if found and found >= line.today:
                yield found


def taken_by(line: Line, term: Term) -> Iterator[Window]:
    """Yield what other plans take: an hour from when they begin, or all of a day."""
    for out in refused_by(line, [each for each in term if not _bounds(each)]):
        hour = out.after if out.after and out.after == out.before else None
        end = (datetime.combine(line.today, hour) + _BUSY).time() if hour else None
        if hour or not any(_bounds(each) for each in term):
            yield replace(out, before=end) if hour else out
    days = tuple(d for each in term if isinstance(each, Day) for d in _left_out(line, each))
    for clock in term:
        if isinstance(clock, Clock) and _bounds(clock):
            since = clock.role is Role.SINCE
            hours = Window(after=clock.time) if since else Window(before=clock.time)
            yield replace(hours, days=days)


def _bounds(item: Item) -> bool:
    return isinstance(item, Clock) and item.role in (Role.SINCE, Role.UNTIL, Role.ENDS)
