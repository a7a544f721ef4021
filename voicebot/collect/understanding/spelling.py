"""Names that are spelled: "S M Y T H", "sierra mike yankee", "Smyth with a y"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.common import is_everyday, is_family, is_given
from voicebot.collect.understanding.lexicon import FILLERS, LETTER_NAMES, LETTER_SOUNDS, NATO
from voicebot.collect.understanding.pieces import letter_at
from voicebot.collect.understanding.tokens import Token, word_set

_FEWEST_LETTERS = 3
_FRAGMENT_LETTERS = 5
"""A recogniser that hears letters now and then writes a few of them as one word."""
_NATO_SLIPS = 2
"""So many letters may differ when a recogniser mishears a word of the spelling alphabet."""
_INSIDE = word_set("- . ,")
_AMID = _INSIDE | FILLERS | {"apostrophe"}
_BEFORE = word_set(
    "yes yeah sure okay ok so well it's its it is that's thats spelled spelt spelling spell name "
    "my letters the as and then"
)
_NEVER = word_set(
    "name first last the and for with not you that this have but can your please no yes it's its "
    "i'm that's is my yeah nope sorry wait what who"
)
"""No fragments of a spelled name, short as they are."""
_RESPELLS = word_set("spelled spelt spell spelling")
_SHORTEST_SOUND = 3
"""A shorter word ("en", "be") is rather a fragment of the name than the sound of a letter."""
_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Spelled:
    """A name out of letters and the tokens it was read from."""

    name: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Letters that stand together; `single` when they were said as letters."""

    letters: str
    single: bool
    token: Token


def spelled(said: Sequence[Token]) -> Spelled | None:
    """An utterance that is nothing but a spelled name, but for what leads up to it."""
    start = 0
    while start < len(said) and said[start].low in _BEFORE | FILLERS | _INSIDE:
        start += 1
    kept = [at for at in range(start, len(said)) if said[at].low not in FILLERS | _INSIDE]
    if not kept:
        return None
    letters = (
        _alphabet([said[at] for at in kept])
        or _letters_and_fragments(said, start)
        or _capitals([said[at] for at in kept], said[kept[0] : kept[-1]])
    )
    return Spelled(parted(letters), kept[0], kept[-1] + 1) if letters else None


def _alphabet(parts: Sequence[Token]) -> str:
    """The words of a spelling alphabet; one of them may have been misheard."""
    if sum(token.low in NATO or token.low == "ray" for token in parts) < _FEWEST_LETTERS:
        return ""
    letters = ""
    for at, token in enumerate(parts):
        if token.low == "ray" and at and parts[at - 1].low == "x":
            continue
        letter = NATO.get(token.low) or (token.low if token.is_letter else _misheard(token.low))
        if not letter:
            return ""
        letters += letter
    return letters


def _misheard(word: str) -> str:
    near = [known for known in NATO if Levenshtein.distance(known, word) <= _NATO_SLIPS]
    return NATO[near[0]] if len({known[0] for known in near}) == 1 else ""


def _letters_and_fragments(said: Sequence[Token], start: int) -> str:
    """ "j a ck s on": letters, some of which a recogniser wrote together."""
    parts = _parts(said, start)
    if not parts or _is_name_then_letters(parts):
        return ""
    singles = sum(part.single for part in parts)
    fragments = [part for part in parts if not part.single]
    if any(len(p.letters) > _FRAGMENT_LETTERS or p.letters in _NEVER for p in fragments):
        return ""
    echo = "".join(part.letters for part in parts[1:])
    if len(fragments) == 1 and echo == parts[0].letters:
        return echo
    strange = sum(not is_everyday(part.letters) for part in fragments)
    spelled_out = singles >= _FEWEST_LETTERS and singles * 2 >= len(parts)
    broken_up = singles >= 1 and len(parts) > _FEWEST_LETTERS and strange * 2 > len(fragments)
    if not spelled_out and not broken_up:
        return ""
    return "".join(part.letters for part in parts)


def _is_name_then_letters(parts: Sequence[_Part]) -> bool:
    """ "Otto Brandt, B R A N D T": known names, and then letters only."""
    words = [part.letters for part in parts if not part.single]
    ahead = all(not part.single for part in parts[: len(words)])
    if not words or not ahead:
        return False
    echo = "".join(part.letters for part in parts[len(words) :])
    known = all(is_given(word) or is_family(word) for word in words)
    return known or (is_given(words[0]) and _alike(words[-1], echo))


def _parts(said: Sequence[Token], at: int) -> list[_Part]:
    """Letters and fragments from here on; empty when something else is among them."""
    parts: list[_Part] = []
    while at < len(said):
        token = said[at]
        if token.low in _INSIDE or token.low in FILLERS:
            at += 1
            continue
        if letter := letter_at(said, at):
            parts.append(_Part(letter.text, True, token))
            at = letter.end
            continue
        if not token.is_word:
            return []
        parts.append(_Part(token.low, token.is_letter, token))
        at += 1
    return [_sounded(parts, at) for at in range(len(parts))]


def _sounded(parts: Sequence[_Part], at: int) -> _Part:
    """ "are o b e r t": a word that sounds like a letter, next to letters, is that letter."""
    part = parts[at]
    letter = LETTER_SOUNDS.get(part.letters) or LETTER_NAMES.get(part.letters)
    if len(part.letters) < _SHORTEST_SOUND:
        return part
    near = [other.single for other in (*parts[max(0, at - 1) : at], *parts[at + 1 : at + 2])]
    return _Part(letter, True, part.token) if letter and near and all(near) else part


def _capitals(parts: Sequence[Token], between: Sequence[Token]) -> str:
    """ "PR-IYA", "W-U": capitals joined by hyphens are letters."""
    hyphens = any(token.low == "-" for token in between)
    if not hyphens or not all(token.text.isupper() and token.is_word for token in parts):
        return ""
    letters = "".join(token.low for token in parts)
    return letters if len(letters) > 1 else ""


def parted(letters: str) -> str:
    """First and last name out of one run of letters, where the lists of names tell them apart."""
    if is_given(letters):
        return letters.capitalize()
    cuts = [at for at in range(_SHORTEST_NAME, len(letters) - 1) if is_given(letters[:at])]
    both = [at for at in cuts if is_family(letters[at:])]
    cut = max(both or [at for at in cuts if at >= _FEWEST_LETTERS], default=0)
    if not cut or (not both and is_family(letters)):
        return _capital(letters)
    return f"{letters[:cut].capitalize()} {letters[cut:].capitalize()}"


def heard_as(said: Sequence[Token], at: int, name: str) -> str:
    """ "Smith, that's S M Y T H": the letters win over the word that sounds like them."""
    while at < len(said) and not _begins_letters(said, at):
        at += 1
    lead = said[at - 1].low if 0 < at <= len(said) else ""
    if lead in ("with", "without"):
        return name
    letters: list[str] = []
    while at < len(said):
        if letter := letter_at(said, at):
            letters.append(letter.text)
            at = letter.end
        elif said[at].low in _AMID:
            letters += ["'"] if said[at].low == "apostrophe" else []
            at += 1
        elif _is_capitals(said[at]):
            letters.append(said[at].low)
            at += 1
        else:
            break
    text = "".join(letters)
    if len(text) < _FEWEST_LETTERS:
        return name
    if lead in ("and", "an", "en") and name.lower().split(" ")[-1].startswith("n"):
        text = "n" + text
    if lead in _RESPELLS and " " not in name:
        return name if text == name.lower() else _capital(text)
    return _replaced(name, text)


def _begins_letters(said: Sequence[Token], at: int) -> bool:
    """Two letters in a row, or capitals that a hyphen joins."""
    letter = letter_at(said, at)
    if letter is None and not _is_capitals(said[at]):
        return False
    following = letter.end if letter else at + 1
    while following < len(said) and said[following].low in _AMID:
        following += 1
    if following >= len(said):
        return False
    return letter_at(said, following) is not None or _is_capitals(said[following])


def _is_capitals(token: Token) -> bool:
    return token.is_word and token.text.isupper() and len(token.low) < _FRAGMENT_LETTERS


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


def same_sound(name: str, held: str) -> bool:
    """Is this the name that is held, but for its spelling?"""
    new, old = name.lower().split(" "), held.lower().split(" ")
    return len(new) == len(old) and all(map(_alike, new, old))


def _replaced(name: str, letters: str) -> str:
    words = name.split(" ")
    apart = min(_distance(word.lower(), letters) for word in words)
    if _distance("".join(words).lower(), letters) < apart:
        return parted(letters) if "".join(words).lower() != letters else name
    at = _nearest(words, letters)
    if words[at].lower() == letters:
        return name
    if _alike(words[at].lower(), letters):
        words[at] = _capital(letters)
        return " ".join(words)
    if _sound(words[-1].lower()) == _sound(letters):
        return " ".join([*words[:-1], _capital(letters)])
    if len(words) == 1 and not is_everyday(letters):
        return f"{name} {_capital(letters)}"
    return name


def _capital(letters: str) -> str:
    if letters.startswith("mc") and len(letters) > _FEWEST_LETTERS:
        return "Mc" + letters[2:].capitalize()
    return "'".join(part.capitalize() for part in letters.split("'"))


def _nearest(words: Sequence[str], letters: str) -> int:
    return min(range(len(words)), key=lambda at: _distance(words[at].lower(), letters))


def _alike(one: str, other: str) -> bool:
    """Two spellings of one name, as far as a recogniser hears it."""
    distance = _distance(one, other)
    if distance <= 1 and min(len(one), len(other)) > _FEWEST_LETTERS:
        return True
    return distance * 2 <= max(len(one), len(other)) and _sound(one) == _sound(other)


def _distance(one: str, other: str) -> int:
    return Levenshtein.distance(one, other)


def _sound(word: str) -> str:
    """A rough class of the first sound: Katherine and Catherine, Jeff and Geoff agree."""
    first = word[:1]
    if word.startswith("ph"):
        return "f"
    return {"c": "k", "q": "k", "g": "j", "z": "s", "y": "i"}.get(first, first)
