"""A person's name, as callers give it: bare, announced ("my name is"), spelled, with titles.

An announced name may be any word that is no function word; a bare one, or one after a phrase that
announces other things too ("it's", "I'm"), must not be an everyday word either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.common import COMMON_WORDS, FUNCTION_WORDS
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.lexicon import FILLERS, correction_at
from voicebot.collect.understanding.spelling import heard_as, hinted, spelled
from voicebot.collect.understanding.tokens import Token, plain, tokens, word_set

_STRONG = tuple(
    tuple(phrase.split())
    for phrase in (
        "my name is",
        "my name's",
        "my names",
        "name is",
        "name's",
        "my name",
        "full name is",
        "full name",
        "surname is",
        "call me",
        "call be",
        "calls me",
        "in the name of",
        "in the name",
        "under the name of",
        "under the name",
        "under name",
        "on the name of",
        "on the name",
        "on name",
        "by the name of",
        "with the name",
        "name of",
        "goes by",
        "go by",
        "known as",
        "speaking with",
        "speaking to",
        "name should be",
        "name to",
        "name",
    )
)
_WEAK = tuple(
    tuple(phrase.split())
    for phrase in (
        "i am",
        "i'm",
        "im",
        "this is",
        "it is",
        "it's",
        "its",
        "that's",
        "thats",
        "that is",
        "should be",
        "would be",
        "will be",
        "under",
        "it was",
        "for",
        "here is",
        "is",
    )
)
_BOOKED_FOR = word_set("booking reservation table appointment booked reserved is was")
"""What must stand before "for" so that a name may follow."""
_AFTER_NAME = (("is", "my", "name"), ("speaking",), ("here",), ("is", "the", "name"))
_TITLES = word_set("mr mrs ms miss mister dr doctor prof professor sir madam madame mx missus")
_PARTICLES = word_set(
    "de del della der den des di da dos du la le van von ter ten bin ibn al el st y e san santa"
)
_OPENINGS = word_set(
    "yes yeah yep yup sure ok okay oh ah uh um er hi hello hey well so course of certainly right "
    "alright surely absolutely please thanks sorry and no actually good morning afternoon evening "
    "mate there hmm it's"
)
_NOT_A_QUESTION = word_set("what what's whats your his her their whose which who's the business")
_MOST_WORDS = 5
_SENTENCE_END = frozenset((".", "?", "!", ";", ":"))


@dataclass(frozen=True, slots=True)
class _Words:
    """A stretch of tokens that may be a name."""

    first: int
    end: int


def parse(utterance: str, asked: Asked) -> Found | None:
    """Find the caller's name; None when nothing that was said can be one."""
    said = tokens(plain(utterance))
    if found := spelled(said):
        return Found(found.name, (said[found.first].start, said[found.end - 1].end), 0.85)
    place = _place(said)
    if place is None:
        return None
    name = heard_as(said, place.end, hinted(said, place.end, _written(said, place)))
    span = (said[place.first].start, said[place.end - 1].end)
    return Found(name, span, 0.85) if name else None


def announced(utterance: str) -> Found | None:
    """A name that is announced as one, whatever was asked."""
    said = tokens(plain(utterance))
    place = next(_after(said, _STRONG, strict=True), None)
    if place is None:
        return None
    span = (said[place.first].start, said[place.end - 1].end)
    return Found(_written(said, place), span, 0.8)


def titled(word: str) -> str:
    """A name's word in title case: O'Brien, McDonald, Jean-Luc."""
    if word[:1].isupper() and not word.isupper():
        return word
    parts = word.lower().split("'")
    if len(parts) == 2 and len(parts[0]) == 1:
        return "'".join(part.capitalize() for part in parts)
    if word.lower().startswith("mc") and len(word) > 3:
        return "Mc" + word[2:].capitalize()
    return word.lower().capitalize()


def _place(said: Sequence[Token]) -> _Words | None:
    """Where the name stands, after all corrections."""
    corrected = _corrected(said)
    if corrected is not None:
        return corrected
    for found in (
        _after(said, _STRONG, strict=False),
        _before(said),
        _bare(said),
        _after(said, _WEAK, strict=True),
    ):
        if place := next(found, None):
            return place
    return None


def _corrected(said: Sequence[Token]) -> _Words | None:
    """The name after "no wait", when one follows."""
    lows = [token.low for token in said]
    for at in range(len(said) - 1, 0, -1):
        length = correction_at(lows, at)
        if not length or at + length >= len(said):
            continue
        rest = said[at + length :]
        place = next(_after(rest, _STRONG, strict=False), None) or next(_chunks(rest), None)
        if place:
            return _Words(place.first + at + length, place.end + at + length)
    return None


def _chunks(said: Sequence[Token]) -> Iterator[_Words]:
    """From the last one back: stretches between commas that are nothing but a name."""
    starts = [0] + [at + 1 for at, token in enumerate(said) if token.low == ","]
    for start in reversed(starts):
        place = _name_at(said, start, strict=True)
        if place and (place.end >= len(said) or not said[place.end].is_word):
            yield place


def _after(
    said: Sequence[Token], phrases: Sequence[tuple[str, ...]], strict: bool
) -> Iterator[_Words]:
    """Names that follow one of these phrases."""
    lows = [token.low for token in said]
    at = 0
    while at < len(said):
        length = max((len(p) for p in phrases if tuple(lows[at : at + len(p)]) == p), default=0)
        if length and _may_announce(lows, at, length):
            start = at + length
            while start < len(said) and (said[start].low in FILLERS or said[start].low in ",:'\""):
                start += 1
            if place := _name_at(said, start, strict):
                yield place
        at += max(1, length)


def _may_announce(lows: Sequence[str], at: int, length: int) -> bool:
    before = lows[at - 1] if at else ""
    if lows[at : at + length] == ["for"]:
        return before in _BOOKED_FOR
    if lows[at : at + length] == ["is"]:
        return before == "name"
    if lows[at].startswith("name"):
        return before not in _NOT_A_QUESTION or before == "the"
    return True


def _before(said: Sequence[Token]) -> Iterator[_Words]:
    """ "Angela is my name", "Angela speaking"."""
    lows = [token.low for token in said]
    for at in range(1, len(said)):
        if any(tuple(lows[at : at + len(p)]) == p for p in _AFTER_NAME):
            start = at
            while start > 0 and at - start < 3 and _is_name_word(said[start - 1], strict=True):
                start -= 1
            if start < at:
                yield _Words(start, at)


def _bare(said: Sequence[Token]) -> Iterator[_Words]:
    """A sentence that begins with a name and ends, or goes on with something else."""
    start = 0
    while start < len(said) and (said[start].low in _OPENINGS or said[start].low in ",.-"):
        start += 1
    place = _name_at(said, start, strict=True)
    if place is None:
        return
    after = said[place.end] if place.end < len(said) else None
    if after is None or not after.is_word or after.low in _GO_ON or after.low in _REMARKS:
        yield place


_GO_ON = word_set("and i it's this with for please tomorrow today at on my spelled spelt thanks")
_REMARKS = word_set("but also that's phone mobile number address contact no ph speaking here")


def _name_at(said: Sequence[Token], start: int, strict: bool) -> _Words | None:
    """The longest name that begins here."""
    at = start
    while at < len(said) and said[at].low in _TITLES:
        at += 1 + (at + 1 < len(said) and said[at + 1].low == ".")
    first, count = at, 0
    cased = at < len(said) and said[at].text[0].isupper() and not said[at].text.isupper()
    while at < len(said) and count < _MOST_WORDS:
        token = said[at]
        if token.low == "-" and token.glued and at > first:
            at += 1
            continue
        if token.low == "." and at > first and said[at - 1].is_letter and _goes_on(said, at):
            at += 1
            continue
        if not _is_name_word(token, strict) and not _is_particle(said, at, first):
            break
        if cased and token.text.islower() and token.low not in _PARTICLES:
            break
        count += 1
        at += 1
    while at > first and (said[at - 1].low in _PARTICLES or not said[at - 1].is_word):
        at -= 1
    return _Words(first, at) if at > first else None


def _goes_on(said: Sequence[Token], at: int) -> bool:
    return at + 1 < len(said) and said[at + 1].is_word


def _is_particle(said: Sequence[Token], at: int, first: int) -> bool:
    return at > first and said[at].low in _PARTICLES


def _is_name_word(token: Token, strict: bool) -> bool:
    if not token.is_word or token.low in FUNCTION_WORDS or token.low in FILLERS:
        return False
    if len(token.low) > 2 and token.low.endswith(("'ll", "'ve", "'re", "n't")):
        return False
    return not (strict and (token.low in COMMON_WORDS or _is_verb_like(token)))


def _is_verb_like(token: Token) -> bool:
    """ "hoping", "calling": hardly a name when written small."""
    return token.text.islower() and len(token.low) > 5 and token.low.endswith("ing")


def _written(said: Sequence[Token], place: _Words) -> str:
    """The name in title case, initials without their dots."""
    text = ""
    for at in range(place.first, place.end):
        token = said[at]
        if token.low == "-":
            text += "-"
        elif token.is_word:
            inner = at > place.first and token.low in _PARTICLES and token.text.islower()
            word = token.low if inner and token.low not in ("san", "santa") else titled(token.text)
            text += word if not text or text.endswith("-") else " " + word
    return text
