"""Street names: words up to a type ("Chapel Street"), or the few that need none."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.reading.fields.address_parts import Found, Kind, found
from voicebot.collect.reading.fields.address_words import (
    COMPASS,
    HIGHWAYS,
    LEADING_TYPES,
    NO_STREET,
    NUMBERED_TYPES,
    PRIMARY_TYPES,
    STOPS,
    STREET_STOPS,
    STREET_TYPES,
    TYPELESS_STREETS,
    UNITS,
    WEAK_TYPES,
    Word,
    low,
    titled,
)
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import is_everyday

_LONGEST_NAME_WORDS = 5
_LONGEST_TYPELESS_WORDS = 5
_LONGEST_STREET_NUMBER = 3
_SHORTEST_TYPELESS = 3
_SAINT_WORDS = 3


def street_at(words: Sequence[Word], at: int, *, weak: bool) -> Found | None:
    """Return the street that begins here; `weak` types ("run", "end") count where asked for."""
    end = _grid_end(words, at) or _type_end(words, at, weak=weak)
    if end is None:
        return None
    end = _extended(words, end)
    return found(Kind.STREET, titled(words[at:end]), words, at, end)


def typeless_at(words: Sequence[Word], at: int) -> Found | None:
    """Return up to five words of one breath that may be a street without a type: "El Camino"."""
    end = at
    while end < len(words) and end - at < _LONGEST_TYPELESS_WORDS and _may_name(words, at, end):
        word = words[end]
        if (word.low in UNITS and end > at) or word.is_figure or word.is_number:
            break
        if word.low in NO_STREET:
            break
        end += 1
    names = [word for word in words[at:end] if len(word.text) >= _SHORTEST_TYPELESS]
    if not any(word.text.isalpha() and not is_everyday(word.low) for word in names):
        return None
    return found(Kind.STREET, titled(words[at:end]), words, at, end)


def rank_as_number(words: Sequence[Word], at: int, *, weak: bool) -> str | None:
    """Return 12 for "12th Station Street", as a recogniser writes 12 Station Street.

    "5th Avenue" and "45 12th Street" are streets that are numbered.
    """
    number = words[at].low[:-2]
    if not number.isdecimal() or not words[at].low.endswith(("st", "nd", "rd", "th")):
        return None
    after = words[at + 1] if at + 1 < len(words) else None
    if after is None or after.pause or after.low in COMPASS or after.is_figure:
        return None
    before = words[at - 1] if at and not words[at].pause else None
    numbered = before is not None and (before.is_figure or before.is_number)
    if numbered and low(words, at - 2) not in UNITS:
        return None
    return number if street_at(words, at + 1, weak=weak) else None


def _may_name(
    words: Sequence[Word], at: int, here: int, stops: frozenset[str] = STOPS | {"and", "at"}
) -> bool:
    word = words[here]
    if word.low in stops or word.low in "&#" or (word.pause and here > at):
        return False
    return not word.text.isdecimal() or len(word.text) <= _LONGEST_STREET_NUMBER


def _type_end(words: Sequence[Word], at: int, *, weak: bool) -> int | None:
    """Return the place after the street's type."""
    if at < len(words) and words[at].pause and words[at].text.isdecimal():
        return None
    for here in range(at, min(at + _LONGEST_NAME_WORDS + 1, len(words))):
        if not _may_name(words, at, here, STREET_STOPS):
            return None
        if here == at and not _leads(words, at):
            continue
        kind = words[here].low
        if kind in STREET_TYPES and (weak or kind not in WEAK_TYPES):
            return (_behind_saint(words, here) if kind == "st" else None) or here + 1
    return None


def _grid_end(words: Sequence[Word], at: int) -> int | None:
    """Return the end of "South 500 East": a street numbered from the middle of the town."""
    points = [_near(words, at), _near(words, at + 2)]
    numbered = _near(words, at + 1).isdecimal()
    return at + 3 if numbered and all(point in COMPASS for point in points) else None


def _leads(words: Sequence[Word], at: int) -> bool:
    """Return True for streets that begin with their type: Broadway, Avenue of the Americas."""
    here = words[at].low
    if here in TYPELESS_STREETS or here in HIGHWAYS:
        return True
    following = words[at + 1] if at + 1 < len(words) else None
    lettered = following is not None and (following.low == "of" or following.is_letter)
    return here in LEADING_TYPES and lettered


def _behind_saint(words: Sequence[Word], saint: int) -> int | None:
    """Return the end of "st thomas street"."""
    for here in range(saint + 1, min(saint + 1 + _SAINT_WORDS, len(words))):
        if words[here].pause or words[here].low in STOPS:
            return None
        if words[here].low in PRIMARY_TYPES:
            return here + 1
    return None


def _extended(words: Sequence[Word], end: int) -> int:
    """Take in a second type, "of the …", a highway's number and a compass point."""
    while _near(words, end) in PRIMARY_TYPES:
        end += 1
    if _near(words, end) == "of":
        while _near(words, end) and _near(words, end) not in STOPS:
            end += 1
        return end
    before, following = words[end - 1].low, _near(words, end)
    if before in HIGHWAYS and following in ("no", "number"):
        numbered = int(_near(words, end + 1).isdecimal())
        end, following = end + numbered, _near(words, end + numbered)
    if before in NUMBERED_TYPES and following.isdecimal() and len(following) <= 3:
        end += 1
    if before == "avenue" and len(following) == 1 and following.isalpha():
        end += 1
    point, beyond = _near(words, end), _near(words, end + 1)
    ends = not beyond or beyond in STOPS | COMPASS | {"in"} or words[end + 1].is_number
    if point in COMPASS and (ends or len(point) == 2 or len(point) > len("north") + 1):
        end += 1
    return end


def _near(words: Sequence[Word], at: int) -> str:
    """Return the word at this place, "" where a pause stands before it."""
    return words[at].low if at < len(words) and not words[at].pause else ""


def number_sign(said: Utterance, words: Sequence[Word], begin: int, at: int) -> bool:
    """Return True for the "no" of "no 10", unless a number was said that it may correct.

    A highway's number is one all the same: "12 Highway No. 130 North".
    """
    after = words[at + 1] if at + 1 < len(words) else None
    if not said.at(words[at].first, "address.number") or after is None:
        return False
    if not (after.is_figure or after.is_number):
        return False
    before, beyond = words[begin:at], words[at + 2 : at + 3]
    ends = not beyond or bool(beyond[0].pause) or beyond[0].low in COMPASS
    numbered = any(word.is_figure or word.is_number for word in before)
    return not numbered or (before[-1].low in HIGHWAYS and ends)
