"""Times of day as said in Chinese: 下午三点半, 差五分八点, 三点一刻, 15:30, 中午."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import Enum

from voicebot.collect.understanding.zh.numerals import NUMERAL, to_number

_LAST_HOUR = 24
_NOON = 12


class Part(Enum):
    """The part of the day that a word names."""

    SMALL_HOURS = ("凌晨", "清早", "拂晓")
    MORNING = ("大清早", "一大早", "早上", "早晨", "清晨", "早间", "一早", "上午", "早")
    NOON = ("中午", "正午", "晌午")
    AFTERNOON = ("下午", "午后", "傍晚", "黄昏", "pm", "p.m.")
    EVENING = ("晚上", "晚间", "今晚", "当晚", "夜晚", "晚")
    NIGHT = ("夜里", "夜间", "深夜", "半夜", "午夜", "夜")

    @property
    def word(self) -> str:
        """How a piece of a time names this part, the same for every language."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Part | None:
        """The part of this word; None for no word. Raises ValueError for a strange one."""
        if not word:
            return None
        try:
            return cls[word.upper()]
        except KeyError as error:
            raise ValueError(f"no part of the day: {word!r}") from error


_PARTS = {word: part for part in Part for word in part.value}
_PART = "|".join(sorted(_PARTS, key=len, reverse=True)).replace(".", r"\.")
_N = rf"{NUMERAL}{{1,3}}"
_CLOCK = re.compile(
    rf"(?:(?P<part>{_PART})\s*的?[,，、 ]*)?"
    rf"(?:差\s*(?:(?P<lacking>{_N})\s*分钟?|(?P<lacking_quarter>[一1])刻钟?)\s*(?:到|就)?\s*)?"
    rf"(?:(?P<h24>\d{{1,2}})\s*[:：]\s*(?P<m24>[0-5]\d)(?::[0-5]\d)?(?!\d)"
    rf"|(?P<hour>{_N})\s*(?:点钟?|时(?!间|候|段))"
    rf"(?:\s*(?P<half>半)|\s*过?\s*(?P<quarters>[一二三123])\s*刻钟?"
    rf"|\s*差\s*(?:(?P<before>{_N})\s*分钟?|(?P<before_quarter>[一1])刻钟?)"
    rf"|\s*过?\s*(?P<minute>[零〇]?{_N})\s*分?(?![点时号日月个刻:：0-9])|\s*整)?)"
    r"(?P<suffix>\s*(?:am|pm|a\.m\.|p\.m\.))?"
)
_PLAIN_MERIDIEM = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})(?:[:：](?P<minute>\d\d))?\s*(?P<half>[ap])\.?m\b\.?"
)
_A_LITTLE_AFTER = "早晚快慢有大小多少差好近远高低长"
"""After these 一点 means a little, not one o'clock (早上一点 has 上 before it)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as said: hour and minute as spoken, the part of the day if one was named."""

    hour: int
    minute: int
    part: Part | None
    span: tuple[int, int]

    def on_clock(self, part: Part | None = None) -> tuple[time, int]:
        """The 24-hour time, and how many days later it falls (晚上十二点 is the next day)."""
        hour, days = _hour24(self.hour, self.part or part)
        return time(hour, self.minute), days

    @property
    def is_open(self) -> bool:
        """Could this hour be morning or evening, as far as the words say?"""
        return self.part is None and 1 <= self.hour <= _NOON


def _hour24(hour: int, part: Part | None) -> tuple[int, int]:
    """No part named: one to half past six is afternoon, seven to eleven morning, twelve noon."""
    if hour == _LAST_HOUR:
        return 0, 1
    if hour > _NOON or hour == 0:
        return hour, 0
    if part is None:
        return (hour + _NOON if hour < 7 else hour), 0
    if part is Part.SMALL_HOURS:
        return hour % _NOON, 0
    if part is Part.MORNING:
        return hour, 0
    if part is Part.NOON:
        return (hour + _NOON if hour < 4 else hour), 0
    if part is Part.AFTERNOON:
        return hour % _NOON + _NOON, 0
    if hour == _NOON:
        return 0, 1
    return (hour, 1) if hour < 5 else (hour + _NOON, 0)


def find_clocks(plain: str) -> list[Clock]:
    """Every time of day named in a folded utterance, in order."""
    found = [clock for match in _CLOCK.finditer(plain) if (clock := _clock(match, plain))]
    if not found:
        found = [_meridiem(match) for match in _PLAIN_MERIDIEM.finditer(plain)]
    return found


def find_part(plain: str) -> Part | None:
    """The last part of the day named, with or without an hour (早点, 晚点 name none)."""
    words = [
        m for m in re.finditer(_PART, plain) if plain[m.end() : m.end() + 1] not in ("点", "一")
    ]
    return _PARTS[words[-1][0]] if words else None


def _clock(match: re.Match[str], plain: str) -> Clock | None:
    hour = to_number(match["h24"] or match["hour"])
    if hour is None or hour > _LAST_HOUR or _is_a_little(match, plain):
        return None
    minute = _minute(match)
    if minute is None:
        return None
    part = _PARTS[match["part"]] if match["part"] else None
    if match["suffix"]:
        part = Part.AFTERNOON if "p" in match["suffix"] else Part.MORNING
    if minute < 0:
        hour, minute = (hour - 1) % _LAST_HOUR or _NOON, minute + 60
    if match["h24"] and len(match["h24"]) > 1 and match["h24"].startswith("0"):
        part = part or Part.SMALL_HOURS
    return Clock(hour, minute, part, match.span())


def _is_a_little(match: re.Match[str], plain: str) -> bool:
    if match["hour"] not in ("一", "两"):
        return False
    if match["part"] in ("早", "晚"):
        return True
    start = match.start("hour")
    before, after = plain[start - 1 : start], plain[match.end("hour") + 1 : match.end("hour") + 2]
    return (before in _A_LITTLE_AFTER and bool(before)) or after in ("也", "都", "儿", "点")


def _minute(match: re.Match[str]) -> int | None:
    """Minutes past the hour; negative for those before it."""
    if match["m24"]:
        return int(match["m24"])
    if match["lacking"] or match["before"]:
        lacking = to_number(match["lacking"] or match["before"])
        return -lacking if lacking and lacking < 60 else None
    if match["lacking_quarter"] or match["before_quarter"]:
        return -15
    if match["half"]:
        return 30
    if match["quarters"]:
        return 15 * (to_number(match["quarters"]) or 0)
    minute = to_number(match["minute"]) if match["minute"] else 0
    return minute if minute is not None and minute < 60 else None


def _meridiem(match: re.Match[str]) -> Clock:
    part = Part.AFTERNOON if match["half"] == "p" else Part.SMALL_HOURS
    return Clock(int(match["hour"]), int(match["minute"] or 0), part, match.span())
