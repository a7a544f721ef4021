"""Which listed service was meant: by name, synonym, description and what people call such work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rapidfuzz import fuzz

from voicebot.business import Offer
from voicebot.collect.understanding import Asked
from voicebot.collect.understanding.common import is_everyday
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
_ASKED = frozenset({"it", "they", "this", "that", "he", "she", "there", "my", "i"})
_PROPOSALS = frozenset({"about", "soon", "quickly", "early"})


def _asks_about(words: Sequence[str]) -> bool:
    """ "How do I …", "what is …", "are they …": a question, not a choice."""
    first, second = words[0], " ".join(words[1:2])
    if first == "how":
        return second not in _PROPOSALS
    if first in ("is", "are", "was", "does", "do", "did", "should"):
        return second in _ASKED
    if first == "when":
        return second in ("should", "is", "was", "will", "do", "does", "did")
    if any(pair in (("how", "to"), ("how", "do")) for pair in pairwise(words)):
        return True
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


@dataclass(frozen=True, slots=True)
class _Index:
    """What stands for the offers: phrases by their first stem, and whole words for the misheard.

    unless   phrases that show that an offer is not meant; under -1 those that rule out all
    """

    phrases: Mapping[str, tuple[_Phrase, ...]]
    sounds: tuple[tuple[str, tuple[_Phrase, ...]], ...]
    unless: Mapping[int, tuple[tuple[str, ...], ...]]


_ALL = -1


@lru_cache(maxsize=64)
def _index(offers: tuple[Offer, ...]) -> _Index:
    phrases: dict[str, tuple[_Phrase, ...]] = {}
    sounds: dict[str, tuple[_Phrase, ...]] = {}
    for phrase, text in _phrases(offers):
        phrases[phrase.stems[0]] = (*phrases.get(phrase.stems[0], ()), phrase)
        if len(phrase.stems) == 1 and len(text) >= _SHORTEST_FUZZY and phrase.weight >= _FAMILY:
            sounds[text] = (*sounds.get(text, ()), phrase)
    unless = {n: tuple(u for f in _families_of(o) for u in f.unless) for n, o in enumerate(offers)}
    return _Index(phrases, tuple(sounds.items()), {**unless, _ALL: _families()["elsewhere"].unless})


def _hits(words: Sequence[str], offers: tuple[Offer, ...]) -> Iterator[_Hit]:
    index = _index(offers)
    stems = tuple(stem(w) for w in words)
    if any(_contains(stems, phrase) for phrase in index.unless[_ALL]):
        return
    barred = {n for n, u in index.unless.items() if any(_contains(stems, p) for p in u)}
    for at, word in enumerate(words):
        exact = index.phrases.get(stems[at], ())
        heard = exact or (_misheard(word, index) if len(word) >= _SHORTEST_FUZZY else ())
        for phrase in heard:
            end = at + len(phrase.stems)
            if phrase.offer not in barred and (not exact or stems[at:end] == phrase.stems):
                yield _Hit(at, end, phrase.offer, phrase.weight if exact else _FUZZY)


def _misheard(word: str, index: _Index) -> tuple[_Phrase, ...]:
    """The phrases of the word that sounds most like this one, if any does."""
    best = _CLOSE
    found: tuple[_Phrase, ...] = ()
    if is_everyday(word):
        return found
    for text, phrases in index.sounds:
        if text[0] == word[0] and (alike := fuzz.ratio(text, word)) >= best:
            best, found = alike, phrases
    return found


def _phrases(offers: tuple[Offer, ...]) -> Iterator[tuple[_Phrase, str]]:
    """Every phrase that stands for an offer, and the words it comes from."""
    for number, offer in enumerate(offers):
        for text, weight in _texts(offer, offers):
            if stems := _stems(text):
                yield _Phrase(stems, number, weight), text.strip().lower()


def _texts(offer: Offer, offers: tuple[Offer, ...]) -> Iterator[tuple[str, float]]:
    yield offer.name, _NAME
    for word in _WORD.findall(offer.name.lower()):
        own = sum(stem(word) in _stems(o.name) for o in offers) == 1
        if own and stem(word) not in _GENERIC_STEMS:
            yield word, _SYNONYM
    for synonym in offer.synonyms:
        yield synonym, _SYNONYM
    for word in _WORD.findall(offer.description.lower()):
        if stem(word) not in _GENERIC_STEMS and len(word) >= _SHORTEST_STEM:
            yield word, _DESCRIPTION
    for family in _families_of(offer):
        yield from family.says


_GENERIC_STEMS = frozenset(stem(word) for word in _GENERIC)


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of work: the stems that name it, and all that callers say for it."""

    names: tuple[tuple[str, ...], ...]
    says: tuple[tuple[str, float], ...]
    unless: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def _families() -> Mapping[str, _Family]:
    text = files("voicebot.collect.understanding").joinpath("service_words.toml").read_text("utf-8")
    return {name: _family(entry) for name, entry in tomllib.loads(text).items()}


def _family(entry: Mapping[str, str]) -> _Family:
    names, says, hints, unless = (
        [p for phrase in entry.get(key, "").split(",") if (p := phrase.strip())]
        for key in ("names", "says", "hints", "unless")
    )
    weighted = [(text, _FAMILY) for text in (*names, *says)] + [(text, _HINT) for text in hints]
    return _Family(tuple(map(_stems, names)), tuple(weighted), tuple(map(_stems, unless)))


def _families_of(offer: Offer) -> list[_Family]:
    """The kinds of work that an offer's name and synonyms speak of; the longest names win."""
    texts = [_stems(text) for text in (offer.name, *offer.synonyms)]
    found = [
        (len(name), family)
        for family in _families().values()
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
    kept = [h for h in hits if not _refused(words, h) and not _acts_on(words, h, hits)]
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


_DETERMINERS = frozenset({"my", "the", "our", "some", "a", "an", "out"})


def _acts_on(words: Sequence[str], hit: _Hit, hits: Sequence[_Hit]) -> bool:
    """ "Clean my gutters" is about the gutters: what is acted on says more than the verb."""
    at = hit.end
    while at < len(words) and words[at] in _DETERMINERS:
        at += 1
    about = {h.offer for h in hits if h.begin == at and h.weight >= _SYNONYM}
    return at > hit.end and bool(about) and hit.offer not in about


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
