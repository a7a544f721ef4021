"""Chinese writing, folded so that rules see one form and every position stays where it was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.collect.understanding.zh.lexicon import SIMPLER

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
PAUSE = " \t\n,，、。.;；!！?？…~～:："
"""What separates pieces of an answer: punctuation as typed, or as a recogniser hears a pause."""

LONGEST_CHARACTERS = 200
"""Nobody says more in one breath; what goes beyond is not read, so that time stays bounded."""

_DASHES = str.maketrans("—–―−‐‑－", "-------")


@dataclass(frozen=True, slots=True)
class Text:
    """One utterance twice, character for character in step.

    said   full-width letters and digits made half-width, otherwise as it came
    plain  also lower case, and traditional characters made simplified where rules need it
    """

    said: str
    plain: str


def fold(utterance: str) -> Text:
    """Fold an utterance without moving a character; positions are those of the utterance."""
    said = "".join(_fold_width(c) for c in utterance[:LONGEST_CHARACTERS])
    lower = "".join(_same_length(c, c.lower()) for c in said)
    return Text(said, lower.translate(SIMPLER).translate(_DASHES))


def _fold_width(character: str) -> str:
    return _same_length(character, unicodedata.normalize("NFKC", character))


def _same_length(character: str, folded: str) -> str:
    return folded if len(folded) == 1 else character


def strip_span(plain: str, start: int, end: int, chars: str = PAUSE) -> tuple[int, int]:
    """Shrink a span past pauses at both its ends."""
    while start < end and plain[start] in chars:
        start += 1
    while end > start and plain[end - 1] in chars:
        end -= 1
    return start, end


def blank(plain: str, *spans: tuple[int, int]) -> str:
    """Replace spans by full stops: the rest stays where it was, and cannot grow together."""
    for start, end in spans:
        plain = plain[:start] + "。" * (end - start) + plain[end:]
    return plain


_CLAUSE = re.compile(r"[^,，、。;；!！?？…~～:：\n]+")


def clauses(plain: str) -> Iterator[tuple[int, int]]:
    """Spans between pauses that are written (a blank or a dot may belong to a value)."""
    for match in _CLAUSE.finditer(plain):
        start, end = strip_span(plain, *match.span())
        if start < end:
            yield start, end
