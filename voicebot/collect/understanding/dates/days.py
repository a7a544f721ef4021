"""Days in an answer: "next Tuesday", "the fourteenth", "8/31", "in three days"."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from voicebot.collect.understanding.dates.words import Token, Tokens, get, skip, word_set

_MONTH_FIRST = frozenset({"US", "PH", "CA"})
_YEARS_AHEAD = 10

_WEEKDAY_NAMES = (
    ("monday", "mon"),
    ("tuesday", "tue", "tues"),
    ("wednesday", "wed", "weds", "wensday", "wednsday"),
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
_MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_HOLIDAYS = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "days"): (12, 25),
    ("boxing", "days"): (12, 26),
    ("new", "year's", "eve"): (12, 31),
    ("new", "years", "eve"): (12, 31),
    ("new", "year's", "days"): (1, 1),
    ("new", "years", "days"): (1, 1),
    ("valentine's", "days"): (2, 14),
    ("valentines", "days"): (2, 14),
    ("australia", "days"): (1, 26),
    ("anzac", "days"): (4, 25),
    ("halloween",): (10, 31),
    ("christmas",): (12, 25),
}
_NOT_A_DAY = word_set(
    "one ones option available time slot appointment thing things floor half week weeks visit "
    "person name avenue ave street st road rd drive opening choice class grade level place two "
    "three few only born timer"
)
_STREETS = frozenset({"avenue", "ave", "street", "st", "road", "rd", "drive", "floor", "level"})


class Weight(StrEnum):
    """How a day was named."""

    DATE = "date"
    WEEKDAY = "weekday"
    MONTH_DAY = "month_day"
    WEEK = "week"
    TODAY = "today"
    PAST = "past"


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
    weak: bool = False


Matcher = Callable[[Tokens, int, date, str], Day | None]


def day_at(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """The day that begins at this token, if one does."""
    for match in _MATCHERS:
        if day := match(tokens, at, today, region):
            return day
    return None


def make(year: int, month: int, day: int) -> date | None:
    """The date, or None when there is no such day."""
    if 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return date(year, month, day)
    return None


def _coming(today: date, month: int, day: int) -> date | None:
    """The first such day from today on (29 February may be years away)."""
    years = range(today.year, min(today.year + 9, 9999))
    return next((d for y in years if (d := make(y, month, day)) and d >= today), None)


def _year(token: Token, today: date) -> int | None:
    if len(token.digits) == 4 and abs((token.number or 0) - today.year) <= _YEARS_AHEAD:
        return token.number
    return None


def _relative(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """today, tonight, this evening, tomorrow, the day after tomorrow."""
    text, following = tokens[at].text, get(tokens, at + 1).text
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
    try:
        return Day(begin, end, Weight.DATE, today + timedelta(days=days))
    except OverflowError:
        return None


def _numeric(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """2018/05/05, 2018-05-05, 31/8/2018, 8/31, 5.8.2024."""
    token = tokens[at]
    if token.kind != "date" or token.text == "24/7":
        return None
    parts = [int(p) for p in token.text.replace("-", "/").replace(".", "/").split("/")]
    if len(parts) == 2:
        found = _in_order(parts, region, lambda m, d: _coming(today, m, d))
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
    if region in _MONTH_FIRST:
        return build(first, second) or build(second, first)
    return build(second, first) or build(first, second)


def _day_of_month(token: Token) -> int | None:
    return token.number if token.number in range(1, 32) and len(token.digits) <= 2 else None


def _named(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """March 14th, March the fourteenth, 14 March, the 14th of March 2025."""
    month = _MONTHS.get(tokens[at].text)
    if month:
        where = skip(tokens, at + 1, "the")
        day, end = _day_of_month(get(tokens, where)), where + 1
        if get(tokens, end).text in ("o'clock", "am", "pm", "hundred"):
            return None
    else:
        day = _day_of_month(tokens[at])
        where = skip(tokens, skip(tokens, at + 1, "days"), "of")
        month, end = _MONTHS.get(get(tokens, where).text), where + 1
    if not day or not month or get(tokens, where).pause not in ("", ".", "-"):
        return None
    return _with_year(tokens, Day(at, end, Weight.DATE), today, month, day)


def _with_year(tokens: Tokens, piece: Day, today: date, month: int, day: int) -> Day | None:
    end = skip(tokens, piece.end, "of", "in")
    year = _year(get(tokens, end), today)
    first, second = get(tokens, end), get(tokens, end + 1)
    if year is None and first.text == "twenty" and not first.digits:
        spoken = 2000 + (second.cardinal or 0)
        if second.cardinal in range(10, 60) and today.year <= spoken <= today.year + 2:
            year, end = spoken, end + 1
    if year is not None:
        found, end = make(year, month, day), end + 1
    else:
        found, end = _coming(today, month, day), piece.end
    return Day(piece.begin, end, Weight.DATE, found) if found else None


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
        return following.text not in _NOT_A_DAY and (led or not plain)
    dated = before.text in ("on", "date") and token.kind == "number"
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
    while get(tokens, where).text in ("this", "next", "coming", "following") and where < at + 2:
        modifier = (
            "coming"
            if modifier and get(tokens, where).text == "coming"
            else (get(tokens, where).text)
        )
        where += 1
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
    return Day(at, where + 1, Weight.WEEKDAY, number=number, modifier=modifier)


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
    month = _MONTHS.get(get(tokens, skip(tokens, start, "of")).text)
    if months is not None:
        first = add_months(today.replace(day=1), months)
    elif month:
        first, end = _coming(today.replace(day=1), month, 1), skip(tokens, start, "of") + 1
    else:
        return None
    return Day(at, end, Weight.DATE, _last_of(first)) if first else None


def _last_of(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


def _nth_weekday(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """the first Monday in March, the last Friday of the month."""
    token = tokens[at]
    weekday = _WEEKDAYS.get(get(tokens, at + 1).text)
    last = token.text == "last"
    if weekday is None or not (last or (token.ordinal and token.number in range(1, 6))):
        return None
    months, end = _of_month(tokens, at + 2)
    where = skip(tokens, at + 2, "of", "in")
    month = _MONTHS.get(get(tokens, where).text)
    if months is not None:
        first = add_months(today.replace(day=1), months)
    elif month and where > at + 2:
        first, end = _coming(today.replace(day=1), month, 1), where + 1
    else:
        return None
    found = _nth(first, weekday, -1 if last else token.number or 1) if first else None
    return Day(at, end, Weight.DATE, found) if found else None


def _nth(first: date, weekday: int, nth: int) -> date | None:
    length = monthrange(first.year, first.month)[1]
    days = [d for n in range(1, length + 1) if (d := first.replace(day=n)).weekday() == weekday]
    return days[nth if nth < 0 else nth - 1] if nth <= len(days) else None


def _holiday(tokens: Tokens, at: int, today: date, region: str) -> Day | None:
    """Christmas Eve, Boxing Day, New Year's Eve."""
    for words, (month, day) in _HOLIDAYS.items():
        if tuple(get(tokens, at + n).text.replace("’", "'") for n in range(len(words))) == words:
            found = _coming(today, month, day)
            return Day(at, at + len(words), Weight.DATE, found) if found else None
    return None


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
            return _monday(found) + timedelta(days=weekdays[0].number), 1.0
        agree = all(d.date == found for d in dates)
        fits = not weekdays or (found is not None and found.weekday() == weekdays[0].number)
        return found, 1.0 if agree and fits else 0.45
    if month_days:
        return _month_day(month_days, weekdays, today)
    if weekdays and weeks and not weekdays[0].modifier:
        found = _monday(today) + timedelta(days=7 * weeks[0].number + weekdays[0].number)
        return (found if found >= today else found + timedelta(days=7)), 1.0
    if weekdays:
        sure = 1.0 if len({d.number for d in weekdays}) == 1 else 0.5
        return _of_week(weekdays[0], today), min(sure, _sureness(weekdays[0], today))
    return (days[0].date if days else None), 1.0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _of_week(day: Day, today: date) -> date | None:
    coming = (day.number - today.weekday()) % 7
    next_week = 7 - today.weekday() + day.number
    ahead = {
        "this": coming,
        "next": next_week,
        "week": (coming or 7) + 7,
        "after next": next_week + 7,
    }.get(day.modifier, coming or 7)
    try:
        return today + timedelta(days=ahead)
    except OverflowError:
        return None


def _sureness(day: Day, today: date) -> float:
    """ "Next Friday", said on a Wednesday, is next week's to most people but not to all."""
    both = (day.number - today.weekday()) % 7 or 7
    return 1.0 if day.modifier != "next" or both == 7 - today.weekday() + day.number else 0.6


def _of_a_month(day: Day, today: date) -> date | None:
    first = today.replace(day=1)
    if day.modifier:
        month = add_months(first, int(day.modifier))
        return make(month.year, month.month, day.number) if month else None
    months = (add_months(first, n) for n in range(13))
    found = (make(m.year, m.month, day.number) for m in months if m)
    return next((d for d in found if d and d >= today), None)


def _month_day(
    month_days: Sequence[Day], weekdays: Sequence[Day], today: date
) -> tuple[date | None, float]:
    """The day of the month; with a weekday beside it the first one that is both."""
    sure = 1.0 if len({d.number for d in month_days}) == 1 else 0.5
    found = _of_a_month(month_days[0], today)
    if not weekdays or not found or found.weekday() == weekdays[0].number:
        return found, sure
    for n in range(1, _MONTHS_TO_SEARCH):
        first = add_months(found.replace(day=1), n)
        later = make(first.year, first.month, month_days[0].number) if first else None
        if later and later.weekday() == weekdays[0].number and not month_days[0].modifier:
            return later, 0.7
    return found, 0.45


_MONTHS_TO_SEARCH = 12


def add_months(first: date, months: int) -> date | None:
    """The same day some months later, or that month's last day."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


_MATCHERS: tuple[Matcher, ...] = (
    _numeric,
    _named,
    _nth_weekday,
    _relative,
    _weekday,
    _week,
    _end_of_month,
    _holiday,
    _ordinal,
)
