"""The parts of an address, and how they make one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a piece of an address is."""

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


@dataclass(frozen=True, slots=True)
class Part:
    """One piece as it is to be written, and where it was said."""

    kind: Kind
    text: str
    start: int
    end: int


Parts = tuple[Part, ...]


def is_whole(parts: Sequence[Part]) -> bool:
    """Is there enough to find the door: a street with its number, a house's name, a box?"""
    kinds = {p.kind for p in parts}
    located = Kind.STREET in kinds and bool(kinds & {Kind.NUMBER, Kind.HOUSE, Kind.UNIT})
    return located or Kind.BOX in kinds


def merge(held: Sequence[Part], said: Sequence[Part]) -> Parts:
    """What was held, with the kinds that were said now put in their places."""
    new = {p.kind for p in said}
    merged = list(said)
    for part in held:
        if part.kind not in new:
            merged.append(part)
    return tuple(sorted(merged, key=lambda p: _ORDER.index(p.kind)))


def line(parts: Sequence[Part], region: str) -> str:
    """One clean line: "Unit 4, 112 Chapel Street, Windsor NSW 2756"."""
    text = ""
    before: Part | None = None
    for part in parts:
        text += (_joint(before, part, region) if before else "") + part.text
        before = part
    return text


def _joint(before: Part, part: Part, region: str) -> str:
    if before.kind is Kind.NUMBER and part.kind is Kind.STREET:
        return " "
    if part.kind is Kind.POSTCODE and before.kind in (Kind.STATE, Kind.PLACE):
        return " "
    if part.kind is Kind.STATE and before.kind is Kind.PLACE and region in ("AU", "NZ"):
        return " "
    if before.text.startswith("Lot ") and part.kind is Kind.STREET:
        return " "
    return ", "
