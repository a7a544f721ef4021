"""One tokeniser for all languages: words, digits, letters, marks and Chinese characters.

Every token remembers where it stands in the caller's own text, in code points, also where NFKC
changes the length ("½", "ﬁ", an e with a combining accent).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from importlib.resources import files

MOST_TOKENS = 400
"""No answer to a question is longer; what follows is not read, and counts as unread."""
_MOST_CHARS = 10 * MOST_TOKENS

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_OF_CHINESE = re.compile(f"[{_HAN}]")
_PAIRS = files(__package__).joinpath("simplified.txt").read_text("utf-8").split()
_SIMPLIFIED = {pair[0]: pair[1] for pair in _PAIRS}
"""Traditional characters that the Chinese table looks for, and their simplified form."""
_TOKEN = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+(?:'[^\W\d_{_HAN}]+)*|[0-9]+|\S")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\u3002": ".",
        "\u3001": ",",
        "\u2026": ".",
        "\u00a1": " ",
        "\u00ba": "o ",
        "\u00aa": "a ",
    }
)

_OPENS_QUESTION = "\u00bf"


class Kind(Enum):
    """The kinds of tokens. `SIGN` is every mark, currency sign and symbol."""

    WORD = auto()
    LETTER = auto()
    DIGITS = auto()
    HAN = auto()
    SIGN = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    text   as written, after NFKC and with plain quotes and hyphens
    low    its lower case, and a character's simplified form, by which tables know it
    start, end   where it stands in the caller's text, in code points
    glued  no space parts it from the token before
    asks   the mark that opens a question in Spanish stands before it
    """

    text: str
    low: str
    kind: Kind
    start: int
    end: int
    glued: bool
    asks: bool = False

    @property
    def is_sign(self) -> bool:
        return self.kind is Kind.SIGN

    @property
    def is_digits(self) -> bool:
        return self.kind is Kind.DIGITS


def tokens(text: str) -> tuple[Token, ...]:
    """Return the first `MOST_TOKENS` tokens of `text`, in linear time."""
    plain, places = _plain(text[:_MOST_CHARS])
    found: list[Token] = []
    end, asks = -1, False
    for match in _TOKEN.finditer(plain):
        if len(found) == MOST_TOKENS:
            break
        word, first, last = match.group(), match.start(), match.end()
        if word == _OPENS_QUESTION:
            asks = True
            continue
        low, place = _SIMPLIFIED.get(word, word.lower()), _place(places, first, last)
        found.append(Token(word, low, _kind(word), *place, first == end, asks))
        end, asks = last, False
    return tuple(found)


def _kind(word: str) -> Kind:
    first = word[0]
    if first.isascii() and first.isdigit():
        return Kind.DIGITS
    if _OF_CHINESE.match(first):  # 〇 is one of them, and no letter
        return Kind.HAN
    if not first.isalpha():
        return Kind.SIGN
    return Kind.LETTER if len(word) == 1 else Kind.WORD


_Places = list[tuple[int, int]] | None


def _place(places: _Places, first: int, last: int) -> tuple[int, int]:
    return (first, last) if places is None else (places[first][0], places[last - 1][1])


def _plain(text: str) -> tuple[str, _Places]:
    """Return the text in NFKC, and for each of its characters where it came from.

    The places are None for ASCII, where every character stands at its own place.
    """
    if text.isascii():
        return text.translate(_ALIKE), None
    plain: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        folded = _folded(text[at:end])
        plain.append(folded)
        places.extend([(at, end)] * len(folded))
        at = end
    return "".join(plain), places


def _folded(cluster: str) -> str:
    if cluster.isdecimal():
        return str(unicodedata.decimal(cluster)) if len(cluster) == 1 else cluster
    return unicodedata.normalize("NFKC", cluster.translate(_ALIKE)).translate(_ALIKE)


def without_accents(word: str) -> str:
    """Return what a recogniser or an e-mail address writes for it: "miercoles"."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
