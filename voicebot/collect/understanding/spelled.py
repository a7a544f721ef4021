"""Of several transcripts of a spelled word, or of a place, the one to go on with.

A recogniser that hears letters tells "M" from "N" badly; whoever knows words does it well. This is
chosen before anything is read, so that every reader has the better words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from rapidfuzz.distance import Levenshtein

from voicebot.collect.understanding.fields.address_words import is_listed
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance, utterance
from voicebot.collect.understanding.words import is_everyday, is_family, is_given

_MOST_TEXTS = 5
_FEWEST_LETTERS = 3
_ALIKE = 0.7
"""From this share of equal letters on, two transcripts are of the same address."""
_similarity = Levenshtein.normalized_similarity
_SHORTEST_ENDING, _LONGEST_ENDING = 4, 9


def likeliest(texts: Sequence[str], language: str, places: Sequence[str] = ()) -> str:
    """Return the transcript to go on with: the first, but of spelled words one that is known.

    Of the transcripts that differ from the first in letters alone it is the first that spells a
    word said before the letters, or one of the `places` that are likely; else the first that spells
    a person's name or a word; else the first that ends as streets and places do ("drive", "ville").
    Where nothing is spelled it is the first with one of the `places`, if that is much like the
    first: "12 Main Street, Pen Wreath" or "12 Main Street, Penrith".
    """
    rows = [_row(utterance(text, language)) for text in texts[:_MOST_TEXTS]]
    letters, before = rows[0]
    if len(letters) < _FEWEST_LETTERS:
        return _with_place(texts[:_MOST_TEXTS], places)
    listed = {"".join(filter(str.isalpha, name.lower())) for name in places} | set(before)
    same = [(row, text) for (row, words), text in zip(rows, texts, strict=False) if words == before]
    named = (text for row, text in same if row in listed)
    known = (text for row, text in same if _is_known(row))
    placed = (text for row, text in same if _ends_as_places_do(row))
    return next(chain(named, known, placed), texts[0])


def _with_place(texts: Sequence[str], places: Sequence[str]) -> str:
    plain = [f" {' '.join(_words(text))} " for text in texts]
    said = [f" {' '.join(_words(place))} " for place in places]
    for text, words in zip(texts, plain, strict=True):
        named = any(place in words for place in said)
        if named and _similarity(words, plain[0]) >= _ALIKE:
            return text
    return texts[0]


def _words(text: str) -> Sequence[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()


def _row(said: Utterance) -> tuple[str, Sequence[str]]:
    """Return the letters that an utterance ends in, as one word, and the words before them."""
    at, letters = len(said), ""
    while at and (said.tokens[at - 1].kind is Kind.LETTER or said.tokens[at - 1].is_sign):
        at -= 1
        letters = said.low(at) * (said.tokens[at].kind is Kind.LETTER) + letters
    return letters, [token.low for token in said.tokens[:at] if not token.is_sign]


def _is_known(row: str) -> bool:
    return is_given(row) or is_family(row) or is_everyday(row) or _is_ending(row)


def _ends_as_places_do(row: str) -> bool:
    longest = min(_LONGEST_ENDING, len(row) - _FEWEST_LETTERS)
    return any(_is_ending(row[-size:]) for size in range(_SHORTEST_ENDING, longest + 1))


def _is_ending(word: str) -> bool:
    return is_listed(word, "type", "ending")
