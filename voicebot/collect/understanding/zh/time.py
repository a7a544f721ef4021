"""Days and hours as said in Chinese: 大后天, 下周二, 三月十四号, 圣诞节前一天, 三点半, 差五分八点.

Only how they are said stands here; what is wanted of them is read as in every language.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import Clause
from voicebot.collect.understanding.fields.time import time_by
from voicebot.collect.understanding.fields.time_days import add_days, coming, dated, is_nth
from voicebot.collect.understanding.fields.time_patterns import Got, Line, Rules, match
from voicebot.collect.understanding.fields.time_pieces import EXACT, Clock, Day, Kind
from voicebot.collect.understanding.questions import OTHER_TIME
from voicebot.collect.understanding.types import Situation
from voicebot.collect.understanding.utterance import Utterance

_SATURDAY = 5


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give what is said of a time, but for days of the lunar calendar."""
    if next(said.all("time.lunar"), None) is None:
        outside = [(c.first, c.end) for c in said.clauses if _is_outside(said, c)]
        yield from time_by(said, situation, _DAYS, _CLOCKS, outside)


def _is_outside(said: Utterance, clause: Clause) -> bool:
    """Return True for a clause whose days are not meant; 星期五几点有空 means Friday."""
    leaves = said.all("ask.free", "flexible.any", OTHER_TIME, first=clause.first, end=clause.end)
    asked = clause.asked and not any(leaves)
    refused = any(said.all("time.moved", first=clause.first, end=clause.end))
    return asked or clause.past or (clause.denied and not refused)


def _numbers(got: Got) -> list[int]:
    return [int(part.value) for part in got.parts if part.tag in ("time.n", "time.figures")]


def _bygone(line: Line, got: Got, found: date | None) -> Day:
    """Return a day, or one that is over: 昨天, 去年五月二号."""
    return dated(got, found, Kind.PAST if found and found < line.today else Kind.DATE)


def _first_of_month(line: Line, ahead: int) -> date:
    years, month = divmod(line.today.month - 1 + ahead, 12)
    return date(min(line.today.year + years, date.max.year), month + 1, 1)


def _of_calendar(line: Line, got: Got) -> Day | None:
    """二零二六年一月三号, 明年二月二十八日, 五月二号, 国庆节; none of 八月三号楼."""
    if got.has("holiday"):
        year, (month, day) = _numbers(got), map(int, got.text("holiday").split("-"))
    else:
        *year, month, day = _numbers(got)
        if line.tag(got.end, "no_day", "oclock") or (not got.has("number_day") and day > 31):
            return None
    named = line.today.year + got.value("year_word") if got.has("year_word") else None
    named = year[0] + 2000 * (year[0] < 100) if year else named
    if named and named > date.max.year:
        return None
    found = coming(line, lambda each: (each.month, each.day) == (month, day), named)
    return _bygone(line, got, found)


def _of_which_month(line: Line, got: Got) -> Day | None:
    """下个月二号, 这个月底, 下个月第一个周五, 六月第二个星期二."""
    first = _first_of_month(line, got.value("which"))
    last = first.replace(day=monthrange(first.year, first.month)[1])
    if got.has("month_end"):
        return dated(got, last)
    if not got.has("nth"):
        day = _numbers(got)[-1]
        return _bygone(line, got, first.replace(day=day) if 1 <= day <= last.day else None)
    fits = is_nth(got.value("weekday"), got.value("nth"))
    month = first.month if got.has("which") else _numbers(got)[0]
    return dated(got, coming(line, lambda each: each.month == month and fits(each)))


def _stretch_of_month(line: Line, got: Got) -> Day | None:
    """一月第一周, 下个月第二周; 这个月."""
    first: date | None = _first_of_month(line, got.value("which"))
    if not got.has("which"):
        month = _numbers(got)[0]
        first = coming(line, lambda day: (day.month, day.day) == (month, 1))
    if first is None:
        return None
    last = first.replace(day=monthrange(first.year, first.month)[1])
    if got.has("nth"):
        start = add_days(first, 7 * (got.value("nth") - 1))
        if start is None or not first <= start <= last:
            return None
        first, last = start, min(add_days(start, 6) or last, last)
    return replace(dated(got, max(first, line.today), Kind.STRETCH), last=last)


def _of_week(line: Line, got: Got) -> Day | None:
    """下周二, 上周五, 这周末, 下周: of the Monday-to-Sunday week; 周五 is the next one."""
    which, named = got.has("which"), got.has("weekday")
    monday = add_days(line.today, 7 * got.value("which") - line.today.weekday())
    if monday is None or got.value("which") < 0:
        return dated(got, monday, Kind.PAST)
    if not named:
        first = add_days(monday, _SATURDAY * got.has("weekend"))
        day = dated(got, first and max(first, line.today), Kind.STRETCH)
        return replace(day, last=add_days(monday, 6), weekly=not got.has("weekend"))
    found = add_days(monday, got.value("weekday"))
    if found and not which and found <= line.today:
        found = add_days(found, 7)
    return replace(dated(got, found, Kind.WEEKDAY), plain=not which)


def _of_today(line: Line, got: Got) -> Day | None:
    """大后天, 今晚, 昨天; of 明后天 both."""
    first, _, last = got.parts[0].value.partition("~")
    day = _bygone(line, got, add_days(line.today, int(first)))
    return replace(day, end=got.parts[0].end, last=add_days(line.today, int(last or first)))


def _day_of_month(line: Line, got: Got) -> Day | None:
    """十九号; none of 三号楼 and 中关村大街18号."""
    number = _numbers(got)[0]
    road = line.said.before(got.first, "address.road")  # 里 is one, but not behind 月
    of_house = line.tag(got.end, "no_day") or (road and not line.before(road.first, "month"))
    weekday = line.before(got.first, "weekday")
    if not weekday and line.tag(got.first - 1, "n", "figures"):
        return None  # the 十号 of 八百八十号
    if of_house or line.before(got.first, "rank", "month") or number > 31:
        return None
    return dated(got, coming(line, lambda day: day.day == number), Kind.MONTH_DAY)


def _hour(line: Line, got: Got) -> Clock | None:
    """三点, 三点半, 七点零五, 六点差一刻, 差五分八点, 两三点, 下午3 pm; none of 快一点."""
    at = next(part for part in got.parts if part.tag == "time.n")
    minutes = [int(part.value) for part in got.parts if part.tag == "time.fraction"]
    numbers = _numbers(got)
    lacking = line.tag(got.first, "lacking")
    if lacking and len(numbers) > 1:
        minutes, numbers = [numbers[0]], numbers[1:]
        at = [part for part in got.parts if part.tag == "time.n"][1]
    hour, *more = numbers
    alone = line.said.numbers.group(at.first)
    if alone and not line.digits(at.first) and len(alone.digits) == 1 and hour > 9:
        hour = int(alone.digits)  # 两三点
    if any(line.tag(n, "no_clock") for n in (got.first - 1, at.first, at.end)) or hour > 24:
        return None
    minute = sum([*minutes, *more])
    end = got.end
    if more and not got.has("minutes") and line.tag(end, *_NO_MINUTES):
        end = next(part.end for part in got.parts if part.tag == "time.oclock")
        minute -= more[0]
    if minute > 59:
        return None
    if got.has("lacking") and minute:
        hour, minute = (hour - 1) % 24 or 12, 60 - minute
    return Clock(got.first, end, hour, minute)


def _noon(line: Line, got: Got) -> Clock | None:
    """中午 alone."""
    follows = line.tag(line.on(got.end + (line.said.low(got.end) in ",的")), "n", "lacking")
    if got.text("part") != "noon" or follows:
        return None
    return Clock(got.first, got.end, 12, half=EXACT)


_NO_MINUTES = ("oclock", "number_day", "month", "each", "joint")
_NAMED_DAYS: Rules[Day] = {
    "year_word? of? holiday": _of_calendar,
    "figures|n year of? holiday": _of_calendar,
    "which? month_end": _of_which_month,
    "n month of? nth each? weekday": _of_which_month,
    "which month of? nth each? weekday": _of_which_month,
    "which|n month of? nth each? week": _stretch_of_month,
    "year_word? of? n month of? n number_day?": _of_calendar,
    "figures|n year of? n month of? n number_day?": _of_calendar,
    "which month of? n number_day": _of_which_month,
    "which month": _stretch_of_month,
    "which? week of? weekday|weekend": _of_week,
    "which? weekday|weekend": _of_week,
    "which week": _of_week,
    "day": _of_today,
    "short_day part": _of_today,
    "n number_day": _day_of_month,
}


def _counted_from(line: Line, got: Got) -> Day | None:
    """Return the day of a rule, or 圣诞节前一天, 周五后两天: one that is counted from it."""
    day = next(
        (
            day
            for rule, make in _NAMED_DAYS.items()
            if (each := match(line, rule, got.first)) and (day := make(line, each))
        ),
        None,
    )
    behind = match(line, "before_that|after_that n days|weeks", day.end) if day else None
    if day is None or behind is None or day.kind is Kind.NONE:
        return day
    days = behind.value("n") * (7 if behind.has("weeks") else 1)
    found = add_days(day.date, -days if behind.has("before_that") else days)
    return Day(day.first, behind.end, Kind.DATE if found else Kind.NONE, found or date.min)


_DAYS = dict.fromkeys(_NAMED_DAYS, _counted_from)
_CLOCKS: Rules[Clock] = {
    "lacking n|fraction minutes? joint? n oclock": _hour,
    "n oclock lacking n|fraction minutes?": _hour,
    "n oclock fraction|sharp": _hour,
    "n oclock in? fraction": _hour,
    "n oclock in? n minutes?": _hour,
    "n oclock": _hour,
    "n half": _hour,
    "part": _noon,
}
