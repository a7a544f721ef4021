"""Days in an answer: "next Tuesday", "the fourteenth", "8/31", "the end of the month"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from voicebot.collect.understanding.dates.holidays import holiday, movable_holiday
from voicebot.collect.understanding.dates.resolving import (
    MONTH_FIRST,
    Day,
    Weight,
    add_days,
    add_months,
    coming,
    last_of,
    make,
    nth_weekday,
)
from voicebot.collect.understanding.dates.words import Token, Tokens, get, skip, word, word_set

_YEARS_AHEAD = 10

_WEEKDAY_NAMES = (
    ("monday", "mon"),
    ("tuesday", "tue", "tues"),
    ("wednesday", "wed", "weds", "wensday"),
    ("thursday", "thu", "thur", "thurs"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
)
_ENDINGS = ("", "s", "'s", "’s")
_WEEKDAYS = {
    name + ending: number
    for number, names in enumerate(_WEEKDAY_NAMES)
    for name in names
    for ending in (_ENDINGS if name.endswith("day") else ("",))
}
_ALSO_WORDS = frozenset({"sat", "sun", "mon"})
_MONTH_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_NOT_A_DAY = word_set(
    "one ones option available time slot appointment thing things floor week weeks visit "
    "person name avenue ave street st road rd drive opening choice class grade level place only "
    "born timer"
)
_STREETS = frozenset({"avenue", "ave", "street", "st", "road", "rd", "drive", "floor", "level"})


Matcher = Callable[[Tokens, int, date, str], Day | None]


def day_at(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """The day that begins at this token, if one does."""
    for match in _MATCHERS:
        if day := match(tokens, at, today, region):
            return day
    return None


def _year(token: Token, today: date) -> int | None:
    if len(token.digits) == 4 and abs((token.number or 0) - today.year) <= _YEARS_AHEAD:
        return token.number
    return None


def _is_long_past(tokens: Tokens, at: int, today: date) -> bool:
    """A year of long ago right behind a day and its month: a birthday, and no clock time."""
    year = get(tokens, at).number or 0
    written = len(get(tokens, at).digits) == len("1959")
    behind = word(tokens, at + 1) not in ("hours", "hundred")
    return written and behind and 1900 <= year < today.year - _YEARS_AHEAD


def _relative(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """today, tonight, this evening, tomorrow, the day after tomorrow."""
    text, following = tokens[at].text, get(tokens, at + 1).text
    if text == "today" and following == "weeks":
        return _date(at, at + 2, today, 7)
    if text in ("today", "tonight"):
        end = at + 1 if text == "today" else at
        return Day(at, max(end, at + 1), Weight.TODAY, today)
    if text == "this" and following in ("morning", "afternoon", "evening", "night"):
        return Day(at, at + 1, Weight.TODAY, today)
    if text == "tomorrow":
        weeks = 1 if following == "weeks" else 0
        return _date(at, at + 1 + weeks, today, 1 + 7 * weeks)
    if text == "yesterday":
        return Day(at, at + 1, Weight.PAST)
    if text == "days" and following == "after" and get(tokens, at + 2).text == "tomorrow":
        return _date(at, at + 3, today, 2)
    if text == "overmorrow":
        return _date(at, at + 1, today, 2)
    return None


def _date(begin: int, end: int, today: date, days: int) -> Day | None:
    found = add_days(today, days)
    return Day(begin, end, Weight.DATE, found) if found else None


def _numeric(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """2018/05/05, 2018-05-05, 31/8/2018, 8/31, 5.8.2024."""
    token = tokens[at]
    if token.kind != "date" or token.text == "24/7":
        return None
    parts = [int(p) for p in token.text.replace("-", "/").replace(".", "/").split("/")]
    if len(parts) == 2:
        if _is_long_past(tokens, at + 1, today):
            return Day(at, at + 2, Weight.PAST)
        found = _in_order(parts, region, lambda m, d: coming(today, m, d))
    elif parts[0] > 31:
        found = make(*parts)
    else:
        year = parts[2] + (2000 if parts[2] < 100 else 0)
        found = _in_order(parts, region, lambda m, d: make(year, m, d))
    return Day(at, at + 1, Weight.DATE, found) if found else None


def _in_order(
    parts: list[int], region: str, build: Callable[[int, int], date | None]
) -> date | None:
    """Month first in the US, day first elsewhere; the other way when that is no date."""
    first, second = parts[:2]
    if region in MONTH_FIRST:
        return build(first, second) or build(second, first)
    return build(second, first) or build(first, second)


def _day_of_month(token: Token) -> int | None:
    return token.number if token.number in range(1, 32) and len(token.digits) <= 2 else None


def _named(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """March 14th, March the fourteenth, 14 March, the 14th of March 2025."""
    month = MONTHS.get(tokens[at].text)
    if month:
        where = skip(tokens, at + 1, "the")
        day, end = _day_of_month(get(tokens, where)), where + 1
        if get(tokens, end).text in ("o'clock", "am", "pm", "hundred"):
            return None
    else:
        day = _day_of_month(tokens[at])
        where = skip(tokens, skip(tokens, at + 1, "days"), "of")
        month, end = MONTHS.get(get(tokens, where).text), where + 1
        if month and not tokens[at].ordinal and day_follows(tokens, end):
            return None
    if not day or not month or get(tokens, where).pause not in ("", ".", "-", "/", ","):
        return None
    return _with_year(tokens, Day(at, end, Weight.DATE), today, month, day)


def day_follows(tokens: Tokens, at: int) -> bool:
    """ "At three May the tenth", "at 3 May 14 2024": the month's day is behind it."""
    token, after = get(tokens, skip(tokens, at, "the")), get(tokens, at + 1)
    if token.ordinal:
        return True
    return _day_of_month(token) is not None and len(after.digits) == len("2024")


def _with_year(tokens: Tokens, piece: Day, today: date, month: int, day: int) -> Day | None:
    end = skip(tokens, piece.end, "of", "in")
    if _is_long_past(tokens, end, today):
        return Day(piece.begin, end + 1, Weight.PAST)
    year = _year(get(tokens, end), today)
    first, second = get(tokens, end), get(tokens, end + 1)
    if year is None and first.text == "twenty" and not first.digits:
        spoken = 2000 + (second.cardinal or 0)
        if second.cardinal in range(10, 60) and today.year <= spoken <= today.year + 2:
            year, end = spoken, end + 1
    if year is not None:
        found, end = make(year, month, day), end + 1
    else:
        found, end = coming(today, month, day), piece.end
    return Day(piece.begin, end, Weight.DATE if found else Weight.NONE, found)


def _ordinal(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """the fourteenth, the 3rd of this month, on the 5th of next month, on 15."""
    token = tokens[at]
    day = _day_of_month(token)
    before, following = get(tokens, at - 1), get(tokens, at + 1)
    if day is None or following.text in _STREETS:
        return None
    months, end = _of_month(tokens, at + 1)
    if months is None and not _stands_for_a_day(token, before, following):
        return None
    return Day(
        at, end, Weight.MONTH_DAY, number=day, modifier="" if months is None else str(months)
    )


def _stands_for_a_day(token: Token, before: Token, following: Token) -> bool:
    if token.ordinal:
        plain = token.number in range(1, 4) and not token.digits
        led = before.text in ("the", "on", "this") or before.text in _WEEKDAYS
        counted = following.text in ("half", "two", "three", "few")
        return following.text not in _NOT_A_DAY and (not plain or (led and not counted))
    dated = before.text in ("on", "date", "the") and token.kind == "number"
    return dated and (not following.text or bool(following.pause) or following.text == "at")


def _of_month(tokens: Tokens, at: int) -> tuple[int | None, int]:
    """How many months ahead "of this month", "of next month" is, and where it ends."""
    where = skip(tokens, skip(tokens, at, "of", "in"), "the")
    words = (get(tokens, where).text, get(tokens, where + 1).text)
    if words[1] == "months" and words[0] in ("this", "next", "current", "coming", "following"):
        return (0 if words[0] in ("this", "current") else 1), where + 2
    if words[0] == "months" and where > at:
        return 0, where + 1
    return None, at


def _weekday(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """Friday, this Friday, next Friday, Friday week, Tuesday after next."""
    modifier, where = "", at
    while word(tokens, where) in _MODIFIERS and where < at + 2:
        modifier, where = word(tokens, where), where + 1
    token = get(tokens, where)
    number = _WEEKDAYS.get(token.text)
    if number is None or (token.text in _ALSO_WORDS and get(tokens, where - 1).text in _NOT_SUN):
        return None
    if get(tokens, at - 1).text == "last":
        return Day(at, where + 1, Weight.PAST)
    first, second = get(tokens, where + 1), get(tokens, where + 2)
    if not first.pause and first.text == "weeks" and not modifier:
        return Day(at, where + 2, Weight.WEEKDAY, number=number, modifier="week")
    if first.text == "after" and second.text == "next":
        return Day(at, where + 3, Weight.WEEKDAY, number=number, modifier="after next")
    if first.text == "after" and not first.pause and second.text in ("", "that", "at", "please"):
        return Day(at, where + 2, Weight.WEEKDAY, number=number, modifier="week")
    return Day(at, where + 1, Weight.WEEKDAY, number=number, modifier=modifier)


_MODIFIERS = frozenset({"this", "next", "coming", "following"})
_NOT_SUN = frozenset({"the", "i", "we", "he", "she", "a"})


def _week(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """this week, next week, the week after next, the following week."""
    words = (tokens[at].text, get(tokens, at + 1).text)
    if words[1] == "weeks" and words[0] in ("this", "next", "following"):
        return Day(at, at + 2, Weight.WEEK, number=0 if words[0] == "this" else 1)
    if words == ("weeks", "after") and get(tokens, at + 2).text == "next":
        return Day(at, at + 3, Weight.WEEK, number=2)
    return None


def _end_of_month(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """the end of the month, the last day of next month."""
    words = (tokens[at].text, get(tokens, at + 1).text)
    start = at + 2 if words == ("last", "days") else at + 1 if words[0] == "end" else at
    if start == at:
        return None
    months, end = _of_month(tokens, start)
    month = MONTHS.get(get(tokens, skip(tokens, start, "of")).text)
    if months is not None:
        first = add_months(today.replace(day=1), months)
    elif month:
        first, end = coming(today.replace(day=1), month, 1), skip(tokens, start, "of") + 1
    else:
        return None
    return Day(at, end, Weight.DATE, last_of(first)) if first else None


def _nth_weekday(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """the first Monday in March, the last Friday of the month."""
    token = tokens[at]
    weekday = _WEEKDAYS.get(get(tokens, at + 1).text)
    last = token.text == "last"
    if weekday is None or not (last or (token.ordinal and token.number in range(1, 6))):
        return None
    months, end = _of_month(tokens, at + 2)
    where = skip(tokens, at + 2, "of", "in")
    month = MONTHS.get(get(tokens, where).text)
    if months is not None:
        first = add_months(today.replace(day=1), months)
    elif month and where > at + 2:
        year = _year(get(tokens, where + 1), today)
        first = make(year, month, 1) if year else coming(today.replace(day=1), month, 1)
        end = where + 1 + (year is not None)
    else:
        return None
    found = nth_weekday(first, weekday, -1 if last else token.number or 1) if first else None
    return Day(at, end, Weight.DATE, found) if found else None


_MATCHERS: tuple[Matcher, ...] = (
    _numeric,
    _named,
    _nth_weekday,
    _relative,
    _weekday,
    _week,
    _end_of_month,
    holiday,
    movable_holiday,
    _ordinal,
)
