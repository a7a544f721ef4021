"""Make a name of words in a row, and write it.

A word that is announced as a name may be any that is not an everyday one; everyday words are names
beside a given name ("Harriet Long"), with a title ("Mr Long"), or in capitals that stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.collect.understanding.lexicon import SOUND, lexicon
from voicebot.collect.understanding.text import Kind
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import (
    FUNCTION_WORDS,
    is_common_family,
    is_everyday,
    is_family,
    is_given,
)

_VOWELS = frozenset("aeiouy")
_LONGEST_LABEL = 3
_PAUSED = 3
"""Tokens of a first name, a full stop, and a last name."""
_MOST_TOKENS = 8
"""Of "Jean-Marie van der Heide" and "J. R. R. Brandt", hyphens and dots included."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tokens from `first` up to `end` that are a name, and how many guesses that takes."""

    first: int
    end: int
    guesses: int


def is_known(word: str) -> bool:
    """Return True for a given or a family name of the lists."""
    return is_given(word) or is_family(word)


def is_particle(word: str) -> bool:
    """Return True for the "van" of a last name."""
    return lexicon("en").has("name.particle", word)


def is_word(said: Utterance, at: int) -> bool:
    return 0 <= at < len(said) and said.tokens[at].kind in (Kind.WORD, Kind.LETTER)


def is_letter(said: Utterance, at: int) -> bool:
    return 0 <= at < len(said) and said.tokens[at].kind is Kind.LETTER


def is_last(words: Sequence[str]) -> bool:
    """Return True for words that are rather a last name than a first."""
    return is_particle(words[0]) or is_common_family(words[0]) or not is_given(words[0])


def may_be_last(word: str) -> bool:
    """Return True for a last name that is known, and for a word that is no other."""
    return is_family(word) or not (is_given(word) or is_everyday(word))


def titled(word: str) -> str:
    """Return a name's word in title case: O'Brien, McDonald; one that has capitals as it is."""
    if "-" in word:
        return "-".join(map(titled, word.split("-")))
    if word[:1].isupper() and not (word.isupper() and len(word) > 2):
        return word
    if word.lower().startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    head, mark, tail = word.lower().partition("'")
    return head.capitalize() + mark + (tail.capitalize() if len(head) == 1 else tail)


def name_at(said: Utterance, start: int, *, announced: bool) -> Place | None:
    """Return the longest name that begins here; less is asked of the words of an announced one."""
    first = start
    while title := said.at(first, "name.title"):
        first = title.end + (said.low(title.end) == ".")
    end = first
    while end < min(len(said), first + _MOST_TOKENS):
        if not (_joins(said, end, first) or _belongs(said, end, first, announced)):
            break
        end += 1
    if end <= first + 1 and _is_paused(said, first):
        return Place(first, first + _PAUSED, 1)
    while end > first and (_dangles(said, end - 1, first) or not is_word(said, end - 1)):
        end -= 1
    if not _is_whole(said, first, end):
        return None
    if said.at(first, "name.verb_too") and said.at(end, "name.behind_verb"):
        return None  # "will you", "may I"
    return Place(first, end, _guesses(said, first, announced))


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
        if not is_word(said, at):
            text += "-" if token.low == "-" else ""
            continue
        inner = place.first < at < place.end - 1 and said.at(at, "name.particle")
        word = token.text.removesuffix("'s").removesuffix("'S")
        word = word if inner and word.islower() else titled(word)
        if word.lower() != text.lower():
            text += word if not text or text.endswith("-") else " " + word
    return text


def _dangles(said: Utterance, at: int, first: int) -> bool:
    """Return True for a particle without its name; "Al" is a name too, and so is a lone "Des"."""
    alone = at == first and at + 1 >= len(said)
    return said.at(at, "name.particle") is not None and not is_given(said.low(at)) and not alone


def _joins(said: Utterance, at: int, first: int) -> bool:
    """Return True for a mark inside a name: the hyphen of "Jean-Luc", the dot of "J. Smith"."""
    if at == first or not is_word(said, at + 1):
        return False
    hyphen = said.low(at) == "-" and said.tokens[at].glued
    return hyphen or (said.low(at) == "." and is_letter(said, at - 1))


def _is_paused(said: Utterance, first: int) -> bool:
    """Return True for "Saffron. Quill.", which is all that was said: a name, with a pause in it."""
    end = first + _PAUSED
    whole = first == 0 and (end == len(said) or (end + 1 == len(said) and said.low(end) in ".!"))
    words = whole and said.low(1) == "." and is_word(said, 0) and is_word(said, end - 1)
    if not words or (is_given(said.low(0)) and said.lexicon.is_everyday(said.low(end - 1))):
        return False  # "Ruth. Plumbing."
    return all(
        said.tokens[at].text.istitle()
        and said.low(at) not in FUNCTION_WORDS
        and (is_known(said.low(at)) or all(m.tag.startswith("name.") for m in said.matches[at]))
        for at in (0, end - 1)
    )


def _belongs(said: Utterance, at: int, first: int, announced: bool) -> bool:
    """Return True for a word that may stand in a name, at its beginning or behind the others."""
    if not is_word(said, at) or _is_label(said, at) or _is_shortening(said, at, first, announced):
        return False
    foreign = ("quiet.function",) if said.lexicon.language != "en" else ()
    stops = said.low(at) in FUNCTION_WORDS
    stops = stops or said.at(at, SOUND, "name.field", "act.thank", *foreign) is not None
    if at == first:
        return not stops and _may_begin(said, at, announced)
    token, word, before = said.tokens[at], said.low(at), said.low(at - 1)
    if before.endswith("'s"):
        return False  # "Daphne's fine"
    opening, ends = said.tokens[first].text, ends_at(said, at + 1)
    if is_letter(said, at) and _is_initial(said, at):
        return True
    if before == "-" and token.glued and not stops:
        return True  # "El-Sayed"
    if said.at(at, "name.ending_too") and token.text.istitle():
        return opening[0].isupper()
    if said.at(at, "name.particle"):
        return not stops or at + 1 < len(said)
    if stops or said.at(at, "quiet.courtesy"):
        return False
    if token.text.istitle() and said.at(at - 1, "name.particle"):
        return True  # "de la Torre"
    if said.at(at, "name.suffix"):
        return ends
    if opening[0].isupper() and token.text.islower() and not opening.isupper():
        return is_given(before) and is_family(word) and ends
    if is_letter(said, at):
        return not is_letter(said, at + 1 + (said.low(at + 1) == "-"))
    if not said.lexicon.is_everyday(word):
        return True
    if not is_family(word):
        capitals = token.text.istitle() and opening.istitle() and ends
        return capitals and (is_given(before) or at == first + 1)
    return is_given(before) or token.text[0].isupper() or ends


def _may_begin(said: Utterance, at: int, announced: bool) -> bool:
    token, word, after = said.tokens[at], said.low(at), said.low(at + 1)
    everyday, capital = said.lexicon.is_everyday, token.text[0].isupper()
    if not everyday(word.removesuffix("'s")):
        whole = is_word(said, at + 1) and said.tokens[at + 1].text.istitle() and capital
        full = is_word(said, at + 1) and (not everyday(after) or (whole and is_given(word)))
        told = (announced and after != ",") or full or said.before(at, "name.weak") is not None
        named = told and capital and is_given(word)  # "me llamo Mira Sanz", "I'm Roger"
        return named or not said.at(at, "name.opening", "quiet.courtesy")
    if said.before(at - (said.low(at - 1) == "."), "name.title"):
        return is_family(word)
    if ends_at(said, at + 1) and not said.at(at, "name.not_alone"):
        behind_word = capital and is_word(said, at - 1)
        if is_common_family(word) or (is_family(word) and (announced or behind_word)):
            return True
    opens = said.is_opening(at) or said.before(at, "name.weak", "name.opening", "no.plain")
    paired = is_word(said, at + 1) and said.tokens[at + 1].text.istitle() and ends_at(said, at + 2)
    paired = paired and not (is_given(after) and said.matches[at])  # "Ask Dave"
    if paired and opens and capital:
        return said.at(at, "name.opening", "quiet.courtesy") is None  # "Indigo Vane"
    weak = ends_at(said, at + 1) and said.before(at, "name.weak") is not None  # "it's Jazz"
    return (announced or weak) and capital and at > 0 and said.low(at - 1) != "."


def _is_label(said: Utterance, at: int) -> bool:
    """Return True for "pwd 1234": a few letters that announce the figures behind them."""
    figures = at + 1 < len(said) and said.tokens[at + 1].is_digits
    return figures and len(said.low(at)) <= _LONGEST_LABEL and not is_known(said.low(at))


def _is_shortening(said: Utterance, at: int, first: int, announced: bool) -> bool:
    """Return True for "bbq": letters without a vowel that are no known name; "TJ" may be one."""
    token, word = said.tokens[at], said.low(at)
    shortest = 2 if token.text.islower() and not announced else _LONGEST_LABEL
    if len(word) < shortest or not word.isascii() or not _VOWELS.isdisjoint(word):
        return False
    return not is_known(word) and not (at > first and is_given(said.low(at - 1)))


def _is_initial(said: Utterance, at: int) -> bool:
    """Return True for a middle initial: "Kelley A Fleming"."""
    after = said.low(at + 1)
    surname = len(after) > 1 and is_word(said, at + 1)
    surname = surname and (is_family(after) or not said.lexicon.is_everyday(after))
    return surname and is_given(said.low(at - 1)) and not said.at(at, "name.particle")


def _is_whole(said: Utterance, first: int, end: int) -> bool:
    """Return True for letters enough and no contraction; "O'Brien" and "Ann's" are none."""
    parts = [said.low(at) for at in range(first, end) if is_word(said, at)]
    cut = [part.partition("'") for part in parts]
    contracted = any(len(word) > 1 and mark and end != "s" for word, mark, end in cut)
    return max(map(len, parts), default=0) > 1 and not contracted


def _guesses(said: Utterance, first: int, announced: bool) -> int:
    word = said.low(first)
    if announced or is_given(word):
        return 0
    return 1 if said.tokens[first].text[0].isupper() and not said.lexicon.is_everyday(word) else 2
