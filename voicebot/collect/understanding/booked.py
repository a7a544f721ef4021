"""Is a booking spoken of that is there already, and is it to be moved?

A verb that changes and what is booked ("push my cleaner back a day"), or what is booked and another
time for it ("I've got the plumber on Friday, can it be Monday"). The words stand in [booked].
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.collect.understanding.candidates import Candidate
from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.questions import EXISTING
from voicebot.collect.understanding.types import Want
from voicebot.collect.understanding.utterance import Utterance

OTHER_TIME, THING = "clause.other_time", "booked.thing"
_MOVE = "want.reschedule"
_CHANGE, _WHOSE, _UNTIL = "booked.change", "booked.whose", "booked.until"
_FIELD = ("record.field", "record.written", "ask.known")
_BETWEEN = 3
"""So many words stand between the verb and what it changes: "change the time of my booking"."""


def wish(said: Utterance, match: Match) -> Want | None:
    """Return what is wished for with a phrase that tells of a booking; None: nothing by itself."""
    span = said.span(match.first, match.end)
    if OTHER_TIME in said.tags and not said.clause(match.first).denied:
        return Want("reschedule", span)  # else the other time is of the booking in the making
    asked = any(said.in_clause(said.clause(match.first), *_FIELD))
    return Want("existing", span) if match.tag == EXISTING or asked else None


def moves(said: Utterance) -> Iterator[Candidate]:
    """Give the wish to move what is booked: a verb, and behind it a booking or another time."""
    for verb, end in _moved(said):
        act = Want("reschedule", said.span(verb.first, end))
        yield Candidate(act, verb.first, end, besides=True)


def moving(said: Utterance, *, found: bool = False) -> bool:
    """Return whether a booking that is there is to have another time, which may be named.

    found  it was told just now: "make it eleven"
    """
    told = (found or any(said.all(EXISTING, THING))) and not said.tags.isdisjoint(
        (OTHER_TIME, _MOVE)
    )
    return told or any(True for _ in _moved(said))


def old_times(said: Utterance) -> Iterator[tuple[int, int]]:
    """Give the stretches that tell when the booking is that is to be moved; they wish for nothing.

    "From one" in "move it from one to two", "I've got the plumber on Friday" before "can he come
    on Monday".
    """
    begun = [(verb.first, end) for verb, end in _moved(said)]
    told = [(each.first, each.end) for each in said.all(EXISTING, THING)]
    if not moving(said):
        return
    for first, end in (*begun, *told):
        when, ends = said.at(end, "booked.when"), _told_until(said, end)
        moved = any(verb <= first < behind for verb, behind in begun)
        whole = not moved or (when and when.value in ("", said.low(ends)))
        yield first, ends if whole else end


def _told_until(said: Utterance, at: int) -> int:
    """Return where ends what is told from here on: at a mark, a "but", or at the new time.

    Where a wish to move it comes later, "a las siete" and "for seven" are of the old time.
    """
    wishes = (OTHER_TIME, _CHANGE, _MOVE)
    ends = (*wishes, "clause.open", *(() if any(said.all(*wishes, first=at)) else ("booked.to",)))
    while at < len(said) and not said.tokens[at].is_sign:
        if said.at(at, *ends):
            break
        at += 1
    return at


def _moved(said: Utterance) -> Iterator[tuple[Match, int]]:
    """Give each verb that moves a booking, and where that booking's words end."""
    for verb in said.all(_CHANGE):
        clause = said.clause(verb.first)
        if clause.denied or said.at(verb.first, "clause.keeps"):
            continue
        for at in range(verb.end, min(verb.end + _BETWEEN + 1, clause.end)):
            thing = said.at(at, THING)
            timed = at > verb.end and said.at(at, _UNTIL) and said.at(verb.end, _WHOSE)
            if thing or timed:
                yield verb, thing.end if thing else at
                break
