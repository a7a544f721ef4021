"""Which of the days and hours in an utterance are wanted: told, asked, refused ones are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from voicebot.collect.reading.fields.clocks import Clock, Cue, Half, Part, clock_at
from voicebot.collect.reading.fields.counted import Moment, counted_at
from voicebot.collect.reading.fields.dates import Day, Kind
from voicebot.collect.reading.fields.days import day_at
from voicebot.collect.reading.fields.patterns import Line

Piece = Day | Clock | Part | Moment

_MOST_CLOCKS = 2
"""A row of more numbers is no hour."""
_PARTY_REACH = 6
_NEGATION_REACH = 4
_BOUND_REACH = 5
_RAISED = {Cue.BARE: Cue.WEAK, Cue.MEDIUM: Cue.STRONG}
"""A day beside a number makes it more of an hour: "let's do four on Tuesday"."""
_FILLERS = ("time.filler", "quiet.courtesy", "quiet.link", "quiet.sound", "lead.is", "yes.agree")
_POLITE = ("quiet.link", "act.leave", "act.greet")


def pieces_of(line: Line) -> list[Piece]:
    """Return every day, hour, part of the day and moment, each hour with how sure it is one."""
    held = line.situation.record.get(line.situation.step, "")
    confirming = line.situation.asked == "confirm"
    read_back = moment_of(held) if confirming else None
    told = {at for first, end in facts(line) for at in range(first, end)}
    found: list[Piece] = []
    at = 0
    while at < len(line):
        piece = counted_at(line, at, read_back) or day_at(line, at) or clock_at(line, at)
        part = line.tag(at, "part", "tonight")
        if part and not line.said.before(part.end, *_POLITE):
            found.append(Part(at, part.end, part.value or "night"))
        if piece is None:
            at += 1
            continue
        if at not in told:
            found.append(piece)
        at = max(piece.end, at + 1)
    return _weighed(line, [piece for piece in found if piece.first not in told])


def moment_of(value: str) -> datetime | None:
    """Return the moment that a whole value names, if it is one."""
    try:
        return datetime.fromisoformat(value) if "T" in value[1:] else None
    except ValueError:
        return None


def rounds_of(line: Line, pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces cut at every mend ("no", "make it"): what is said later counts."""
    starts = {clause.first for clause in line.said.clauses if clause.mends}
    for match in line.said.all("time.mend"):
        starts.add(match.first)
    for match in line.said.all("time.turn"):
        if not line.tag(match.first, "no_turn"):
            starts.add(match.first)
    rounds: list[list[Piece]] = [[]]
    last = 0
    for piece in pieces:
        if any(last < start <= piece.first for start in starts):
            rounds.append([])
        rounds[-1].append(piece)
        last = piece.first
    return rounds


def facts(line: Line) -> Iterator[tuple[int, int]]:
    """Give the stretches that only tell of days and hours: "my train leaves at six".

    A fact ends with its sentence, where it leads on ("so", "but"), and where a wish begins.
    """
    end = 0
    for fact in line.said.all("time.fact"):
        wish = line.tag(fact.first, "wish")
        if fact.first < end or (wish and wish.end >= fact.end) or line.before(fact.first, "wish"):
            continue
        end = fact.end
        while end < len(line) and not _ends_fact(line, end):
            end += 1
        if end == len(line) or not (line.tag(end, "wish") and line.tag(end, "trail")):
            yield fact.first, end  # "she said Friday would suit" wishes


def _ends_fact(line: Line, at: int) -> bool:
    stop = line.said.tokens[at].is_sign and line.said.low(at) in ".?!;,"
    if stop and line.said.tokens[at].glued and at + 1 < len(line):
        stop = not line.said.tokens[at + 1].glued
    return stop or line.tag(at, "turn", "wish") is not None


def only_asks(line: Line) -> bool:
    """Return True where a day or hour is asked about and no time proposed.

    "Are you open on Saturday?", "will it be warm on Friday?", "am I down for two?"; but "do you
    have Friday at two?" proposes one.
    """
    said = line.said
    if next(said.all("time.elsewhere", "time.asks_own"), None):
        return True
    if line.tag(0, "asks_every") and next(said.all("time.every"), None):
        return True
    opener = line.tag(line.on(0), "opener")
    if opener is None or line.tag(opener.first, "suggests"):
        return False
    if line.tag(opener.end - 1, "suggests"):
        return False
    return any(said.all("time.tells")) or not any(said.all("time.offer", first=opener.end))


def is_refused(line: Line, piece: Piece) -> bool:
    """Return True for what is no answer: refused, given up ("instead of three"), past, a bound."""
    if not isinstance(piece, Day | Clock):
        return False
    is_day = isinstance(piece, Day) and piece.kind not in (Kind.PAST, Kind.NONE)
    if isinstance(piece, Day) and (not is_day or line.tag(piece.end, "street")):
        return True
    if line.tag(line.on(piece.end), "refused"):
        return True
    return (
        is_excepted(line, piece.first)
        or _is_bound(line, piece)
        or line.before(_before(line, piece.first), "moved") is not None
        or is_negated(line, piece.first)
    )


def is_excepted(line: Line, first: int) -> bool:
    """Return True for the Monday of "any day but Monday" and of "instead of Monday"."""
    return line.before(_before(line, first), "instead_of") is not None


def _before(line: Line, first: int) -> int:
    """Return where the words before a piece end, without "on the"."""
    while match := line.before(first, "the", "on"):
        first = match.first
    return first


def _is_bound(line: Line, piece: Day | Clock) -> bool:
    """Return True for "before ten" and "after Friday": some other one, still to be named."""
    first = piece.first
    if the := line.before(first, "the"):
        first = the.first
    bound = line.before(first, "day_bound" if isinstance(piece, Day) else "bound")
    if bound is None:
        return False
    near = range(max(0, bound.first - _BOUND_REACH), bound.first)
    return not any(line.tag(at, "not", "not_bound") for at in near)


def is_negated(line: Line, first: int) -> bool:
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


def _weighed(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, each hour with the part of the day beside it and how sure it is one."""
    inside = {at for piece in pieces for at in range(piece.first, piece.end)}
    rest = [at for at in range(len(line)) if at not in inside and not line.said.is_sound(at)]
    clocks = sum(isinstance(piece, Clock) for piece in pieces)
    alone = clocks <= _MOST_CLOCKS and all(line.said.at(at, *_FILLERS) for at in rest)
    cued = [
        _cued(line, piece, pieces, inside, alone=alone) if isinstance(piece, Clock) else piece
        for piece in pieces
    ]
    return list(_ranged(line, cued))


def _cued(
    line: Line, clock: Clock, pieces: Sequence[Piece], inside: set[int], *, alone: bool
) -> Clock:
    parts = (p for p in pieces if isinstance(p, Part) and _beside(line, clock, p))
    part = next((p.name for p in parts), None)
    counts = line.tag(line.on(clock.end), "counted")
    if clock.cue is not Cue.STRONG and counts and not (line.tag(counts.first, "of") and part):
        return replace(clock, part=part, cue=Cue.BARE)
    cue = Cue.STRONG if part else clock.cue
    if cue is not Cue.STRONG:
        cue = max(cue, _lead(line, clock, pieces, inside, alone=alone))
        if any(isinstance(p, Day) and _beside(line, clock, p) for p in pieces):
            cue = _RAISED.get(cue, cue)
    return replace(clock, part=part, cue=cue)


def _lead(
    line: Line, clock: Clock, pieces: Sequence[Piece], inside: set[int], *, alone: bool
) -> Cue:
    """Return what the words before an hour say."""
    number = line.number(clock.first)
    compact = number is not None and len(number.written) > 2
    behind = line.on(clock.end)
    ends = line.pauses(behind) or behind in inside or line.tag(behind, "filler", "inside")
    if line.tag(behind, "onward"):
        return Cue.MEDIUM
    follows_day = any(isinstance(p, Day) and line.on(p.end) == clock.first for p in pieces)
    if follows_day or (line.before(clock.first, "at") and (ends or not compact)):
        return Cue.MEDIUM
    if alone and not line.before(clock.first, "few"):
        return Cue.WEAK
    uneven = compact and clock.minute % 5 > 0
    thing = clock.hour == 1 and clock.minute == 0 and not (number and number.written)
    weak = line.before(clock.first, "weak") and ends and not (uneven or thing)
    return Cue.WEAK if weak and not _is_for_many(line, clock.first) else Cue.BARE


def _is_for_many(line: Line, first: int) -> bool:
    """Return True for "a table at Luigi's for 6": the number behind a party is its guests'."""
    joint = line.before(first, "weak")
    if joint is None:
        return False
    word = line.said.low(joint.first)
    for at in reversed(range(max(0, joint.first - _PARTY_REACH), joint.first)):
        if line.said.low(at) == word:
            return False
        if line.tag(at, "party"):
            return True
    return False


def _beside(line: Line, clock: Clock, other: Piece) -> bool:
    first, second = (clock, other) if clock.first < other.first else (other, clock)
    if first.end > second.first:
        return False
    between = range(first.end, second.first)
    return all(line.said.is_sound(at) or line.tag(at, "inside") for at in between)


def _ranged(line: Line, pieces: list[Piece]) -> Iterator[Piece]:
    """Give the pieces: "2 to 4 pm" begins at two in the afternoon, "8 or 9" is open."""
    joined = list(pieces)
    for n, (first, second) in enumerate(pairwise(pieces)):
        if not (isinstance(first, Clock) and isinstance(second, Clock)):
            continue
        at = line.on(first.end)
        dash = at == second.first and line.said.low(first.end) == "-"
        if (joint := line.tag(at, "or", "joint")) and line.on(joint.end) != second.first:
            continue
        if joint and joint.tag == "time.or":
            sure = max(first.cue, second.cue) > Cue.BARE
            either = replace(first, cue=Cue.BARE, until=second.time if sure else None)
            joined[n : n + 2] = either, replace(second, cue=Cue.BARE)
        elif dash or joint:
            joined[n] = _in_range(first, second)
    yield from joined


def _in_range(first: Clock, second: Clock) -> Clock:
    first = replace(first, end=second.end, cue=max(first.cue, second.cue), until=second.time)
    if first.half or first.part or first.hour > 12:
        return first
    same = replace(first, half=second.half, part=second.part)
    return same if same.time <= second.time else replace(first, half=Half.AM)
