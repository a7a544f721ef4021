"""Whether a caller's words describe the work, beside naming the service."""

from __future__ import annotations

from functools import lru_cache

from voicebot.business import Offer
from voicebot.call import Step
from voicebot.collect.understanding.fields.trades import vocabulary
from voicebot.collect.understanding.types import Note, Reading, Situation
from voicebot.collect.understanding.utterance import utterance

_NO_CONTENT = (
    "quiet.",
    "clause.request",
    "clause.ask",
    "clause.before",
    "act.",
    "yes.",
    "lead.",
    "want.",
    "service.lead",
    "service.wish",
)
"""Phrases that tell nothing of the work: "I'd like to book a", "can you come and"."""


def describes_work(text: str, reading: Reading, situation: Situation) -> bool:
    """Return True for "a fan, and the doorbell", False for "an electrician, please".

    What belongs to another answer (a name, a time) describes no work.
    """
    said = utterance(text, situation.language)
    trades = vocabulary(situation.services, situation.language).trades
    names = _names(situation.services, situation.language)
    told = {
        at
        for here in said.matches
        for match in here
        if match.tag.startswith(_NO_CONTENT)
        for at in range(match.first, match.end)
    }
    others = [
        act.span
        for act in reading.acts
        if not isinstance(act, Note) and getattr(act, "step", None) is not Step.SERVICE
    ]
    return any(
        not said.is_sound(at)
        and at not in told
        and trades.stem(token.low) not in names
        and not any(first <= token.start < end for first, end in others)
        for at, token in enumerate(said.tokens)
    )


@lru_cache(maxsize=64)
def _names(services: tuple[Offer, ...], language: str) -> frozenset[str]:
    """Return the stems of what names these services; made once for a business."""
    trades = vocabulary(services, language).trades
    return frozenset(
        stem
        for offer in services
        for name in (offer.name, *(n for t in trades.of(offer) for n in t.phrases.get("names", ())))
        for stem in trades.stems(name)
    )
