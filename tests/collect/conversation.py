"""Helpers for tests of the conversation: a demo business, events by hand, effects by kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from voicebot.business import Business, load_business
from voicebot.call import FIELDS, CallState, Change, Message, Speaker, Step
from voicebot.collect.dialogue import Dialogue, situation
from voicebot.collect.events import (
    CalledOff,
    CallOff,
    Effect,
    End,
    Ending,
    Event,
    Find,
    FindNamed,
    Found,
    Free,
    Heard,
    Inquire,
    Look,
    Move,
    Placed,
    Request,
    Reserve,
    Save,
    Say,
    Started,
)
from voicebot.collect.moves import next_move
from voicebot.collect.resuming import begin
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Decline,
    Deny,
    Missing,
    Provide,
    Reading,
    read,
)
from voicebot.collect.wording import load_wording
from voicebot.ledger import Place

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


SPAN = (0, 5)
"""Of "words"."""

_STEP_OF = {
    Missing.DIGITS: Step.PHONE,
    Missing.AREA_CODE: Step.PHONE,
    Missing.SHOWN_NUMBER: Step.PHONE,
    Missing.HOUSE_NUMBER: Step.ADDRESS,
    Missing.DOMAIN: Step.EMAIL,
    Missing.LOCAL_PART: Step.EMAIL,
    Missing.DAY: Step.TIME,
    Missing.CLOCK: Step.TIME,
    Missing.STREET: Step.ADDRESS,
    Missing.SUBURB: Step.ADDRESS,
}


def answer(step: Step, value: str | None = None, **more: Any) -> Heard:
    """The caller gives a whole value for `step`."""
    return does(Provide(step, value or VALUES[step], SPAN, **more))


def partial(missing: Missing, piece: str) -> Heard:
    """The caller gives a piece of an answer."""
    return does(Provide(_STEP_OF[missing], None, SPAN, missing, piece))


def tells(*acts: Act, **fields: str) -> Heard:
    """The caller gives several values, with other acts before them."""
    return does(*acts, *(Provide(Step(step), value, SPAN) for step, value in fields.items()))


def does(*acts: Act, text: str = "words", rest: bool = False) -> Heard:
    """An utterance with these acts, and with words that nobody understands if `rest`."""
    return Heard(Message(Speaker.CALLER, text, NOW), Reading(acts, (SPAN,) if rest else ()))


def hears(dialogue: Dialogue, text: str) -> Heard:
    """The caller says this, read as an answer to the open question."""
    return Heard(Message(Speaker.CALLER, text, NOW), read(text, situation(dialogue, NOW)))


def run(
    dialogue: Dialogue, *events: Event, place: Place = Place.YOURS, free: tuple[datetime, ...] = ()
) -> tuple[Dialogue, tuple[Effect, ...]]:
    """Play events one after the other; the effects are those of the last one.

    The calendar answers every request with `place`, and with the moments that are free.
    """
    effects: tuple[Effect, ...] = ()
    for event in events:
        dialogue, effects = next_move(dialogue, event, NOW)
        while (asked := effects[-1] if effects else None) and isinstance(asked, Inquire):
            dialogue, after = next_move(dialogue, answer_of(asked, place, free), NOW)
            effects = (*effects[:-1], *after)
            place = Place.YOURS if place is Place.TAKEN else place
    return dialogue, effects


def answer_of(asked: Inquire, place: Place, free: tuple[datetime, ...]) -> Event:
    """The calendar's answer to what was asked."""
    match asked.request:
        case Reserve() | Move() as request:
            return Placed(request, place, asked.said)
        case Look() as request:
            return Free(request, free, asked.said)
        case Find() | FindNamed() as request:
            return Found(request, (), asked.said)
        case CallOff() as request:
            return CalledOff(request, True, asked.said)


def requests(effects: tuple[Effect, ...]) -> list[Request]:
    """Return what a turn asks of the calendar."""
    return [effect.request for effect in effects if isinstance(effect, Inquire)]


def saved(effects: tuple[Effect, ...]) -> Change:
    """The one change of a turn; the words and the state alone may be saved before or after it."""
    changes = [e.change for e in effects if isinstance(e, Save)]
    plain = {"step": None, "dialogue": None, "messages": (), "revised": None}
    told = [change for change in changes if replace(change, **plain) != Change()]  # type: ignore[arg-type]
    assert len(told) <= 1
    return (told or changes)[0]


def said(effects: tuple[Effect, ...]) -> str:
    """Return the bot's words of a turn."""
    return " ".join(e.text for e in effects if isinstance(e, Say))


def says(effects: tuple[Effect, ...], key: str, **values: str) -> bool:
    """Return whether a line of the wording is said, in one of its forms."""
    forms = load_wording(load_business(None)).lines[key]
    return any(form.format(**values).casefold() in said(effects).casefold() for form in forms)


def ended(effects: tuple[Effect, ...]) -> Ending | None:
    """Return the ending of the call, or None when it goes on."""
    return next((e.ending for e in effects if isinstance(e, End)), None)


YES = does(Affirm(SPAN))
NO = does(Deny(SPAN))
NONSENSE = does(rest=True)
REFUSAL = does(Decline("refuses", SPAN))
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
