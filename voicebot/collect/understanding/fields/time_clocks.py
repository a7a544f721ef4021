"""Hours as callers say them: "half past three", "16:45", "two p m", "noon", "at four"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from voicebot.call import Step
from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.fields.time_counted import day_at
from voicebot.collect.understanding.fields.time_open import of_occasion
from voicebot.collect.understanding.fields.time_patterns import (
    Got,
    Line,
    Rules,
    figures,
    first_of,
    match,
)
from voicebot.collect.understanding.fields.time_pieces import (
    EXACT,
    NOON,
    Clock,
    Cue,
    Day,
    Kind,
    Part,
    Piece,
)
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.types import Asked

_MINUTES_OF_TO = frozenset({5, 10, 15, 20, 25, 30})
"""Other numbers before "to" begin a range: "two to four"."""
_LONGEST_ROW, _PARTY_REACH, _MOST_CLOCKS, _LEADS = 4, 6, 2, 2
"""More numbers in a row are a telephone number."""
_FILLERS = ("time.filler", "quiet.courtesy", "quiet.link", "quiet.sound", "lead.is", "yes.agree")
_POLITE = ("quiet.link", "act.leave", "act.greet")
"""Words that are no part of the day: "good morning"."""


def clock_at(line: Line, at: int) -> Clock | None:
    """Return the hour that begins at this token, if one does; its cue may still be BARE."""
    written = _written(line, at)
    clock = written or first_of(line, line.clocks, at)
    if clock is None:
        return None
    clock = _with_half(line, clock)
    sure = written or (clock.half and clock.cue is Cue.STRONG)
    return clock if sure or not _is_other_number(line, clock) else None


def _written(line: Line, at: int) -> Clock | None:
    """9:30, 16:45:00, 9.30"""
    parts = figures(line, at, ":.")
    dots = line.said.low(at + 1) == "."
    if len(parts) not in ((2,) if dots else (2, 3)) or len(parts[0]) > 2 or len(parts[1]) != 2:
        return None
    hour, minute = int(parts[0]), int(parts[1])
    half = EXACT if hour == 0 or line.said.low(at - 1) == "t" else ""
    clock = Clock(at, at + 2 * len(parts) - 1, hour, minute, half, Cue.BARE if dots else Cue.STRONG)
    return clock if hour <= 24 and minute < 60 else None


def _noon(_: Line, got: Got) -> Clock | None:
    fits = got.text("n") in ("", "12")
    return Clock(got.first, got.end, got.value("noon"), half=EXACT) if fits else None


def _past(line: Line, got: Got) -> Clock | None:
    """Half past three, ten past noon, quarter to eleven, twenty minutes to seven, half three."""
    minutes, named, plain = got.value("fraction", "n"), got.parts[-1], got.has("minutes")
    hour, half = int(named.value), EXACT if named.tag == "time.noon" else ""
    if minutes not in range(1, 60) or hour not in range(1 - bool(half), 25):
        return None
    if not got.has("fraction") and not plain and minutes not in _MINUTES_OF_TO:
        return None
    if got.has("beyond"):
        return Clock(got.first, got.end, hour, minutes, half)
    if not got.has("short_of", "short_of_us"):  # a count of hours: "half two hours"
        counts = minutes != 30 or line.tag(line.on(got.end), "counted")
        return None if counts else Clock(got.first, got.end, hour, minutes, half)
    if line.before(got.first, "between", "from"):
        return None
    cue = Cue.MEDIUM if got.has("short_of_us") and not got.has("fraction") else Cue.STRONG
    before = (hour - 1) % 24 or (0 if half else 12)
    return Clock(got.first, got.end, before, 60 - minutes, half, cue)


def _minutes_behind(line: Line, got: Got) -> Clock | None:
    """Five and a half, eleven less a quarter: the hour first, as in Spanish."""
    hour, minutes = int(got.parts[0].value), int(got.parts[2].value)
    if hour not in range(1, 25) or minutes not in range(1, 60):
        return None
    led = line.before(got.first, "at") and not line.before(got.first, "between")
    if not got.has("fraction") and (minutes % 5 or not led):
        return None
    if got.has("minutes_less"):
        hour, minutes = hour - 1 or 12, 60 - minutes
    return Clock(got.first, got.end, hour, minutes)


def _hundred(_: Line, got: Got) -> Clock | None:
    """Sixteen hundred, oh nine hundred hours."""
    *zero, hour = (int(part.value) for part in got.parts if part.tag == "time.n")
    fits = hour < 25 and not any(zero)
    return Clock(got.first, got.end, hour, half=EXACT, cue=Cue.MEDIUM) if fits else None


def _compact(_: Line, got: Got) -> Clock | None:
    """815, 0930, 1630."""
    written = got.text("figures")
    hour, minute = (int(written[:-2]), int(written[-2:])) if len(written) <= 4 else (99, 99)
    exact = EXACT if written[0] == "0" or hour > NOON else ""
    clock = Clock(got.first, got.end, hour, minute, exact, Cue.BARE)
    return clock if hour <= 24 and minute < 60 else None


def _hour(line: Line, got: Got) -> Clock | None:
    """Three, three thirty, 21 35, three oh five, threeish: a number that may be an hour."""
    hour, *rest = (int(part.value) for part in got.parts if part.tag == "time.n")
    minute, joined = sum(rest), line.digits(got.first) and line.said.low(got.first + 1) == "-"
    if hour not in range(1, 24) or (rest and joined):
        return None
    if len(rest) > 1 and (rest[0] or minute > 9 or line.digits(got.parts[1].first) > 1):
        return None
    ish = got.has("ish") or line.tag(got.first, "ish_number")
    if len(rest) != 1:
        return Clock(got.first, got.end, hour, minute, cue=Cue.MEDIUM if ish else Cue.BARE)
    behind = line.on(got.end)
    month = line.tag(behind, "month") and not match(line, "month the? n|nth", behind)
    counts = month or line.tag(behind, "minutes", "days", "weeks", "months", "fortnights")
    if counts or minute not in range(10, 60):
        return None
    return Clock(got.first, got.end, hour, minute, cue=Cue.BARE if minute % 5 else Cue.MEDIUM)


def _at_ten(line: Line, got: Got) -> Clock | None:
    """Ten for "attend" where a time stands."""
    begins = line.opens(got.first) or line.before(got.first, "weekday", "day", "suffix", "ordinal")
    ends = line.closes(got.end) or line.tag(got.end, "in", "on", "part")
    return Clock(got.first, got.end, 10, cue=Cue.MEDIUM) if begins and ends else None


CLOCKS: Rules[Clock] = {
    "n? noon": _noon,
    "n minutes_more|minutes_less fraction|n minutes?": _minutes_behind,
    "one? fraction|n minutes? beyond|short_of|short_of_us of? noon|n": _past,
    "fraction n": _past,
    "n n hundred hours?": _hundred,
    "n hundred hours?": _hundred,
    "figures": _compact,
    "n n n": _hour,
    "n n": _hour,
    "n ish?": _hour,
    "at_ten": _at_ten,
}


def _with_half(line: Line, clock: Clock) -> Clock:
    """Return an hour with what follows it: o'clock, am or pm, hours."""
    if not clock.minute and (oclock := line.tag(line.on(clock.end), "oclock")):
        clock = replace(clock, end=oclock.end, cue=Cue.STRONG)
    end, behind = clock.end, line.on(clock.end)
    if got := match(line, "in the half", behind) or match(line, "half", behind):
        return replace(clock, end=got.end, half=got.text("half"), cue=Cue.STRONG)
    glued = line.tag(end, "half_glued")
    if glued and line.said.tokens[end].glued and line.digits(end - 1):
        return replace(clock, end=glued.end, half=glued.value, cue=Cue.MEDIUM)
    hours = line.tag(behind, "hours") if clock.hour > NOON or clock.half else None
    if hours is None or line.tag(behind, "lasting"):
        return clock
    return replace(clock, end=hours.end, half=EXACT, cue=Cue.STRONG)


def _is_other_number(line: Line, clock: Clock) -> bool:
    """Return True for a part of a telephone number."""
    first, end = line.back(clock.first), line.on(clock.end)
    if any(line.digits(at) > 2 and _is_in_row(line, at) for at in (first - 1, end)):
        return True
    while _is_in_row(line, first - 1):
        first = line.back(first - 1)
    while _is_in_row(line, end):
        end = line.on(end + 1)
    return sum(line.tag(at, "n", "figures") is not None for at in range(first, end)) > _LONGEST_ROW


def _is_in_row(line: Line, at: int) -> bool:
    """Return True for a number that is no year and no part of a date."""
    number = None if at in line.dated else line.tag(at, "n", "figures")
    return number is not None and not (line.digits(at) == 4 and number.value.startswith("20"))


def pieces_of(
    line: Line, read_back: datetime | None, told: Sequence[tuple[int, int]]
) -> list[Piece]:
    """Return every day, hour and part of the day outside what is told, hours that may be some."""
    told = [*told, *((m.first, m.end) for m in line.said.all("time.no_time"))]
    outside = [not any(first <= at < end for first, end in told) for at in range(line.end)]
    found: list[Piece] = []
    at = 0
    while at < line.end:
        piece = None
        if line.begins[at]:
            piece = day_at(line, at, read_back, _last_day(found)) or clock_at(line, at)
        part = line.tag(at, "part", "tonight")
        named = part and outside[at] and not isinstance(piece, Clock)  # 中午 is an hour
        if part and named and not _greets(line, part):
            found.append(Part(at, part.end, part.value or "night"))
        if piece and outside[piece.first]:
            found.append(piece)
        at = max(piece.end if piece else part.end if part else 0, at + 1)
    ones = [n + 1 for n, (p, other) in enumerate(pairwise(found)) if _is_one(line, p, other)]
    found = [piece for n, piece in enumerate(found) if n not in ones]
    inside = {at for piece in found for at in range(piece.first, piece.end)}
    rest = [at for at in range(line.end) if at not in inside and not line.said.is_sound(at)]
    clocks = sum(isinstance(piece, Clock) for piece in found)
    alone = clocks <= _MOST_CLOCKS and all(line.said.at(at, *_FILLERS) for at in rest)
    cued = [_cued(line, p, found, inside, alone) if isinstance(p, Clock) else p for p in found]
    return _ranged(line, _to_come(line, cued))


def _greets(line: Line, part: Match) -> bool:
    """Return True for "good morning", and "Morning, Declan here" where no time was asked for."""
    opens = line.back(part.first) == 0 and line.closes(part.end) and part.end < line.end
    alone = opens and line.situation.step is not Step.TIME
    return alone or line.said.before(part.end, *_POLITE) is not None


def _last_day(pieces: Sequence[Piece]) -> Day | None:
    """Return the day named last, from which "the day after" is counted."""
    days = (p for p in reversed(pieces) if isinstance(p, Day) and p.kind <= Kind.TODAY)
    return next(days, None)


def _is_one(line: Line, piece: Piece, other: Piece) -> bool:
    """Return True where the other is the "one" of "the nine one", which is no hour."""
    if not (isinstance(piece, Clock) and isinstance(other, Clock)) or piece.end != other.first:
        return False
    ends = line.closes(other.end) or line.tag(other.end, "filler", "trail")
    leads = line.before(piece.first, "the") or line.opens(piece.first)
    return bool(ends and leads and line.tag(other.first, "kind_of_offer"))


def _to_come(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces without a day that is over and the hour beside it: "yesterday at two"."""
    kept: list[Piece] = []
    over = False
    for before, piece in zip((None, *pieces), pieces, strict=False):
        over = over and before is not None and _beside(line, before, piece)
        over |= isinstance(piece, Day) and piece.kind is Kind.PAST
        kept += [] if over else [piece]
    return kept


def _cued(
    line: Line, clock: Clock, pieces: Sequence[Piece], inside: set[int], alone: bool
) -> Clock:
    """Return an hour with the part of the day beside it, and how sure it is one."""
    beside = [other for other in pieces if _beside(line, clock, other)]
    if line.said.at(clock.first, "doubt.article") and not line.before(clock.first, "at"):
        return replace(clock, cue=Cue.BARE)  # "esta tarde para una fuga", not "a la una"
    if part := next((each.name for each in beside if isinstance(each, Part)), ""):
        return replace(clock, part=part, cue=Cue.STRONG)
    if clock.cue < Cue.STRONG and line.tag(line.on(clock.end), "counted"):
        return replace(clock, cue=Cue.BARE)
    cue = max(clock.cue, _lead(line, clock, inside, alone=alone))
    if any(isinstance(each, Day) for each in beside):  # "let's do four on Tuesday"
        cue = {Cue.BARE: Cue.WEAK, Cue.MEDIUM: Cue.STRONG}.get(cue, cue)
    return replace(clock, cue=cue)


def _lead(line: Line, clock: Clock, inside: set[int], *, alone: bool) -> Cue:
    """Return how sure the words before an hour make it."""
    behind, first, digits = line.on(clock.end), line.back(clock.first), line.digits(clock.first)
    ends = line.closes(behind) or behind in inside or line.tag(behind, "filler", "inside")
    at = line.before(first, "at", "earliest", "latest") and (ends or digits <= 2)
    named = line.before(first, "the") and line.tag(behind, "kind_of_offer")  # "the nine one"
    occasion = ends and of_occasion(line, clock.first)  # "after my show, that's four"
    if at or named or occasion or line.tag(behind, "onward") or first - 1 in inside:
        return Cue.MEDIUM
    trail = line.tag(behind, "trail")  # "four would do it"
    thing = clock.hour == 1 and not clock.minute and not digits
    lead = line.before(first, "lead")
    if trail and lead and not thing:  # "is three free"
        return Cue.MEDIUM
    # "the last, but eleven", "could it be nine", "nine rather than seven"
    led = line.before(clock.first, "turn", "spoken") or (lead and lead.end - lead.first > _LEADS)
    closes = line.closes(trail.end if trail else clock.end) or line.tag(behind, "instead_of")
    sentence = bool((led or line.opens(clock.first)) and closes)
    sentence = sentence and "/" not in (line.said.low(clock.first - 1), line.said.low(clock.end))
    if (alone or sentence) and not line.before(first, "few"):
        return Cue.WEAK
    joint = line.before(first, "weak")
    if joint is None or not ends or thing or (digits > 2 and clock.minute % 5):
        return Cue.BARE
    near = range(max(0, joint.first - _PARTY_REACH), joint.first)
    same = max((at for at in near if line.said.low(at) == line.said.low(joint.first)), default=-1)
    party = any(line.tag(at, "party") for at in near if at > same)
    return Cue.BARE if party else Cue.WEAK  # "a table at Luigi's for 6"


def _beside(line: Line, one: Piece, other: Piece) -> bool:
    first, second = (one, other) if one.first < other.first else (other, one)
    between = range(first.end, second.first)
    ends = line.situation.step is not Step.TIME  # "oh four one two. Mornings suit me"
    apart = any(
        (not line.said.is_sound(at) and not line.tag(at, "inside"))
        or (ends and ends_sentence(line.said.tokens, at))
        for at in between
    )
    return first.end <= second.first and not apart


def _ranged(line: Line, pieces: list[Piece]) -> list[Piece]:
    """Return the pieces: "2 to 4 pm" begins at two in the afternoon, "8 or 9" is open."""
    joined = list(pieces)
    for n, (first, second) in enumerate(pairwise(pieces)):
        if not (isinstance(first, Clock) and isinstance(second, Clock)):
            continue
        at = line.on(first.end)
        joint = line.tag(at, "or", "joint")
        if line.on(joint.end if joint else at) != second.first:
            continue
        if joint and joint.tag == "time.or":
            alone = line.opens(first.first) and line.closes(second.end)
            alone = alone or line.situation.asked is not Asked.ANSWER
            sure = alone or max(first.cue, second.cue) > Cue.BARE
            until = second.time if sure else None
            joined[n] = replace(first, end=second.end, cue=Cue.BARE, until=until)
            joined[n + 1] = replace(second, cue=Cue.BARE)
        elif joint or line.said.low(first.end) == "-":
            cue = max(first.cue, second.cue)
            if joint and line.before(first.first, "range_from"):
                cue = max(cue, Cue.BARE if line.tag(line.on(second.end), "counted") else Cue.WEAK)
            first = replace(first, end=second.end, cue=cue, until=second.time)
            if not first.half and not first.part and first.hour <= NOON:
                same = replace(first, half=second.half, part=second.part)
                first = same if same.time <= second.time else replace(first, half="am")
            joined[n] = first
    return joined
