"""Patterns over an utterance: what stands one after the other, by the tables' tags and numbers.

A pattern is the names of what follows, parted by spaces: "month the? n|nth" is a row of
`[time] month`, perhaps one of `[time] the`, then a number or an ordinal. Sounds and hyphens may
stand between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from voicebot.collect.reading.lexicon import SOUND, Match
from voicebot.collect.reading.types import Situation
from voicebot.collect.reading.utterance import Utterance

_CARDINAL, _ORDINAL, _FIGURES = "n", "nth", "figures"
_MOST_DIGITS = 2
_LONGEST_PHRASE = 12
"""Tokens of the longest phrase that is looked for backwards."""
_PAUSES = frozenset(",.;:?!/")
_CLOCK_MARKS = frozenset((":", "."))
_DATE_MARKS = frozenset(("/", "-", "."))
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Number:
    """A number below a hundred ("twenty one", "21st") or figures ("815"), up to the token `end`."""

    value: int
    first: int
    end: int
    ordinal: bool = False
    written: str = ""

    @property
    def kind(self) -> str:
        if self.ordinal:
            return _ORDINAL
        return _FIGURES if len(self.written) > _MOST_DIGITS else _CARDINAL


class Line:
    """One utterance, looked at for days and hours in its situation."""

    def __init__(self, said: Utterance, situation: Situation) -> None:
        self.said = said
        self.situation = situation
        self.now = situation.now
        self.today = situation.now.date()
        self.phrases = [
            {m.tag[5:]: m for m in reversed(here) if m.tag.startswith("time.")}
            for here in said.matches
        ]
        self.numbers: list[Number | None] = [None] * len(said)
        for at in reversed(range(len(said))):
            self.numbers[at] = self._number(at)
        dates = ((at, written_date(self, at)) for at in range(len(said)))
        self.dated = {n for at, date in dates if date for n in range(at, at + 2 * len(date[1]) - 1)}

    def __len__(self) -> int:
        return len(self.said)

    def tag(self, at: int, *names: str) -> Match | None:
        """Return the longest phrase of these rows of `[time]` that begins at this token."""
        if not 0 <= at < len(self.phrases):
            return None
        here = self.phrases[at]
        longest: Match | None = None
        for name in names if here else ():
            found = here.get(name)
            if found and (longest is None or found.end > longest.end):
                longest = found
        return longest

    def before(self, end: int, *names: str) -> Match | None:
        """Return the phrase of these rows that ends right before a token, sounds left out."""
        end = self.back(end)
        for first in range(max(0, end - _LONGEST_PHRASE), end):
            here = self.phrases[first]
            if here and not here.keys().isdisjoint(names):
                for found in self.said.matches[first]:
                    if found.end == end and found.tag[5:] in names and found.tag[:5] == "time.":
                        return found
        return None

    def number(self, at: int) -> Number | None:
        """Return the number that begins at this token."""
        return self.numbers[at] if 0 <= at < len(self) else None

    def on(self, at: int) -> int:
        """Return the next place at which a word may follow: behind sounds and hyphens."""
        while at < len(self) and (self.said.low(at) == "-" or self._is_sound(at)):
            at += 1
        return at

    def back(self, end: int) -> int:
        """Return where the words before this place end."""
        while end > 0 and (self.said.low(end - 1) == "-" or self._is_sound(end - 1)):
            end -= 1
        return end

    def pauses(self, at: int) -> bool:
        """Return True where a mark other than a hyphen stands, or nothing."""
        return at >= len(self) or self.said.low(at) in _PAUSES

    def names(self, at: int) -> set[str]:
        """Return the names of all that begins at this token."""
        number = self.numbers[at]
        return {*self.phrases[at], number.kind} if number else set(self.phrases[at])

    def _is_sound(self, at: int) -> bool:
        return not self.said.tokens[at].is_sign and self.said.at(at, SOUND) is not None

    def _number(self, at: int) -> Number | None:
        token = self.said.tokens[at]
        if token.is_digits:
            suffix = self.tag(at + 1, "suffix") if len(token.low) <= _MOST_DIGITS else None
            return Number(int(token.low[:9]), at, at + 1 + bool(suffix), bool(suffix), token.low)
        if word := self.said.at(at, "number.unit", "number.teen"):
            return Number(int(word.value), at, word.end)
        if word := self.tag(at, "ordinal"):
            return Number(int(word.value), at, word.end, ordinal=True)
        if word := self.tag(at, "ish_number"):
            return Number(int(word.value), at, word.end)
        tens = self.said.at(at, "number.ten")
        if tens is None:
            return None
        unit = self.number(self.on(tens.end))
        value = int(tens.value) * 10
        if unit is None or unit.written or not 0 < unit.value < 10:
            return Number(value, at, tens.end)
        if self._counts_after_number(at, unit):
            return Number(value, at, tens.end)
        return Number(value + unit.value, at, unit.end, unit.ordinal)

    def _counts_after_number(self, at: int, unit: Number) -> bool:
        """Return True for the two of "twelve thirty two days from now", which counts days."""
        counted = self.tag(self.on(unit.end), "days", "weeks", "months", "hours")
        before = self.said.before(self.back(at), "number.unit", "number.teen", "number.ten")
        return counted is not None and before is not None


@dataclass(frozen=True, slots=True)
class Got:
    """A pattern found from the token `first` up to `end`: what stands for each of its names."""

    first: int
    end: int
    slots: Mapping[str, Match]

    def value(self, name: str) -> int:
        return int(self.slots[name].value)


_Build = Callable[[Line, Got], T | None]


class Grammar(Generic[T]):
    """Rules of one kind, each a pattern and what is made of it; the first that fits is taken."""

    def __init__(self, rules: Mapping[str, _Build[T]]) -> None:
        self._rules = [(_elements(pattern), build) for pattern, build in rules.items()]
        self._heads = [(_heads(elements), elements, build) for elements, build in self._rules]

    def at(self, line: Line, first: int) -> T | None:
        """Return what the first rule that fits makes of the words from this token on."""
        names = line.names(first)
        if not names:
            return None
        for heads, elements, build in self._heads:
            if heads.isdisjoint(names):
                continue
            got = _match(line, elements, first)
            made = build(line, got) if got else None
            if made is not None:
                return made
        return None


def match(line: Line, pattern: str, first: int) -> Got | None:
    """Return how a pattern fits the words from this token on."""
    if first >= len(line) or _heads(_elements(pattern)).isdisjoint(line.names(first)):
        return None
    return _match(line, _elements(pattern), first)


@dataclass(frozen=True, slots=True)
class _Element:
    names: tuple[str, ...]
    optional: bool


@cache
def _elements(pattern: str) -> tuple[_Element, ...]:
    parts = pattern.split()
    return tuple(_Element(tuple(p.rstrip("?").split("|")), p.endswith("?")) for p in parts)


@cache
def _heads(elements: tuple[_Element, ...]) -> frozenset[str]:
    heads: set[str] = set()
    for element in elements:
        heads.update(element.names)
        if not element.optional:
            break
    return frozenset(heads)


def _match(line: Line, elements: tuple[_Element, ...], first: int) -> Got | None:
    slots: dict[str, Match] = {}
    at = end = first
    for element in elements:
        found = _one(line, element.names, at)
        if found is None:
            if element.optional:
                continue
            return None
        slots[found.tag] = found
        end = found.end
        at = line.on(end)
    return Got(first, end, slots) if end > first else None


def _one(line: Line, names: tuple[str, ...], at: int) -> Match | None:
    number = line.number(at)
    if number and number.kind in names:
        return Match(number.kind, at, number.end, str(number.value))
    if found := line.tag(at, *names):
        return Match(found.tag.partition(".")[2], at, found.end, found.value)
    return None


def figures(line: Line, at: int, marks: frozenset[str]) -> Iterator[int]:
    """Give the tokens of figures that these marks glue together: 31/8/2018, 9:30."""
    tokens = line.said.tokens
    if at >= len(tokens) or not tokens[at].is_digits:
        return
    if at > 1 and tokens[at].glued and tokens[at - 1].low in marks and tokens[at - 1].glued:
        return
    yield at
    while (
        at + 2 < len(tokens)
        and tokens[at + 1].low in marks
        and tokens[at + 1].glued
        and tokens[at + 2].is_digits
        and tokens[at + 2].glued
    ):
        at += 2
        yield at


def written_date(line: Line, at: int) -> tuple[str, list[str]] | None:
    """Return the mark and the figures of 31/8/2018, 8/31, 2018-08-31, 5.8.2024."""
    places = list(figures(line, at, _DATE_MARKS))
    mark = line.said.low(at + 1)
    parts = [line.said.low(place) for place in places]
    if len(parts) == 3 and all(len(part) <= 4 for part in parts):
        return mark, parts
    short = len(parts) == 2 and mark == "/" and all(len(p) <= _MOST_DIGITS for p in parts)
    return (mark, parts) if short else None


def written_clock(line: Line, at: int) -> tuple[str, int, int, int] | None:
    """Return the mark, hour and minute of 9:30, 16:45:00 or 9.30, and where it ends."""
    places = list(figures(line, at, _CLOCK_MARKS))
    if len(places) not in (2, 3):
        return None
    hour, minute = (line.said.low(place) for place in places[:2])
    mark = line.said.low(at + 1)
    if len(hour) > _MOST_DIGITS or len(minute) != _MOST_DIGITS or (mark == "." and len(places) > 2):
        return None
    return mark, int(hour), int(minute), places[-1] + 1
