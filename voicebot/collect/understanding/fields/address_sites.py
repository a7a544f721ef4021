"""Places without a house number: a corner of two streets, a berth in a marina; and buildings."""

from __future__ import annotations

from voicebot.collect.understanding.fields.address_parts import (
    Found,
    Kind,
    Parts,
    found,
    kinds,
    number_at,
    street_at,
    unit_at,
)
from voicebot.collect.understanding.fields.address_words import Word, Words
from voicebot.collect.understanding.words import FUNCTION_WORDS, is_given

POSTCODE_DIGITS = {"AU": 4, "US": 5}
_LONGEST_NAME_WORDS = 5
_LONGEST_TYPELESS_WORDS = 3


def site_at(
    words: Words, at: int, head: Parts, end: int, *, alone: bool
) -> tuple[Parts, int] | None:
    """Return what is named for a street here, or behind its unit, and the place behind it.

    at     where the part begins that was read before it: its `head`, which reaches to `end`
    alone  an address was asked for; else only a corner of streets that are called so counts
    """
    if head and head[-1].kind is not Kind.UNIT:
        return None
    begin = end if head else at
    if corner := corner_at(words, begin, alone=alone):
        return (*head, corner[0]), corner[1]
    if head and (ground := ground_at(words, begin)):
        named = all(
            word.text[:1].isupper() for word in words.part(words.place(ground[0].first), ground[1])
        )
        return ((*head, ground[0]), ground[1]) if alone or named else None
    if not alone:
        return None
    ground = None if head else ground_at(words, begin)
    unit = unit_at(words, ground[1]) if ground else None
    if ground and unit and words[ground[1]].pause:  # "Rozelle Bay Marina, Berth 9"
        part, behind = found(Kind.UNIT, words, ground[1], unit)
        return (part, ground[0]), behind
    return None


def ground_at(words: Words, at: int) -> Found | None:
    """Return "Rozelle Bay Marina": what holds berths, pitches or stalls, by its last word."""
    while words[at].isin("unit_link", "article") and words[at + 1].text:
        at += 1
    end = at
    while end < at + _LONGEST_NAME_WORDS and words[end].text and not words[end].is_number:
        if words[end].isin("stop") or (end > at and words[end].pause):
            break
        end += 1
        behind = words[end]
        closed = behind.pause or not behind.text or behind.isin("in")
        if end - at > 1 and words[end - 1].isin("ground") and closed:
            return found(Kind.HOUSE, words, at, (words.titled(at, end), end))
    return None


def corner_at(words: Words, at: int, *, alone: bool) -> Found | None:
    """Return "Corner of Pitt Lane and Station Road", also said as "Pitt Lane, corner of …"."""
    first, begin = None, at
    lead = words.phrase(at, "address.corner")
    if lead is None:
        first = street_at(words, at, weak=False)
        lead = words.phrase(first[1], "address.corner") if first else None
    if lead is None:
        return None
    at = words.place(lead.end)
    if first is None:
        first = _named_street(words, at, alone=alone)
        link = words.phrase(first[1], "address.corner_link") if first else None
        at = words.place(link.end) if link else len(words)
    second = _named_street(words, at, alone=alone)
    if first is None or second is None:
        return None
    text = f"{lead.value} {first[0].text} and {second[0].text}"
    return found(Kind.CORNER, words, begin, (text, second[1]))


def _named_street(words: Words, at: int, *, alone: bool) -> Found | None:
    """Return a street at a corner, which needs no type where it is asked for: "Pitt and Bay"."""
    street = street_at(words, at, weak=alone)
    if street or not alone:
        return street
    end = at
    while end < at + _LONGEST_TYPELESS_WORDS and words[end].is_name:
        linked = words.phrase(end, "address.corner_link") or words[end].isin("stop")
        if linked or (end > at and words[end].pause):
            break
        end += 1
    return found(Kind.STREET, words, at, (words.titled(at, end), end)) if end > at else None


def street_first(words: Words, at: int, region: str) -> tuple[Parts, int] | None:
    """Return number and street of "Rose Street number 18" and "Rose Street 18", and their end."""
    street = street_at(words, at, weak=False)
    end = street[1] if street else at
    sign = words.phrase(end, "address.number", "address.lead")
    number = number_at(words, words.place(sign.end) if sign else end) if street else None
    coded = number is not None and len(number[0]) == POSTCODE_DIGITS.get(region)
    if street is None or number is None or coded or not words[number[1]].pause:
        return None
    return (found(Kind.NUMBER, words, end, number)[0], street[0]), number[1]


def with_building(words: Words, at: int, parts: Parts) -> Parts:
    """Return the parts with the building that stands before them: "Harbour Mall, 64 …".

    Only where nothing else was said, and a state or a postcode makes the rest an address.
    """
    rest = parts[parts[0].kind is Kind.HOUSE and not words[at].pause :]
    first = words.place(rest[0].first)
    named = words.part(0, first)
    whole = words.place(parts[-1].end) == len(words)
    if not named or not whole or not kinds(rest) & {Kind.POSTCODE, Kind.STATE}:
        return parts
    own = [word for word in named if not word.isin("small")]
    talk = any(announces(word) or not word.text[0].isupper() for word in own)
    if talk or is_given(named[0].low) or rest[0].kind is Kind.HOUSE:
        return parts
    return (found(Kind.HOUSE, words, 0, (words.titled(0, first), first))[0], *rest)


def announces(word: Word) -> bool:
    """Return True for a word that leads up to an address, and is no name."""
    return word.isin("announcing") or word.low in FUNCTION_WORDS or word.is_figure
