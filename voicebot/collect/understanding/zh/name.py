"""Names as given in Chinese: 我叫…, 免贵姓…, with characters explained, foreign names too."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.collect.reading.fields.name_words import titled
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.tokens import word_set
from voicebot.collect.understanding.zh.corrections import segments
from voicebot.collect.understanding.zh.glosses import character_glosses, surname_gloss
from voicebot.collect.understanding.zh.lexicon import (
    COMMON_IN_NAMES,
    COMPOUND_SURNAMES,
    FOREIGN_SOUNDS,
    FREQUENT_SURNAMES,
    NEVER_IN_NAMES,
    ORDINARY_WORDS,
    SURNAMES,
    SURNAMES_RARE_AS_WORDS,
)
from voicebot.collect.understanding.zh.script import HAN, Text, blank, clauses

_TITLES = "先生|女士|小姐|太太|夫人|老师|师傅|医生|大夫|经理|老板|总|阿姨|叔叔|大哥|大姐|同学|教授"
_NAMING = re.compile(
    r"(?:我|本人|客人|他|她)?(?:的)?(?:(?:预约|联系|登记)人|客人|顾客|全名|姓名|名字"
    r"|大名|本名|中文名字?|英文名字?|真名)"
    r"(?:叫[做作]|[是叫为]|应该)*[:：,， ]*(?:[是叫])?"
    r"|(?:我|本人|我就|我们|名)(?:的?名字)?叫[做作]?|(?:请)?(?:称呼|喊)我(?:为|一声)?|鄙人|在下"
)
_BEING = re.compile(r"我(?:就)?是|这[里边]是|我这边是")
_IN_PASSING = re.compile(
    rf"(?:请)?叫我|本人是?|(?:登记|[预约订记写挂]{{1,2}})(?:[在到]|(?={HAN}{{2,4}}的名字))"
    r"|(?:^|[,，。、！!:： ])(?:嗯|呃|哦|啊|那个|就|好的?|您好|你好)*[,， ]*(?:叫|是)(?!的|我)"
)
_SURNAME = re.compile(
    rf"(?:免贵|我|敝|小)?姓(?P<surname>{'|'.join(sorted(COMPOUND_SURNAMES))}|{HAN})"
    rf"(?:[,， ]*(?:单?名(?:字)?(?:一个|叫|是|单字)*|叫"
    rf"|给)(?P<given>{HAN}{{1,3}}?)(?:字)?(?=$|[,，。.!！ 吧啊呀的]))?"
)
_FILLERS = re.compile(
    r"^(?:嗯+|呃+|哦|啊|额|那个|这个|就是|好的?|行|您好|你好|喂|写|记|登记|哎|姓名|名字|[ ,，])+"
)
_HESITATION = re.compile(r"(?:[ ,，:：]|嗯|呃|那个|这个|额)+")
_PARTICLES = "吧呀啊哦呢哈嘛诶的哟"
_DOTTED = re.compile(rf"{HAN}{{1,7}}(?:\s*[·•・‧.]\s*{HAN}{{1,7}}){{1,3}}")
_LATIN = re.compile(r"[a-z][a-z'’\-]*(?:[ .·]+[a-z][a-z'’\-]*){0,3}")
_RUN = re.compile(rf"{HAN}+")
_STOP = re.compile(
    rf"(?:{_TITLES})(?!{HAN}[·•])|我|这个|电话|手机|号码|邮箱|地址|住|预约|预订|谢谢|多谢"
    rf"|就行|就好|就可以|可以"
    r"|今年|打电话|你好|您好|没错|对吧|名下|的名字|两个字|三个字|哪个|要|想|约|订|[吧呀啊哦呢哈嘛诶了是]"
)
_TITLED = re.compile(
    rf"(?P<name>[小老阿]?{HAN}{{1,3}}?)(?:{_TITLES})(?=$|[{_PARTICLES},，。.!！ ]|我|就|可以)"
)
_NOT_X = re.compile(r"不是.{1,6}?[,， ]*[,，而]?(?=是)")
_NOT_A_LATIN_NAME = word_set(
    "ok okay yes no hi hello bye sorry thanks thank you email qq at com a b c hey yeah what who "
    "app wifi"
)
_LONGEST_FOREIGN = 10
_LONGEST_CHINESE = 4


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    end: int
    confidence: float


def find_name(text: Text, *, asked: bool) -> Found | None:
    """The name in an utterance; only an announced one unless a name was asked for."""
    plain = _NOT_X.sub(lambda m: "，" * len(m[0]), text.plain)
    explained = character_glosses(plain)
    surname = surname_gloss(plain)
    spans = [gloss.span for gloss in explained] + ([surname.span] if surname else [])
    rest = blank(plain, *spans)
    best: Found | None = None
    for start, end in segments(rest):
        segment = blank(rest, (0, start), (end, len(rest)))
        best = _in_segment(text, segment, asked, best is not None) or best
    characters = "".join(gloss.character for gloss in explained)
    if best and best.value:
        return Found(
            _explained(best.value, surname.character if surname else None, characters),
            best.span,
            best.confidence,
        )
    if asked and surname and characters and len(characters) < 3:
        return Found(surname.character + characters, surname.span, 0.7)
    return None


def _explained(name: str, surname: str | None, given: str) -> str:
    """Put in the characters that were explained, where a recogniser heard others of that sound."""
    head = next((s for s in COMPOUND_SURNAMES if name.startswith(s)), name[:1])
    if surname and len(surname) == len(head) and head in SURNAMES and len(name) > 1:
        name, head = surname + name[len(head) :], surname
    if given and len(given) == len(name) - len(head) and head[:1] not in given:
        return head + given
    return name


def _in_segment(text: Text, plain: str, asked: bool, corrects: bool) -> Found | None:
    if by_surname := _by_surname(text, plain):
        return by_surname
    if candidate := _announced(plain, _NAMING, strict=False):
        return _found(text, candidate)
    if candidate := _announced(plain, _BEING, strict=not asked):
        return _found(text, candidate)
    if not asked:
        return None
    if candidate := _announced(plain, _IN_PASSING, strict=False):
        return _found(text, candidate)
    return _bare(text, plain, corrects=corrects)


def _announced(plain: str, carriers: re.Pattern[str], *, strict: bool) -> _Candidate | None:
    """The name behind such words; strictly only one that could hardly be anything else."""
    for carrier in carriers.finditer(plain):
        hesitation = _HESITATION.match(plain, carrier.end())
        start = hesitation.end() if hesitation else carrier.end()
        candidate = _at(plain, start, announced=not strict)
        if candidate is None or (strict and candidate.confidence < 1.0):
            continue
        # 我叫高峰 is a name, 我是房东 is none.
        word = plain[candidate.start : candidate.end]
        if carriers is _NAMING or word not in ORDINARY_WORDS:
            return _fullest(plain, candidate)
    return None


def _fullest(plain: str, said: _Candidate) -> _Candidate:
    """我是徐小姐，徐静: the whole name, where a clause behind gives it."""
    for start, end in clauses(plain):
        whole = _at(plain, start, announced=True) if start >= said.end else None
        fuller = whole is not None and _is_fuller(plain, whole, said)
        if whole and fuller and _nothing_follows(plain[whole.end : end]):
            return whole
    return said


def _by_surname(text: Text, plain: str) -> Found | None:
    match = _SURNAME.search(plain)
    if match is None or (
        match["surname"] not in SURNAMES and match["surname"] not in COMPOUND_SURNAMES
    ):
        return None
    start, end = match.span("surname")
    surname = text.said[start:end]
    # 我姓陈，陈建国: the whole name follows, or 叫建国 completes it.
    for whole in re.finditer(rf"{match['surname']}{HAN}{{1,2}}", plain[end:]):
        candidate = _at(plain, end + whole.start(), announced=True)
        if candidate and candidate.end - candidate.start > len(surname):
            return _found(text, candidate)
    if match["given"] and not (set(match["given"]) & NEVER_IN_NAMES):
        given_start, given_end = match.span("given")
        given = text.said[given_start:given_end]
        name = given if given.startswith(surname) and len(given) > len(surname) else surname + given
        return Found(name, (start, given_end), 0.9)
    return Found(surname, (start, end), 0.8)


def _at(plain: str, start: int, *, announced: bool) -> _Candidate | None:
    """The name that begins here."""
    if dotted := _DOTTED.match(plain, start):
        return _Candidate(*dotted.span(), 1.0)
    if latin := _LATIN.match(plain, start):
        return _latin(latin)
    if titled_name := _TITLED.match(plain, start):
        name = titled_name["name"]
        if name in SURNAMES or name in COMPOUND_SURNAMES or _judge(name, announced=announced):
            return _Candidate(start, start + len(name), 0.9)
    run = _RUN.match(plain, start)
    return _han(plain, start, run.end(), announced) if run else None


def _latin(match: re.Match[str]) -> _Candidate | None:
    """A name in Latin letters, unless it goes on as an address or a code does."""
    is_word = bool(_NOT_A_LATIN_NAME & set(match[0].replace(".", " ").split()))
    goes_on = match.string[match.end() : match.end() + 1] in tuple("@_-0123456789")
    return None if is_word or goes_on or len(match[0]) < 2 else _Candidate(*match.span(), 0.9)


def _han(plain: str, start: int, end: int, announced: bool) -> _Candidate | None:
    """A Chinese name in a stretch of characters: all of it, or up to where talk goes on."""
    while end > start + 1 and plain[end - 1] in _PARTICLES:
        end -= 1
    if confidence := _judge(plain[start:end], announced=announced):
        return _Candidate(start, end, confidence)
    for stop in _STOP.finditer(plain, start + 1, end):
        if confidence := _judge(plain[start : stop.start()], announced=announced):
            return _Candidate(start, stop.start(), confidence)
        if stop.start() - start > _LONGEST_FOREIGN:
            break
    return None


def _judge(name: str, *, announced: bool) -> float:
    """How likely these characters are somebody's name; 0 for not at all."""
    if len(name) < 2 or (name in ORDINARY_WORDS and not announced):
        return 0.0
    if _LONGEST_CHINESE < len(name) <= _LONGEST_FOREIGN and FOREIGN_SOUNDS.issuperset(name):
        return 0.8 if announced else 0.6
    if NEVER_IN_NAMES & set(name) and not FOREIGN_SOUNDS.issuperset(name):
        return 0.0
    usual = all(c in COMMON_IN_NAMES for c in name[1:])
    if name in ORDINARY_WORDS:
        return 0.8 if usual and name[0] in SURNAMES - SURNAMES_RARE_AS_WORDS else 0.0
    if name[0] in "小老阿" and len(name) <= 3 and (name[1:] in SURNAMES or usual):
        return 0.8
    if name[:2] in COMPOUND_SURNAMES and 3 <= len(name) <= 4:
        return 1.0
    if name[0] in SURNAMES and len(name) <= 3:
        if (name[:2] in ORDINARY_WORDS and not usual) or name[0] in SURNAMES_RARE_AS_WORDS:
            return 0.7 if usual and (announced or len(name) == 3) else 0.0
        return 1.0 if usual or announced else 0.7
    if len(name) == 4 and name[0] in SURNAMES and name[1] in SURNAMES and usual:
        return 0.8
    if len(name) <= 3 and all(c in COMMON_IN_NAMES for c in name):
        return 0.8 if announced or name[0] == name[-1] else 0.6
    if len(name) <= _LONGEST_CHINESE and FOREIGN_SOUNDS.issuperset(name):
        return 0.8 if announced else 0.6
    return 0.0


def _bare(text: Text, plain: str, *, corrects: bool) -> Found | None:
    """The answer without an announcement: a clause that is nothing but a name."""
    spans = list(clauses(plain))
    if 2 <= len(spans) <= 4 and all(end - start == 1 for start, end in spans):
        name = "".join(text.said[start:end] for start, end in spans)
        if _judge("".join(plain[start:end] for start, end in spans), announced=True):
            return Found(name, (spans[0][0], spans[-1][1]), 0.7)
    if len(spans) == 1 and plain[slice(*spans[0])] in FREQUENT_SURNAMES:
        return Found(text.said[slice(*spans[0])], spans[0], 0.7)
    best: _Candidate | None = None
    for start, end in spans:
        if filler := _FILLERS.match(plain[start:end]):
            start += filler.end()
        candidate = _at(plain, start, announced=corrects) if start < end else None
        if candidate and _nothing_follows(plain[candidate.end : end]):
            best = candidate if best is None or _is_fuller(plain, candidate, best) else best
    return _found(text, best) if best else None


def _is_fuller(plain: str, new: _Candidate, old: _Candidate) -> bool:
    """徐先生，徐志摩: the same name, with more of it."""
    return plain[new.start : new.end].startswith(plain[old.start : old.end])


def _nothing_follows(rest: str) -> bool:
    rest = rest.strip(f" .{_PARTICLES}")
    return not rest or bool(
        re.fullmatch(rf"(?:{_TITLES}|就行|就好|就可以|谢谢|两个字|三个字|名下)", rest)
    )


def _found(text: Text, candidate: _Candidate) -> Found:
    said = text.said[candidate.start : candidate.end]
    if said.isascii():
        said = " ".join(titled(word) for word in said.replace(".", " ").split())
    name = re.sub(r"\s*([·•・‧.])\s*", "·", said) if not said.isascii() else said
    return Found(name, (candidate.start, candidate.end), candidate.confidence)
