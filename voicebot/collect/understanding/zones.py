"""Times of another zone in a Chinese answer: 北京时间三点."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from zoneinfo import ZoneInfo

from voicebot.call import Step
from voicebot.collect.reading.fields import zones
from voicebot.collect.understanding import Asked, Missing, Understanding
from voicebot.collect.understanding.found import Found

_TABLE = tomllib.loads(files(zones.__package__).joinpath("zones.toml").read_text("utf-8"))
_CHINESE: dict[str, str] = _TABLE["zh"]
_CHINESE_TIME = re.compile(rf"({'|'.join(_CHINESE)})(?:的|当地)?时间")


def in_our_time(found: Found, text: str, asked: Asked) -> Found | None:
    """Return a time that was said in another zone in the business's; None where that is unknown."""
    day, clocked, clock = (found.value or "").partition("T")
    named = _CHINESE_TIME.search(text) if clocked else None
    if named is None:
        return found
    if asked.zone is None:
        return Found(day, found.span, found.confidence, Missing.CLOCK, day) if day else None
    there, here = ZoneInfo(_CHINESE[named[1]]), ZoneInfo(asked.zone)
    ours = zones.in_our_time(day, clock, there, here, asked.now)
    if ours is None or f"{ours:%H:%M}" == clock:
        return found
    value = f"{ours:%Y-%m-%dT%H:%M}" if day else f"T{ours:%H:%M}"
    return replace(found, value=value, partial=value if found.partial else None, moved=True)


def marked(meant: Understanding, time: Found | None) -> Understanding:
    """Return what was meant, marked when a time that it holds was said in another zone."""
    if time is None or not time.moved:
        return meant
    holds = Step.TIME in meant.fields or meant.partial == time.partial
    return replace(meant, moved=holds)
