"""The number that calls, pointed at in whatever words: "this one", "you can ring me on this"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from voicebot.collect.understanding.fields.runs import Run
from voicebot.collect.understanding.lexicon import SOUND
from voicebot.collect.understanding.utterance import Utterance

_SHORTEST_NUMBER_DIGITS = 6
_OF_THIS = ("phone.here", "phone.there", "phone.dials", "phone.fills")
_CLOSING = (".", "!", "?")
_QUIET = (SOUND, "quiet.courtesy", "quiet.link", "act.thank", "act.greet")


def shown(said: Utterance, *, answers: bool, alone: bool) -> list[tuple[int, int]]:
    """Return the tokens of each "this number" and "the one I'm calling from", not denied.

    Where a number is asked for, also of what stands between marks and can mean nothing else: "you
    can get me on this"; else only where it is called a number.
    """
    places = [
        (match.first, match.end)
        for match in said.all("phone.this", "phone.others")
        if match.tag == "phone.this"
    ]
    marks = [-1, *(n for n, token in enumerate(said.tokens) if token.is_sign), len(said)]
    for before, end in pairwise(marks):
        first = before + 1
        if first < end and _means_this(said, first, end, answers=answers, alone=alone):
            places.append((first, end + (said.low(end) in _CLOSING)))
    denies = ("mend.not", "clause.deny")  # behind it too: "this number is not mine"
    places = [p for p in places if not (said.before(p[0], *denies) or said.at(p[1], *denies))]
    return sorted(places) or (_seen(said) if alone else [])


def _means_this(said: Utterance, first: int, end: int, *, answers: bool, alone: bool) -> bool:
    """Return whether all these words point at the number that calls: "same number"."""
    found: set[str] = set()
    at = first
    while at < end:
        part = said.at(at, *_OF_THIS) or said.at(at, *_QUIET)
        if part is None or part.end > end + 1:
            return False
        found |= {part.tag, part.value}
        at = part.end
    if said.low(end) == "?" and "asks" not in found:
        return False
    if not answers:
        return {"phone.here", "number"} <= found
    return "phone.here" in found or (alone and {"phone.dials", "phone.there"} <= found)


def _seen(said: Utterance) -> list[tuple[int, int]]:
    """Return the clauses that tell us to look: "can't you see my number? Use that"."""
    places = []
    for seen in said.all("phone.seen"):
        clause = said.clause(seen.first)
        if clause.asked or not any(said.in_clause(clause, "refuse.not", "clause.deny")):
            places.append((clause.first, clause.end))
    return [*places, *((take.first, take.end) for take in said.all("phone.take") if places)]


def is_just_told(said: Utterance, found: Sequence[Run], at: int) -> bool:
    """Return True where "ring this one" means the number that was told before it."""
    told = [run for run in found if run.end <= at and not (run.theirs or run.other)]
    whole = [run.end for run in told if len(run.digits) >= _SHORTEST_NUMBER_DIGITS]
    return bool(whole) and not any(said.all("clause.mend", first=whole[-1], end=at))
