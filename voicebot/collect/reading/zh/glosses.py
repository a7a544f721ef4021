"""Read phrases that tell a character: 弓长张, 复姓欧阳, 洁白的洁, 三个石头的磊."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.collect.reading.text import Kind
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.characters import SURNAME_OF_PARTS, surname

_LONGEST_EXPLAINING_WORD = 6
_LONGEST_PARTS = 4


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
