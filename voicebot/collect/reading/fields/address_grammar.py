"""Where an address stands among words, and its parts; also a piece that is said alone."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.collect.reading.fields.address_parts import (
    Found,
    Kind,
    Part,
    Parts,
    Read,
    box_at,
    found,
    kinds,
    number_at,
    postcode_at,
    street_at,
    typeless_at,
    unit_at,
    unit_name_at,
)
from voicebot.collect.reading.fields.address_words import (
    COUNTRIES,
    STATE_CODES,
    STATES,
    Word,
    Words,
)
from voicebot.collect.reading.words import FUNCTION_WORDS, is_everyday, is_family, is_given

_TYPELESS_GUESSES = 2
_LONGEST_HOUSE_WORDS, _LONGEST_BUILDING_WORDS = 5, 7
_LONGEST_PLACE_WORDS = _LONGEST_PHRASE_WORDS = 5
_LONGEST_PIECE_WORDS = 12
_LONGEST_CITY_REST = 2
_MOST_HEAD_PARTS = 4
_ZIP_DIGITS = 5
_NO_STATES = "GB"
_POSTCODE_DIGITS = {"AU": 4, "US": 5}
_SURE_PIECES = frozenset((Kind.STREET, Kind.POSTCODE, Kind.STATE))
_ONCE = (Kind.POSTCODE, Kind.UNIT)


class Grammar:
    """One stretch of words, looked through for an address.

    alone  it was asked for, so that a street without its type counts, and a piece
    """

    def __init__(self, words: Words, region: str, *, alone: bool) -> None:
        self.words, self.region, self.alone = words, region, alone
        self._named = any(word.isin("house") or word.isin("article") for word in words)

    def read(self) -> tuple[Parts, int]:
        """Return the parts of an address, and how many guesses they rest on."""
        typeless: Parts = ()
        for at in range(len(self.words)):
            head, end = self._head(at)
            if not head:
                if parts := self._unnumbered(at):
                    return parts, 0
                continue
            kind = head[-1].kind
            if kind is Kind.BOX:
                street = street_at(self.words, end, weak=False)  # "RMB 12 Gap Road"
                return self._with_tail(head, street, end), 0
            if kind is Kind.HOUSE and len(head) == 1:
                continue
            if self.words.said.before(self.words[at].first, "address.number"):
                end += self.words[end].isin("on")  # "number 12 on Smith Street"
            few = self._counts(at, end)
            weak = self.alone and (not few or self._is_named(at, end))
            if street := street_at(self.words, end, weak=weak):
                parts = self._with_tail(head, street, end)
                return (self._with_building(at, parts) if self.alone else parts), 0
            if self.alone and kind is Kind.NUMBER and not typeless:
                street = typeless_at(self.words, end)
                typeless = self._convincing(at, head, street, few=few) if street else ()
        if typeless:
            return typeless, _TYPELESS_GUESSES
        return (self._piece() if self.alone else ()), 1

    def _with_tail(self, head: Parts, street: Found | None, end: int) -> Parts:
        return (*head, *((street[0],) if street else ()), *self._tail(street[1] if street else end))

    # -- before the street

    def _head(self, at: int) -> tuple[Parts, int]:
        """Return house name, unit, box and number that begin here, and where they end."""
        words, parts = self.words, list[Part]()

        def take(kind: Kind, read: Read) -> int:
            parts.append(found(kind, words, at, read)[0])
            return read[1]

        if box := box_at(words, at):
            return (found(Kind.BOX, words, at, box)[0],), box[1]
        if house := self._house(at):
            at = take(Kind.HOUSE, house)
        while len(parts) < _MOST_HEAD_PARTS and (unit := unit_at(words, at, leading=True)):
            at = take(Kind.UNIT, unit)
            if house := self._house(at):
                at = take(Kind.HOUSE, house)
        if parts and parts[-1].kind is Kind.UNIT:
            slash = words.phrase(at, "address.slash")
            number = number_at(words, at + 1) if slash else None
            if slash and slash.value == "/" and number:  # "unit 3 stroke 45"
                text = f"{parts[-1].text.split()[-1]}/{number[0]}"
                slashed = Part(Kind.NUMBER, text, parts[-1].first, words[number[1] - 1].end)
                return (*parts[:-1], slashed), number[1]
            linked = words.phrase(at, "address.number") or words[at].isin("unit_link")
            at += bool(linked and number_at(words, at + 1))
        if number := number_at(words, at):
            end = number[1]
            if words[end + 1].isin("type") or not words[end].isin("counted"):
                at = take(Kind.NUMBER, number)
        return tuple(parts), at

    def _house_end(self, at: int) -> int:
        words, end = self.words, at
        while end < min(at + _LONGEST_HOUSE_WORDS, len(words)) and not words[end].is_number:
            if words[end].isin("stop", "stop_in_house") or (end > at and words[end].pause):
                break
            end += 1
        return end

    def _house(self, at: int) -> Read | None:
        """Return "The Old Manor, 4 …": words before a number, with "the" or "manor" among them."""
        if not self._named:
            return None
        words, end = self.words, self._house_end(at)
        if end - at < 2 or not words[end].is_number:
            return None
        named = words[end - 1].isin("house") and words[end].pause
        led = words[at].isin("article") and words[at + 1].text.istitle()
        return (words.titled(at, end), end) if named or led else None

    def _unnumbered(self, at: int) -> Parts:
        """Return "Rose Cottage, Mill Lane, Burford OX18 4QF": found by its name and the rest."""
        words, end = self.words, self._house_end(at) if self._named else at
        if end - at < 2 or not words[end - 1].isin("house") or not words[end].pause:
            return ()
        street = street_at(words, end, weak=False)
        if street is None:
            return ()
        house = found(Kind.HOUSE, words, at, (words.titled(at, end), end))[0]
        parts = self._with_tail((house,), street, end)
        placed = {Kind.POSTCODE, Kind.PLACE} if self.alone else {Kind.POSTCODE}
        return parts if kinds(parts) & placed else ()

    def _with_building(self, at: int, parts: Parts) -> Parts:
        """Return the parts with the building that stands before them: "Harbour Mall, 64 …".

        Only where nothing else was said, and a state or a postcode makes the rest an address.
        """
        words = self.words
        housed = parts[0].kind is Kind.HOUSE and not words[at].pause
        rest = parts[1:] if housed else parts
        named = words.part(0, words.place(rest[0].first))
        if not at or len(named) > _LONGEST_BUILDING_WORDS or is_given(named[0].low):
            return parts
        if parts[-1].end < words[len(words) - 1].end or rest[0].kind is Kind.HOUSE:
            return parts
        own = [word for word in named if not word.isin("small")]
        talk = any(self._announces(word) or not word.text[0].isupper() for word in own)
        lone = len(own) == 1 and is_everyday(own[0].low)
        if talk or lone or named[0] not in own or not kinds(rest) & {Kind.POSTCODE, Kind.STATE}:
            return parts
        building = words.titled(0, len(named))
        return (found(Kind.HOUSE, words, 0, (building, len(named)))[0], *rest)

    def _announces(self, word: Word) -> bool:
        return word.isin("announcing") or word.low in FUNCTION_WORDS or word.is_figure

    def _convincing(self, at: int, head: Parts, street: Found, *, few: bool) -> Parts:
        """Return an address whose street has no type, where nothing else is said, or a state
        or postcode follows. `few`: the number rather counts ("two cheeseburgers").

        One digit counts things, unless capitals make it a street: "2 tickets", "8 Rosewood".
        """
        words = self.words
        parts = self._with_tail(head, street, at)
        if kinds(parts) & {Kind.STATE, Kind.POSTCODE, Kind.UNIT}:
            return parts
        led = all(
            self._announces(word) or is_given(word.low) or is_family(word.low)
            for word in words.part(0, at)
        )
        one = len(words[at].text) == 1 and not words[at + 1].text[:1].isupper()
        ends = words.place(parts[-1].end) == len(words)
        return parts if ends and led and not few and not one else ()

    def _counts(self, at: int, end: int) -> bool:
        """Return True for one word below ten, or for what somebody wants: "I need 2 pizzas"."""
        unit = self.words.phrase(at, "number.unit")
        return (end == at + 1 and unit is not None) or self.words[at - 1].isin("wanting")

    def _is_named(self, at: int, end: int) -> bool:
        """Return True for "Five Park Place", and "at nine oak close" where nothing else is said."""
        street = street_at(self.words, end, weak=True)
        if street is None:
            return False
        led = at == 0 or self.words[at - 1].isin("leads_number")
        capital = all(word.text[0].isupper() for word in self.words.part(end, street[1]))
        return capital or (led and street[1] == len(self.words))

    # -- behind the street

    def _tail(self, at: int) -> Parts:
        """Return suburb or city, state, postcode, country: up to where other talk begins."""
        parts: list[Part] = []
        while True:
            at = self._skip(at)
            read = self._next(at, kinds(parts))
            if read is None or (read[0].kind in _ONCE and read[0].kind in kinds(parts)):
                return tuple(parts)
            parts.append(read[0])
            at = read[1]

    def _skip(self, at: int) -> int:
        """Return the place behind "the suburb is", ", as in the queen's way," and "in"."""
        words = self.words
        while at < len(words):
            label = words.phrase(at, "address.label", "address.within")
            if label:
                at = words.place(label.end)
            elif words.phrase(at, "address.aside"):
                at += 1
                while at < len(words) and not words[at].pause:
                    at += 1
            elif words[at].isin("in") and not (
                self._is_code(at) or words[at + 1].isin("stop") or at + 1 == len(words)
            ):
                at += 1
            else:
                return at
        return at

    def _next(self, at: int, before: set[Kind]) -> Found | None:
        words = self.words
        if at >= len(words) or Kind.COUNTRY in before:
            return None
        if end := self._phrase_end(at, COUNTRIES):
            joined = "".join(word.low for word in words.part(at, end))
            name = joined.upper() if len(joined) <= len("usa") else words.titled(at, end)
            return found(Kind.COUNTRY, words, at, (name, end))
        if Kind.POSTCODE in before:
            return None
        if unit := unit_at(words, at) or self._numbered_unit(at):
            return found(Kind.UNIT, words, at, unit)
        if state := self.state_at(at, placed=Kind.PLACE in before):
            return found(Kind.STATE, words, at, state)
        if self.region == "US" and Kind.PLACE not in before and self._is_suite(at):
            return found(Kind.UNIT, words, at, (words[at].text.upper(), at + 1))
        if postcode := postcode_at(words, at, self.region):
            return found(Kind.POSTCODE, words, at, postcode)
        return self._place_name(at)

    def _numbered_unit(self, at: int) -> Read | None:
        """Return "number ten" after a street as a unit, unless it begins a telephone number."""
        read = unit_name_at(self.words, at + 1) if self.words.phrase(at, "address.number") else None
        return ("#" + read[0], read[1]) if read and not self.words[read[1]].is_number else None

    def _is_suite(self, at: int) -> bool:
        """Return True for "12 Grand Ave 600, Chicago, IL": too few figures for a ZIP."""
        return self.words[at].text.isdecimal() and 3 <= len(self.words[at].text) < _ZIP_DIGITS

    def _phrase_end(self, at: int, phrases: Iterable[tuple[str, ...]]) -> int | None:
        for length in range(_LONGEST_PHRASE_WORDS, 0, -1):
            part = self.words.part(at, at + length)
            whole = len(part) == length and not any(word.pause for word in part[1:])
            if whole and tuple(word.low for word in part) in phrases:
                us = length == 1 and part[0].low == "us" and at + 1 < len(self.words)
                return None if us else at + length
        return None

    def state_at(self, at: int, *, placed: bool) -> Read | None:
        """Return the state that begins here; `placed`: a suburb or city was read before it."""
        words = self.words
        if self.region == _NO_STATES or not words[at].text:
            return None
        for region in sorted(STATES, key=lambda each: each != self.region):
            if end := self._phrase_end(at, STATES[region]):
                if self._is_city_too(at, end, placed=placed):
                    return None
                name = tuple(word.low for word in words.part(at, end))
                return STATES[region][name].upper(), end
            if end := self._code_end(at, STATE_CODES[region]):
                return "".join(word.low for word in words.part(at, end)).upper(), end
        return None

    def _is_city_too(self, at: int, end: int, *, placed: bool) -> bool:
        """Return True for the city of "New York, NY", "Washington DC", "Virginia VA"."""
        words = self.words
        if not placed and words[at].isin("city_lead") and words[end - 1].isin("city_end"):
            return True
        if end >= len(words) or self._phrase_end(end, COUNTRIES):
            return False
        if words[end].isin("city"):
            return True
        for n in range(end, end + _LONGEST_CITY_REST + 1):
            if n > end and words[n].pause:
                return False
            if self.state_at(n, placed=True):
                return True
        return False

    def _code_end(self, at: int, codes: frozenset[str]) -> int | None:
        """Return the place after a code: nsw, or its letters one by one."""
        words = self.words
        if words[at].low in codes and (not words[at].isin("code_word") or self._is_code(at)):
            return at + 1
        for length in (3, 2):
            letters = [word.low for word in words.part(at, at + length)]
            spelled = len(letters) == length == len("".join(letters))
            if spelled and "".join(letters) in codes:
                return at + length
        return None

    def _is_code(self, at: int) -> bool:
        """Return True for a code; one that is a word too must stand before a postcode."""
        here, after = self.words[at], self.words[at + 1]
        if not here.isin("code_word"):
            return any(here.low in codes for codes in STATE_CODES.values())
        if here.low == "oh" and after.text and not after.pause:
            postcode = postcode_at(self.words, at + 1, "US")
            return postcode is not None and len(postcode[0]) == _ZIP_DIGITS
        if not after.text:
            return self.region == "US" or not here.isin("code_word_inside")
        return after.is_number

    def _place_name(self, at: int) -> Found | None:
        """Return a suburb or city, in one breath, up to a state, a number or other talk."""
        words, end = self.words, at
        while end < at + _LONGEST_PLACE_WORDS and self._names_place(at, end):
            if end > at and self._ends_place(end):
                break
            end += 1
        end -= words[end].isin("in_email")
        if end <= at or (words[at].pause and words.near(end).isin("verb")):  # ", the house is …"
            return None
        return found(Kind.PLACE, words, at, (words.titled(at, end), end))

    def _ends_place(self, at: int) -> bool:
        return bool(
            self.state_at(at, placed=True)
            or postcode_at(self.words, at, self.region)
            or unit_at(self.words, at)
            or self._phrase_end(at, COUNTRIES)
            or (self.words.phrase(at, "address.label") and not self.words[at].isin("city"))
        )

    def _names_place(self, at: int, here: int) -> bool:
        word = self.words[here]
        if here == at and (word.isin("article") or word.is_number):
            return self._is_led_name(at)
        if not word.text or (word.pause and here > at) or word.isin("stop", "stop_in_place"):
            return False
        return not word.is_number and not (here == at and word.isin("of"))

    def _is_led_name(self, at: int) -> bool:
        """Return True for The Rocks, Seven Hills: one more word, then an end."""
        following, after = self.words[at + 1], self.words[at + 2]
        if following.isin("stop") or not following.text.isalpha() or following.is_number:
            return False
        return after.pause or not after.isin("stop")

    # -- a piece said alone: "the postcode is two one five oh", "Windsor", "unit five"

    def _piece(self) -> Parts:
        """Return the pieces in a short answer, or nothing where it says anything else."""
        words, at = self.words, 0
        places = range(len(words))
        named = any(
            (words.phrase(n, "name.lead", "name.label") or words[n].isin("name"))
            and not words[n - 1].isin("named_part")
            for n in places
        )
        if len(words) > _LONGEST_PIECE_WORDS or named or any(w.isin("elsewhere") for w in words):
            return ()
        for n in places:
            label = words.phrase(n, "address.label")
            if label and label.value:
                return self._labelled(Kind(label.value), words.place(label.end))
        while words[at].isin("carrier"):
            at += 1
        if unit := unit_at(words, at, leading=True):
            return (found(Kind.UNIT, words, at, unit)[0], *self._rest(unit[1]))
        return self._rest(at)

    def _labelled(self, kind: Kind, at: int) -> Parts:
        """Return the part that a label announces: "the state is Washington"."""
        if kind is Kind.POSTCODE:
            read = postcode_at(self.words, at, self.region)
        elif kind is Kind.STATE:
            read = self.state_at(at, placed=True)
        else:
            number = number_at(self.words, at)
            read = (f"Unit {number[0]}", number[1]) if number else None
        return (found(kind, self.words, at, read)[0],) if read else ()

    def _rest(self, at: int) -> Parts:
        """Return a number, or a street or place that reaches the end of the answer."""
        words = self.words
        if at >= len(words):
            return ()
        if number := number_at(words, at):
            whole = number[0].isdecimal() and len(number[0]) == _POSTCODE_DIGITS.get(self.region)
            kind = Kind.POSTCODE if whole else Kind.NUMBER
            return (found(kind, words, at, number)[0],) if number[1] == len(words) else ()
        parts = self._with_tail((), street_at(words, at, weak=False), at)
        return parts if self._is_all(at, parts) else ()

    def _is_all(self, at: int, parts: Parts) -> bool:
        """Return True where nothing else is said, and the names look like names."""
        coded = len(parts) == 1 and parts[0].kind is Kind.STATE and len(parts[0].text) == 2
        if not parts or coded or self.words.place(parts[-1].end) < len(self.words):
            return False
        labelled = any(self.words.phrase(n, "address.label") for n in range(at))
        return labelled or bool(kinds(parts) & _SURE_PIECES) or self._is_name(at)

    def _is_name(self, at: int) -> bool:
        """Return True for a suburb's words: one at least is unknown, and none a person's."""
        names = [n for n in range(at, len(self.words)) if not self.words[n].isin("carrier")]
        lows = [self.words[n].low for n in names]
        spelled = any(self.words.phrase(n, "spelling.alphabet") for n in names)
        if spelled or any(len(low) == 1 for low in lows):
            return False
        return any(not is_everyday(low) for low in lows) and not is_given(lows[0])
