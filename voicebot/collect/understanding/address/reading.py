"""Where an address stands in an utterance, and its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicebot.collect.understanding.address import tail
from voicebot.collect.understanding.address.figures import figure_at, slashed, unit_at
from voicebot.collect.understanding.address.fragments import fragments
from voicebot.collect.understanding.address.houses import (
    ANNOUNCING,
    LONGEST_HOUSE_WORDS,
    NO_HOUSE,
    house_at,
    with_building,
)
from voicebot.collect.understanding.address.parts import Kind, Part, Parts, is_whole, merge
from voicebot.collect.understanding.address.spelling import respelled, without_spelling
from voicebot.collect.understanding.address.streets import Street, street_at, typeless_at
from voicebot.collect.understanding.address.words import (
    COMPASS,
    COUNTED,
    HIGHWAYS,
    HOUSE_WORDS,
    JOURNEYS,
    STREET_TYPES,
    UNIT_WORDS,
    Word,
    cut,
    part_of,
    title,
)
from voicebot.collect.understanding.common import is_family, is_given
from voicebot.collect.understanding.lexicon import correction_at
from voicebot.collect.understanding.numbers import UNITS

_SURE, _TYPELESS, _AMENDED = 1.0, 0.6, 0.9
_WANTING = frozenset({"need", "want", "order", "get", "have", "add", "like", "take", "and"})
_LEADING = frozenset({"at", "is", "it's"})
_MOST_HEAD_PARTS = 4
_ORDINAL = re.compile(r"(\d{1,4})(?:st|nd|rd|th)")


@dataclass(frozen=True, slots=True)
class Reading:
    """The parts in the order they were said, and how sure it is that they are an address."""

    parts: Parts = ()
    confidence: float = _SURE


def read(utterance: str, region: str, *, alone: bool) -> Reading:
    """The address in an utterance. `alone`: it was asked for, so that a piece counts too."""
    found = Reading()
    said_words, names = without_spelling(cut(utterance))
    for words in _rounds(_numbered(said_words, weak=alone)):
        said = _read(words, region, alone=alone)
        if is_whole(said.parts) or not found.parts:
            found = said if said.parts else found
        elif said.parts:
            found = Reading(merge(found.parts, said.parts), _AMENDED)
    return replace(found, parts=respelled(found.parts, names)) if names else found


def _numbered(words: list[Word], *, weak: bool) -> list[Word]:
    """ "12th Station Street", as a recogniser writes 12 Station Street: a house number.

    "5th Avenue" and "45 12th Street" are streets that are numbered.
    """
    return [_as_number(words, at, weak=weak) for at in range(len(words))]


def _as_number(words: Sequence[Word], at: int, *, weak: bool) -> Word:
    word, after = words[at], words[at + 1 : at + 2]
    number = _ORDINAL.fullmatch(word.low)
    behind = at > 0 and not word.pause and (words[at - 1].is_figure or words[at - 1].is_number)
    if number is None or not after or after[0].pause or after[0].low in COMPASS:
        return word
    if behind and not (at > 1 and words[at - 2].low in UNIT_WORDS):
        return word
    named = not after[0].is_figure and street_at(words, at + 1, weak=weak)
    return replace(word, text=number[1], low=number[1]) if named else word


def _rounds(words: list[Word]) -> Iterator[list[Word]]:
    """The words between corrections: what is said later counts."""
    lows = [w.low for w in words]
    begin = at = 0
    while at < len(words):
        length = correction_at(lows, at)
        if length and not _is_number_sign(words, begin, at):
            yield words[begin:at]
            begin = at = at + length
        else:
            at += 1
    yield words[begin:]


def _is_number_sign(words: Sequence[Word], begin: int, at: int) -> bool:
    """ "No 10" is number ten, unless a number was said before that it may correct.

    A highway's number is one all the same: "12 Highway No. 130 North".
    """
    before, after = words[begin:at], words[at + 1 : at + 2]
    if words[at].low != "no" or not any(w.is_figure or w.is_number for w in after):
        return False
    numbered = any(w.is_figure or w.is_number for w in before)
    beyond = words[at + 2 : at + 3]
    ends = not beyond or beyond[0].pause or beyond[0].low in COMPASS
    return not numbered or (before[-1].low in HIGHWAYS and bool(ends))


def _read(words: Sequence[Word], region: str, *, alone: bool) -> Reading:
    typeless: Reading | None = None
    for at in range(len(words)):
        head, end = _head(words, at)
        if head and head[-1].kind is Kind.BOX:
            return Reading((*head, *tail.parts_from(words, end, region)))
        if not head and (parts := _unnumbered(words, at, region)):
            return Reading(parts)
        if not head or (head[-1].kind is Kind.HOUSE and len(head) == 1):
            continue
        end = _past_on(words, at, end)
        few = _counts(words, at, end)
        if street := street_at(words, end, weak=alone and (not few or _is_named(words, at, end))):
            parts = _with_tail(words, head, street, region)
            return Reading(with_building(words, at, parts) if alone else parts)
        numbered = head[-1].kind is Kind.NUMBER
        street = typeless_at(words, end) if alone and numbered and not typeless else None
        if street and (parts := _convincing(words, at, head, street, region, few=few)):
            typeless = Reading(parts, _TYPELESS)
    if typeless:
        return typeless
    return Reading(fragments(words, region)) if alone else Reading()


def _past_on(words: Sequence[Word], at: int, end: int) -> int:
    """ "Number 12 on Smith Street"."""
    numbered = at > 0 and words[at - 1].low in ("number", "no")
    return end + 1 if numbered and end < len(words) and words[end].low == "on" else end


def _with_tail(words: Sequence[Word], head: Parts, street: Street, region: str) -> Parts:
    return (*head, street.part, *tail.parts_from(words, street.end, region))


def _convincing(
    words: Sequence[Word], at: int, head: Parts, street: Street, region: str, *, few: bool
) -> Parts | None:
    """A street without a type counts when nothing else is said, or a state or postcode follows.

    few   the number rather counts: "two cheeseburgers"
    """
    parts = _with_tail(words, head, street, region)
    kinds = {p.kind for p in parts}
    if kinds & {Kind.STATE, Kind.POSTCODE, Kind.UNIT}:
        return parts
    rest = [w for w in words[at:] if w.start >= parts[-1].end]
    return parts if not rest and not few and _stands_alone(words, at) else None


def _stands_alone(words: Sequence[Word], at: int) -> bool:
    """Does only an announcement, or a name, stand before the number? One digit counts things,
    unless capitals make it a street: "2 tickets", "8 Rosewood"."""
    led = all(w.low in ANNOUNCING or is_given(w.low) or is_family(w.low) for w in words[:at])
    return led and (len(words[at].text) > 1 or words[at + 1].text[0].isupper())


def _counts(words: Sequence[Word], at: int, end: int) -> bool:
    """ "Two cheeseburgers", "I need 2 pizzas": one word below ten, or what somebody wants."""
    spoken = end == at + 1 and words[at].low in UNITS
    return spoken or (at > 0 and words[at - 1].low in _WANTING)


def _is_named(words: Sequence[Word], at: int, end: int) -> bool:
    """ "Five Park Place" is written as names are; in "at nine oak close" nothing else is said."""
    street = street_at(words, end, weak=True)
    if street is None:
        return False
    led = at == 0 or words[at - 1].low in _LEADING
    return all(word.text[0].isupper() for word in words[end : street.end]) or (
        led and street.end == len(words)
    )


def _head(words: Sequence[Word], at: int) -> tuple[Parts, int]:
    """House name, unit, box and number that begin here, and where they end."""
    parts: list[Part] = []
    if box := _box(words, at):
        return (box[0],), box[1]
    if house := house_at(words, at):
        parts.append(house[0])
        at = house[1]
    while len(parts) < _MOST_HEAD_PARTS and (unit := unit_at(words, at, leading=True)):
        parts.append(part_of(Kind.UNIT, unit[0], words, at, unit[1]))
        at = unit[1]
        if inner := house_at(words, at):
            parts.append(inner[0])
            at = inner[1]
    if parts and parts[-1].kind is Kind.UNIT and (joined := slashed(words, at, parts[-1].text)):
        parts[-1] = Part(Kind.NUMBER, joined[0], parts[-1].start, words[joined[1] - 1].end)
        return tuple(parts), joined[1]
    if number := figure_at(words, at):
        text, end = number
        follower = words[end].low if end < len(words) else ""
        named = end + 1 < len(words) and words[end + 1].low in STREET_TYPES - JOURNEYS
        if follower not in COUNTED or named:
            parts.append(part_of(Kind.NUMBER, text, words, at, end))
            at = end
    return tuple(parts), at


def _unnumbered(words: Sequence[Word], at: int, region: str) -> Parts | None:
    """ "Rose Cottage, Mill Lane, Burford OX18 4QF": a house that its name finds by the postcode."""
    end = at
    while end < min(at + LONGEST_HOUSE_WORDS, len(words)) and words[end].low not in NO_HOUSE:
        if words[end].is_number or words[end].is_figure or (end > at and words[end].pause):
            break
        end += 1
    named = at < end < len(words) and words[end - 1].low in HOUSE_WORDS and words[end].pause
    if end - at < 2 or not named or not (street := street_at(words, end, weak=False)):
        return None
    text = " ".join(title(w.text, first=n == 0) for n, w in enumerate(words[at:end]))
    house = part_of(Kind.HOUSE, text, words, at, end)
    parts = _with_tail(words, (house,), street, region)
    return parts if any(part.kind is Kind.POSTCODE for part in parts) else None


def _box(words: Sequence[Word], at: int) -> tuple[Part, int] | None:
    """PO box 12, P O box 12, post office box 12, GPO box 12, RR 2 box 45."""
    lows = [w.low for w in words[at : at + 4]]
    if lows[:1] == ["rr"] and lows[2:3] == ["box"] and (number := figure_at(words, at + 3)):
        name = f"RR {words[at + 1].text} Box {number[0]}"
        return part_of(Kind.BOX, name, words, at, number[1]), number[1]
    for lead in (["po", "box"], ["p", "o", "box"], ["post", "office", "box"], ["gpo", "box"]):
        if lows[: len(lead)] == lead and (number := figure_at(words, at + len(lead))):
            name = "GPO Box " if lead[0] == "gpo" else "PO Box "
            return part_of(Kind.BOX, name + number[0], words, at, number[1]), number[1]
    return None
