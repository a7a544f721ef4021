"""Words of a text and how alike they are, in the languages of a business."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, cast

from rapidfuzz import fuzz

LONGEST: Final = 1000
"""Characters of a text that are looked at, so that a hostile one costs no more."""
_WORD: Final = re.compile(r"[\u4e00-\u9fff]|[^\W_]+")
_APOSTROPHES: Final = str.maketrans("", "", "'’‘`´")
_SHORTEST_STEM: Final = 3
LONG: Final = 5
"""Letters of a word from which on a misspelling is forgiven."""
_ALIKE: Final = 83.0
"""Of 100: two long words as similar as this are taken for one (licence, license)."""
_ENDINGS: Final = ("ment", "ing", "ed", "es", "s", "e")


def words_of(text: str) -> list[str]:
    """Return the words in small letters, without accents and apostrophes; of Chinese each sign."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_APOSTROPHES))
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a word without its usual endings: `flooding`, `flooded` and `floods` are one."""
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    for ending in _ENDINGS:
        kept = word.removesuffix(ending)
        if kept != word and len(kept) >= _SHORTEST_STEM and not kept.endswith("s"):
            doubled = ending in ("ing", "ed") and kept[-1] == kept[-2] and kept[-1] not in "aeiols"
            return stem(kept[:-1] if doubled else kept)
    return word


def are_alike(one: str, other: str) -> bool:
    """Return whether two stems are the same word, but perhaps for a letter of a long one."""
    return one == other or (
        min(len(one), len(other)) >= LONG
        and one[0] == other[0]
        and fuzz.ratio(one, other) >= _ALIKE
    )


def has_one_of(words: Sequence[str], text: str) -> bool:
    """Return whether a text holds one of these words, in any of its forms."""
    known = [stem(word) for word in words_of(text)]
    return any(w in text or any(are_alike(stem(w), each) for each in known) for w in words)


def is_within(words: Sequence[str], said: Sequence[str]) -> bool:
    """Return whether `words` stand in `said`, side by side and in their order."""
    size = len(words)
    starts = range(len(said) - size + 1)
    return size > 0 and any(list(said[at : at + size]) == list(words) for at in starts)


@lru_cache(maxsize=8)
def table(language: str) -> dict[str, frozenset[str]]:
    """Return the kinds of words that a language has in `words.toml`, by kind."""
    text = files(__package__).joinpath("words.toml").read_text("utf-8")
    kinds = cast(dict[str, dict[str, str]], tomllib.loads(text))[language]
    return {
        kind: frozenset("".join(words_of(word)) for word in said.split())
        for kind, said in kinds.items()
    }
