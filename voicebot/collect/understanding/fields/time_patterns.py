"""Patterns over an utterance: what stands one after the other, by the rows of `[time]` and numbers.

A pattern is the names of what follows, parted by spaces: "month the? n|nth" is a row of `month`,
perhaps one of `the`, then a number. Sounds and hyphens may stand between. Numbers are `n` (below
a hundred: "twenty one", "21"), `nth` ("twenty first", "21st") and `figures` ("815", "2027").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from voicebot.collect.understanding.fields.time_pieces import Clock, Day
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.types import Situation
from voicebot.collect.understanding.utterance import Utterance

_MOST_DIGITS = 2
_PAUSES = frozenset(",.;:?!/")
_HEARD_MINUTES = frozenset(("15", "30", "45"))
T = TypeVar("T")
Rules = Mapping[str, Callable[["Line", "Got"], T | None]]
"""Patterns, and what each makes of the words that it fits; the first to make something counts."""


class Line:
    """One utterance, looked at for days and hours in its situation, by a language's rules."""

    def __init__(
        self, said: Utterance, situation: Situation, days: Rules[Day], clocks: Rules[Clock]
    ) -> None:
        self.said, self.situation = said, situation
        self.days, self.clocks = days, clocks
        self.today = situation.now.date()
        self.end = len(said)
        self.begins: list[dict[str, Match]] = [{} for _ in range(self.end + 1)]
        self._ends: list[dict[str, Match]] = [{} for _ in range(self.end + 1)]
        sounds = said.lexicon.sounds
        self._passed = [token.low == "-" or token.low in sounds for token in said.tokens]
        for here in said.matches:
            for match in reversed(here):  # the longest is kept
                if match.tag.startswith("time."):
                    self.begins[match.first][match.tag[5:]] = match
                    self._ends[match.end].setdefault(match.tag[5:], match)
        for at in reversed(range(self.end)):
            if number := self._number(at):
                self.begins[at][number.tag[5:]] = number
        dates = (at for at in range(self.end) if len(figures(self, at, "/-.")) > 2)
        self.dated = {at + n for at in dates for n in range(5)}

    def tag(self, at: int, *names: str) -> Match | None:
        """Return the longest phrase of these rows of `[time]` that begins at this token."""
        return _longest(self.begins[at], names) if 0 <= at < self.end else None

    def before(self, end: int, *names: str) -> Match | None:
        """Return the phrase of these rows that ends right before a token, sounds left out."""
        return _longest(self._ends[self.back(end)], names)

    def digits(self, at: int) -> int:
        """Return how many digits stand at this token."""
        digits = 0 <= at < self.end and self.said.tokens[at].is_digits
        return len(self.said.low(at)) if digits else 0

    def on(self, at: int) -> int:
        """Return the next place at which a word may follow: behind sounds and hyphens."""
        while at < self.end and self._passed[at]:
            at += 1
        return at

    def back(self, end: int) -> int:
        """Return where the words before this place end."""
        while end > 0 and self._passed[end - 1]:
            end -= 1
        return end

    def opens(self, at: int) -> bool:
        """Return True where nothing but a mark stands before."""
        return self.back(at) == 0 or self.said.tokens[self.back(at) - 1].is_sign

    def closes(self, at: int) -> bool:
        """Return True where a mark other than a hyphen stands, or nothing."""
        return at >= self.end or self.said.low(at) in _PAUSES

    def _chinese(self, at: int) -> Match | None:
        """Return 十二, 二零二六; 第二 is a rank."""
        if rank := self.tag(at, "rank"):
            number = self.tag(rank.end, "n")
            return number and Match("time.nth", at, number.end, number.value)
        group = self.said.numbers.figures(at)
        if group is None:
            return None
        name = "time.n" if len(group.digits) <= _MOST_DIGITS else "time.figures"
        return Match(name, at, group.end, group.digits)

    def _number(self, at: int) -> Match | None:
        low = self.said.low(at)
        if self.said.tokens[at].is_digits:
            if len(low) > _MOST_DIGITS:
                return Match("time.figures", at, at + 1, low)
            suffix = self.tag(at + 1, "suffix") is not None
            return Match("time.nth" if suffix else "time.n", at, at + 1 + suffix, low)
        if self.said.tokens[at].kind is Kind.HAN:
            return self._chinese(at)
        if word := self.tag(at, "ordinal"):
            return Match("time.nth", at, word.end, word.value)
        if word := self.said.at(at, "number.unit", "number.teen") or self.tag(at, "ish_number"):
            return Match("time.n", at, word.end, word.value)
        if tens := self.said.at(at, "number.ten"):
            link = self.said.at(tens.end, "number.joint")  # "treinta y cinco"
            unit = self.tag(self.on(link.end if link else tens.end), "n", "nth")
            joins = unit and not self.digits(unit.first) and 0 < int(unit.value) < 10
            counts = unit and self.tag(self.on(unit.end), "days", "weeks", "months", "hours")
            if counts and self.said.before(self.back(at), "number.unit", "number.teen"):
                joins = False  # "at three thirty two days from now"
            if unit and joins:
                return Match(unit.tag, at, unit.end, tens.value + unit.value)
            return Match("time.n", at, tens.end, tens.value + "0")
        heard = self.said.at(at, "number.sounds_like")  # "at to thirty"
        if heard is None or heard.value == "0" or not self.before(at, "at"):
            return None
        minutes = self.tag(self.on(heard.end), "n", "oclock", "half")
        fits = minutes and (minutes.tag != "time.n" or minutes.value in _HEARD_MINUTES)
        number = Match("time.n", at, heard.end, heard.value)
        return number if fits or self.closes(self.on(heard.end)) else None


def _longest(here: Mapping[str, Match], names: tuple[str, ...]) -> Match | None:
    longest: Match | None = None
    for name in names if here else ():
        found = here.get(name)
        if found and (not longest or found.end - found.first > longest.end - longest.first):
            longest = found
    return longest


@dataclass(frozen=True, slots=True)
class Got:
    """A pattern found from the token `first` up to `end`, and the phrases that it is made of."""

    first: int
    end: int
    parts: tuple[Match, ...]

    def has(self, *names: str) -> bool:
        """Return True when one of the phrases is of these rows."""
        return any(part.tag[5:] in names for part in self.parts)

    def text(self, *names: str) -> str:
        """Return what the first phrase of these rows means; "" where there is none."""
        return next((part.value for part in self.parts if part.tag[5:] in names), "")

    def value(self, *names: str) -> int:
        """Return it as a number; 0 where there is none."""
        return int(self.text(*names) or 0)


def match(line: Line, pattern: str, first: int) -> Got | None:
    """Return how a pattern fits the words from this token on."""
    heads, elements = _parsed(pattern)
    if heads.isdisjoint(line.begins[first]):
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


def first_of(line: Line, rules: Rules[T], at: int) -> T | None:
    """Return what the first rule that fits makes of the words from this token on."""
    here = line.begins[at]
    for pattern, build in rules.items() if here else ():
        if _parsed(pattern)[0].isdisjoint(here):
            continue
        if (got := match(line, pattern, at)) and (made := build(line, got)):
            return made
    return None


@cache
def _parsed(pattern: str) -> tuple[frozenset[str], tuple[tuple[tuple[str, ...], bool], ...]]:
    """Return the names with which a pattern may begin, and its parts: names, and if left out."""
    parts = pattern.split()
    elements = tuple((tuple(p.rstrip("?").split("|")), p.endswith("?")) for p in parts)
    needed = next((n for n, (_, optional) in enumerate(elements) if not optional), len(parts))
    return frozenset(name for names, _ in elements[: needed + 1] for name in names), elements


def figures(line: Line, at: int, marks: str) -> list[str]:
    """Return the figures that these marks glue together from here on: 31/8/2018, 9:30."""
    tokens = line.said.tokens

    def joins(mark: int) -> bool:
        pair = tokens[mark : mark + 2] if mark > 0 else ()
        return len(pair) == 2 and all(t.glued for t in pair) and tokens[mark].low in marks

    if not line.digits(at) or joins(at - 1):
        return []
    end = at
    while joins(end + 1) and tokens[end + 2].is_digits:
        end += 2
    return [token.low for token in tokens[at : end + 1 : 2]]
