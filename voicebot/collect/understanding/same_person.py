"""Does what a caller tells agree with what is stored? Asked before they hear what is stored.

A number can be forged and a given name is soon guessed, so the family names must agree: equal, or
one letter apart, as a recogniser writes them. An initial is not enough. Where in doubt they do not.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.words import is_family, is_given
from voicebot.collect.understanding.zh.characters import surname
from voicebot.names import CHINESE, FEWEST_LETTERS, name_words

_FEWEST_ADDRESS_WORDS = 2
"""A number and "road" alone are half of all addresses."""
_FEWEST_SIGNS = 2  # of a Chinese street
_LONG_WORD = 5  # letters; in a shorter word of an address one letter is too much of it
_PARTS = re.compile(r"\d+|[^\W\d_]+")


def names_agree(spoken: str, stored: str) -> bool:
    """Return whether two names, as the record keeps them, may be the same person's."""
    said, kept = name_words(spoken), name_words(stored)
    if not said or not kept or (said == kept and len(said) == 1 and is_given(said[0])):
        return False
    one, other = said[-1], kept[-1]
    if min(len(one), len(other)) < FEWEST_LETTERS:
        return one == other and len(one) > 1
    if CHINESE.match(one) and one[0] != other[0]:  # the family's sign stands first
        return False
    return Levenshtein.distance(one, other, score_cutoff=1) <= 1


def lacks_family(name: str) -> bool:
    """Return True for one word that is no family name: nobody's booking is found by it."""
    words = name_words(name)
    if len(words) != 1 or not words[0].isascii():
        return False
    return not is_family(words[0])


def is_bare_surname(name: str) -> bool:
    """Return True for a Chinese family name alone, by which nobody is called: 王, 欧阳."""
    return not name.isascii() and surname(name) == name


def joined_name(held: str, told: str) -> str:
    """Return the whole of a name that is told in two turns: "Ann", "Lee"; 王, 小明."""
    if is_bare_surname(held):
        return told if told.startswith(held) else held + told
    return " ".join(dict.fromkeys((held, told)))


def addresses_agree(spoken: str, stored: str) -> bool:
    """Return whether two addresses are one: the shorter says nothing that the longer does not.

    Its numbers are equal and the first of both is, its words too but for one letter in a long one.
    A number and a street are the least.
    """
    said, kept = _address_parts(spoken), _address_parts(stored)
    if not all(figures and _names_a_street(words) for figures, words in (said, kept)):
        return False
    (figures, words), (more_figures, more_words) = sorted(
        (said, kept), key=lambda parts: sum(map(len, parts[1]))
    )
    return (
        figures[0] == more_figures[0]
        and set(figures) <= set(more_figures)
        and all(any(_is_word(word, other) for other in more_words) for word in words)
    )


def _address_parts(address: str) -> tuple[list[str], list[str]]:
    """Return the numbers of an address and its words, without case and accents."""
    plain = unicodedata.normalize("NFKD", address.casefold())
    parts = _PARTS.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))
    return [p for p in parts if p[0].isdigit()], [p for p in parts if not p[0].isdigit()]


def _names_a_street(words: list[str]) -> bool:
    chinese = max((len(word) for word in words if CHINESE.fullmatch(word)), default=0)
    return chinese >= _FEWEST_SIGNS or len(words) >= _FEWEST_ADDRESS_WORDS


def _is_word(word: str, other: str) -> bool:
    if word == other or (CHINESE.match(other) is not None and word in other):
        return True
    both_long = min(len(word), len(other)) >= _LONG_WORD
    return both_long and Levenshtein.distance(word, other, score_cutoff=1) <= 1
