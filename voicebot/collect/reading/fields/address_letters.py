"""Names that are spelled out inside an address: "12 Smyth Street, that's S M Y T H"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from voicebot.collect.reading.fields.address_parts import Kind, Part, Parts
from voicebot.collect.reading.fields.address_words import (
    COUNTRIES,
    STATE_CODES,
    STREET_TYPES,
    Word,
    low,
    title,
)
from voicebot.collect.reading.utterance import Utterance

_SHORTEST = 3
_ALIKE = 55.0
"""How alike (0 to 100) a spelled name and the word it mends must be: they sound the same."""
_SAME = 80.0


def without_spelling(said: Utterance, words: Sequence[Word]) -> tuple[list[Word], list[str]]:
    """Return the words without runs of single letters, and the names that those spell."""
    kept: list[Word] = []
    names: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].is_letter:
            end += 1
        name = "".join(word.low for word in words[at:end]) or _hyphened(words[at])
        behind = max(end, at + 1)
        said_too = bool(kept) and _alike(kept[-1].low, name)
        if _is_name(words, end, name) and low(words, behind) in STREET_TYPES and not said_too:
            kept.append(replace(words[at], text=name, low=name, end=words[behind - 1].end))
            names.append(name)  # "12 B A T T L E Street"
        elif _is_name(words, end, name):
            names.append(name)
            if said_too and _alike(low(words, behind), name):
                kept.pop()  # "six Schuyler, S C H U Y L E R, Schuyler Court"
        else:
            kept.extend(words[at:behind])
        at = behind
    return kept, names


def respelled(parts: Parts, names: Sequence[str]) -> Parts:
    """Return the parts, each spelled name in the place of the word that sounds most like it."""
    named = (Kind.STREET, Kind.PLACE, Kind.HOUSE)
    return tuple(
        replace(part, text=_mended(part, names)) if part.kind in named else part for part in parts
    )


def _mended(part: Part, names: Sequence[str]) -> str:
    words = part.text.split()
    for name in names:
        scores = [fuzz.ratio(word.lower(), name) for word in words]
        if max(scores) >= _ALIKE:
            words[scores.index(max(scores))] = title(name)
    return " ".join(words)


def _alike(word: str, name: str) -> bool:
    return fuzz.ratio(word, name) >= _SAME


def _hyphened(word: Word) -> str:
    """Return the name of S-M-Y-T-H, as a recogniser writes it."""
    letters = word.low.split("-")
    return "".join(letters) if all(len(x) == 1 and x.isalpha() for x in letters) else ""


def _is_name(words: Sequence[Word], end: int, name: str) -> bool:
    """Return False for a state or country, and the beginning of a British postcode."""
    if len(name) < _SHORTEST or any(name in codes for codes in STATE_CODES.values()):
        return False
    if (name,) in COUNTRIES or tuple(name) in COUNTRIES:
        return False
    return end >= len(words) or not words[end].is_number
