"""Lengths of time in an answer: "in three days", "half an hour from now", "a week from Friday"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from voicebot.collect.understanding.dates.days import day_at
from voicebot.collect.understanding.dates.resolving import (
    Day,
    Weight,
    add_days,
    add_months,
    resolve,
)
from voicebot.collect.understanding.dates.words import Tokens, skip, word

_DAYS = {"days": 1, "weeks": 7, "fortnights": 14}
_MONTHS = {"months": 1, "years": 12, "year": 12}
_MINUTES = {"hours": 60, "minutes": 1}
_AMOUNT_LIMIT = 1000
_MOST_UNITS = 4
_OF = frozenset({"next", "this", "last", "days", "every", "following"})
"""Before a bare "week from" they make it another week's, or a part of it."""
_BESIDE = frozenset({"before", "after"})
_NEXT = (("next", "days"), ("following", "days"), ("following", "weeks"))
_BACK = frozenset({"before", "earlier"})
_VAGUE = frozenset({"weeks", "weekend", "months", "year", "years"})
"""With "the" before them they are some day of many: "the week before Christmas"."""
_PARTS = frozenset({"morning", "afternoon", "evening", "night"})
_AFTERWARDS = frozenset({"please", "at", "if", "would", "instead", "is", "works", "suits", "then"})
_LEAST_MINUTES = 5
"""Less is a way to say "hold on": "in a minute"."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, and where its words end."""

    end: int
    days: int = 0
    months: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment counted from now; tokens `begin` to `end` of the answer."""

    begin: int
    end: int
    at: datetime


def ahead_at(
    tokens: Tokens, at: int, now: datetime, region: str, read_back: datetime | None = None
) -> Day | Moment | None:
    """Return the day or moment that begins at this token and is counted from another.

    read_back  from this time "an hour later" is counted, else from now
    """
    if neighbour := _weekday_beside(tokens, at, now, region):
        return neighbour
    words = (tokens[at].text, word(tokens, at + 1))
    if read_back and words in _NEXT:
        day = add_days(read_back.date(), _DAYS[words[1]])
        return Day(at, at + 2, Weight.DATE, day) if day else None
    led = tokens[at].text == "in"
    start = skip(tokens, at + 1, "about", "around", "exactly", "like") if led else at
    length = _length(tokens, start)
    if length is None:
        return None
    end, origin = _origin(tokens, length, now, region, read_back, led=led)
    if not led and end == length.end:
        return None
    if word(tokens, length.end) in _BACK:
        length = Length(length.end, -length.days, -length.months, -length.minutes)
    moment = _later(origin or now, length)
    if moment is None:
        return None
    if length.minutes:
        whole = abs(length.minutes) + abs(length.days) + abs(length.months)
        return Moment(at, end, moment) if whole >= _LEAST_MINUTES else None
    weekly = length.days % 7 == 0 and not origin
    return Day(at, end, Weight.DATE, moment.date(), modifier="week" if weekly else "")


def _weekday_beside(tokens: Tokens, at: int, now: datetime, region: str) -> Day | None:
    """ "The Monday after Christmas"; "the week before Christmas" names no day."""
    if word(tokens, at + 1) not in _BESIDE:
        return None
    back = word(tokens, at + 1) == "before"
    where = skip(tokens, at + 2, "the", "this")
    origin = day_at(tokens, where, now.date(), region) if word(tokens, where) else None
    found = resolve(origin, now.date()) if origin else None
    if origin is None or found is None:
        return None
    weekday = day_at(tokens[: at + 1], at, now.date(), region)
    if weekday is not None and weekday.weight is Weight.WEEKDAY:
        ahead = (weekday.number - found.weekday()) % 7
        day = add_days(found, (ahead or 7) - 7 if back and ahead else (-7 if back else ahead or 7))
        return Day(at, origin.end, Weight.DATE, day) if day else None
    if word(tokens, at) in _VAGUE and word(tokens, at - 1) == "the":
        return Day(at, origin.end, Weight.NONE)
    return None


def _origin(
    tokens: Tokens,
    length: Length,
    now: datetime,
    region: str,
    read_back: datetime | None,
    *,
    led: bool,
) -> tuple[int, datetime | None]:
    """Where the phrase ends, and the day it counts from when that is not now."""
    end = length.end
    follower = word(tokens, end)
    if read_back and not led and follower in ("later", "earlier"):
        return end + 1, read_back
    if read_back and not led and follower in _BESIDE:
        behind = skip(tokens, end + 1, "that", "it", "this")
        if behind > end + 1 or _is_last(tokens, behind):
            return behind, read_back
    if follower in ("later", "hence", "time", "ahead"):
        return end + 1, None
    if follower == "from" and word(tokens, end + 1) in ("now", "today"):
        return end + 2, None
    if follower in ("today", "tomorrow") and length.days and length.days % 7 == 0:
        day = add_days(now.date(), 1 if follower == "tomorrow" else 0)
        return end + 1, datetime.combine(day, now.time()) if day else None
    joints = ("from", "after", "before") if led else ("from", "after", "before", "on")
    if follower in joints and end + 1 < len(tokens):
        where = skip(tokens, end + 1, "this", "the")
        named = day_at(tokens, where, now.date(), region) if word(tokens, where) else None
        found = resolve(named, now.date()) if named else None
        if named and found:
            return named.end, datetime.combine(found, now.time())
    return end, None


def _is_last(tokens: Tokens, at: int) -> bool:
    """Does nothing follow that could be what is counted from?"""
    return not word(tokens, at) or bool(tokens[at].pause) or word(tokens, at) in _AFTERWARDS


def _length(tokens: Tokens, at: int) -> Length | None:
    days = months = minutes = 0
    end = at
    for _ in range(_MOST_UNITS):
        amount = _amount(tokens, skip(tokens, end, "and") if end > at else end)
        if amount is None:
            break
        count, unit, end = amount
        days += int(count * _DAYS.get(unit, 0))
        months += int(count * _MONTHS.get(unit, 0))
        minutes += int(count * _MINUTES.get(unit, 0))
        if [word(tokens, end + n) for n in range(3)] == ["and", "a", "half"]:
            minutes += _MINUTES.get(unit, 0) // 2
            end += 3
    return Length(end, days, months, minutes) if end > at else None


def _amount(tokens: Tokens, at: int) -> tuple[float, str, int] | None:
    """A count, its unit, and where they end."""
    text, following = word(tokens, at), word(tokens, at + 1)
    count: float | None = tokens[at].cardinal if at < len(tokens) else None
    end = at + 1
    if text == "a" and following == "couple":
        count, end = 2, skip(tokens, at + 2, "of")
    elif text == "couple":
        count, end = 2, skip(tokens, at + 1, "of")
    elif text == "half":
        count, end = 0.5, skip(tokens, at + 1, "a")
    elif text == "a":
        count = 1
    elif text in ("days", *_PARTS) and following in _BESIDE and word(tokens, at - 1) != "a":
        return 1, "days", at + 1
    elif (
        text in ("weeks", "fortnights") and following == "from" and word(tokens, at - 1) not in _OF
    ):
        count, end = 1, at
    if [word(tokens, end + n) for n in range(3)] == ["and", "a", "half"] and count is not None:
        count, end = count + 0.5, end + 3
    unit = word(tokens, end)
    known = unit in _DAYS or unit in _MONTHS or unit in _MINUTES
    if count is None or not known or count > _AMOUNT_LIMIT:
        return None
    return count, unit, end + 1


def _later(origin: datetime, length: Length) -> datetime | None:
    day: date | None = add_months(origin.date(), length.months)
    if day is None:
        return None
    try:
        moment = datetime.combine(day, origin.time())
        return moment + timedelta(days=length.days, minutes=length.minutes)
    except OverflowError:
        return None
