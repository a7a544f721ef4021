"""Where an address stands among words, and its parts; also a piece that is said alone."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.reading.fields.address_numbers import (
    box_at,
    figure_at,
    joined_unit,
    postcode_at,
    unit_at,
)
from voicebot.collect.reading.fields.address_parts import Found, Kind, Part, Parts, found
from voicebot.collect.reading.fields.address_street import street_at, typeless_at
from voicebot.collect.reading.fields.address_tail import tail_from
from voicebot.collect.reading.fields.address_words import (
    ANNOUNCING,
    CARRIERS,
    COUNTED,
    ELSEWHERE,
    HOUSES,
    JOURNEYS,
    STOPS,
    STREET_TYPES,
    WANTING,
    Word,
    low,
    titled,
)
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import FUNCTION_WORDS, is_everyday, is_family, is_given

TYPELESS_GUESSES = 2
_LONGEST_HOUSE_WORDS, _LONGEST_BUILDING_WORDS = 5, 7
_LONGEST_PIECE_WORDS = 12
_MOST_HEAD_PARTS = 4
_NO_HOUSE = STOPS | {"at", "in", "and", "of"}
_SMALL = frozenset(("the", "of", "for", "and", "on", "at", "in"))
_LEADING = ("at", "is", "it's")
_POSTCODE_DIGITS = {"AU": 4, "US": 5}
_SURE_PIECES = (Kind.STREET, Kind.POSTCODE, Kind.STATE)


def read(said: Utterance, words: Sequence[Word], region: str, *, alone: bool) -> tuple[Parts, int]:
    """Return the parts of an address among words, and how many guesses they rest on.

    alone  it was asked for, so that a street without its type counts, and a piece
    """
    return _Reading(said, words, region, alone).read()


class _Reading:
    """One stretch of words, looked through for an address."""

    def __init__(self, said: Utterance, words: Sequence[Word], region: str, alone: bool) -> None:
        self.said, self.words, self.region, self.alone = said, words, region, alone

    def read(self) -> tuple[Parts, int]:
        typeless: Parts = ()
        for at in range(len(self.words)):
            head, end = self._head(at)
            if head and head[-1].kind is Kind.BOX:
                street = street_at(self.words, end, weak=False)  # "RMB 12 Gap Road"
                roads = (street[0],) if street else ()
                return (*head, *roads, *self._tail(street[1] if street else end)), 0
            if not head and (parts := self._unnumbered(at)):
                return parts, 0
            if not head or (head[-1].kind is Kind.HOUSE and len(head) == 1):
                continue
            numbered = self.said.before(self.words[at].first, "address.number")
            if numbered and low(self.words, end) == "on":
                end += 1  # "number 12 on Smith Street"
            few = self._counts(at, end)
            weak = self.alone and (not few or self._is_named(at, end))
            if street := street_at(self.words, end, weak=weak):
                parts = (*head, street[0], *self._tail(street[1]))
                return (self._with_building(at, parts) if self.alone else parts), 0
            if self.alone and head[-1].kind is Kind.NUMBER and not typeless:
                street = typeless_at(self.words, end)
                typeless = self._convincing(at, head, street, few=few) if street else ()
        if typeless:
            return typeless, TYPELESS_GUESSES
        return (self._piece() if self.alone else ()), 1

    def _tail(self, at: int) -> Parts:
        return tail_from(self.said, self.words, at, self.region)

    def _head(self, at: int) -> tuple[Parts, int]:
        """Return house name, unit, box and number that begin here, and where they end."""
        said, words, parts = self.said, self.words, list[Part]()
        if box := box_at(said, words, at):
            return (found(Kind.BOX, box[0], words, at, box[1])[0],), box[1]
        if house := self._house(at):
            parts.append(house[0])
            at = house[1]
        while len(parts) < _MOST_HEAD_PARTS and (unit := unit_at(said, words, at, leading=True)):
            parts.append(found(Kind.UNIT, unit[0], words, at, unit[1])[0])
            at = unit[1]
            if inner := self._house(at):
                parts.append(inner[0])
                at = inner[1]
        unit_last = bool(parts) and parts[-1].kind is Kind.UNIT
        if unit_last and (joined := joined_unit(said, words, at, parts[-1].text)):
            slashed = Part(Kind.NUMBER, joined[0], parts[-1].first, words[joined[1] - 1].end)
            return (*parts[:-1], slashed), joined[1]
        if parts and said.at(words[at].first if at < len(words) else -1, "address.number"):
            at += figure_at(said, words, at + 1) is not None
        if number := figure_at(said, words, at):
            end = number[1]
            named = low(words, end + 1) in STREET_TYPES - JOURNEYS
            if low(words, end) not in COUNTED or named:
                parts.append(found(Kind.NUMBER, number[0], words, at, end)[0])
                at = end
        return tuple(parts), at

    def _house(self, at: int) -> Found | None:
        """Return "The Old Manor, 4 …": words before a number, with "the" or "manor" among them."""
        words, end = self.words, at
        while end < min(at + _LONGEST_HOUSE_WORDS, len(words)) and not words[end].is_number:
            if words[end].low in _NO_HOUSE or words[end].is_figure:
                break
            end += 1
        if end - at < 2 or end >= len(words):
            return None
        if not (words[end].is_figure or words[end].is_number):
            return None
        named = words[end - 1].low in HOUSES and words[end].pause
        the = words[at].low == "the" and words[at + 1].text.istitle()
        if any(word.pause for word in words[at + 1 : end]) or not (named or the):
            return None
        return found(Kind.HOUSE, titled(words[at:end]), words, at, end)

    def _unnumbered(self, at: int) -> Parts | None:
        """Return "Rose Cottage, Mill Lane, Burford OX18 4QF": found by its name and postcode."""
        words, end = self.words, at
        while end < min(at + _LONGEST_HOUSE_WORDS, len(words)) and words[end].low not in _NO_HOUSE:
            word = words[end]
            if word.is_number or word.is_figure or (end > at and word.pause):
                break
            end += 1
        named = at < end < len(words) and words[end - 1].low in HOUSES and words[end].pause
        if end - at < 2 or not named or not (street := street_at(words, end, weak=False)):
            return None
        house = found(Kind.HOUSE, titled(words[at:end]), words, at, end)[0]
        parts = (house, street[0], *self._tail(street[1]))
        return parts if any(part.kind is Kind.POSTCODE for part in parts) else None

    def _with_building(self, at: int, parts: Parts) -> Parts:
        """Return the parts with the building that stands before them: "Harbour Mall, 64 …".

        Only where nothing else was said, and a state or a postcode makes the rest an address.
        """
        words = self.words
        housed = parts[0].kind is Kind.HOUSE and not words[at].pause
        rest = parts[1:] if housed else parts
        named = [word for word in words if word.first < rest[0].first]
        if not at or len(named) > _LONGEST_BUILDING_WORDS or is_given(named[0].low):
            return parts
        if parts[-1].end < words[-1].end or rest[0].kind is Kind.HOUSE:
            return parts
        if not {part.kind for part in rest} & {Kind.POSTCODE, Kind.STATE}:
            return parts
        own = [word for word in named if word.low not in _SMALL]
        talk = any(self._is_talk(word) for word in own)
        if talk or named[0] not in own or (len(own) == 1 and is_everyday(own[0].low)):
            return parts
        return (found(Kind.HOUSE, titled(named), words, 0, len(named))[0], *rest)

    def _is_talk(self, word: Word) -> bool:
        announces = word.low in ANNOUNCING | FUNCTION_WORDS
        return announces or not word.text[0].isupper() or word.is_figure

    def _convincing(self, at: int, head: Parts, street: Found, *, few: bool) -> Parts:
        """Return an address whose street has no type, where nothing else is said, or a state
        or postcode follows. `few`: the number rather counts ("two cheeseburgers").
        """
        parts = (*head, street[0], *self._tail(street[1]))
        if {part.kind for part in parts} & {Kind.STATE, Kind.POSTCODE, Kind.UNIT}:
            return parts
        ends = all(word.first < parts[-1].end for word in self.words[at:])
        return parts if ends and not few and self._stands_alone(at) else ()

    def _stands_alone(self, at: int) -> bool:
        """Return True where only an announcement, or a name, stands before the number.

        One digit counts things, unless capitals make it a street: "2 tickets", "8 Rosewood".
        """
        announcing = ANNOUNCING | FUNCTION_WORDS
        led = all(
            word.low in announcing or is_given(word.low) or is_family(word.low)
            for word in self.words[:at]
        )
        return led and (len(self.words[at].text) > 1 or self.words[at + 1].text[0].isupper())

    def _counts(self, at: int, end: int) -> bool:
        """Return True for one word below ten, or for what somebody wants: "I need 2 pizzas"."""
        unit = self.said.at(self.words[at].first, "number.unit")
        return (end == at + 1 and unit is not None) or low(self.words, at - 1) in WANTING

    def _is_named(self, at: int, end: int) -> bool:
        """Return True for "Five Park Place", and "at nine oak close" where nothing else is said."""
        street = street_at(self.words, end, weak=True)
        if street is None:
            return False
        led = at == 0 or low(self.words, at - 1) in _LEADING
        capital = all(word.text[0].isupper() for word in self.words[end : street[1]])
        return capital or (led and street[1] == len(self.words))

    # -- a piece said alone: "the postcode is two one five oh", "Windsor", "unit five"

    def _piece(self) -> Parts:
        """Return the pieces in a short answer, or nothing where it says anything else."""
        words, said = self.words, self.said
        named = any(said.at(word.first, "name.lead", "name.label") for word in words)
        named |= any(word.low == "name" for word in words) and not any(
            word.low in ("street", "road", "building", "suburb", "city", "town") for word in words
        )
        elsewhere = any(word.low in ELSEWHERE for word in words)
        if len(words) > _LONGEST_PIECE_WORDS or named or elsewhere:
            return ()
        at = 0
        while at < len(words) and (words[at].low in CARRIERS):
            at += 1
        if at >= len(words):
            return ()
        if any(said.at(word.first, "address.postcode") for word in words):
            code = postcode_at(words, at, self.region, said)
            return (found(Kind.POSTCODE, code[0], words, at, code[1])[0],) if code else ()
        label = next((m for w in words[: at + 1] if (m := said.at(w.first, "address.label"))), None)
        if label and label.value:
            at = next((n for n in range(at, len(words)) if words[n].first >= label.end), len(words))
            number = figure_at(said, words, at)
            name = f"{label.value.title()} {number[0]}" if number else ""
            return (found(Kind.UNIT, name, words, at, number[1])[0],) if number else ()
        if unit := unit_at(said, words, at, leading=True):
            first = found(Kind.UNIT, unit[0], words, at, unit[1])[0]
            return (first, *self._rest(unit[1]))
        return self._rest(at)

    def _rest(self, at: int) -> Parts:
        """Return a number, or a street or place that reaches the end of the answer."""
        words = self.words
        if at >= len(words):
            return ()
        if number := figure_at(self.said, words, at):
            return self._number(at, *number)
        if street := street_at(words, at, weak=False):
            parts = (street[0], *self._tail(street[1]))
        else:
            parts = self._tail(at)
        return parts if self._is_all(at, parts) else ()

    def _number(self, at: int, text: str, end: int) -> Parts:
        """Return a lone number: a postcode by its length, else a house number."""
        if not all(self._is_quiet(word) for word in self.words[end:]):
            return ()
        whole = text.isdecimal() and len(text) == _POSTCODE_DIGITS.get(self.region)
        return (found(Kind.POSTCODE if whole else Kind.NUMBER, text, self.words, at, end)[0],)

    def _is_quiet(self, word: Word) -> bool:
        return self.said.at(word.first, "quiet.courtesy", "act.thank") is not None

    def _is_all(self, at: int, parts: Sequence[Part]) -> bool:
        """Return True where nothing else is said, and the names look like names."""
        if not parts or (
            len(parts) == 1 and parts[0].kind is Kind.STATE and len(parts[0].text) == 2
        ):
            return False
        beyond = [word for word in self.words[at:] if word.first >= parts[-1].end]
        if not all(self._is_quiet(word) for word in beyond):
            return False
        sure = any(part.kind in _SURE_PIECES for part in parts)
        labelled = any(self.said.at(word.first, "address.label") for word in self.words[:at])
        return sure or labelled or self._is_name(self.words[at:])

    def _is_name(self, words: Sequence[Word]) -> bool:
        """Return True for a suburb's words: one at least is unknown, and none a person's."""
        names = [word for word in words if word.low not in CARRIERS and not self._is_quiet(word)]
        if any(len(n.low) == 1 or self.said.at(n.first, "spelling.alphabet") for n in names):
            return False
        return any(not is_everyday(n.low) for n in names) and not is_given(names[0].low)
