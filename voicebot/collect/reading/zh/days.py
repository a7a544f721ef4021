"""Days and hours as said in Chinese: 大后天, 下周二, 三月十四号, 三天后; 下午三点半, 差五分八点."""

from __future__ import annotations

import calendar
import datetime as clockwork
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from voicebot.collect.reading.numbers import Group
from voicebot.collect.reading.utterance import Utterance

_DAYS_A_WEEK, _HALF_MONTH_DAYS = 7, 15
_MONTHS_AHEAD, _YEARS_AHEAD = 24, 9
_NOON, _LAST_HOUR = 12, 24
_FIRST_MORNING_HOUR = 7
"""An hour without a part of the day is in the morning from seven on, before in the afternoon."""


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


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: hour and minute as spoken, and the part of the day if one was named."""

    first: int
    end: int
    hour: int
    minute: int = 0
    part: str = ""

    def on_clock(self, part: str = "") -> tuple[time, int]:
        """Return the 24-hour time, and how many days later it falls (晚上十二点: one)."""
        hour, days = _hour24(self.hour, self.part or part)
        return time(hour, self.minute), days

    @property
    def is_open(self) -> bool:
        """Return True where it could be morning or evening, as far as the words say."""
        return not self.part and 1 <= self.hour <= _NOON


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day without an hour."""

    first: int
    end: int
    part: str


Piece = Day | Clock | Part


def pieces(said: Utterance, now: datetime) -> Iterator[Piece]:
    """Give every day, hour and part of the day, from left to right; none of the lunar calendar."""
    at = 0 if next(said.all("time.lunar"), None) is None else len(said)
    while at < len(said):
        if skipped := said.at(at, "time.no_time"):
            at = skipped.end
            continue
        if later := _moment_later(said, at, now):
            yield from later
            at = later[-1].end
        elif found := _day_at(said, at, now.date()) or _clock_at(said, at) or _part_at(said, at):
            yield found
            at = found.end
        else:
            at += 1


def _hour24(hour: int, part: str) -> tuple[int, int]:
    if hour >= _LAST_HOUR:
        return 0, 1
    if hour > _NOON or hour == 0 or part == "morning":
        return hour, 0
    if not part or part == "day":
        return (hour + _NOON if hour < _FIRST_MORNING_HOUR else hour), 0
    if part == "small_hours":
        return hour % _NOON, 0
    if part == "noon":
        return (hour + _NOON if hour < 4 else hour), 0
    if part == "afternoon":
        return hour % _NOON + _NOON, 0
    if hour == _NOON:
        return 0, 1
    return (hour, 1) if hour < 5 else (hour + _NOON, 0)


# -- days ------------------------------------------------------------------------------------


def _day_at(said: Utterance, at: int, today: date) -> Day | None:
    for read in _READERS:
        if day := read(said, at, today):
            return _counted(said, day) if day.date else day
    return None


def _counted(said: Utterance, day: Day) -> Day:
    """Return 圣诞节前一天, 周五后两天: a day that is counted from the one that is named."""
    side = said.at(day.end, "time.before_that", "time.after_that")
    count = said.numbers.figures(side.end) if side else None
    unit = said.at(count.end, "time.days") if count else None
    if side is None or count is None or unit is None or day.date is None:
        return day
    days = int(count.digits) * int(unit.value)
    shift = _moved(day.date, -days if side.tag == "time.before_that" else days)
    return replace(day, date=shift, end=unit.end, floating=False)


def _moved(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days)
    except OverflowError:
        return None


def _in_calendar(said: Utterance, at: int, today: date) -> Day | None:
    """Return 二零二六年一月三号, 下个月五号, 2024/7/9, 月底, 六月第二个星期二, 十二号."""
    year, which, place = _year(said, at, today)
    if which is None and (which_one := said.at(place, "time.which")):
        which, place = int(which_one.value), which_one.end
    end_of = said.at(place, "time.month_end")
    number = said.numbers.figures(place)
    unit = said.at(number.end if number else place, "time.month")
    if end_of and (which is not None or place == at):
        first, _ = _month_after(today, which or 0)
        return Day(
            at, end_of.end, first.replace(day=calendar.monthrange(first.year, first.month)[1])
        )
    if number and (slashed := _slashed(said, at, today)):
        return slashed
    if unit is None or (number is None and which is None):
        return _day_of_month(said, at, today) if place == at else None
    month = int(number.digits) if number else _month_after(today, which or 0)[0].month
    if number is None:
        year = _month_after(today, which or 0)[0].year
    place = _skip(said, unit.end)
    if nth := _nth_weekday(said, place, month, year, today):
        return replace(nth, first=at)
    day = said.numbers.figures(place)
    if day is None or len(day.digits) > 2:
        return None
    named = said.at(day.end, "time.number_day")
    if said.at(day.end, "time.no_day", "time.oclock") or (not number and not named):
        return None
    found = _date(year, month, int(day.digits)) if year else _coming(month, int(day.digits), today)
    bygone = bool(year) and found is not None and found < today
    return Day(at, named.end if named else day.end, found, bygone=bygone)


def _skip(said: Utterance, at: int) -> int:
    return at + (said.low(at) == "," or said.at(at, "time.of") is not None)


def _year(said: Utterance, at: int, today: date) -> tuple[int | None, int | None, int]:
    """Return the year that is said here, and where it ends."""
    if word := said.at(at, "time.year_word"):
        return today.year + int(word.value), None, _skip(said, word.end)
    figures = said.numbers.figures(at)
    unit = said.at(figures.end, "time.year") if figures else None
    if figures and unit and len(figures.digits) in (2, 4):
        year = int(figures.digits)
        return (2000 + year if year < 100 else year), None, _skip(said, unit.end)
    return None, None, at


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
        found = _date(*values)
        return Day(at, numbers[-1].end, found, bygone=found is not None and found < today)
    two = len(values) == 2 and mark == "/" and max(len(n.digits) for n in numbers) <= 2
    if two and not said.low(at - 1).endswith("/") and values[0] <= 12:
        return Day(at, numbers[-1].end, _coming(values[0], values[1], today))
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


def _month_after(today: date, months: int) -> tuple[date, int]:
    years, month = divmod(today.month - 1 + months, 12)
    return date(min(today.year + years, date.max.year), month + 1, 1), months


def _day_of_month(said: Utterance, at: int, today: date) -> Day | None:
    day = said.numbers.figures(at)
    unit = said.at(day.end, "time.number_day") if day else None
    if day is None or unit is None or said.at(unit.end, "time.no_day"):
        return None
    if not 1 <= int(day.digits) <= 31 or said.before(at, "time.nth", "time.month"):
        return None
    months = (_month_after(today, ahead)[0] for ahead in range(_MONTHS_AHEAD))
    dates = (_date(month.year, month.month, int(day.digits)) for month in months)
    return Day(at, unit.end, next((found for found in dates if found and found >= today), None))


def _nth_weekday(said: Utterance, at: int, month: int, year: int | None, today: date) -> Day | None:
    """Return the n-th Monday of a month; of a month that is over, next year's."""
    nth = said.at(at, "time.nth")
    count = said.numbers.figures(nth.end) if nth else None
    each = said.at(count.end, "time.each") if count else None
    weekday = said.at(each.end if each else count.end if count else at, "time.weekday")
    if count is None or weekday is None:
        return None
    for ahead in range(1 if year else 2):
        first = _date((year or today.year) + ahead, month, 1)
        if first is None:
            return None
        days = (int(weekday.value) - first.weekday()) % 7 + 7 * (int(count.digits) - 1)
        found = _date(first.year, month, 1 + days)
        if found and found >= today:
            return Day(at, weekday.end, found)
    return Day(at, weekday.end, None)


def _weekday(said: Utterance, at: int, today: date) -> Day | None:
    """A bare weekday is the next one, this or next week's that of the Monday-to-Sunday week."""
    which = said.at(at, "time.which")
    place = which.end if which else at
    week = said.at(place, "time.week")
    behind = said.at(_skip(said, week.end), "time.weekday", "time.weekend") if week else None
    named = behind or said.at(place, "time.weekday", "time.weekend")
    monday = _moved(today, 7 * int(which.value if which else 0) - today.weekday())
    if monday is None or (named is None and (which is None or week is None)):
        return None
    bygone = which is not None and int(which.value) < 0
    if named is None:
        end, sunday = week.end if week else place, _moved(monday, 6)
        return Day(at, end, max(monday, today), last=sunday, bygone=bygone)
    if named.tag == "time.weekend":
        saturday = _moved(monday, 5)
        first = max(saturday, today) if saturday and not bygone else saturday
        return Day(at, named.end, first, last=_moved(monday, 6), bygone=bygone)
    day = _moved(monday, int(named.value))
    if day and which is None and day < today:
        day = _moved(day, _DAYS_A_WEEK)
    return Day(at, named.end, day, floating=which is None, bygone=bygone)


def _relative(said: Utterance, at: int, today: date) -> Day | None:
    word = said.at(at, "time.day")
    short = None if word else said.at(at, "time.short_day")
    if short and said.at(short.end, "time.part") and not said.at(short.end, "time.no_time"):
        word = short
    if word is None:
        return None
    first, _, last = word.value.rpartition("-") if word.value[:1] != "-" else ("", "", word.value)
    days = int(first or last)
    until = _moved(today, int(last)) if first else None
    return Day(at, word.end, _moved(today, days), last=until, bygone=days < 0)


def _later(said: Utterance, at: int, today: date) -> Day | None:
    """Return N days, weeks or months from today; 半个月 is fifteen days."""
    passing = said.at(at, "time.passing")
    place = passing.end if passing else at
    half, count = said.at(place, "time.half"), said.numbers.figures(place)
    end = half.end if half else count.end if count else 0
    unit = said.at(end, "time.months", "time.days") if end else None
    behind = said.at(unit.end, "time.later") if unit else None
    if unit is None or not (passing or behind) or (half and unit.tag == "time.days"):
        return None
    end = behind.end if behind else unit.end
    if half:
        return Day(at, end, _moved(today, _HALF_MONTH_DAYS))
    number = int(count.digits) if count else 0
    if unit.tag == "time.days":
        return Day(at, end, _moved(today, number * int(unit.value)))
    month, _ = _month_after(today, min(number, 12 * _YEARS_AHEAD))
    last = calendar.monthrange(month.year, month.month)[1]
    return Day(at, end, month.replace(day=min(today.day, last)))


def _holiday(said: Utterance, at: int, today: date) -> Day | None:
    year, _, place = _year(said, at, today)
    named = said.at(place, "time.holiday")
    if named is None:
        return None
    month, day = map(int, named.value.split("-"))
    found = _date(year, month, day) if year else _coming(month, day, today)
    return Day(at, named.end, found, bygone=found is not None and found < today)


_READERS: tuple[Callable[[Utterance, int, date], Day | None], ...] = (
    _holiday,
    _in_calendar,
    _later,
    _weekday,
    _relative,
)


# -- hours -----------------------------------------------------------------------------------


def _moment_later(said: Utterance, at: int, now: datetime) -> tuple[Day, Clock] | None:
    """Return the day and the hour of 三个半小时后, 四十分钟以后, 半小时后."""
    half, count = said.at(at, "time.half"), said.numbers.figures(at)
    quarter = said.at(at, "time.quarter")
    minutes, end = 0, at
    if quarter and (unit := said.at(quarter.end, "time.later")):
        minutes, end = int(quarter.value), quarter.end
    elif half and (unit := said.at(half.end, "time.hours")):
        minutes, end = 30, unit.end
    elif count:
        each = said.at(count.end, "time.each")
        extra = said.at(each.end, "time.half") if each else None
        unit = said.at(extra.end if extra else count.end, "time.hours", "time.minutes")
        if unit:
            extra_behind = said.at(unit.end, "time.half")
            hourly = unit.tag == "time.hours"
            minutes = int(count.digits) * (60 if hourly else 1)
            minutes += 30 * (hourly and (extra is not None or extra_behind is not None))
            end = extra_behind.end if extra_behind and hourly else unit.end
    later = said.at(end, "time.later") if end > at else None
    if later is None or minutes > 60 * 24 * 366:
        return None
    moment = now + timedelta(minutes=minutes)
    part = "" if moment.hour > _NOON or moment.hour == 0 else "morning"
    part = "noon" if moment.hour == _NOON else part
    return Day(at, later.end, moment.date()), Clock(at, later.end, moment.hour, moment.minute, part)


def _part_at(said: Utterance, at: int) -> Part | Clock | None:
    part = said.at(at, "time.part")
    if part and part.value == "noon":
        return Clock(at, part.end, _NOON, 0, "noon")
    return Part(at, part.end, part.value) if part else None


def _clock_at(said: Utterance, at: int) -> Clock | None:
    part = said.at(at, "time.part")
    place = at
    if part:
        place = part.end
        while said.low(place) == "," or said.at(place, "time.of"):
            place += 1
    before, place = _lacking(said, place)
    if said.at(place, "time.no_clock") or said.at(place - 1, "time.no_clock"):
        return None
    hour = said.numbers.figures(place)
    single = said.numbers.group(place)
    if hour and single and len(single.digits) == 1 and hour.end - hour.first == len(hour.digits):
        hour = replace(hour, readings=(single.digits,))  # 两三点
    if hour is None or len(hour.digits) > 2 or int(hour.digits) > _LAST_HOUR:
        return None
    found = _written(said, hour) or _spoken(said, hour)
    if found is None:
        return None
    minute, end = found
    named = part.value if part else ""
    if suffix := said.at(end, "time.meridiem"):
        named, end = suffix.value, suffix.end
    early = said.low(hour.end) == ":" and hour.digits.startswith("0") and len(hour.digits) > 1
    clock = Clock(at, end, int(hour.digits), minute, named or ("small_hours" if early else ""))
    return _earlier(clock, before)


def _earlier(clock: Clock, minutes: int) -> Clock:
    """Return 差五分九点: so many minutes before the hour."""
    total = clock.minute - minutes
    if total >= 0:
        return clock
    return replace(clock, hour=(clock.hour - 1) % _LAST_HOUR or _NOON, minute=total + 60)


def _lacking(said: Utterance, at: int) -> tuple[int, int]:
    """Return the minutes of 差五分, 差一刻, and where they end; (0, at) without them."""
    lead = said.at(at, "time.lacking")
    if lead is None:
        return 0, at
    if quarter := said.at(lead.end, "time.quarter"):
        return int(quarter.value), quarter.end + (said.at(quarter.end, "time.until") is not None)
    count = said.numbers.figures(lead.end)
    if count is None or int(count.digits) >= 60:
        return 0, at
    unit = said.at(count.end, "time.minute")
    end = unit.end if unit else count.end
    return int(count.digits), end + (said.at(end, "time.until") is not None)


def _written(said: Utterance, hour: Group) -> tuple[int, int] | None:
    """Return the minute of 15:30, and of 3 pm."""
    colon = said.low(hour.end) == ":" and hour.end + 1 < len(said)
    minute = said.tokens[hour.end + 1] if colon else None
    if minute and minute.is_digits and len(minute.low) == 2 and int(minute.low) < 60:
        return int(minute.low), hour.end + 2
    return (0, hour.end) if hour.written and said.at(hour.end, "time.meridiem") else None


def _spoken(said: Utterance, hour: Group) -> tuple[int, int] | None:
    """Return the minute of 三点半, 三点一刻, 三点零五分, 六点差一刻."""
    oclock = said.at(hour.end, "time.oclock")
    if oclock is None or said.at(hour.end, "time.no_clock"):
        return None
    end = oclock.end
    if half := said.at(end, "time.half", "time.sharp"):
        return (30 if half.tag == "time.half" else 0), half.end
    place = said.at(end, "time.passing")
    place_at = place.end if place else end
    if quarter := said.at(place_at, "time.quarter"):
        return int(quarter.value), quarter.end
    before, after = _lacking(said, end)
    if before:
        return -before, after
    count = said.numbers.figures(place_at)
    if count is None or len(count.digits) > 2 or int(count.digits) >= 60:
        return 0, end
    unit = said.at(count.end, "time.minute")
    if not unit and said.at(count.end, *_NO_MINUTES):
        return 0, end
    return int(count.digits), unit.end if unit else count.end


_NO_MINUTES = ("time.oclock", "time.number_day", "time.month", "time.each", "time.until")
