"""Hours as callers say them: "half past three", "16:45", "two p m", "noon", "at four"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from enum import Enum, IntEnum

from voicebot.collect.reading.fields.patterns import (
    Got,
    Grammar,
    Line,
    match,
    written_clock,
)

_NOON = 12
_MINUTES_OF_TO = frozenset({5, 10, 15, 20, 25, 30})
"""Other numbers before "to" begin a range: "two to four"."""
_LONGEST_RUN = 4
"""More numbers in a row are a telephone number."""
_LONGEST_STREET_WORDS = 3


class Half(Enum):
    """Which half of the day an hour belongs to; EXACT is the 24-hour clock."""

    AM = "am"
    PM = "pm"
    EXACT = "exact"


class Cue(IntEnum):
    """How sure it is that a number is an hour."""

    BARE = 0
    WEAK = 1
    MEDIUM = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: "morning", "lunch", "afternoon", "evening" or "night"."""

    first: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour and minute as said, in the tokens from `first` up to `end`.

    part  the part of the day beside it     until  the end of the range that it begins
    """

    first: int
    end: int
    hour: int
    minute: int = 0
    half: Half | None = None
    cue: Cue = Cue.STRONG
    part: str | None = None
    until: time | None = None

    @property
    def time(self) -> time:
        """Local wall-clock time; without a cue 1:00-6:59 is afternoon, 7:00-12:59 as said."""
        hour = self.hour % 24
        if self.half is Half.EXACT or hour > _NOON:
            return time(hour, self.minute)
        if self.half is not None:
            return time(hour % 12 + (12 if self.half is Half.PM else 0), self.minute)
        if self.part is not None:
            return time(_hour_in(self.part, hour), self.minute)
        return time(hour + 12 if 1 <= hour <= 6 else hour, self.minute)

    @property
    def ambiguous(self) -> bool:
        """Return True where only the usual hours of business tell morning from evening."""
        return self.half is None and self.part is None and 1 <= self.hour < _NOON


def _hour_in(part: str, hour: int) -> int:
    """Return the hour of the 24: "12 in the afternoon" is 12, "1 at night" is 1."""
    if part == "morning":
        return hour % 12
    if part == "night":
        return hour % 12 + (12 if hour % 12 >= 5 else 0)
    if part == "evening":
        return hour % 12 + (12 if hour != 12 else 0)
    return hour % 12 + (12 if hour < 11 or hour == 12 else 0)


def clock_at(line: Line, at: int) -> Clock | None:
    """Return the hour that begins at this token, if one does; its cue may still be BARE."""
    clock = _written(line, at) or _CLOCKS.at(line, at) or _sounded(line, at)
    if clock is None:
        return None
    clock = _with_half(line, clock)
    return None if _is_no_time(line, clock) else clock


def _written(line: Line, at: int) -> Clock | None:
    written = written_clock(line, at)
    if written is None:
        return None
    mark, hour, minute, end = written
    if hour > 24 or minute > 59:
        return None
    exact = hour == 0 or line.said.low(at - 1) == "t"
    cue = Cue.BARE if mark == "." else Cue.STRONG
    return Clock(at, end, hour, minute, Half.EXACT if exact else None, cue)


def _noon(line: Line, got: Got) -> Clock | None:
    if "n" in got.slots and got.value("n") != _NOON:
        return None
    return Clock(got.first, got.end, got.value("noon"), half=Half.EXACT)


def _past(line: Line, got: Got) -> Clock | None:
    """Half past three, ten past noon, quarter to eleven, twenty minutes to seven."""
    minutes = got.value("fraction") if "fraction" in got.slots else got.value("n")
    counted = line.on(got.end)
    if minutes not in range(1, 60) or line.before(got.first, "between", "from"):
        return None
    plain = "minutes" in got.slots
    if "n" in got.slots and not plain and minutes % 5:
        return None
    named = match(line, "noon|n", counted)
    if named is None:
        return None
    hour = named.value("noon") if "noon" in named.slots else named.value("n")
    half = Half.EXACT if "noon" in named.slots else None
    if hour > 24 or (hour == 0 and half is None):
        return None
    if "beyond" in got.slots:
        return Clock(got.first, named.end, hour, minutes, half)
    if minutes not in _MINUTES_OF_TO and not plain:
        return None
    cue = Cue.MEDIUM if "short_of_us" in got.slots and "n" in got.slots else Cue.STRONG
    before = (hour - 1) % 24 or (12 if half is None else 0)
    return Clock(got.first, named.end, before, 60 - minutes, half, cue)


def _half_hour(line: Line, got: Got) -> Clock | None:
    """Return half past three for "half three", as it is wherever it is said at all."""
    counts = line.tag(line.on(got.end), "hours", "minutes", "days", "weeks", "months")
    if got.value("fraction") != 30 or got.value("n") not in range(1, 13) or counts:
        return None
    return Clock(got.first, got.end, got.value("n"), 30)


def _hundred(line: Line, got: Got) -> Clock | None:
    """Return sixteen hundred, oh nine hundred hours."""
    start = line.number(got.first)
    if start is None or start.value not in range(25):
        return None
    return Clock(got.first, got.end, start.value, half=Half.EXACT, cue=Cue.MEDIUM)


def _zero_hundred(line: Line, at: int) -> Clock | None:
    zero = line.number(at)
    got = match(line, "n hundred hours?", line.on(zero.end)) if zero else None
    if zero is None or zero.value or got is None or got.value("n") not in range(10):
        return None
    return Clock(at, got.end, got.value("n"), half=Half.EXACT, cue=Cue.MEDIUM)


def _compact(line: Line, got: Got) -> Clock | None:
    """Return 815, 0930, 1630."""
    number = line.number(got.first)
    if number is None or len(number.written) not in (3, 4):
        return None
    hour, minute = divmod(number.value, 100)
    if hour > 24 or minute > 59:
        return None
    exact = number.written.startswith("0") or hour > _NOON
    return Clock(got.first, got.end, hour, minute, Half.EXACT if exact else None, Cue.BARE)


def _hour(line: Line, got: Got) -> Clock | None:
    """Return three, three thirty, three oh five, 21 35: a number that may be an hour."""
    first, hour = got.first, got.value("n")
    if hour == 0:
        return _zero_hundred(line, first)
    if hour > 23:
        return None
    ish = line.tag(line.on(got.end), "ish") or line.tag(first, "ish_number")
    bare = Clock(first, max(got.end, ish.end if ish else 0), hour, cue=Cue.BARE)
    if ish:
        return replace(bare, cue=Cue.MEDIUM)
    hyphen = line.said.low(got.end) == "-" and line.said.tokens[first].is_digits
    following = line.number(line.on(got.end))
    if following is None or following.ordinal or hyphen:
        return bare
    if following.value == 0 and (not following.written or len(following.written) == 1):
        second = line.number(line.on(following.end))
        if second and not second.ordinal and second.value in range(1, 10):
            return replace(bare, end=second.end, minute=second.value)
        return bare
    two = not following.written or len(following.written) == 2
    if following.value in range(10, 60) and two and not _counts(line, line.on(following.end)):
        cue = Cue.MEDIUM if following.value % 5 == 0 else Cue.BARE
        return replace(bare, end=following.end, minute=following.value, cue=cue)
    return bare


def _counts(line: Line, at: int) -> bool:
    """Return True where the word here makes a count or a day of what is before it."""
    if line.tag(at, "minutes", "days", "weeks", "months", "fortnights"):
        return True
    month = line.tag(at, "month")
    return month is not None and match(line, "month the? n|nth", at) is None


def _sounded(line: Line, at: int) -> Clock | None:
    """Return the hour that a recogniser wrote as "to" or "ate": "at to thirty"."""
    digit = line.said.at(at, "number.sounds_like")
    if digit is None or digit.value == "0" or line.before(at, "at") is None:
        return None
    behind = line.on(digit.end)
    clock = Clock(at, digit.end, int(digit.value), cue=Cue.BARE)
    minute = line.number(behind)
    if minute and minute.value in (15, 30, 45) and not minute.ordinal:
        return replace(clock, end=minute.end, minute=minute.value, cue=Cue.MEDIUM)
    return clock if line.pauses(behind) or line.tag(behind, "oclock", "half") else None


def _at_ten(line: Line, got: Got) -> Clock | None:
    """Return ten for "attend" where a time stands."""
    first = line.back(got.first)
    behind = line.before(first, "weekday", "day", "suffix", "ordinal")
    begins = not first or line.said.tokens[first - 1].is_sign or behind
    ends = line.pauses(got.end) or line.tag(got.end, "in", "on", "part")
    return Clock(got.first, got.end, 10, cue=Cue.MEDIUM) if begins and ends else None


_CLOCKS: Grammar[Clock] = Grammar(
    {
        "n? noon": _noon,
        "fraction beyond|short_of|short_of_us": _past,
        "one? n minutes? beyond|short_of|short_of_us": _past,
        "fraction n": _half_hour,
        "n hundred hours?": _hundred,
        "figures": _compact,
        "n": _hour,
        "at_ten": _at_ten,
    }
)


def _with_half(line: Line, clock: Clock) -> Clock:
    """Return an hour with what follows it: o'clock, am or pm, hours."""
    end, cue = clock.end, clock.cue
    oclock = line.tag(line.on(end), "oclock") if clock.minute == 0 else None
    if oclock:
        end, cue = oclock.end, Cue.STRONG
    clock = replace(clock, end=end, cue=cue)
    got = match(line, "in? the? half", line.on(end))
    if got and ("in" in got.slots) == ("the" in got.slots):
        half = got.slots["half"]
        return replace(clock, end=got.end, half=Half(half.value), cue=Cue.STRONG)
    glued = line.tag(end, "half_glued")
    if glued and line.said.tokens[end].glued and line.said.tokens[end - 1].is_digits:
        return replace(clock, end=glued.end, half=Half(glued.value), cue=Cue.MEDIUM)
    behind = line.on(end)
    exact = clock.hour > _NOON or clock.half is Half.EXACT
    hours = line.tag(behind, "hours") if exact else None
    if hours is None or line.tag(behind, "lasting"):
        return clock
    return replace(clock, end=hours.end, half=Half.EXACT, cue=Cue.STRONG)


def _is_no_time(line: Line, clock: Clock) -> bool:
    """Return True for a part of a telephone number and for a house number."""
    if clock.half in (Half.AM, Half.PM) and clock.cue is Cue.STRONG:
        return False
    if written_clock(line, clock.first):
        return False
    return _joins(line, clock) or _in_a_street(line, clock.end) or _in_a_long_number(line, clock)


def _joins(line: Line, clock: Clock) -> bool:
    """Return True where figures of three digits or more touch it, as in 555-0160."""
    before = line.back(clock.first) - 1
    touched = before >= 0 and before not in line.dated and line.said.tokens[before].is_digits
    if touched and len(line.said.low(before)) > 2 and not _is_year(line, before):
        return True
    after = line.on(clock.end)
    return (
        after not in line.dated and len(line.said.low(after)) > 2 and line.said.low(after).isdigit()
    )


def _is_year(line: Line, at: int) -> bool:
    return len(line.said.low(at)) == len("2024") and line.said.low(at).startswith("20")


def _in_a_street(line: Line, at: int) -> bool:
    for place in range(at, min(len(line), at + _LONGEST_STREET_WORDS)):
        token = line.said.tokens[place]
        if token.is_sign or token.is_digits:
            return False
        if line.tag(place, "street"):
            return True
    return False


def _in_a_long_number(line: Line, clock: Clock) -> bool:
    """Return True where more numbers in a row stand around it than a time has."""
    inside = range(clock.first, clock.end)
    figures = sum(line.numbers[at] is not None for at in inside)
    before, after = line.back(clock.first), line.on(clock.end)
    while figures <= _LONGEST_RUN and before > 0 and _is_figure(line, before - 1):
        before, figures = line.back(before - 1), figures + 1
    while figures <= _LONGEST_RUN and after < len(line) and _is_figure(line, after):
        after, figures = line.on(after + 1), figures + 1
    return figures > _LONGEST_RUN


def _is_figure(line: Line, at: int) -> bool:
    number = None if at in line.dated else line.numbers[at]
    times = line.said.at(at, "number.times") is not None
    return times or (number is not None and not number.ordinal and not _is_year(line, at))
