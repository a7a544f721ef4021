"""Names out of spelled letters, and how a spelling mends a name that was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.fields.name_words import is_known, is_letter, is_word, titled
from voicebot.collect.understanding.lexicon import lexicon
from voicebot.collect.understanding.spelling import letter, sounds_alike
from voicebot.collect.understanding.text import without_accents
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import FUNCTION_WORDS, is_everyday, is_family, is_given

FEWEST = 3
"""Fewer letters in a row spell no name, unless the same name is said beside them."""
_LONGEST_FRAGMENT = 5
"""A recogniser that hears letters now and then writes a few of them as one word."""
_SHORTEST_NAME = 2
_FULL = 2
"""Words of a first and a last name."""
_FEWEST_UNLIKE = 2
"""Names with so many other letters behind their first ones are two names."""
_MARKS = frozenset("-.,")
_WORD_ENDS = frozenset(".,")
_ONSETS = str.maketrans("cqgzy", "kkjsi")
"""First letters of one sound: Katherine and Catherine, Jeff and Geoff agree."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A row of letters: the tokens from `first` up to `end`; `count` of them were said singly."""

    text: str
    first: int
    end: int
    count: int


def letters_at(said: Utterance, first: int) -> Letters | None:
    """Return the row of letters that begins at this token; None where fewer than two do."""
    word = is_word(said, first) and not is_letter(said, first)
    if word and not said.matches[first] and said.low(first + 1) != "-":
        return None
    text, at, end, count = "", first, first, 0
    while at < len(said):
        if text and _ends_word(said, first, at):
            break
        if text and (said.low(at) in _MARKS or said.is_sound(at)):
            at += 1
        elif text and said.at(at, "name.apostrophe"):
            text, at = text + "'", at + 1
        elif text and said.at(at, "name.hyphen"):
            text, at = text + "-", at + 1
        elif found := _letter(said, at, bool(text)):
            text, at, end, count = text + found[0], found[1], found[1], count + 1
        else:
            break
    return Letters(_once(text.rstrip("-")), first, end, count) if count > 1 else None


def _ends_word(said: Utterance, first: int, at: int) -> bool:
    """Return True for the one mark between two spelled words: "X-A-N-T-H-E, Q-U-I-L-L"."""
    if said.low(at) not in _WORD_ENDS or any(said.low(n) in _WORD_ENDS for n in range(first, at)):
        return False
    end = at + 1
    while end < len(said) and (said.low(end) == "-" or is_letter(said, end)):
        end += 1
    ends = ((first, at), (at + 1, end))
    rows = ["".join(t.low for t in said.tokens[a:b] if t.low != "-") for a, b in ends]
    return all(len(row) >= FEWEST for row in rows) and not is_known("".join(rows))


def _letter(said: Utterance, at: int, inside: bool) -> tuple[str, int] | None:
    """Return a letter, or what a recogniser writes for one among others, and where it ends."""
    if word := said.at(at, "spelling.alphabet"):
        near = range(max(0, at - 3), word.end + 3)
        if sum(said.at(n, "spelling.alphabet") is not None for n in near) >= FEWEST:
            return word.value, word.end
    if found := letter(said, at):
        return found.text, found.end
    token = said.tokens[at]
    if token.text.isupper() and is_word(said, at):  # "SM-I-TH"
        before = inside and said.low(at - 1) == "-" and said.tokens[at - 2].text.isupper()
        return (token.low, at + 1) if before or said.low(at + 1) == "-" else None
    sound = said.at(at, "spelling.sound", "spelling.name")
    if sound and is_letter(said, sound.end) and (inside or is_letter(said, sound.end + 1)):
        return sound.value, sound.end
    return None


def fragments(said: Utterance, first: int, end: int) -> Letters | None:
    """Return the name in "j a ck s on": letters, some of which a recogniser wrote together.

    All tokens of the stretch must be letters or short fragments.
    """
    parts: list[tuple[str, bool]] = []
    at = first
    while at < end:
        if parts and _ends_word(said, first, at):
            return None
        if said.low(at) in _MARKS or said.at(at, "name.pause", "quiet.courtesy", "act.thank"):
            at += 1
        elif said.at(at, "name.between", "name.label", "name.hint"):
            return None
        elif found := _letter(said, at, bool(parts)):
            parts.append((found[0], True))
            at = found[1]
        elif is_word(said, at) and len(said.low(at)) <= _LONGEST_FRAGMENT:
            parts.append((said.low(at), False))
            at += 1
        else:
            return None
    text = _once("".join(part for part, _ in parts))
    written = [part for part, single in parts if not single]
    singles = len(parts) - len(written)
    if not singles or not written or _are_words(said, first, end, parts):
        return None
    single = next((at for at in range(first + 1, end - 1) if is_letter(said, at)), first)
    if singles == 1 and (all(map(is_known, written)) or said.at(single, "name.particle")):
        return None  # "mary a smith" is a name with an initial, "ramón y cajal" one with a particle
    strange = sum(not is_everyday(part) for part in written)
    known = is_given(text) or " " in parted(text, known=True)
    spelled = singles >= FEWEST and singles * 2 >= len(parts)
    broken = len(parts) > FEWEST and strange * 2 > len(written)
    return Letters(text, first, end, singles) if known or spelled or broken else None


def _are_words(said: Utterance, first: int, end: int, parts: Sequence[tuple[str, bool]]) -> bool:
    """Return True where a part is a word: of a sentence, or a name that is spelled behind it."""
    words = {t.low for t in said.tokens[first:end] if not t.text.isupper() and len(t.low) > 1}
    spelled = {said.low(at) for at in range(first, end) if _letter(said, at, inside=True)}
    if not FUNCTION_WORDS.isdisjoint(words - spelled - said.lexicon.sounds):
        return True
    for n, (part, single) in enumerate(parts):
        row = "".join(later for later, _ in takewhile(lambda each: each[1], parts[n + 1 :]))
        whole = "".join(before for before, _ in parts[: n + 1])
        again = alike(part, row) or alike(whole, row) or whole.endswith(row)
        if not single and len(row) >= _SHORTEST_NAME and again:
            return True  # "ruth, r u t h", "ann lee, a n n l e e"
    return False


def parted(letters: str, *, known: bool = False) -> str:
    """Return first and last name out of one row of letters, where the lists tell them apart.

    With `known` only where both are in the lists.
    """
    cuts = [at for at in range(_SHORTEST_NAME, len(letters) - 1) if is_given(letters[:at])]
    both = [at for at in cuts if is_family(letters[at:])]
    first_only = [at for at in cuts if at > FEWEST and not known and not is_family(letters)]
    cut = max(both or first_only, default=0)
    if not cut or is_given(letters) or "-" in letters:
        return titled(letters)
    return f"{letters[:cut].capitalize()} {letters[cut:].capitalize()}"


def respelled(name: str, letters: str) -> str:
    """Return a name that was said, written as it was then spelled.

    The letters are the word that sounds like them, all words together, or a last name to a first.
    """
    words, said = name.lower().split(" "), name.split(" ")
    plain = [without_accents(word) for word in words]
    ends = {"".join(each[at:]) for each in (words, plain) for at in range(len(words))}
    parts = name.lower().replace("-", " ").split()
    if letters in parts or any(end.endswith(letters) for end in (*ends, *plain)):
        return name  # "Hansen, S E N", "Jan van Dijk, V A N, D I J K"
    at = nearest(words, letters)
    if Levenshtein.distance("".join(words), letters) < Levenshtein.distance(words[at], letters):
        return _parted_as(words, letters) if len(words) == _FULL else parted(letters)
    letters = _heard(words[at], letters)
    if alike(words[at], letters):
        said[at] = titled(letters)
    elif len(words) == 1 and not is_everyday(letters):
        said.append(titled(letters))
    return " ".join(said)


def _parted_as(words: Sequence[str], letters: str) -> str:
    """Return first and last name out of one row of letters, as they were said before."""
    first, last = words
    cut = min(
        range(_SHORTEST_NAME, len(letters) - 1),
        key=lambda at: (
            Levenshtein.distance(first, letters[:at]) + Levenshtein.distance(last, letters[at:])
        ),
    )
    return f"{titled(letters[:cut])} {titled(letters[cut:])}"


def _heard(word: str, letters: str) -> str:
    """Return the letters with those that a telephone mixes up as in the word, if that is a name.

    Or if the word is one, and the letters make none: "Smyth, F M Y T H E" is Smythe.
    """
    mended = list(letters)
    for change in Levenshtein.editops(word, letters):
        at, heard = change.src_pos, change.dest_pos
        if change.tag == "replace" and sounds_alike(word[at], letters[heard]):
            mended[heard] = word[at]
    better = "".join(mended)
    named = is_known(better) or (is_known(word) and alike(word, letters))
    return better if named and not is_known(letters) else letters


def hinted(name: str, letters: str) -> str:
    """Return a name with the letters that tell its spellings apart: "Smith" with a "y"."""
    low = name.lower()
    for other in () if letters in low else _exchanged().get(letters, ()):
        at = low.rfind(other)
        if at >= 0:
            new = name[:at] + letters + name[at + len(other) :]
            return new[:1].upper() + new[1:]
    return name


@cache
def _exchanged() -> dict[str, list[str]]:
    """Return what each letter may stand for in another spelling, the likeliest first."""
    rows = (row for row in lexicon("en").rows if row.tag == "name.exchanged")
    return {row.phrases: row.value.split() for row in rows}


def alike(one: str, other: str) -> bool:
    """Return True for two spellings of one name, as far as a recogniser hears it.

    The first letter may be one that a telephone mixes up with the other's, where the rest agrees.
    """
    half = max(len(one), len(other)) / 2
    begins = min(len(one), len(other)) > FEWEST and sounds_alike(one[0], other[0])
    if begins and Levenshtein.distance(one[1:], other[1:]) < _FEWEST_UNLIKE:
        return True
    return Levenshtein.distance(one, other) <= half and _onset(one) == _onset(other)


def nearest(words: Sequence[str], letters: str) -> int:
    """Return the place of the word that is most like these letters."""
    return min(range(len(words)), key=lambda at: Levenshtein.distance(words[at].lower(), letters))


def _once(letters: str) -> str:
    """Return the letters of a name that was spelled twice in a row."""
    half = letters[: len(letters) // 2]
    return half if len(half) >= FEWEST and letters == half * 2 else letters


def _onset(word: str) -> str:
    """Return a class of the first sound."""
    return "f" if word.startswith("ph") else word[:1].translate(_ONSETS)
