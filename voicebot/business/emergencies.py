"""Emergencies: whether a text tells of one, and what is said where the business says nothing.

The built-in ones stand in `emergencies.toml`, by language; the numbers to ring, by region.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from voicebot.business.words import LONGEST, is_within, stem, words_of

_CLAUSE_END: Final = re.compile(r"[.,;:!?…，。、；！？]+")
_OTHERS: Final = 3
"""Other words for which `...` stands at most."""
_DENIAL_REACH: Final = 3
"""Words between a denial and what it denies: "it is not really a big emergency"."""
_GAP: Final = "..."

Phrase = tuple[tuple[str, ...], ...]
"""Rows of stems, with other words between the rows."""


def speaks_of(text: str, phrases: Iterable[str], language: str) -> bool:
    """Return whether a text tells of what the phrases say, and that it is so now.

    Words match as words. What is denied ("no smell of gas"), asked about in general ("do you fix
    gas leaks"), over ("last year"), or part of another thing ("smoke alarm") does not count.
    """
    about, text = _about(language), text[:LONGEST]
    said = _stems(text)
    known = frozenset(said)
    wanted = [_phrase(phrase) for phrase in phrases if _words_in(phrase) <= known]
    if not wanted:  # nearly every text: the search below takes a hundred times as long
        return False
    still = _has(said, about["still"])
    if _has(said, about["over"]) and not still:
        return False
    return any(
        not _is_cancelled(clause, first, end, about)
        for clause in _clauses(text)
        if still or not _has(clause, about["habit"])
        for phrase in wanted
        for first, end in _places(phrase, clause)
    )


def is_now(text: str, first: int, end: int, language: str) -> bool:
    """Return whether what a text tells from `first` to `end` is so now.

    It is not where it is over, comes and goes ("when it rains"), is asked about in general, or is
    part of another thing.
    """
    about, said = _about(language), _stems(text)
    before = _stems(_CLAUSE_END.split(text[:first])[-1])
    behind = _stems(_CLAUSE_END.split(text[end:])[0])
    told = (*before, *_stems(text[first:end]))
    past = _has(said, about["over"]) or _has((*told, *behind), about["habit"])
    if past and not _has(said, about["still"]):
        return False
    return not _is_cancelled((*told, *behind), len(before), len(told), about)


def _has(said: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bool:
    return any(is_within(row, said) for row in rows)


def _is_cancelled(
    said: Sequence[str], first: int, end: int, about: dict[str, tuple[tuple[str, ...], ...]]
) -> bool:
    before = said[:first]
    for row in about["no_denial"]:  # "I don't know", "I'm not sure" deny nothing
        before = _without(before, row)
    behind = about["behind"] + about["denial_behind"]
    return (
        any(is_within(row, before[-(_DENIAL_REACH + len(row)) :]) for row in about["denial"])
        or any(is_within(row, said[:end]) for row in about["general"])
        or any(tuple(said[end : end + len(row)]) == row for row in behind)
    )


def _without(said: Sequence[str], row: tuple[str, ...]) -> Sequence[str]:
    for at in range(len(said) - len(row), -1, -1):
        if tuple(said[at : at + len(row)]) == row:
            return said[at + len(row) :]
    return said


def _places(phrase: Phrase, said: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where the phrase stands in a clause, as its first index and the one behind it."""
    for first in range(len(said)):
        end = _end(phrase, said, first, others=0)
        if end is not None:
            yield first, end


def _end(phrase: Phrase, said: Sequence[str], at: int, others: int) -> int | None:
    if not phrase:
        return at
    row, *rest = phrase
    for first in range(at, at + others + 1):
        if tuple(said[first : first + len(row)]) == row:
            end = _end(tuple(rest), said, first + len(row), _OTHERS)
            if end is not None:
                return end
    return None


@lru_cache(maxsize=1024)
def _phrase(text: str) -> Phrase:
    rows = (_stems(part) for part in _dotted(text).split(_GAP))
    return tuple(row for row in rows if row)


@lru_cache(maxsize=1024)
def _words_in(phrase: str) -> frozenset[str]:
    """Return the stems without which a text cannot hold the phrase."""
    return frozenset(word for row in _phrase(phrase) for word in row)


def _dotted(text: str) -> str:
    return text.replace("…", _GAP)


def _clauses(text: str) -> list[tuple[str, ...]]:
    return [_stems(clause) for clause in _CLAUSE_END.split(text) if clause.strip()]


@lru_cache(maxsize=64)  # each emergency of a business looks at the same text
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(text))


def built_in(region: str, language: str) -> list[dict[str, Any]]:
    """Return the emergencies for a region and language, as a `business.toml` would hold them.

    A region whose numbers are not known gets sentences that name none.
    """
    words, numbers = _built_in()[language], _built_in()["numbers"].get(region, {})
    found = []
    for emergency in words["emergency"]:
        kind = emergency.get("rings")
        number = numbers.get(kind, numbers.get("other", "")) if kind else ""
        rung = number or words["services"]
        say = emergency["say"].replace("{number}", rung)
        found.append({"words": emergency["words"], "say": say, "number": number})
    return found


@lru_cache(maxsize=1)
def _built_in() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("emergencies.toml").read_text("utf-8"))


@lru_cache(maxsize=8)
def _about(language: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the rows of stems that take an emergency back, by what they say of it."""
    return {
        name: tuple(_stems(row) for row in rows)
        for name, rows in _built_in()[language]["about"].items()
    }
