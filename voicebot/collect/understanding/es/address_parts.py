"""The parts of a Spanish address, at a word: number, postcode, door, town."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from voicebot.collect.understanding.fields.address_parts import Found, Kind, found
from voicebot.collect.understanding.fields.address_words import Word, Words

NUMBERS = ("address.number", "address.no_number", "address.kilometre")
_STOPS = (
    "address.stop", "address.postcode", "address.place", "clause.mend", "quiet.courtesy",
    "act.thank", "act.leave",
)  # fmt: skip
_DOOR = re.compile(r"\d{1,2}(?:[a-z]|-\d{1,2}|-[a-z])")
"""A floor and its door as they are written: 1D, 3-2."""
_LONGEST_NAME_WORDS, _POSTCODE_DIGITS, _MOST_NUMBER_DIGITS = 7, 5, 5


def name_end(words: Words, at: int, stops: Callable[[int], object]) -> int:
    """Return where a name of one breath ends that begins here."""
    end = at
    while end < min(at + _LONGEST_NAME_WORDS, len(words)) and not stops(end):
        if words[end].pause and end > at:
            break
        end += 1
    return end


def number_at(words: Words, at: int) -> Found | None:
    """Return "12", "número doce", "12 B", "sin número", "kilómetro 12"; "# 72-41" in Colombia."""
    mark = words.phrase(at, *NUMBERS)
    the = mark is None and words.phrase(at, "time.the") and words[at + 1].is_number
    begin = words.place(mark.end) if mark else at + bool(the)
    if mark and mark.tag == "address.no_number":
        return found(Kind.NUMBER, words, at, ("s/n", begin))
    word, after, end = words[begin], words.near(begin + 1), begin + 1
    if not word.is_number or (mark is None and len(word.digits) > _MOST_NUMBER_DIGITS):
        return None
    text = word.digits or word.text.upper()
    if mark and mark.tag == "address.kilometre":
        text = f"kilómetro {text}"
    elif mark and after.is_number:
        text, end = f"# {text}-{after.digits or after.text.upper()}", end + 1
    elif after.text and after.is_letter and not words.phrase(end, "address.small"):
        text, end = f"{text} {after.text.upper()}", end + 1
    return found(Kind.NUMBER, words, at, (text, end))


def postcode_at(words: Words, at: int) -> Found | None:
    lead = words.phrase(at, "address.postcode")
    digits, end = words.digits(words.place(lead.end) if lead else at)
    if len(digits) != _POSTCODE_DIGITS and not (lead and digits):
        return None
    return found(Kind.POSTCODE, words, at, (digits, end))


def unit_at(words: Words, at: int) -> Found | None:
    """Return "tercero izquierda", "bajo B", "piso 3 puerta 2", "apartamento 302", "4º"."""

    def written(end: int) -> str:
        word = words[end]
        if words.phrase(end, "address.unit"):
            return word.low
        if end > at and (called := words.phrase(end, "spelling.letter")):
            return called.value.upper()  # "apartamento tres be"
        if end > at:
            return word.digits or word.text.upper() if word.is_number or word.is_letter else ""
        if word.is_figure and word.low.lstrip("0123456789.") in ("o", "a"):
            return word.low[:-1].rstrip(".") + ("º" if word.low.endswith("o") else "ª")
        door = words.near(at + 1)
        small = words.phrase(at + 1, "address.small") and door.text.islower()  # not "5 A"
        sided = door.text and (door.is_letter or words.phrase(at + 1, "address.unit"))
        told = word.pause and ((sided and not small) or _DOOR.fullmatch(word.low))
        return (word.text.upper() if word.is_figure else word.digits) if told else ""  # "4 izda"

    end = name_end(words, at, lambda end: not written(end))
    text = " ".join(written(each) for each in range(at, end))
    return found(Kind.UNIT, words, at, (text, end)) if text else None


def place_at(words: Words, at: int, *, loose: bool) -> Found | None:
    """Return the town, behind a pause or "en"; `loose`: only there, as no number stands before."""
    lead = words.phrase(at, "address.place")
    if loose and not (lead or words[at].pause):
        return None
    begin = words.place(lead.end) if lead else at

    def ends(end: int) -> bool:
        letter = end == begin and words[end].is_letter and words.near(end + 1).is_name
        return not (words[end].is_name or letter) or words.phrase(end, *_STOPS) is not None

    end = name_end(words, begin, ends)
    own = [words[n] for n in range(begin, end) if not words.phrase(n, "address.small")]
    apart = words[at].pause or words.said.low(words[at].first - 1) == "."  # "tercero B. Lo de …"
    if not own or (apart and not lead and _is_talk(words, at, end, own)):
        return None
    return found(Kind.PLACE, words, at, (text_of(words, begin, end), end))


def _is_talk(words: Words, at: int, end: int, own: Sequence[Word]) -> bool:
    """Return True for words behind a pause that say something: ", hay perro", ", lo de siempre".

    They go on beyond what may be a name, or have a small letter where the street has a capital.
    """
    street = next((n for n in range(at) if words.phrase(n, "address.street")), at)
    titled = any(words[n].text.istitle() for n in range(street + 1, at) if not words[n].pause)
    small = titled and any(word.text.islower() for word in own)
    goes_on = words.near(end).text and not words.phrase(end, "address.postcode", "address.place")
    goes_on = goes_on and not postcode_at(words, end)
    said = any(words.phrase(n, "time.weekday", "time.part") for n in range(at, end))
    quiet = words.phrase(at, "quiet.function") and not words.phrase(at, "address.small")
    return bool(small or goes_on or said or quiet)


def text_of(words: Words, at: int, end: int) -> str:
    small = [words.phrase(n, "address.small") for n in range(at, end)]
    parts = words.part(at, end)
    return " ".join(w.text if s else _titled(w) for w, s in zip(parts, small, strict=True))


def _titled(word: Word) -> str:
    return word.digits or (word.text if word.text[0].isupper() else word.text.capitalize())
