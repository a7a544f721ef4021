"""Tell everyday English words, given names, family names and unknown words apart.

A bare "palm" or "cancel" is no answer to "what's your name?"; an unknown word may well be one.
The lists and where they come from stand in `words.json` and `names.json`.
"""

from __future__ import annotations

from importlib.resources import files

import orjson

_SHORTEST_STEM = 3
_ENDINGS = (
    ("s", ("",)),
    ("es", ("", "e")),
    ("ies", ("y",)),
    ("ed", ("", "e")),
    ("ied", ("y",)),
    ("ing", ("", "e")),
    ("ly", ("",)),
    ("er", ("", "e")),
    ("ers", ("", "e")),
)
"""Regular endings that `words.json` leaves out, and what may stand in their place."""


def _read(name: str, key: str) -> list[str]:
    lines: list[str] = orjson.loads(files(__package__).joinpath(name).read_bytes())[key]
    return " ".join(lines).split()


FUNCTION_WORDS = frozenset(_read("words.json", "function"))
"""Words that no name contains."""
_EVERYDAY = frozenset(_read("words.json", "everyday"))
_GIVEN = frozenset(_read("names.json", "given"))
_FAMILY = {name: rank for rank, name in enumerate(_read("names.json", "family"))}
_COMMONEST = 150
"""So many family names are names even where they stand alone ("Smith", "Brown")."""


def is_given(word: str) -> bool:
    """A given name that is known, in lower case."""
    return word in _GIVEN


def is_family(word: str) -> bool:
    """A family name that is known; many are everyday words too ("long", "brown")."""
    return word in _FAMILY


def is_common_family(word: str) -> bool:
    """One of the commonest family names, which a single word may well be."""
    return _FAMILY.get(word, _COMMONEST) < _COMMONEST


def is_everyday(word: str) -> bool:
    """An everyday word or one of its regular forms, and no given name."""
    if word in _GIVEN:
        return False
    if word in _EVERYDAY or word in FUNCTION_WORDS or _stems(word):
        return True
    stem = word.removeprefix("un")
    return stem != word and len(stem) > _SHORTEST_STEM and (stem in _EVERYDAY or bool(_stems(stem)))


def _stems(word: str) -> list[str]:
    """The everyday words that this one is a form of."""
    found: list[str] = []
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _SHORTEST_STEM:
            continue
        forms = [stem + letters for letters in instead]
        if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
            forms.append(stem[:-1])
        found += [form for form in forms if form in _EVERYDAY]
    return found
