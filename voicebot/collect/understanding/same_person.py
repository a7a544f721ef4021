"""Does a spoken name agree with a stored one? Asked before a caller hears what is stored.

A number can be forged and a given name is soon guessed, so the family names must agree: equal, or
one letter apart, as a recogniser writes them. An initial is not enough. Where in doubt they do not.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.words import is_given

_FEWEST_LETTERS = 3
"""In a shorter name one letter is too much of it: "Wu" is not "Hu"."""
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]{2,}")


def names_agree(spoken: str, stored: str) -> bool:
    """Return whether two names, as the record keeps them, may be the same person's."""
    said, kept = _words(spoken), _words(stored)
    if not said or not kept or (said == kept and len(said) == 1 and is_given(said[0])):
        return False
    one, other = said[-1], kept[-1]
    if min(len(one), len(other)) < _FEWEST_LETTERS:
        return one == other and len(one) > 1
    if _CHINESE.match(one) and one[0] != other[0]:  # the family's sign stands first
        return False
    return Levenshtein.distance(one, other, score_cutoff=1) <= 1


def _words(name: str) -> list[str]:
    """The words of a name without case, accents and signs, the family name last; a Chinese name
    is one word, as too many people share a family name."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if letter.isalpha() or letter in " -")
    words = [word for word in plain.replace("-", " ").split() if word not in _SUFFIXES]
    whole = "".join(words)
    return [whole] if _CHINESE.fullmatch(whole) else words
