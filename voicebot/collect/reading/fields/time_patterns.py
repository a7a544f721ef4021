"""Patterns over an utterance: what stands one after the other, by the rows of `[time]` and numbers.

A pattern is the names of what follows, parted by spaces: "month the? n|nth" is a row of `month`,
perhaps one of `the`, then a number. Sounds and hyphens may stand between. Numbers are `n` (below
a hundred: "twenty one", "21"), `nth` ("twenty first", "21st") and `figures` ("815", "2027").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import TypeVar

from voicebot.collect.reading.lexicon import Match
from voicebot.collect.reading.types import Situation
from voicebot.collect.reading.utterance import Utterance

_MOST_DIGITS = 2
_PAUSES = frozenset(",.;:?!/")
_CLOCK_MARKS = frozenset((":", "."))
_DATE_MARKS = frozenset(("/", "-", "."))
_HEARD_MINUTES = frozenset(("15", "30", "45"))
T = TypeVar("T")


class Role(Enum):
    """What a caller wants of a day, an hour or a part of the day.

    SINCE and UNTIL bound the time ("not before Thursday", "by ten"), BEYOND and SHORT_OF without
    what they name ("after Friday"). OUT is refused ("not Friday"), BUT is left out of many.
    """

    WANTED = auto()
    SINCE = auto()
    BEYOND = auto()
    UNTIL = auto()
    SHORT_OF = auto()
    OUT = auto()
    BUT = auto()


class Line:
    """One utterance, looked at for days and hours in its situation."""

    def __init__(self, said: Utterance, situation: Situation) -> None:
        self.said = said
        self.situation = situation
        self.today = situation.now.date()
        self.begins: list[dict[str, Match]] = [{} for _ in said.tokens]
        self._ends: list[dict[str, Match]] = [{} for _ in range(len(said) + 1)]
        sounds = said.lexicon.sounds
        self._passed = [token.low == "-" or token.low in sounds for token in said.tokens]
        for here in said.matches:
            for match in reversed(here):  # the longest is kept
                if match.tag.startswith("time."):
                    self.begins[match.first][match.tag[5:]] = match
                    self._ends[match.end].setdefault(match.tag[5:], match)
        for at in reversed(range(len(said))):
            if number := self._number(at):
                self.begins[at][number.tag[5:]] = number
        self.dated: set[int] = set()
        for at, token in enumerate(said.tokens):
            if token.is_digits and (parts := written_date(self, at)):
                self.dated.update(range(at, at + 2 * len(parts) - 1))

    def __len__(self) -> int:
        return len(self.said)

    def tag(self, at: int, *names: str) -> Match | None:
        """Return the longest phrase of these rows of `[time]` that begins at this token."""
        return _longest(self.begins[at], names) if 0 <= at < len(self) else None

    def before(self, end: int, *names: str) -> Match | None:
        """Return the phrase of these rows that ends right before a token, sounds left out."""
        return _longest(self._ends[self.back(end)], names)

    def number(self, at: int) -> Match | None:
        """Return the number that begins at this token."""
        return self.tag(at, "n", "nth", "figures")

    def digits(self, number: Match | None) -> int:
        """Return with how many digits a number is written; 0 for words."""
        first = self.said.tokens[number.first] if number else None
        return len(first.low) if first and first.is_digits else 0

    def on(self, at: int) -> int:
        """Return the next place at which a word may follow: behind sounds and hyphens."""
        while at < len(self) and self._passed[at]:
            at += 1
        return at

    def back(self, end: int) -> int:
        """Return where the words before this place end."""
        while end > 0 and self._passed[end - 1]:
            end -= 1
        return end

    def pauses(self, at: int) -> bool:
        """Return True where a mark other than a hyphen stands, or nothing."""
        return at >= len(self) or self.said.low(at) in _PAUSES

    def ends(self, at: int) -> bool:
        """Return True where nothing follows that is counted from: "the Friday after, please"."""
        return self.pauses(at) or self.tag(self.on(at), "that", "afterwards") is not None

    def _number(self, at: int) -> Match | None:
        token = self.said.tokens[at]
        if token.is_digits:
            if len(token.low) > _MOST_DIGITS:
                return Match("time.figures", at, at + 1, token.low)
            suffix = self.tag(at + 1, "suffix") is not None
            return Match("time.nth" if suffix else "time.n", at, at + 1 + suffix, token.low)
        if word := self.tag(at, "ordinal"):
            return Match("time.nth", at, word.end, word.value)
        if word := self.said.at(at, "number.unit", "number.teen") or self.tag(at, "ish_number"):
            return Match("time.n", at, word.end, word.value)
        if tens := self.said.at(at, "number.ten"):
            unit = self.tag(self.on(tens.end), "n", "nth")
            if unit and not self.digits(unit) and 0 < int(unit.value) < 10:
                return Match(unit.tag, at, unit.end, tens.value + unit.value)
            return Match("time.n", at, tens.end, tens.value + "0")
        heard = self.said.at(at, "number.sounds_like")  # "at to thirty"
        if heard is None or heard.value == "0" or not self.before(at, "at"):
            return None
        behind = self.on(heard.end)
        minutes = self.tag(behind, "n", "oclock", "half")
        fits = minutes and (minutes.tag != "time.n" or minutes.value in _HEARD_MINUTES)
        fits = fits or self.pauses(behind)
        return Match("time.n", at, heard.end, heard.value) if fits else None


def _longest(here: Mapping[str, Match], names: tuple[str, ...]) -> Match | None:
    longest: Match | None = None
    for name in names if here else ():
        found = here.get(name)
        if found and (longest is None or found.end - found.first > longest.end - longest.first):
            longest = found
    return longest


@dataclass(frozen=True, slots=True)
class Got:
    """A pattern found from the token `first` up to `end`, and the phrases that it is made of."""

    first: int
    end: int
    parts: tuple[Match, ...]

    def part(self, *names: str) -> Match | None:
        """Return the first of the phrases that is of one of these rows."""
        return next((each for each in self.parts if each.tag[5:] in names), None)

    def text(self, *names: str) -> str:
        """Return what that phrase means; "" where there is none."""
        part = self.part(*names)
        return part.value if part else ""

    def value(self, *names: str) -> int:
        """Return it as a number."""
        return int(self.text(*names))


def match(line: Line, pattern: str, first: int) -> Got | None:
    """Return how a pattern fits the words from this token on."""
    heads, elements = _parsed(pattern)
    if first >= len(line) or heads.isdisjoint(line.begins[first]):
        return None
    parts: list[Match] = []
    at = first
    for names, optional in elements:
        if found := line.tag(at, *names):
            parts.append(found)
            at = line.on(found.end)
        elif not optional:
            return None
    return Got(first, parts[-1].end, tuple(parts))


def first_of(line: Line, rules: Mapping[str, Callable[[Line, Got], T | None]], at: int) -> T | None:
    """Return what the first rule that fits makes of the words from this token on."""
    for pattern, build in rules.items() if line.begins[at] else ():
        got = match(line, pattern, at)
        made = build(line, got) if got else None
        if made is not None:
            return made
    return None


@cache
def _parsed(pattern: str) -> tuple[frozenset[str], tuple[tuple[tuple[str, ...], bool], ...]]:
    """Return the names with which a pattern may begin, and its parts: names, and if left out."""
    parts = pattern.split()
    elements = tuple((tuple(p.rstrip("?").split("|")), p.endswith("?")) for p in parts)
    needed = next((n for n, (_, optional) in enumerate(elements) if not optional), len(parts))
    return frozenset(name for names, _ in elements[: needed + 1] for name in names), elements


def _figures(line: Line, at: int, marks: frozenset[str]) -> list[str]:
    """Return the figures that these marks glue together from here on: 31/8/2018, 9:30."""
    tokens = line.said.tokens

    def joins(mark: int) -> bool:
        pair = tokens[mark : mark + 2] if mark > 0 else ()
        return len(pair) == 2 and all(t.glued for t in pair) and tokens[mark].low in marks

    if not tokens[at].is_digits or joins(at - 1):
        return []
    end = at
    while joins(end + 1) and tokens[end + 2].is_digits:
        end += 2
    return [token.low for token in tokens[at : end + 1 : 2]]


def written_date(line: Line, at: int) -> list[str]:
    """Return the figures of 31/8/2018, 8/31, 2018-08-31, 5.8.2024."""
    parts = _figures(line, at, _DATE_MARKS)
    short = len(parts) == 2 and line.said.low(at + 1) == "/"
    most = _MOST_DIGITS if short else _MOST_DIGITS * 2
    return parts if (short or len(parts) == 3) and all(len(p) <= most for p in parts) else []


def written_clock(line: Line, at: int) -> list[str]:
    """Return the figures of 9:30, 16:45:00 or 9.30: hour, minute, perhaps second."""
    parts = _figures(line, at, _CLOCK_MARKS)
    if len(parts) not in (2, 3) or (len(parts) == 3 and line.said.low(at + 1) == "."):
        return []
    return parts if len(parts[0]) <= _MOST_DIGITS and len(parts[1]) == _MOST_DIGITS else []
