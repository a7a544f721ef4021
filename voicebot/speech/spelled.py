"""Spelled words in a recogniser's text: where the letters begin, and which texts are letters.

A recogniser of sentences hears "B R E N N A N" as "B.R.E. and NAN." It is asked once more for
letters alone where its first text ends in what looks spelled: several single letters, or one word
in capitals.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_PIECE: Final = re.compile(r"[^\s.,;:!?\-]+")
_LONGEST_SLIP: Final = 3
"""Between letters so short a word is a letter misheard: "and" for N, "8" for A, "AVN" for more."""
_SLIP: Final = re.compile(r"(?:^|[.,;:!?\-]\s*)(\w{1,3})$|\b(\w{1,3})-$")
"""Such a word right before the letters, alone between marks or tied to them, is one, too."""
_EIGHT: Final = re.compile(r"(?:(?<=\d[ ,.\-])|^)A(?=[ ,.\-]*(?:\d|$))")
_FEWEST_DIGITS: Final = 5
_MOST_WORDS: Final = 2
"""With fewer digits or more words it may be an address: "Unit 4-A, 27 George Street"."""
_FEWEST_SINGLE: Final = 2
_FEWEST_TOGETHER: Final = 3
_FEWEST_LETTERS: Final = 3
_LONE: Final = frozenset("aAI")
"""Words of one letter: alone they spell nothing."""


def letters_from(text: str) -> int | None:
    """Return where in `text` the letters begin that it ends with; None where it spells nothing.

        "My surname is Nuyen, and G-U-Y-E-N."  ->  the place of "and": it stands for a letter
        "K-A-T-E, the number four"             ->  None: what follows would be lost

    Digits among letters may be letters misheard ("K-8-R-L-A"); those that come last were said
    ("K A T E 4"), and where there are as many digits as letters it is a number.
    """
    pieces = list(_PIECE.finditer(text))
    first = len(pieces)
    while first and _may_be_letters(pieces[first - 1][0]):
        first -= 1
    while first < len(pieces) and not _is_letters(pieces[first][0]):
        first += 1
    run = [piece[0] for piece in pieces[first:]]
    digits, letters = (sum(map(test, "".join(run))) for test in (str.isdigit, str.isalpha))
    single = [piece for piece in run if len(piece) == 1 and piece.isalpha()]
    counted = sum(piece not in _LONE for piece in single)
    together = any(_is_letters(piece) and len(piece) >= _FEWEST_TOGETHER for piece in run)
    spelled = together or (len(single) >= _FEWEST_SINGLE and counted)
    if not spelled or digits >= letters or run[-1].isdigit():
        return None
    begin = pieces[first].start()
    slip = _SLIP.search(text[:begin].rstrip(" "))
    return slip.start(slip.lastindex or 0) if slip else begin


def _may_be_letters(piece: str) -> bool:
    return len(piece) <= _LONGEST_SLIP or _is_letters(piece)


def _is_letters(piece: str) -> bool:
    """Return whether it is a letter, or letters drawn together: "P", "BU", "IVAR", "S1"."""
    return piece[0].isalpha() and piece.isupper() and piece.isalnum()


def with_eights(text: str) -> str:
    """Return a number in which a lone "A" is an 8, as it is said: "2-6-8-441-A."."""
    words = [piece for piece in _PIECE.findall(text) if len(piece) > 1 and piece.isalpha()]
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS or len(words) > _MOST_WORDS:
        return text
    return _EIGHT.sub("8", text)


def letters_of(text: str) -> str:
    """Return the letters of a text, in capitals, as one word."""
    return "".join(filter(str.isalpha, text)).upper()


def distinct(texts: Iterable[str]) -> list[str]:
    """Return the texts, of several that differ only in marks, spaces and capitals the first."""
    plain: dict[str, str] = {}
    for text in texts:
        plain.setdefault("".join(filter(str.isalnum, text)).casefold(), text)
    return list(plain.values())


def likely(
    texts: Sequence[str], scores: Sequence[float], *, least: float, margin: float
) -> list[str]:
    """Return the texts that may well be what was spelled, the likeliest first, each once.

    Of sentences the letters are guesses at random, with scores (mean log-probabilities) below
    `least`; the others stand within `margin` of the best.
    """
    if not scores or scores[0] < least:
        return []
    near = zip(texts, scores, strict=True)
    return distinct(
        text
        for text, score in near
        if score >= scores[0] - margin and len(letters_of(text)) >= _FEWEST_LETTERS
    )
