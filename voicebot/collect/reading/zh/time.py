"""When to come, as said in Chinese: a time, a piece of one, one of the offered, or a window."""

from __future__ import annotations

import datetime as clockwork
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voicebot.call import Step, Window
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.zones import in_our_time
from voicebot.collect.reading.types import (
    Asked,
    Choose,
    Correct,
    Flexible,
    Missing,
    Provide,
    Situation,
)
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.days import Clock, Day, Part, Piece, pieces

_SINCE = {
    "small_hours": "00", "morning": "06", "day": "06", "noon": "11", "afternoon": "12",
    "evening": "18", "night": "21",
}  # fmt: skip
"""The hour from which a part of the day counts, as a piece writes it: `2027-03-04 18`."""
_PARTS = {hour: part for part, hour in reversed(_SINCE.items())}
_HOURS = {
    "small_hours": (0, 6), "morning": (None, 12), "day": (8, 18), "noon": (11, 13),
    "afternoon": (12, 18), "evening": (18, None), "night": (21, None),
}  # fmt: skip
_DAYS_AHEAD = 14
_EVEN_WEEK, _HALF_DAY = timedelta(weeks=1), timedelta(hours=12)
_BOUND, _EITHER = 1, 2
"""Guesses where an hour is only a bound, and where one of several days is taken."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Days, hours and parts of the day that stand side by side, and what is said about them.

    bound   "onward", "backward" or ""     any  it is left open inside
    joined  an "or" parts it from the one before     until  a "to" does
    """

    first: int
    end: int
    day: Day | None = None
    clock: Clock | None = None
    part: str = ""
    bound: str = ""
    excepted: bool = False
    joined: bool = False
    until: bool = False
    round: int = 0


def time(said: Utterance, situation: Situation) -> Iterator[Candidate]:
    """Give the time or piece of one that was said, a choice among the offered, and a window."""
    groups = [each for each in _groups(said, situation) if each.day is None or not each.day.bygone]
    meant = [each for each in groups if not each.excepted]
    if situation.asked is Asked.CHOICE:
        yield from _chosen(said, meant, situation)
    if found := _answer(said, meant, situation):
        yield from found
    if situation.step is Step.TIME and groups:
        yield from _window(said, groups, situation.now.date())


# -- what is said ----------------------------------------------------------------------------


def _groups(said: Utterance, situation: Situation) -> Iterator[_Group]:
    """Give the groups that are not ruled out, in order."""
    found: list[_Group] = []
    for piece in pieces(said, situation.now):
        last = found[-1] if found else None
        if last and _takes(last, piece) and _beside(said, last.end, piece.first):
            found[-1] = _with(last, piece)
            continue
        between = range(last.end, piece.first) if last else range(0)
        joined = any(said.at(at, "time.or") for at in between) or len(between) == 0
        until = any(said.at(at, "time.until") for at in between)
        mends = last is not None and any(said.clause(at).mends for at in (*between, piece.first))
        mends = mends and last is not None and said.clause(last.first) != said.clause(piece.first)
        number = last.round + mends if last else 0
        group = _with(_Group(piece.first, piece.end, round=number), piece)
        found.append(replace(group, joined=bool(last) and joined, until=until))
    for each in found:
        clause = said.clause(each.first)
        excepted = said.before(each.first, "time.but") is not None
        if (clause.denied and not excepted) or clause.past or clause.asked:
            continue
        if each.day and each.day.date is None and not each.clock:
            continue
        if excepted or not _is_refused(said, each):
            about = said.at(each.end, "time.about")
            behind = None if about else said.at(each.end, "time.onward", "time.backward")
            name = behind.tag.partition(".")[2] if behind else ""
            end = behind.end if behind else each.end
            yield replace(each, bound=name, end=end, excepted=excepted)


def _takes(group: _Group, piece: Piece) -> bool:
    if isinstance(piece, Day):
        return group.day is None and group.clock is None and not group.part
    if isinstance(piece, Clock):
        return group.clock is None and not (group.part and piece.part)
    return group.clock is None and not group.part


def _with(group: _Group, piece: Piece) -> _Group:
    group = replace(group, end=piece.end)
    if isinstance(piece, Day):
        return replace(group, day=piece)
    if isinstance(piece, Part):
        return replace(group, part=piece.part)
    return replace(group, clock=piece, part=group.part or piece.part)


def _beside(said: Utterance, end: int, first: int) -> bool:
    return first >= end and all(
        said.is_sound(at) or said.at(at, "time.inside") for at in range(end, first)
    )


def _is_refused(said: Utterance, each: _Group) -> bool:
    """Return True for 明天没空, 不要三点, 我天天七点上班, 取消周五的课."""
    refused = said.at(each.end, "time.refused")
    return (
        (refused is not None and said.at(refused.end, "time.onward") is None)
        or said.before(each.first, "time.every") is not None
        or _is_refused_before(said, each.first)
        or (each.clock is not None and said.at(each.end, "time.of_event") is not None)
    )


def _is_refused_before(said: Utterance, at: int) -> bool:
    refused = said.before(at, "time.refused_before")
    return refused is not None and said.before(at, "clause.requests") is None  # 能不能三点


# -- a time ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known from before: an earlier piece, or the time that was read back."""

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
    said: Utterance, groups: Sequence[_Group], situation: Situation
) -> Iterator[Candidate] | None:
    """Return what was said last of each piece; what that leaves open stays as it was before."""
    days = [each for each in groups if each.day and each.day.date and not _only_bounds(each)]
    days = [each for each in days if each.day and not _is_week(each.day)]
    clocks = [each for each in groups if each.clock and each.bound != "backward"]
    parts = [each for each in groups if each.part]
    used_days = _of_last_round(days)
    first_day = used_days[0].day.date if used_days and used_days[0].day else None
    used_clocks = _of_last_round(clocks)
    used_parts = _of_last_round(parts)
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


def _only_bounds(each: _Group) -> bool:
    return bool(each.bound) and not each.clock and not each.part


def _of_last_round(groups: Sequence[_Group]) -> list[_Group]:
    return [each for each in groups if each.round == groups[-1].round] if groups else []


def _moment(
    day: Day | None, clock: Clock | None, part: str, held: _Held, situation: Situation
) -> str | None:
    """Return `YYYY-MM-DDTHH:MM`, or the piece of it that is known."""
    now = situation.now
    on = day.date if day else held.day
    later = 0
    if clock:
        at, later = clock.on_clock("" if day else held.part)
    elif held.clock is None or (part and not _is_in(held.clock.hour, part)):
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


def _is_in(hour: int, part: str) -> bool:
    after, before = _HOURS.get(part, (None, None))
    return (after or 0) <= hour < (before or 24)


def _provided(
    said: Utterance,
    situation: Situation,
    spoken: Sequence[_Group],
    groups: Sequence[_Group],
    moment: str,
    part: str,
    guesses: int,
) -> Iterator[Candidate]:
    asked = situation.step is Step.TIME
    moment, moved = _ours(said, moment, situation)
    first, end = min(each.first for each in spoken), max(each.end for each in spoken)
    end = max([end, *(each.end for each in groups[1:] if each.until)])
    span = said.span(first, end)
    begun, until = _around(said, first, end)
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


def _around(said: Utterance, first: int, end: int) -> tuple[int, int]:
    """Return a stretch with the words that lead up to a time, and that belong behind it."""
    while lead := said.before(
        first, "time.lead", "time.but", "yes.restate", "zone.time", "zone.name"
    ):
        first = lead.first
    while trail := said.at(
        end + (said.low(end) == ","), "time.trail", "time.any", "time.between", "time.onward"
    ):
        end = trail.end
    return first, end


# -- what is left open -----------------------------------------------------------------------


def _chosen(said: Utterance, groups: Sequence[_Group], situation: Situation) -> Iterator[Candidate]:
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
    yield Candidate(act, *_around(said, first, end))


def _fits(each: _Group, offered: str) -> bool:
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
    return _is_in(moment.hour, each.part)


def _window(said: Utterance, groups: Sequence[_Group], today: date) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open."""
    kept = _of_last_round(groups)
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
    yield Candidate(act, *_around(said, first, end), assumes=_BOUND * range_only)


def _days(groups: Sequence[_Group], today: date) -> Window | None:
    named = [each for each in groups if each.day and each.day.date]
    out = {each.day.date for each in named if each.day and each.excepted}
    if out:
        ahead = (today + timedelta(days=n) for n in range(_DAYS_AHEAD))
        weekdays = {day.weekday() for day in out if day}
        return Window(days=tuple(day for day in ahead if day.weekday() not in weekdays))
    for each in named:
        if each.day and _only_bounds(each):
            onward = each.bound == "onward"
            return Window(first=each.day.date) if onward else Window(last=each.day.date)
        if each.day and each.day.last:
            return Window(first=each.day.date, last=each.day.last)
    if len(named) > 1 and any(each.joined for each in named):
        return Window(days=tuple(e.day.date for e in named if e.day and e.day.date))
    return None


def _hours(said: Utterance, groups: Sequence[_Group]) -> Window | None:
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
    start, stop = (None if hour is None else clockwork.time(hour) for hour in _HOURS[of_part.part])
    if of_part.bound:
        return Window(after=stop or start) if of_part.bound == "onward" else Window(before=start)
    return Window(after=start, before=stop)
