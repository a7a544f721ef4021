"""The rules of understanding: one utterance in its situation to what the caller meant.

Pure, offline, a few milliseconds. Where the rules are unsure they return no value: a question
that is repeated costs less than a wrong value that is accepted.
"""

from __future__ import annotations

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Intent, Understanding
from voicebot.collect.understanding.confirm import is_yes
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.intents import intent_of
from voicebot.collect.understanding.several import found_in, values
from voicebot.collect.understanding.tokens import plain

_SURE = 0.5
"""Under this a value is not returned."""
_UNKNOWN_CONFIDENCE = 0.3


def understand(utterance: str, asked: Asked) -> Understanding:
    """What the caller meant; never raises, whatever the text."""
    text = plain(utterance)
    if asked.confirming:
        return _confirmation(text, asked)
    found = found_in(text, asked)
    own = found.get(asked.step)
    fields = values(found)
    if own is not None and own.confidence >= _SURE:
        if own.value is None and fields:
            return Understanding(Intent.CORRECTION, fields=fields, confidence=own.confidence)
        return _answer(own, fields)
    fields.pop(asked.step, None)
    if fields:
        return Understanding(Intent.CORRECTION, fields=fields, confidence=0.8)
    return _no_value(text)


def _answer(own: Found, fields: dict[Step, str]) -> Understanding:
    return Understanding(
        Intent.ANSWER, own.value, fields, own.missing, own.partial, own.span, own.confidence
    )


def _no_value(text: str) -> Understanding:
    intent = intent_of(text)
    if intent is None:
        return Understanding(Intent.NOT_A_VALUE, confidence=_UNKNOWN_CONFIDENCE)
    return Understanding(intent, confidence=0.9)


def _confirmation(text: str, asked: Asked) -> Understanding:
    """A yes, a no, or a new value, which is a no with its mend."""
    fields = values(found_in(text, asked))
    if fields:
        return Understanding(Intent.CORRECTION, fields=fields, confidence=0.8)
    agreed = is_yes(text)
    if agreed is None:
        return _no_value(text)
    return Understanding(Intent.YES if agreed else Intent.NO, confidence=0.9)
