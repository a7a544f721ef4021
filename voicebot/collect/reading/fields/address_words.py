"""The words of an address: numbers put together, and what places.toml knows of each word."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Final

from voicebot.collect.reading.lexicon import SOUND, Match
from voicebot.collect.reading.utterance import Utterance

_DATA: Mapping[str, Any] = tomllib.loads(
    files(__package__).joinpath("places.toml").read_text("utf-8")
)
_RANKS: Final = ("st", "nd", "rd", "th")
_JOINTS: Final = ("-", "/")
_PAUSES: Final = frozenset(",-/();:.!?")
_COURTESY: Final = ("quiet.courtesy", "act.thank")


def _lists() -> dict[str, frozenset[str]]:
    """Return for each word the names of the lists that it stands in."""
    found = defaultdict[str, set[str]](set)
    for name, entry in _DATA.items():
        for word in str(entry.get("words", "")).split():
            found[word].add(name)
    return {word: frozenset(names) for word, names in found.items()}


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for phrase in text.split(",")]


_LISTS: Final = _lists()
_IN_NONE: Final = frozenset[str]()
COUNTRIES: Final = frozenset(_phrases(_DATA["country"]["names"]))
STATES: Final = {
    region: dict(zip(_phrases(entry["names"]), entry["codes"].split(), strict=True))
    for region, entry in _DATA["state"].items()
}
"""Per region the code of each state by the words of its name."""
STATE_CODES: Final = {region: frozenset(states.values()) for region, states in STATES.items()}


def is_listed(low: str, *lists: str) -> bool:
    """Return True where a word stands in one of these lists of places.toml."""
    return not _LISTS.get(low, _IN_NONE).isdisjoint(lists)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: the tokens from `first` up to `end`; "12B", "60-66" and "forty two" are one.

    pause   a mark stands before it; the full stop of "St." is none
    digits  the digits of a number, written or spoken: "42"; "12B" has none
    """

    text: str
    low: str
    first: int
    end: int
    pause: bool = False
    digits: str = ""

    def isin(self, *lists: str) -> bool:
        """Return True where it stands in one of these lists of places.toml."""
        return is_listed(self.low, *lists)

    @property
    def is_figure(self) -> bool:
        """Return True where it begins with a digit: 12, 12b, 60-66, 4/112."""
        return self.text[:1].isdigit()

    @property
    def is_number(self) -> bool:
        return bool(self.digits) or self.is_figure

    @property
    def is_rank(self) -> bool:
        return self.is_figure and self.low.endswith(_RANKS)

    @property
    def is_letter(self) -> bool:
        """Return True for a letter said singly, or doubled."""
        return self.low.isalpha() and self.text.count(self.text[0]) == len(self.text) <= 2

    @property
    def is_name(self) -> bool:
        return self.text.isalpha() and len(self.text) > 1


_BEYOND = Word("", "", 0, 0, pause=True)


class Words:
    """A stretch of words; beyond its ends are empty ones behind a pause."""

    def __init__(self, said: Utterance, words: Sequence[Word]) -> None:
        self.said = said
        self._words = words
        self._firsts = [word.first for word in words]

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[Word]:
        return iter(self._words)

    def __getitem__(self, at: int) -> Word:
        return self._words[at] if 0 <= at < len(self._words) else _BEYOND

    def part(self, first: int, end: int | None = None) -> Sequence[Word]:
        """Return the words from one place up to another."""
        return self._words[first:end]

    def near(self, at: int) -> Word:
        """Return the word at this place, the empty one where a pause stands before it."""
        return _BEYOND if self[at].pause else self[at]

    def place(self, token: int) -> int:
        """Return the place of the first word that begins at this token or behind it."""
        return bisect_left(self._firsts, token)

    def phrase(self, at: int, *tags: str) -> Match | None:
        """Return the phrase of the language's table that begins at this place."""
        return self.said.at(self[at].first, *tags) if 0 <= at < len(self) else None

    def behind(self, at: int, tag: str) -> int | None:
        """Return the place behind the phrase that begins here."""
        match = self.phrase(at, tag)
        return self.place(match.end) if match else None

    def titled(self, at: int, end: int) -> str:
        """Return these words as an address has them."""
        return " ".join(title(word.text, first=n == 0) for n, word in enumerate(self.part(at, end)))


def words_of(said: Utterance) -> list[Word]:
    """Return the words of an utterance without sounds and courtesy: "Ryde, dear" is Ryde."""
    words: list[Word] = []
    pause, at = False, 0
    while at < len(said):
        if end := _silent_end(said, at):
            pause |= _is_pause(said, at, words[-1].low if words else "")
            at = end
            continue
        word = _word(said, at)
        last, at = words.pop() if words and not pause else None, word.end
        words += _ranked(said, last, word) if last else [replace(word, pause=pause)]
        pause = False
    return words


def _silent_end(said: Utterance, at: int) -> int | None:
    """Return the end of a mark, a sound, or courtesy up to the next mark."""
    token = said.tokens[at]
    if token.is_sign:
        return None if token.low in "#&" else at + 1
    if said.at(at, SOUND):
        return at + 1
    end, courtesy = at, said.at(at, *_COURTESY)
    while courtesy:
        end = courtesy.end
        courtesy = said.at(end, *_COURTESY)
    return end if end > at and (end == len(said) or said.tokens[end].is_sign) else None


def _is_pause(said: Utterance, at: int, before: str) -> bool:
    mark = said.tokens[at]
    if mark.low not in _PAUSES:
        return not mark.is_sign and not said.at(at, SOUND)
    if mark.low == ".":
        return len(before) != 1 and not is_listed(before, "abbreviation")
    glued = mark.glued and at + 1 < len(said) and said.tokens[at + 1].glued
    return not (mark.low == "-" and glued)  # "forty-second"


def _word(said: Utterance, at: int) -> Word:
    """Return the word that begins here: a spoken number, or what is written as one."""
    end = _joined_end(said, at)
    low = "".join(token.low for token in said.tokens[at:end])
    text = "".join(token.text for token in said.tokens[at:end])
    letter = said.low(end)
    if said.at(at, "number.times") and len(letter) == 1 and letter.isalpha():
        return Word(said.tokens[end].text * 2, letter * 2, at, end + 1)  # "double R"
    number = said.numbers.group(at)
    if number is None or number.end < end:
        return Word(text, low, at, end)
    if number.end > end:
        text = " ".join(t.text for t in said.tokens[at : number.end] if not t.is_sign)
    return Word(text, text.lower(), at, number.end, digits=min(number.readings, key=len))


def _joined_end(said: Utterance, at: int) -> int:
    """Return where the word ends that begins here: "12B", "60-66", "Stratford-upon-Avon"."""
    end = at + 1
    while not said.tokens[at].is_sign and end < len(said) and said.tokens[end].glued:
        if not said.tokens[end].is_sign:
            end += 1
        elif said.low(end) in _JOINTS and _goes_on(said, end):
            end += 2
        else:
            break
    return end


def _goes_on(said: Utterance, mark: int) -> bool:
    """Return True for the hyphen of "60-66", not for that of "twenty-one"."""
    after = mark + 1
    if after >= len(said) or not said.tokens[after].glued or said.tokens[after].is_sign:
        return False
    spoken = said.numbers.group(mark - 1) and not said.tokens[mark - 1].is_digits
    return not (spoken and (said.numbers.group(after) or said.at(after, "address.rank")))


def _ranked(said: Utterance, before: Word, word: Word) -> Iterator[Word]:
    """Give both, or "5 th" as 5th and "sixteen hundred forty second" as 1600 and 42nd."""
    rank = said.at(word.first, "address.rank")
    tens = said.at(before.end - 1, "number.ten") if rank and before.digits else None
    if rank and tens:
        text = tens.value + rank.value
        if rest := int(before.digits) - 10 * int(tens.value):
            yield replace(before, digits=str(rest), end=tens.first)
        yield Word(text, text, tens.first, word.end, before.pause and not rest)
    elif before.text.isdecimal() and word.low in _RANKS and _fits(said, before.text, word):
        text = before.text + word.low
        yield Word(text, text, before.first, word.end, before.pause)
    else:
        yield before
        yield word


def _fits(said: Utterance, number: str, ending: Word) -> bool:
    """Return False for "1 st Anne Street", whose "st" is a saint, and for "12 rd"."""
    if ending.low == "th":
        return True
    saint = is_listed(ending.low, "saint") and not is_listed(said.low(ending.end), "type")
    wanted = {"1": "st", "2": "nd", "3": "rd"}.get(number[-1])
    teen = len(number) > 1 and number[0] == "1"
    return wanted == ending.low and len(number) <= 2 and not teen and not saint


def title(text: str, *, first: bool = True) -> str:
    """Return a word as an address has it: "McDowell" stays, "o'connell" is O'Connell."""
    small = text.lower()
    if is_listed(small, "saint"):
        return "St"
    if is_listed(small, "small") and not first:
        return small
    if text[0].isdigit():
        return small if small.endswith(_RANKS) else text.upper()
    if is_listed(small, "compass") and len(small) <= 2:
        return text.upper()
    mixed = text not in (small, text.upper()) and not text.istitle() and text[0].isupper()
    return text if mixed else "-".join(_capital(piece) for piece in small.split("-"))


def _capital(small: str) -> str:
    if small[1:2] == "'":
        return small[:2].upper() + small[2:].capitalize()
    return " ".join(word.capitalize() for word in small.split())
