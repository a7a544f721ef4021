"""A second opinion by meaning, where the rules know none of the caller's words.

The engine says how alike texts are. It is asked for the service, where the rules found none, for a
question that the business file seems not to answer, and for what a caller does with words that were
left unread (`likeness`). It never decides a yes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, Protocol

from voicebot.business import Business, answer_for, form_meant, kinds_of, serves
from voicebot.call import Step
from voicebot.collect.likeness import (
    as_meant,
    asked_by,
    kind_meant,
    may_be_like,
    sentences,
    unread,
)
from voicebot.collect.own_questions import (
    OWN,
    as_asked,
    is_told,
    questions_in,
    unanswered,
)
from voicebot.collect.understand import Meanwhile, Understand, nothing
from voicebot.collect.understanding import (
    Affirm,
    Ask,
    Asked,
    Deny,
    Greet,
    Reading,
    Situation,
    Thank,
    Want,
    descriptions,
    read,
)
from voicebot.errors import SpeechUnavailable
from voicebot.log import get_logger

BOUND_S: Final = 0.06
"""Longer no caller waits for it; a comparison takes 20 ms where a core is free."""
LONGEST: Final = 400
"""Characters of a text that is compared; who tells more has told it in words that we know."""
_MOST_ASKED: Final = 2
"""Questions of one turn that are compared."""
_AT_ONCE: Final = 8
"""Phrases in one comparison while warming up, so that a caller's text comes between."""
_WARM_TRIES, _WARM_RETRY_S = 12, 5.0
_BESIDE: Final = (Affirm, Ask, Deny, Greet, Thank, Want)
"""Acts beside which a service may still be described: "hi, can somebody look at my brakes"."""

_OPEN: Final = ("", "offered")
"""Topics of questions that may name a service: "can somebody see to my brakes"."""
_ANNOYED: Final = "annoyed"
"""The wish that the rules take "the smell is awful" for."""
_log = get_logger("voicebot.collect.meaning")


class Compare(Protocol):
    """The meaning engine as the conversation knows it."""

    async def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        """Return how like each phrase a text is; raises SpeechUnavailable."""
        ...


class UnderstandByMeaning:
    """Understands with the engine's second opinion first, then as `then` does. An Understand."""

    def __init__(
        self, engine: Compare, business: Business, then: Understand, *, bound_s: float = BOUND_S
    ) -> None:
        self._engine = engine
        self._business = business
        self._then = then
        self._bound_s = bound_s
        self._questions = [p for kind in kinds_of(business) for p in kind.phrases]
        self._sentences = sentences(business.language)

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        """Return what the words do; the rules' reading stands where the engine is late or away."""
        whole = unread(done, text, situation, self._business)
        whole = whole or unanswered(done, text, self._business)
        described = phrases(situation) if lacks_service(done, situation) else ()
        asked = [] if whole else questions_in(done, text, situation)[:_MOST_ASKED]
        if described or (whole and answer_for(whole, self._business) is None):
            scores = await self._compared(text, (*described, *self._questions, *self._sentences))
            if scores and described:
                alike = similar(situation, scores[: len(described)])
                done = read(text, replace(situation, similar=alike))
            done = self._meant(done, text, situation, scores[len(described) :])
        for ask in asked:
            done = await self._placed(done, ask, situation)
        return await self._then(text, situation, done, meanwhile)

    def _meant(
        self, done: Reading, text: str, situation: Situation, scores: Sequence[float]
    ) -> Reading:
        """Return the reading, given how like each question and sentence the whole turn is."""
        asked, alike = scores[: len(self._questions)], scores[len(self._questions) :]
        question = unanswered(done, text, self._business) if scores else None
        if question and (form := form_meant(question, asked, self._business)):
            whole = Ask(OWN, form, (0, len(text)))
            return as_asked(done, whole, whole, situation)
        kind = kind_meant(alike, situation.language, asked) if alike else None
        is_unread = unread(done, text, situation, self._business)
        return as_meant(done, kind, text, situation) if kind and is_unread else done

    async def _placed(self, done: Reading, ask: Ask, situation: Situation) -> Reading:
        """Return the reading with a question beside other acts as the one that it is like."""
        if ask.topic or not may_be_like(ask.about, situation, self._business):
            return done
        scores = await self._compared(ask.about, (*self._questions, *self._sentences))
        if not scores:
            return done
        asked, alike = scores[: len(self._questions)], scores[len(self._questions) :]
        form = form_meant(ask.about, asked, self._business)
        if form and not serves(ask.about, self._business):  # "you coming to Penrith?"
            return as_asked(done, ask, Ask(OWN, form, ask.span), situation)
        kind = kind_meant(alike, situation.language, asked)
        meant = asked_by(kind, ask.about, situation) if kind else None
        return as_asked(done, ask, meant, situation) if meant and not is_told(done, ask) else done

    async def _compared(self, text: str, known: Sequence[str]) -> tuple[float, ...]:
        """Return how like each phrase a text is; () where the engine is late or away."""
        if len(text) > LONGEST or not known:
            return ()
        try:
            async with asyncio.timeout(self._bound_s):
                return await self._engine.compare(text, known)
        except (TimeoutError, SpeechUnavailable):
            return ()

    async def warm(self) -> None:
        """Have the engine read what callers' words are compared with: not in somebody's call.

        The engine may start after us; it is given up when it has not answered for a minute.
        """
        told = descriptions(self._business.services, self._business.language)
        known = [*(phrase for _, phrase in told), *self._questions, *self._sentences]
        for _ in range(_WARM_TRIES):
            try:
                for first in range(0, len(known), _AT_ONCE):
                    await self._engine.compare("", known[first : first + _AT_ONCE])
                _log.info("meaning_ready", phrases=len(known))
                return
            except SpeechUnavailable:
                await asyncio.sleep(_WARM_RETRY_S)
        _log.warning("meaning_unavailable", mend="the rules decide alone; see `voicebot doctor`")


@asynccontextmanager
async def by_meaning(
    engine: Compare | None, business: Business, then: Understand
) -> AsyncIterator[Understand]:
    """Give an Understand that asks the engine before `then`, and warm it; `then` without one."""
    if engine is None:
        yield then
        return
    understand = UnderstandByMeaning(engine, business, then)
    async with asyncio.TaskGroup() as tasks:
        warming = tasks.create_task(understand.warm())
        yield understand
        warming.cancel()


def phrases(situation: Situation) -> tuple[str, ...]:
    """Return what a caller's words are compared with to find the service."""
    return tuple(text for _, text in descriptions(situation.services, situation.language))


def similar(situation: Situation, scores: Sequence[float]) -> dict[str, float]:
    """Return `Situation.similar`, given how like each of `phrases` the words are."""
    best: dict[str, float] = {}
    told = descriptions(situation.services, situation.language)
    for (service, _), score in zip(told, scores, strict=True):
        best[service] = max(best.get(service, score), score)
    return best


def lacks_service(done: Reading, situation: Situation) -> bool:
    """Return whether the rules left the question for the service open, with words unread."""
    questions = [act for act in done.acts if isinstance(act, Ask)]
    return (
        situation.step is Step.SERVICE
        and situation.asked is Asked.ANSWER
        and all(isinstance(act, _BESIDE) for act in done.acts)
        and all(ask.topic in _OPEN for ask in questions)
        and all(want.what == _ANNOYED for want in done.acts if isinstance(want, Want))
        and bool(done.rest or questions)
    )
