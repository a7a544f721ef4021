"""Times of another zone, counted in the business's: "3 pm Perth time", "noon UTC"."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from voicebot.collect.understanding.utterance import Utterance

_TABLE = tomllib.loads(files(__package__).joinpath("zones.toml").read_text("utf-8"))
_NAMES: dict[str, str] = _TABLE["names"]
_NAMES_IN: dict[str, dict[str, str]] = _TABLE["names_in"]
_NOT_ZONES = frozenset(_TABLE["not_zones"]["words"].split())
_ALONE = frozenset(_TABLE["alone"]["words"].split())
_LONGEST_NAME_WORDS = 3


def named_zone(said: Utterance, region: str, here: ZoneInfo | None) -> ZoneInfo | None:
    """Return the time zone that is named in these words, unless it is how one names the own."""
    for place in said.all("zone.name"):
        if said.at(place.end, "zone.time"):
            return ZoneInfo(place.value)
    words = [at for at in range(len(said)) if not said.is_sound(at)]
    lows = [said.low(at) for at in words]
    for n, at in enumerate(words):
        if said.at(at, "zone.time") and (zone := _before_time(said, words[:n], region)):
            return zone
        behind_a_clock = n > 0 and (
            lows[n - 1].isdigit() or said.before(words[n], "time.half", "time.oclock", "time.noon")
        )
        if lows[n] in _ALONE or (behind_a_clock and lows[n] in _NAMES_IN.get(region, {})):
            return None if here and lows[n].upper() in _own_names(here) else _zone(lows[n], region)
    return None


def in_our_time(
    day: str, clock: str, there: ZoneInfo, here: ZoneInfo, now: datetime
) -> datetime | None:
    """Return the moment "2026-11-30", "15:00" of another zone in ours, naive.

    Without a day a clock time is moved by today's difference. None beyond the calendar's end.
    """
    try:
        at = datetime.fromisoformat(f"{day or now.date().isoformat()}T{clock}")
        return at.replace(tzinfo=there).astimezone(here).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _own_names(here: ZoneInfo) -> set[str | None]:
    """In Sydney people say AEST all the year."""
    return {here.tzname(datetime(2000, month, 1)) for month in (1, 7)}


def _before_time(said: Utterance, words: Sequence[int], region: str) -> ZoneInfo | None:
    """Return the zone whose name ends the words before "time"."""
    kept = list(words)
    while kept and said.at(kept[-1], "zone.kind"):
        kept.pop()
    for length in range(_LONGEST_NAME_WORDS, 0, -1):
        name = " ".join(said.low(at) for at in kept[-length:])
        if len(kept) >= length and (zone := _zone(name, region)):
            return zone
    return None


def _zone(name: str, region: str) -> ZoneInfo | None:
    if name in _NOT_ZONES:
        return None
    known = _NAMES_IN.get(region, {}).get(name) or _NAMES.get(name) or _places().get(name)
    return ZoneInfo(known) if known else None


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Return the last part of each name of the IANA database: "new york", America/New_York."""
    names = sorted(name for name in available_timezones() if "/" in name)
    own = [name for name in names if not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))]
    return {name.rpartition("/")[2].replace("_", " ").lower(): name for name in own}
