"""Split the bot's text into sentences that are synthesised one after the other.

The first plays while the next is being synthesised. A wrong cut would be audible, so doubtful
places are not cut.
"""

import re
from collections.abc import Iterable
from typing import Final

_END = re.compile(r"""[.!?…]+["')\]”’]*(?=\s)|[。！？…]+["'”’」』）)]*""")
"""A possible end of a sentence: before a space or, in Chinese, anywhere."""

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])"
    r"(?:dr|mr|mrs|ms|prof|st|rd|ave|tel|ext|apt|etc|vs|approx|dept|inc|ltd|co|jr|sr|e\.g|i\.e)\.$",
    re.IGNORECASE,
)
_INITIAL = re.compile(r"(?:^|\s)[a-z]\.$", re.IGNORECASE)
_SPELLED = re.compile(r"(?:^|[\s,-])[a-z0-9][\s,-]+[a-z]\.$", re.IGNORECASE)
"""The last of several single letters, "K A T E.", is the end of a word spelled out."""
_CLOCK = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_DAY = re.compile(
    r"\s*(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\s*(?:january|february|march|april|may|june"
    r"|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_MIN_CHARACTERS: Final = 2

_CLAUSE_END = re.compile(r"[,;:](?=\s)")
_LONG_CHARACTERS: Final = 24
"""One and a half seconds of speech, 0.1 s of synthesis, for which a caller would wait."""
_HEAD_CHARACTERS: Final = 6
_REST_CHARACTERS: Final = 12
"""Shorter ones (", please?") would sound torn off."""
_LETTERS = re.compile(r"[^\W\d_][, .-]+[^\W\d_]\b")
"""Of a word that is spelled the first letter is unclear where a piece begins with it."""
_REST_FACTOR: Final = 4
"""A clause that is a quarter as long as the rest sounds four times as long as the rest takes to be
made: speech takes 80 ms a character, its synthesis 5."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, in order and stripped.

    "Dr. Lee", "j.smith@mail.com", "3:30 p.m." and "1.5" stay whole. Only white space between
    sentences is lost.
    """
    pieces: list[str] = []
    begun = 0
    for end in _END.finditer(text):
        if _is_end(text[begun : end.end()], text[end.end() :]):
            pieces.append(text[begun : end.end()].strip())
            begun = end.end()
    pieces.append(text[begun:].strip())
    return [piece for piece in pieces if piece]


def sentences_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return all sentences of these texts, each once."""
    return tuple(dict.fromkeys(each for text in texts for each in split_sentences(text)))


def first_clause(sentence: str) -> list[str]:
    """Split a long sentence after its first clause, so that playback can begin sooner.

    The clause is long enough to sound until the rest is made.
    """
    if len(sentence) >= _LONG_CHARACTERS:
        for end in _CLAUSE_END.finditer(sentence, _HEAD_CHARACTERS):
            head, rest = sentence[: end.end()], sentence[end.end() :].strip()
            if len(rest) < _REST_CHARACTERS:
                break
            if _REST_FACTOR * len(head) >= len(rest) and not _LETTERS.match(rest):
                return [head, rest]
    return [sentence]


def _is_end(piece: str, rest: str) -> bool:
    if len(piece.strip()) < _MIN_CHARACTERS or not re.search(r"\w", piece):
        return False
    following = rest.lstrip()[:1]
    if _CLOCK.search(piece):  # "at 3 p.m. Is that right?", but "3 p.m. on Monday"
        return following.isupper() and not _DAY.match(rest)
    if _ABBREVIATION.search(piece) or (_INITIAL.search(piece) and not _SPELLED.search(piece)):
        return False
    return not following.islower()
