"""Dates that words name, worked out from today."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto

_SEARCHED_MONTHS = 12
_NEXT_DOUBT, _SHIFTED_DOUBT = 2, 2
"""Guesses in "next Friday" on a Wednesday; in a Friday the 5th that is not the coming 5th."""
EITHER = 4
"""Guesses where two days are named, or a weekday and a date that do not agree: rather ask."""


class Kind(Enum):
    """How a day is named. `PAST` and `NONE` ("the 31st of February") are no day to come."""

    DATE = auto()
    WEEKDAY = auto()
    MONTH_DAY = auto()
    WEEK = auto()
    WEEKEND = auto()
    TODAY = auto()
    PAST = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Day:
    """What names a day or a week, in the tokens from `first` up to `end`.

    date    of DATE and TODAY
    number  weekday 0-6 (WEEKDAY), day of the month (MONTH_DAY), weeks from this one (WEEK)
    which   "this", "next", "week", "after next" or "" (WEEKDAY)
    months  months from this one, if said (MONTH_DAY)
    weekly  counted in whole weeks: a weekday beside it is one of that week (DATE)
    """

    first: int
    end: int
    kind: Kind
    date: date | None = None
    number: int = 0
    which: str = ""
    months: int | None = None
    weekly: bool = False


def make(year: int, month: int, day: int) -> date | None:
    """Return the date, or None when there is no such day."""
    if 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return date(year, month, day)
    return None


def add_days(day: date, days: int) -> date | None:
    """Return the date so many days later, or None beyond the calendar's end."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def add_months(day: date, months: int) -> date | None:
    """Return the same day some months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def resolve(day: Day, today: date) -> date | None:
    """Return the date that this one alone names."""
    if day.kind in (Kind.DATE, Kind.TODAY):
        return day.date
    if day.kind is Kind.WEEKDAY:
        return _of_week(day, today)
    return _of_month(day, today) if day.kind is Kind.MONTH_DAY else None


def resolve_together(days: Sequence[Day], today: date) -> tuple[date | None, int]:
    """Return the date that these name together, and how many guesses that takes."""
    dates, weekdays, month_days, weeks = (
        [day for day in days if day.kind is kind]
        for kind in (Kind.DATE, Kind.WEEKDAY, Kind.MONTH_DAY, Kind.WEEK)
    )
    if dates:
        found = dates[0].date
        if weekdays and found and dates[0].weekly:
            return add_days(found, weekdays[0].number - found.weekday()), 0
        agree = all(day.date == found for day in dates)
        fits = not weekdays or (found is not None and found.weekday() == weekdays[0].number)
        return found, 0 if agree and fits else EITHER
    if month_days:
        return _month_day(month_days, weekdays, today)
    either = 0 if len({day.number for day in weekdays}) <= 1 else EITHER
    if weekdays and weeks and not weekdays[0].which:
        ahead = 7 * weeks[0].number + weekdays[0].number - today.weekday()
        return add_days(today, ahead if ahead >= 0 else ahead + 7), either
    if weekdays:
        return _of_week(weekdays[0], today), max(either, _doubt(weekdays[0], today))
    return next((day.date for day in days if day.date), None), 0


def nth_weekday(first: date, weekday: int, nth: int) -> date | None:
    """Return the nth such weekday of a month, counted from its end when negative."""
    length = monthrange(first.year, first.month)[1]
    days = [d for n in range(1, length + 1) if (d := first.replace(day=n)).weekday() == weekday]
    return days[nth if nth < 0 else nth - 1] if nth <= len(days) else None


def coming(today: date, build: Callable[[int], date | None]) -> date | None:
    """Return the first of the days of the years ahead (29 February may be years away)."""
    years = range(today.year, min(today.year + 9, 9999))
    return next((day for year in years if (day := build(year)) and day >= today), None)


def _of_week(day: Day, today: date) -> date | None:
    coming = (day.number - today.weekday()) % 7
    next_week = 7 - today.weekday() + day.number
    ahead = {
        "this": coming,
        "next": next_week,
        "week": (coming or 7) + 7,
        "fortnight": (coming or 7) + 14,
        "after next": next_week + 7,
    }
    return add_days(today, ahead.get(day.which, coming or 7))


def _doubt(day: Day, today: date) -> int:
    """ "Next Friday", said on a Wednesday, is next week's to most people but not to all."""
    coming = (day.number - today.weekday()) % 7 or 7
    differs = day.which == "next" and coming != 7 - today.weekday() + day.number
    return _NEXT_DOUBT if differs else 0


def _of_month(day: Day, today: date) -> date | None:
    first = today.replace(day=1)
    ahead = range(_SEARCHED_MONTHS + 1) if day.months is None else [day.months]
    months = (add_months(first, n) for n in ahead)
    found = (make(month.year, month.month, day.number) for month in months if month)
    return next((d for d in found if d and (day.months is not None or d >= today)), None)


def _month_day(
    month_days: Sequence[Day], weekdays: Sequence[Day], today: date
) -> tuple[date | None, int]:
    """Return the day of the month; with a weekday beside it the first one that is both."""
    either = 0 if len({day.number for day in month_days}) == 1 else EITHER
    found = _of_month(month_days[0], today)
    if not weekdays or not found or found.weekday() == weekdays[0].number:
        return found, either
    for n in range(1, _SEARCHED_MONTHS if month_days[0].months is None else 0):
        month = add_months(found.replace(day=1), n)
        later = make(month.year, month.month, month_days[0].number) if month else None
        if later and later.weekday() == weekdays[0].number:
            return later, max(either, _SHIFTED_DOUBT)
    return found, EITHER


def easter(year: int) -> date | None:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    m = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return make(year, month, day + 1)
