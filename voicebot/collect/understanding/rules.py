"""The rules of understanding: one utterance in its situation to what the caller meant.

Pure, offline, a few milliseconds. Where the rules are unsure they return no value: a question
that is repeated costs less than a wrong value that is accepted.
"""

from __future__ import annotations

from collections import OrderedDict

from voicebot.call import Step
from voicebot.collect import reading
from voicebot.collect.reading import Affirm, Reading
from voicebot.collect.understanding import Asked, Intent, Understanding
from voicebot.collect.understanding.bridged import (
    OVERRULING,
    beside_a_yes,
    consents,
    field_named,
    intent_of,
    is_held,
    read,
    read_wholly,
    situation_of,
)
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.several import found_in, values
from voicebot.collect.understanding.tokens import plain, word_set, words
from voicebot.collect.understanding.zones import marked

_SURE = 0.5
"""Under this a value is not returned."""
_DOUBTFUL = 0.7
"""Under this a value gives way when the words are known to mean something else."""
_DOUBTFUL_SERVICE = 0.9
"""The same for services, whose words ("second", "break") are everyday ones."""
_KNOWN, _UNKNOWN = 0.9, 0.3
_BOUNDS = word_set("before until after")
"""With these a caller does care when."""
_REMEMBERED = 32
"""A turn's words are asked about twice: are they a whole answer, and what do they mean?"""
_remembered: OrderedDict[str, tuple[Asked, Understanding, dict[Step, Found]]] = OrderedDict()


def understand(utterance: str, asked: Asked) -> Understanding:
    """What the caller meant; never raises, whatever the text."""
    return _known(utterance, asked)[0]


def read_acts(utterance: str, asked: Asked) -> Reading:
    """Return the acts of an utterance and the words that none of them explains."""
    if not asked.language.startswith("en"):
        return reading.read(plain(utterance), situation_of(asked))
    return read(plain(utterance), asked, _known(utterance, asked)[1])


def _known(utterance: str, asked: Asked) -> tuple[Understanding, dict[Step, Found]]:
    known = _remembered.get(utterance)
    if known is not None and known[0] == asked:
        return known[1:]
    meant, found = _understood(utterance, asked)
    _remembered[utterance] = asked, meant, found
    if len(_remembered) > _REMEMBERED:
        _remembered.popitem(last=False)
    return meant, found


def _understood(utterance: str, asked: Asked) -> tuple[Understanding, dict[Step, Found]]:
    text = plain(utterance)
    english = asked.language.startswith("en")
    found = found_in(text, asked) if english else read_wholly(text, asked)
    time = found.get(Step.TIME)
    meant = (_confirmation if asked.confirming else _answer)(text, asked, dict(found))
    return marked(meant, time), found


def _answer(text: str, asked: Asked, found: dict[Step, Found]) -> Understanding:
    own = found.pop(asked.step, None)
    fields = values(found)
    if own is not None and _stands(own, text, asked):
        if own.value is not None:
            fields = {asked.step: own.value, **fields}
        return Understanding(
            Intent.ANSWER, own.value, fields, own.missing, own.partial, own.span, own.confidence
        )
    if fields:
        return Understanding(Intent.CORRECTION, fields=fields, confidence=0.8)
    return _no_value(text, asked)


def _stands(own: Found, text: str, asked: Asked) -> bool:
    """Is this value, or piece of one, to be believed?"""
    if own.confidence < _SURE:
        return False
    doubtful = own.confidence < (_DOUBTFUL_SERVICE if asked.step is Step.SERVICE else _DOUBTFUL)
    return not doubtful or intent_of(text, asked) not in OVERRULING


def _no_value(text: str, asked: Asked) -> Understanding:
    intent = intent_of(text, asked)
    if intent is Intent.NO_PREFERENCE and not _BOUNDS.isdisjoint(words(text)):
        intent = None  # "any time before noon"
    if intent is None:
        return Understanding(Intent.NOT_A_VALUE, confidence=_UNKNOWN)
    return Understanding(intent, confidence=_KNOWN)


def _confirmation(text: str, asked: Asked, found: dict[Step, Found]) -> Understanding:
    """The answer to a read-back: a yes, a no, or a new value, which is a no with its mend."""
    done = read(text, asked, found)
    agreed = consents(done, asked)
    own = found.pop(asked.step, None)
    others = values(found)
    if agreed:
        return Understanding(Intent.YES, fields=others, confidence=_KNOWN)
    if own is not None and (is_held(asked.step, own, asked) or _is_no_mend(own, done, asked)):
        own = None
    missing, partial = (own.missing, own.partial) if own else (None, None)
    mended = {asked.step: own.value} if own is not None and own.value is not None else {}
    if mended or any(not is_held(step, said, asked) for step, said in found.items()):
        fields = mended | others
        return Understanding(
            Intent.CORRECTION, fields=fields, missing=missing, partial=partial, confidence=0.8
        )
    intent = beside_a_yes(done, text, asked)
    if intent is Intent.NO and missing:
        return Understanding(Intent.NO, None, others, missing, partial, confidence=0.8)
    known = _UNKNOWN if intent is None else _KNOWN
    about = field_named(done, asked) if intent is Intent.NO else None
    meant = intent or Intent.NOT_A_VALUE
    return Understanding(meant, fields=others, confidence=known, about=about)


def _is_no_mend(own: Found, done: Reading, asked: Asked) -> bool:
    """Is it no other value, but a piece or a word that stands with a yes ("yes, that's me")?"""
    if not any(isinstance(act, Affirm) for act in done.acts):
        return False
    whole = own.value is not None and own.missing is None
    return not whole or asked.step is Step.NAME or asked.step not in asked.record
