"""What an utterance tells of days and hours beside what is wished for: the caller's other plans.

"My train leaves at six", "Thursday's bins", "I've got choir at two": such a fact is no wish, and
what it takes is left out of the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from voicebot.collect.understanding.clauses import ends_sentence
from voicebot.collect.understanding.fields.time_patterns import Line
from voicebot.collect.understanding.fields.time_pieces import Clock, Cue, Day, Kind, Piece, Role
from voicebot.collect.understanding.types import Asked

_SUITS = ("suits", "trail", "refused", "turn", "wish")
"""Behind "Friday's" they say how it would be, and not what happens then."""
_TIMES = ("n", "nth", "figures", "noon", "part", "weekday", "day", "tonight", "which", "at")


_SENTENCE_ENDS = frozenset(".?!;")


def asked_aside(line: Line) -> Iterator[tuple[int, int]]:
    """Give the stretches that ask something else of a day: "does it cost extra today?"."""
    for clause in line.said.clauses if len(line.said.clauses) > 1 else ():
        elsewhere = any(line.said.in_clause(clause, "time.elsewhere"))
        if clause.asked and elsewhere:  # "Friday. Is that a public holiday?"
            yield clause.first, clause.end
    for asks in line.said.all("time.aside"):
        end = asks.end
        while end < line.end and not line.closes(end):
            end += 1
        yield asks.first, end


def without_house_numbers(line: Line, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces but for the numbers of a sentence on an address that may be no time.

    Of "the house number is 18, not 8" neither is an hour; "number 18, at nine o'clock" has one.
    """
    stretches = [_sentence(line, word.first) for word in line.said.all("time.house")]
    if line.situation.asked is Asked.CHOICE:  # "seven, but it's number 62, not 26"
        houses = [word.first for word in line.said.all("time.house")]
        stretches = [(at, end) for at, (_, end) in zip(houses, stretches, strict=True)]
    return [
        piece
        for piece in pieces
        if not (_may_be_a_number(piece) and any(a <= piece.first < b for a, b in stretches))
    ]


def _may_be_a_number(piece: Piece) -> bool:
    if isinstance(piece, Clock):
        return piece.cue < Cue.STRONG
    return isinstance(piece, Day) and piece.kind is Kind.MONTH_DAY


def _sentence(line: Line, at: int) -> tuple[int, int]:
    """Return where the sentence of a token begins and ends."""
    marks = [n for n in range(line.end) if line.said.low(n) in _SENTENCE_ENDS]
    first = max((mark + 1 for mark in marks if mark < at), default=0)
    return first, min((mark for mark in marks if mark >= at), default=line.end)


def facts(line: Line) -> Iterator[tuple[int, int]]:
    """Give the stretches that only tell of days and hours: "my train leaves at six".

    A fact ends with its sentence, where it leads on ("so", "but"), and where a wish begins.
    """
    end, tokens = 0, line.said.tokens
    starts = [(fact.first, fact.end) for fact in line.said.all("time.fact", "time.busy")]
    for first, behind in sorted([*starts, *_occasions(line)]):
        wish = line.tag(first, "wish") or line.before(first, "wish")
        if first < end or (wish and (wish.end >= behind or wish.end <= first)):
            continue
        end = behind
        while end < line.end and not line.tag(end, "turn", "wish"):
            inside = tokens[end].glued and end + 1 < line.end and tokens[end + 1].glued  # 3.30
            if tokens[end].low in ".?!;," and not inside:
                break
            end += 1
        if not (line.tag(end, "wish") and line.tag(end, "trail")):
            yield first, end  # "she said Friday would suit" wishes


def _occasions(line: Line) -> Iterator[tuple[int, int]]:
    """Give the days that are something of the caller's: "Thursday's bins"."""
    for day in line.said.all("time.weekday", "time.day", "time.ish_number"):
        joint = line.tag(day.end, "is")
        behind = joint.end if joint else day.end
        is_one = joint or line.said.low(day.end - 1).endswith("'s")
        if article := line.tag(behind, "the"):
            behind = article.end
        word = 0 < behind < line.end and not line.said.is_sound(behind)
        praised = line.said.at(behind, "yes.agree", "yes.behind")  # "Monday's nice"
        if is_one and word and not praised and not line.tag(behind, *_SUITS, *_TIMES):
            yield day.first, behind
    for own in line.said.all("time.own"):
        at = line.on(own.end)
        if line.said.low(at).endswith("'s") and line.tag(at + 1, "at", "on", "between"):
            yield own.first, at + 1


def with_its_day(line: Line, fact: tuple[int, int], pieces: Sequence[Piece]) -> tuple[int, int]:
    """Return a fact with the days right before it: "Thursday I've got pilates at four"."""
    first, end = fact
    inside = [piece for piece in pieces if first <= piece.first < end]
    if not _is_busy(line, fact) or any(piece.role is not Role.WANTED for piece in inside):
        return fact
    for piece in reversed(pieces):
        between = range(piece.end, first)
        if isinstance(piece, Day) and piece.end <= first:
            bounds = piece.role in (Role.SINCE, Role.UNTIL)  # "not before Friday and I'm away"
            if bounds or not all(line.tag(at, "and", "or", "inside") for at in between):
                break
            first = piece.first
    return first, end


def _is_busy(line: Line, fact: tuple[int, int]) -> bool:
    first, end = fact
    if any(line.said.all("time.here", first=first, end=end)):
        return False
    busy = any(line.said.all("time.busy", first=first, end=end))
    return busy or line.tag(first, "weekday", "own") is not None


def plans(line: Line, fact: tuple[int, int], pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Give the days and hours of what the caller has to do then."""
    first, end = fact
    home = any(line.said.all("time.home", first=first, end=end))
    gone = any(line.said.all("time.gone", first=first, end=end))
    if before := line.before(first, "latest", "earliest"):  # "before the kids get home at three"
        gone = before.tag == "time.latest"
        home = not gone
    # refused once more, and taken all the same: "Friday I'm away"
    pieces = [replace(p, role=Role.WANTED) if p.role is Role.OUT else p for p in pieces]
    for piece in pieces if _is_busy(line, fact) else ():
        if first <= piece.first < end and piece.role in (Role.WANTED, Role.SINCE, Role.UNTIL):
            bounds = isinstance(piece, Clock) and not piece.until and piece.role is Role.WANTED
            role = Role.SINCE if gone else Role.UNTIL if home else piece.role
            yield replace(piece, role=role) if bounds else piece


def only_asks(line: Line) -> bool:
    """Return True where a day or hour is asked about and no time proposed.

    "Are you open on Saturday?", "am I down for two?"; but "do you have Friday at two?" proposes.
    """
    said = line.said
    if line.situation.asked is Asked.CHOICE and "time.taken" in said.tags:
        return False  # "is seven gone?"
    asked = list(asked_aside(line))
    elsewhere = [each for each in said.all("time.elsewhere") if not line.tag(each.first - 1, "if")]
    if any(not any(a <= each.first < b for a, b in asked) for each in elsewhere):
        return True
    if "time.asks_own" in said.tags:
        return True
    opener = line.tag(line.on(0), "opener")
    proposes = ("suggests", "any", "instead_of")  # "cuando pueda", "que no sea el lunes"
    leaves = said.at(line.on(0), "flexible.any", "flexible.soonest")  # "cuanto antes"
    if opener is None or leaves or any(line.tag(at, *proposes) for at in range(opener.end)):
        return False
    stop = next((n for n in range(opener.end, line.end) if ends_sentence(said.tokens, n)), line.end)
    behind = said.all("time.weekday", "time.day", "time.short", first=stop)
    suggests = any(said.all("time.suggests", first=stop))  # "Is seven not early? What about nine?"
    if suggests or any(not said.clause(each.first).asked for each in behind):
        return False  # "Is one bedroom only. Friday in the morning"
    return "time.tells" in said.tags or not any(said.all("time.offer", first=opener.end))
