"""The times that a caller means and says, and those that it hears from the bot. Pure.

A moment is written as `+3 10:00` (in three days) or `sat 10:00` (the coming Saturday); `open`
before the clock moves on from days that are shut.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "zh-CN": tuple(f"星期{day}" for day in "一二三四五六日"),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
        *("septiembre", "octubre", "noviembre", "diciembre"),
    ),
    "zh-CN": tuple(f"{month}月" for month in range(1, 13)),
}
_LONGEST_AHEAD_DAYS = 400


def resolve(written: str, now: datetime, is_shut: Callable[[date], bool]) -> datetime:
    """Return the moment of an expression, in the zone of `now`; without a clock the day's begin."""
    base, *more = written.split()
    if base.startswith("+"):
        day = now.date() + timedelta(int(base))
    else:
        wanted = [name[:3].lower() for name in _WEEKDAYS["en"]].index(base)
        day = now.date() + timedelta((wanted - now.weekday() - 1) % 7 + 1)
    clock = time()
    for word in more:
        if word == "open":
            while is_shut(day):
                day += timedelta(1)
        else:
            clock = time.fromisoformat(word)
    return datetime.combine(day, clock, now.tzinfo)


@dataclass(frozen=True)
class Moment:
    """A moment that a line names by its parts: `{t.weekday}`, `{t.date}`, `{t.clock}`."""

    at: datetime
    language: str

    @property
    def weekday(self) -> str:
        """Friday."""
        return _WEEKDAYS[self.language][self.at.weekday()]

    @property
    def date(self) -> str:
        """the 27th of November."""
        month, day = _MONTHS[self.language][self.at.month - 1], self.at.day
        if self.language == "zh-CN":
            return f"{month}{day}号"
        return f"{day} de {month}" if self.language == "es" else f"the {_ordinal(day)} of {month}"

    @property
    def clock(self) -> str:
        """half past ten in the morning, as 10:30 am."""
        hour, minute = self.at.hour, self.at.minute
        short, minutes = (hour - 1) % 12 + 1, f":{minute:02}" if minute else ""
        if self.language == "zh-CN":
            part = (
                "上午" if hour < 12 else "中午" if hour == 12 else "下午" if hour < 18 else "晚上"
            )
            return f"{part}{short}点" + (f"{minute}分" if minute else "")
        if self.language == "es":
            part = "mañana" if hour < 12 else "tarde" if hour < 20 else "noche"
            return f"{'la' if short == 1 else 'las'} {short}{minutes} de la {part}"
        return f"{short}{minutes} {'am' if hour < 12 else 'pm'}"

    @property
    def whole(self) -> str:
        """All of it, as a caller says it who is asked for a day and a time."""
        joiner = {"en": " at ", "es": " a ", "zh-CN": ""}[self.language]
        first = "el " if self.language == "es" else ""
        between = "" if self.language == "zh-CN" else " "
        day = (self.date, self.weekday) if self.language == "zh-CN" else (self.weekday, self.date)
        return f"{first}{between.join(day)}{joiner}{self.clock}"


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


_CLOCK = {
    "en": r"\b(?P<h>\d{1,2})(?::(?P<m>\d\d))? (?P<half>[ap]m)\b|\b(?P<noon>noon)\b",
    "es": r"\blas? (?P<h>\d{1,2})(?::(?P<m>\d\d))? (?P<half>de la mañana|del mediodía|de la tarde"
    r"|de la noche)",
    "zh-CN": r"(?P<half>凌晨|上午|中午|下午|晚上)(?P<h>\d{1,2})点(?:(?P<m>\d{1,2})分)?",
}
_AFTER_NOON = ("pm", "de la tarde", "de la noche", "下午", "晚上")
_DAY = {
    "en": rf"\b(?:(?P<near>today|tomorrow)|(?P<weekday>{'|'.join(_WEEKDAYS['en'])}))\b"
    rf"|\bthe (?P<day>\d{{1,2}})(?:st|nd|rd|th)(?: of (?P<month>{'|'.join(_MONTHS['en'])}))?\b",
    "es": rf"\b(?P<weekday>{'|'.join(_WEEKDAYS['es'])}) (?P<day>\d{{1,2}}) de "
    rf"(?P<month>{'|'.join(_MONTHS['es'])})\b",
    "zh-CN": r"(?P<month>\d{1,2}月)(?P<day>\d{1,2})号(?P<weekday>星期[一二三四五六日])",
}


def heard(words: str, now: datetime, language: str) -> list[datetime]:
    """Return the moments that the bot names, in their order; a day counts for the clocks behind it.

    now  local; a weekday alone is the next one, a day of the month the next that has its weekday
    """
    found: list[datetime] = []
    told: dict[str, str] = {}
    pattern = re.compile(f"{_DAY[language]}|{_CLOCK[language]}", re.I)
    for match in pattern.finditer(words):
        part = {name: text for name, text in match.groupdict().items() if text}
        if "h" in part or "noon" in part:
            if told:
                found.append(datetime.combine(_day(told, now, language), _time(part), now.tzinfo))
        elif "day" in part and "weekday" not in part:
            told |= part
        else:
            told = part
    return found


def _time(part: dict[str, str]) -> time:
    if "noon" in part:
        return time(12)
    hour = int(part["h"]) % 12 + 12 * (part["half"].lower() in _AFTER_NOON)
    if part["half"] in ("del mediodía", "中午"):
        hour = int(part["h"])
    return time(hour, int(part.get("m") or 0))


def _day(told: dict[str, str], now: datetime, language: str) -> date:
    """Return the first day from today on that agrees with all that was told of it."""
    if told.get("near"):
        return now.date() + timedelta(told["near"].lower() == "tomorrow")
    for ahead in range(_LONGEST_AHEAD_DAYS):
        moment = Moment(now + timedelta(ahead), language)
        months = _MONTHS[language][moment.at.month - 1]
        if (
            told.get("weekday", moment.weekday).lower() == moment.weekday.lower()
            and int(told.get("day", moment.at.day)) == moment.at.day
            and told.get("month", months).lower() == months.lower()
        ):
            return moment.at.date()
    return now.date()
