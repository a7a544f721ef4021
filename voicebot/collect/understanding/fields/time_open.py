"""Read a caller's wishes about days and hours: refused ones, bounds, windows, choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from voicebot.call import Window
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.fields.time_days import add_days, resolve_together
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
from voicebot.collect.understanding.types import Act, Asked, Choose, Flexible

_DAYS_AHEAD = 14
"""Days that "any day but Monday" allows."""
_WEEKEND = {5, 6}
_ENDS = {
    "time.early": Window(before=time(11)),
    "time.late": Window(after=time(15)),
    "time.too_early": Window(after=time(11)),
    "time.too_late": Window(before=time(15)),
}
"""The hours of "first thing", "late in the day", "not too early", "that's too late"."""
_OPEN = ("time.any", "ask.free")
"""With them a day or a part of one is left open: "anything on Friday", "what have you got then"."""
_MINUTE = timedelta(minutes=1)
_NEGATION_REACH = 4
_LEADS = (
    *("not", "instead_of", "earliest", "latest", "between", "at", "on", "the", "lead", "any"),
    *("early", "late", "the_one", "again"),
)
_RESTATES = ("lead.is", "yes.restate", "zone.time", "zone.name")


def with_role(line: Line, piece: Piece) -> Piece:
    """Return the piece with what the words around it want of it.

    Of "after Friday" the piece is the day after: bounds belong to what they allow.
    """
    first, behind = piece.first, line.on(piece.end)
    none = isinstance(piece, Day) and (piece.kind >= Kind.PAST or line.tag(piece.end, "street"))
    while the := line.before(first, "the", "on"):
        first = the.first
    if none or line.tag(behind, "refused") or line.before(first, "moved"):
        return replace(piece, role=Role.OUT)
    if line.before(first, "instead_of"):
        return replace(piece, role=Role.BUT)
    if after := line.tag(behind, "onward", "backward"):
        return replace(piece, role=Role.SINCE if after.tag == "time.onward" else Role.UNTIL)
    bound = line.before(first, *("earliest", "latest", "by")[: 2 + isinstance(piece, Day)])
    if bound is None:
        return replace(piece, role=Role.OUT if _is_negated(line, first) else Role.WANTED)
    role = Role.SINCE if bound.tag == "time.earliest" else Role.UNTIL
    if not isinstance(piece, Day):  # "I can't come before ten" names the hour
        return piece if _is_negated(line, bound.first) else replace(piece, role=role)
    if _is_negated(line, bound.first):
        return replace(piece, role=Role.SINCE)
    shift = 1 if role is Role.SINCE else -1
    strictly = bound.end - bound.first == 1 and line.before(first, "after", "before")
    return replace(piece, role=role, date=(strictly and add_days(piece.date, shift)) or piece.date)


def _is_negated(line: Line, first: int) -> bool:
    """Return True where a "not" stands before it, with few words between."""
    others = 0
    for at in reversed(range(first)):
        if line.said.tokens[at].is_sign and line.said.low(at) not in "-'":
            return False
        if negation := line.tag(at, "not"):
            return line.before(negation.end, "not_now") is None
        if line.tag(at, "unnegated") or others == _NEGATION_REACH:
            return False
        others += line.tag(at, "coming") is None
    return False


def told(
    line: Line, act: Act | None, first: int, end: int, assumes: int = 0
) -> Iterator[Candidate]:
    """Give an act with the words that lead up to its time and belong behind it, and without."""
    wide, behind = first, end
    while True:
        before = line.back(wide)
        behind_comma = line.back(before - (line.said.low(before - 1) == ","))
        lead = line.before(behind_comma, *_LEADS) or line.said.before(before, *_RESTATES)
        if lead is None:
            break
        wide = lead.first
    while trail := line.tag(
        line.on(behind + (line.said.low(behind) == ",")), "trail", "onward", "backward", "any"
    ):
        behind = trail.end
    yield Candidate(act, wide, behind, assumes)
    if wide < first:
        yield Candidate(act, first, behind, assumes)  # "what times have you got on Friday" asks


def window(line: Line, pieces: Sequence[Piece], read_back: datetime | None) -> Iterator[Candidate]:
    """Give what an utterance leaves open, if it leaves something open.

    read_back  the moment that "too early" and "a bit later" look back at
    """
    if not pieces and (shifted := _shifted(line, read_back)):
        word, found = shifted
        yield from told(line, Flexible(found, line.said.span(*word)), *word)
        return
    days = [p for p in pieces if isinstance(p, Day) and p.kind < Kind.PAST]
    clocks = [p for p in pieces if isinstance(p, Clock) and (p.cue > Cue.BARE or p.until)]
    parts = [p for p in pieces if isinstance(p, Part)]
    inside = {at for day in days for at in range(day.first, day.end)}
    words = [w for w in line.said.all(*_OPEN, "time.weekdays", *_ENDS) if w.first not in inside]
    tags = [word.tag for word in words]
    hours = _hours(clocks, parts) or next((_ENDS[tag] for tag in tags if tag in _ENDS), None)
    hours = None if clocks and not _hours(clocks, ()) else hours
    day = _days(line, days, tags, alone=not clocks)
    if day and day.days and clocks and not hours:
        hours = Window(after=clocks[0].time, before=clocks[0].time)
    open_ = day or hours or (any(tag in tags for tag in _OPEN) and (days or parts))
    if not open_ or (clocks and not hours):
        return
    if day is None:
        wanted = [each for each in days if each.role is Role.WANTED]
        named, assumes = resolve_together(wanted, line.today)
        day = Window((named,) if named and not assumes else ())
    found = replace(day, after=hours.after, before=hours.before) if hours else day
    said: list[Piece | Match] = [*days, *clocks, *parts, *words]
    first, end = min(each.first for each in said), max(each.end for each in said)
    ranged = any(clock.until for clock in clocks) and "time.any" not in tags
    act = Flexible(found, line.said.span(first, end))
    yield from told(line, act, first, end, ranged)


def _shifted(line: Line, read_back: datetime | None) -> tuple[tuple[int, int], Window] | None:
    """Return what asks for later or earlier than the moment read back, or than those offered."""
    offered = sorted(filter(None, map(_moment, line.situation.offered)))
    for word in line.said.all("time.later_on", "time.sooner", "time.too_early", "time.too_late"):
        later = word.tag in ("time.later_on", "time.too_early")
        at = read_back or (offered[-1 if later else 0] if offered else None)
        if at is None:
            continue
        if not read_back and offered[0].date() != offered[-1].date():
            next_day = add_days(at.date(), 1 if later else -1)
            found = Window(first=next_day) if later else Window(last=next_day)
        else:
            same = () if word.tag.startswith("time.too") else (at.date(),)
            after = (at + _MINUTE).time() if later else None
            found = Window(same, after=after, before=None if later else (at - _MINUTE).time())
        return (word.first, word.end), found
    return None


def _days(line: Line, days: Sequence[Day], tags: Sequence[str], *, alone: bool) -> Window | None:
    """Return the days that are left open; None where none is, or one is named."""
    wanted = [day for day in days if day.role not in (Role.OUT, Role.BUT)]
    stretches = [day for day in wanted if day.kind is Kind.STRETCH]
    named = [day for day in wanted if day.kind is not Kind.STRETCH]
    out = [day for day in days if day.role is Role.BUT]
    if alone and not named:  # "not Monday", "next week but not Monday"
        out += [day for day in days if day.role is Role.OUT]
    workdays = "time.weekdays" in tags and (out or "time.any" in tags)
    if (out and not named) or workdays:
        left = (
            day for day in _ahead(line, stretches) if not (workdays and day.weekday() in _WEEKEND)
        )
        return Window(tuple(day for day in left if not any(_covers(each, day) for each in out)))
    if stretches and not named:
        first, last = stretches[0].date, stretches[0].last
        if last and last == add_days(first, 1):
            return Window((first, last))
        return Window(first=max(first, line.today), last=last)
    for one, other in pairwise(named):
        both = one.role is other.role is Role.WANTED
        joint = _joint(line, one, other) if both else ""
        if joint == "or":
            found = {resolve_together([day, *stretches], line.today)[0] for day in named}
            return Window(tuple(sorted(day for day in found if day)))
        if joint:
            start, last = resolve_together([one, *stretches], line.today)[0], other.date
            return Window(first=start, last=add_days(last, 7) if start and last < start else last)
    since = next((day.date for day in named if day.role is Role.SINCE), None)
    until = next((day.date for day in named if day.role is Role.UNTIL), None)
    return Window(first=since, last=until) if since or until else None


def _ahead(line: Line, stretches: Sequence[Day]) -> Iterator[date]:
    """Yield the days of a stretch that are still to come, else the next two weeks."""
    first = add_days(line.today, 1)
    last = add_days(line.today, _DAYS_AHEAD)
    if stretches:
        first = max(stretches[0].date, line.today)
        last = stretches[0].last or last
    while first and last and first <= last:
        yield first
        first = add_days(first, 1)


def _covers(out: Day, day: date) -> bool:
    """Return True for a day that is left out: "weekends", "Mondays", "this week", "the 5th"."""
    weekend = out.last is not None and out.last == add_days(out.date, 1)
    if out.kind is Kind.WEEKDAY or weekend:
        return day.weekday() in (_WEEKEND if weekend else {out.date.weekday()})
    return out.date <= day <= (out.last or out.date)


def _joint(line: Line, one: Day, other: Day) -> str:
    """Return "or" between two days of which each would do, "to" between first and last."""
    at, joint = one.end, ""
    while at < other.first:
        word = line.tag(at, "or", "joint") or line.tag(at, "on", "the", "inside", "part", "trail")
        if word is None and not line.said.is_sound(at):
            return ""
        if word and word.tag in ("time.or", "time.joint"):
            each = word.tag == "time.or" or line.tag(at, "and")
            joint = "or" if each and not line.before(one.first, "between") else "to"
        at = word.end if word else at + 1
    return joint


def _hours(clocks: Sequence[Clock], parts: Sequence[Part]) -> Window | None:
    """Return the hours that are left open; None where they are named, or nothing is."""
    for clock in clocks:
        if clock.until or clock.role is Role.SINCE:
            return Window(after=clock.time, before=clock.until)
        if clock.role is Role.UNTIL:
            return Window(before=clock.time)
    if clocks or len({part.name for part in parts}) != 1:
        return None
    hours, role = PARTS[parts[0].name], parts[0].role
    if role is Role.SINCE or (role is Role.OUT and not hours.after):
        return Window(after=hours.before or hours.after)
    if role in (Role.UNTIL, Role.OUT):
        return Window(before=hours.after or hours.before)
    return Window(after=hours.after, before=hours.before)


def chosen(line: Line, pieces: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the one of the offered moments that the words fit: "the Friday one"."""
    if line.situation.asked is not Asked.CHOICE:
        return
    offered = (_moment(text) for text in line.situation.offered)
    wanted = [p for p in pieces if p.role is Role.WANTED and not _is_one(line, p)]
    fitting = [each for each in offered if each and all(_fits(piece, each) for piece in wanted)]
    if not wanted or len(fitting) != 1:
        return
    first, end = min(p.first for p in wanted), max(p.end for p in wanted)
    of = line.tag(line.on(end), "kind_of_offer")
    act = Choose(line.said.span(first, of.end if of else end), moment=fitting[0].isoformat()[:16])
    yield from told(line, act, first, of.end if of else end)


def _is_one(line: Line, piece: Piece) -> bool:
    """Return True for the "one" of "the Friday one", which is no hour."""
    one = isinstance(piece, Clock | Day) and line.tag(piece.first, "kind_of_offer")
    named = ("weekday", "part", "day", "ordinal", "suffix", "the")
    return bool(one and line.before(piece.first, *named))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None


def _fits(piece: Piece, moment: datetime) -> bool:
    at, day = moment.time().replace(second=0), moment.date()
    if isinstance(piece, Clock):
        evening = replace(piece, part="evening") if piece.ambiguous else piece
        return at in (piece.time, evening.time)
    if isinstance(piece, Part):
        hours = PARTS[piece.name]
        return (not hours.after or at >= hours.after) and (not hours.before or at < hours.before)
    if piece.kind is Kind.WEEKDAY:
        return day.weekday() == piece.date.weekday()
    if piece.kind is Kind.MONTH_DAY:
        return day.day == piece.date.day
    return day == piece.date and at == (piece.hour or at)
