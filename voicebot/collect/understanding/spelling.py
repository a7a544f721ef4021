"""Names that are spelled: "S M Y T H", "sierra mike yankee", "Smyth with a y"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.common import is_everyday, is_family, is_given
from voicebot.collect.understanding.lexicon import FILLERS, NATO
from voicebot.collect.understanding.tokens import Token, word_set

_FEWEST_LETTERS = 3
_FRAGMENT_LETTERS = 5
"""A recogniser that hears letters now and then writes a few of them as one word."""
_INSIDE = word_set("- . ,")
_AMID = _INSIDE | FILLERS | {"apostrophe"}
_BEFORE = word_set(
    "yes yeah sure okay ok so well it's its it is that's thats spelled spelt spelling name my "
    "letters the as and then"
)
_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Spelled:
    """A name out of letters and the tokens it was read from."""

    name: str
    first: int
    end: int


def spelled(said: Sequence[Token]) -> Spelled | None:
    """An utterance that is nothing but a spelled name, but for what leads up to it."""
    start = 0
    while start < len(said) and (said[start].low in _BEFORE | FILLERS | _INSIDE):
        start += 1
    kept = [at for at in range(start, len(said)) if said[at].low not in FILLERS | _INSIDE]
    if not kept:
        return None
    nato = [NATO.get(said[at].low) or _single(said[at]) for at in kept]
    words = sum(said[at].low in NATO for at in kept)
    if words >= _FEWEST_LETTERS and all(nato):
        return Spelled(parted("".join(map(str, nato))), kept[0], kept[-1] + 1)
    parts = [said[at] for at in kept]
    if is_given(parts[0].low) and all(token.is_letter for token in parts[1:]):
        return None
    singles = sum(token.is_letter for token in parts)
    short = all(token.is_word and len(token.low) <= _FRAGMENT_LETTERS for token in parts)
    if not short or singles < _FEWEST_LETTERS or singles * 2 < len(parts):
        return _capitals(said, kept)
    return Spelled(parted("".join(token.low for token in parts)), kept[0], kept[-1] + 1)


def _single(token: Token) -> str | None:
    return token.low if token.is_letter else None


def _capitals(said: Sequence[Token], kept: Sequence[int]) -> Spelled | None:
    """ "PR-IYA", "W-U": capitals joined by hyphens are letters."""
    parts = [said[at] for at in kept]
    hyphens = any(said[at].low == "-" for at in range(kept[0], kept[-1]))
    if not hyphens or not all(token.text.isupper() and token.is_word for token in parts):
        return None
    letters = "".join(token.low for token in parts)
    return Spelled(parted(letters), kept[0], kept[-1] + 1) if len(letters) > 1 else None


def parted(letters: str) -> str:
    """First and last name out of one run of letters, where the lists of names tell them apart."""
    if is_given(letters):
        return _capital(letters)
    cuts = [at for at in range(_SHORTEST_NAME, len(letters) - 1) if is_given(letters[:at])]
    both = [at for at in cuts if is_family(letters[at:])]
    cut = max(both or cuts, default=0)
    if not cut:
        return _capital(letters)
    return f"{letters[:cut].capitalize()} {letters[cut:].capitalize()}"


def heard_as(said: Sequence[Token], at: int, name: str) -> str:
    """ "Smith, that's S M Y T H": the letters win over the word that sounds like them."""
    while at < len(said) and not _begins_letters(said, at):
        at += 1
    lead = said[at - 1].low if 0 < at <= len(said) else ""
    if lead == "with":
        return name
    letters: list[str] = []
    while at < len(said) and (_letters(said[at]) or said[at].low in _AMID):
        letters += ["'" if said[at].low == "apostrophe" else _letters(said[at])]
        at += 1
    text = "".join(letters)
    if len(text) < _FEWEST_LETTERS:
        return name
    if lead in ("and", "an", "en") and name.lower().split(" ")[-1].startswith("n"):
        text = "n" + text
    return _replaced(name, text)


def _begins_letters(said: Sequence[Token], at: int) -> bool:
    """Two letters in a row, or capitals that a hyphen joins."""
    if not _letters(said[at]):
        return False
    following = at + 1
    while following < len(said) and said[following].low in _AMID:
        following += 1
    return following < len(said) and bool(_letters(said[following]))


def _letters(token: Token) -> str:
    """The letters that a token stands for; empty when it is a word."""
    if not token.is_word:
        return ""
    if token.is_letter:
        return token.low
    if token.text.isupper() and len(token.low) < _FRAGMENT_LETTERS:
        return token.low
    return ""


def hinted(said: Sequence[Token], at: int, name: str) -> str:
    """ "with a y", "with a P H": letters that tell two spellings apart."""
    lows = [token.low for token in said[at:]]
    if "with" not in lows:
        return name
    after = lows[lows.index("with") + 1 :]
    after = after[: after.index("not")] if "not" in after else after
    hint = [low for low in after[:4] if len(low) <= 2 and low.isalpha() and low != "an"]
    if len(hint) > 1 and hint[0] == "a":
        hint = hint[1:]
    letters = "".join(low for low in hint if low not in ("at", "no"))
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
    "e": ("i", "y"),
}


def _with(name: str, letters: str) -> str:
    for alike in _ALIKE.get(letters, ()):
        at = name.lower().rfind(alike)
        if at >= 0:
            new = name[:at] + letters + name[at + len(alike) :]
            return new[:1].upper() + new[1:]
    return name


def refined(name: str, held: str, said: Sequence[Token]) -> str:
    """One word given anew for a name of several that is held: only the word it mends changes."""
    words = held.split(" ")
    if len(words) < 2 or " " in name or not name:
        return name
    lows = {token.low for token in said}
    if "surname" in lows or ("last" in lows and "name" in lows):
        return " ".join([*words[:-1], name])
    if "first" in lows and "name" in lows:
        return " ".join([name, *words[1:]])
    at = _nearest(words, name.lower())
    if _alike(words[at].lower(), name.lower()):
        return " ".join([*words[:at], name, *words[at + 1 :]])
    return name


def _replaced(name: str, letters: str) -> str:
    words = name.split(" ")
    if _distance("".join(words).lower(), letters) < min(
        _distance(w.lower(), letters) for w in words
    ):
        return parted(letters) if "".join(words).lower() != letters else name
    at = _nearest(words, letters)
    if _alike(words[at].lower(), letters):
        words[at] = _capital(letters)
        return " ".join(words)
    if _sound(words[-1].lower()) == _sound(letters):
        return " ".join([*words[:-1], _capital(letters)])
    if len(words) == 1 and not is_everyday(letters):
        return f"{name} {_capital(letters)}"
    return name


def _capital(letters: str) -> str:
    return "'".join(part.capitalize() for part in letters.split("'"))


def _nearest(words: Sequence[str], letters: str) -> int:
    return min(range(len(words)), key=lambda at: _distance(words[at].lower(), letters))


def _alike(one: str, other: str) -> bool:
    return _distance(one, other) * 2 <= max(len(one), len(other)) and _sound(one) == _sound(other)


def _distance(one: str, other: str) -> int:
    return Levenshtein.distance(one, other)


def _sound(word: str) -> str:
    """A rough class of the first sound: Katherine and Catherine, Jeff and Geoff agree."""
    first = word[:1]
    if word.startswith("ph"):
        return "f"
    return {"c": "k", "q": "k", "g": "j", "z": "s", "y": "i"}.get(first, first)
