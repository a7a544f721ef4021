"""Callers' words for a business's services: its own, and those of its trades.

A language's trades stand in `trades.<language>.toml`. A trade is known by its names in a service's
name or synonyms; what callers say for the trade then stands for that service. The longest name
wins, so that a narrow trade ("wheel alignment") comes before a wide one ("car").
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby, pairwise, product

from rapidfuzz import fuzz

from voicebot.business import Offer
from voicebot.collect.understanding.text import Kind, tokens, without_accents
from voicebot.collect.understanding.utterance import Utterance
from voicebot.collect.understanding.words import is_everyday

NAME, SYNONYM, TRADE, FAULT, SAID, DESCRIPTION, HINT = 1.0, 0.95, 0.9, 0.86, 0.85, 0.84, 0.6
"""The certainty that a phrase stands for a service: its name; a synonym, or a word that no other
service's name has; its trade's name; what goes wrong, whatever it is on; what callers say for the
trade; its description; a hint."""
_WEIGHTS = {"names": TRADE, "faults": FAULT, "says": SAID, "goods": SAID, "hints": HINT}
NOT_LISTED = 0.02
"""The weight that the same phrases lose where no service is of their trade."""
_SHORTEST_STEM = 4
_MISHEARD = 0.75
_ALIKE = 87.0
"""The least likeness (0 to 100) of a misheard word; at 87 one letter of seven may differ."""
_SHORTEST_MISHEARD = 5
_FEWEST_CHARACTERS = 4

_MOST_TOLD = 24
"""Phrases of a trade that are compared as one text: fewer tell too little of it, more blur it."""
_LONGEST_TOLD = 400

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand for a service, as stems.

    service  its place among the services; of a trade that is not listed, a number beyond them
    noun     the word where it is the whole phrase and names no trade; a form of it that is an
             everyday word is not meant ("exhausted" is no exhaust)
    """

    stems: Stems
    service: int
    weight: float
    noun: str = ""

    def is_said_by(self, word: str) -> bool:
        word = word.removesuffix("'s")
        return not self.noun or _singular(word) == self.noun or not is_everyday(word)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words for the services of a business, and for trades that are not listed.

    phrases    by their first stem
    sounds     single words of the services, to which a misheard one is compared
    characters  services' names of so many Chinese characters that one may be misheard
    unless     for each service, what shows that it is not meant ("rent a car")
    elsewhere  what shows that no such business is meant at all ("a flight")
    goods      what is worked on, and may as well be wanted or owned ("car")
    """

    trades: Trades
    phrases: Mapping[str, tuple[Phrase, ...]]
    sounds: Mapping[str, tuple[Phrase, ...]]
    characters: tuple[Phrase, ...]
    unless: tuple[tuple[Stems, ...], ...]
    elsewhere: tuple[Stems, ...]
    goods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase in an utterance: the tokens from `first` up to `end`."""

    first: int
    end: int
    service: int
    weight: float


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade as its table has it.

    phrases  by kind: names, faults, says, goods, hints, unless
    wide     the trades that this one is part of
    """

    name: str
    phrases: Mapping[str, tuple[str, ...]]
    wide: frozenset[str]

    def is_part_of(self, trades: Iterable[Trade]) -> bool:
        return any(trade.name in self.wide for trade in trades)

    @property
    def told(self) -> tuple[str, ...]:
        """The phrases that tell of the trade surely."""
        return tuple(p for kind in ("names", "faults", "says") for p in self.phrases.get(kind, ()))

    def weighed(self) -> Iterator[tuple[str, float]]:
        """Give each phrase that stands for the trade, with its weight."""
        for kind, weight in _WEIGHTS.items():
            yield from ((text, weight) for text in self.phrases.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Trades:
    """A language's trades, how its words are cut to stems, and what callers say for no trade."""

    trades: tuple[Trade, ...]
    endings: tuple[str, ...] = ()
    common: frozenset[str] = frozenset()
    joins: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()
    talk: tuple[str, ...] = ()

    def stem(self, word: str) -> str:
        """Return a word without its plainest ending: "cleaning" and "cleaner" are "clean"."""
        return _stem(word, self.endings)

    def stems(self, text: str) -> Stems:
        return _stems(text, self.endings)

    def of(self, service: Offer) -> tuple[Trade, ...]:
        """Return the trades that the name of a service speaks of; if it is none, its synonyms."""
        return self._in((service.name,)) or self._in(service.synonyms)

    def _in(self, said: Iterable[str]) -> tuple[Trade, ...]:
        texts = [self.stems(text) for text in said]
        found = [
            (len(name), trade)
            for trade in self.trades
            for name in map(self.stems, trade.phrases.get("names", ()))
            if any(is_in(name, text) for text in texts)
        ]
        longest = max((length for length, _ in found), default=0)
        return tuple({t.name: t for length, t in found if length == longest}.values())


@lru_cache(maxsize=4096)
def _stem(word: str, endings: tuple[str, ...]) -> str:
    word = without_accents(word.removesuffix("'s"))
    if word.endswith(("ies", "ied")) and len(word) > _SHORTEST_STEM:
        return word[: -len("ies")] + "y"
    cut = (word.removesuffix(ending) for ending in endings if word.endswith(ending))
    base = next((each for each in cut if len(each) >= _SHORTEST_STEM), word)
    doubled = base != word and len(base) > _SHORTEST_STEM and base[-1] == base[-2]
    return base[:-1] if doubled and base[-1] not in "ls" else base


@lru_cache(maxsize=8192)
def _stems(text: str, endings: tuple[str, ...]) -> Stems:
    return tuple(_stem(token.low, endings) for token in tokens(text) if not token.is_sign)


@lru_cache(maxsize=64)
def vocabulary(services: tuple[Offer, ...], language: str) -> Vocabulary:
    """Return what callers may say for these services; made once for a business."""
    known = trades(language)
    named = [known.of(service) for service in services]
    listed = {trade.name for each in named for trade in each}
    parts = [trade for trade in known.trades if trade.name not in listed]
    of = [(*each, *(part for part in parts if part.is_part_of(each))) for each in named]
    said: list[tuple[str, int, float]] = []
    for at, service in enumerate(services):
        said += [(text, at, weight) for text, weight in _own(service, services, known)]
        said += [(text, at, weight) for trade in of[at] for text, weight in trade.weighed()]
    for beyond, trade in enumerate(known.trades, start=len(services)):
        if trade.name not in listed and trade.wide.isdisjoint(listed):
            said += [(text, beyond, weight - NOT_LISTED) for text, weight in trade.weighed()]
    phrases: dict[str, list[Phrase]] = {}
    sounds: dict[str, list[Phrase]] = {}
    for text, at, weight in said:
        phrase = Phrase(known.stems(text), at, weight, _noun(text, weight))
        if phrase.stems:
            phrases.setdefault(phrase.stems[0], []).append(phrase)
        lone = len(phrase.stems) == 1 and len(text) >= _SHORTEST_MISHEARD
        if lone and weight >= DESCRIPTION and at < len(services):
            sounds.setdefault(text, []).append(phrase)
    return Vocabulary(
        known,
        {first: tuple(found) for first, found in phrases.items()},
        {text: tuple(found) for text, found in sounds.items()},
        tuple(_in_characters(services, known)),
        tuple(
            tuple(known.stems(text) for trade in each for text in trade.phrases.get("unless", ()))
            for each in of
        ),
        tuple(map(known.stems, known.elsewhere)),
        frozenset(known.stem(t) for each in known.trades for t in each.phrases.get("goods", ())),
    )


@lru_cache(maxsize=64)
def descriptions(services: tuple[Offer, ...], language: str) -> tuple[tuple[str, str], ...]:
    """Return texts to compare a caller's words with, each with its service's id.

    A service is told by its name, synonyms and trade; a trade that is not listed, and what is no
    request at all, have the id "": they show that none of the services is meant.
    """
    known = trades(language)
    named = [known.of(service) for service in services]
    listed = {trade.name for each in named for trade in each}
    own = [
        (each.id, _told([each.name, *each.synonyms, *(t for trade in of for t in trade.told)]))
        for each, of in zip(services, named, strict=True)
    ]
    others = (t for t in known.trades if t.name not in listed and t.wide.isdisjoint(listed))
    beyond = [*map(_told, (trade.told for trade in others)), *known.talk]
    return (*own, *(("", text) for text in beyond if text))


def _told(phrases: Iterable[str]) -> str:
    return ", ".join(list(dict.fromkeys(phrases))[:_MOST_TOLD])[:_LONGEST_TOLD]


def _in_characters(services: tuple[Offer, ...], known: Trades) -> Iterator[Phrase]:
    for at, service in enumerate(services):
        stems = known.stems(service.name)
        if len(stems) >= _FEWEST_CHARACTERS and all(len(stem) == 1 for stem in stems):
            yield Phrase(stems, at, NAME)


@cache
def trades(language: str) -> Trades:
    """Return the trades of a language; none where it has no table."""
    file = files(__package__).joinpath(f"trades.{language}.toml")
    if not file.is_file():
        return Trades(())
    table: dict[str, dict[str, tuple[str, ...]]] = {
        name: {kind: _listed(text) for kind, text in entry.items()}
        for name, entry in tomllib.loads(file.read_text("utf-8")).items()
    }
    grammar = table.pop("grammar")
    bare = Trades((), grammar["endings"])
    return Trades(
        tuple(Trade(name, kinds, frozenset(kinds.get("of", ()))) for name, kinds in table.items()),
        bare.endings,
        frozenset(map(bare.stem, grammar["common"])),
        frozenset(grammar["joins"]),
        grammar["elsewhere"],
        grammar["talk"],
    )


def hits_in(said: Utterance, known: Vocabulary) -> Iterator[Hit]:
    """Find every phrase of the vocabulary in an utterance, misheard ones too."""
    inside = {
        at for match in said.all("service.inside") for at in range(match.first, match.end)
    }  # 剪个头发
    words = [at for at in range(len(said)) if not said.is_sound(at) and at not in inside]
    grammar = {at for at in words if said.at(at, "quiet.function", "clause.ask")}  # una, "will"
    stems = tuple(known.trades.stem(said.low(at)) for at in words)
    if any(is_in(phrase, stems) for phrase in known.elsewhere):
        return
    barred = {n for n, each in enumerate(known.unless) if any(is_in(p, stems) for p in each)}
    for nth, at in enumerate(words):
        word = said.low(at)
        exact = known.phrases.get(stems[nth], ())
        for phrase in exact or _misheard(word, known):
            last = nth + len(phrase.stems)
            whole = stems[nth:last] == phrase.stems and phrase.is_said_by(word)
            end = words[last - 1] + 1 if exact and whole else at + 1
            lone = end == at + 1 and at in grammar
            if phrase.service not in barred and not lone and (whole or not exact):
                yield Hit(at, end, phrase.service, phrase.weight if exact else _MISHEARD)
    for nth, phrase in product(range(len(words)), known.characters):
        heard = stems[nth : nth + len(phrase.stems)]
        alike = sum(a == b for a, b in zip(heard, phrase.stems, strict=False))
        if alike == len(phrase.stems) - 1 == len(heard) - 1:
            yield Hit(words[nth], words[nth + alike] + 1, phrase.service, _MISHEARD)


def _misheard(word: str, known: Vocabulary) -> tuple[Phrase, ...]:
    """Return the phrases of the word that sounds most like this one, unless it is a word itself."""
    if len(word) < _SHORTEST_MISHEARD or is_everyday(word):
        return ()
    alike = [(fuzz.ratio(text, word), text) for text in known.sounds if text[0] == word[0]]
    likeness, text = max(alike, default=(0.0, ""))
    return known.sounds[text] if likeness >= _ALIKE else ()


def is_in(phrase: Stems, text: Stems) -> bool:
    """Return True where the stems stand side by side in the text."""
    return any(text[at : at + len(phrase)] == phrase for at in range(len(text)))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(",") if phrase.strip())


def _own(service: Offer, services: tuple[Offer, ...], known: Trades) -> Iterator[tuple[str, float]]:
    """Give what the business itself calls a service."""
    yield service.name.lower(), NAME
    names = [known.stems(each.name) for each in services]
    own = known.of(service)
    wide = {
        known.stems(text)  # "tooth" tells little of "tooth whitening"
        for trade in known.trades
        if any(trade.name in each.wide for each in own)
        for text, _ in trade.weighed()
    }
    for token in tokens(service.name):
        stem = known.stem(token.low)
        lone = token.kind is not Kind.HAN and stem not in known.common
        if lone and sum(stem in name for name in names) == 1:
            yield token.low, HINT if (stem,) in wide else SYNONYM
    for pair in pairwise(known.stems(service.name)):  # two characters tell what a word does
        text = "".join(pair)
        han = len(text) == 2 and not text.isascii() and text not in known.common
        if han and sum(is_in(pair, name) for name in names) == 1:
            yield text, HINT
    for synonym in service.synonyms:
        yield synonym.strip().lower(), SYNONYM
    described = tokens(service.description)
    for joins, part in groupby(described, lambda t: t.is_sign or t.low in known.joins):
        text = " ".join(token.low for token in part)
        if not joins and not known.common.issuperset(known.stems(text)):
            yield text, DESCRIPTION


def _noun(text: str, weight: float) -> str:
    """Return the word that is all of a phrase and names no trade, without its plural."""
    alone = " " not in text and weight < TRADE - NOT_LISTED and not text.endswith("ing")
    return _singular(text) if alone else ""


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
