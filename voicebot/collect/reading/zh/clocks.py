"""Hours as said in Chinese (下午三点半, 差五分八点), and all the pieces of a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from voicebot.collect.reading.numbers import Group
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.days import Day, day_at

_NOON, _LAST_HOUR = 12, 24
_FIRST_MORNING_HOUR = 7
"""An hour without a part of the day is in the morning from seven on, before in the afternoon."""


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
        elif found := day_at(said, at, now.date()) or _clock_at(said, at) or _part_at(said, at):
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
