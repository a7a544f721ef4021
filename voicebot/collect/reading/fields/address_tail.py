"""What follows the street: suburb or city, state, postcode, country."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from voicebot.collect.reading.fields.address_numbers import number_at, postcode_at, unit_at
from voicebot.collect.reading.fields.address_parts import Found, Kind, Part, Parts, found
from voicebot.collect.reading.fields.address_words import (
    CITIES_LEAD,
    CITIES_TOO,
    CODES_TOO,
    COUNTRIES,
    IN_EMAIL,
    LAST_WORDS,
    PLACE_STOPS,
    STATE_CODES,
    STATES,
    STOPS,
    VERBS,
    Word,
    low,
    titled,
)
from voicebot.collect.reading.utterance import Utterance

_LONGEST_PLACE_WORDS = 5
_LONGEST_PHRASE_WORDS = 5
_ZIP_DIGITS = 5
_LONGEST_CITY_REST = 2
_NO_STATES = "GB"
_ONCE = (Kind.POSTCODE, Kind.UNIT)
_COURTESY = ("quiet.courtesy", "act.thank")


def tail_from(said: Utterance, words: Sequence[Word], at: int, region: str) -> Parts:
    """Return the parts after a street, up to where other talk begins."""
    return tuple(_Tail(said, words, region).read(at))


class _Tail:
    """The end of an address, read word by word."""

    def __init__(self, said: Utterance, words: Sequence[Word], region: str) -> None:
        self.said, self.words, self.region = said, words, region

    def read(self, at: int) -> list[Part]:
        parts: list[Part] = []
        kinds: set[Kind] = set()
        while at < len(self.words) and Kind.COUNTRY not in kinds:
            at = self._skip(at)
            part = self._next(at, kinds)
            if part is None or (
                part[0].kind in (Kind.POSTCODE, Kind.UNIT) and part[0].kind in kinds
            ):
                break
            parts.append(part[0])
            kinds.add(part[0].kind)
            at = part[1]
        return parts

    def _skip(self, at: int) -> int:
        while at < len(self.words):
            here = self.words[at]
            label = self.said.at(here.first, "address.label", "address.within")
            if label:
                at = self._place(label.end)
            elif self.said.at(here.first, "address.aside"):
                at += 1
                while at < len(self.words) and not self.words[at].pause:
                    at += 1
            elif here.low == "in" and self._goes_on(at):
                at += 1
            else:
                return at
        return at

    def _place(self, token: int) -> int:
        places = range(len(self.words))
        return next((n for n in places if self.words[n].first >= token), len(self.words))

    def _goes_on(self, at: int) -> bool:
        after = low(self.words, at + 1)
        return bool(after) and after not in STOPS and not self._is_code(at)

    def _next(self, at: int, kinds: Collection[Kind]) -> Found | None:
        said, words = self.said, self.words
        if at >= len(words):
            return None
        if end := self._phrase_end(at, COUNTRIES):
            joined = "".join(word.low for word in words[at:end])
            name = joined.upper() if len(joined) <= len("usa") else titled(words[at:end])
            return found(Kind.COUNTRY, name, words, at, end)
        if Kind.POSTCODE in kinds:
            return None
        if unit := unit_at(said, words, at) or number_at(said, words, at):
            return found(Kind.UNIT, unit[0], words, at, unit[1])
        placed = Kind.PLACE in kinds
        if state := self.state(at, placed=placed):
            return state
        if self.region == "US" and not placed and self._is_suite(at):
            return found(Kind.UNIT, words[at].text.upper(), words, at, at + 1)
        if postcode := postcode_at(words, at, self.region, said):
            return found(Kind.POSTCODE, postcode[0], words, at, postcode[1])
        return self._place_name(at)

    def _is_suite(self, at: int) -> bool:
        """Return True for "12 Grand Ave 600, Chicago, IL": too few figures for a ZIP."""
        text = self.words[at].text
        if not text.isdecimal() or len(text) >= _ZIP_DIGITS:
            return False
        town = range(at + 2, min(at + _LONGEST_PLACE_WORDS + 2, len(self.words)))
        return any(self.state(n, placed=True) for n in town)

    def _phrase_end(self, at: int, phrases: Collection[tuple[str, ...]]) -> int | None:
        """Return the place after the longest of these phrases, in one breath."""
        for length in range(_LONGEST_PHRASE_WORDS, 0, -1):
            part = self.words[at : at + length]
            whole = len(part) == length and not any(word.pause for word in part[1:])
            if whole and tuple(word.low for word in part) in phrases:
                us = length == 1 and part[0].low == "us" and at + 1 < len(self.words)
                return None if us else at + length
        return None

    def state(self, at: int, *, placed: bool) -> Found | None:
        """Return the state that begins here; `placed`: a suburb or city was read before it."""
        regions = [self.region, *(region for region in STATES if region != self.region)]
        for region in regions:
            if region not in STATES or self.region == _NO_STATES:
                continue
            if end := self._phrase_end(at, STATES[region]):
                if self._is_city_too(at, end, placed=placed):
                    return None
                name = tuple(word.low for word in self.words[at:end])
                return found(Kind.STATE, STATES[region][name].upper(), self.words, at, end)
            if end := self._code_end(at, STATE_CODES[region]):
                code = "".join(word.low for word in self.words[at:end]).upper()
                return found(Kind.STATE, code, self.words, at, end)
        return None

    def _is_city_too(self, at: int, end: int, *, placed: bool) -> bool:
        """Return True for the city of "New York, NY", "Washington DC", "Virginia VA"."""
        words = self.words
        if not placed and words[at].low in CITIES_LEAD and words[end - 1].low in CITIES_TOO:
            return True
        if end >= len(words) or self._phrase_end(end, COUNTRIES):
            return False
        if words[end].low == "city":
            return True
        for n in range(end, min(end + _LONGEST_CITY_REST + 1, len(words))):
            if n > end and words[n].pause:
                return False
            if self.state(n, placed=True):
                return True
        return False

    def _code_end(self, at: int, codes: frozenset[str]) -> int | None:
        """Return the place after a code: nsw, or its letters one by one."""
        words = self.words
        if words[at].low in codes and (words[at].low not in CODES_TOO or self._is_code(at)):
            return at + 1
        for length in (3, 2):
            letters = words[at : at + length]
            spelled = len(letters) == length and all(len(w.low) == 1 for w in letters)
            if spelled and "".join(word.low for word in letters) in codes:
                return at + length
        return None

    def _is_code(self, at: int) -> bool:
        """Return True for a code; one that is a word too must stand before a postcode."""
        here, after = self.words[at].low, self.words[at + 1 : at + 2]
        if here not in CODES_TOO:
            return any(here in codes for codes in STATE_CODES.values())
        if here == "oh" and after and not after[0].pause:
            postcode = postcode_at(self.words, at + 1, "US", self.said)
            return postcode is not None and len(postcode[0]) == _ZIP_DIGITS
        if not after:
            return self.region == "US" or here not in LAST_WORDS
        return after[0].is_figure or after[0].is_number

    def _place_name(self, at: int) -> Found | None:
        """Return a suburb or city, in one breath, up to a state, a number or other talk."""
        words, said, end = self.words, self.said, at
        while end < len(words) and end - at < _LONGEST_PLACE_WORDS and self._names_place(at, end):
            if end > at and self._ends_place(end):
                break
            end += 1
        if low(words, end) in IN_EMAIL:
            end -= 1
        if end <= at:
            return None
        courtesy = said.at(words[at].first, *_COURTESY)
        if courtesy and courtesy.end >= words[end - 1].end and self._only_courtesy(end):
            return None
        goes_on = end < len(words) and not words[end].pause and words[end].low in VERBS
        if words[at].pause and goes_on:
            return None  # ", the house is …"
        return found(Kind.PLACE, titled(words[at:end]), words, at, end)

    def _ends_place(self, at: int) -> bool:
        said, words = self.said, self.words
        return bool(
            self.state(at, placed=True)
            or postcode_at(words, at, self.region, said)
            or unit_at(said, words, at)
            or self._phrase_end(at, COUNTRIES)
            or said.at(words[at].first, "address.label")
            or (said.at(words[at].first, *_COURTESY) and self._only_courtesy(at))
        )

    def _only_courtesy(self, at: int) -> bool:
        """Return True where nothing but courtesy stands from here to the next pause."""
        while at < len(self.words):
            match = self.said.at(self.words[at].first, *_COURTESY)
            if match is None:
                return bool(self.words[at].pause)
            at = self._place(match.end)
        return True

    def _names_place(self, at: int, here: int) -> bool:
        word = self.words[here]
        if here == at and (word.low == "the" or word.is_number):
            return self._is_led_name(at)
        if (word.pause and here > at) or word.low in PLACE_STOPS:
            return False
        if word.is_number or (word.low in ("is", "of") and here == at):
            return False
        return not word.is_figure

    def _is_led_name(self, at: int) -> bool:
        """Return True for The Rocks, Seven Hills: one more word, then an end."""
        words = self.words
        following = words[at + 1] if at + 1 < len(words) else None
        if following is None or following.low in STOPS or following.is_number:
            return False
        if not following.text.isalpha():
            return False
        after = words[at + 2] if at + 2 < len(words) else None
        polite = after is not None and self.said.at(after.first, *_COURTESY) is not None
        return after is None or bool(after.pause) or after.low not in STOPS or polite
