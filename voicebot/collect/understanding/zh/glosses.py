"""How callers say which character they mean: 弓长张, 立早章, 洁白的洁."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.collect.understanding.zh.lexicon import COMPOUND_SURNAMES, SURNAME_OF_PARTS
from voicebot.collect.understanding.zh.script import HAN

_PARTS = {
    "弓长": "张", "立早": "章", "木子": "李", "十八子": "李", "耳东": "陈", "口天": "吴", "双木": "林",
    "古月": "胡", "言午": "许", "草头": "黄", "草字头": "黄", "三横一竖": "王", "干勾": "于", "双口": "吕",
    "两口": "吕", "双人": "徐", "禾呈": "程", "文刀": "刘", "卯金刀": "刘", "走肖": "赵", "三点水": "江",
    "水工": "江", "工水": "江", "美女": "姜", "木易": "杨", "木土": "杜", "西早": "覃", "人可": "何",
    "关耳": "郑", "四维": "罗", "四夕": "罗", "雨田": "雷", "马各": "骆", "宝盖头": "宋", "双耳": "聂",
    "山今": "岑", "山佳": "崔", "秋耳": "邱", "方人也": "施", "又耳": "邓", "千里": "董", "吕布": "吕",
}  # fmt: skip
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
