"""The window that a whole utterance leaves open: days, hours, and what is left out of them.

Its pieces make terms, each some days with their hours: "Friday morning or Saturday afternoon" has
two. A term is wanted, or left out: refused ("not Thursday morning"), or taken by other plans of the
caller's ("I've got choir at two"). "No", "but" and "so" begin a round, and the last round that
names days, or hours, counts for them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time
from itertools import groupby, pairwise, zip_longest

from voicebot.call import Window
from voicebot.collect.understanding.fields.time_days import EITHER, add_days, resolve_together
from voicebot.collect.understanding.fields.time_open import (
    BOUNDS,
    beyond,
    cuts,
    is_beside,
    is_conceded,
    is_negated,
    is_refused_again,
)
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
from voicebot.collect.understanding.fields.time_terms import (
    Bound,
    Item,
    Term,
    boxes_of,
    refused_by,
    taken_by,
)
from voicebot.collect.understanding.fields.time_windows import (
    assembled,
    met_hours,
    names_days,
    names_hours,
)

_OPEN = ("time.any", "ask.free")
"""With them a day or a part of one is left open: "anything on Friday", "what have you got then"."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted and left out, and the tokens that say so.

    is_plain  a moment, an hour, a day, or a part of one: no more than a piece of a time
    is_open   it may be one, and more is left open: "anything on Friday"
    is_ranged it is one range of hours, which may begin at the hour that is meant
    is_taken  nothing is wished for, and only other plans are told
    """

    window: Window
    first: int
    end: int
    is_plain: bool
    is_open: bool
    is_ranged: bool
    is_taken: bool


def wish(line: Line, pieces: Sequence[Piece], plans: Sequence[Piece]) -> Wish | None:
    """Return what the pieces leave open, and out; None where they say nothing of it.

    plans  what is told of the caller's other plans
    """
    said = _items(line, pieces)
    if not (said or plans):
        return None
    out = refused_ones(line, said)
    wanted = [each for each in said if each not in out]
    back = [each for each in wanted if isinstance(each, Day)]
    if back and all(isinstance(each, Day) for each in out):
        out = [each for each in out if not _is_taken_back(each, back)]
    parts: list[Window] = []
    ends: time | None = None
    for found in _rounds(line, wanted):
        ends = next((c.time for c in found if isinstance(c, Clock) and c.role is Role.ENDS), ends)
        terms = [box for term in _terms(line, found) for box in boxes_of(line, term)]
        mends = _is_mend(line, found[0].first)
        adds = not mends and any(line.said.all("time.also", first=found[0].first))
        parts = [*parts, *terms] if adds else _folded(parts, terms, narrows=not mends)
    if not parts and "time.weekdays" in line.said.tags:
        parts = boxes_of(line, [])
    named = {day for part in parts for day in part.days}
    left_out = [each for term in _terms(line, out) for each in refused_by(line, term)]
    taken = [each for term in _terms(line, [*_named(line, plans)]) for each in taken_by(line, term)]
    since = {part.after for part in parts}
    taken = [each for each in taken if not each.after or each.after not in since]
    if not parts or any(part.after is None or part.after != part.before for part in parts):
        left_out += [each for each in taken if names_hours(each) or named.isdisjoint(each.days)]
    words = [word for word in line.said.all(*_OPEN, "time.weekdays") if said]
    parts_of_it = [each for each in wanted if isinstance(each, Part)]
    of_one = parts_of_it and not (words or any(_is_several(line, each) for each in parts_of_it))
    if of_one or any(map(_is_bound, wanted)):
        parts = [_on_their_day(part, left_out) for part in parts]
    if ends and any(part.after and part.after >= ends for part in parts):
        ends = ends.replace(hour=(ends.hour + 12) % 24)
    window = assembled(parts, left_out, ends=ends)
    conditions = [p for p in pieces if line.before(p.first, "condition")] if said else []
    every = [*said, *plans, *words, *conditions]
    first, end = min(each.first for each in every), max(each.end for each in every)
    moment = window.after is not None and window.after == window.before
    plain = _is_plain(line, window, wanted)
    spans = any(isinstance(each, Clock) and each.until for each in wanted)
    ranged = spans and not (window.also or window.but or window.ends)
    return Wish(
        window, first, end, plain, bool(words) and not (moment and window.days), ranged, not said
    )


def _is_taken_back(refused: Item, wanted: Sequence[Day]) -> bool:
    """Return True for the first of "not Wednesday; well, Wednesday evening would do"."""
    after = [day for day in wanted if day.first > refused.first]
    return isinstance(refused, Day) and any(day.date == refused.date for day in after)


def _is_bound(item: Item) -> bool:
    """Return True for "after two"."""
    return isinstance(item, Clock) and item.role in (Role.SINCE, Role.UNTIL)


def _is_several(line: Line, part: Part) -> bool:
    return line.said.low(part.end - 1).endswith("s")


def _on_their_day(part: Window, left_out: Sequence[Window]) -> Window:
    """Return "the afternoon" as that of the day whose other hours are left out."""
    days = {out.days[0] for out in left_out if out.days and names_hours(out)}
    return replace(part, days=tuple(days)) if len(days) == 1 and not names_days(part) else part


def _is_plain(line: Line, window: Window, wanted: Sequence[Item]) -> bool:
    if window.also or window.first or window.last or window.ends or len(window.days) > 1:
        return False
    if window.after is not None and window.after == window.before:
        return True
    bounded = any(
        isinstance(each, Clock | Bound) or each.role is not Role.WANTED for each in wanted
    )
    if bounded or not (window.days or line.situation.partial):
        return False
    return not window.days or not any(out.has_day(window.days[0]) for out in window.but)


def _items(line: Line, pieces: Sequence[Piece]) -> list[Item]:
    """Return what names days and hours, in order, with "late" and "first thing"."""
    found: list[Item] = [*_named(line, pieces)]
    inside = {at for piece in found for at in range(piece.first, piece.end)}
    for piece in pieces:
        behind = line.tag(line.on(piece.end), "refused")
        hour = isinstance(piece, Clock)
        if behind and behind.value and (hour or piece.role is Role.OUT):
            inside |= {*range(behind.first, behind.end)}
            if isinstance(piece, Clock) and not is_conceded(line, behind):  # a later one is wanted
                found.append(Bound(behind.first, behind.end, beyond(piece.time, behind.value)))
    for fact in line.said.all("time.fact", "time.busy"):  # "he works early"
        inside |= {*range(fact.first, fact.end + 1)}
    for word in line.said.all(*BOUNDS):
        if word.first not in inside:
            refused = word.tag in ("time.early", "time.late") and is_negated(line, word.first)
            role = Role.OUT if refused else Role.WANTED
            found.append(Bound(word.first, word.end, BOUNDS[word.tag], role))
    return sorted(found, key=lambda each: each.first)


def _named(line: Line, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield what are days and hours for sure, and no condition: "if you work Sundays"."""
    behind = 0
    for piece in pieces:
        sure = not isinstance(piece, Clock) or piece.cue > Cue.BARE or piece.until
        day = not isinstance(piece, Day) or piece.kind < Kind.PAST
        other = line.tag(piece.end, "street") or line.before(piece.first, "condition")
        if sure and day and not other and (piece.first >= behind or not isinstance(piece, Clock)):
            yield piece
            behind = piece.end if isinstance(piece, Clock) and piece.until else behind


def refused_ones(line: Line, items: Sequence[Item]) -> list[Item]:
    """Return what is refused, with what belongs to it.

    Of "not Thursday morning" both, and of "not a Monday or before eight".
    """
    out = {n for n, item in enumerate(items) if item.role in (Role.OUT, Role.BUT)}
    for n, (one, other) in enumerate(pairwise(items)):
        refused_behind = line.tag(line.on(one.end), "refused") is not None
        belongs = isinstance(one, Day) is not isinstance(other, Day) and is_beside(
            line, one.end, other.first
        )
        if isinstance(other, Day):  # of "anything but the morning on Thursday" it is wanted
            named = (each.date for each in items if isinstance(each, Day) and each is not other)
            belongs = belongs and other.date in named
        instead = one.role is Role.BUT and isinstance(other, Clock)  # "instead of Friday at ten"
        narrows = _narrows(line, one, other)
        follows = belongs or narrows or _is_or(line, one.end, other.first, "and")
        if n in out and follows and not (refused_behind or (instead and not narrows)):
            out.add(n + 1)
    for n, (one, other) in reversed([*enumerate(pairwise(items))]):
        both = isinstance(one, Day) is isinstance(other, Day)
        listed = _is_or(line, one.end, other.first, "and") or line.on(one.end) == other.first
        belongs = listed if both else is_beside(line, one.end, other.first)
        if n + 1 in out and belongs and line.tag(line.on(other.end), "refused"):
            out.add(n)
    kept = _day_that_stays(items, out)
    return [item for n, item in enumerate(items) if n in out and n != kept]


def _day_that_stays(items: Sequence[Item], out: set[int]) -> int | None:
    """Return which day stays where another hour follows: "Thursday at eight is no good, nine"."""
    refused = [n for n in out if isinstance(items[n], Day)]
    wanted = [n for n in range(len(items)) if n not in out]
    hours = any(isinstance(items[n], Clock) for n in wanted)
    if len(refused) != 1 or not hours or any(isinstance(items[n], Day) for n in wanted):
        return None
    beside = [n for n in out if abs(n - refused[0]) == 1 and isinstance(items[n], Clock)]
    return refused[0] if beside and items[refused[0]].role is not Role.BUT else None


def _narrows(line: Line, one: Item, other: Item) -> bool:
    """Return True for the range behind a part that holds it: "not at siesta, from two to four"."""
    if not (isinstance(one, Part) and isinstance(other, Clock) and other.until):
        return False
    hours, comma = PARTS[one.name], one.end < line.end and line.said.low(one.end) == ","
    if line.on(one.end) == other.first:
        return True  # 除了中午十二点到两点
    lead = line.tag(line.on(one.end + 1), "between", "range_from")
    whole = Window(after=hours.after, before=hours.before)
    holds = whole.has_time(other.time) and whole.has_time(other.until)
    return bool(comma and lead and lead.end == other.first and holds)


def marked(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, those refused with another marked as well: "not seven or eight"."""
    out = refused_ones(line, [p for p in pieces if not isinstance(p, Day) or p.kind < Kind.PAST])
    inside = [(p.first, p.end) for p in out if isinstance(p, Clock)]
    gone_days = [p for p in out if isinstance(p, Day)]
    gone = {day.date for day in gone_days if not day.plain}
    moment = any(isinstance(p, Clock) and p.role is Role.WANTED and not p.until for p in pieces)
    found: list[Piece] = []
    for p in pieces:
        lead = line.before(p.first, "begins") if isinstance(p, Day) else None
        belongs = p in out or any(a < p.first < b for a, b in inside)
        if p.role is Role.WANTED and (belongs or is_refused_again(line, p, pieces, gone_days)):
            found.append(replace(p, role=Role.OUT))
        elif lead and moment:  # "starting the fourteenth, at nine"
            found.append(replace(p, role=Role.WANTED))
        elif isinstance(p, Day) and p.plain and p.kind is Kind.WEEKDAY and p.date in gone:
            found.append(replace(p, date=add_days(p.date, 7) or p.date))  # "not this Friday"
        elif isinstance(p, Day) and p.role is Role.OUT and p.kind < Kind.PAST and p not in out:
            found.append(replace(p, role=Role.WANTED))
        else:
            found.append(p)
    return found


def _is_or(line: Line, at: int, end: int, *words: str) -> bool:
    """Return True where nothing but an "or" stands between, or another one of the words."""
    word = line.tag(line.on(at), "or", *words)
    if word and line.said.tokens[word.first].is_sign:
        return False
    at = line.on(word.end) if word else end + 1
    while at < end and (small := line.tag(at, "the", "on", "inside", "which", "one", "not")):
        at = line.on(small.end)
    return at == end or (word is not None and line.before(end, "earliest", "latest") is not None)


def _is_mend(line: Line, at: int) -> bool:
    """Return True where the round in which this stands takes back what was said before."""
    start = max((cut for cut in cuts(line) if cut <= at), default=0)
    mend = line.tag(start, "mend") is not None
    return mend or any(clause.mends and clause.first == start for clause in line.said.clauses)


def _rounds(line: Line, wanted: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield the rounds; in each only the surest hours count."""
    starts = cuts(line)
    for _, group in groupby(wanted, lambda each: bisect_right(starts, each.first)):
        found = list(group)
        cue = max((c.cue for c in found if isinstance(c, Clock)), default=Cue.WEAK)
        yield [c for c in found if not isinstance(c, Clock) or c.cue >= cue or _counts(line, c)]


def _counts(line: Line, clock: Clock) -> bool:
    """Return True for a range, a bound ("not before ten"), and what stands behind an "or"."""
    bounds = clock.role in (Role.SINCE, Role.UNTIL) and clock.cue >= Cue.MEDIUM
    return bounds or clock.until is not None or line.before(clock.first, "or") is not None


def _terms(line: Line, items: Sequence[Item]) -> list[Term]:
    """Return the items term by term: the days and the hours that belong together."""
    terms: list[Term] = []
    for item, following in zip_longest(items, items[1:]):
        days = [each for each in terms[-1] if isinstance(each, Day)] if terms else []
        whole = bool(days) and len(days) < len(terms[-1])
        named = item if isinstance(item, Day) else following
        begins = isinstance(named, Day) and resolve_together([*days[-1:], named], line.today)[1]
        led = isinstance(item, Day) or (following and is_beside(line, item.end, following.first))
        listed = isinstance(item, Day) and bool(terms) and isinstance(terms[-1][-1], Day)
        before = terms[-1][-1] if terms else None
        apart = before is not None and isinstance(before, Day) is not isinstance(item, Day)
        words = () if isinstance(item, Clock) else ("and",)  # "on Wednesday, and at ten" is one
        apart = apart and before is not None and _is_or(line, before.end, item.first, *words)
        if not terms or apart or (whole and led and not listed and begins and begins >= EITHER):
            terms.append([])
        terms[-1].append(item)
    return terms


def _folded(parts: list[Window], terms: list[Window], *, narrows: bool) -> list[Window]:
    """Return what is wanted after another round: its days, its hours, and the rest as before.

    narrows  it takes nothing back: "Thursday or Friday, but Friday only in the morning"
    """
    if not parts or not terms:
        return terms or parts
    if not any(names_days(term) for term in terms):
        both = [(part, term) for part in parts for term in terms]
        return [
            replace(part, after=hours.after, before=hours.before)
            for part, term in both
            for hours in [met_hours(part, term) or term]
        ]
    named, before = ({d for box in each for d in box.days} for each in (terms, parts))
    if narrows and named < before and all(names_hours(term) for term in terms):
        left = [replace(p, days=tuple(d for d in p.days if d not in named)) for p in parts]
        return [*(part for part in left if part.days), *terms]
    if any(names_hours(term) for term in terms):
        return terms
    return [
        replace(term, after=part.after, before=part.before) for term in terms for part in parts[:1]
    ]
