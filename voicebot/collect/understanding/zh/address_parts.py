"""The parts of a Chinese address (town, street, numbers), and how a part said anew changes one."""

from __future__ import annotations

from typing import NamedTuple

from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance, utterance

_ROOM = {"", "室"}
"""A room is told with or without its unit."""


class Features(NamedTuple):
    """The parts of an address that some words have."""

    number: bool
    road: bool
    place: bool
    admin: bool

    @property
    def whole(self) -> bool:
        named = self.road or self.place
        return (self.number and (named or self.admin)) or (self.admin and named)


def features(said: Utterance, first: int, end: int) -> Features:
    def names(tag: str, least: int) -> bool:
        found = said.all(tag, first=min(first + least, end), end=end)
        return any(said.tokens[each.first - 1].kind is Kind.HAN for each in found)

    numbered = any(is_numbered(said, at) for at in range(first, end))
    numbered |= any(said.all("address.floor", first=first, end=end))
    admin = names("address.admin", 2) or any(said.all("address.city", first=first, end=end))
    return Features(numbered, names("address.road", 1), names("address.place", 1), admin)


def is_numbered(said: Utterance, at: int) -> bool:
    """Return True where figures with their unit begin: 八号, but not 八号线."""
    group = said.numbers.figures(at)
    lettered = at < len(said) and said.tokens[at].kind is Kind.LETTER
    unit = said.at(group.end if group else at + lettered, "address.unit")
    return (
        (group is not None or lettered)
        and unit is not None
        and said.at(unit.end, "address.no_unit") is None
    )


def units_of(said: Utterance, first: int, end: int) -> set[str]:
    """Return the units of the numbers in a stretch: 弄, 号 and 室."""
    begin, stop = said.span(first, end)
    return {unit for unit, a, b in _numbers(said) if unit and begin <= a and b <= stop}


def lacks_number(text: str, language: str) -> bool:
    """Return True for a street without a house."""
    said = utterance(text, language)
    has = features(said, 0, len(said))
    return has.road and not (has.number or has.place)


def mended(
    held: str, new: str, language: str, *, wrong: str, gone: bool, mends: bool, slip: bool
) -> str:
    """Return an address with a street said again in its town, or numbers in its street.

    wrong  what was said to be wrong in it: the new words stand there
    gone   the number that is named is to go
    mends  something before is taken back
    slip   the new words are said at once behind the wrong ones: 1088弄，等等，1088号
    """
    if gone:
        numbers = _numbers(utterance(held, language))
        named = [(a, b) for unit, a, b in numbers if new in (unit, held[a:b])]
        return held[: named[-1][0]] + held[named[-1][1] :] if named else held
    old, part = utterance(held, language), utterance(new, language)
    has = features(part, 0, len(part))
    old_numbers, numbers = _numbers(old), _numbers(part)
    if wrong and wrong in held and (has.road or has.place or has.admin):
        begin, behind = held.rsplit(wrong, 1)
        numbered = has.road and numbers and _numbers(utterance(behind, language))
        return begin + new + ("" if numbered else behind)
    if has.admin and not (has.road or has.place or numbers):
        return new + held[_place(old, _town_end(old)) :]
    if has.road or has.place or has.admin:
        town = "" if _town_end(part) else held[: _place(old, _town_end(old))]
        kept = "" if numbers or not old_numbers else held[old_numbers[0][1] :]
        return town + new + kept
    text = held
    for unit, start, end in numbers:
        before, figure = _numbers(utterance(text, language)), new[start:end].removesuffix(unit)
        like = [at for at in before if text[at[1] : at[2]] == wrong]
        like = like or [at for at in before if at[0] == unit]
        like = like or [at for at in before if {at[0], unit} == _ROOM]
        if mends and not like:  # 1088弄, 是1088号; 3楼, 不对, 5室
            last = before[-1:] if slip and before and before[-1][2] == len(text) else []
            like = [at for at in before if text[at[1] : at[2]] == figure + at[0]] or last
        first, stop = like[-1][1:] if like else (len(text), len(text))
        text = text[:first] + new[start:end] + text[stop:]
        slip, wrong = False, ""
    return text


def in_its_town(text: str, held: str, language: str) -> str:
    """Return an address without a town in the one of the held address of the same street."""
    new, old = utterance(text, language), utterance(held, language)
    town = held[: _place(old, _town_end(old))]
    first = next((start for _, start, _ in _numbers(new)), len(text))
    same = first > 0 and held.removeprefix(town).startswith(text[:first])
    return town + text if same and not _town_end(new) else text


def is_town(said: Utterance, first: int, end: int) -> bool:
    """Return True for a town alone: its street is still to be told, or was told before."""
    has = features(said, first, end)
    return has.admin and not (has.road or has.place or has.number)


def _place(said: Utterance, at: int) -> int:
    return said.tokens[at].start if at < len(said) else len(said.text)


def _numbers(said: Utterance) -> list[tuple[str, int, int]]:
    """Return each number of an address: its unit ("" of a room at the end), and where it stands."""
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(said):
        group = said.numbers.figures(at)
        unit = said.at(group.end, "address.unit") if group else None
        end = unit.end if unit else group.end if group else at + 1
        if group and (unit or end == len(said)):
            name = "".join(token.low for token in said.tokens[group.end : end])
            found.append((name, _place(said, at), _place(said, end)))
        at = end
    return found


def _town_end(said: Utterance) -> int:
    """Return where the town of an address ends; 0 if none is named."""
    towns = (m for m in said.all("address.admin", "address.city") if m.first or "city" in m.tag)
    road = "address.road"
    ends = (m.end for m in towns if not said.at(m.end, road) and not said.at(m.end + 1, road))
    return max(ends, default=0)
