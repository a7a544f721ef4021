"""Days as said in Chinese: 大后天, 下周二, 三月十四号, 下个月五号, 三天后, 国庆节."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from voicebot.collect.understanding.zh.numerals import NUMERAL, to_number

_N = rf"{NUMERAL}{{1,4}}"
_WEEKDAYS = {name: index % 7 for index, name in enumerate("一二三四五六日1234567")}
_WEEKDAYS |= {"天": 6, "末": 5}
_WEEKDAY_CHARS = "".join(_WEEKDAYS)
_WEEKEND = "末"
_DAYS_A_WEEK = 7
_HALF_MONTH_DAYS = 15
_MONTHS_AHEAD_MOST = 24


@dataclass(frozen=True, slots=True)
class Day:
    """A day and where it was said.

    floating  a bare weekday: today counts only if the hour is still to come
    sure      False when the words leave a choice (周末, 月底)
    bygone    named as past (昨天, 上周五, 去年三月一号): talk about something else
    """

    date: date
    span: tuple[int, int]
    floating: bool = False
    sure: bool = True
    bygone: bool = False


_BESIDE = re.compile(
    rf"(?:那天)?的?(?P<side>之?前|之?后)(?P<count>{NUMERAL}{{1,2}})(?P<unit>天|周|个?星期|个?礼拜)"
)

_Reader = Callable[[re.Match[str], date], date | None]

_RELATIVE = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨": -1,
    "今天": 0, "今日": 0, "今儿": 0, "当天": 0, "今": 0,
    "明天": 1, "明日": 1, "明儿": 1, "明": 1, "大后天": 3, "大后日": 3, "后天": 2, "后日": 2,
}  # fmt: skip
_FESTIVALS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "劳动节": (5, 1), "五一节": (5, 1),
    "儿童节": (6, 1), "六一节": (6, 1), "教师节": (9, 10), "国庆节": (10, 1), "国庆": (10, 1),
    "双十一": (11, 11), "平安夜": (12, 24), "圣诞节": (12, 25), "圣诞": (12, 25),
    "节礼日": (12, 26),
}  # fmt: skip
_WEEK = {"上上": -2, "上": -1, "": 0, "这": 0, "本": 0, "下": 1, "下下": 2}
_MONTH = {"上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_YEAR = {"前": -2, "去": -1, "今": 0, "本": 0, "明": 1, "后": 2}
_WHICH = r"(?P<which>上上|上|这|本|下下|下)(?:一?个)?"


def find_days(plain: str, today: date) -> list[Day]:
    """Every day named in a folded utterance, in order; none for lunar dates."""
    if re.search(r"农历|阴历|正月|腊月", plain):
        return []
    found: list[Day] = []
    taken = [False] * len(plain)
    for pattern, read in _READERS:
        for match in pattern.finditer(plain):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            day = read(match, today)
            if day or read is _full:  # 二月三十一号 is no day, nor is what is left of it
                taken[start:end] = [True] * (end - start)
            if day:
                found.append(_counted(_day(match, day, today), plain))
    return sorted(found, key=lambda day: day.span)


def _counted(day: Day, plain: str) -> Day:
    """圣诞节前一天, 周五后两天: a day that is counted from the one that is named."""
    match = _BESIDE.match(plain, day.span[1])
    count = to_number(match["count"]) if match else None
    if match is None or count is None:
        return day
    days = count * (1 if match["unit"] == "天" else _DAYS_A_WEEK)
    shift = timedelta(days=-days if match["side"].endswith("前") else days)
    return replace(day, date=day.date + shift, span=(day.span[0], match.end()), floating=False)


def _day(match: re.Match[str], day: date, today: date) -> Day:
    named = match.groupdict()
    weekday, which = named.get("weekday"), named.get("which")
    bygone = (
        which in ("上", "上上")
        or _RELATIVE.get(named.get("relative") or "", 0) < 0
        or (bool(named.get("year")) and day < today)
    )
    sure = weekday != _WEEKEND and not match[0].endswith(("月底", "月末"))
    return Day(day, match.span(), weekday is not None and not which, sure, bygone)


def _full(match: re.Match[str], today: date) -> date | None:
    year = _year(match, today)
    month, day = to_number(match["month"]), to_number(match["day"])
    if month is None or day is None:
        return None
    if year is not None:
        return _date(year, month, day)
    return _coming(month, day, today)


def _year(match: re.Match[str], today: date) -> int | None:
    said = match.groupdict().get("year")
    if said is None:
        return None
    if said in _YEAR:
        return today.year + _YEAR[said]
    year = to_number(said)
    return year if year is None or year > 99 else 2000 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(month: int, day: int, today: date) -> date | None:
    """The first such date from today on; 29 February may be years away."""
    years = (_date(today.year + ahead, month, day) for ahead in range(9))
    return next((d for d in years if d and d >= today), None)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    day = to_number(match["day"])
    if day is None or not 1 <= day <= 31:
        return None
    if which := match.groupdict().get("which"):
        year, month = _month_after(today, _MONTH[which])
        return _date(year, month, day)
    months = (_month_after(today, ahead) for ahead in range(_MONTHS_AHEAD_MOST))
    dates = (_date(year, month, day) for year, month in months)
    return next((d for d in dates if d and d >= today), None)


def _month_after(today: date, months: int) -> tuple[int, int]:
    years, month = divmod(today.month - 1 + months, 12)
    return today.year + years, month + 1


def _end_of_month(match: re.Match[str], today: date) -> date:
    year, month = _month_after(today, _MONTH[match["which"] or "这"])
    return date(year, month, calendar.monthrange(year, month)[1])


def _weekday(match: re.Match[str], today: date) -> date:
    """A bare weekday is the next one, this or next week's that of the Monday-to-Sunday week."""
    weeks = _WEEK[match["which"] or ""]
    monday = today - timedelta(days=today.weekday())
    day = monday + timedelta(weeks=weeks, days=_WEEKDAYS[match["weekday"]])
    if match["weekday"] == _WEEKEND and weeks == 0:
        return max(day, today)
    return day + timedelta(weeks=1) if day < today and not match["which"] else day


def _nth_weekday(match: re.Match[str], today: date) -> date | None:
    """The n-th Monday of a month; of a month that is over, next year's."""
    which, nth, weekday = match["which"], to_number(match["nth"]), _WEEKDAYS[match["on"]]
    month = None if which else to_number(match["month"])
    if nth is None or not (which or month in range(1, 13)):
        return None
    year, first_month = _month_after(today, _MONTH[which]) if which else (today.year, month)
    days = (_nth_in(year + ahead, first_month, nth, weekday) for ahead in range(1 if which else 2))
    return next((day for day in days if day and day >= today), None)


def _nth_in(year: int, month: int | None, nth: int, weekday: int) -> date | None:
    first = _date(year, month or 0, 1)
    return first and _date(year, first.month, 1 + (weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _relative(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=_RELATIVE[match["relative"]])


def _later(match: re.Match[str], today: date) -> date | None:
    """N days, weeks or months from today; 半个月 is fifteen days."""
    count = match["count"] or match["count2"]
    unit = match["unit"] or match["unit2"]
    if count == "半":
        return today + timedelta(days=_HALF_MONTH_DAYS) if "月" in unit else None
    number = to_number(count)
    if number is None:
        return None
    if "月" in unit:
        year, month = _month_after(today, number)
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    return today + timedelta(days=number * (1 if unit == "天" else _DAYS_A_WEEK))


def _festival(match: re.Match[str], today: date) -> date | None:
    month, day = _FESTIVALS[match["festival"]]
    year = _year(match, today)
    return _coming(month, day, today) if year is None else _date(year, month, day)


def _alternatives(words: dict[str, int] | dict[str, tuple[int, int]]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_SPOKEN_YEAR = rf"(?:(?P<year>{NUMERAL}{{2,4}}|[前去今本明后])年\s*的?)?\s*"
_UNIT = r"天|个?星期|个?礼拜|周|个月"
_AFTER = r"(?:之后|以后|后|过后)"
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (
        re.compile(
            rf"(?:(?P<which>下下|这|本|下)个?|(?P<month>{NUMERAL}{{1,2}}))月份?的?"
            rf"第(?P<nth>[一二三四五1-5])个?(?:星期|礼拜|周)(?P<on>[一二三四五六日天1-7])"
        ),
        _nth_weekday,
    ),
    (
        re.compile(
            r"(?P<year>\d{4})\s*[-/.]\s*(?P<month>\d{1,2})\s*[-/.]\s*(?P<day>\d{1,2})(?!\d)"
        ),
        _full,
    ),
    (
        re.compile(
            rf"{_SPOKEN_YEAR}(?P<month>{NUMERAL}{{1,2}})\s*月份?\s*的?\s*"
            rf"(?P<day>三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?"
            rf"|[零〇]?[一二三四五六七八九]|廿[一二三四五六七八九]?"
            rf"|[0-3]?[0-9])\s*[号日]?(?![个天])"
        ),
        _full,
    ),
    (re.compile(r"(?<![\d/])(?P<month>1[0-2]|0?[1-9])/(?P<day>[0-3]?\d)(?![\d/])"), _full),
    (re.compile(rf"(?:{_WHICH}月份?\s*的?\s*)(?P<day>{NUMERAL}{{1,3}})\s*[号日]"), _day_of_month),
    (re.compile(r"(?:(?P<which>这|本|下)个?)?月(?:底|末|的?最后一天)"), _end_of_month),
    (
        re.compile(
            rf"(?P<count>{_N}|半)\s*(?P<unit>{_UNIT})\s*{_AFTER}"
            rf"|(?<!不)(?:再过|过)\s*(?P<count2>{_N}|半)\s*(?P<unit2>{_UNIT})(?!前)"
        ),
        _later,
    ),
    (re.compile(rf"{_SPOKEN_YEAR}(?P<festival>{_alternatives(_FESTIVALS)})"), _festival),
    (
        re.compile(
            rf"(?:{_WHICH})?(?:的)?(?:星期|礼拜|周)的?(?:星期|礼拜|周)?(?P<weekday>[{_WEEKDAY_CHARS}])"
        ),
        _weekday,
    ),
    (
        re.compile(
            rf"(?P<relative>{_alternatives({k: v for k, v in _RELATIVE.items() if len(k) > 1})}"
            r"|(?:今|明|昨)(?=早|晚|夜|上午|中午|下午))"
        ),
        _relative,
    ),
    (
        re.compile(
            rf"(?<![月第0-9])(?P<day>{NUMERAL}{{1,3}})\s*[号日](?![楼线院店馆门码桌弄室栋房间])"
        ),
        _day_of_month,
    ),
)
