"""The words of an address, told apart: numbers, letters, ranks and the sets of places.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import zip_longest
from typing import Final

from voicebot.collect.reading.lexicon import SOUND
from voicebot.collect.reading.utterance import Utterance

_DATA = tomllib.loads(files(__package__).joinpath("places.toml").read_text("utf-8"))


def _words(name: str, table: str = "") -> frozenset[str]:
    return frozenset((_DATA[table] if table else _DATA)[name].split())


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for phrase in text.split(",")]


STREET_TYPES: Final = _words("street_types")
WEAK_TYPES: Final = _words("weak_types")
PRIMARY_TYPES: Final = _words("primary_types")
NUMBERED_TYPES: Final = _words("numbered_types")
HIGHWAYS: Final = NUMBERED_TYPES - {"road"}
LEADING_TYPES: Final = _words("leading_types")
TYPELESS_STREETS: Final = _words("typeless_streets")
JOURNEYS: Final = _words("journeys")
UNITS: Final = _words("units")
STOREYS: Final = _words("storeys")
FLOORS: Final = _words("floors")
SIDES: Final = _words("sides")
HOUSES: Final = _words("houses")
COMPASS: Final = _words("compass")
SUFFIXES: Final = _words("suffixes")
STOPS: Final = _words("words", "stops")
STREET_STOPS: Final = _words("in_street", "stops")
PLACE_STOPS: Final = STOPS | _words("in_place", "stops")
NO_STREET: Final = _words("no_street", "stops")
VERBS: Final = _words("verbs", "stops")
IN_EMAIL: Final = _words("in_email", "stops")
ANNOUNCING: Final = _words("announcing", "stops")
CARRIERS: Final = _words("carriers", "stops")
ELSEWHERE: Final = _words("elsewhere", "stops")
COUNTED: Final = _words("words", "counted")
WANTING: Final = _words("wanting", "counted")
_ABBREVIATIONS = _words("abbreviations")
_SMALL = _words("small")
COUNTRIES: Final = frozenset(_phrases(_DATA["countries"]))
CODES_TOO: Final = _words("words_too")
LAST_WORDS: Final = _words("no_code_at_the_end")
CITIES_TOO: Final = _words("cities_too")
CITIES_LEAD: Final = _words("cities_lead")
STATES: Final = {
    region: dict(
        zip(
            _phrases(entry["names"]),
            (code.strip() for code in entry["codes"].split(",")),
            strict=True,
        )
    )
    for region, entry in _DATA["states"].items()
}
"""Per region the code of each state by the words of its name."""
STATE_CODES: Final = {region: frozenset(states.values()) for region, states in STATES.items()}
_LONGEST_RANK_DIGITS = 2
_LONGEST_NUMBER_WORDS = 5
_BREATH = {",": 1, "-": 1, "/": 1, "(": 1, ")": 1, "&": 1, ";": 2, ":": 2, ".": 2, "!": 2, "?": 2}
_RANKS = ("st", "nd", "rd", "th")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: the tokens from `first` up to `end`; "12B" and "60-66" are one; "uh" is none.

    pause   the mark before it, "" for none; the full stop of "St." is none
    digits  the digits of the number that begins here, over the next `spans` words
    """

    text: str
    low: str
    first: int
    end: int
    pause: str = ""
    digits: str = ""
    spans: int = 0

    @property
    def is_figure(self) -> bool:
        """Return True where it begins with a digit: 12, 12b, 60-66, 4/112."""
        return self.text[0].isdigit()

    @property
    def is_number(self) -> bool:
        """Return True for written and for spoken digits."""
        return bool(self.digits)

    @property
    def is_letter(self) -> bool:
        """Return True for a letter said singly, or doubled."""
        return self.low.isalpha() and self.text.count(self.text[0]) == len(self.text) <= 2


def words_of(said: Utterance) -> list[Word]:
    """Return the words of an utterance, numbers and ranks put together."""
    return _ranked(said, _counted(said, list(_joined(said))))


def _joined(said: Utterance) -> Iterator[Word]:
    pause, at, before = "", 0, ""
    while at < len(said):
        token = said.tokens[at]
        if token.is_sign and token.low not in "#&":
            abbreviated = token.low == "." and (before in _ABBREVIATIONS or len(before) == 1)
            inside = token.low == "-" and token.glued and said.tokens[at + 1 : at + 2]
            spoken = inside and said.tokens[at + 1].glued  # "forty-second"
            if token.low in _BREATH and not abbreviated and not spoken:
                pause = max(pause, token.low, key=lambda mark: _BREATH.get(mark, 0))
            at += 1
            continue
        if said.at(at, SOUND):
            at += 1
            continue
        end = _end(said, at)
        low = "".join(each.low for each in said.tokens[at:end])
        text = "".join(each.text for each in said.tokens[at:end])
        if said.at(at, "number.times") and len(said.low(end)) == 1 and said.low(end).isalpha():
            text, low, end = said.tokens[end].text * 2, said.low(end) * 2, end + 1  # "double R"
        yield Word(text, low, at, end, pause)
        pause, before, at = "", low, end


def _end(said: Utterance, at: int) -> int:
    """Return where the word ends that begins here: "12B", "60-66", "Stratford-upon-Avon"."""
    end = at + 1
    if said.tokens[at].is_sign:
        return end
    while end < len(said) and said.tokens[end].glued:
        inner = said.tokens[end]
        if not inner.is_sign:
            end += 1
        elif inner.low in "-/" and end + 1 < len(said) and _goes_on(said, end):
            end += 2
        else:
            break
    return end


def _goes_on(said: Utterance, mark: int) -> bool:
    """Return True for the hyphen of "60-66", not for that of "twenty-one"."""
    after = said.tokens[mark + 1]
    if not after.glued or after.is_sign:
        return False
    spoken = said.numbers.group(mark - 1) and not said.tokens[mark - 1].is_digits
    return not (spoken and (said.numbers.group(mark + 1) or said.at(mark + 1, "address.rank")))


def _counted(said: Utterance, words: Sequence[Word]) -> list[Word]:
    """Return the words with the numbers that begin at them."""
    place = {word.first: n for n, word in enumerate(words)}
    place[words[-1].end if words else 0] = len(words)
    counted: list[Word] = []
    for n, word in enumerate(words):
        group = said.numbers.group(word.first)
        if group is None:
            counted.append(word)
            continue
        end = group.end
        while end < len(said) and end not in place and said.is_sound(end):
            end += 1
        whole = end in place or end == len(said)  # else it ends inside "1A"
        spans = place.get(end, len(words)) - n
        digits = min(group.readings, key=len) if whole and spans > 0 else ""
        counted.append(replace(word, digits=digits, spans=spans if digits else 0))
    return counted


def _ranked(said: Utterance, words: Sequence[Word]) -> list[Word]:
    """Return "5 th" as 5th and "forty second" as 42nd; "1 st" before a name is 1 St Anne Street."""
    joined: list[Word] = []
    for word, after in zip_longest(words, words[1:]):
        before = joined[-1] if joined else None
        text = _rank(said, before, word) if before and not word.pause else None
        saint = word.low == "st" and (after is None or after.low not in STREET_TYPES)
        if before and text and not saint:
            joined[-1] = Word(text, text, before.first, word.end, before.pause)
            _shorten(joined, before)
        else:
            joined.append(word)
    return joined


def _shorten(joined: list[Word], tens: Word) -> None:
    """Leave the last word to the rank that it is: "sixteen hundred | forty second"."""
    last = len(joined) - 1
    for at in range(max(0, last - _LONGEST_NUMBER_WORDS), last):
        word = joined[at]
        if tens.digits and at + word.spans > last:
            digits = str(int(word.digits) - int(tens.digits))
            joined[at] = replace(word, digits=digits, spans=last - at)


def _rank(said: Utterance, before: Word, word: Word) -> str | None:
    if before.text.isdecimal() and word.low in _RANKS:
        ending = {"1": "st", "2": "nd", "3": "rd"}.get(before.text[-1])
        teen = before.text[-2:] in ("11", "12", "13")
        fits = ending == word.low and not teen and len(before.text) <= _LONGEST_RANK_DIGITS
        return before.text + word.low if word.low == "th" or fits else None
    rank = said.at(word.first, "address.rank")
    if rank and said.at(before.first, "number.ten") and before.spans == 1:
        return before.digits[0] + rank.value
    return None


def low(words: Sequence[Word], at: int) -> str:
    """Return the lower-case word at this place, "" beyond the end."""
    return words[at].low if 0 <= at < len(words) else ""


def title(text: str, *, first: bool = True) -> str:
    """Return a word as an address has it: "McDowell" stays, "o'connell" is O'Connell."""
    small = text.lower()
    if small == "saint":
        return "St"
    if small in _SMALL and not first:
        return small
    if text[0].isdigit():
        return small if small.endswith(_RANKS) else text.upper()
    if small in COMPASS and len(small) <= 2:
        return text.upper()
    mixed = text not in (small, text.upper()) and not text.istitle() and text[0].isupper()
    return text if mixed else "-".join(_capital(piece) for piece in small.split("-"))


def _capital(small: str) -> str:
    if small[1:2] == "'":
        return small[:2].upper() + small[2:].capitalize()
    return small.capitalize()


def titled(words: Sequence[Word]) -> str:
    """Return these words as an address has them."""
    return " ".join(title(word.text, first=n == 0) for n, word in enumerate(words))
