"""The words of an address: numbers put together, and what places.toml knows of each word."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from rapidfuzz import fuzz

from voicebot.collect.understanding.lexicon import Match
from voicebot.collect.understanding.utterance import Utterance

_DATA = tomllib.loads(files(__package__).joinpath("places.toml").read_text("utf-8"))
_COUNTRIES, _STATES = _DATA.pop("country"), _DATA.pop("state")
_LISTS = {name: frozenset(entry["words"].split()) for name, entry in _DATA.items()}
_LISTED = {
    word: frozenset(name for name, words in _LISTS.items() if word in words)
    for word in frozenset[str]().union(*_LISTS.values())
}
_IN_NONE = frozenset[str]()
_RANKS = ("st", "nd", "rd", "th")
_PAUSES = frozenset(",-/();:.!?")
_SHORTEST_SPELLED = 3
_LONGEST_PHRASE_WORDS = 5
_ZIP_DIGITS = 5
_MISHEARD = 60.0
_SAME = 80.0
"""The least likeness (0 to 100) of a spelled name and the word that it repeats."""
_COURTESY = ("quiet.courtesy", "act.thank")


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for phrase in text.split(",")]


def _states(names: str, codes: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give each state's name, its code and the letters of the code, with the code."""
    for name, code in zip(_phrases(names), codes.split(), strict=True):
        yield from dict.fromkeys((name, (code,), tuple(code)), code.upper()).items()


COUNTRIES = frozenset(_phrases(_COUNTRIES["names"]))
STATES = {region: dict(_states(each["names"], each["codes"])) for region, each in _STATES.items()}
"""Per region the code of each state by what is said for it."""
CODES = frozenset(code.lower() for states in STATES.values() for code in states.values())
_PHRASES_BEGIN = frozenset(
    words[0] for words in (*COUNTRIES, *(w for s in STATES.values() for w in s))
)


def is_listed(low: str, *lists: str) -> bool:
    """Return True where a word stands in one of these lists of places.toml."""
    return not _LISTED.get(low, _IN_NONE).isdisjoint(lists)


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
        return not _LISTED.get(self.low, _IN_NONE).isdisjoint(lists)

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
        self.said, self._words = said, words
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

    def titled(self, at: int, end: int) -> str:
        """Return these words as an address has them."""
        return " ".join(title(word.text, first=not n) for n, word in enumerate(self.part(at, end)))

    def digits(self, at: int, most: int = 16) -> tuple[str, int]:
        """Return the digits said in one breath: "two thousand | one" is 2001; and their end."""
        text = last = ""
        end = at
        while end < at + most and self[end].digits and not (end > at and self[end].pause):
            here = self[end].digits
            zeros = len(last) - len(last.rstrip("0")) if last.strip("0") else 0
            adds = len(here) <= zeros and zeros > 1 and here[0] != "0"
            text = (text[: -len(here)] if adds else text) + here
            last, end = here, end + 1
        return text, end

    def phrase_end(self, at: int, phrases: Container[tuple[str, ...]]) -> int | None:
        """Return the place behind the longest of these phrases, in one breath."""
        if self[at].low not in _PHRASES_BEGIN:
            return None
        for length in range(_LONGEST_PHRASE_WORDS, 0, -1):
            part = self.part(at, at + length)
            whole = len(part) == length and not any(word.pause for word in part[1:])
            if whole and tuple(word.low for word in part) in phrases:
                return at + length
        return None

    def is_code(self, at: int, region: str) -> bool:
        """Return True for a state's code; one that is a word too must stand before a postcode."""
        here, after = self[at], self[at + 1]
        if not here.isin("code_word"):
            return here.low in CODES
        if not after.text:
            return region == "US" or not here.isin("code_word_inside")
        if here.digits and not after.pause:  # the "oh" of "oh two one two seven"
            return len(self.digits(at + 1)[0]) == _ZIP_DIGITS
        return after.is_number


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
    if said.is_sound(at):
        return None if said.low(at) in ("#", "&") else at + 1
    end = at
    while courtesy := said.at(end, *_COURTESY):
        end = courtesy.end
    return end if end > at and (end == len(said) or said.tokens[end].is_sign) else None


def _is_pause(said: Utterance, at: int, before: str) -> bool:
    mark = said.tokens[at]
    if mark.low not in _PAUSES:
        return not said.is_sound(at)
    if mark.low == ".":
        return len(before) != 1 and not is_listed(before, "abbreviation")
    glued = mark.glued and at + 1 < len(said) and said.tokens[at + 1].glued
    return not (mark.low == "-" and glued)  # "forty-second"


def _word(said: Utterance, at: int) -> Word:
    """Return the word that begins here: a spoken number, or what is written as one."""
    end = _joined_end(said, at)
    text, letter = "".join(token.text for token in said.tokens[at:end]), said.low(end)
    if said.at(at, "number.times") and len(letter) == 1 and letter.isalpha():
        return Word(said.tokens[end].text * 2, letter * 2, at, end + 1)  # "double R"
    more = said.low(at + 2) if said.at(at + 1, "number.and") and text.endswith("00") else ""
    if text.isdecimal() and more.isdecimal() and len(more) < len(text):  # "100 and 2"
        whole = str(int(text) + int(more))
        return Word(whole, whole, at, at + 3, digits=whole)
    number = said.numbers.group(at)
    if number is None or number.end < end:
        return Word(text, text.lower(), at, end)
    if number.end > end:
        text = " ".join(t.text for t in said.tokens[at : number.end] if not t.is_sign)
    return Word(text, text.lower(), at, number.end, digits=min(number.readings, key=len))


def _joined_end(said: Utterance, at: int) -> int:
    """Return where the word ends that begins here: "12B", "60-66", "Stratford-upon-Avon"."""
    tokens, end = said.tokens, at + 1
    while not tokens[at].is_sign and end < len(tokens) and tokens[end].glued:
        after = end + 1
        if tokens[end].is_sign:
            if after >= len(tokens) or tokens[after].is_sign:
                break
            ordinal = said.low(end) == "." and said.text[tokens[after].start] in "ºª"  # 2.º
            if said.low(end) not in ("-", "/") and not ordinal:
                break
            spoken = said.numbers.group(end - 1) and not tokens[end - 1].is_digits
            number = said.numbers.group(after) or said.at(after, "address.rank")
            if not tokens[after].glued or (spoken and number):  # "twenty-one"
                break
            after += 1
        end = after
    return end


def _ranked(said: Utterance, before: Word, word: Word) -> Iterator[Word]:
    """Give both, or "5 th" as 5th and "sixteen hundred forty second" as 1600 and 42nd.

    "1 st Anne Street" is no first.
    """
    rank = said.at(word.first, "address.rank")
    tens = said.at(before.end - 1, "number.ten") if rank and before.digits else None
    named = word.low == "th" or is_listed(said.low(word.end), "type", "storey")
    if rank and tens:
        text = tens.value + rank.value
        if rest := int(before.digits) - 10 * int(tens.value):
            yield replace(before, digits=str(rest), end=tens.first)
        yield Word(text, text, tens.first, word.end, before.pause and not rest)
    elif before.text.isdecimal() and word.low in _RANKS and named:
        text = before.text + word.low
        yield Word(text, text, before.first, word.end, before.pause)
    else:
        yield from (before, word)


def title(text: str, *, first: bool = True) -> str:
    """Return a word as an address has it: "McDowell" stays, "o'connell" is O'Connell."""
    small = text.lower()
    if is_listed(small, "saint"):
        return "St"
    if is_listed(small, "small") and not first:
        return small
    if text[0].isdigit() and " " not in text:
        return small if small.endswith(_RANKS) else text.upper()
    if is_listed(small, "compass") and len(small) <= 2:
        return text.upper()
    if text not in (small, text.upper()) and not text.istitle() and text[0].isupper():
        return text
    if small[1:2] == "'":
        return small[:2].upper() + small[2:].capitalize()
    return " ".join("-".join(map(str.capitalize, each.split("-"))) for each in small.split())


# -- names that are spelled out: "12 Smyth Street, that's S M Y T H"


def without_spelling(words: Sequence[Word]) -> tuple[list[Word], list[str]]:
    """Return the words without runs of single letters, and the names that those spell."""
    kept: list[Word] = []
    names: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].is_letter:
            end += 1
        letters = [word.low for word in words[at:end]] or words[at].low.split("-")
        name = "".join(letters) if all(len(each) == 1 for each in letters) else ""
        end = max(end, at + 1)
        after = words[end] if end < len(words) else None
        if not _is_spelled(name, after):
            kept.extend(words[at:end])
        else:
            names.append(name)
            while kept and kept[-1].isin("spelling"):
                kept.pop()
            misheard = kept and kept[-1].pause and fuzz.ratio(kept[-1].low, name) >= _MISHEARD
            if misheard and any(_alike(word, name) for word in kept[:-1]):
                kept.pop()  # "7 Jones Street, Jones, J O N E S"
            repeats = bool(kept) and _alike(kept[-1], name)
            if after and after.isin("type") and not repeats:  # "12 B A T T L E Street"
                kept.append(replace(words[at], text=name, low=name, end=words[end - 1].end))
            elif after and after.isin("type"):  # "27 Elm, E L M, Street"
                words = [*words[:end], replace(after, pause=False), *words[end + 1 :]]
            elif after and repeats and _alike(after, name):
                kept.pop()  # "six Schuyler, S C H U Y L E R, Schuyler Court"
        at = end
    return kept, names


def _alike(word: Word, name: str) -> bool:
    return fuzz.ratio(word.low, name) >= _SAME


def _is_spelled(name: str, after: Word | None) -> bool:
    """Return False for a state or country, and the beginning of a British postcode."""
    code = name in CODES or (name,) in COUNTRIES or tuple(name) in COUNTRIES
    postcode = after is not None and after.digits
    return len(name) >= _SHORTEST_SPELLED and name.isalpha() and not code and not postcode
