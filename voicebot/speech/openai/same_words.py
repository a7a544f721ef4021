"""Did the voice say what it was asked to? A transcript held against the text. Pure.

A model that reads aloud may rephrase, answer or leave out. Its transcript writes numbers and
e-mail addresses its own way, so both texts are brought to plain words first; figures must then
be the very same, words nearly.
"""

from __future__ import annotations

import re
from typing import Final

from rapidfuzz import fuzz

_SAME: Final = 95.0
_ALIKE: Final = 90.0
"""Of 100. A beginning that breaks off within a word is less alike than the whole will be."""
_DIGITS: Final = dict(
    zip(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        "0123456789",
        strict=True,
    )
)
_MARKS: Final = {"@": " at ", "_": " underscore ", "+": " plus "}
_INNER_DOT = re.compile(r"(?<=\w)\.(?=\w)")
_WORD = re.compile(r"[a-z]+|\d|[^\W\d_a-z]")


def same_words(wanted: str, said: str) -> bool:
    """Is the whole of it the same?"""
    one, other = _words(wanted), _words(said)
    if _figures(one) != _figures(other) or (one[:1], one[-1:]) != (other[:1], other[-1:]):
        return False
    return fuzz.ratio("".join(one), "".join(other)) >= _SAME


def begins_alike(wanted: str, said: str) -> bool:
    """Is what was said so far the beginning of it, as far as one can tell?"""
    one, other = "".join(_words(wanted)), "".join(_words(said))
    return fuzz.ratio(one[: len(other)], other) >= _ALIKE if other else True


def has_figures(text: str) -> bool:
    """Is there a number in it, or an address: something that must not be wrong by one letter?"""
    return bool(_figures(_words(text))) or "@" in text or (" at " in text and " dot " in text)


def _words(text: str) -> list[str]:
    plain = _INNER_DOT.sub(" dot ", text.casefold()).replace("'", "").replace("\u2019", "")
    for mark, word in _MARKS.items():
        plain = plain.replace(mark, word)
    return [_DIGITS.get(word, word) for word in _WORD.findall(plain)]


def _figures(words: list[str]) -> str:
    return "".join(word for word in words if word.isdigit())
