"""Places without a house number: a corner of two streets, a berth in a marina."""

from __future__ import annotations

from voicebot.collect.understanding.fields.address_parts import (
    Found,
    Kind,
    Parts,
    found,
    street_at,
    unit_at,
)
from voicebot.collect.understanding.fields.address_words import Words

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
