"""What is asked in an emergency: who comes and when, and what to do until then."""

from __future__ import annotations

from dataclasses import replace

from voicebot.collect.understanding.types import Act, Ask, Reading, Repeat, Situation, Wait, Want
from voicebot.collect.understanding.utterance import utterance

_ARRIVAL, _DANGER = "topic.arrival", "topic.danger"
_WISHES = ("existing", "late", "emergency", "start_over")
"""Wishes that such a question is taken for."""


def in_an_emergency(text: str, reading: Reading, situation: Situation) -> Reading:
    """Return the reading where an emergency was told.

    "How long till someone's here?" asks for our first free time there, not for a booking or a job's
    length, and "should I wait for you?" for advice.
    """
    acts = tuple(_meant(text, act, situation) for act in reading.acts)
    return replace(reading, acts=tuple(dict.fromkeys(acts)))


def _meant(text: str, act: Act, situation: Situation) -> Act:
    asks = isinstance(act, Ask | Wait | Repeat)
    if not (asks or (isinstance(act, Want) and act.what in _WISHES)):
        return act
    said = utterance(text, situation.language)
    at = next(n for n, token in enumerate(said.tokens) if token.end > act.span[0])
    clause = said.clause(at)
    about = act.about if isinstance(act, Ask) else text[slice(*said.span(clause.first, clause.end))]
    tags = utterance(about, situation.language).tags
    if _ARRIVAL in tags:
        return Ask("free", about, act.span)
    advises = clause.asked and (_DANGER in tags or isinstance(act, Wait))
    return Ask("", about, act.span) if advises else act
