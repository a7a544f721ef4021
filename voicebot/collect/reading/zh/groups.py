"""Days, hours and parts of the day that stand side by side, and what the words around say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicebot.collect.reading.types import Situation
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.zh.clocks import Clock, Part, Piece, pieces
from voicebot.collect.reading.zh.days import Day

HOURS = {
    "small_hours": (0, 6), "morning": (None, 12), "day": (8, 18), "noon": (11, 13),
    "afternoon": (12, 18), "evening": (18, None), "night": (21, None),
}  # fmt: skip
"""From when until when a part of the day lasts."""


@dataclass(frozen=True, slots=True)
class Group:
    """Days, hours and parts of the day that stand side by side, and what is said about them.

    bound   "onward", "backward" or ""
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


def groups_of(said: Utterance, situation: Situation) -> Iterator[Group]:
    """Give the groups that are not ruled out, in order."""
    found: list[Group] = []
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
        group = _with(Group(piece.first, piece.end, round=number), piece)
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


def _takes(group: Group, piece: Piece) -> bool:
    if isinstance(piece, Day):
        return group.day is None and group.clock is None and not group.part
    if isinstance(piece, Clock):
        return group.clock is None and not (group.part and piece.part)
    return group.clock is None and not group.part


def _with(group: Group, piece: Piece) -> Group:
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


def _is_refused(said: Utterance, each: Group) -> bool:
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


def only_bounds(each: Group) -> bool:
    """Return True for a day that only bounds: 周五之前."""
    return bool(each.bound) and not each.clock and not each.part


def of_last_round(groups: Sequence[Group]) -> list[Group]:
    """Return those that were said after the last mend."""
    return [each for each in groups if each.round == groups[-1].round] if groups else []


def is_in(hour: int, part: str) -> bool:
    """Return True for an hour inside a part of the day."""
    after, before = HOURS.get(part, (None, None))
    return (after or 0) <= hour < (before or 24)


def around(said: Utterance, first: int, end: int) -> tuple[int, int]:
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
