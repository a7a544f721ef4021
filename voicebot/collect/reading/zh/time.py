"""Read times said in Chinese: a time, a piece of one, one of the offered, or a window."""

from __future__ import annotations

import datetime as clockwork
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.zones import in_our_time
from voicebot.collect.reading.types import (
    Asked,
    Correct,
    Missing,
    Provide,
    Situation,
)
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.clocks import Clock
from voicebot.collect.reading.zh.days import Day
from voicebot.collect.reading.zh.groups import (
    Group,
    around,
    groups_of,
    is_in,
    of_last_round,
    only_bounds,
)
from voicebot.collect.reading.zh.windows import chosen, window

_SINCE = {
    "small_hours": "00", "morning": "06", "day": "06", "noon": "11", "afternoon": "12",
    "evening": "18", "night": "21",
}  # fmt: skip
"""The hour from which a part of the day counts, as a piece writes it: `2027-03-04 18`."""
_PARTS = {hour: part for part, hour in reversed(_SINCE.items())}
_EVEN_WEEK, _HALF_DAY = timedelta(weeks=1), timedelta(hours=12)
_BOUND, _EITHER = 1, 2
"""Guesses where an hour is only a bound, and where one of several days is taken."""


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the time or piece of one that was said, a choice among the offered, and a window."""
    groups = [
        each for each in groups_of(said, situation) if each.day is None or not each.day.bygone
    ]
    meant = [each for each in groups if not each.excepted]
    if situation.asked is Asked.CHOICE:
        yield from chosen(said, meant, situation)
    if found := _answer(said, meant, situation):
        yield from found
    if situation.step is Step.TIME and groups:
        yield from window(said, groups, situation.now.date())


@dataclass(frozen=True, slots=True)
class _Held:
    """The time known from before: an earlier piece, or the time that was read back."""

    day: date | None = None
    clock: clockwork.time | None = None
    part: str = ""


def _held(situation: Situation) -> _Held:
    stamp, _, since = (situation.partial or situation.record.get(Step.TIME) or "").partition(" ")
    day, _, clock = stamp.partition("T")
    try:
        return _Held(
            date.fromisoformat(day) if day else None,
            clockwork.time.fromisoformat(clock[:5]) if clock else None,
            _PARTS.get(since, ""),
        )
    except ValueError:
        return _Held()


def _answer(
    said: Utterance, groups: Sequence[Group], situation: Situation
) -> Iterator[Candidate] | None:
    """Return what was said last of each piece; what that leaves open stays as it was before."""
    days = [each for each in groups if each.day and each.day.date and not only_bounds(each)]
    days = [each for each in days if each.day and not _is_week(each.day)]
    clocks = [each for each in groups if each.clock and each.bound != "backward"]
    parts = [each for each in groups if each.part]
    used_days = of_last_round(days)
    first_day = used_days[0].day.date if used_days and used_days[0].day else None
    used_clocks = of_last_round(clocks)
    used_parts = of_last_round(parts)
    if used_clocks and used_parts and used_parts[-1].round > used_clocks[-1].round:
        used_clocks = []  # 上午十点，不，下午
    loose = any(each.until for each in groups[1:]) and any(said.all("time.any"))
    held = _held(situation)
    day_known = bool(used_days) or held.day is not None
    opens = any(each.bound == "onward" for each in used_clocks)
    if loose or (opens and not day_known):
        used_clocks = []
    several = [e for e in used_days[1:] if e.joined and e.day and e.day.date != first_day]
    part_only = bool(used_parts) and held.day is not None and situation.partial is None
    if not (used_days or used_clocks or part_only) or (several and not used_clocks):
        return None
    day = used_days[0].day if used_days else None
    clock = used_clocks[0].clock if used_clocks else None
    part = used_parts[-1].part if used_parts else ""
    if clock and clock.is_open and part:
        clock = replace(clock, part=part)
    moment = _moment(day, clock, part, held, situation)
    if moment is None:
        return None
    spoken = [*used_days[:1], *used_clocks[:1]] or used_parts[-1:]
    guesses = _EITHER * bool(several) or _BOUND * (opens or any(each.bound for each in groups))
    if day and day.last:
        guesses = _EITHER
    return _provided(said, situation, spoken, groups, moment, part if not clock else "", guesses)


def _is_week(day: Day) -> bool:
    return day.date is not None and day.last is not None and (day.last - day.date).days > 1


def _moment(
    day: Day | None, clock: Clock | None, part: str, held: _Held, situation: Situation
) -> str | None:
    """Return `YYYY-MM-DDTHH:MM`, or the piece of it that is known."""
    now = situation.now
    on = day.date if day else held.day
    later = 0
    if clock:
        at, later = clock.on_clock("" if day else held.part)
    elif held.clock is None or (part and not is_in(held.clock.hour, part)):
        at = None
    else:
        at = held.clock
    if on and at:
        try:
            moment = datetime.combine(on, at) + timedelta(days=later)
        except OverflowError:
            return None
        if moment <= now and day and day.floating:
            moment += _EVEN_WEEK
        elif moment <= now and clock and clock.is_open and moment.date() == now.date():
            evening = moment + _HALF_DAY
            moment = evening if evening > now and evening.date() == now.date() else moment
        return f"{moment:%Y-%m-%dT%H:%M}"
    if on:
        floats = day is not None and day.floating and on == now.date()
        return (on + _EVEN_WEEK if floats else on).isoformat()
    return f"T{at:%H:%M}" if at else None


def _provided(
    said: Utterance,
    situation: Situation,
    spoken: Sequence[Group],
    groups: Sequence[Group],
    moment: str,
    part: str,
    guesses: int,
) -> Iterator[Candidate]:
    asked = situation.step is Step.TIME
    moment, moved = _ours(said, moment, situation)
    first, end = min(each.first for each in spoken), max(each.end for each in spoken)
    end = max([end, *(each.end for each in groups[1:] if each.until)])
    span = said.span(first, end)
    begun, until = around(said, first, end)
    whole = "T" in moment[1:]
    held = situation.record.get(Step.TIME)
    named = any(match.value == Step.TIME for match in said.all("no.field", "time.changing"))
    if not asked and not whole and not (held and named):
        return
    pieces_only = not (any(each.day for each in spoken) and any(each.clock for each in spoken))
    if held and whole and held != moment and not situation.partial and (pieces_only or not asked):
        yield Candidate(Correct(Step.TIME, moment, span), begun, until, guesses)
        return
    missing = None if whole else Missing.DAY if moment.startswith("T") else Missing.CLOCK
    partial = None
    if missing:
        partial = f"{moment} {_SINCE[part]}" if part and missing is Missing.CLOCK else moment
    act = Provide(Step.TIME, moment, span, missing, partial, assumed=guesses, moved=moved)
    yield Candidate(act, begun, until, guesses)


def _ours(said: Utterance, moment: str, situation: Situation) -> tuple[str, bool]:
    """Return a time that was said in another zone in ours, and True; without ours its day alone."""
    named = next((m for m in said.all("zone.name") if said.at(m.end, "zone.time")), None)
    day, clocked, clock = moment.partition("T")
    if named is None or not clocked:
        return moment, False
    if situation.zone is None:
        return day or moment, False
    there, here = ZoneInfo(named.value), ZoneInfo(situation.zone)
    ours = in_our_time(day, clock, there, here, situation.now)
    if ours is None or f"{ours:%H:%M}" == clock:
        return moment, False
    return (f"{ours:%Y-%m-%dT%H:%M}" if day else f"T{ours:%H:%M}"), True
