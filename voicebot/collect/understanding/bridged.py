"""The new readers of fields behind the old parsers' face, field by field, until all are there."""

from __future__ import annotations

from voicebot.call import Step
from voicebot.collect import reading
from voicebot.collect.reading.fields import READERS
from voicebot.collect.understanding import Asked, Missing
from voicebot.collect.understanding.found import Found

_GUESS = 0.15
"""Confidence that each guess of a reading costs."""
_CERTAIN, _OF_PART = 0.95, 0.75
_MISSING = {missing.value: missing for missing in Missing}


def parse(step: Step, text: str, asked: Asked) -> Found | None:
    """Return what the new reader of this step finds in a text."""
    situation = situation_of(asked)
    said = reading.utterance(text, situation.language)
    for candidate in READERS[step](said, situation):
        act = candidate.act
        if isinstance(act, reading.Correct) and act.step is step and act.value:
            return Found(act.value, act.span, _OF_PART)
        if not isinstance(act, reading.Provide) or act.step is not step:
            continue
        missing = _MISSING.get(act.missing) if act.missing else None
        if act.value or missing:
            confidence = _CERTAIN - _GUESS * act.assumed
            return Found(act.value, act.span, confidence, missing, act.partial)
    return None


def situation_of(asked: Asked) -> reading.Situation:
    """Return the situation in the new types."""
    return reading.Situation(
        step=asked.step,
        now=asked.now,
        asked=reading.Asked.CONFIRM if asked.confirming else reading.Asked.ANSWER,
        language=asked.language,
        region=asked.region,
        zone=asked.zone,
        services=asked.services,
        record=asked.record,
        partial=asked.partial,
    )
