"""Days as said in Chinese: 大后天, 下周二, 三月十四号, 三天后, 国庆节, 圣诞节前一天."""

from __future__ import annotations

import calendar
import datetime as clockwork
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from voicebot.collect.reading.numbers import Group
from voicebot.collect.reading.utterance import Utterance

_DAYS_A_WEEK, _HALF_MONTH_DAYS = 7, 15
_MONTHS_AHEAD, _YEARS_AHEAD = 24, 9


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or all days up to `last`, said from the token `first` up to `end`.

    date      None where no calendar has it (二月三十一号)
    floating  a bare weekday: today counts only if the hour is still to come
    bygone    named as past (昨天, 上周五, 去年三月一号)
    """

    first: int
    end: int
    date: clockwork.date | None
    last: clockwork.date | None = None
    floating: bool = False
    bygone: bool = False


def _roles(said: Utterance, at: int, pattern: str) -> tuple[dict[str, str], int] | None:
    """Match roles in order, and return their values and the end.

    A role is a name of [time] ("a|b" for either), or figures ("#m"); "?" is one that may lack.
    """
    found: dict[str, str] = {}
    for role in pattern.split():
        name = role.rstrip("?")
        if name.startswith("#"):
            group = said.numbers.figures(at)
            value, end = (group.digits, group.end) if group else ("", at)
        else:
            match = said.at(at, *(f"time.{each}" for each in name.split("|")))
            value, end = (match.value or match.tag, match.end) if match else ("", at)
        if end == at and not role.endswith("?"):
            return None
        if end > at:
            found[name], at = value, end
    return found, at


def day_at(said: Utterance, at: int, today: date) -> Day | None:
    """Return the day that begins at this token."""
    for pattern, read in _READERS:
        roles = _roles(said, at, pattern)
        if roles and (day := read(said, Day(at, roles[1], None), roles[0], today)):
            return _counted(said, day) if day.date else day
    return _slashed(said, at, today)


def _counted(said: Utterance, day: Day) -> Day:
    """Return 圣诞节前一天, 周五后两天: a day that is counted from the one that is named."""
    roles = _roles(said, day.end, "before_that|after_that #n days")
    if roles is None or day.date is None:
        return day
    side, count, unit = roles[0].values()
    days = int(count) * int(unit) * (-1 if side == "time.before_that" else 1)
    return replace(day, date=_moved(day.date, days), end=roles[1], floating=False)


def _moved(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days)
    except OverflowError:
        return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(month: int, day: int, today: date) -> date | None:
    """Return the first such date from today on; 29 February may be years away."""
    years = (_date(today.year + ahead, month, day) for ahead in range(_YEARS_AHEAD))
    return next((found for found in years if found and found >= today), None)


def _month_after(today: date, months: int) -> date:
    years, month = divmod(today.month - 1 + months, 12)
    return date(min(today.year + years, date.max.year), month + 1, 1)


def _end_of_month(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


_Roles = Mapping[str, str]


def _year(roles: _Roles, today: date) -> int | None:
    """Return the year that was said, "" of a figure that is none."""
    if word := roles.get("year_word"):
        return today.year + int(word)
    figures = roles.get("#year", "")
    return int(figures) + 2000 * (len(figures) == 2) if figures else None


def _of_calendar(day: Day, month: int, number: int, year: int | None, today: date) -> Day:
    found = _date(year, month, number) if year else _coming(month, number, today)
    return replace(day, date=found, bygone=bool(year) and found is not None and found < today)


def _holiday(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    month, number = map(int, roles["holiday"].split("-"))
    return _of_calendar(day, month, number, _year(roles, today), today)


def _full(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    if len(roles["#d"]) > 2 or len(roles.get("#year", "00")) not in (2, 4):
        return None
    if said.at(day.end, "time.no_day", "time.oclock"):
        return None
    return _of_calendar(day, int(roles["#m"]), int(roles["#d"]), _year(roles, today), today)


def _of_which_month(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    first = _month_after(today, int(roles.get("which", "0")))
    if "month_end" in roles:
        return replace(day, date=_end_of_month(first))
    return _of_calendar(day, first.month, int(roles["#d"]), first.year, today)


def _nth_weekday(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    """Return the n-th Monday of a month; of a month that is over, next year's."""
    of = _month_after(today, int(roles["which"])) if "which" in roles else None
    for year in (of.year,) if of else (today.year, today.year + 1):
        first = _date(year, of.month if of else int(roles["#m"]), 1)
        if first is None:
            return None
        days = (int(roles["weekday"]) - first.weekday()) % 7 + 7 * (int(roles["#n"]) - 1)
        found = _date(first.year, first.month, 1 + days)
        if found and found >= today:
            return replace(day, date=found)
    return day


def _later(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    """Return N days, weeks or months from today; 半个月 is fifteen days."""
    unit = roles.get("months|days", "")
    if "half" in roles:
        return replace(day, date=_moved(today, _HALF_MONTH_DAYS))
    if unit.isdigit():
        return replace(day, date=_moved(today, int(roles["#n"]) * int(unit)))
    month = _month_after(today, min(int(roles["#n"]), 12 * _YEARS_AHEAD))
    return replace(day, date=month.replace(day=min(today.day, _end_of_month(month).day)))


def _of_week(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    """A bare weekday is the next one, this or next week's that of the Monday-to-Sunday week."""
    which = roles.get("which")
    monday = _moved(today, 7 * int(which or 0) - today.weekday())
    if monday is None:
        return None
    bygone, sunday = which is not None and int(which) < 0, _moved(monday, 6)
    named = roles.get("weekday|weekend")
    if named is None:
        return replace(day, date=max(monday, today), last=sunday, bygone=bygone)
    if not named.isdigit():
        saturday = _moved(monday, 5)
        first = max(saturday, today) if saturday and not bygone else saturday
        return replace(day, date=first, last=sunday, bygone=bygone)
    found = _moved(monday, int(named))
    if found and which is None and found < today:
        found = _moved(found, _DAYS_A_WEEK)
    return replace(day, date=found, floating=which is None, bygone=bygone)


def _relative(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    word = roles.get("day") or roles["short_day"]
    if "day" not in roles and (
        not said.at(day.end, "time.part") or said.at(day.end, "time.no_time")
    ):
        return None
    first, _, last = word.rpartition("-") if word[:1] != "-" else ("", "", word)
    until = _moved(today, int(last)) if first else None
    days = int(first or last)
    return replace(day, date=_moved(today, days), last=until, bygone=days < 0)


def _day_of_month(said: Utterance, day: Day, roles: _Roles, today: date) -> Day | None:
    if said.at(day.end, "time.no_day") or not 1 <= int(roles["#d"]) <= 31:
        return None
    if said.before(day.first, "time.nth", "time.month"):
        return None
    months = (_month_after(today, ahead) for ahead in range(_MONTHS_AHEAD))
    dates = (_date(month.year, month.month, int(roles["#d"])) for month in months)
    return replace(day, date=next((found for found in dates if found and found >= today), None))


def _slashed(said: Utterance, at: int, today: date) -> Day | None:
    """Return 2024/7/9, 2013-2-15, 7/9."""
    numbers: list[Group] = []
    place, mark = at, ""
    while (group := said.numbers.group(place)) and group.written and len(numbers) < 3:
        numbers.append(group)
        place = group.end
        if said.low(place) not in ("/", "-", ".") or (mark and said.low(place) != mark):
            break
        mark, place = said.low(place), place + 1
    values = [int(group.digits) for group in numbers]
    if len(values) == 3 and len(numbers[0].digits) == 4:
        year, month, number = values
        return _of_calendar(Day(at, numbers[-1].end, None), month, number, year, today)
    two = len(values) == 2 and mark == "/" and max(len(n.digits) for n in numbers) <= 2
    if two and not said.low(at - 1).endswith("/") and values[0] <= 12:
        return Day(at, numbers[-1].end, _coming(values[0], values[1], today))
    return None


_Reader = Callable[[Utterance, Day, _Roles, date], Day | None]
_READERS: tuple[tuple[str, _Reader], ...] = (
    ("year_word? of? holiday", _holiday),
    ("#year year of? holiday", _holiday),
    ("which? month_end", _of_which_month),
    ("#m month of? nth #n each? weekday", _nth_weekday),
    ("which month of? nth #n each? weekday", _nth_weekday),
    ("year_word? of? #m month of? #d number_day?", _full),
    ("#year year of? #m month of? #d number_day?", _full),
    ("which month of? #d number_day", _of_which_month),
    ("passing half months later?", _later),
    ("half months later", _later),
    ("passing #n months|days later?", _later),
    ("#n months|days later", _later),
    ("which? week of? weekday|weekend", _of_week),
    ("which? weekday|weekend", _of_week),
    ("which week", _of_week),
    ("day", _relative),
    ("short_day", _relative),
    ("#d number_day", _day_of_month),
)
