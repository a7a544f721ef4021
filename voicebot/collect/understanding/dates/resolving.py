"""From the pieces that name a day to the date that is meant, seen from today."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

MONTH_FIRST = frozenset({"US", "PH", "CA"})
"""Where the month is written before the day."""
_SEARCHED_MONTHS = 12
_EITHER = 0.45
"""Two days were named: rather ask which."""
_AT_ODDS = 0.45
"""The weekday and the date do not agree: rather ask."""


class Weight(StrEnum):
    """How a day was named; PAST and NONE (the 31st of February, "before Friday") name none."""

    DATE = "date"
    WEEKDAY = "weekday"
    MONTH_DAY = "month_day"
    WEEK = "week"
    TODAY = "today"
    PAST = "past"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Day:
    """A piece that names a day or a week; tokens `begin` to `end` of the answer.

    date      for DATE and TODAY
    number    weekday 0-6 (WEEKDAY), day of month (MONTH_DAY), weeks from this one (WEEK)
    modifier  "this", "next" or "" (WEEKDAY); months from this one (MONTH_DAY), as text
    """

    begin: int
    end: int
    weight: Weight
    date: date | None = None
    number: int = 0
    modifier: str = ""


def make(year: int, month: int, day: int) -> date | None:
    """The date, or None when there is no such day."""
    if 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return date(year, month, day)
    return None


def coming(today: date, month: int, day: int) -> date | None:
    """The first such day from today on (29 February may be years away)."""
    years = range(today.year, min(today.year + 9, 9999))
    return next((d for y in years if (d := make(y, month, day)) and d >= today), None)


def last_of(first: date) -> date:
    """The last day of the month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def resolve(day: Day, today: date) -> date | None:
    """The date that this piece alone names."""
    if day.weight in (Weight.DATE, Weight.TODAY):
        return day.date
    if day.weight is Weight.WEEKDAY:
        return _of_week(day, today)
    if day.weight is Weight.MONTH_DAY:
        return _of_a_month(day, today)
    return None


def resolve_together(days: Sequence[Day], today: date) -> tuple[date | None, float]:
    """The date that these pieces name together, and how sure that is."""
    dates, weekdays, month_days, weeks = (
        [d for d in days if d.weight is w]
        for w in (Weight.DATE, Weight.WEEKDAY, Weight.MONTH_DAY, Weight.WEEK)
    )
    if dates:
        found = dates[0].date
        if weekdays and found and dates[0].modifier == "week":
            return _in_week_of(found, weekdays[0].number), 1.0
        agree = all(d.date == found for d in dates)
        fits = not weekdays or (found is not None and found.weekday() == weekdays[0].number)
        return found, (1.0 if agree else _EITHER) if fits else _AT_ODDS
    if month_days:
        return _month_day(month_days, weekdays, today)
    sure = 1.0 if len({d.number for d in weekdays}) <= 1 else _EITHER
    if weekdays and weeks and not weekdays[0].modifier:
        ahead = 7 * weeks[0].number + weekdays[0].number - today.weekday()
        return add_days(today, ahead if ahead >= 0 else ahead + 7), sure
    if weekdays:
        return _of_week(weekdays[0], today), min(sure, _sureness(weekdays[0], today))
    return (days[0].date if days else None), 1.0


def add_days(day: date, days: int) -> date | None:
    """The date so many days later, or None beyond the calendar's end."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _in_week_of(day: date, weekday: int) -> date | None:
    """That weekday of the Monday-to-Sunday week in which a day lies."""
    return add_days(day, weekday - day.weekday())


def _of_week(day: Day, today: date) -> date | None:
    coming = (day.number - today.weekday()) % 7
    next_week = 7 - today.weekday() + day.number
    ahead = {
        "this": coming,
        "next": next_week,
        "week": (coming or 7) + 7,
        "after next": next_week + 7,
    }.get(day.modifier, coming or 7)
    return add_days(today, ahead)


def _sureness(day: Day, today: date) -> float:
    """ "Next Friday", said on a Wednesday, is next week's to most people but not to all."""
    both = (day.number - today.weekday()) % 7 or 7
    return 1.0 if day.modifier != "next" or both == 7 - today.weekday() + day.number else 0.6


def _of_a_month(day: Day, today: date) -> date | None:
    first = today.replace(day=1)
    if day.modifier:
        month = add_months(first, int(day.modifier))
        return make(month.year, month.month, day.number) if month else None
    months = (add_months(first, n) for n in range(_SEARCHED_MONTHS + 1))
    found = (make(m.year, m.month, day.number) for m in months if m)
    return next((d for d in found if d and d >= today), None)


def _month_day(
    month_days: Sequence[Day], weekdays: Sequence[Day], today: date
) -> tuple[date | None, float]:
    """The day of the month; with a weekday beside it the first one that is both."""
    sure = 1.0 if len({d.number for d in month_days}) == 1 else _EITHER
    found = _of_a_month(month_days[0], today)
    if not weekdays or not found or found.weekday() == weekdays[0].number:
        return found, sure
    for n in range(1, _SEARCHED_MONTHS):
        first = add_months(found.replace(day=1), n)
        later = make(first.year, first.month, month_days[0].number) if first else None
        if later and later.weekday() == weekdays[0].number and not month_days[0].modifier:
            return later, 0.7
    return found, _AT_ODDS


def add_months(first: date, months: int) -> date | None:
    """The same day some months later, or that month's last day."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def nth_weekday(first: date, weekday: int, nth: int) -> date | None:
    """The nth such weekday of a month, counted from its end when negative."""
    length = monthrange(first.year, first.month)[1]
    days = [d for n in range(1, length + 1) if (d := first.replace(day=n)).weekday() == weekday]
    return days[nth if nth < 0 else nth - 1] if nth <= len(days) else None
