"""Helpers for tests of the conversation: a demo business, events by hand, effects by kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from voicebot.business import Business, load_business
from voicebot.call import FIELDS, CallState, Change, Message, Place, Speaker, Step
from voicebot.collect.dialogue import Dialogue, begin
from voicebot.collect.events import (
    Effect,
    End,
    Ending,
    Event,
    Heard,
    Placed,
    Reserve,
    Save,
    Say,
    Started,
)
from voicebot.collect.moves import next_move
from voicebot.collect.understanding import Intent, Missing, Understanding

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday, noon in Sydney."""

VALUES = {
    Step.NAME: "Robin Carter",
    Step.PHONE: "+61412345678",
    Step.ADDRESS: "27 George Street, Parramatta",
    Step.EMAIL: "test@example.com",
    Step.SERVICE: "Plumbing",
    Step.TIME: "2026-03-04T09:30",
}


def fresh(business: Business | None = None, **state: object) -> Dialogue:
    """A dialogue at its first question, or in a given state."""
    return replace(begin(business or load_business(None), CallState()), **state)  # type: ignore[arg-type]


def at(step: Step, business: Business | None = None, **state: object) -> Dialogue:
    """A dialogue that asks for `step`; the caller declined what came before."""
    return fresh(business, step=step, settled=frozenset(FIELDS[: FIELDS.index(step)]), **state)


def answer(step: Step, value: str | None = None, **more: object) -> Heard:
    """The caller gives a whole value for `step`."""
    given = value or VALUES[step]
    return heard(Understanding(Intent.ANSWER, given, {step: given}, **more))  # type: ignore[arg-type]


def partial(missing: Missing, piece: str) -> Heard:
    """The caller gives a piece of an answer."""
    return heard(Understanding(Intent.ANSWER, missing=missing, partial=piece))


def intent(intent: Intent, text: str = "words", **fields: str) -> Heard:
    """The caller says something of this kind."""
    return heard(Understanding(intent, fields={Step(k): v for k, v in fields.items()}), text)


def heard(understanding: Understanding, text: str = "words") -> Heard:
    """An utterance with this meaning."""
    return Heard(Message(Speaker.CALLER, text, NOW), understanding)


def run(
    dialogue: Dialogue, *events: Event, place: Place = Place.YOURS, free: tuple[datetime, ...] = ()
) -> tuple[Dialogue, tuple[Effect, ...]]:
    """Play events one after the other; the effects are those of the last one.

    The calendar answers every wish with `place`, and with the moments that are free.
    """
    effects: tuple[Effect, ...] = ()
    for event in events:
        dialogue, effects = next_move(dialogue, event, NOW)
        for wish in wishes(effects):
            dialogue, effects = next_move(dialogue, Placed(wish, place, free), NOW)
    return dialogue, effects


def wishes(effects: tuple[Effect, ...]) -> list[Reserve]:
    """Return a turn's requests to the calendar."""
    return [e for e in effects if isinstance(e, Reserve)]


def saved(effects: tuple[Effect, ...]) -> Change:
    """The one change of a turn."""
    (change,) = (e.change for e in effects if isinstance(e, Save))
    return change


def said(effects: tuple[Effect, ...]) -> str:
    """Return the bot's words of a turn."""
    return " ".join(e.text for e in effects if isinstance(e, Say))


def ended(effects: tuple[Effect, ...]) -> Ending | None:
    """Return the ending of the call, or None when it goes on."""
    return next((e.ending for e in effects if isinstance(e, End)), None)


YES = intent(Intent.YES)
NO = intent(Intent.NO)
NONSENSE = intent(Intent.NOT_A_VALUE)
PLAIN_CALL: tuple[Event, ...] = (
    Started(),
    answer(Step.NAME),
    answer(Step.PHONE),
    YES,
    answer(Step.ADDRESS),
    answer(Step.EMAIL),
    YES,
    answer(Step.SERVICE),
    answer(Step.TIME),
    YES,
)
