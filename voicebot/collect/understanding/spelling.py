"""Letters as callers spell them: "s", "s for sam", "double s", "double you", "d for papa".

The words for letters are the table `[spelling]`. Names and e-mail addresses are read with this.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday, is_family

FEWEST_WORDS = 3
"""From so many words of a spelling alphabet on they are letters; "mike" alone is a name."""
_ALIKE = ("bcdegptvz", "ahjk", "fsx", "mn", "iy", "qu", "ol")
_SOUNDS = str.maketrans({sign: group[0] for group in _ALIKE for sign in group if group != "iy"})
_BESIDE_LETTER = frozenset((".", "-", "@", "_", "at", "for", "as", "dot"))


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, or one said twice; `end` is the token behind it and its "for sam"."""

    text: str
    end: int


def letter(said: Utterance, at: int) -> Letter | None:
    """Return the letter that is spelled at this token; "I" and "a" only where letters are near."""
    if whole := _named(said, at):
        link = said.at(whole.end, "spelling.as")
        like = link is not None and sounds_alike(whole.text, said.low(link.end)[:1])
        word = like and link and len(said.low(link.end)) > 1
        return Letter(whole.text, link.end + 1) if link and word else whole
    times, after = said.at(at, "number.times"), at + 1
    if times and after < len(said) and said.tokens[after].kind is Kind.LETTER:
        return Letter(said.low(after) * int(times.value), after + 1)
    if times and (named := _named(said, after)):
        return Letter(named.text * int(times.value), named.end)  # "doble ele"
    token = said.tokens[at] if at < len(said) else None
    if token is None or token.kind is not Kind.LETTER or not token.low.isascii():
        return None
    dotted = at + 1 + (said.low(at + 1) == ".")
    if link := said.at(dotted, "spelling.as"):
        word = said.at(link.end, "spelling.alphabet")
        first = word.value if word else said.low(link.end)[:1]
        known = word is not None or sounds_alike(token.low, first)
        if known and (word or len(said.low(link.end)) > 1) and first.isalpha():
            end = word.end if word else link.end + 1
            of = said.at(end, "spelling.of")  # g是green的g
            return Letter(first, of.end + 1 if of and said.low(of.end) == token.low else end)
    if said.at(at, "spelling.lone_word") and not _among_letters(said, at):
        return None
    return Letter(token.low, at + 1)


def _named(said: Utterance, at: int) -> Letter | None:
    """Return the letter whose name is said here; an everyday word is one only beside letters."""
    whole = said.at(at, "spelling.letter")
    if whole is None and (also := said.at(at, "spelling.letter_too")):
        end = also.end
        ends = said.low(end) in ("", ",") or said.at(end, "email.at", "email.mark")
        before = _is_letter(said, _beyond_comma(said, at, -1))
        whole = also if before and (ends or _is_letter(said, end)) else None
    return Letter(whole.value, whole.end) if whole else None


def sounds_alike(one: str, other: str) -> bool:
    """Return True for letters that a telephone mixes up, and for equal ones."""
    return one == other or any(one in group and other in group for group in _ALIKE)


def sound(letters: str) -> str:
    """Return the letters with one for all that a telephone mixes up, but for "i" and "y"."""
    return letters.translate(_SOUNDS)


def _among_letters(said: Utterance, at: int) -> bool:
    following = said.low(at + 1)
    opens = said.low(at - 1) in (".", "!", "?") and not said.tokens[at].glued
    if opens and following.isalpha() and not _is_letter(said, at + 1):
        return False  # "S-Z-A-B-O. I want a clean"
    if at + 1 < len(said) and said.tokens[at + 1].kind is Kind.WORD and following.isalpha():
        initial = is_family(following) or not is_everyday(following)
        if initial and not said.at(at + 1, "quiet.function", "email.stop"):
            return True  # "a brown at", "i khan at"
    number = said.numbers.figures(at + 1)
    if number and number.end < len(said):
        follows = said.tokens[number.end].kind is Kind.LETTER or said.at(number.end, "email.at")
        if follows:
            return True  # "a one b two", "a zero one at"
    beside = [_beyond_comma(said, at, step) for step in (-1, 1)]
    return any(_is_letter(said, n) or (n >= 0 and _named(said, n)) for n in beside)


def _beyond_comma(said: Utterance, at: int, step: int) -> int:
    return at + step + step * (said.low(at + step) == ",")


def _is_letter(said: Utterance, at: int) -> bool:
    if not 0 <= at < len(said):
        return False
    if said.at(at, "number.times", "spelling.letter"):
        return True
    return said.tokens[at].kind is Kind.LETTER or said.low(at) in _BESIDE_LETTER
