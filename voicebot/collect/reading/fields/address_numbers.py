"""The numbers of an address, spoken or written: house, unit, box and postcode."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicebot.collect.reading.fields.address_words import (
    FLOORS,
    SIDES,
    STOREYS,
    SUFFIXES,
    UNITS,
    Word,
    low,
)
from voicebot.collect.reading.utterance import Utterance

_HOUSE_NUMBER = re.compile(r"[0-9]{1,6}[a-z]?(?:[-/][0-9]{1,6}[a-z]?)?", re.IGNORECASE)
_UNIT_NAME = re.compile(r"[a-z]?[0-9]{1,5}[a-z]?|[a-z]", re.IGNORECASE)
_ZIP = re.compile(r"[0-9]{3,6}|[0-9]{5}-[0-9]{4}")
_BRITISH = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?)([0-9][abd-hjlnp-uw-z]{2})")
"""The last two letters are never C, I, K, M, O or V, so that "at 11 am" is no postcode."""
_LONGEST_BRITISH_WORDS = 8
_LONGEST_NUMBER = 6
_MOST_GROUPS = 16
_WIDEST_RANGE = 20
_HIGHEST_FLOOR_DIGITS = 2
"""FL before more digits is Florida."""
_POSTCODE_DIGITS = {"AU": (4,)}
_ANY_POSTCODE_DIGITS = (4, 5)

Read = tuple[str, int]
"""What was read, and the place after its last word."""


def figure_at(said: Utterance, words: Sequence[Word], at: int) -> Read | None:
    """Return a house number: 12, 12B, 60-66, 4/112, "sixteen hundred", "two two one b"."""
    first = _plain_figure(words, at)
    if first is None or not first[0].strip("0"):
        return None
    text, end = first
    if half := _phrase(said, words, end, "address.half"):
        return (f"{text} 1/2", half) if _is_name(words, half) else first
    if joint := slash_at(said, words, end):
        second = _plain_figure(words, joint[1])
        return (text + joint[0] + second[0], second[1]) if second else first
    range_to = _phrase(said, words, end, "address.range")
    second = _plain_figure(words, range_to) if range_to else None
    if second and _is_range(text, second[0]) and _is_name(words, second[1]):
        return f"{text}-{second[0]}", second[1]
    return first


def slash_at(said: Utterance, words: Sequence[Word], at: int) -> Read | None:
    """Return the mark that is said here ("slash", "stroke", "dash")."""
    mark = said.at(words[at].first, "address.slash") if at < len(words) else None
    return (mark.value, at + 1) if mark else None


def joined_unit(said: Utterance, words: Sequence[Word], at: int, unit: str) -> Read | None:
    """Return "unit 3 stroke 45" as the house number 3/45."""
    mark = slash_at(said, words, at)
    number = _plain_figure(words, mark[1]) if mark and mark[0] == "/" else None
    return (f"{unit.split()[-1]}/{number[0]}", number[1]) if number else None


def _phrase(said: Utterance, words: Sequence[Word], at: int, tag: str) -> int | None:
    match = said.at(words[at].first, tag) if at < len(words) else None
    if match is None:
        return None
    return next((n for n in range(at, len(words)) if words[n].first >= match.end), len(words))


def _is_range(first: str, second: str) -> bool:
    """Return True for neighbouring houses: "sixty to sixty six"."""
    numbered = first.isdecimal() and second.isdecimal()
    return numbered and 0 < int(second) - int(first) <= _WIDEST_RANGE


def _plain_figure(words: Sequence[Word], at: int) -> Read | None:
    if at >= len(words):
        return None
    digit_by_digit = [len(word.text) for word in words[at : at + 2] if word.text.isdecimal()]
    if words[at].is_figure and digit_by_digit != [1, 1]:
        text = words[at].text
        return (text.upper(), at + 1) if _HOUSE_NUMBER.fullmatch(text) else None
    groups = groups_at(words, at)
    text = _summed(groups)
    if not groups or len(text) > _LONGEST_NUMBER:
        return None
    end = groups[-1][1]
    suffix = low(words, end)
    if suffix in SUFFIXES and not words[end].pause and _is_name(words, end + 1):
        return text + suffix.upper(), end + 1
    return text, end


def _is_name(words: Sequence[Word], at: int) -> bool:
    return at < len(words) and words[at].text.isalpha() and len(words[at].text) > 1


def groups_at(words: Sequence[Word], at: int) -> list[Read]:
    """Return the numbers said in one breath from here on, each with the place after it."""
    groups: list[Read] = []
    place = at
    while place < len(words) and words[place].digits and len(groups) < _MOST_GROUPS:
        cut = place + words[place].spans > len(words)  # the clause ends inside: "double, 5"
        if cut or (place > at and words[place].pause):
            break
        groups.append((words[place].digits, place + words[place].spans))
        place = groups[-1][1]
    return groups


def _summed(groups: Sequence[Read]) -> str:
    """Return digits side by side, but "two thousand" and "one hundred" together as 2100."""
    text = last = ""
    for digits, _ in groups:
        zeros = len(last) - len(last.rstrip("0"))
        if len(digits) <= zeros and zeros >= 2 and digits[0] != "0":
            text = text[: -len(digits)] + digits
        else:
            text += digits
        last = digits
    return text


def unit_at(
    said: Utterance, words: Sequence[Word], at: int, *, leading: bool = False
) -> Read | None:
    """Return "unit 4", "#110", "apt 358 b", "3rd floor". `leading`: a house number follows."""
    if at + 1 >= len(words):
        return None
    here, name = words[at].low, words[at + 1]
    ranked = here[0].isdigit() and here.endswith(("st", "nd", "rd", "th"))
    if (ranked or here in FLOORS) and name.low in STOREYS and not name.pause:
        flat = low(words, at + 2) in UNITS and not words[at + 2].pause
        flat &= at + 3 >= len(words) or bool(words[at + 3].pause) or here in FLOORS
        floor = here if ranked else here.title()
        if flat:
            return f"{floor} {name.low.title()} {words[at + 2].low.title()}", at + 3
        if ranked or leading or at + 2 >= len(words) or words[at + 2].pause:
            return f"{floor} {name.low.title()}", at + 2
    beyond = words[at + 2] if at + 2 < len(words) else None
    if here in SIDES and name.low in UNITS and not name.pause and beyond and beyond.pause:
        return f"{here.title()} {name.low.title()}", at + 2
    if here != "#" and (here not in UNITS or name.pause):
        return None
    numbered = name.low == "#" or said.at(name.first, "address.number")
    read = _unit_name(words, at + 2 if numbered else at + 1, leading=leading)
    if read is None or (here == "fl" and len(read[0]) > _HIGHEST_FLOOR_DIGITS):
        return None
    label = "#" if here == "#" else words[at].text.title() + " "
    return label + read[0], read[1]


def number_at(said: Utterance, words: Sequence[Word], at: int) -> Read | None:
    """Return "number ten" after a street as a unit, unless it begins a telephone number."""
    if at >= len(words) or not said.at(words[at].first, "address.number"):
        return None
    read = _unit_name(words, at + 1)
    if read is None or (read[1] < len(words) and words[read[1]].is_number):
        return None
    return "#" + read[0], read[1]


def _unit_name(words: Sequence[Word], at: int, *, leading: bool = False) -> Read | None:
    if at >= len(words):
        return None
    word = words[at]
    if _UNIT_NAME.fullmatch(word.text) and not word.is_letter:
        following = words[at + 1] if at + 1 < len(words) else None
        if following and following.is_letter and not following.pause and at + 2 < len(words):
            return f"{word.text.upper()} {following.text.upper()}", at + 2
        return word.text.upper(), at + 1
    groups = groups_at(words, at)
    if not groups:
        return (word.text.upper(), at + 1) if len(word.text) == 1 and word.is_letter else None
    end = groups[-1][1]
    if leading and len(groups) > 1 and end < len(words) and not words[end].pause:
        # The house number follows without a pause: only "one oh three" belongs to the unit.
        groups = groups[: 3 if len(groups) > 2 and groups[1][0] == "0" else 1]
    text, end = _summed(groups), groups[-1][1]
    if low(words, end) in SUFFIXES and not words[end].pause:
        return text + words[end].text.upper(), end + 1
    return text, end


def box_at(said: Utterance, words: Sequence[Word], at: int) -> Read | None:
    """Return "PO Box 12", "GPO Box 12" or "RR 2 Box 45"."""
    end = _phrase(said, words, at, "address.box")
    number = figure_at(said, words, end) if end else None
    lead = said.at(words[at].first, "address.box")
    if lead is None or number is None:
        return None
    inside = [word.text for word in words[at : end or at] if word.text.isdecimal()]
    return " ".join((lead.value.replace("{number}", "".join(inside)), number[0])), number[1]


def postcode_at(words: Sequence[Word], at: int, region: str, said: Utterance) -> Read | None:
    """Return 2150, 76114-1234, "two one five oh" or N W 1 6 X E."""
    if at >= len(words):
        return None
    if british := _british(said, words, at):
        return british
    if words[at].is_figure and _ZIP.fullmatch(words[at].text) and not _in_a_phone(words, at):
        return words[at].text, at + 1
    groups = groups_at(words, at)
    text = _summed(groups)
    fits = len(text) in _POSTCODE_DIGITS.get(region, _ANY_POSTCODE_DIGITS)
    return (text, groups[-1][1]) if fits else None


def _in_a_phone(words: Sequence[Word], at: int) -> bool:
    """Return True for short figures in a row: 0412 345 678."""
    after = low(words, at + 1)
    return len(words[at].text) <= 4 and after.isdecimal() and 3 <= len(after) <= 4


def _british(said: Utterance, words: Sequence[Word], at: int) -> Read | None:
    text, read = "", None
    for end in range(at, min(at + _LONGEST_BRITISH_WORDS, len(words))):
        piece = _postcode_piece(said, words[end])
        if piece is None:
            break
        text += piece
        if match := _BRITISH.fullmatch(text):
            read = (f"{match[1]} {match[2]}".upper(), end + 1)
    return read


def _postcode_piece(said: Utterance, word: Word) -> str | None:
    """Return letters and digits of a British postcode as said: "nw1", "n", "bee", "six"."""
    if len(word.low) <= 4 and word.low.isalnum() and (len(word.low) <= 2 or not word.low.isalpha()):
        return word.low
    name = said.at(word.first, "spelling.name")
    return word.digits or (name.value if name else None)
