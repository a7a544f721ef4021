"""Which words in a row make a name, and how it is written.

A word that is announced as a name may be any that is not an everyday one; everyday words are names
beside a given name ("Harriet Long"), with a title ("Mr Long"), or in capitals that stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.collect.reading.text import Kind
from voicebot.collect.reading.utterance import Utterance
from voicebot.collect.reading.words import (
    FUNCTION_WORDS,
    is_common_family,
    is_family,
    is_given,
)

_VOWELS = frozenset("aeiouy")
_LONGEST_LABEL = 3
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """The tokens from `first` up to `end` that are a name, and how many guesses that takes."""

    first: int
    end: int
    guesses: int


def is_known(word: str) -> bool:
    """Return True for a given or a family name of the lists."""
    return is_given(word) or is_family(word)


def is_word(said: Utterance, at: int) -> bool:
    return 0 <= at < len(said) and said.tokens[at].kind in (Kind.WORD, Kind.LETTER)


def is_letter(said: Utterance, at: int) -> bool:
    return 0 <= at < len(said) and said.tokens[at].kind is Kind.LETTER


def titled(word: str) -> str:
    """Return a name's word in title case: O'Brien, McDonald."""
    if word[:1].isupper() and not (word.isupper() and len(word) > 2):
        return word
    parts = word.lower().split("'")
    if len(parts) == 2 and len(parts[0]) == 1:
        return "'".join(part.capitalize() for part in parts)
    if word.lower().startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    return word.lower().capitalize()


def name_at(said: Utterance, start: int, *, announced: bool) -> Place | None:
    """Return the longest name that begins here; less is asked of the words of an announced one."""
    first = start
    while title := said.at(first, "name.title"):
        first = title.end + (said.low(title.end) == ".")
    at, count = first, 0
    while at < len(said) and count < _MOST_WORDS:
        if not _joins(said, at, first):
            if not _may_continue(said, at, first, announced):
                break
            count += said.at(at, "name.particle") is None
        at += 1
    while at > first and (_dangles(said, at - 1, first) or not is_word(said, at - 1)):
        at -= 1
    if at <= first or not _is_whole(said, first, at):
        return None
    if said.at(first, "name.verb_too") and said.at(at, "name.behind_verb"):
        return None  # "will you", "may I"
    return Place(first, at, _guesses(said, first, announced))


def ends_at(said: Utterance, at: int) -> bool:
    """Return True where a name before this token has ended for certain."""
    if not is_word(said, at) or said.at(at, "name.go_on", "quiet.courtesy", "act.thank"):
        return True
    return _is_label(said, at) or (is_letter(said, at) and is_letter(said, at + 1))


def written(said: Utterance, place: Place) -> str:
    """Return the name in title case, initials without their dots, "Alexis's" without its end."""
    text = ""
    for at in range(place.first, place.end):
        token = said.tokens[at]
        if token.low == "-":
            text += "-"
        if not is_word(said, at):
            continue
        inner = at > place.first and said.at(at, "name.particle") and token.text.islower()
        raw = token.text[:-2] if token.low.endswith("'s") else token.text
        word = token.low if inner and at + 1 < place.end else titled(raw)
        if word.lower() != text.lower():
            text += word if not text or text.endswith("-") else " " + word
    return text


def _dangles(said: Utterance, at: int, first: int) -> bool:
    """Return True for a particle without its name; "Al" is a name too, and so is a lone "Des"."""
    alone = at == first and said.tokens[at].text.istitle() and at + 1 >= len(said)
    return said.at(at, "name.particle") is not None and not is_given(said.low(at)) and not alone


def _joins(said: Utterance, at: int, first: int) -> bool:
    """Return True for a mark inside a name: the hyphen of "Jean-Luc", the dot of "J. Smith"."""
    if at == first or not is_word(said, at + 1):
        return False
    hyphen = said.low(at) == "-" and said.tokens[at].glued and said.tokens[at + 1].glued
    initial = is_letter(said, at - 1) and not said.tokens[at - 1].text.islower()
    return hyphen or (said.low(at) == "." and initial)


def _may_continue(said: Utterance, at: int, first: int, announced: bool) -> bool:
    token = said.tokens[at]
    if not is_word(said, at):
        return False
    particle = said.at(at, "name.particle") is not None
    if at > first and is_letter(said, at) and not particle and _is_initial(said, at):
        return True
    if _is_label(said, at) or _is_shortening(said, at, first, announced):
        return False
    inside = at > first and particle and at + 1 < len(said)
    last = at > first and token.text.istitle() and ends_at(said, at + 1)
    if last and said.at(at, "name.ending_too"):
        return said.tokens[first].text[0].isupper()
    if _is_function(said, at) or said.is_sound(at) or said.at(at, "name.field", "act.thank"):
        return inside
    if at == first:
        return _may_begin(said, at, announced)
    return particle or _may_follow(said, at, first)


def _is_function(said: Utterance, at: int) -> bool:
    foreign = said.lexicon.language != "en" and said.at(at, "quiet.function") is not None
    return said.low(at) in FUNCTION_WORDS or foreign


def _may_follow(said: Utterance, at: int, first: int) -> bool:
    token, word, previous = said.tokens[at], said.low(at), said.low(at - 1)
    opening = said.tokens[first].text
    if said.at(at, "name.suffix"):
        return ends_at(said, at + 1)
    if opening[0].isupper() and token.text.islower() and not opening.isupper():
        return is_given(previous) and is_family(word) and ends_at(said, at + 1)
    if is_letter(said, at):
        after = next((n for n in range(at + 1, len(said)) if said.low(n) != "-"), len(said))
        return not is_letter(said, after)
    if not said.lexicon.is_everyday(word):
        return said.at(at, "quiet.courtesy") is None
    if not is_family(word):
        both = token.text.istitle() and opening.istitle()
        return both and is_given(previous) and ends_at(said, at + 1)
    return is_given(previous) or token.text[0].isupper() or ends_at(said, at + 1)


def _is_label(said: Utterance, at: int) -> bool:
    """Return True for "pwd 1234": a few letters that announce the figures behind them."""
    after = said.tokens[at + 1] if at + 1 < len(said) else None
    short = len(said.low(at)) <= _LONGEST_LABEL and not is_known(said.low(at))
    return after is not None and after.is_digits and short


def _is_shortening(said: Utterance, at: int, first: int, announced: bool) -> bool:
    """Return True for "bbq": letters without a vowel that are no known name; "TJ" may be one."""
    token, word = said.tokens[at], said.low(at)
    if not word.isascii() or (
        not token.text.islower() and at > first and is_given(said.low(at - 1))
    ):
        return False
    shortest = _LONGEST_LABEL if announced or not token.text.islower() else 2
    return len(word) >= shortest and _VOWELS.isdisjoint(word) and not is_known(word)


def _is_initial(said: Utterance, at: int) -> bool:
    """Return True for a middle initial: "Kelley A Fleming"."""
    after = said.low(at + 1)
    surname = is_family(after) or (is_word(said, at + 1) and not said.lexicon.is_everyday(after))
    return is_given(said.low(at - 1)) and len(after) > 1 and surname


def _may_begin(said: Utterance, at: int, announced: bool) -> bool:
    token, word, after = said.tokens[at], said.low(at), said.low(at + 1)
    if is_letter(said, at):
        return _begins_with_initial(said, at)
    follows = is_word(said, at + 1)
    if not said.lexicon.is_everyday(word):
        return len(word) > 1 and not said.at(at, "name.opening", "quiet.courtesy")
    if said.before(at, "name.title") or (
        said.low(at - 1) == "." and said.before(at - 1, "name.title")
    ):
        return is_family(word)
    if ends_at(said, at + 1) and not said.at(at, "name.not_alone"):
        behind_word = token.text[0].isupper() and is_word(said, at - 1)
        if is_common_family(word) or (is_family(word) and (announced or behind_word)):
            return True
    cased = token.text[0].isupper() and follows and said.tokens[at + 1].text[0].isupper()
    rare = follows and not said.lexicon.is_everyday(after)
    if rare and is_known(after) and is_family(word):
        return cased or announced
    if rare and cased and len(said) == 2:
        return said.at(at, "name.opening") is None
    return announced and token.text[0].isupper() and at > 0 and said.low(at - 1) != "."


def _begins_with_initial(said: Utterance, at: int) -> bool:
    """Return True for "J. Smith" and "s kumar"."""
    if said.at(at, "spelling.lone_word") or said.low(at) == "o":
        return False
    after = said.low(at + 1)
    if after == ".":
        return said.tokens[at].text.isupper() and at + 2 < len(said)
    return (
        len(after) > 1
        and is_word(said, at + 1)
        and (is_known(after) or not said.lexicon.is_everyday(after))
    )


def _is_whole(said: Utterance, first: int, end: int) -> bool:
    """Return True for letters enough and no contraction; "O'Brien" and "Ann's" are none."""
    parts = [said.low(at) for at in range(first, end) if is_word(said, at)]
    cut = [part.partition("'") for part in parts]
    contracted = any(len(word) > 1 and mark and end != "s" for word, mark, end in cut)
    return sum(map(len, parts)) > 1 and not contracted


def _guesses(said: Utterance, first: int, announced: bool) -> int:
    word = said.low(first)
    if announced or is_given(word):
        return 0
    if said.lexicon.is_everyday(word):
        return 2
    return 1 if said.tokens[first].text[0].isupper() else 2


def words_of(name: str) -> Sequence[str]:
    """Return a name's words in small letters."""
    return name.lower().split(" ")
