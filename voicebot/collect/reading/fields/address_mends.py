"""A held address with the part mended that a caller contrasts: "it's Avenue, not Street"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from voicebot.call import Step
from voicebot.collect.reading.candidates import Candidate
from voicebot.collect.reading.fields.address_parts import Kind, Parts, line
from voicebot.collect.reading.fields.address_words import (
    CARRIERS,
    COMPASS,
    STATE_CODES,
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
_CODES = frozenset(chain.from_iterable(STATE_CODES.values()))

_Side = list[str]


def mended(
    said: Utterance, words: Sequence[Word], text: str, held: Parts, situation: Situation
) -> Candidate | None:
    """Return the held address, as a line and as parts, with one part changed or left out; or None.

    "Number 41, not 14", "not East, West Maple", "Portland Maine not Oregon", "take the dear out".
    What was wrong must stand in the held line, and once only.
    """
    if not words or not held or len(words) > _MOST_WORDS:
        return None
    if without := next(said.all("address.without"), None):
        named = [word.low for word in words if without.first <= word.first < without.end]
        kept = _left(text, held, named, situation.region)
        return _candidate(said, kept, without.first, without.end) if kept else None
    mark = next(said.all("address.was"), None)
    if mark is None:
        return None
    right = [word for word in words if word.end <= mark.first]
    wrong = [word for word in words if word.first >= mark.end]
    if not _plain(said, right):  # "not 14, 41"
        pause = next((n for n, word in enumerate(wrong) if n and word.pause), len(wrong))
        right, wrong = wrong[pause:], wrong[:pause]
    new, old = _plain(said, right), _plain(said, wrong)
    if not 0 < len(new) <= _LONGEST_SIDE or not 0 < len(old) <= _LONGEST_SIDE:
        return None
    whole = _replaced(text, new, old)
    if whole is None or not (situation.step is Step.ADDRESS or _is_part(old, held)):
        return None
    first = min(mark.first, right[0].first)
    return _candidate(said, whole, first, max(right[-1].end, wrong[-1].end))


def _left(text: str, held: Parts, named: Sequence[str], region: str) -> str | None:
    """Return the held line without the word or the unit that is named, or None."""
    words = text.split()
    for word in named:
        units = [part for part in held if part.kind is Kind.UNIT and word in UNITS]
        if units:
            return line([part for part in held if part not in units], region)
        if (at := _find(words, [word])) is not None and word not in CARRIERS:
            return " ".join((*words[:at], *words[at + 1 :])).rstrip(",")
    return None


def _candidate(said: Utterance, line: str, first: int, end: int) -> Candidate:
    return Candidate(Correct(Step.ADDRESS, line, said.span(first, end)), first, end)


def _plain(said: Utterance, words: Sequence[Word]) -> _Side:
    """Return the words of one side, without their lead, numbers in digits and states as codes."""
    at = 0
    while at < len(words) and (words[at].low in CARRIERS - STREET_TYPES):
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


def _is_part(old: _Side, held: Parts) -> bool:
    """Return True for what can only be a part of an address, whatever was asked."""
    known = STREET_TYPES | UNITS | COMPASS | _CODES
    whole = " ".join(old) in (part.text.casefold() for part in held)
    return whole or any(word in known or word[0].isdigit() for word in old)


def _replaced(text: str, new: _Side, old: _Side) -> str | None:
    """Return the held line with `new` for `old`; words around it that `new` repeats stay single."""
    words = text.split()
    first = _find(words, old)
    if first is None or new == old:
        return None
    end = first + len(old)
    comma = "," if words[end - 1].endswith(",") else ""
    if (len(new) > len(old)) and (state := new[: len(new) - len(old)]):
        lows = [_bare(word) for word in words]
        if lows[first - len(state) : first] == state:
            new = new[len(state) :]
    behind = [_bare(word) for word in words[end : end + len(new)]]
    for count in range(len(new) - 1, 0, -1):
        if behind[:count] == new[-count:]:
            new = new[:-count]
            break
    was_code = _bare(words[end - 1]) in _CODES
    written = [word.upper() if was_code and word in _CODES else title(word) for word in new]
    return " ".join((*words[:first], *written[:-1], written[-1] + comma, *words[end:]))


def _find(line: Sequence[str], words: Sequence[str]) -> int | None:
    """Return the only place where these words stand in the line, or None."""
    lows = [_bare(word) for word in line]
    last = len(lows) - len(words)
    places = [n for n in range(last + 1) if lows[n : n + len(words)] == list(words)]
    return places[0] if len(places) == 1 else None


def _bare(word: str) -> str:
    return word.strip(",.").lower()
