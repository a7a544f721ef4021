"""What is asked in an emergency: who comes and when, and what to do until then."""

from __future__ import annotations

from dataclasses import replace

from voicebot.call import Step
from voicebot.collect.understanding.types import (
    Act,
    Ask,
    Provide,
    Reading,
    Repeat,
    Situation,
    Wait,
    Want,
)
from voicebot.collect.understanding.utterance import Utterance, utterance

_ARRIVAL, _DANGER = "topic.arrival", "topic.danger"
_WISHES = ("existing", "late", "emergency", "start_over")
"""Wishes that such a question is taken for."""


def in_an_emergency(text: str, reading: Reading, situation: Situation) -> Reading:
    """Return the reading where an emergency was told.

    "How long till someone's here?" asks for our first free time there, not for a booking or a job's
    length, and "should I wait for you?" for advice; "do I cut the power?" for no work.
    "I don't want a booking" wants somebody at once: a call back, and nothing called off.
    """
    said = utterance(text, situation.language)
    refused = any(isinstance(act, Want) and act.what == "no_booking" for act in reading.acts)
    acts = [_meant(said, act, refused) for act in reading.acts]
    for clause in said.clauses:
        tags = {match.tag for match in said.in_clause(clause, _ARRIVAL, _DANGER)}
        span = said.span(clause.first, clause.end)
        heard = any(span[0] <= a.span[0] < span[1] for a in acts if isinstance(a, Ask))
        if clause.asked and tags and not heard:
            topic = "free" if _ARRIVAL in tags else ""
            acts.append(Ask(topic, text[slice(*span)], span))
    return replace(reading, acts=tuple(sorted(dict.fromkeys(acts), key=lambda act: act.span)))


def _meant(said: Utterance, act: Act, refused: bool) -> Act:
    if refused and isinstance(act, Want) and act.what in ("no_booking", "cancel"):
        return Want("call_back", act.span)
    asks = isinstance(act, Ask | Wait | Repeat)
    asks |= isinstance(act, Want) and act.what in _WISHES
    asks |= isinstance(act, Provide) and act.step is Step.SERVICE
    if not asks:
        return act
    clause = said.clause(said.token_at(act.span[0]))
    whole = said.text[slice(*said.span(clause.first, clause.end))]
    about = act.about if isinstance(act, Ask) else whole
    tags = utterance(about, said.lexicon.language).tags
    if _ARRIVAL in tags and not isinstance(act, Provide):
        return Ask("free", about, act.span)
    advises = clause.asked and (_DANGER in tags or isinstance(act, Wait))
    return Ask("", about, act.span) if advises else act
