"""What the caller can have said, told from the words alone.

A model that makes something up, or is talked into it, names letters and digits that nobody said.
These checks know no meaning; they only ask whether a value could be spelled from the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from voicebot.collect.understanding.numbers import group_at
from voicebot.collect.understanding.tokens import Token, plain, tokens

_ALIKE: Final = 80.0
"""Of 100: "paramatta" for "Parramatta", not "Melbourne" for "Sydney"."""
_SHORTEST_MISHEARD: Final = 4
"""A word of less letters is too soon like another."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An utterance, with the piece that was said before, in several readings.

    digits    every digit, number words read as digits
    written   letters and digits without anything between, as the recogniser wrote them
    figured   the same with number words read as digits
    initials  the first letter of every word: "sierra mike" spells "sm"
    """

    words: tuple[str, ...]
    digits: str
    written: str
    figured: str
    initials: str

    def has_digits(self, digits: str) -> bool:
        """Were they said, one after the other?"""
        return bool(digits) and digits in self.digits

    def has_chunk(self, chunk: str) -> bool:
        """Can this run of letters and digits have been said, spelled or named?"""
        low = chunk.casefold()
        readings = (self.written, self.figured, self.initials)
        return any(low in reading for reading in readings) or self._sounds_like(low)

    def has_word(self, word: str) -> bool:
        """Was this word said, or one that a recogniser may have made of it?"""
        low = _bare(word.casefold())
        if low.isdecimal():
            return self.has_digits(low)
        spelled = len(low) > 1 and (low in self.initials or low in self._letters())
        unspaced = not low.isascii() and low in self.written
        return low in self.words or spelled or unspaced or self._sounds_like(low)

    def _letters(self) -> str:
        return "".join(word for word in self.words if len(word) == 1)

    def _sounds_like(self, low: str) -> bool:
        if len(low) < _SHORTEST_MISHEARD or not low.isalpha():
            return False
        return any(fuzz.ratio(low, word) >= _ALIKE for word in self.words)


def evidence(utterance: str, before: str | None) -> Evidence:
    """Read an utterance; `before` is what it goes on from."""
    said = tokens(plain(f"{before or ''} {utterance}"))
    words = tuple(_bare(token.low) for token in said if token.is_word or token.is_number)
    parts = tuple(_figures(said))
    return Evidence(
        words=words,
        digits="".join(part for part in parts if part.isdecimal()),
        written="".join(words),
        figured="".join(_bare(part) for part in parts),
        initials="".join(word[0] for word in words),
    )


def _bare(word: str) -> str:
    """ "O'Brien" may be written "OBrien"."""
    return word.replace("'", "").replace("\u2019", "")


def _figures(said: list[Token]) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(said):
        group = group_at(said, at)
        if group is not None:
            parts.append(group.digits)
            at = group.end
            continue
        if said[at].is_word or said[at].is_number:
            parts.append(said[at].low)
        at += 1
    return parts
