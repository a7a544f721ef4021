"""Which of the offered times is meant: "the Friday one", "the second, but at nine".

A rank ("the second one", "the last") is a piece of a time like a weekday: it names the day and hour
of one that was offered, and what is said beside it may change its hour. What is named and taken
back before ("the eight o'clock. No, hang on, the first one") is part of the same choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from voicebot.call import Step, Window
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import Clause, ends_sentence
from voicebot.collect.understanding.fields.time_days import add_days
from voicebot.collect.understanding.fields.time_open import BOUNDS, is_negated, offered_ones, told
from voicebot.collect.understanding.fields.time_patterns import Line
from voicebot.collect.understanding.fields.time_pieces import (
    PARTS,
    Clock,
    Cue,
    Day,
    Kind,
    Part,
    Piece,
    Role,
)
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.types import Asked, Choose

_BETWEEN = (
    *("clause.mend", "clause.open", "clause.before", "act.wait", "no.plain", "no.wrong"),
    *("quiet.link", "quiet.courtesy", "quiet.function", "yes.agree", "want.change_of_mind"),
)
"""Words between what was named and what is taken in its place, or said of it."""

_UNITS = ("hours", "minutes", "days", "weeks", "months")
_BOTH = 2
_SHIFTS = ("time.hours", "time.minutes", "time.later_on", "time.sooner")
_HALF_DAY, _WEEK, _A_WORD_OR_TWO = 12, 7, 2


def with_ranks(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, with those of the offered times that are named by their rank.

    Of those on the day that is named beside it, if there are so many: "the second Friday one".
    """
    if line.situation.asked is not Asked.CHOICE or line.situation.step is not Step.TIME:
        days = [p.end for p in pieces if isinstance(p, Day) and line.before(p.first, "the")]
        days += [p.first for p in pieces if line.before(p.first, "the")]
        return [p for p in pieces if not (p.first in days and _is_one(line, p))]  # "the Friday one"
    ranks = [
        rank for word in line.said.all("choose.position") for rank in _rank(line, word, pieces)
    ]
    inside = {at for rank in ranks for at in range(rank.first, rank.end)}
    pieces = [p for p in pieces if not _is_one(line, p)]
    others = (p for p in pieces if inside.isdisjoint(range(p.first, p.end)))
    return sorted((*ranks, *others), key=lambda piece: piece.first)


def _rank(line: Line, word: Match, pieces: Sequence[Piece]) -> Iterator[Day]:
    rank, offered, number = int(word.value), offered_ones(line), line.tag(word.first, "nth")
    dates = {at.day for at in offered}
    dated = number and number.end == word.end and int(number.value) in dates and len(dates) > 1
    if dated or not _is_rank(line, word):
        return  # "the third", where the 3rd was offered
    clause = line.said.clause(word.first)
    beside = [p for p in pieces if isinstance(p, Day) and p.kind is Kind.WEEKDAY]
    days = {p.date.weekday() for p in beside if clause.first <= p.first < clause.end}
    of_them = [at for at in offered if at.weekday() in days]
    if days and not of_them:
        return  # "Friday, the earliest one"
    of_them = of_them if len(of_them) >= abs(rank) else offered
    if len(of_them) >= abs(rank):
        at = of_them[rank - 1 if rank > 0 else rank]
        yield Day(word.first, word.end, Kind.TODAY, at.date(), hour=at.time(), is_rank=True)


def _is_rank(line: Line, word: Match) -> bool:
    """Return False for "the first two", "what was the first?", "an hour later", "first thing"."""
    said = line.said
    around = said.all("time.later_on", "time.sooner", "time.early")
    part = line.before(word.first, *_UNITS, "one") or any(
        m.first <= word.first < word.end <= m.end for m in around
    )
    asked = said.clause(word.first).asked and "time.taken" not in said.tags
    bare = said.at(word.first, "time.later", "time.earlier") if word.end - word.first == 1 else None
    said_of_it = bare and not line.before(word.first, "the") and not line.opens(word.first)
    week_later = said.at(word.first, "time.next_day") and len(line.situation.offered) > _BOTH
    week_later = week_later and "time.weekday" in said.tags  # "este viernes no, el otro"
    said_of_it = said_of_it or week_later
    return not (part or asked or said_of_it or said.at(word.end, "time.few_of_them"))


def base_of(line: Line, pieces: Sequence[Piece]) -> datetime | None:
    """Return the offered moment that "half an hour later" is counted from: the one named before."""
    counts = not line.said.tags.isdisjoint(("time.later", "time.earlier"))
    if not counts or line.situation.asked is not Asked.CHOICE:
        return None
    counted = [p.first for p in pieces if isinstance(p, Day) and p.hour and not p.is_rank]
    words = (m.first for m in line.said.all(*_SHIFTS))
    first = min((*counted, *words), default=0)
    named = [p for p in pieces if p.end < first or (isinstance(p, Day) and not p.hour)]
    fitting = [at for at in offered_ones(line) if all(_fits(p, at) for p in named)]
    return fitting[0] if len(fitting) == 1 else None


def chosen(line: Line, pieces: Sequence[Piece], allowed: Window | None) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: "the Friday one", "the second".

    allowed  the times that all the words leave: the choice is one of them
    """
    shifts = not line.said.tags.isdisjoint(("time.later_on", "time.sooner"))  # "anything later"
    if line.situation.asked is not Asked.CHOICE or shifts:
        return
    for word in line.said.all("choose.position"):
        denied = line.said.before(word.first, "clause.deny", "yes.turns") or is_negated(
            line, word.first
        )
        if _is_rank(line, word) and not denied:
            act = Choose(line.said.span(word.first, word.end), position=int(word.value))
            yield from told(line, act, word.first, word.end)
    wanted = [p for p in pieces if p.role is Role.WANTED and not _is_one(line, p)]
    surest = max((p.cue for p in wanted if isinstance(p, Clock)), default=Cue.BARE)
    if surest > Cue.BARE:  # "two o'clock? One I'll still be eating"
        wanted = [p for p in wanted if not isinstance(p, Clock) or p.cue > Cue.BARE]
    bounded = any(p.role in (Role.SINCE, Role.UNTIL) for p in pieces) or any(line.said.all(*BOUNDS))
    refused = [p for p in pieces if p.role is Role.OUT]  # "not the first, the other Friday one"
    left = [at for at in offered_ones(line) if not any(_fits(p, at) for p in refused)]
    taken_back = [n for n, p in enumerate(wanted) if n and _mended_between(line, wanted[n - 1], p)]
    for group in (wanted[max(taken_back, default=0) :], wanted, in_last_sentence(line, wanted)):
        found = [at for at in left if all(_fits(piece, at) for piece in group)]
        if not group or len(found) != 1 or not _replaces(group, [*wanted, *refused]):
            continue
        if bounded and allowed and not allowed.allows(found[0], 0):
            return
        first, end = min(p.first for p in group), max(p.end for p in group)
        start = begins(line, pieces, first)
        if start == first and len(group) == 1 and isinstance(group[0], Day) and group[0].is_rank:
            return  # an act of the table
        of = line.tag(line.on(end), "kind_of_offer")
        end = of.end if of else end
        act = Choose(line.said.span(first, end), moment=found[0].isoformat()[:16])
        yield from told(line, act, first, end)
        if start < first:
            yield from told(line, act, start, end)
        return


def _replaces(group: Sequence[Piece], named: Sequence[Piece]) -> bool:
    """Return False for the Wednesday of "Eleven is possible? Wednesday", as eleven still holds."""
    kinds = {type(piece) for piece in group}
    ranked = any(isinstance(piece, Day) and piece.hour for piece in group)
    return ranked or all(type(piece) in kinds or piece.role is Role.OUT for piece in named)


def in_last_sentence(line: Line, wanted: Sequence[Piece]) -> list[Piece]:
    first = wanted[-1].first if wanted else 0
    while first and not ends_sentence(line.said.tokens, first - 1):
        first -= 1
    return [piece for piece in wanted if piece.first >= first]


def begins(line: Line, pieces: Sequence[Piece], first: int) -> int:
    """Return where a choice begins with what was named before it, and taken back or refused."""
    before = [p for p in pieces if p.first < first]
    for piece in reversed(before):
        if not leads_on(line, piece.end, first):
            break
        first = piece.first
    return first


def leads_on(line: Line, at: int, end: int) -> bool:
    """Return True where nothing stands between that names something else."""
    while at < end:
        words = [match.end for match in line.said.matches[at] if _may_stand(match)]
        if not words and not line.said.is_sound(at):
            return False
        at = max(words, default=at + 1)
    return True


def _may_stand(match: Match) -> bool:
    return match.tag in _BETWEEN or match.tag.startswith("time.")


def _mended_between(line: Line, one: Piece, other: Piece) -> bool:
    mends = (clause.first for clause in line.said.clauses if clause.mends)
    cut = any(one.end <= at <= other.first for at in mends)
    return cut or any(line.said.all("time.mend", first=one.end, end=other.first))


def without_questions(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces but for those of a question beside a choice: "Is Friday this week?"."""
    if line.situation.asked is Asked.ANSWER:
        return list(pieces)
    said = line.said
    told: list[Piece] = []
    asked: list[Piece] = []
    echoed: list[Piece] = []
    for piece in pieces:
        clause = said.clause(piece.first)
        only_asks = clause.asked and _only_asks(line, clause.first, clause.end)
        echoes = not isinstance(piece, Part) and clause.asked and _is_echo(line, clause, pieces)
        (asked if only_asks else echoed if echoes else told).append(piece)
    sure = [p for p in told if not isinstance(p, Clock) or p.cue > Cue.BARE]
    last = {type(piece): piece.first for piece in sure}
    # "Oh, today? Wednesday rather", "nine? I said five"
    asked += [piece for piece in echoed if last.get(type(piece), 0) > piece.first]
    return [p for p in pieces if p not in asked] if told else list(pieces)


def _is_echo(line: Line, clause: Clause, pieces: Sequence[Piece]) -> bool:
    """Return True where nothing is said but the day: "today?"."""
    inside = {at for p in pieces for at in range(p.first, p.end)}
    words = (at for at in range(clause.first, clause.end) if at not in inside)
    return all(line.said.is_sound(at) or line.said.at(at, "quiet.link") for at in words)


def _only_asks(line: Line, first: int, end: int) -> bool:
    """Return True for a question that opens as one and proposes no time."""
    while first < end and line.said.is_sound(first):
        first += 1
    opens = line.said.at(first, "clause.ask") or line.tag(first, "is")
    words = line.said.all("time.offer", "time.taken", "time.suggests", first=first, end=end)
    leads = line.said.all("time.lead", first=first, end=end)
    proposes = any(words) or any(lead.end - lead.first > _A_WORD_OR_TWO for lead in leads)
    return bool(opens) and not proposes  # "could it be nine?"


def as_offered(
    line: Line, pieces: Sequence[Piece], read_back: datetime | None = None
) -> list[Piece]:
    """Return the pieces, a bare day as the one that was offered, or as it comes after the offers.

    "Monday the fourth", "the fourth", "the Wednesday"; behind another day it is of that month. At a
    read-back of a later week a weekday is one of that week.
    """
    later = read_back if read_back and (read_back.date() - line.today).days >= _WEEK else None
    times = line.situation.offered if line.situation.step is Step.TIME else ()
    offered = sorted(date.fromisoformat(value[:10]) for value in times)
    weekdays = {p.date.weekday() for p in pieces if isinstance(p, Day) and p.kind is Kind.WEEKDAY}
    dated = {p.date for p in pieces if isinstance(p, Day) and p.kind in (Kind.DATE, Kind.MONTH_DAY)}
    listed = any(line.tag(at, "or") for at in range(line.end))
    only = dated.pop() if len(dated) == 1 and not listed else None
    found: list[Piece] = []
    for piece in pieces:
        if only and isinstance(piece, Day) and _is_bare(piece) and _same_weekday(piece.date, only):
            piece = replace(piece, date=only)  # "Tuesday. Ten o'clock. Tuesday the eighth"
        elif isinstance(piece, Day) and piece.plain and offered:
            hour = None if _is_dated(found, piece) else _offered_hour(line, piece)
            if hour:
                found.append(hour)
                continue
            piece = replace(piece, date=_offered_day(piece, offered, weekdays))
        elif isinstance(piece, Day) and piece.plain and piece.kind is Kind.WEEKDAY and later:
            ahead = piece.date.weekday() - later.weekday()
            piece = replace(piece, date=add_days(later.date(), ahead) or piece.date)
        if found and isinstance(piece, Day) and isinstance(found[-1], Day):
            found[-1], piece = _of_one_month(line, found[-1], piece)
        found.append(piece)
    return found


def _is_dated(found: Sequence[Piece], day: Day) -> bool:
    """Return True for the 8 of "el martes 8", which is no hour where the 8th is a Tuesday."""
    before = found[-1] if found else None
    beside = before is not None and before.end == day.first
    return beside and isinstance(before, Day) and _same_weekday(before.date, day.date)


def _is_bare(day: Day) -> bool:
    return day.plain and day.kind is Kind.WEEKDAY


def _same_weekday(one: date, other: date) -> bool:
    return one.weekday() == other.weekday()


def _of_one_month(line: Line, one: Day, other: Day) -> tuple[Day, Day]:
    """Return both days of "January the fifth or the sixth", "the fifth or sixth of January"."""
    joint = line.tag(line.on(one.end), "or", "joint")
    at = line.on(joint.end) if joint else 0
    the = line.tag(at, "the", "on")
    listed = joint and other.first in (at, the.end if the else at)
    if not listed or max(one.kind, other.kind) > Kind.MONTH_DAY:
        return one, other
    if other.kind is Kind.MONTH_DAY and (other.date < one.date or other.plain):
        both = [_numbered(other.date.day, one.date, step) for step in (1, -1)]
        near = [day for day in both if day and day >= line.today]  # "the 17th or the 16th"
        nearest = min(near, key=lambda day: abs(day - one.date), default=other.date)
        return one, replace(other, date=nearest)
    if one.plain and not other.plain and one.date < other.date:
        return replace(one, date=_numbered(one.date.day, other.date, -1) or one.date), other
    return one, other


def _numbered(number: int, start: date, step: int) -> date | None:
    """Return the nearest day of this number, from `start` on or back."""
    days = (add_days(start, step * ahead) for ahead in range(31))
    return next((day for day in days if day and day.day == number), None)


def _offered_hour(line: Line, named: Day) -> Clock | None:
    """Return the hour of "I'll have the eight", where eight was offered, and no eighth."""
    number = line.tag(named.first, "n")
    offered = offered_ones(line)
    if named.kind is not Kind.MONTH_DAY or number is None or named.end != number.end:
        return None
    hour = Clock(named.first, named.end, int(number.value), cue=Cue.MEDIUM)
    none = hour.hour > _HALF_DAY or any(at.day == hour.hour for at in offered)
    return hour if not none and any(_fits(hour, at) for at in offered) else None


def _offered_day(named: Day, offered: Sequence[date], weekdays: set[int]) -> date:
    if named.kind is Kind.WEEKDAY:
        if days := [day for day in offered if day.weekday() == named.date.weekday()]:
            return days[0]
        ahead = (named.date.weekday() - offered[0].weekday()) % 7
        return max(named.date, add_days(offered[0], ahead) or named.date)
    same = [day for day in offered if day.day == named.date.day]
    return next((day for day in same if not weekdays or day.weekday() in weekdays), named.date)


def _is_one(line: Line, piece: Piece) -> bool:
    """Return True for the "one" of "the Friday one", which is no hour."""
    short = isinstance(piece, Clock | Day) and piece.end - piece.first == 1  # no "one o'clock"
    one = short and line.tag(piece.first, "kind_of_offer")
    named = ("weekday", "part", "day", "ordinal", "suffix", "the")
    return bool(one and line.before(piece.first, *named))


def _fits(piece: Piece, moment: datetime) -> bool:
    at, day = moment.time().replace(second=0), moment.date()
    if isinstance(piece, Clock):
        evening = replace(piece, part="evening") if piece.ambiguous else piece
        return at in (piece.time, evening.time)
    if isinstance(piece, Part):
        hours = PARTS[piece.name]
        return (not hours.after or at >= hours.after) and (not hours.before or at < hours.before)
    if piece.plain and piece.kind is Kind.WEEKDAY:
        return day.weekday() == piece.date.weekday()  # else it is that one alone: "Tuesday week"
    if piece.kind is Kind.MONTH_DAY:
        return day.day == piece.date.day
    return day == piece.date and at == (piece.hour or at)
