"""Telephone numbers as they are read out in Chinese: 幺三八、三个八、区号零二零、加八六."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from voicebot.collect.reading import e164
from voicebot.collect.understanding import Missing
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.zh.corrections import CORRECTION
from voicebot.collect.understanding.zh.numerals import DIGIT

_D = "[" + "".join(DIGIT) + "]"
_TAIL = r"(?:最后|末尾|后|尾号|尾数)面?的?[一两二三四五六七八0-9]?(?:个?位?数?字?)?应?该?[是为]"
_TOKEN = re.compile(
    rf"(?P<correction>{CORRECTION.pattern}|{_TAIL})"
    rf"|(?P<plus>(?:\+|加号?)(?=\s*{_D}))"
    rf"|(?P<repeat>(?P<times>[两二三四五六2-6])\s*[个连]\s*(?P<again>{_D})|双\s*(?P<pair>{_D}))"
    r"|(?P<word>第\s*[一二三四五六七八九十0-9]+|一(?=[下个些点样起定共直般会遍次边半]))"
    rf"|(?P<digit>{_D})"
    r"|(?P<extension>转接?|分机号?|内线|ext\.?)"
    r"|(?P<gap>[ \t,，、。.\-~()·:：/]+|嗯|呃|啊|哦|额|那个|然后|接着|再来?|中?横?杠|空格|是|区号"
    r"|后面|下来|括号)"
    r"|(?P<label>电话号码|电话|号码|座机)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_LONGEST_AREA_CODE = 4
_QUANTITY = ("十", "百", "千", "万")
"""Digits behind these are the rest of a quantity, not of a number read digit by digit."""
_SHORTEST_PIECE = 3
_LONGEST_PIECE = 10
"""More digits than this that are no number are a slip, not a beginning."""
_COUNTED = "点号月日年楼室栋层块元岁分个时半折路到多米人位张"
"""After these the digits count something else: a time, a house, a price."""


@dataclass(slots=True)
class _Run:
    """Digits that belong together; `cuts` are the places where the caller paused."""

    digits: str = ""
    start: int = 0
    end: int = 0
    cuts: tuple[int, ...] = ()
    corrects: bool = False

    def add(self, digits: str, start: int, end: int, *, paused: bool) -> None:
        if not self.digits:
            self.start = start
        elif paused:
            self.cuts = (*self.cuts, len(self.digits))
        self.digits += digits
        self.end = end


class _Mode(Enum):
    READING = auto()
    EXTENSION = auto()


def find_phone(plain: str, region: str, partial: str | None = None) -> Found | None:
    """The number in a folded utterance, in E.164, or a piece of one."""
    runs = [run for run in _runs(plain) if plain[run.start - 1 : run.start] not in _QUANTITY]
    if not runs:
        return None
    return (
        _corrected(runs, region, partial)
        or _whole(runs, region, partial)
        or _piece(runs, plain, region, partial)
    )


def _runs(plain: str) -> list[_Run]:
    runs: list[_Run] = [_Run()]
    mode, paused, corrects = _Mode.READING, False, False
    for token in _TOKEN.finditer(plain):
        kind, run = token.lastgroup, runs[-1]
        digits = _digits(token)
        if digits and mode is _Mode.READING:
            run.add(digits, *token.span(), paused=paused)
            run.corrects, paused, corrects = run.corrects or corrects, False, False
        elif kind == "extension" and run.digits:
            mode = _Mode.EXTENSION
        elif kind == "gap" or (kind == "label" and _is_area_code(run)):
            paused = True
        elif not digits:
            corrects = corrects or kind == "correction"
            mode, paused = _Mode.READING, False
            if run.digits:
                runs.append(_Run())
    return [run for run in runs if run.digits]


def _digits(token: re.Match[str]) -> str:
    if token["plus"]:
        return "+"
    if token["repeat"]:
        if token["pair"]:
            return DIGIT[token["pair"]] * 2
        return DIGIT[token["again"]] * int(DIGIT[token["times"]])
    return DIGIT[token["digit"]] if token["digit"] else ""


def _is_area_code(run: _Run) -> bool:
    return run.digits.startswith("0") and len(run.digits) <= _LONGEST_AREA_CODE


def _corrected(runs: list[_Run], region: str, partial: str | None) -> Found | None:
    """A number of which a part was said again: the new digits replace as many at its end."""
    for before, after in pairwise(runs):
        if not after.corrects:
            continue
        span = (before.start, after.end)
        if value := e164(after.digits, region):
            return Found(value, (after.start, after.end))
        base = (partial or "") + before.digits
        for kept in _possible_cuts(base, before, after):
            if value := e164(base[:kept] + after.digits, region):
                return Found(value, span, confidence=0.8)
        return Found(None, span, confidence=0.3)
    return None


def _possible_cuts(base: str, before: _Run, after: _Run) -> list[int]:
    """Where the corrected digits may begin: as many from the end, or at the last pause."""
    same_length = len(base) - len(after.digits)
    pauses = [len(base) - len(before.digits) + cut for cut in reversed(before.cuts)]
    return [kept for kept in (same_length, *pauses) if kept > 0]


def _whole(runs: list[_Run], region: str, partial: str | None) -> Found | None:
    for run in runs:
        for digits in _joined(run.digits, partial):
            if value := e164(digits, region):
                return Found(value, (run.start, run.end))
        for cut in run.cuts:
            first = e164(run.digits[:cut], region)
            if first and e164(run.digits[cut:], region):
                return Found(first, (run.start, run.end), confidence=0.7)
    return None


def _joined(digits: str, partial: str | None) -> tuple[str, ...]:
    """With the earlier piece before it, behind it (an area code given late), or alone."""
    return (partial + digits, digits, digits + partial) if partial else (digits,)


def _piece(runs: list[_Run], plain: str, region: str, partial: str | None) -> Found | None:
    """Too few digits as yet: kept, to be joined with what comes next."""
    run = max(runs, key=lambda r: len(r.digits))
    counted = plain[run.end : run.end + 1]
    if counted and counted in _COUNTED:
        return None
    joined = (partial or "") + run.digits
    span = (run.start, run.end)
    if partial is None and len(run.digits) < _SHORTEST_PIECE:
        return None
    if len(joined.lstrip("+")) > _LONGEST_PIECE:
        return Found(None, span, confidence=0.2)
    return Found(None, span, confidence=0.6, missing=Missing.DIGITS, partial=joined)
