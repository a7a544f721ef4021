"""Names that are spelled out: "12 Smyth Street, that's S M Y T H"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from voicebot.collect.understanding.address.parts import Kind, Part, Parts
from voicebot.collect.understanding.address.words import COUNTRIES, STATE_CODES, Word, title

_SHORTEST = 3
_ALIKE = 55.0
"""How alike (0 to 100) a spelled name and the word it mends must be: they sound the same."""


def without_spelling(words: Sequence[Word]) -> tuple[list[Word], list[str]]:
    """The words without runs of single letters, and the names that those spell."""
    kept: list[Word] = []
    names: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].is_letter:
            end += 1
        name = "".join(w.low for w in words[at:end]) or _hyphened(words[at])
        if _is_name(words, end, name):
            names.append(name)
            at = max(end, at + 1)
        else:
            kept.extend(words[at : max(end, at + 1)])
            at = max(end, at + 1)
    return kept, names


def respelled(parts: Parts, names: Sequence[str]) -> Parts:
    """The parts, with each spelled name in the place of the word that sounds most like it."""
    return tuple(
        replace(part, text=_mended(part, names)) if part.kind in (Kind.STREET, Kind.PLACE) else part
        for part in parts
    )


def _mended(part: Part, names: Sequence[str]) -> str:
    words = part.text.split()
    for name in names:
        scores = [fuzz.ratio(word.lower(), name) for word in words]
        best = max(scores)
        if best >= _ALIKE:
            words[scores.index(best)] = title(name)
    return " ".join(words)


def _hyphened(word: Word) -> str:
    """S-M-Y-T-H, as a recogniser writes a spelled name."""
    letters = word.low.split("-")
    return "".join(letters) if all(len(x) == 1 and x.isalpha() for x in letters) else ""


def _is_name(words: Sequence[Word], end: int, name: str) -> bool:
    """No state or country, and no beginning of a British postcode."""
    if len(name) < _SHORTEST or any(name in codes for codes in STATE_CODES.values()):
        return False
    if (name,) in COUNTRIES or tuple(name) in COUNTRIES:
        return False
    return end >= len(words) or not words[end].is_number
