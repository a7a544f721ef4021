"""Pieces of an address said alone: "the postcode is two one five oh", "Windsor", "unit five"."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.collect.understanding.address import tail
from voicebot.collect.understanding.address.figures import figure_at, postcode_at, unit_at
from voicebot.collect.understanding.address.parts import Kind, Part, Parts
from voicebot.collect.understanding.address.streets import street_at
from voicebot.collect.understanding.address.words import COUNTED, Word, part_of
from voicebot.collect.understanding.common import is_everyday, is_given
from voicebot.collect.understanding.lexicon import FILLERS, NATO

_CARRIERS = frozenset(
    {
        "it",
        "it's",
        "its",
        "is",
        "i",
        "i'm",
        "im",
        "live",
        "in",
        "at",
        "on",
        "from",
        "the",
        "my",
        "of",
    }
    | {"that's", "we", "we're", "are", "and", "should", "be", "house", "am", "just", "number", "no"}
    | {"suburb", "city", "town", "state", "street", "address", "name", "located", "that", "would"}
)
_POSTCODES = frozenset({"postcode", "postal", "zip", "zipcode", "code", "post"})
_ELSEWHERE = frozenset(
    {"dot", "com", "gmail", "yahoo", "hotmail", "outlook", "mr", "mrs", "ms", "miss", "dr"}
)
"""Words of an e-mail address or a person's name."""
_LABELS = frozenset({"suburb", "city", "town"})
_NAMED = _LABELS | {"street", "road", "building"}
_LONGEST_WORDS = 12


def fragments(words: Sequence[Word], region: str) -> Parts:
    """The pieces in a short answer, or nothing when it says anything else."""
    named = any(w.low == "name" for w in words) and not any(w.low in _NAMED for w in words)
    if len(words) > _LONGEST_WORDS or named or any(w.low in _ELSEWHERE for w in words):
        return ()
    postal = any(w.low in _POSTCODES for w in words)
    at = _start(words)
    if at >= len(words):
        return ()
    if postal:
        return _postcode(words, at, region)
    if unit := unit_at(words, at):
        first = part_of(Kind.UNIT, unit[0], words, at, unit[1])
        return (first, *_rest(words, unit[1], region))
    return _rest(words, at, region)


def _start(words: Sequence[Word]) -> int:
    skipped = _CARRIERS | _POSTCODES | FILLERS
    return next((n for n, w in enumerate(words) if w.low not in skipped), len(words))


def _postcode(words: Sequence[Word], at: int, region: str) -> Parts:
    found = postcode_at(words, at, region)
    return (part_of(Kind.POSTCODE, found[0], words, at, found[1]),) if found else ()


def _rest(words: Sequence[Word], at: int, region: str) -> Parts:
    """A number, a street or a place that reaches the end of the answer."""
    if at >= len(words):
        return ()
    if number := figure_at(words, at):
        return _number(words, at, number, region)
    if street := street_at(words, at, weak=False):
        parts = (street.part, *tail.parts_from(words, street.end, region))
    else:
        parts = tail.parts_from(words, at, region)
    return parts if _is_all(words, at, parts) else ()


def _number(words: Sequence[Word], at: int, number: tuple[str, int], region: str) -> Parts:
    """A lone number: a postcode by its length, else a house number."""
    text, end = number
    follower = words[end].low if end < len(words) else ""
    if follower in COUNTED or any(w.low not in FILLERS for w in words[end:]):
        return ()
    length = {"AU": 4, "US": 5}.get(region)
    kind = Kind.POSTCODE if len(text) == length and text.isdecimal() else Kind.NUMBER
    return (part_of(kind, text, words, at, end),)


def _is_all(words: Sequence[Word], at: int, parts: Sequence[Part]) -> bool:
    """Is nothing else said, and do the names look like names?"""
    if not parts or (len(parts) == 1 and parts[0].kind is Kind.STATE and len(parts[0].text) == 2):
        return False
    rest = [w for w in words[at:] if w.start >= parts[-1].end and w.low not in FILLERS | {"please"}]
    sure = any(p.kind in (Kind.STREET, Kind.POSTCODE, Kind.STATE) for p in parts)
    labelled = any(w.low in _LABELS for w in words[:at])
    return not rest and (sure or labelled or _is_name(words[at:]))


def _is_name(words: Sequence[Word]) -> bool:
    """May these be a suburb's words? One at least is no everyday word, and none a person's."""
    names = [w.low for w in words if w.low not in _CARRIERS | FILLERS]
    if any(len(n) == 1 or n in NATO for n in names):
        return False
    return any(not is_everyday(n) for n in names) and not is_given(names[0])
