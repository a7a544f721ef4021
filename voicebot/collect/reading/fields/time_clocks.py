"""Hours as callers say them: "half past three", "16:45", "two p m", "noon", "at four"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from voicebot.collect.reading.fields.time_days import Day
from voicebot.collect.reading.fields.time_patterns import (
    Got,
    Line,
    Role,
    first_of,
    match,
    written_clock,
)

_NOON = 12
_EXACT = "exact"
"""Instead of am and pm, of an hour on the clock of 24."""
_MINUTES_OF_TO = frozenset({5, 10, 15, 20, 25, 30})
"""Other numbers before "to" begin a range: "two to four"."""
_LONGEST_ROW = 4
"""More numbers in a row are a telephone number."""
_LONGEST_STREET_WORDS, _PARTY_REACH, _MOST_CLOCKS = 3, 6, 2
_FILLERS = ("time.filler", "quiet.courtesy", "quiet.link", "quiet.sound", "lead.is", "yes.agree")


class Cue(IntEnum):
    """How sure it is that a number is an hour."""

    BARE = 0
    WEAK = 1
    MEDIUM = 2
    STRONG = 3


class Hours(NamedTuple):
    """A part of the day.

    pm       the hours of 0 to 11 that are pm in it: 12 and 1 in the afternoon, not 11
    likely   the hours that may be meant when it is named elsewhere
    after, before   its bounds     since  how a piece writes it: `2027-03-04 18`
    """

    pm: range
    likely: range
    after: time | None
    before: time | None
    since: str


PARTS = {
    "morning": Hours(range(0), range(5, 12), None, time(12), "06"),
    "lunch": Hours(range(11), range(7), time(12), time(13), "12"),
    "afternoon": Hours(range(11), range(7), time(12), time(18), "12"),
    "evening": Hours(range(1, 12), range(5, 12), time(17), None, "18"),
    "night": Hours(range(5, 12), range(5, 12), time(18), None, "21"),
}


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

    half  "am", "pm" or "exact"     part  the part of the day beside it
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
        if self.half == _EXACT or hour > _NOON:
            return time(hour, self.minute)
        if self.half:
            return time(hour % 12 + (12 if self.half == "pm" else 0), self.minute)
        pm = hour % 12 in PARTS[self.part].pm if self.part else 1 <= hour <= 6
        return time((hour % 12 if self.part else hour) + (12 if pm else 0), self.minute)

    @property
    def ambiguous(self) -> bool:
        """Return True where only the usual hours of business tell morning from evening."""
        return not self.half and not self.part and 1 <= self.hour < _NOON


Piece = Day | Clock | Part


def clock_at(line: Line, at: int) -> Clock | None:
    """Return the hour that begins at this token, if one does; its cue may still be BARE."""
    clock = _written(line, at) or first_of(line, _CLOCKS, at)
    if clock is None:
        return None
    clock = _with_half(line, clock)
    sure = clock.half in ("am", "pm") and clock.cue is Cue.STRONG
    sure = sure or bool(written_clock(line, clock.first))
    return clock if sure or not _is_other_number(line, clock) else None


def _written(line: Line, at: int) -> Clock | None:
    parts = written_clock(line, at)
    if not parts or int(parts[0]) > 24 or int(parts[1]) > 59:
        return None
    exact = int(parts[0]) == 0 or line.said.low(at - 1) == "t"
    cue = Cue.BARE if line.said.low(at + 1) == "." else Cue.STRONG
    half = _EXACT if exact else ""
    return Clock(at, at + 2 * len(parts) - 1, int(parts[0]), int(parts[1]), half, cue)


def _noon(line: Line, got: Got) -> Clock | None:
    if got.text("n") not in ("", "12"):
        return None
    return Clock(got.first, got.end, got.value("noon"), half=_EXACT)


def _past(line: Line, got: Got) -> Clock | None:
    """Half past three, ten past noon, quarter to eleven, twenty minutes to seven."""
    minutes, named, plain = got.value("fraction", "n"), got.parts[-1], got.part("minutes")
    half = _EXACT if named.tag == "time.noon" else ""
    hour, round_ = int(named.value), plain or got.part("fraction")
    if minutes not in range(1, 60) or line.before(got.first, "between", "from"):
        return None
    if hour > 24 or (not hour and not half) or (minutes % 5 and not round_):
        return None
    if got.part("beyond"):
        return Clock(got.first, got.end, hour, minutes, half)
    if minutes not in _MINUTES_OF_TO and not plain:
        return None
    cue = Cue.MEDIUM if got.part("short_of_us") and not got.part("fraction") else Cue.STRONG
    before = (hour - 1) % 24 or (0 if half else 12)
    return Clock(got.first, got.end, before, 60 - minutes, half, cue)


def _half_hour(line: Line, got: Got) -> Clock | None:
    """Half past three for "half three", as it is wherever it is said at all."""
    counts = line.tag(line.on(got.end), "hours", "minutes", "days", "weeks", "months")
    fits = got.text("fraction") == "30" and got.value("n") in range(1, 13) and not counts
    return Clock(got.first, got.end, got.value("n"), 30) if fits else None


def _hundred(line: Line, got: Got) -> Clock | None:
    """Sixteen hundred, oh nine hundred hours."""
    numbers = [int(part.value) for part in got.parts if part.tag == "time.n"]
    if numbers[-1] > 24 or (len(numbers) > 1 and (numbers[0] or numbers[1] > 9)):
        return None
    return Clock(got.first, got.end, numbers[-1], half=_EXACT, cue=Cue.MEDIUM)


def _compact(line: Line, got: Got) -> Clock | None:
    """815, 0930, 1630."""
    written = got.text("figures")
    if len(written) > 4 or int(written[:-2]) > 24 or int(written[-2:]) > 59:
        return None
    hour = int(written[:-2])
    exact = _EXACT if written.startswith("0") or hour > _NOON else ""
    return Clock(got.first, got.end, hour, int(written[-2:]), exact, Cue.BARE)


def _minutes(line: Line, got: Got) -> Clock | None:
    """Three thirty, 21 35, three oh five."""
    hour, minute, *unit = (int(part.value) for part in got.parts)
    first, second = got.parts[:2]
    if hour not in range(1, 24) or (line.digits(first) and line.said.low(first.end) == "-"):
        return None
    if unit:
        fits = minute == 0 and line.digits(second) < 2 and unit[0] in range(1, 10)
        return Clock(first.first, got.end, hour, unit[0], cue=Cue.BARE) if fits else None
    behind = line.on(got.end)
    month = line.tag(behind, "month") and not match(line, "month the? n|nth", behind)
    if month or line.tag(behind, "minutes", "days", "weeks", "months", "fortnights"):
        return None
    if minute not in range(10, 60) or line.digits(second) not in (0, 2):
        return None
    return Clock(got.first, got.end, hour, minute, cue=Cue.BARE if minute % 5 else Cue.MEDIUM)


def _hour(line: Line, got: Got) -> Clock | None:
    """Three, threeish: a number that may be an hour."""
    ish = got.part("ish") or line.tag(got.first, "ish_number")
    fits = got.value("n") in range(1, 24)
    cue = Cue.MEDIUM if ish else Cue.BARE
    return Clock(got.first, got.end, got.value("n"), cue=cue) if fits else None


def _at_ten(line: Line, got: Got) -> Clock | None:
    """Ten for "attend" where a time stands."""
    first = line.back(got.first)
    behind = line.before(first, "weekday", "day", "suffix", "ordinal")
    begins = not first or line.said.tokens[first - 1].is_sign or behind
    ends = line.pauses(got.end) or line.tag(got.end, "in", "on", "part")
    return Clock(got.first, got.end, 10, cue=Cue.MEDIUM) if begins and ends else None


_CLOCKS: dict[str, Callable[[Line, Got], Clock | None]] = {
    "n? noon": _noon,
    "one? fraction|n minutes? beyond|short_of|short_of_us noon|n": _past,
    "fraction n": _half_hour,
    "n n hundred hours?": _hundred,
    "n hundred hours?": _hundred,
    "figures": _compact,
    "n n n": _minutes,
    "n n": _minutes,
    "n ish?": _hour,
    "at_ten": _at_ten,
}


def _with_half(line: Line, clock: Clock) -> Clock:
    """Return an hour with what follows it: o'clock, am or pm, hours."""
    if not clock.minute and (oclock := line.tag(line.on(clock.end), "oclock")):
        clock = replace(clock, end=oclock.end, cue=Cue.STRONG)
    end, behind = clock.end, line.on(clock.end)
    if got := match(line, "in the half", behind) or match(line, "half", behind):
        return replace(clock, end=got.end, half=got.text("half"), cue=Cue.STRONG)
    glued = line.tag(end, "half_glued")
    if glued and line.said.tokens[end].glued and line.said.tokens[end - 1].is_digits:
        return replace(clock, end=glued.end, half=glued.value, cue=Cue.MEDIUM)
    hours = line.tag(behind, "hours") if clock.hour > _NOON or clock.half == _EXACT else None
    if hours is None or line.tag(behind, "lasting"):
        return clock
    return replace(clock, end=hours.end, half=_EXACT, cue=Cue.STRONG)


def _is_other_number(line: Line, clock: Clock) -> bool:
    """Return True for a part of a telephone number and for a house number."""
    before = list(_row(line, line.back(clock.first) - 1, back=True))
    after = list(_row(line, line.on(clock.end)))
    inside = sum(line.number(at) is not None for at in range(clock.first, clock.end))
    touched = any(line.digits(line.number(at)) > 2 for at in (*before[:1], *after[:1]))
    if touched or inside + len(before) + len(after) > _LONGEST_ROW:
        return True
    for at in range(clock.end, min(len(line), clock.end + _LONGEST_STREET_WORDS)):
        if line.said.tokens[at].is_sign or line.said.tokens[at].is_digits:
            return False
        if line.tag(at, "street"):
            return True
    return False


def _row(line: Line, at: int, *, back: bool = False) -> Iterator[int]:
    """Give the tokens of the numbers that stand in a row from here on, but for days and years."""
    while 0 <= at < len(line):
        number = line.tag(at, "n", "figures")
        year = number and line.digits(number) == 4 and number.value.startswith("20")
        if not line.said.at(at, "number.times") and (not number or year or at in line.dated):
            return
        yield at
        at = line.back(at) - 1 if back else line.on(at + 1)


# -- how sure it is that they are hours ------------------------------------------------------------


def weighed(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, each hour with the part of the day beside it and how sure it is one."""
    inside = {at for piece in pieces for at in range(piece.first, piece.end)}
    rest = [at for at in range(len(line)) if at not in inside and not line.said.is_sound(at)]
    clocks = sum(isinstance(piece, Clock) for piece in pieces)
    alone = clocks <= _MOST_CLOCKS and all(line.said.at(at, *_FILLERS) for at in rest)
    cued: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Clock):
            beside = [other for other in pieces if _beside(line, piece, other)]
            part = next((p.name for p in beside if isinstance(p, Part)), "")
            days = any(isinstance(p, Day) for p in beside)
            piece = replace(piece, part=part)
            piece = replace(piece, cue=_cue(line, piece, inside, alone=alone, day=days))
        cued.append(piece)
    return _ranged(line, cued)


def _cue(line: Line, clock: Clock, inside: set[int], *, alone: bool, day: bool) -> Cue:
    """Return how sure the words around an hour make it; a day beside it makes it surer."""
    if clock.cue is Cue.STRONG:
        return clock.cue
    counted = line.tag(line.on(clock.end), "counted")
    if counted and not (clock.part and line.tag(counted.first, "of")):
        return Cue.BARE
    if clock.part:
        return Cue.STRONG
    cue = max(clock.cue, _lead(line, clock, inside, alone=alone))
    return {Cue.BARE: Cue.WEAK, Cue.MEDIUM: Cue.STRONG}.get(cue, cue) if day else cue


def _lead(line: Line, clock: Clock, inside: set[int], *, alone: bool) -> Cue:
    """Return what the words before an hour say."""
    behind, before = line.on(clock.end), line.back(clock.first)
    digits = line.digits(line.number(clock.first))
    ends = line.pauses(behind) or behind in inside or line.tag(behind, "filler", "inside")
    at = line.before(before, "at") and (ends or digits <= 2)
    if at or line.tag(behind, "onward") or before - 1 in inside:
        return Cue.MEDIUM
    if alone and not line.before(before, "few"):
        return Cue.WEAK
    joint = line.before(before, "weak")
    thing = clock.hour == 1 and not clock.minute and not digits
    if joint is None or not ends or thing or (digits > 2 and clock.minute % 5):
        return Cue.BARE
    near = range(max(0, joint.first - _PARTY_REACH), joint.first)
    same = [at for at in near if line.said.low(at) == line.said.low(joint.first)]
    party = any(line.tag(at, "party") for at in near if at > max(same, default=-1))
    return Cue.BARE if party else Cue.WEAK  # "a table at Luigi's for 6"


def _beside(line: Line, clock: Clock, other: Piece) -> bool:
    first, second = (clock, other) if clock.first < other.first else (other, clock)
    between = range(first.end, second.first)
    apart = any(not line.said.is_sound(at) and not line.tag(at, "inside") for at in between)
    return first.end <= second.first and not apart


def _ranged(line: Line, pieces: list[Piece]) -> list[Piece]:
    """Return the pieces: "2 to 4 pm" begins at two in the afternoon, "8 or 9" is open."""
    joined = list(pieces)
    for n, (first, second) in enumerate(pairwise(pieces)):
        if not (isinstance(first, Clock) and isinstance(second, Clock)):
            continue
        at = line.on(first.end)
        joint = line.tag(at, "or", "joint")
        if line.on(joint.end if joint else at) != second.first:
            continue
        if joint and joint.tag == "time.or":
            sure = max(first.cue, second.cue) > Cue.BARE
            joined[n] = replace(first, cue=Cue.BARE, until=second.time if sure else None)
            joined[n + 1] = replace(second, cue=Cue.BARE)
        elif joint or line.said.low(first.end) == "-":
            joined[n] = _range(first, second)
    return joined


def _range(first: Clock, second: Clock) -> Clock:
    first = replace(first, end=second.end, cue=max(first.cue, second.cue), until=second.time)
    if first.half or first.part or first.hour > _NOON:
        return first
    same = replace(first, half=second.half, part=second.part)
    return same if same.time <= second.time else replace(first, half="am")
