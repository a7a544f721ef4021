"""How callers say which character they mean: 弓长张, 立早章, 洁白的洁."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.collect.understanding.zh.lexicon import COMPOUND_SURNAMES, SURNAME_OF_PARTS
from voicebot.collect.understanding.zh.script import HAN

_PARTS = "|".join(sorted(SURNAME_OF_PARTS, key=len, reverse=True))
_BY_PARTS = re.compile(rf"(?:(?:是|就是)\s*)?(?P<parts>{_PARTS})的?(?P<surname>{HAN})")
_BY_WORD = re.compile(
    rf"的那?个?(?P<character>{HAN})(?:字)?(?=$|[,，、。.;；!！?？ 吧啊哦呀]|{HAN}{{1,4}}的)"
)
_COMPOUND = re.compile(rf"复姓(?P<surname>{'|'.join(sorted(COMPOUND_SURNAMES))})")
_LONGEST_WORD = 6


@dataclass(frozen=True, slots=True)
class Gloss:
    """One explanation: the character it names, and where it stands."""

    character: str
    span: tuple[int, int]


def surname_gloss(plain: str) -> Gloss | None:
    """The family name that was explained: 弓长张, 复姓欧阳."""
    if compound := _COMPOUND.search(plain):
        return Gloss(compound["surname"], compound.span())
    for match in _BY_PARTS.finditer(plain):
        if SURNAME_OF_PARTS[match["parts"]] == match["surname"]:
            return Gloss(match["surname"], match.span())
    return None


def character_glosses(plain: str) -> list[Gloss]:
    """The characters explained by a word that contains them: 洁白的洁."""
    return list(_by_word(plain))


def _by_word(plain: str) -> Iterator[Gloss]:
    floor = 0
    for match in _BY_WORD.finditer(plain):
        before = plain[max(floor, match.start() - _LONGEST_WORD) : match.start()]
        at = before.rfind(match["character"])
        if at < 0:
            continue
        # The explaining word has two characters at least: 大国的国.
        length = max(len(before) - at, min(2, len(before)))
        floor = match.end()
        yield Gloss(match["character"], (match.start() - length, match.end()))
