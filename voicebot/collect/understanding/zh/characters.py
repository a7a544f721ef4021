"""The characters of Chinese names, and how callers say which one they mean: 弓长张, 洁白的洁."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance

_TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    files(__package__).joinpath("names.toml").read_text("utf-8")
)


def _characters(table: str, key: str) -> frozenset[str]:
    return frozenset("".join(_TABLE[table][key].split()))


SURNAMES = _characters("surnames", "single")
COMPOUND_SURNAMES = frozenset(_TABLE["surnames"]["compound"].split())
FREQUENT_SURNAMES = _characters("surnames", "frequent")
SURNAME_OF_PARTS: dict[str, str] = _TABLE["surnames"]["parts"]
_RARE_AS_SURNAMES = _characters("surnames", "rare_as_words")
SURE_SURNAMES = SURNAMES - _RARE_AS_SURNAMES
_COMMON = _characters("names", "common")
_FOREIGN = _characters("names", "foreign")
NEVER_IN_NAMES = _characters("names", "never")
ORDINARY_WORDS = frozenset(_TABLE["names"]["ordinary_words"].split())
_FAMILIAR = _characters("names", "familiar")
LONGEST_FOREIGN = 10
_LONGEST = 4

_LONGEST_EXPLAINING_WORD = 6
_LONGEST_PARTS = 4

SURE = 1.0
LIKELY = 0.8
PERHAPS = 0.7
FAINT = 0.6


def surname(text: str) -> str:
    """Return the family name with which a name begins, or ""."""
    return next((text[:n] for n in (4, 2) if text[:n] in COMPOUND_SURNAMES), "") or (
        text[:1] if text[:1] in SURNAMES else ""
    )


def likelihood(name: str, *, announced: bool) -> float:
    """Return how likely these characters are somebody's name, 0 to 1."""
    foreign = _FOREIGN.issuperset(name)
    if len(name) < 2 or (name in ORDINARY_WORDS and not announced):
        return 0.0
    if _LONGEST < len(name) <= LONGEST_FOREIGN and foreign:
        return LIKELY if announced else FAINT
    if len(name) > _LONGEST or (not foreign and not NEVER_IN_NAMES.isdisjoint(name)):
        return 0.0
    usual = _COMMON.issuperset(name[1:])
    if name in ORDINARY_WORDS:
        return LIKELY if usual and name[0] in SURE_SURNAMES else 0.0
    if name[0] in _FAMILIAR and len(name) <= 3 and (name[1:] in SURNAMES or usual):
        return LIKELY
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return SURE
    if name[0] in SURNAMES and len(name) <= 3:
        return _of_surname(name, usual=usual, announced=announced)
    if len(name) <= 3 and _COMMON.issuperset(name):
        return LIKELY if announced or name[0] == name[-1] else FAINT
    return (LIKELY if announced else FAINT) if foreign else 0.0


def _of_surname(name: str, *, usual: bool, announced: bool) -> float:
    doubtful = (name[:2] in ORDINARY_WORDS and not usual) or name[0] in _RARE_AS_SURNAMES
    if doubtful:
        return PERHAPS if usual and (announced or len(name) == 3) else 0.0
    return SURE if usual or announced else PERHAPS


@dataclass(frozen=True, slots=True)
class Gloss:
    """An explanation of one character; of the family name it is `by_parts`."""

    character: str
    first: int
    end: int
    by_parts: bool = False
    named: bool = True


def joined(said: Utterance, first: int, end: int) -> str:
    """Return these tokens joined, as tables know them."""
    return "".join(token.low for token in said.tokens[first:end])


def glosses_of(said: Utterance) -> Iterator[Gloss]:
    floor = 0
    for at in range(len(said)):
        for length in range(1, _LONGEST_PARTS + 1):
            family = SURNAME_OF_PARTS.get(joined(said, at, at + length))
            end = at + length + (said.at(at + length, "name.of") is not None)
            if family and said.low(end) == family:
                yield Gloss(family, at, end + 1, by_parts=True)
                floor = end + 1
        if (lead := said.at(at, "name.compound")) and (
            family := surname(joined(said, lead.end, lead.end + 2))
        ):
            yield Gloss(family, at, lead.end + len(family), by_parts=True)
        of = said.at(at, "name.of")
        han = of and at > floor and of.end < len(said) and said.tokens[of.end].kind is Kind.HAN
        if of and han and (gloss := _by_word(said, floor, at, of.end)):
            yield gloss
            floor = gloss.end


def _by_word(said: Utterance, floor: int, of: int, place: int) -> Gloss | None:
    """Return the character of 洁白的洁; of 三个石头的磊 too, where the name has it."""
    character = said.low(place)
    end = place + 1
    end += said.at(end, "name.particle") is not None
    begin = of
    while begin > max(floor, of - _LONGEST_EXPLAINING_WORD) and (
        said.tokens[begin - 1].kind is Kind.HAN
    ):
        begin -= 1
    inside = [at for at in range(begin, of) if said.low(at) == character]
    named = bool(inside)
    if inside:
        begin = min(inside[-1], of - 2) if of - 2 >= begin else begin
        if (link := said.before(begin, "lead.is")) and said.low(link.first - 1) == character:
            begin = link.first - 1
    return Gloss(character, begin, end, named=named) if begin < of else None
