"""Cutting what the bot says into the pieces that it speaks one after the other.

The first piece can sound while the next is being synthesised. A piece is a sentence; a cut in
the wrong place would be heard, so when in doubt there is none.
"""

from __future__ import annotations

import re
from typing import Final

_END = re.compile(r"""[.!?…]+["')\]”’]*(?=\s)|[。！？…]+["'”’」』）)]*""")
"""Where a sentence may end: before a space or, in Chinese, anywhere."""

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])"
    r"(?:dr|mr|mrs|ms|prof|st|rd|ave|no|tel|ext|apt|etc|vs|approx|dept|inc|ltd|co|jr|sr"
    r"|e\.g|i\.e|a\.m|p\.m|[a-z])\.$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"[ap]\.m\.$", re.IGNORECASE)
_MIN_CHARACTERS: Final = 2


def split_sentences(text: str) -> list[str]:
    """The sentences of `text`, in order, without outer space; joined again they are the text.

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


def _is_end(piece: str, rest: str) -> bool:
    if len(piece.strip()) < _MIN_CHARACTERS or not re.search(r"\w", piece):
        return False
    following = rest.lstrip()[:1]
    if _CLOCK.search(piece):
        return following.isupper()  # "at 3 p.m. Is that right?", but "3 p.m. on Monday"
    if _ABBREVIATION.search(piece):
        return False
    return not following.islower()
