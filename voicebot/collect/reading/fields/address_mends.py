"""A held address with the part mended that a caller contrasts: "it's Avenue, not Street"."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.address_words import (
    CARRIERS,
    COMPASS,
    STATES,
    STREET_TYPES,
    UNITS,
    Word,
    title,
)
from voicebot.collect.reading.types import Correct, Situation
from voicebot.collect.reading.utterance import Utterance

_MOST_WORDS = 12
_LONGEST_SIDE = 5

_Side = list[str]


def mended(
    said: Utterance, words: Sequence[Word], held: str, situation: Situation
) -> Candidate | None:
    """Return the held address with one part changed or left out, or None.

    "Number 41, not 14", "not East, West Maple", "Portland Maine not Oregon", "take the dear out".
    The part that was wrong must stand in the held line, and once only.
    """
    if not words or len(words) > _MOST_WORDS:
        return None
    if without := next(said.all("address.without"), None):
        inside = [word for word in words if without.first <= word.first < without.end]
        gone = next((n for w in inside if (n := _find(held.split(), [w.low])) is not None), None)
        if gone is None:
            return None
        kept = [*held.split()[:gone], *held.split()[gone + 1 :]]
        return _candidate(said, " ".join(kept).rstrip(","), without.first, without.end)
    mark = next(said.all("address.was"), None)
    if mark is None:
        return None
    before = [word for word in words if word.end <= mark.first]
    behind = [word for word in words if word.first >= mark.end]
    pause = next((n for n, word in enumerate(behind) if n and word.pause), len(behind))
    pairs = [(before, behind)] if before else [(behind[pause:], behind[:pause])]
    for right, wrong in pairs:
        new, old = _plain(said, right), _plain(said, wrong)
        if not 0 < len(new) <= _LONGEST_SIDE or not 0 < len(old) <= _LONGEST_SIDE:
            continue
        line = _replaced(held, new, old)
        if line is not None and (situation.step is Step.ADDRESS or _is_part(old)):
            every = [*before, *behind]
            return _candidate(said, line, every[0].first, every[-1].end)
    return None


def _candidate(said: Utterance, line: str, first: int, end: int) -> Candidate:
    return Candidate(Correct(Step.ADDRESS, line, said.span(first, end)), first, end)


def _plain(said: Utterance, words: Sequence[Word]) -> _Side:
    """Return the words of one side, without their lead, numbers in digits and states as codes."""
    at = 0
    while at < len(words) and (words[at].low in CARRIERS - STREET_TYPES or words[at].sound):
        at += 1
    side: _Side = []
    while at < len(words):
        word = words[at]
        if word.digits and not word.is_figure:
            groups = word.digits
            at += word.spans
            while at < len(words) and words[at].digits and not words[at].is_figure:
                groups += words[at].digits
                at += words[at].spans
            side.append(groups)
            continue
        state = _state(words, at)
        side.append(state[0] if state else word.low)
        at = state[1] if state else at + 1
        if said.at(word.first, "clause.mend", "act.thank", "quiet.courtesy"):
            side.pop()
    return side


def _state(words: Sequence[Word], at: int) -> tuple[str, int] | None:
    for states in STATES.values():
        for name, code in states.items():
            if tuple(word.low for word in words[at : at + len(name)]) == name:
                return code, at + len(name)
    return None


def _is_part(old: _Side) -> bool:
    """Return True for what can only be a part of an address, whatever was asked."""
    codes = {code for states in STATES.values() for code in states.values()}
    known = STREET_TYPES | UNITS | COMPASS | codes
    return any(word in known or word[0].isdigit() for word in old)


def _replaced(held: str, new: _Side, old: _Side) -> str | None:
    """Return the held line with `new` for `old`; words around it that `new` repeats stay single."""
    line = held.split()
    first = _find(line, old)
    if first is None or new == old:
        return None
    end = first + len(old)
    comma = "," if line[end - 1].endswith(",") else ""
    if (len(new) > len(old)) and (state := new[: len(new) - len(old)]):
        lows = [_bare(word) for word in line]
        if lows[first - len(state) : first] == state:
            new = new[len(state) :]
    behind = [_bare(word) for word in line[end : end + len(new)]]
    for count in range(len(new) - 1, 0, -1):
        if behind[:count] == new[-count:]:
            new = new[:-count]
            break
    codes = {code for states in STATES.values() for code in states.values()}
    was_code = _bare(line[end - 1]) in codes
    written = [word.upper() if was_code and word in codes else title(word) for word in new]
    return " ".join((*line[:first], *written[:-1], written[-1] + comma, *line[end:]))


def _find(line: Sequence[str], words: Sequence[str]) -> int | None:
    """Return the only place where these words stand in the line, or None."""
    lows = [_bare(word) for word in line]
    last = len(lows) - len(words)
    places = [n for n in range(last + 1) if lows[n : n + len(words)] == list(words)]
    return places[0] if len(places) == 1 else None


def _bare(word: str) -> str:
    return word.strip(",.").lower()
