"""Days as callers name them: "next Tuesday", "the fourteenth", "8/31", "a week from Friday"."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from voicebot.call import Step
from voicebot.collect.understanding.fields.time_patterns import (
    Got,
    Line,
    Rules,
    figures,
    first_of,
    match,
)
from voicebot.collect.understanding.fields.time_pieces import Day, Kind

_MONTH_FIRST = frozenset({"US", "PH", "CA"})
"""The regions that write the month before the day, and keep American holidays."""
_YEARS_AHEAD, _DAYS_AHEAD = 10, 9 * 366
"""The years ahead that may be named, and of a day: 29 February may be eight years away."""
_NEXT_DOUBT, EITHER = 2, 4
"""Guesses in "next Friday" on a Wednesday; where two days are named that do not agree."""


def resolve_together(days: Sequence[Day], today: date) -> tuple[date | None, int]:
    """Return the date that these name together, and how many guesses that takes."""
    named = sorted((day for day in days if day.kind <= Kind.TODAY), key=lambda day: day.kind)
    if not named:
        return None, 0
    surest, found = named[0], named[0].date
    same = all(day.date == found for day in named if day.kind is surest.kind)
    assumes = surest.assumes if same else EITHER
    weekday = next((day for day in named if day.kind is Kind.WEEKDAY), None)
    number = weekday.date.weekday() if weekday else found.weekday()
    week = next((day.date for day in days if day.weekly), None)
    stretch = next((day for day in days if day.kind is Kind.STRETCH and not day.weekly), None)
    if stretch and surest.plain and same and not stretch.date <= found <= _last(stretch):
        inside = _first(stretch.date, lambda day: _is_like(day, named), _days_of(stretch))
        return (inside, assumes) if inside else (found, assumes)
    if weekday and week:
        start = max(week - timedelta(days=week.weekday()), today)
        return _first(start, lambda day: day.weekday() == number, 7), assumes
    return found, assumes if found.weekday() == number else EITHER


def _last(stretch: Day) -> date:
    return stretch.last or stretch.date


def _days_of(stretch: Day) -> int:
    return (_last(stretch) - stretch.date).days + 1


def _is_like(day: date, named: Sequence[Day]) -> bool:
    """Return True for a day of the same number, or weekday, as these are."""
    return all(
        day.day == each.date.day
        if each.kind is Kind.MONTH_DAY
        else day.weekday() == each.date.weekday()
        for each in named
        if each.kind in (Kind.MONTH_DAY, Kind.WEEKDAY)
    )


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


def coming(line: Line, fits: Callable[[date], bool], year: int | None = None) -> date | None:
    """Return the first such date of a year; without a year, from today on."""
    return _first(date(year, 1, 1), fits, 366) if year else _first(line.today, fits)


def _date(line: Line, year: int | None, month: int, day: int) -> date | None:
    """Return the date; without a year the coming one."""
    return coming(line, lambda each: each.day == day and each.month == month, year)


def dated(got: Got, found: date | None, kind: Kind = Kind.DATE, end: int = 0) -> Day:
    """Return the day of a date; one of Kind.NONE where there is no such date."""
    return Day(got.first, end or got.end, kind if found else Kind.NONE, found or date.min)


def named_day(line: Line, at: int) -> Day | None:
    """Return the day that is named from this token on."""
    return _written(line, at) or first_of(line, line.days, at)


def _written(line: Line, at: int) -> Day | None:
    """31/8/2018, 8/31, 2018-08-31, 5.8.2024; 24/7 is none."""
    written = figures(line, at, "/-.")
    short, end = len(written) == 2, at + 2 * len(written) - 1
    if len(written) not in (2, 3) or (short and line.said.low(at + 1) != "/"):
        return None
    if any(len(part) > (2 if short else 4) for part in written) or written == ["24", "7"]:
        return None
    parts = [int(part) for part in written]
    if _is_long_past(line, end):
        return Day(at, end + 1, Kind.NONE)
    if parts[0] > 31:
        found = None if short else _date(line, *parts)
        return Day(at, end, Kind.DATE, found) if found else None
    year = None if short else parts[2] + (2000 if parts[2] < 100 else 0)
    orders = (parts[:2], parts[1::-1])
    orders = orders if line.situation.region in _MONTH_FIRST else orders[::-1]
    found = next(filter(None, (_date(line, year, *order) for order in orders)), None)
    return Day(at, end, Kind.DATE, found) if found else None


def _is_long_past(line: Line, at: int) -> bool:
    """Return True for a year of long ago right behind a date: a birthday, and no clock time."""
    if line.digits(at) != 4 or line.tag(at + 1, "hours", "hundred"):
        return False
    return 1900 <= int(line.said.low(at)) < line.today.year - _YEARS_AHEAD


def _year(line: Line, at: int) -> tuple[int | None, int]:
    """Return the year that is said here ("2027", "twenty twenty seven"), and where it ends."""
    got, today = match(line, "n n", at) or match(line, "figures", at), line.today.year
    year = int("".join(part.value for part in got.parts)) if got else 0
    back, ahead = (_YEARS_AHEAD, _YEARS_AHEAD) if got and got.has("figures") else (0, 2)
    if got and year > 999 and today - back <= year <= today + ahead:  # "twenty thirty" is an hour
        return year, got.end
    return None, at


def _month_and_day(line: Line, got: Got) -> Day | None:
    """March 14th, March the fourteenth, 14 March, the 14th of March 2025."""
    behind = line.on(got.end)
    day_behind = match(line, "the? nth", behind) or match(line, "the? n figures", behind)
    if got.parts[0].tag == "time.n" and day_behind:
        return None  # "at three May the tenth"
    behind += line.said.low(behind) == ","
    of = line.tag(behind, "of", "in")
    behind = of.end if of else behind
    if _is_long_past(line, behind):
        return Day(got.first, behind + 1, Kind.NONE)
    year, end = _year(line, behind)
    found = _date(line, year, got.value("month"), got.value("n", "nth"))
    return dated(got, found, end=end if year else got.end)


def _of_month(line: Line, got: Got) -> Day | None:
    """The last Friday of the month, the end of March 2027, the 5th of next month."""
    first, end, kind = line.today.replace(day=1), got.end, Kind.DATE
    found: date | None = first
    if month := got.value("month"):
        year, behind = _year(line, line.on(got.end))
        end = behind if year else end
        found = _first(date(year, 1, 1) if year else first, lambda day: day.month == month)
    elif got.text("which") not in ("", "this"):
        found = _first(first, lambda day: day.day == 1 and day != first)
    nth = -1 if got.has("last") else got.value("n", "nth")
    if found and got.has("weekday"):
        found = _first(found, is_nth(got.value("weekday"), nth), 31)
    elif found and got.has("end"):
        found = found.replace(day=monthrange(found.year, found.month)[1])
    elif found:
        kind, found = Kind.MONTH_DAY, _first(found, lambda day: day.day == nth, 31)
    return dated(got, found, kind, end)


def is_nth(weekday: int, nth: int) -> Callable[[date], bool]:
    """Return what is true of the nth such weekday of a month; -1 is the last."""

    def fits(day: date) -> bool:
        left = day.day - 1 - monthrange(day.year, day.month)[1]
        return day.weekday() == weekday and nth == ((day.day + 6) // 7 if nth > 0 else left // 7)

    return fits


def _number_alone(line: Line, got: Got) -> Day | None:
    """The fourteenth, "on the 15"; "the second one" and "12 th avenue" are none."""
    value, behind = got.value("n", "nth"), line.on(got.end)
    if value not in range(1, 32) or line.tag(behind, "street", "no_day"):
        return None
    led = line.before(got.first, "on", "the")
    listed = match(line, "or on? the? n|nth", behind)  # "el cinco o el seis"
    ends = line.closes(got.end) or line.tag(got.end, "hour_follows") or listed is not None
    if got.has("n") and not (led and ends):
        return None
    if got.has("nth") and value <= 3 and not line.digits(got.first):
        led = led or line.before(got.first, "weekday", "short", "which")
        if not led or line.tag(behind, "few_of_them") or not (ends or _may_follow(line, behind)):
            return None
    found = _first(line.today, lambda day: day.day == value)
    return replace(dated(got, found, Kind.MONTH_DAY), plain=True)


def _may_follow(line: Line, at: int) -> bool:
    """Return True for words of a time or an answer: "the third works", not "the third pot"."""
    tags = {
        match.tag.partition(".")[0] for here in line.said.matches[at : at + 1] for match in here
    }
    return not tags.isdisjoint(("time", "yes", "quiet", "act"))


def _holiday(line: Line, got: Got) -> Day | None:
    """Christmas by "12-25", Thanksgiving by "11 3 4" (month, weekday, nth), by days from Easter."""
    rule = got.text("holiday", "holiday_us")
    if got.has("holiday_us") and line.situation.region not in _MONTH_FIRST:
        return None
    if rule.startswith("easter"):
        days = timedelta(days=int(rule.split()[1]))
        found = _first(line.today, lambda day: day.month < 6 and day - days == _easter(day.year))
    elif " " in rule:
        month, weekday, nth = map(int, rule.split())
        fits = is_nth(weekday, nth)
        found = _first(line.today, lambda day: day.month == month and fits(day))
    else:
        found = _date(line, None, *map(int, rule.split("-")))
    return dated(got, found)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    m = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


def _weekday(line: Line, got: Got) -> Day | None:
    """Friday, this Friday, next Friday, Friday week, Tuesday after next, the Friday after."""
    which, end, behind = got.text("which", "after_which"), got.end, line.on(got.end)
    leads = (
        which or line.opens(got.first) or line.before(got.first, "on", "at", "half", "day", "or")
    )
    if got.has("short") and not leads:
        return None  # "I sat"
    last = line.tag(behind, "last")  # "Tuesday last"
    if line.before(got.first, "last") or (last and line.closes(last.end)):
        return Day(got.first, last.end if last else end, Kind.PAST)
    if (week := line.tag(behind, "weeks", "fortnights")) and not which:
        which, end = week.tag, week.end
    elif following := match(line, "after next", behind):
        which, end = "after next", following.end
    elif (after := line.tag(behind, "after")) and counts_from_there(line, after.end):
        which, end = "time.weeks", after.end
    number, today = got.value("weekday", "short"), line.today.weekday()
    coming, next_week = (number - today) % 7 or 7, 7 - today + number
    ahead = {"this": coming % 7, "next": next_week, "after next": next_week + 7}
    ahead |= {"time.weeks": coming + 7, "time.fortnights": coming + 14}
    found = add_days(line.today, ahead.get(which, coming)) or date.max
    doubt = _NEXT_DOUBT if which == "next" and coming != next_week else 0
    return Day(got.first, end, Kind.WEEKDAY, found, plain=not which, assumes=doubt)


def counts_from_there(line: Line, at: int) -> bool:
    """Return True where nothing follows that is counted from: "the Friday after, please"."""
    return line.closes(at) or line.tag(line.on(at), "that", "afterwards") is not None


def _stretch(line: Line, got: Got) -> Day | None:
    """This week, next weekend, the week after next, early in May, the next three days."""
    this = not got.has("after") and got.text("which", "after_which") in ("", "this")
    weekend = got.has("weekend")
    first: date | None = line.today
    if got.has("months"):
        first = line.today.replace(day=1)
        if not this:
            first = _first(add_days(first, 1) or first, lambda day: day.day == 1)
        days = monthrange(first.year, first.month)[1] if first else 0
    elif month := got.value("month", "new_year"):
        first = _first(line.today.replace(day=1), lambda day: day.month == month)
        days = monthrange(first.year, month)[1] if first else 0
        if match(line, "the? n|nth", line.on(got.end)):
            return None  # "in May the fifth"
    elif number := got.value("n", "couple"):
        days = number * (7 if got.has("weeks") else 1) + 1
    else:
        ahead = 14 if got.has("after") else 0 if this else 7
        first = add_days(line.today, ahead - line.today.weekday() + 5 * weekend)
        days = 2 if weekend else 7
    early, late = 3 * days // 7, 4 * days // 7
    start, end = 0, days - 1
    if got.has("months", "month") and got.has("weeks"):
        start = days - 7 if got.has("last") else min(7 * (got.value("nth") - 1), days - 7)
        end = start + 6
    elif got.has("early", "mid"):
        start, end = (0, early - 1) if got.has("early") else (days // 4, late - 1)
    elif got.has("late", "end"):
        start = early
    found, last = (first and add_days(first, each) for each in (start, end))
    return replace(dated(got, found, Kind.STRETCH), last=last, weekly=days == 7)


def _whole_month(line: Line, got: Got) -> Day | None:
    """A month that stands alone: "January! The fifth or the sixth", "not till January"."""
    bound = line.before(got.first, "earliest")
    leads = line.opens(got.first) or (bound and bound.end - bound.first > 1)
    alone = leads and line.closes(got.end)
    return _stretch(line, got) if alone and line.situation.step is Step.TIME else None


def _from_today(line: Line, got: Got) -> Day | None:
    """Today, tomorrow, tomorrow week, tonight; of "this evening" the "this"."""
    if got.text("which") not in ("", "this"):
        return None
    days = got.value("day") + 7 * got.has("weeks")
    end = got.parts[0].end if got.has("which") else got.end
    found = add_days(line.today, days)
    return dated(got, found, Kind.DATE if got.has("day") else Kind.TODAY, end)


DAYS: Rules[Day] = {
    "holiday|holiday_us": _holiday,
    "month the? n|nth": _month_and_day,
    "n|nth of? month": _month_and_day,
    "nth|last weekday of|in the? which? months|month": _of_month,
    "past": lambda _, got: Day(got.first, got.end, Kind.PAST),
    "day weeks?": _from_today,
    "which part": _from_today,
    "tonight": _from_today,
    "which? which? weekday|short after_which?": _weekday,
    "early|late|mid|end? in? the? weeks|weekend after_which": _stretch,
    "early|late|mid|end? in? the? which weeks|weekend": _stretch,
    "early|late|mid|end in? the? weeks": _stretch,
    "weeks after next": _stretch,
    "the? nth|last weeks of|in the? which? months|month": _stretch,
    "weekend": _stretch,
    "early|late|mid in? the? month|new_year": _stretch,
    "in the? month|new_year": _stretch,
    "in? the? which n|couple days|weeks": _stretch,
    "end the? which? months|month": _of_month,
    "n|nth of|in the? which? months": _of_month,
    "n|nth which months": _of_month,
    "which months": _stretch,
    "month": _whole_month,
    "n|nth": _number_alone,
}
