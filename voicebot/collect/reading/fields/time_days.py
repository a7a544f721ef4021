"""Days as callers name them: "next Tuesday", "the fourteenth", "8/31", "a week from Friday"."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import IntEnum

from voicebot.collect.reading.fields.time_patterns import (
    Got,
    Line,
    Role,
    first_of,
    match,
    written_date,
)

_MONTH_FIRST = frozenset({"US", "PH", "CA"})
"""Where the month is written before the day, and American holidays are kept."""
_YEARS_AHEAD, _DAYS_AHEAD = 10, 9 * 366
"""How far a year may be named, and how far a day may be: the next 29 February but one."""
_NEXT_DOUBT, _SHIFTED_DOUBT = 2, 2
"""Guesses in "next Friday" on a Wednesday; in a Friday the 5th that is not the coming 5th."""
EITHER = 4
"""Guesses where two days are named, or a weekday and a date that do not agree: rather ask."""
_WEEK = 7 * 1440
_MINUTES = {"minutes": 1, "hours": 60, "days": 1440, "weeks": _WEEK, "fortnights": 2 * _WEEK}
_MONTHS = {"months": 1, "years": 12}
_UNITS = "|".join((*_MINUTES, *_MONTHS))
_AMOUNTS = (
    f"n|couple and_half? {_UNITS} and_half?",
    f"one couple? and_half? {_UNITS} and_half?",
    f"fraction one? {_UNITS}",
)
_MOST_AMOUNTS = 4
_LEAST_MINUTES = 5
"""Less is a way to say "hold on": "in a minute"."""


class Kind(IntEnum):
    """How a day is named, the surest first; NONE ("yesterday", "the 31st of June") is none."""

    DATE = 0
    MONTH_DAY = 1
    WEEKDAY = 2
    TODAY = 3
    WEEK = 4
    WEEKEND = 5
    NONE = 6


@dataclass(frozen=True, slots=True)
class Day:
    """What names a day or a week, in the tokens from `first` up to `end`.

    date     the day; of a week its Monday, of a weekend its Saturday
    hour     the time of the day, of a moment counted in hours: "in two hours"
    plain    a weekday or a day of the month without a word of which: "Friday", "the 5th"
    weekly   a week, or counted in whole weeks: a weekday beside it is one of that week
    assumes  guesses in it
    """

    first: int
    end: int
    kind: Kind
    date: date | None = None
    hour: time | None = None
    plain: bool = False
    weekly: bool = False
    assumes: int = 0
    role: Role = Role.WANTED


_Rules = dict[str, Callable[[Line, Got], Day | None]]


def day_at(line: Line, at: int, read_back: datetime | None = None) -> Day | None:
    """Return the day that begins at this token; "a day later" is one later than `read_back`."""
    found = _beside(line, at) or _counted(line, at, read_back) or _named(line, at)
    return replace(found, kind=Kind.NONE) if found and found.date is None else found


def resolve_together(days: Sequence[Day], today: date) -> tuple[date | None, int]:
    """Return the date that these name together, and how many guesses that takes."""
    named = sorted((day for day in days if day.kind <= Kind.TODAY), key=lambda day: day.kind)
    if not named or not (found := named[0].date):
        return None, 0
    surest = named[0]
    same = all(day.date == found for day in named if day.kind is surest.kind)
    assumes = surest.assumes if same else EITHER
    weekday = next((day for day in named if day.kind is Kind.WEEKDAY and day.date), None)
    if weekday is None or not weekday.date:
        return found, assumes
    number = weekday.date.weekday()
    week = next((day for day in days if day.weekly and day.date), None)
    if week and week.date and (week.kind is Kind.DATE or weekday.plain):
        in_week = add_days(week.date, number - week.date.weekday())
        return (add_days(in_week, 7) if in_week and in_week < today else in_week), assumes
    if found.weekday() == number:
        return found, assumes
    of_month = found.day if surest.kind is Kind.MONTH_DAY and surest.plain else 0
    later = _first(found, lambda day: day.day == of_month and day.weekday() == number, 366)
    return (later, max(assumes, _SHIFTED_DOUBT)) if later else (found, EITHER)


def add_days(day: date, days: int) -> date | None:
    """Return the date so many days later, or None beyond the calendar's end."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _first(start: date, fits: Callable[[date], bool], days: int = _DAYS_AHEAD) -> date | None:
    """Return the first date from `start` on that fits, if one of so many days does."""
    ahead = range(start.toordinal(), min(start.toordinal() + days, date.max.toordinal() + 1))
    return next((day for day in map(date.fromordinal, ahead) if fits(day)), None)


def _date(line: Line, year: int | None, month: int, day: int) -> date | None:
    """Return the date; without a year the coming one."""
    start, days = (date(year, 1, 1), 366) if year else (line.today, _DAYS_AHEAD)
    return _first(start, lambda each: each.day == day and each.month == month, days)


# -- dates ---------------------------------------------------------------------------------------


def _named(line: Line, at: int) -> Day | None:
    return _written(line, at) or first_of(line, _DAYS, at)


def _written(line: Line, at: int) -> Day | None:
    figures = written_date(line, at)
    parts = [int(part) for part in figures]
    if not parts or figures == ["24", "7"]:
        return None
    end = at + 2 * len(parts) - 1
    if _is_long_past(line, end):
        return Day(at, end + 1, Kind.NONE)
    if parts[0] > 31:
        return Day(at, end, Kind.DATE, _date(line, *parts)) if len(parts) == 3 else None
    year = parts[2] + (2000 if parts[2] < 100 else 0) if len(parts) == 3 else None
    orders = (parts[:2], parts[1::-1])
    orders = orders if line.situation.region in _MONTH_FIRST else orders[::-1]
    found = next(filter(None, (_date(line, year, *order) for order in orders)), None)
    return Day(at, end, Kind.DATE, found) if found else None


def _is_long_past(line: Line, at: int) -> bool:
    """Return True for a year of long ago right behind a date: a birthday, and no clock time."""
    number = line.number(at)
    if number is None or line.digits(number) != 4 or line.tag(at + 1, "hours", "hundred"):
        return False
    return 1900 <= int(number.value) < line.today.year - _YEARS_AHEAD


def _year(line: Line, at: int) -> tuple[int | None, int]:
    """Return the year that is said here ("2027", "twenty twenty seven"), and where it ends."""
    got = match(line, "n n", at) or match(line, "figures", at)
    year = int("".join(part.value for part in got.parts)) if got else 0
    ahead = year - line.today.year
    written = got is not None and line.digits(got.parts[0]) > 0
    if got and year >= 2010 and (abs(ahead) <= _YEARS_AHEAD if written else 0 <= ahead <= 2):
        return year, got.end
    return None, at


def _month_and_day(line: Line, got: Got) -> Day | None:
    """March 14th, March the fourteenth, 14 March, the 14th of March 2025."""
    month, day, behind = got.value("month"), got.value("n", "nth"), line.on(got.end)
    if got.parts[-1].tag == "time.month":
        dated = match(line, "the? n figures", behind) or match(line, "the? nth", behind)
        if got.part("n") and dated:
            return None  # "at three May the tenth"
    elif line.tag(got.end, "oclock", "half", "hundred"):
        return None
    if day not in range(1, 32):
        return None
    behind += line.said.low(behind) == ","
    of = line.tag(behind, "of", "in")
    if _is_long_past(line, of.end if of else behind):
        return Day(got.first, behind + 1, Kind.NONE)
    year, end = _year(line, of.end if of else behind)
    return Day(got.first, end if year else got.end, Kind.DATE, _date(line, year, month, day))


def _of_month(line: Line, got: Got) -> Day | None:
    """The last Friday of the month, the end of March 2027, the 5th of next month."""
    first, end = line.today.replace(day=1), got.end
    found: date | None = first
    if got.part("month"):
        year, end = _year(line, line.on(got.end))
        month = got.value("month")
        found = _first(date(year, 1, 1) if year else first, lambda day: day.month == month)
        end = end if year else got.end
    elif got.text("which") not in ("", "this"):
        found = _first(line.today, lambda day: day.day == 1 and day != line.today)
    kind, weekday = Kind.DATE, got.text("weekday")
    nth = -1 if got.part("last") else int(got.text("n", "nth") or 0)
    if weekday:
        found = found and _first(found, _is_nth(int(weekday), nth), 31)
    elif got.part("end"):
        found = found and found.replace(day=monthrange(found.year, found.month)[1])
    else:
        kind = Kind.MONTH_DAY
        found = found and _first(found, lambda day: day.day == nth, 31)
    return Day(got.first, end, kind, found)


def _is_nth(weekday: int, nth: int) -> Callable[[date], bool]:
    """Return what is true of the nth such weekday of a month; -1 is the last."""

    def fits(day: date) -> bool:
        last = nth < 0 and day.day > monthrange(day.year, day.month)[1] - 7
        return day.weekday() == weekday and (last or (day.day + 6) // 7 == nth)

    return fits


def _number_alone(line: Line, got: Got) -> Day | None:
    """The fourteenth, "on the 15"; "the second one" and "12 th avenue" are none."""
    number, behind = got.parts[0], line.on(got.end)
    value = int(number.value)
    if value not in range(1, 32) or line.tag(got.end, "street"):
        return None
    led = line.before(got.first, "on", "the")
    if number.tag == "time.n":
        if not led or not (line.pauses(got.end) or line.said.low(got.end) == "at"):
            return None
    elif line.tag(behind, "no_day"):
        return None
    elif value <= 3 and not line.digits(number):
        sure = led or line.before(got.first, "weekday", "short", "which")
        if not sure or line.tag(behind, "few_of_them"):
            return None
    found = _first(line.today, lambda day: day.day == value)
    return Day(got.first, got.end, Kind.MONTH_DAY, found, plain=True)


def _holiday(line: Line, got: Got) -> Day | None:
    """Christmas by "12-25", Thanksgiving by "11 3 4" (month, weekday, nth), by days from Easter."""
    if got.part("holiday_us") and line.situation.region not in _MONTH_FIRST:
        return None
    rule = got.text("holiday", "holiday_us")
    if rule.startswith("easter"):
        days = timedelta(days=int(rule.split()[1]))
        found = _first(line.today, lambda day: day.month < 6 and day - days == _easter(day.year))
    elif " " in rule:
        month, weekday, nth = map(int, rule.split())
        is_nth = _is_nth(weekday, nth)
        found = _first(line.today, lambda day: day.month == month and is_nth(day))
    else:
        found = _date(line, None, *map(int, rule.split("-")))
    return Day(got.first, got.end, Kind.DATE, found)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    m = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


# -- days of the week and weeks ------------------------------------------------------------------


def _weekday(line: Line, got: Got) -> Day | None:
    """Friday, this Friday, next Friday, Friday week, Tuesday after next, the Friday after."""
    which, end, behind = got.text("which"), got.end, line.on(got.end)
    if got.part("short") and not which:
        first = line.back(got.first)
        opens = not first or line.said.tokens[first - 1].is_sign
        if not opens and not line.before(first, "on", "at", "half", "day"):
            return None  # "I sat"
    if line.before(got.first, "last"):
        return Day(got.first, end, Kind.NONE)
    if (week := line.tag(behind, "weeks", "fortnights")) and not which:
        which, end = week.tag, week.end
    elif following := match(line, "after next", behind):
        which, end = "after next", following.end
    elif (after := line.tag(behind, "after")) and line.ends(after.end):
        which, end = "time.weeks", after.end
    number, today = got.value("weekday", "short"), line.today.weekday()
    coming, next_week = (number - today) % 7 or 7, 7 - today + number
    ahead = {"this": coming % 7, "next": next_week, "after next": next_week + 7}
    ahead |= {"time.weeks": coming + 7, "time.fortnights": coming + 14}
    found = add_days(line.today, ahead.get(which, coming))
    doubt = _NEXT_DOUBT if which == "next" and coming != next_week else 0
    return Day(got.first, end, Kind.WEEKDAY, found, plain=not which, assumes=doubt)


def _week(line: Line, got: Got) -> Day:
    this = got.text("which") == "this" or not got.part("which", "after")
    ahead, weekend = 2 if got.part("after") else 1 - this, got.part("weekend") is not None
    first = add_days(line.today, 7 * ahead - line.today.weekday() + 5 * weekend)
    kind = Kind.WEEKEND if weekend else Kind.WEEK
    return Day(got.first, got.end, kind, first, weekly=not weekend)


def _from_today(line: Line, got: Got) -> Day | None:
    """Today, tomorrow, tomorrow week, tonight; of "this evening" the "this"."""
    if got.text("which") not in ("", "this"):
        return None
    days = int(got.text("day") or 0) + (7 if got.part("weeks") else 0)
    end = got.parts[0].end if got.part("which") else got.end
    kind = Kind.DATE if days else Kind.TODAY
    return Day(got.first, end, kind, add_days(line.today, days))


_DAYS: _Rules = {
    "holiday|holiday_us": _holiday,
    "month the? n|nth": _month_and_day,
    "n|nth of? month": _month_and_day,
    "nth|last weekday of|in the? which? months|month": _of_month,
    "past": lambda _, got: Day(got.first, got.end, Kind.NONE),
    "day weeks?": _from_today,
    "which part": _from_today,
    "tonight": _from_today,
    "which? which? weekday|short": _weekday,
    "which weeks|weekend": _week,
    "weeks after next": _week,
    "weekend": _week,
    "end the? which? months|month": _of_month,
    "n|nth of|in the? which? months": _of_month,
    "n|nth which months": _of_month,
    "n|nth": _number_alone,
}


# -- counted from another day --------------------------------------------------------------------


def _beside(line: Line, at: int) -> Day | None:
    """The Monday after Christmas; "the week before Christmas" is no day."""
    got = match(line, "weekday|weeks|weekend|months|years after|before the?", at)
    origin = _origin(line, got.end) if got else None
    if got is None or origin is None or origin.date is None:
        return None
    if not got.part("weekday"):
        return Day(at, origin.end, Kind.NONE) if line.before(at, "the") else None
    ahead = (got.value("weekday") - origin.date.weekday()) % 7
    days = ahead or 7 if got.part("after") else ahead - 7
    return Day(at, origin.end, Kind.DATE, add_days(origin.date, days))


def _origin(line: Line, at: int) -> Day | None:
    """Return the day that is named here and counted from."""
    day = _named(line, line.on(at)) if line.on(at) < len(line) else None
    return day if day and day.date and day.kind <= Kind.TODAY else None


def _counted(line: Line, at: int, read_back: datetime | None) -> Day | None:
    """In three days, a week from Friday, two hours later, the following day."""
    if read_back and (got := match(line, "which days|weeks", at)):
        days = 1 if got.part("days") else 7
        if got.text("which") in ("following", "next" if days == 1 else "following"):
            return Day(at, got.end, Kind.DATE, add_days(read_back.date(), days))
    led = match(line, "in about?", at)
    end, minutes, months, hourly = _length(line, line.on(led.end) if led else at)
    if not minutes and not months:
        return None
    behind, start = line.on(end), line.situation.now
    back = line.tag(behind, "before", "earlier") is not None
    again = match(line, "later|earlier", behind) or match(line, "before|after that", behind)
    if not again and (got := match(line, "before|after", behind)) and line.ends(got.end):
        again = got
    weeks = minutes % _WEEK == 0 and not months
    if read_back and not led and again:
        end, start, weeks = again.end, read_back, False
    elif got := match(line, "later", behind) or match(line, "from now", behind):
        end = got.end
    elif day := _counted_from(line, behind, weeks=weeks, led=led is not None):
        end, start, weeks = day.end, datetime.combine(day.date or line.today, start.time()), False
    elif not led:
        return None
    if hourly and minutes < _LEAST_MINUTES:
        return None
    moment = _later(start, -minutes if back else minutes, -months if back else months)
    hour = moment.time() if moment and hourly else None
    return Day(at, end, Kind.DATE, moment.date() if moment else None, hour, weekly=weeks)


def _counted_from(line: Line, at: int, *, weeks: bool, led: bool) -> Day | None:
    """Return the day behind "two weeks": "from Friday", "before Christmas", "tomorrow"."""
    joint = match(line, "from|after|before the?" if led else "from|after|before|on the?", at)
    if joint:
        return _origin(line, joint.end)
    bare = weeks and line.tag(at, "day" if led else "weekday", "day")
    return _origin(line, at) if bare else None


def _length(line: Line, at: int) -> tuple[int, int, int, bool]:
    """Return where a length of time ends, its minutes and months, and if it is in hours."""
    minutes, months, end, hourly = 0.0, 0, at, False
    for _ in range(_MOST_AMOUNTS):
        start = line.on(end)
        joint = line.tag(start, "and") if end > at else None
        got = _amount(line, line.on(joint.end) if joint else start)
        if got is None:
            break
        unit = got.part(*_MINUTES, *_MONTHS, "part") or got.parts[0]
        name = unit.tag[5:]
        count = float(got.text("n") or got.text("couple") or 1)
        count = got.value("fraction") / 60 if got.part("fraction") else count
        count += 0.5 if got.part("and_half") else 0
        months += int(count * _MONTHS.get(name, 0))
        minutes += count * _MINUTES.get(name, 0 if name in _MONTHS else _MINUTES["days"])
        hourly = hourly or name in ("hours", "minutes")
        end = unit.end if unit is got.parts[0] else got.end
    return end, int(minutes), months, hourly


def _amount(line: Line, at: int) -> Got | None:
    """Return a count and its unit; "the day after" and "week from" are one."""
    if not line.before(at, "one") and (got := match(line, "days|part before|after", at)):
        return got
    if not line.before(at, "which", "days") and (got := match(line, "weeks|fortnights from", at)):
        return got
    return next(filter(None, (match(line, pattern, at) for pattern in _AMOUNTS)), None)


def _later(origin: datetime, minutes: int, months: int) -> datetime | None:
    """Return the moment so much later; in a shorter month its last day."""
    year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
    try:
        day = min(origin.day, monthrange(year, month + 1)[1])
        return origin.replace(year, month + 1, day) + timedelta(minutes=minutes)
    except (OverflowError, ValueError):
        return None
