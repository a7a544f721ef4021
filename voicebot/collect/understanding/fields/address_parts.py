"""The parts of an address, each read where it begins: number, unit, box, street, postcode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rapidfuzz import fuzz

from voicebot.collect.understanding.fields.address_words import Words, is_listed, title
from voicebot.collect.understanding.words import is_everyday

_HOUSE_NUMBER = re.compile(r"[0-9]{1,6}[a-z]?(?:[-/][0-9]{1,6}[a-z]?)?", re.IGNORECASE)
_UNIT_NAME = re.compile(r"(?:[a-z]-?)?[0-9]{1,5}(?:-?[a-z])?|[a-z]", re.IGNORECASE)
_ZIP = re.compile(r"[0-9]{3,6}|[0-9]{5}-[0-9]{4}")
_BRITISH = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?)([0-9][abd-hjlnp-uw-z]{2})")
"""The last two letters are never C, I, K, M, O or V, so that "at 11 am" is no postcode."""
_LONGEST_BRITISH_WORDS = 8
_LONGEST_NUMBER = 6
_ALIKE = 55.0
"""The least likeness (0 to 100) of a spelled name and the word that it mends."""
_WIDEST_RANGE = 20
_LONGEST_NAME_WORDS = 5
_LONGEST_STREET_NUMBER = 3
_SHORTEST_TYPELESS = 3
_STATE_AFTER_PLACE = ("AU", "NZ")
"""Regions that write no comma between suburb and state."""


class Kind(StrEnum):
    """The kinds of parts of an address, in the order of the line."""

    UNIT = "unit"
    HOUSE = "house"
    BOX = "box"
    NUMBER = "number"
    CORNER = "corner"
    STREET = "street"
    PLACE = "place"
    STATE = "state"
    POSTCODE = "postcode"
    COUNTRY = "country"


_SPELLABLE = {Kind.STREET, Kind.PLACE, Kind.HOUSE, Kind.CORNER}


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it is to be written, and the tokens where it was said."""

    kind: Kind
    text: str
    first: int
    end: int


Parts = tuple[Part, ...]
Read = tuple[str, int]
"""The part that was read, and the place after its last word."""
Found = tuple[Part, int]
"""A part, and the place after its last word."""


def found(kind: Kind, words: Words, at: int, read: Read) -> Found:
    """Return a part that stands from this place on, and where it ends."""
    text, end = read
    return Part(kind, text, words[at].first, words[end - 1].end), end


def kinds(parts: Sequence[Part]) -> set[Kind]:
    """Return what the parts are."""
    return {part.kind for part in parts}


def is_whole(parts: Sequence[Part]) -> bool:
    """Return True for enough to find the door: a street with a number, house or unit; a box;
    a corner of two streets; a unit of what holds many ("Berth 9, Rozelle Bay Marina")."""
    here = kinds(parts)
    located = Kind.STREET in here and here & {Kind.NUMBER, Kind.HOUSE, Kind.UNIT}
    grounds = [p for p in parts if p.kind is Kind.HOUSE and _is_ground(p.text)]
    return bool(located or here & {Kind.BOX, Kind.CORNER} or (grounds and Kind.UNIT in here))


def is_located(parts: Sequence[Part]) -> bool:
    """Return False for a corner of names that may be anything: "the corner of Pitt and Park"."""
    corners = [part.text.lower().split() for part in parts if part.kind is Kind.CORNER]
    typed = all(any(is_listed(word, "type") for word in words[1:-1]) for words in corners)
    return typed or not kinds(parts).isdisjoint((Kind.PLACE, Kind.POSTCODE))


def _is_ground(name: str) -> bool:
    return is_listed(name.rpartition(" ")[2].lower(), "ground")


def merge(held: Sequence[Part], said: Sequence[Part], order: Sequence[Kind] = tuple(Kind)) -> Parts:
    """Return what was held, with the kinds that are said now in their places."""
    kept = [part for part in held if part.kind not in kinds(said)]
    if not kept:
        return tuple(said)  # in the order spoken
    return tuple(sorted((*said, *kept), key=lambda part: order.index(part.kind)))


def line(parts: Sequence[Part], region: str) -> str:
    """Return one clean line: "Unit 4, 112 Chapel Street, Windsor NSW 2756"."""
    text = ""
    for before, part in zip((None, *parts), parts, strict=False):
        text += (_joint(before, part, region) if before else "") + part.text
    return text


def _joint(before: Part, part: Part, region: str) -> str:
    pair = before.kind, part.kind
    coded = part.kind is Kind.POSTCODE and before.kind in (Kind.STATE, Kind.PLACE)
    state = pair == (Kind.PLACE, Kind.STATE) and region in _STATE_AFTER_PLACE
    lot = part.kind is Kind.STREET and before.text.startswith("Lot ")
    return " " if pair == (Kind.NUMBER, Kind.STREET) or coded or state or lot else ", "


def respelled(parts: Parts, names: Sequence[str]) -> Parts:
    """Return the parts, each spelled name in the place of the word that sounds most like it."""
    spelled = list(parts)
    for at, part in enumerate(parts if names else ()):
        words = part.text.split()
        for name in names if part.kind in _SPELLABLE else ():
            scores = [fuzz.ratio(word.lower(), name) for word in words]
            if max(scores) >= _ALIKE:
                words[scores.index(max(scores))] = title(name)
        spelled[at] = replace(part, text=" ".join(words))
    return tuple(spelled)


# -- numbers


def number_at(words: Words, at: int) -> Read | None:
    """Return a house number: 12, 12B, 60-66, 4/112, "sixteen hundred", "two two one b"."""
    first = _plain_number(words, at)
    if first is None or not first[0].strip("0"):
        return None
    text, end = first
    link = words.phrase(end, "address.half", "address.slash", "address.range", "address.of")
    after = words.place(link.end) if link else end
    if link is None:
        return first
    if link.tag == "address.half":
        return (f"{text} 1/2", after) if words[after].is_name else first
    second = _plain_number(words, after)
    if second is None or (link.tag == "address.range" and not _is_range(words, text, second)):
        return first
    if link.tag == "address.of" and not street_at(words, second[1], weak=False):
        return first  # "four of 66 Marsden Street"
    return text + (link.value or "-") + second[0], second[1]


def _is_range(words: Words, first: str, second: Read) -> bool:
    """Return True for neighbouring houses: "sixty to sixty six Vine Street"."""
    figures = first.isdecimal() and second[0].isdecimal() and words[second[1]].is_name
    return figures and 0 < int(second[0]) - int(first) <= _WIDEST_RANGE


def _plain_number(words: Words, at: int) -> Read | None:
    word, after = words[at], words[at + 1]
    if word.is_figure and not (len(word.text) == len(after.text) == 1 and after.is_figure):
        return (word.text.upper(), at + 1) if _HOUSE_NUMBER.fullmatch(word.text) else None
    text, end = words.digits(at)
    if not 0 < len(text) <= _LONGEST_NUMBER:
        return None
    if words.near(end).isin("suffix") and words[end + 1].is_name:
        return text + words[end].text.upper(), end + 1
    return text, end


def unit_at(words: Words, at: int, *, leading: bool = False) -> Read | None:
    """Return "unit 4", "#110", "apt 358 b", "3rd floor". `leading`: a house number follows."""
    here, end = words[at], at + 1
    if here.is_rank or here.isin("floor", "side"):
        while end < at + 3 and words.near(end).isin("storey", "unit"):
            end += 1
        if leading and end == at + 1 and _is_yard(words, at):
            return words.titled(at, end), end
        closed = here.is_rank or words[end].pause or (leading and words[end].is_number)
        if end > at + 1 and closed and not (here.isin("side") and end == len(words)):
            return words.titled(at, end), end
    if here.low != "#" and not (here.isin("unit") and words.near(at + 1).text):
        return None
    numbered = words[at + 1].low == "#" or words.phrase(at + 1, "address.number")
    read = unit_name_at(words, at + 2 if numbered else at + 1, leading=leading)
    if read is None or (here.isin("storey_code") and len(read[0]) > 2):  # Florida
        return None
    return (here.text.title() + " ").replace("# ", "#") + read[0], read[1]


def _is_yard(words: Words, at: int) -> bool:
    """Return True for "the rear of 92" and "rear, 92 …", not for "I'll be back, 92 …"."""
    number = at + 1 + words.near(at + 1).isin("of")
    told = words[number].is_figure or words.near(words.digits(number)[1]).is_name
    breath = not words[number].pause or words[at].pause or at == 0
    flat = any(words[n].isin("unit") for n in range(at - 3, at))  # "the granny flat at the back"
    return words[at].isin("yard") and words[number].is_number and told and breath and not flat


def unit_name_at(words: Words, at: int, *, leading: bool = False) -> Read | None:
    """Return what a unit is called: 4, 12B, B, "one oh three", "358 b"."""
    word, after = words[at], words.near(at + 1)
    text, end = words.digits(at)
    if word.is_letter and not word.digits:  # "flat B 204, Lotus Towers", "B dash 204"
        dash = words.phrase(at + 1, "address.slash")
        dashed = dash is not None and dash.value == "-"
        number, behind = words.digits(at + 1 + dashed)
        if number and words[behind].pause:
            return word.text.upper() + "-" * dashed + number, behind
    if _UNIT_NAME.fullmatch(word.text) and not (word.digits and word.is_letter):
        more = words.near(at + 2).text and not words.near(at + 2).is_number
        goes_on = more and words.phrase(at + 1, "spelling.lone_word")
        letter = " " + after.text.upper() if after.is_letter and not goes_on else ""  # "2. I rent"
        lettered = letter != "" and word.is_figure and at + 2 < len(words)
        return word.text.upper() + letter * lettered, at + 1 + lettered
    if not text:
        return None
    slashed = words.phrase(end, "address.slash") is not None
    if leading and end > at + 1 and words.near(end).text and not slashed:
        # The house number follows without a pause: only "one oh three" belongs to the unit.
        zero = end > at + 2 and words[at + 1].digits[0] == "0"
        text, end = words.digits(at, 3 if zero else 1)
    return text, end


def box_at(words: Words, at: int) -> Read | None:
    """Return "PO Box 12", "GPO Box 12" or "RR 2 Box 45"."""
    lead = words.phrase(at, "address.box")
    begin = words.place(lead.end) if lead else at
    number = number_at(words, begin + (words.phrase(begin, "address.number") is not None))
    if lead is None or number is None:
        return None
    inside = "".join(word.digits for word in words.part(at, words.place(lead.end)))
    return f"{lead.value.replace('{number}', inside)} {number[0]}", number[1]


def postcode_at(words: Words, at: int, region: str) -> Read | None:
    """Return 2150, 76114-1234, "two one five oh" or N W 1 6 X E."""
    spoken, british = "", None
    for end in range(at, min(at + _LONGEST_BRITISH_WORDS, len(words))):
        piece = _postcode_piece(words, end)
        if piece is None:
            break
        spoken += piece
        if match := _BRITISH.fullmatch(spoken):
            british = (f"{match[1]} {match[2]}".upper(), end + 1)
    text, after = words[at].text, words[at + 1].low
    in_a_phone = len(text) <= 4 and after.isdecimal() and 3 <= len(after) <= 4
    if british or (words[at].is_figure and _ZIP.fullmatch(text) and not in_a_phone):
        return british or (text, at + 1)
    digits, end = words.digits(at)
    return (digits, end) if len(digits) == 4 or (len(digits) == 5 and region != "AU") else None


def _postcode_piece(words: Words, at: int) -> str | None:
    """Return letters and digits of a British postcode as said: "nw1", "n", "bee", "six"."""
    low = words[at].low
    if len(low) <= 4 and low.isalnum() and (len(low) <= 2 or not low.isalpha()):
        return low
    name = words.phrase(at, "spelling.name")
    return words[at].digits or (name.value if name else None)


# -- streets


def street_at(words: Words, at: int, *, weak: bool) -> Found | None:
    """Return the street that begins here; `weak` types ("run", "end") count where asked for."""
    end = _type_end(words, at, weak=weak)
    if end is None:
        return None
    end = _extended(words, end)
    return found(Kind.STREET, words, at, (words.titled(at, end), end))


def typeless_at(words: Words, at: int) -> Found | None:
    """Return up to five words of one breath that may be a street without a type: "El Camino"."""
    end = at
    while end < at + _LONGEST_NAME_WORDS and _may_name(words, at, end, "stop", "no_street"):
        if (words[end].isin("unit") and end > at) or words[end].is_number:
            break
        end += 1
    names = [word for word in words.part(at, end) if len(word.text) >= _SHORTEST_TYPELESS]
    if not any(word.text.isalpha() and not is_everyday(word.low) for word in names):
        return None
    return found(Kind.STREET, words, at, (words.titled(at, end), end))


def rank_as_number(words: Words, at: int, *, weak: bool) -> str | None:
    """Return 12 for "12th Station Street", as a recogniser writes 12 Station Street.

    "5th Avenue" and "45 12th Street" are streets that are numbered.
    """
    word, after, before = words[at], words.near(at + 1), words[at - 1]
    numbered = not word.pause and before.is_number and not words[at - 2].isin("unit")
    if not word.is_rank or not after.text or after.isin("compass") or after.is_figure or numbered:
        return None
    return word.low[:-2] if street_at(words, at + 1, weak=weak) else None


def _may_name(words: Words, at: int, here: int, *stops: str) -> bool:
    word = words[here]
    if word.isin(*stops) or (word.pause and here > at) or not word.text or word.low in "#&":
        return False
    return not word.text.isdecimal() or len(word.text) <= _LONGEST_STREET_NUMBER


def _type_end(words: Words, at: int, *, weak: bool) -> int | None:
    """Return the place after the street's type."""
    point, number = words[at], words.near(at + 1)
    if (point.pause and point.is_number) or (point.isin("yard") and number.is_figure):
        return None
    if point.isin("compass") and number.text.isdecimal() and words.near(at + 2).isin("compass"):
        return at + 3  # "South 500 East", numbered from the middle of the town
    for here in range(at, at + _LONGEST_NAME_WORDS + 1):
        if not _may_name(words, at, here, "stop_in_street"):
            return None
        word, after = words[here], words[here + 1]
        leads = word.isin("leading") and (after.isin("of") or len(after.text) == 1)  # "Avenue B"
        if here == at and not leads and not word.isin("typeless", "highway"):
            continue
        if word.isin("journey") and words[here - 1].isin("counted"):
            return None
        if word.isin("type") and (weak or not word.isin("weak")):
            return here + 1
    return None


def _extended(words: Words, end: int) -> int:
    """Take in a second type, "of the …", a highway's number and a compass point."""
    while words.near(end).isin("strong"):
        end += 1
    if words.near(end).isin("of"):
        while words.near(end).text and not words[end].isin("stop"):
            end += 1
        return end
    kind = words[end - 1]
    after = words.near(end).text
    if kind.isin("numbered") and after.isdecimal() and len(after) <= _LONGEST_STREET_NUMBER:
        end += 1
    if kind.isin("leading") and len(after) == 1 and after.isalpha():
        end += 1
    point, beyond = words.near(end), words.near(end + 1)
    ends = not beyond.text or beyond.isin("stop", "compass", "in") or beyond.is_number
    return end + 1 if point.isin("compass") and (ends or len(point.low) not in (1, 4, 5)) else end
