"""Judge a call: name every failure. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from voicebot.call import FIELDS, Status, Step

from .persona import Persona, Window
from .phones import Seen
from .wants import Wants


class Kind(StrEnum):
    """The ways in which a call can go wrong."""

    BOOKED_WRONG = "booked wrong"
    NOT_BOOKED = "not booked"
    BOOKED_UNWANTED = "booked, not wanted"
    HUNG_UP_ON = "hung up on"
    UNANSWERED = "unanswered"
    PROMISE_UNWRITTEN = "promise unwritten"
    NOT_OFFERED = "not offered times"
    NOT_UNDERSTOOD = "not understood"
    ASKED_AGAIN = "asked again"
    SAID_WRONG = "said what it should not"
    NOTE_LOST = "note lost"
    WISH_LOST = "wish lost"
    NOT_TAKEN_DOWN = "not taken down"
    WRONG_NEEDS = "staff not told as needed"
    BOOKING_NOT_KEPT = "existing booking not looked after"
    PUT_THROUGH = "put through, not wanted"
    NOT_LET_GO = "not let go"
    GAVE_UP = "gave up"
    GARBLED = "garbled"
    NOT_SET_UP = "not set up"


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong."""

    kind: Kind
    words: str


_PROMISE = re.compile(
    r"(we|they|somebody|someone|colleagues?)('ll| will) (call|ring) you"
    r"|回电|给您打电话|联系您|(le|te) (llamar|devolver)|noted|written (it|that|this)? ?down",
    re.I,
)
_RAW = re.compile(r"\d{4}-\d\d|[{}]|\bNone\b|\d\dT\d\d")
MOST_TURNS = 25
"""A caller who is not done by then gives up."""


@dataclass(frozen=True)
class Call:
    """A call that is over: who said what, how it ended, and the earlier appointment's record."""

    log: tuple[tuple[str, str], ...]
    end: Seen
    caller_ended: bool
    before: Seen | None = None

    @property
    def turns(self) -> int:
        """The number of times the caller spoke."""
        return sum(who == "caller" for who, _ in self.log)

    @property
    def bot_words(self) -> list[str]:
        """The bot's words, turn by turn."""
        return [words for who, words in self.log if who == "bot"]


def judge(persona: Persona, wants: Wants, call: Call) -> list[Failure]:
    """Return all that went wrong; nothing when the call was right."""
    return [
        *_ending(persona, call),
        *_values(persona, wants, call),
        *_for_staff(persona, call),
        *_earlier(persona, wants, call),
        *(Failure(Kind.GARBLED, words) for words in call.bot_words if _RAW.search(words)),
    ]


def _ending(persona: Persona, call: Call) -> list[Failure]:
    end, expect, failures = call.end, persona.expect, []
    wants_something = expect.booked is True or bool(expect.before and expect.before != "stands")
    transfer = end.status == Status.TRANSFER
    served = end.booked or transfer or call.caller_ended or end.wish
    if expect.booked is True and not end.booked:
        failures.append(Failure(Kind.NOT_BOOKED, f"it ended as {end.status}"))
    if expect.booked is False and end.booked:
        failures.append(Failure(Kind.BOOKED_UNWANTED, end.answers.get("time", "")))
    if end.over and wants_something and not served:
        failures.append(Failure(Kind.HUNG_UP_ON, call.log[-1][1]))
    if not end.over and call.caller_ended:
        failures.append(Failure(Kind.NOT_LET_GO, call.log[-1][1]))
    if not end.over and not call.caller_ended:
        failures.append(Failure(Kind.GAVE_UP, f"after {call.turns} turns"))
    if transfer and expect.needs != "person":
        failures.append(Failure(Kind.PUT_THROUGH, call.log[-1][1]))
    return failures


def _values(persona: Persona, wants: Wants, call: Call) -> list[Failure]:
    end, failures = call.end, []
    if end.status == Status.TRANSFER:
        return []  # a person who takes the call over asks for what is missing
    for step in FIELDS:
        value = end.answers.get(step)
        if end.booked and not wants.is_right(step, value, finally_=True):
            failures.append(Failure(Kind.BOOKED_WRONG, f"{step}: {value!r}"))
        if not end.booked and persona.expect.booked is not True and step in (Step.NAME, Step.PHONE):
            is_right = wants.is_right(step, value, finally_=True)
            shown = step is Step.PHONE and persona.number is not None
            if not is_right and not shown:
                failures.append(Failure(Kind.NOT_TAKEN_DOWN, f"{step}: {value!r}"))
    return failures


def _for_staff(persona: Persona, call: Call) -> list[Failure]:
    end, expect, failures = call.end, persona.expect, []
    needs = end.needs or ("follow_up" if not end.over else "none")  # on a phone the line is lost
    if expect.needs is not None and needs != expect.needs:
        failures.append(Failure(Kind.WRONG_NEEDS, f"needs is {needs}, not {expect.needs}"))
    if expect.wish and end.wish != expect.wish:
        failures.append(Failure(Kind.WISH_LOST, f"{end.wish or 'none'}, not {expect.wish}"))
    written = "\n".join([*end.notes, *(end.answers.get(s, "") for s in ("phone", "address"))])
    for pattern in expect.notes:
        if not re.search(pattern, written, re.I):
            failures.append(Failure(Kind.NOTE_LOST, pattern))
    promised = next((words for words in call.bot_words if _PROMISE.search(words)), None)
    if promised and needs == "none" and not end.notes:
        failures.append(Failure(Kind.PROMISE_UNWRITTEN, promised))
    return failures


def _earlier(persona: Persona, wants: Wants, call: Call) -> list[Failure]:
    expected, before = persona.expect.before, call.before
    if not expected or before is None:
        return []
    assert persona.before is not None
    at = datetime.fromisoformat(before.answers["time"])
    if expected == "cancelled":
        right = before.status == Status.CANCELLED and not before.booked
    elif isinstance(expected, Window) or expected != "stands":
        right = before.booked and wants.is_within(at.astimezone(wants.now.tzinfo), expected)
        right = right and at != wants.moments[persona.before.time].at
    else:
        right = before.booked and at == wants.moments[persona.before.time].at
    return [] if right else [Failure(Kind.BOOKING_NOT_KEPT, f"{before.status} at {at:%a %d %H:%M}")]
