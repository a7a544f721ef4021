"""The parts of an address, and how they make one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from voicebot.collect.reading.fields.address_words import Word


class Kind(StrEnum):
    """What a part of an address is, in the order of the line."""

    HOUSE = "house"
    UNIT = "unit"
    BOX = "box"
    NUMBER = "number"
    STREET = "street"
    PLACE = "place"
    STATE = "state"
    POSTCODE = "postcode"
    COUNTRY = "country"


_ORDER = list(Kind)
_STATE_AFTER_PLACE = ("AU", "NZ")
"""Regions that write no comma between suburb and state."""
_JOINED_UNIT = "Lot "


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it is to be written, and the tokens where it was said."""

    kind: Kind
    text: str
    first: int
    end: int


Parts = tuple[Part, ...]
Found = tuple[Part, int]
"""A part, and the place after its last word."""


def found(kind: Kind, text: str, words: Sequence[Word], at: int, end: int) -> Found:
    """Return a part that stands in these words, and where it ends."""
    return Part(kind, text, words[at].first, words[end - 1].end), end


def is_whole(parts: Sequence[Part]) -> bool:
    """Return True for enough to find the door: a street with a number, house or unit; a box."""
    kinds = {part.kind for part in parts}
    located = Kind.STREET in kinds and bool(kinds & {Kind.NUMBER, Kind.HOUSE, Kind.UNIT})
    return located or Kind.BOX in kinds


def merge(held: Sequence[Part], said: Sequence[Part]) -> Parts:
    """Return what was held, with the kinds that are said now in their places."""
    new = {part.kind for part in said}
    kept = [part for part in held if part.kind not in new]
    return tuple(sorted((*said, *kept), key=lambda part: _ORDER.index(part.kind)))


def line(parts: Sequence[Part], region: str) -> str:
    """Return one clean line: "Unit 4, 112 Chapel Street, Windsor NSW 2756"."""
    text = ""
    for before, part in zip((None, *parts), parts, strict=False):
        text += (_joint(before, part, region) if before else "") + part.text
    return text


def _joint(before: Part, part: Part, region: str) -> str:
    pair = before.kind, part.kind
    if pair == (Kind.NUMBER, Kind.STREET):
        return " "
    if part.kind is Kind.POSTCODE and before.kind in (Kind.STATE, Kind.PLACE):
        return " "
    if pair == (Kind.PLACE, Kind.STATE) and region in _STATE_AFTER_PLACE:
        return " "
    lot = before.text.startswith(_JOINED_UNIT) and part.kind is Kind.STREET
    return " " if lot else ", "
