"""Which listed service was meant: by name, synonym, description and what people call such work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from rapidfuzz import fuzz

from voicebot.business import Offer
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.lexicon import correction_at
from voicebot.collect.understanding.numbers import UNITS
from voicebot.collect.understanding.tokens import plain

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_NAME, _SYNONYM, _FAMILY, _DESCRIPTION, _HINT = 1.0, 0.95, 0.85, 0.7, 0.6
_FUZZY = 0.75
_CLOSE = 87.0
"""How alike (0 to 100) a misheard word must be; at 87 one letter of seven may differ."""
_SHORTEST_FUZZY = 5
_SHORTEST_STEM = 4

_GENERIC = frozenset(
    {"visit", "appointment", "session", "service", "booking", "consultation", "check", "help"}
    | {"job", "work", "call", "home", "general", "standard", "full", "new", "and", "or", "the"}
    | {"of", "a", "an", "for", "to", "with", "in", "on", "at", "your", "our", "all", "other"}
    | {"time", "day", "care", "shop", "small", "large", "end", "minor", "major", "basic", "any"}
)
_ENDINGS = ("ings", "ing", "ers", "ies", "ied", "er", "ed", "es", "s", "e")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Stems that stand for an offer, and how surely."""

    stems: tuple[str, ...]
    offer: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Hit:
    """A phrase in the utterance: words `begin` to `end`."""

    begin: int
    end: int
    offer: int
    weight: float


def parse(utterance: str, asked: Asked) -> Found | None:
    """The listed service's name exactly, or None when nothing listed was meant."""
    text = plain(utterance).lower()
    spans = [m.span() for m in _WORD.finditer(text)]
    words = [text[a:b] for a, b in spans]
    if not words or not asked.services or _asks_about(words):
        return None
    hits = _kept(words, list(_hits(words, asked.services)))
    chosen = _best(hits) or _by_position(words, len(asked.services))
    if chosen is None:
        return None
    span = (spans[chosen.begin][0], spans[chosen.end - 1][1])
    return Found(asked.services[chosen.offer].name, span, chosen.weight)


_ASKING = frozenset(
    {"what", "what's", "whats", "why", "who", "who's", "describe", "explain", "tell"}
)
_ASKED = frozenset({"it", "they", "this", "that", "he", "she", "there"})
_PROPOSALS = frozenset({"about", "soon", "quickly", "early"})


def _asks_about(words: Sequence[str]) -> bool:
    """ "How do I …", "what is …", "are they …": a question, not a choice."""
    first, second = words[0], " ".join(words[1:2])
    if first == "how":
        return second not in _PROPOSALS
    if first in ("is", "are", "was", "does", "do", "did"):
        return second in _ASKED
    return first in _ASKING and second not in _PROPOSALS and words[1:3] != ["time", "can"]


def stem(word: str) -> str:
    """The word without its plainest endings: cleaning, cleaner and cleans are all "clean"."""
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) >= _SHORTEST_STEM:
            break
    else:
        base = word
    doubled = base != word and len(base) > _SHORTEST_STEM and base[-1] == base[-2]
    return base[:-1] if doubled and base[-1] not in "ls" else base


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in _WORD.findall(text.lower()))


def _hits(words: Sequence[str], offers: tuple[Offer, ...]) -> Iterator[_Hit]:
    index = _index(offers)
    stems = [stem(w) for w in words]
    for at, found in enumerate(stems):
        exact = index.get(found, ())
        for phrase in exact:
            end = at + len(phrase.stems)
            if tuple(stems[at:end]) == phrase.stems:
                yield _Hit(at, end, phrase.offer, phrase.weight)
        if not exact and len(found) >= _SHORTEST_FUZZY:
            yield from _misheard(found, at, index)


def _misheard(found: str, at: int, index: Mapping[str, tuple[_Phrase, ...]]) -> Iterator[_Hit]:
    for key, phrases in index.items():
        near = len(key) >= _SHORTEST_FUZZY and key[0] == found[0]
        if near and fuzz.ratio(key, found) >= _CLOSE:
            for phrase in phrases:
                if len(phrase.stems) == 1 and phrase.weight >= _FAMILY:
                    yield _Hit(at, at + 1, phrase.offer, _FUZZY)


@lru_cache(maxsize=64)
def _index(offers: tuple[Offer, ...]) -> Mapping[str, tuple[_Phrase, ...]]:
    """Every phrase that stands for an offer, by its first stem."""
    index: dict[str, tuple[_Phrase, ...]] = {}
    for phrase in _phrases(offers):
        index[phrase.stems[0]] = (*index.get(phrase.stems[0], ()), phrase)
    return index


def _phrases(offers: tuple[Offer, ...]) -> Iterator[_Phrase]:
    for number, offer in enumerate(offers):
        name = _stems(offer.name)
        if name:
            yield _Phrase(name, number, _NAME)
        for word in name:
            if word not in _GENERIC_STEMS and sum(word in _stems(o.name) for o in offers) == 1:
                yield _Phrase((word,), number, _SYNONYM)
        for synonym in offer.synonyms:
            if stems := _stems(synonym):
                yield _Phrase(stems, number, _SYNONYM)
        for word in _stems(offer.description):
            if word not in _GENERIC_STEMS and len(word) >= _SHORTEST_STEM:
                yield _Phrase((word,), number, _DESCRIPTION)
        for family in _families_of(offer):
            yield from (_Phrase(stems, number, weight) for stems, weight in family.says)


_GENERIC_STEMS = frozenset(stem(word) for word in _GENERIC)


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of work: the stems that name it, and all that callers say for it."""

    names: tuple[tuple[str, ...], ...]
    says: tuple[tuple[tuple[str, ...], float], ...]


@lru_cache(maxsize=1)
def _families() -> tuple[_Family, ...]:
    text = files("voicebot.collect.understanding").joinpath("service_words.toml").read_text("utf-8")
    return tuple(_family(entry) for entry in tomllib.loads(text).values())


def _family(entry: Mapping[str, str]) -> _Family:
    names, says, hints = (
        [s for phrase in entry.get(key, "").split(",") if (s := _stems(phrase))]
        for key in ("names", "says", "hints")
    )
    weighted = [(s, _FAMILY) for s in (*names, *says)] + [(s, _HINT) for s in hints]
    return _Family(tuple(names), tuple(weighted))


def _families_of(offer: Offer) -> list[_Family]:
    """The kinds of work that an offer's name and synonyms speak of; the longest names win."""
    texts = [_stems(text) for text in (offer.name, *offer.synonyms)]
    found = [
        (len(name), family)
        for family in _families()
        for name in family.names
        if any(_contains(text, name) for text in texts)
    ]
    longest = max((length for length, _ in found), default=0)
    return list({id(f): f for length, f in found if length == longest}.values())


def _contains(text: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return any(text[n : n + len(phrase)] == phrase for n in range(len(text)))


_NEGATED_REACH = 3


def _kept(words: Sequence[str], hits: Sequence[_Hit]) -> list[_Hit]:
    """Without what was refused; after a correction only what came after it."""
    kept = [h for h in hits if not _refused(words, h)]
    cut = 0
    for at in range(1, len(words)):
        if correction_at(list(words[at : at + 5]), 0):
            cut = at
    after = [h for h in kept if h.begin >= cut]
    return after or kept


def _refused(words: Sequence[str], hit: _Hit) -> bool:
    before = words[max(hit.begin - _NEGATED_REACH, 0) : hit.begin]
    if list(before[-2:]) in (["instead", "of"], ["rather", "than"], ["other", "than"]):
        return True
    return bool(before) and before[-1] == "not"


def _best(hits: Sequence[_Hit]) -> _Hit | None:
    """The offer with the surest and longest phrases; of equals the one said first."""
    if not hits:
        return None
    ranked = sorted({h.offer for h in hits}, key=lambda o: _rank(hits, o), reverse=True)
    chosen = ranked[0]
    own = [h for h in hits if h.offer == chosen]
    begin, end = min(h.begin for h in own), max(h.end for h in own)
    sure = max(h.weight for h in own)
    if len(ranked) > 1 and _rank(hits, ranked[1])[0] == _rank(hits, chosen)[0]:
        sure = min(sure, 0.6)
    return _Hit(begin, end, chosen, sure)


def _rank(hits: Sequence[_Hit], offer: int) -> tuple[float, int, int]:
    own = [h for h in hits if h.offer == offer]
    longest = max(h.end - h.begin for h in own)
    covered = len({n for h in own for n in range(h.begin, h.end)})
    return max(h.weight for h in own) + 0.1 * (longest - 1), covered, -min(h.begin for h in own)


_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_SHORT_ANSWER = 6


def _by_position(words: Sequence[str], count: int) -> _Hit | None:
    """ "The second one", "number two", "the last": a place in the list that was read out."""
    if len(words) > _SHORT_ANSWER:
        return None
    for at, word in enumerate(words):
        place = _ORDINALS.get(word)
        follower = " ".join(words[at + 1 : at + 2])
        if place is not None and follower in ("one", "option", "service", "please", ""):
            return _Hit(at, at + 1, place % count, _FAMILY) if place < count else None
        figure = UNITS.get(follower, follower)
        if word in ("number", "option") and figure in map(str, range(1, count + 1)):
            return _Hit(at, at + 2, int(figure) - 1, _FAMILY)
    return None
