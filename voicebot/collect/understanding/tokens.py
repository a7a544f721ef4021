"""An utterance cut into words, numbers and marks, each of which remembers where it stood.

Every parser of a field starts from these tokens, so that spans agree and no parser needs a
regular expression over a whole utterance.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_UTTERANCE_CHARS = 1000
"""Nobody answers a question in more; what follows is not looked at, which bounds the time."""

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|\S")
_SAME_LENGTH = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\u0060": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\uff20": "@",
        "\uff0b": "+",
        "\uff0c": ",",
        "\u3002": ".",
        "\uff0e": ".",
        "\u2026": ".",
        "\u00a0": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark.

    text   as written      low    its lower case
    start, end             where it stands in the text
    glued  True when no space parts it from the token before
    """

    text: str
    low: str
    start: int
    end: int
    glued: bool

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()

    @property
    def is_number(self) -> bool:
        return self.text[0].isdecimal()

    @property
    def is_letter(self) -> bool:
        return len(self.text) == 1 and self.text.isalpha()


def plain(text: str) -> str:
    """The text with typographic quotes, dashes and wide digits made plain, at the same length."""
    text = text[:LONGEST_UTTERANCE_CHARS].translate(_SAME_LENGTH)
    if text.isascii():
        return text
    return "".join(_narrow(character) for character in text)


def _narrow(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def tokens(text: str) -> list[Token]:
    """Cut a plain text; linear in its length."""
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        word = match.group()
        found.append(Token(word, word.lower(), match.start(), match.end(), match.start() == end))
        end = match.end()
    return found


def words(text: str) -> list[str]:
    """The lower-case words and numbers of a text, without its marks."""
    return [token.low for token in tokens(text) if token.is_word or token.is_number]


def word_set(text: str) -> frozenset[str]:
    """A closed set of words, written as one text."""
    return frozenset(text.split())
