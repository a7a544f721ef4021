"""Names that are spelled: "S M Y T H", "sierra mike yankee", "Smyth with a y"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.lexicon import FILLERS, NATO
from voicebot.collect.understanding.tokens import Token, word_set

_FEWEST_LETTERS = 3
_FRAGMENT_LETTERS = 5
"""A recogniser that hears letters now and then writes a few of them as one word."""
_INSIDE = word_set("- . , and then")
_ANNOUNCES = word_set("that's thats spelled spelt spelling it's its is as")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A name out of letters and the tokens it was read from."""

    name: str
    first: int
    end: int


def spelled(said: Sequence[Token]) -> Spelled | None:
    """A whole utterance that is nothing but a spelled name."""
    kept = [at for at, token in enumerate(said) if token.low not in FILLERS | _INSIDE]
    if not kept:
        return None
    nato = [NATO.get(said[at].low) for at in kept]
    if len(kept) >= _FEWEST_LETTERS and all(nato):
        return Spelled("".join(map(str, nato)).capitalize(), kept[0], kept[-1] + 1)
    parts = [said[at] for at in kept]
    singles = sum(token.is_letter for token in parts)
    short = all(token.is_word and len(token.low) <= _FRAGMENT_LETTERS for token in parts)
    if not short or singles < _FEWEST_LETTERS or singles * 2 < len(parts):
        return None
    return Spelled("".join(token.low for token in parts).capitalize(), kept[0], kept[-1] + 1)


def heard_as(said: Sequence[Token], at: int, name: str) -> str:
    """ "Smith, that's S M Y T H": the letters win over the word that sounds like them."""
    while at < len(said) and not said[at].is_letter:
        at += 1
    letters: list[str] = []
    while at < len(said) and (said[at].is_letter or said[at].low in _INSIDE):
        letters += [said[at].low] if said[at].is_letter else []
        at += 1
    if len(letters) < _FEWEST_LETTERS:
        return name
    return _replaced(name, "".join(letters))


def hinted(said: Sequence[Token], at: int, name: str) -> str:
    """ "with a y", "with a P H": letters that tell two spellings apart."""
    lows = [token.low for token in said[at : at + 8]]
    if "with" not in lows:
        return name
    hint = [low for low in lows[lows.index("with") + 1 :] if len(low) == 1 and low.isalpha()]
    if len(hint) > 1 and hint[0] == "a":
        hint = hint[1:]
    letters = "".join(hint)
    if not letters or letters in name.lower():
        return name
    return _with(name, letters)


_ALIKE: dict[str, tuple[str, ...]] = {
    "y": ("i", "ie", "e"),
    "i": ("y", "ee", "e"),
    "ie": ("y", "ey", "i"),
    "ph": ("v", "f"),
    "v": ("ph",),
    "f": ("ph",),
    "k": ("ch", "c"),
    "c": ("k",),
    "ch": ("k",),
    "g": ("j",),
    "j": ("g",),
    "z": ("s",),
    "s": ("z",),
}


def _with(name: str, letters: str) -> str:
    for alike in _ALIKE.get(letters, ()):
        at = name.lower().rfind(alike)
        if at >= 0:
            new = name[:at] + letters + name[at + len(alike) :]
            return new[:1].upper() + new[1:]
    return name


def _replaced(name: str, letters: str) -> str:
    words = name.split(" ")
    closest = min(range(len(words)), key=lambda i: Levenshtein.distance(words[i].lower(), letters))
    whole = Levenshtein.distance("".join(words).lower(), letters)
    nearest = Levenshtein.distance(words[closest].lower(), letters)
    if whole < nearest:
        return name if whole == 0 else letters.capitalize()
    if nearest * 2 <= len(letters):
        words[closest] = letters.capitalize()
        return " ".join(words)
    return f"{name} {letters.capitalize()}"
