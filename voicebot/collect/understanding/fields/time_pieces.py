"""The pieces of a time in an utterance: days, parts of the day, and hours as they are said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import Enum, IntEnum, auto
from typing import NamedTuple

from voicebot.call import Window

_Date = date  # a field of Day has the name as well
NOON, EXACT = 12, "exact"


class Kind(IntEnum):
    """The ways to name a day, the surest first; PAST is over, NONE (31 June) is no day."""

    DATE = 0
    MONTH_DAY = 1
    WEEKDAY = 2
    TODAY = 3
    STRETCH = 4
    PAST = 5
    NONE = 6


class Role(Enum):
    """The part of a day or hour that is wanted: it, after it, before it, not it, all but it.

    ENDS is the hour by which the work is to be over.
    """

    WANTED = auto()
    SINCE = auto()
    UNTIL = auto()
    OUT = auto()
    BUT = auto()
    ENDS = auto()


@dataclass(frozen=True, slots=True)
class Day:
    """A day or a stretch of days, named in the tokens from `first` up to `end`.

    date     the day, of a stretch ("next week", "in May") the first     last  its last
    hour     the time of the day, of a moment counted in hours: "in two hours"
    plain    a weekday or a day of the month without a word of which: "Friday", "the 5th"
    weekly   a week, or counted in whole weeks: a weekday beside it is one of that week
    is_rank  one of the offered moments by its rank, with its hour: "the second one"
    assumes  guesses in it
    """

    first: int
    end: int
    kind: Kind
    date: date = date.min
    last: _Date | None = None
    hour: time | None = None
    plain: bool = False
    weekly: bool = False
    is_rank: bool = False
    assumes: int = 0
    role: Role = Role.WANTED


class Hours(NamedTuple):
    """A part of the day: its bounds, and how a piece writes it (`2027-03-04 18`).

    pm      the hours of 0 to 11 that are pm in it: 12 and 1 in the afternoon, not 11
    likely  the hours that may be meant when it is named elsewhere
    """

    after: time | None
    before: time | None
    since: str
    pm: range
    likely: range


PARTS = {
    "small_hours": Hours(time(0), time(6), "00", range(0), range(6)),
    "morning": Hours(None, time(12), "06", range(0), range(5, 12)),
    "late_morning": Hours(time(10), time(12), "10", range(0), range(9, 12)),
    "forenoon": Hours(None, time(12), "06", range(1), range(5, 12)),
    "day": Hours(time(8), time(18), "06", range(7), range(12)),
    "noon": Hours(time(11), time(13), "11", range(4), range(4)),
    "lunch": Hours(time(12), time(13), "12", range(11), range(7)),
    "afternoon": Hours(time(12), time(18), "12", range(11), range(7)),
    "after_lunch": Hours(time(14), time(20), "14", range(11), range(9)),
    "evening": Hours(time(17), None, "18", range(1, 12), range(5, 12)),
    "night": Hours(time(18), None, "21", range(5, 12), range(5, 12)),
}


_WIDEST = {
    **{"00": "small_hours", "06": "morning", "10": "late_morning", "11": "noon"},
    **{"12": "afternoon", "14": "after_lunch", "18": "evening", "21": "night"},
}
"""Of the parts that a piece writes alike, the one that leaves most open."""


def window_of(piece: str) -> Window:
    """Return the times that a time or a piece of one allows: `2027-03-04T10:30`, `2027-03-04`,
    `2027-03-04 18`, `T10:30`."""
    stamp, _, since = piece.partition(" ")
    day, _, clock = stamp.partition("T")
    days = (date.fromisoformat(day),) if day else ()
    if clock:
        hour = time.fromisoformat(clock[:5])
        return Window(days, after=hour, before=hour)
    if since not in _WIDEST:
        return Window(days)
    hours = PARTS[_WIDEST[since]]
    return Window(days, after=hours.after, before=hours.before)


class Cue(IntEnum):
    """The certainty that a number is an hour."""

    BARE = 0
    WEAK = 1
    MEDIUM = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day, by its name in PARTS."""

    first: int
    end: int
    name: str
    role: Role = Role.WANTED


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour and minute as said, in the tokens from `first` up to `end`.

    half  "am", "pm" or "exact" (of 24 hours)     part  the part of the day beside it
    until  the end of the range that it begins
    """

    first: int
    end: int
    hour: int
    minute: int = 0
    half: str = ""
    cue: Cue = Cue.STRONG
    part: str = ""
    until: time | None = None
    role: Role = Role.WANTED

    @property
    def time(self) -> time:
        """Local wall-clock time; without a cue 1:00-6:59 is afternoon, 7:00-12:59 as said."""
        hour = self.hour % 24
        if self.half == EXACT or hour > NOON:
            return time(hour, self.minute)
        if not self.half and not self.part:
            return time(hour + 12 if 1 <= hour <= 6 else hour, self.minute)
        pm = self.half == "pm" if self.half else hour % 12 in PARTS[self.part].pm
        return time(hour % 12 + (12 if pm else 0), self.minute)

    @property
    def ambiguous(self) -> bool:
        """Return True where only the usual hours of business tell morning from evening."""
        return not self.half and not self.part and 1 <= self.hour < NOON


Piece = Day | Clock | Part
