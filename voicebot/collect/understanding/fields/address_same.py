"""What two addresses, or pieces of one, that were said one after the other have in common."""

from __future__ import annotations

from voicebot.collect.understanding.fields.address_parts import Kind, Parts, is_whole
from voicebot.collect.understanding.fields.address_words import is_listed


def unit_of_same(before: Parts, now: Parts) -> Parts:
    """Return the unit of the same street said before: "Unit 2, 40 King St, no, 14 King St"."""
    units = [part for part in before if part.kind is Kind.UNIT]
    streets = [{part.text for part in each if part.kind is Kind.STREET} for each in (before, now)]
    again = any(part.kind is Kind.UNIT or "/" in part.text for part in now)
    return tuple(units) if streets[0] == streets[1] and not again else ()


def shop_of_same(before: Parts, now: Parts) -> Parts:
    """Return the unit at the same corner said before: "Shop 3B, …", then the corner once more."""
    corners = [{part.text for part in each if part.kind is Kind.CORNER} for each in (before, now)]
    same = corners[0] and corners[0] == corners[1]
    return tuple(part for part in before if part.kind is Kind.UNIT and same)


def without_double(parts: Parts) -> Parts:
    """Return the parts without a unit that is said again: "apartment 11, 11 slash 63 Hall"."""
    slashed = {part.text.partition("/")[0] for part in parts if "/" in part.text}
    return tuple(p for p in parts if p.kind is not Kind.UNIT or p.text.split()[-1] not in slashed)


def are_one(parts: Parts, again: Parts) -> bool:
    """Return True where an address is begun, and then said anew: "29 Lawson, 29 Lawson Avenue"."""
    old, new = ({p.kind: p.text.split()[0] for p in each} for each in (parts, again))
    return is_whole(again) and all(old.get(k) == new.get(k) for k in (Kind.NUMBER, Kind.STREET))


def extends(parts: Parts, held: Parts) -> bool:
    """Return True for "North Ryde" where Ryde is held, or "Banksia Road" for Banksia Street."""
    named = {part.kind: part.text.casefold().split() for part in held}
    for part in parts:
        new, old = part.text.casefold().split(), named.get(part.kind, [])
        if part.kind is Kind.STREET:
            return any(word in old and not is_listed(word, "type", "compass") for word in new)
        if part.kind is Kind.PLACE and old:
            return set(old) <= set(new) and (len(new) > len(old) or len(parts) > 1)
    return False
