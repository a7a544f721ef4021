"""Times left open (四点以后, 除了周一哪天都行), and one chosen among those offered (周五那个)."""

from __future__ import annotations

import datetime as clockwork
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from voicebot.call import Window
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.types import Choose, Flexible, Situation
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.groups import (
    HOURS,
    Group,
    around,
    is_in,
    of_last_round,
    only_bounds,
)

_DAYS_AHEAD = 14
"""Days that 除了周一 allows."""
_BOUND = 1
"""Guesses where two hours may be a range."""


def chosen(said: Utterance, groups: Sequence[Group], situation: Situation) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: 周五那个."""
    fitting = [
        text for text in situation.offered if groups and all(_fits(each, text) for each in groups)
    ]
    if len(fitting) != 1:
        return
    first, end = groups[0].first, groups[-1].end
    if kind := said.at(end, "time.kind_of_offer"):
        end = kind.end
    act = Choose(said.span(first, end), moment=fitting[0])
    yield Candidate(act, *around(said, first, end))


def _fits(each: Group, offered: str) -> bool:
    try:
        moment = datetime.fromisoformat(offered)
    except ValueError:
        return False
    if each.day and each.day.date:
        until = each.day.last or each.day.date
        if not each.day.date <= moment.date() <= until:
            return False
    if each.clock:
        return each.clock.on_clock(each.part)[0] == moment.time()
    return is_in(moment.hour, each.part)


def window(said: Utterance, groups: Sequence[Group], today: date) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open."""
    kept = of_last_round(groups)
    hours, days = _hours(said, kept), _days(kept, today)
    any_ = next(said.all("time.any", "time.between"), None)
    if hours is None and days is None and any_ is None:
        return
    clocks = [each for each in kept if each.clock]
    if clocks and hours is None:
        return
    named = tuple(e.day.date for e in kept if e.day and e.day.date and not e.excepted)
    days = days or Window(days=named)
    found = replace(days, after=hours.after, before=hours.before) if hours else days
    first, end = kept[0].first, kept[-1].end
    act = Flexible(found, said.span(first, end))
    range_only = len(clocks) > 1 and any_ is None
    yield Candidate(act, *around(said, first, end), assumes=_BOUND * range_only)


def _days(groups: Sequence[Group], today: date) -> Window | None:
    named = [each for each in groups if each.day and each.day.date]
    out = {each.day.date for each in named if each.day and each.excepted}
    if out:
        ahead = (today + timedelta(days=n) for n in range(_DAYS_AHEAD))
        weekdays = {day.weekday() for day in out if day}
        return Window(days=tuple(day for day in ahead if day.weekday() not in weekdays))
    for each in named:
        if each.day and only_bounds(each):
            onward = each.bound == "onward"
            return Window(first=each.day.date) if onward else Window(last=each.day.date)
        if each.day and each.day.last:
            return Window(first=each.day.date, last=each.day.last)
    if len(named) > 1 and any(each.joined for each in named):
        return Window(days=tuple(e.day.date for e in named if e.day and e.day.date))
    return None


def _hours(said: Utterance, groups: Sequence[Group]) -> Window | None:
    clocks = [each for each in groups if each.clock]
    if len(clocks) > 1 and (clocks[1].until or any(said.all("time.between"))):
        first = clocks[0].clock
        second = clocks[1].clock
        if first and second:
            part = clocks[0].part or clocks[1].part
            begins, ends = first.on_clock(part)[0], second.on_clock(part)[0]
            return Window(after=begins, before=ends if ends > begins else None)
    for each in clocks:
        if each.clock and each.bound:
            at = each.clock.on_clock(each.part)[0]
            return Window(after=at) if each.bound == "onward" else Window(before=at)
    if clocks:
        return None
    of_part = next((each for each in groups if each.part), None)
    if of_part is None or not (of_part.bound or any(said.all("time.any"))):
        return None
    start, stop = (None if hour is None else clockwork.time(hour) for hour in HOURS[of_part.part])
    if of_part.bound:
        return Window(after=stop or start) if of_part.bound == "onward" else Window(before=start)
    return Window(after=start, before=stop)
