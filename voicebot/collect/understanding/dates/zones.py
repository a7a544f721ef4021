"""Times of another zone in an answer: "3 pm Perth time", "noon UTC", 北京时间三点."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Missing, Understanding
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.tokens import word_set, words

_TABLE = tomllib.loads(files(__package__).joinpath("zones.toml").read_text("utf-8"))
_NAMES: dict[str, str] = _TABLE["names"]
_NAMES_IN: dict[str, dict[str, str]] = _TABLE["names_in"]
_NOT_ZONES = frozenset(_TABLE["not_zones"]["words"].split())
_CHINESE: dict[str, str] = _TABLE["zh"]
_CHINESE_TIME = re.compile(rf"({'|'.join(_CHINESE)})(?:的|当地)?时间")
_LONGEST_NAME_WORDS = 3
_KINDS = frozenset({"standard", "daylight", "summer", "local"})
"""May stand between a place and "time"."""
_CLOCK_ENDS = word_set("am pm m o'clock noon midnight")
_ABBREVIATIONS = word_set(
    "utc gmt bst cet cest nzst nzdt aest aedt awst acst acdt est edt pst pdt cst cdt mst mdt"
)
"""These need no "time" behind them; "Perth" does."""


def in_our_time(found: Found, text: str, asked: Asked) -> Found | None:
    """Return a time that was said in another zone in the business's; None where that is unknown.

    Without its day a clock time is moved by today's difference.
    """
    day, clocked, clock = (found.value or "").partition("T")
    here = ZoneInfo(asked.zone) if asked.zone else None
    there = _named_zone(text, asked.region, here) if clocked else None
    if there is None:
        return found
    if here is None:
        return Found(day, found.span, found.confidence, Missing.CLOCK, day) if day else None
    at = datetime.fromisoformat(f"{day or asked.now.date().isoformat()}T{clock}")
    ours = at.replace(tzinfo=there).astimezone(here).replace(tzinfo=None)
    if ours == at:
        return found
    value = f"{ours:%Y-%m-%dT%H:%M}" if day else f"T{ours:%H:%M}"
    return replace(found, value=value, partial=value if found.partial else None, moved=True)


def marked(meant: Understanding, time: Found | None) -> Understanding:
    """Return what was meant, marked when a time that it holds was said in another zone."""
    if time is None or not time.moved:
        return meant
    holds = Step.TIME in meant.fields or meant.partial == time.partial
    return replace(meant, moved=holds)


def _named_zone(text: str, region: str, here: ZoneInfo | None) -> ZoneInfo | None:
    """The time zone that is named in these words, unless it is how one names the own."""
    if chinese := _CHINESE_TIME.search(text):
        return ZoneInfo(_CHINESE[chinese[1]])
    said = words(text)
    for at, word in enumerate(said):
        if word == "time" and (zone := _before_time(said[:at], region)):
            return zone
        behind_a_clock = at > 0 and (said[at - 1] in _CLOCK_ENDS or said[at - 1].isdecimal())
        if word in _ABBREVIATIONS or (behind_a_clock and word in _NAMES_IN.get(region, {})):
            return None if here and word.upper() in _own_names(here) else _zone(word, region)
    return None


def _own_names(here: ZoneInfo) -> set[str | None]:
    """In Sydney people say AEST all the year."""
    return {here.tzname(datetime(2000, month, 1)) for month in (1, 7)}


def _before_time(said: list[str], region: str) -> ZoneInfo | None:
    while said and said[-1] in _KINDS:
        said = said[:-1]
    for length in range(_LONGEST_NAME_WORDS, 0, -1):
        if len(said) >= length and (zone := _zone(" ".join(said[-length:]), region)):
            return zone
    return None


def _zone(name: str, region: str) -> ZoneInfo | None:
    if name in _NOT_ZONES:
        return None
    known = _NAMES_IN.get(region, {}).get(name) or _NAMES.get(name) or _places().get(name)
    return ZoneInfo(known) if known else None


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """The last part of each name of the IANA database: "new york" for America/New_York."""
    names = sorted(name for name in available_timezones() if "/" in name)
    own = [name for name in names if not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))]
    return {name.rpartition("/")[2].replace("_", " ").lower(): name for name in own}
