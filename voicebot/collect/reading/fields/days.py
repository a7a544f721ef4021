"""Days as callers name them: "next Tuesday", "the fourteenth", "8/31", "Boxing Day"."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date

from voicebot.collect.reading.fields.dates import (
    Day,
    Kind,
    add_days,
    add_months,
    coming,
    easter,
    make,
    nth_weekday,
)
from voicebot.collect.reading.fields.patterns import Got, Grammar, Line, written_date

MONTH_FIRST = frozenset({"US", "PH", "CA"})
"""Where the month is written before the day, and American holidays are kept."""
_YEARS_AHEAD = 10


def day_at(line: Line, at: int) -> Day | None:
    """Return the day that begins at this token, if one does."""
    if line.said.tokens[at].is_digits and (found := _written(line, at)):
        return found
    return _DAYS.at(line, at)


def _written(line: Line, at: int) -> Day | None:
    written = written_date(line, at)
    if written is None:
        return None
    figures = written[1]
    parts = [int(part) for part in figures]
    end = at + 2 * len(parts) - 1
    month_first = line.situation.region in MONTH_FIRST
    if len(parts) == 2:
        if figures == ["24", "7"]:
            return None
        if _is_long_past(line, end):
            return Day(at, end + 1, Kind.PAST)
        builds = [
            coming(line.today, lambda year: make(year, *parts)),
            coming(line.today, lambda year: make(year, *parts[::-1])),
        ]
    elif parts[0] > 31:
        builds = [make(*parts)]
    else:
        year = parts[2] + (2000 if parts[2] < 100 else 0)
        builds = [make(year, *parts[:2]), make(year, *parts[1::-1])]
    found = next(filter(None, builds if month_first else builds[::-1]), None)
    return Day(at, end, Kind.DATE, found) if found else None


def _is_long_past(line: Line, at: int) -> bool:
    """Return True for a year of long ago right behind a date: a birthday, and no clock time."""
    number = line.number(at)
    if number is None or len(number.written) != len("1959") or line.tag(at + 1, "hours", "hundred"):
        return False
    return 1900 <= number.value < line.today.year - _YEARS_AHEAD


def _year(line: Line, at: int) -> tuple[int | None, int]:
    """Return the year that is said here ("2027", "twenty twenty seven"), and where it ends."""
    number, end = line.number(at), at
    if number is None or number.ordinal:
        return None, at
    if len(number.written) == len("2027") and abs(number.value - line.today.year) <= _YEARS_AHEAD:
        return number.value, number.end
    second = line.number(line.on(number.end))
    if number.written or number.value != 20 or second is None or second.ordinal:
        return None, end
    spoken = 2000 + second.value
    if second.value in range(10, 60) and 0 <= spoken - line.today.year <= 2:
        return spoken, second.end
    return None, end


def _named(line: Line, got: Got) -> Day | None:
    """March 14th, March the fourteenth, 14 March, the 14th of March 2025."""
    number = got.slots.get("n") or got.slots["nth"]
    month, day = got.value("month"), int(number.value)
    if number.first == got.first:
        if number.tag == "n" and _day_follows(line, line.on(got.end)):
            return None  # "at three May the tenth"
    elif line.tag(got.end, "oclock", "half", "hundred"):
        return None
    if day not in range(1, 32):
        return None
    behind = line.on(got.end)
    behind += line.said.low(behind) == ","
    if of := line.tag(behind, "of", "in"):
        behind = of.end
    if _is_long_past(line, behind):
        return Day(got.first, behind + 1, Kind.PAST)
    year, end = _year(line, behind)
    if year is not None:
        found = make(year, month, day)
    else:
        found, end = coming(line.today, lambda year: make(year, month, day)), got.end
    return Day(got.first, end, Kind.DATE if found else Kind.NONE, found)


def _day_follows(line: Line, at: int) -> bool:
    """Return True where the day of the month stands behind it: "at 3 May 14 2024"."""
    the = line.tag(at, "the")
    number = line.number(the.end if the else at)
    if number is None or number.ordinal:
        return number is not None
    year = line.number(number.end)
    return number.value in range(1, 32) and year is not None and len(year.written) == len("2024")


def _counted_day(line: Line, got: Got) -> Day | None:
    """Return today, tomorrow, the day after tomorrow; with a "week" behind it a week later."""
    found = add_days(line.today, got.value("day") + 7 * ("weeks" in got.slots))
    if found == line.today:
        return Day(got.first, got.end, Kind.TODAY, found)
    return Day(got.first, got.end, Kind.DATE, found) if found else None


def _today(line: Line, got: Got) -> Day | None:
    """Return today for "tonight" and for the "this" of "this evening"; the part is read apart."""
    which = got.slots.get("which")
    if which and which.value != "this":
        return None
    return Day(got.first, which.end if which else got.end, Kind.TODAY, line.today)


def _weekday(line: Line, got: Got) -> Day | None:
    """Friday, this Friday, next Friday, Friday week, Tuesday after next, the Friday after."""
    named = got.slots.get("weekday") or got.slots["short"]
    which = got.slots["which"].value if "which" in got.slots else ""
    day = Day(got.first, got.end, Kind.WEEKDAY, number=int(named.value), which=which)
    if "short" in got.slots and not which and not _stands_for_a_day(line, got):
        return None
    if line.before(got.first, "last"):
        return replace(day, kind=Kind.PAST)
    week = None if which else line.tag(line.on(got.end), "weeks", "fortnights")
    if week:
        which = "week" if week.tag == "time.weeks" else "fortnight"
        return replace(day, end=week.end, which=which)
    after = line.tag(line.on(got.end), "after")
    if after is None:
        return day
    if following := line.tag(line.on(after.end), "next"):
        return replace(day, end=following.end, which="after next")
    if line.pauses(after.end) or line.tag(after.end, "that", "afterwards"):
        return replace(day, end=after.end, which="week")
    return day


def _stands_for_a_day(line: Line, got: Got) -> bool:
    first = line.back(got.first)
    opens = not first or line.said.tokens[first - 1].is_sign
    return opens or line.before(got.first, "on", "at", "half", "day") is not None


def _week(line: Line, got: Got) -> Day:
    ahead = 2 if "next" in got.slots and "after" in got.slots else 1
    if got.slots.get("which") and got.slots["which"].value == "this":
        ahead = 0
    kind = Kind.WEEKEND if "weekend" in got.slots else Kind.WEEK
    return Day(got.first, got.end, kind, number=ahead if "which" in got.slots or ahead > 1 else 0)


def _first_of_month(line: Line, got: Got) -> tuple[date | None, int]:
    """Return the first of the month that "of March 2027" or "of next month" names."""
    first = line.today.replace(day=1)
    if "month" not in got.slots:
        return add_months(first, _months(got)), got.end
    year, end = _year(line, line.on(got.end))
    month = got.value("month")
    if year is not None:
        return make(year, month, 1), end
    return coming(first, lambda year: make(year, month, 1)), got.end


def _months(got: Got) -> int:
    which = got.slots.get("which")
    return 0 if which is None or which.value == "this" else 1


def _end_of_month(line: Line, got: Got) -> Day | None:
    first, end = _first_of_month(line, got)
    last = first.replace(day=monthrange(first.year, first.month)[1]) if first else None
    return Day(got.first, end, Kind.DATE, last) if last else None


def _nth_weekday(line: Line, got: Got) -> Day | None:
    """Return the first Monday in March, the last Friday of the month."""
    nth = -1 if "last" in got.slots else got.value("nth")
    first, end = _first_of_month(line, got)
    found = nth_weekday(first, got.value("weekday"), nth) if first else None
    return Day(got.first, end, Kind.DATE, found) if found else None


def _month_day_of(line: Line, got: Got) -> Day | None:
    """Return the 3rd of this month, the 5th of next month."""
    number = got.slots.get("n") or got.slots["nth"]
    return Day(got.first, got.end, Kind.MONTH_DAY, number=int(number.value), months=_months(got))


def _month_day_alone(line: Line, got: Got) -> Day | None:
    """Return the fourteenth, "on the 15"; "the second one" and "12 th avenue" are none."""
    number = line.number(got.first)
    if number is None or number.value not in range(1, 32) or line.tag(got.end, "street"):
        return None
    led = line.before(got.first, "on", "the") is not None
    if number.ordinal:
        plain = number.value in range(1, 4) and not number.written
        led = led or line.before(got.first, "weekday", "short") is not None
        which = line.before(got.first, "which")
        behind = line.on(got.end)
        whole = not plain or ((led or which) and not line.tag(behind, "few_of_them"))
        fits = bool(whole and not line.tag(behind, "no_day"))
    else:
        fits = led and (line.pauses(got.end) or line.said.low(got.end) == "at")
    return Day(got.first, got.end, Kind.MONTH_DAY, number=number.value) if fits else None


def _holiday(line: Line, got: Got) -> Day | None:
    match = got.slots.get("holiday") or got.slots["holiday_us"]
    if match.tag == "holiday_us" and line.situation.region not in MONTH_FIRST:
        return None
    found = coming(line.today, lambda year: _kept(match.value, year))
    return Day(got.first, got.end, Kind.DATE, found) if found else None


def _kept(rule: str, year: int) -> date | None:
    """Return when a holiday is in a year: "12-25", "11 3 4" (month, weekday, nth), "easter -2"."""
    if rule.startswith("easter"):
        sunday = easter(year)
        return add_days(sunday, int(rule.split()[1])) if sunday else None
    if " " not in rule:
        month, day = map(int, rule.split("-"))
        return make(year, month, day)
    month, weekday, nth = map(int, rule.split())
    return nth_weekday(date(year, month, 1), weekday, nth)


_DAYS: Grammar[Day] = Grammar(
    {
        "holiday|holiday_us": _holiday,
        "month the? n|nth": _named,
        "n|nth of? month": _named,
        "nth|last weekday of|in the? which? months": _nth_weekday,
        "nth|last weekday of|in month": _nth_weekday,
        "past": lambda line, got: Day(got.first, got.end, Kind.PAST),
        "day weeks?": _counted_day,
        "which part": _today,
        "tonight": _today,
        "which? which? weekday": _weekday,
        "which? which? short": _weekday,
        "which weeks": _week,
        "weeks after next": _week,
        "which? weekend": _week,
        "end the? which? months": _end_of_month,
        "end month": _end_of_month,
        "n|nth of|in the? which? months": _month_day_of,
        "n|nth which months": _month_day_of,
        "n|nth": _month_day_alone,
    }
)
