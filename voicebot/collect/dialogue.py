"""The state of a conversation, from which a call resumes: it travels in the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import orjson

from voicebot.business import Business, Confirm
from voicebot.call import FIELDS, Answer, CallState, EarlierCall, Service, Status, Step
from voicebot.collect.understanding.same_person import names_agree
from voicebot.collect.wording import Wording, load_wording


class Mode(StrEnum):
    """The bot offers to go on with an earlier call, asks, reads back, or says no more."""

    OFFERING = "offering"
    ASKING = "asking"
    CONFIRMING = "confirming"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Everything that the next turn needs.

    answers    values saved so far, in normal form (see Understanding.value)
    confirmed  steps whose read-back got a yes
    doubted    steps whose read-back got a no: asked again, though the record holds a value
    settled    steps not asked any more: refused, or given up after too many attempts
    pending    a bookable time that was read back and waits for its yes; saved only when it books
    given_time what was said about the time before step 6, whole or in part
    partial    an earlier piece of the answer to `step`
    unheard    the question was cut off before anything of it was heard, or the read-back before
               its value was: no answer to it counts, nor fails
    patience   silences that are still met without a word: the caller asked for a moment
    earlier    what the same number began before: a call of it is offered once the caller's name
               agrees with its own; while it is offered, that call alone
    reopened   it had ended without a booking, and goes on when the caller speaks
    caller     the number that calls, if it is shown
    cancelled  the caller wants no booking: going on is not offered when they call again
    called_off it had booked, and a later call has called the appointment off
    """

    business: Business
    wording: Wording
    answers: Mapping[Step, str] = field(default_factory=dict)
    confirmed: frozenset[Step] = frozenset()
    doubted: frozenset[Step] = frozenset()
    settled: frozenset[Step] = frozenset()
    step: Step = Step.NAME
    mode: Mode = Mode.ASKING
    pending: str | None = None
    given_time: str | None = None
    partial: str | None = None
    unheard: bool = False
    attempts: int = 0
    silences: int = 0
    patience: int = 0
    resumed: bool = False
    earlier: tuple[EarlierCall, ...] = ()
    offered: bool = False
    reopened: bool = False
    cancelled: bool = False
    called_off: bool = False
    caller: str | None = None

    def to_json(self) -> str:
        """Return the part of the state that the record's own fields do not hold."""
        offered = self.earlier if self.mode is Mode.OFFERING else ()
        return orjson.dumps(
            {
                "mode": self.mode,
                "doubted": sorted(self.doubted),
                "settled": sorted(self.settled),
                "pending": self.pending,
                "given_time": self.given_time,
                "partial": self.partial,
                "unheard": self.unheard,
                "attempts": self.attempts,
                "silences": self.silences,
                "earlier": offered[0].call_sid if offered else None,
                "offered": self.offered,
                "cancelled": self.cancelled,
            }
        ).decode()

    @property
    def own_earlier(self) -> EarlierCall | None:
        """The newest earlier call under the caller's name, unless they wanted no booking then.

        A number can be forged, so nothing is said, mailed or carried over before that.
        """
        name = self.answers.get(Step.NAME, "")
        newest = next((call for call in self.earlier if _is_named(call, name)), None)
        return newest if newest and not _read(newest.state.dialogue).get("cancelled") else None

    def value(self, step: Step) -> str | None:
        """Return the value held for a step, the pending time included."""
        return self.pending if step is Step.TIME else self.answers.get(step)

    @property
    def knows_something(self) -> bool:
        """Whether the caller told anything that is kept."""
        return bool(self.answers or self.pending or self.given_time)

    def ahead(self) -> Dialogue:
        """Return the situation after the open step, were it settled."""
        later = replace(self, settled=self.settled | {self.step})
        step, mode = later.next_open()
        return replace(later, step=step, mode=mode, partial=None)

    def next_open(self) -> tuple[Step, Mode]:
        """Return the first step that still wants an answer or a yes."""
        for step in FIELDS:
            if step in self.settled:
                continue
            if step in self.doubted or self.value(step) is None:
                return step, Mode.ASKING
            if step not in self.confirmed and self.business.policy(step) is Confirm.EXPLICIT:
                return step, Mode.CONFIRMING
        return Step.DONE, Mode.ENDED


def begin(business: Business, state: CallState) -> Dialogue:
    """Return the dialogue of a call as its record left it; a fresh one for a fresh record.

    A caller who comes back after a goodbye without booking is asked again what was given up.
    """
    saved = _read(state.dialogue)
    dialogue = Dialogue(
        business,
        load_wording(business),
        answers={s: normal(a, business) for s, a in state.answers.items() if s is not Step.TIME},
        confirmed=state.confirmed,
        doubted=_steps(saved.get("doubted")),
        settled=_steps(saved.get("settled") if state.status is not Status.INCOMPLETE else None),
        pending=saved.get("pending"),
        given_time=saved.get("given_time"),
        offered=bool(saved.get("offered")),
        caller=state.caller,
        resumed=state.resumed,
        reopened=state.status is Status.INCOMPLETE,
    )
    called_off = state.status is Status.CANCELLED
    if state.booked or called_off:
        return replace(dialogue, step=Step.DONE, mode=Mode.ENDED, called_off=called_off)
    attempts = int(saved.get("attempts") or 0)
    if saved.get("mode") == Mode.OFFERING:  # a yes is one to the call that was offered
        earlier = tuple(call for call in state.earlier if call.call_sid == saved.get("earlier"))
        return replace(dialogue, mode=Mode.OFFERING, earlier=earlier, attempts=attempts)
    if not dialogue.offered:
        dialogue = replace(dialogue, earlier=state.earlier)
    step, mode = dialogue.next_open()
    if step is not state.step:
        return replace(dialogue, step=step, mode=mode)
    partial, unheard = saved.get("partial"), bool(saved.get("unheard"))
    return replace(
        dialogue, step=step, mode=mode, partial=partial, unheard=unheard, attempts=attempts
    )


def _is_named(call: EarlierCall, name: str) -> bool:
    stored = call.state.answers.get(Step.NAME)
    return isinstance(stored, str) and names_agree(name, stored)


def asking(step: Step, dialogue: str | None) -> str | None:
    """Return what the bot waits for: a step, `confirm`, or None when the call is over."""
    mode = _read(dialogue).get("mode", Mode.ASKING)
    if mode == Mode.ENDED or step is Step.DONE:
        return None
    return "confirm" if mode in (Mode.CONFIRMING, Mode.OFFERING) else step.value


def _read(text: str | None) -> dict[str, Any]:
    """Read the saved state; a value of another version or program counts as none."""
    if not text:
        return {}
    try:
        saved = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return cast(dict[str, Any], saved) if isinstance(saved, dict) else {}


def _steps(names: object) -> frozenset[Step]:
    found = names if isinstance(names, list) else ()
    return frozenset(Step(name) for name in found if name in FIELDS)


def normal(answer: Answer, business: Business) -> str:
    """Return a validated value as the dialogue holds it: a service's name, local time (ISO)."""
    if isinstance(answer, Service):
        return answer.name
    if isinstance(answer, datetime):
        return answer.astimezone(business.zone).strftime("%Y-%m-%dT%H:%M")
    return answer
