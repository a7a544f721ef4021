"""Read what is wanted of a day or an hour: it, from it on, not it; and which of those offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from voicebot.call import Window
from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.clauses import REQUESTS
from voicebot.collect.understanding.fields.time_days import add_days
from voicebot.collect.understanding.fields.time_patterns import Line
from voicebot.collect.understanding.fields.time_pieces import (
    Clock,
    Day,
    Kind,
    Part,
    Piece,
    Role,
)
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.types import Act

BOUNDS = {
    "time.early": Window(before=time(11)),
    "time.late": Window(after=time(15)),
    "time.too_early": Window(after=time(11)),
    "time.too_late": Window(before=time(15)),
}
"""The hours of "first thing", "late in the day", "not too early", "that's too late"."""
_MINUTE = timedelta(minutes=1)
_HALF_DAY, _NEAR_MINUTES = 12, 75
_NEGATION_REACH, _DONE_REACH, _THEN_REACH, _OCCASION_REACH = 4, 4, 4, 7
_LEADS = (
    *("not", "instead_of", "earliest", "latest", "between", "at", "on", "the", "lead", "any"),
    *("early", "late", "the_one", "again", "spoken"),
)
_TRAILS = ("trail", "onward", "backward", "any", "again", "refused", "conceded")
_RESTATES = ("lead.is", "yes.restate", "zone.time", "zone.name")


def with_role(line: Line, piece: Piece) -> Piece:
    """Return the piece with what the words around it want of it.

    Of "after Friday" the piece is the day after: bounds belong to what they allow.
    """
    first, behind = piece.first, line.on(piece.end)
    none = isinstance(piece, Day) and (piece.kind >= Kind.PAST or line.tag(piece.end, "street"))
    early = not isinstance(piece, Clock) and line.tag(behind, "early", "late")  # "Thursday early"
    while the := line.before(first, "the", "on"):
        first = the.first
    if not none and (role := _beyond_refused(line, piece, first, behind)):
        return replace(piece, role=role)
    rank = isinstance(piece, Day) and piece.is_rank
    none = none or (
        rank and line.said.before(first, "clause.deny", "yes.turns") is not None
    )  # 不要第一个
    moved = line.before(first, "moved") and not line.said.before(first, *REQUESTS)  # 能不能周六来
    refused = _is_refused(line, behind) and not early
    if none or refused or moved or _not_then(line, piece):
        return replace(piece, role=Role.OUT)
    if line.before(first, "instead_of"):
        return replace(piece, role=Role.BUT)
    if isinstance(piece, Day) and any(line.said.all("time.before_then", first=piece.end)):
        return replace(piece, role=Role.UNTIL, date=add_days(piece.date, -1) or piece.date)
    if isinstance(piece, Clock) and _is_end(line, piece):
        return replace(piece, role=Role.ENDS)
    if isinstance(piece, Clock) and (since := of_occasion(line, first)):
        return replace(piece, role=since)
    after = line.tag(behind, "onward", "backward")
    about = line.tag(behind, "about")  # 三点前后
    after = None if after and about and about.end > after.end else after
    if after and not line.tag(line.on(after.end), "n", "noon"):  # "Monday or before eight"
        return replace(piece, role=Role.SINCE if after.tag == "time.onward" else Role.UNTIL)
    bounds = ("earliest", "latest", "by")[: 2 + isinstance(piece, Day)]
    bound = line.before(piece.first, *bounds) or line.before(first, *bounds)
    if bound is None:
        return replace(piece, role=Role.OUT if is_negated(line, first) else Role.WANTED)
    role = Role.SINCE if bound.tag == "time.earliest" else Role.UNTIL
    if line.before(bound.first, "useless"):
        role = Role.UNTIL if role is Role.SINCE else Role.SINCE
    if not isinstance(piece, Day):  # "I can't come before ten" names the hour
        return piece if is_negated(line, bound.first) else replace(piece, role=role)
    if is_negated(line, bound.first):
        return replace(piece, role=Role.SINCE)
    shift = 1 if role is Role.SINCE else -1
    strictly = bound.end - bound.first == 1 and line.before(first, "after", "before")
    return replace(piece, role=role, date=(strictly and add_days(piece.date, shift)) or piece.date)


def _beyond_refused(line: Line, piece: Piece, first: int, behind: int) -> Role | None:
    """Return what "before three is no good" leaves: from three on; None where it is no such."""
    if isinstance(piece, Part):
        return None
    bound = line.before(first, "earliest", "latest")
    after = line.tag(behind, "onward", "backward")
    word = bound or after
    if word is None or (bound and (line.tag(bound.first, "not") or is_negated(line, bound.first))):
        return None
    if not _is_refused(line, behind if bound else line.on(word.end)):
        return None
    return Role.UNTIL if word.tag in ("time.onward", "time.earliest") else Role.SINCE


def of_occasion(line: Line, first: int) -> Role | None:
    """Return the bound that an hour tells of: "after my serial, that's three o'clock"."""
    lead = line.said.before(first, "lead.is")
    at = lead.first if lead else 0
    for back in reversed(range(max(0, at - _OCCASION_REACH), at)):
        if line.said.low(back) in ".?!;" or line.tag(back, "n", "weekday", "day", "part", "noon"):
            return None
        if bound := line.tag(back, "earliest", "latest"):
            return Role.SINCE if bound.tag == "time.earliest" else Role.UNTIL
    return None


def _not_then(line: Line, piece: Piece) -> bool:
    """Return True for the hours before a "so not then"."""
    near = (word.first - piece.end for word in line.said.all("time.not_then"))
    return not isinstance(piece, Day) and any(0 <= words <= _THEN_REACH for words in near)


def _is_refused(line: Line, at: int) -> bool:
    """Return True where it is refused behind; "tomorrow I'm out till two" refuses the hours."""
    refused = line.tag(at, "refused")
    if refused is None or is_conceded(line, refused) or _proposes(line, at, refused.end - 1):
        return False  # "¿Mañana no podrían?" asks for it
    return line.tag(line.on(refused.end), "latest", "earliest", "between") is None


def is_conceded(line: Line, refused: Match) -> bool:
    """Return True for the seven of "seven's a bit early, but okay"."""
    at = line.on(refused.end)
    return line.tag(line.on(at + (line.said.low(at) == ",")), "conceded") is not None


def _is_end(line: Line, clock: Clock) -> bool:
    """Return True for the four of "done by four", "out of here before four"."""
    bound = line.before(clock.first, "by", "latest") or line.tag(line.on(clock.end), "backward")
    if bound is None or "time.done" not in line.said.tags:
        return False
    around = range(max(0, bound.first - _DONE_REACH), min(line.end, bound.end + _DONE_REACH))
    return any(line.tag(at, "done") for at in around)


def cuts(line: Line) -> list[int]:
    """Return where a round begins: at a mend ("no", "make it"), and at "so" and "but"."""
    turns = (turn.first for turn in line.said.all("time.turn", "time.mend"))
    starts = {at for at in turns if not line.tag(at, "no_turn")}
    return sorted(starts.union(clause.first for clause in line.said.clauses if clause.mends))


def is_beside(line: Line, end: int, first: int) -> bool:
    """Return True where nothing but small words stands between what ends here and begins there."""
    return not any(
        line.said.tokens[at].is_sign or not (line.said.is_sound(at) or line.tag(at, "inside"))
        for at in range(end, first)
    )


def is_refused_again(
    line: Line, piece: Piece, pieces: Sequence[Piece], refused: Sequence[Day]
) -> bool:
    """Return True for the second of "not Wednesday, I've bowls on a Wednesday".

    No more may be said of it than the day, and nothing may take back that it was refused.
    """
    if not isinstance(piece, Day) or piece.role is not Role.WANTED or not piece.plain:
        return False
    before = [day for day in refused if day.date == piece.date and day.end <= piece.first]
    others = [p for p in pieces if not isinstance(p, Day)]
    ends = [(min(p.end, piece.end), max(p.first, piece.first)) for p in others]
    cut = before and any(before[-1].end <= at <= piece.first for at in cuts(line))
    more = cut or line.tag(line.on(piece.end), "trail", "suits")
    return bool(before) and not (more or any(is_beside(line, *each) for each in ends))


def is_negated(line: Line, first: int) -> bool:
    """Return True where a "not" stands before it, with few words between."""
    if line.before(first, "none_of") and line.said.low(first).endswith("s"):
        return True  # "no Mondays"
    others = 0
    for at in reversed(range(first)):
        if line.said.tokens[at].is_sign and line.said.low(at) not in "-'":
            return False
        if negation := line.tag(at, "not") or line.before(at + 1, "not"):
            proposes = _proposes(line, negation.first, first)
            return not (proposes or line.before(negation.end, "not_now"))
        if line.tag(at, "unnegated") or others == _NEGATION_REACH:
            return False
        others += line.tag(at, "coming") is None
    return False


def _proposes(line: Line, at: int, first: int) -> bool:
    """Return True for the "no" of "¿no puede ser a las once?", which asks for it."""
    asks = line.tag(at, "asks_not")
    marked = line.said.low(line.said.clause(first).end - 1) == "?"
    return asks is not None and (marked or not asks.value)


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
    while trail := line.tag(line.on(behind + (line.said.low(behind) == ",")), *_TRAILS):
        day = line.tag(trail.first, "day")
        if day and day.end > trail.end:
            break  # 明天不行，后天吧
        behind = trail.end
    yield Candidate(act, wide, behind, assumes)
    if wide < first:
        yield Candidate(act, first, behind, assumes)  # "what times have you got on Friday" asks


def beyond(hour: time, refused_as: str) -> Window:
    """Return the hours that are left of an hour that is too "early", or too "late"."""
    at = datetime.combine(datetime.min, hour)
    early = refused_as == "early"
    return Window(after=(at + _MINUTE).time()) if early else Window(before=hour)


def shifted(line: Line, read_back: datetime | None) -> tuple[tuple[int, int], Window] | None:
    """Return what asks for later or earlier than the moment read back, or than those offered."""
    offered = offered_ones(line)
    for word in line.said.all("time.later_on", "time.sooner", "time.too_early", "time.too_late"):
        later = word.tag in ("time.later_on", "time.too_early")
        at = read_back or (offered[-1 if later else 0] if offered else None)
        if at is None:
            continue
        if word.tag in BOUNDS and not read_back and offered[0].date() != offered[-1].date():
            found = BOUNDS[word.tag]
        elif not read_back and offered[0].date() != offered[-1].date():
            next_day = add_days(at.date(), 1 if later else -1)
            found = Window(first=next_day) if later else Window(last=next_day)
        else:
            same = () if word.tag.startswith("time.too") else (at.date(),)
            if word.value:  # of a day, too
                day = add_days(at.date(), -1)
                earlier = Window((at.date(),), before=at.time())
                return (word.first, word.end), Window(last=day, also=(earlier,))
            after = (at + _MINUTE).time() if later else None
            found = Window(same, after=after, before=None if later else (at - _MINUTE).time())
        return (word.first, word.end), found
    return None


def offered_ones(line: Line) -> list[datetime]:
    """Return the moments that were offered, in order of time."""
    return sorted(filter(None, map(_moment, line.situation.offered)))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None


def in_offered_half(line: Line, pieces: Sequence[Piece], read_back: datetime | None) -> list[Piece]:
    """Return the pieces, a bare hour in the half of the day of the offered one that it is near.

    "Actually make it half seven", where 7 am was offered; and of "seven's a bit early" the morning,
    wherever seven is named.
    """
    at = [read_back] if read_back else offered_ones(line)
    days = {p.date for p in pieces if isinstance(p, Day) and p.role is Role.WANTED}
    near = [each for each in at if each.date() in days] or at
    in_parts = any(isinstance(piece, Part) for piece in pieces)  # "in the evening, about eight"
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Clock) and piece.ambiguous and not in_parts:
            told = _refused_halves(line, pieces, piece) or _near_halves(near, piece)
            piece = replace(piece, half=told.pop()) if len(told) == 1 else piece
        found.append(piece)
    return found


def _near_halves(offered: Sequence[datetime], clock: Clock) -> set[str]:
    """Return in which halves one was offered near this hour; six is no morning's beside seven."""
    halves: set[str] = set()
    for at in offered:
        for half, hour in (("am", clock.hour), ("pm", clock.hour + _HALF_DAY)):
            near = abs(60 * (at.hour - hour) + at.minute - clock.minute) <= _NEAR_MINUTES
            if near and (half == "pm" or at.hour == hour or clock.time.hour == hour):
                halves.add(half)
    return halves


def _refused_halves(line: Line, pieces: Sequence[Piece], clock: Clock) -> set[str]:
    """Return in which half of the day an hour is, that is too early or too late."""
    same = [p for p in pieces if isinstance(p, Clock) and p.time == clock.time]
    refused = (line.tag(line.on(p.end), "refused") for p in same)
    halves = {"early": "am", "late": "pm"}
    return {halves[word.value] for word in refused if word and word.value}
