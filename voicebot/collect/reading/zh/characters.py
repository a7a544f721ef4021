"""The characters of Chinese names: `names.toml`, read once, and how likely a word is a name."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

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
_COMMON = _characters("names", "common")
_FOREIGN = _characters("names", "foreign")
NEVER_IN_NAMES = _characters("names", "never")
ORDINARY_WORDS = frozenset(_TABLE["names"]["ordinary_words"].split())
_FAMILIAR = _characters("names", "familiar")
LONGEST_FOREIGN = 10
_LONGEST = 4

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
        return LIKELY if usual and name[0] in SURNAMES - _RARE_AS_SURNAMES else 0.0
    if name[0] in _FAMILIAR and len(name) <= 3 and (name[1:] in SURNAMES or usual):
        return LIKELY
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return SURE
    if name[0] in SURNAMES and len(name) <= 3:
        return _of_surname(name, usual=usual, announced=announced)
    if len(name) == _LONGEST and {name[0], name[1]} <= SURNAMES and usual:
        return LIKELY
    if len(name) <= 3 and _COMMON.issuperset(name):
        return LIKELY if announced or name[0] == name[-1] else FAINT
    return (LIKELY if announced else FAINT) if foreign else 0.0


def _of_surname(name: str, *, usual: bool, announced: bool) -> float:
    doubtful = (name[:2] in ORDINARY_WORDS and not usual) or name[0] in _RARE_AS_SURNAMES
    if doubtful:
        return PERHAPS if usual and (announced or len(name) == 3) else 0.0
    return SURE if usual or announced else PERHAPS
