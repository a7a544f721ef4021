"""A caller's question answered from the business's file, by the words that carry it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from voicebot.business.model import Business, Offer
from voicebot.business.words import LONGEST, are_alike, is_within, stem, table, words_of

Similar = Callable[[str, str], float]
"""How alike two questions are in meaning, 0 to 1."""

_SAME: Final = 0.5
"""From here on two questions are taken for the same one. Measured, by `tests/business`: below it
wrong answers begin, above it right ones are lost."""
_SAID_LITTLE: Final = 0.12
"""The weight of a word that says little, beside 1 of one that carries the question."""
_MISSING: Final = 0.6
"""The weight of what a question lacks of an example, beside 1 of what they share."""
_FOREIGN: Final = 0.8
"""The weight of what a question holds that no form of the answer's question does."""

_Weights = tuple[tuple[str, float], ...]
"""Stems with the weight of each."""


def answer_for(question: str, business: Business, similar: Similar | None = None) -> str | None:
    """Return the business's own answer to a caller's question, or None.

    With `similar` a question of other words but the same meaning is answered, too.
    """
    asked = _weighed(question[:LONGEST], business.language)
    best, say = 0.0, ""
    for answer in business.answers:
        forms = [_weighed(form, business.language) for form in answer.ask]
        known = {word for form in forms for word, _ in form}
        score = max(_likeness(asked, form, known) for form in forms)
        if similar is not None and score < _SAME:
            score = max(similar(question, form) for form in answer.ask)
        if score > best:
            best, say = score, answer.say
    return say if best >= _SAME else None


def _likeness(asked: _Weights, form: _Weights, known: Collection[str]) -> float:
    """Return how much of two questions is the same, 0 to 1 (after Tversky).

    What other forms of the same question hold (`known`) is not held against it.
    """
    left = list(asked)
    shared = 0.0
    for word, weight in form:
        place = next((at for at, (other, _) in enumerate(left) if are_alike(word, other)), None)
        if place is not None:
            shared += weight
            del left[place]
    missing = sum(weight for _, weight in form) - shared
    foreign = sum(weight for word, weight in left if not any(are_alike(word, k) for k in known))
    whole = shared + _MISSING * missing + _FOREIGN * foreign
    return shared / whole if whole else 0.0


@lru_cache(maxsize=2048)
def _weighed(text: str, language: str) -> _Weights:
    little = table(language)["little"]
    return tuple((stem(word), _SAID_LITTLE if word in little else 1.0) for word in words_of(text))


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


_DISTRICT: Final = re.compile(r"(?<=[\u4e00-\u9fff]{2})(新区|区|市|县|镇)$")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def _bare(name: str) -> str:
    """Return a name without the word for its kind: callers say 浦东 for 浦东新区."""
    return _DISTRICT.sub("", name)


def _service_words(offer: Offer) -> list[str]:
    return words_of(" ".join((offer.name, *offer.synonyms)))


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
