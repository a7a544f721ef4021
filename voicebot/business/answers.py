"""A caller's question answered from the business's file, by the words that carry it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from voicebot.business.model import Business, BusinessAnswer, Offer
from voicebot.business.words import LONG, LONGEST, are_alike, is_within, stem, table, words_of

_SAME: Final = 0.5
"""From here on two questions are taken for the same one. Measured, by `tests/business`: below it
wrong answers begin, above it right ones are lost."""
SURELY_SAME: Final = 0.6
"""The same for a text that does not ask: "we moved here in May" is no "can I move it"."""
_OF_KIND: Final = 0.7
"""From here on a kind of question is the one that an answer is for."""
_LESS: Final = 0.95
"""The weight of a kind's phrase, beside 1 of a form that the business has written itself."""
_SHARED, _NEAR, _MARGIN = 0.15, 0.93, 0.01
"""The weight of the words that two questions share beside the score of the meaning engine, the
least sum of both, and its least distance to any other question. Measured on 490 questions: by the
score alone twice as many are missed."""
_SAID_LITTLE: Final = 0.12
"""The weight of a word that says little, beside 1 of one that carries the question."""
_MISSING: Final = 0.8
"""The weight of what a question lacks of an example, beside 1 of what they share."""
_FOREIGN: Final = 0.8
"""The weight of what a question holds that no form of the answer's question does."""
_OF_WORK: Final = 0.6
"""The part of it where that only names the work: "must I be home for the gutters"."""

_Weights = tuple[tuple[str, float], ...]
"""Stems with the weight of each."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Questions that ask the same.

    phrases  its forms, as callers put them
    name     that of the table of questions; none has what the business has written itself
    answer   the place of the answer that says it; None where the business does not say it
    weight   how much its likeness counts
    """

    phrases: tuple[str, ...]
    answer: int | None
    weight: float = 1.0
    name: str = ""


def answer_for(question: str, business: Business, least: float = _SAME) -> str | None:
    """Return the business's own answer to a caller's question, or None.

    Behind a comma stands why it is asked: "can he bring a ladder, the windows are high".

    least  how like a form it must be, 0 to 1
    """
    index = _index(business.answers, business.language)
    about = _of_services(business)
    whole = question[:LONGEST]
    for text in dict.fromkeys((whole, _COMMA.split(whole)[0] if least == _SAME else whole)):
        best, answer = 0.0, None
        for at, likeness in index.likenesses(text, about).items():
            kind = index.kinds[at]
            if kind.weight * likeness > best:
                best, answer = kind.weight * likeness, kind.answer
        if best >= least:
            return None if answer is None else business.answers[answer].say
    return None


def answer_of(kind: str, question: str, business: Business) -> str | None:
    """Return the business's own answer to a question of a kind, by its name in their table."""
    index = _index(business.answers, business.language)
    for at, each in enumerate(index.kinds):
        if kind and each.name == kind and each.answer is not None:
            told = not index.turns(question[:LONGEST], at)
            return business.answers[each.answer].say if told else None
    return None


def is_usual(question: str, business: Business) -> bool:
    """Return whether a question is of a kind that any business is asked, answered or not."""
    found = _index(business.answers, business.language).likenesses(question[:LONGEST])
    return max(found.values(), default=0.0) >= SURELY_SAME


def form_meant(question: str, scores: Sequence[float], business: Business) -> str | None:
    """Return the form of an answer that a question is nearest to, where it stands out.

    scores  how like it each phrase of `kinds_of` is by the meaning engine, in their order
    """
    best: dict[int | None, float] = {None: 0.0}
    index = _index(business.answers, business.language)
    shared = index.likenesses(question[:LONGEST], _of_services(business))
    places = [at for at, kind in enumerate(index.kinds) for _ in kind.phrases]
    for at, score in zip(places, scores, strict=True):
        if not index.turns(question[:LONGEST], at):
            answer = index.kinds[at].answer
            near = score + _SHARED * shared.get(at, 0.0)
            best[answer] = max(best.get(answer, 0.0), near)
    answer = max(best, key=best.__getitem__)
    others = max((score for each, score in best.items() if each != answer), default=0.0)
    if answer is None or best[answer] < _NEAR or best[answer] - others < _MARGIN:
        return None
    return business.answers[answer].ask[0]


def kinds_of(business: Business) -> tuple[Kind, ...]:
    """Return what callers ask a business: its own forms, and the kinds that everybody asks."""
    return _index(business.answers, business.language).kinds


class _Index:
    """The words of many phrases, so that a question is compared with all of them at once."""

    def __init__(self, kinds: Sequence[Kind], language: str) -> None:
        self.kinds = tuple(kinds)
        self._language = language
        self._forms: list[tuple[int, _Weights]] = []
        self._with: dict[str, set[int]] = {}
        self._known: list[set[str]] = []
        for at, kind in enumerate(self.kinds):
            forms = [_weighed(phrase, language) for phrase in kind.phrases]
            self._known.append({word for form in forms for word, _ in form})
            for form in forms:
                # What says little finds a phrase only where nothing in it says more.
                telling = [word for word, weight in form if weight == 1.0]
                for word in telling or [word for word, _ in form]:
                    self._with.setdefault(word, set()).add(len(self._forms))
                self._forms.append((at, form))
        turning = " ".join(table(language)["turning"])
        self._turning = {word for word, _ in _weighed(turning, language)}
        self._long = [word for word in self._with if len(word) >= LONG]

    def likenesses(self, question: str, about: frozenset[str] = frozenset()) -> dict[int, float]:
        """Return by kind how like its likest phrase a question is, 0 to 1; 0 where none is.

        about  words of which a question may hold more: "must I be home for the gutters"
        """
        asked = _weighed(question, self._language)
        alike = {word: self._alike(word) for word, _ in asked}
        found = {form for words in alike.values() for word in words for form in self._with[word]}
        best: dict[int, float] = {}
        for each in found:
            at, form = self._forms[each]
            if self.turns(question, at):
                continue
            likeness = _likeness(asked, form, self._known[at], alike, about)
            best[at] = max(best.get(at, 0.0), likeness)
        return best

    def turns(self, question: str, at: int) -> bool:
        """Return whether a question is another than a kind's: "is it cheaper in cash"."""
        asked = {word for word, _ in _weighed(question, self._language)}
        return bool(self._turning & asked - self._known[at])

    def _alike(self, word: str) -> set[str]:
        near = {word} if word in self._with else set()
        return near | {each for each in self._long if len(word) >= LONG and are_alike(word, each)}


def _likeness(
    asked: _Weights,
    form: _Weights,
    known: frozenset[str] | set[str],
    alike: Mapping[str, set[str]],
    about: frozenset[str],
) -> float:
    """Return how much of two questions is the same, 0 to 1 (after Tversky).

    What other forms of the same question hold (`known`) is not held against it, and little what
    names the work (`about`).
    """
    left = list(asked)
    shared = 0.0
    for word, weight in form:
        place = next((n for n, (w, _) in enumerate(left) if w == word or word in alike[w]), None)
        if place is not None:
            shared += weight
            del left[place]
    missing = sum(weight for _, weight in form) - shared
    foreign = sum(
        weight * (_OF_WORK if word in about else 1.0)
        for word, weight in left
        if word not in known and known.isdisjoint(alike[word])
    )
    whole = shared + _MISSING * missing + _FOREIGN * foreign
    return shared / whole if whole else 0.0


@lru_cache(maxsize=64)
def _index(answers: tuple[BusinessAnswer, ...], language: str) -> _Index:
    usual = _usual(language)
    likest: dict[int, tuple[float, int]] = {}
    for at, answer in enumerate(answers):
        for form in answer.ask:
            for kind, likeness in usual.likenesses(form).items():
                likest[kind] = max(likest.get(kind, (0.0, 0)), (likeness, -at))
    answered = {kind: -at for kind, (likeness, at) in likest.items() if likeness >= _OF_KIND}
    known = (replace(kind, answer=answered.get(at)) for at, kind in enumerate(usual.kinds))
    own = (Kind(answer.ask, at) for at, answer in enumerate(answers))
    return _Index([*own, *known], language)


@cache
def _usual(language: str) -> _Index:
    rows = [(name, said) for name, said in _table(language).items() if name != _SAME_WORDS]
    return _Index([Kind(tuple(said), None, _LESS, name) for name, said in rows], language)


_SAME_WORDS: Final = "same"


@cache
def _table(language: str) -> dict[str, list[str]]:
    file = files(__package__).joinpath(f"questions.{language}.toml")
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {_SAME_WORDS: []}


@cache
def _same_words(language: str) -> dict[str, str]:
    """Return the word that stands for each of several; in Chinese, where no word ends, texts."""
    groups = [group.split() for group in _table(language)[_SAME_WORDS]]
    if language == "zh-CN":
        return {other: group[0] for group in groups for other in group[1:]}
    stems = [[stem(word) for said in group for word in words_of(said)] for group in groups]
    return {word: group[0] for group in stems for word in group}


@lru_cache(maxsize=2048)
def _weighed(text: str, language: str) -> _Weights:
    little, same = table(language)["little"], _same_words(language)
    if language == "zh-CN":
        for other, word in same.items():
            text = text.replace(other, word)
    return tuple(
        (stem(word), _SAID_LITTLE) if word in little else (same.get(each := stem(word), each), 1.0)
        for word in words_of(text)
    )


def serves(text: str, business: Business) -> bool | None:
    """Return whether the business comes to the place that a text names.

    None where the business names no areas, or the text no place ("what areas do you cover").
    """
    if not business.areas:
        return None
    said = words_of(text[:LONGEST])
    names = [words_of(_bare(name)) for name in (*business.areas, *business.suburbs)]
    if any(is_within(name, said) for name in names):
        return True
    known = {word for offer in business.services for word in _service_words(offer)}
    return False if _names_place(said, known, business.language) else None


def is_only_place(named: Sequence[str], business: Business) -> bool:
    """Return whether the words that a question names are nothing but places the business serves."""
    places = {word for name in (*business.areas, *business.suburbs) for word in words_of(name)}
    return bool(named) and places.issuperset(word for each in named for word in words_of(each))


_COMMA: Final = re.compile("[,，]")
_DISTRICT: Final = re.compile(r"(?<=[\u4e00-\u9fff]{2})(新区|区|市|县|镇)$")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def _bare(name: str) -> str:
    """Return a name without the word for its kind: callers say 浦东 for 浦东新区."""
    return _DISTRICT.sub("", name)


def _service_words(offer: Offer) -> list[str]:
    return words_of(" ".join((offer.name, *offer.synonyms)))


def _of_services(business: Business) -> frozenset[str]:
    return frozenset(stem(word) for offer in business.services for word in _service_words(offer))


def _names_place(said: Sequence[str], known: set[str], language: str) -> bool:
    """Return whether behind a word for a place stands something that may be a name."""
    kinds = table(language)
    if language == "zh-CN":
        around = "|".join(sorted(kinds["around"], key=len, reverse=True))
        rest = re.split("|".join(sorted(kinds["place"])), "".join(said))[1:]
        return any(_CHINESE.search(re.sub(around, "", part)) for part in rest)
    return any(
        word in kinds["place"]
        and behind not in kinds["around"] | kinds["place"] | known
        and not behind.isdigit()
        for word, behind in pairwise(w for w in said if w not in kinds["article"])
    )
