"""The state of a conversation, from which a call resumes: it travels in the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import orjson

from voicebot.business import Business, Confirm
from voicebot.call import (
    Answer,
    CallState,
    EarlierCall,
    Needs,
    Service,
    Step,
    Window,
)
from voicebot.collect.understanding import Asked, Situation
from voicebot.collect.understanding.same_person import names_agree
from voicebot.collect.wording import Wording


class Mode(StrEnum):
    """The kind of answer that the bot's last words wait for.

    OFFERING      whether to go on with an earlier call
    ASKING        an answer
    CONFIRMING    a yes to what was read back
    CHOOSING      one of the moments that were offered
    CALLING_OFF   a yes to calling an existing appointment off
    CLOSING       whether there is anything else
    ENDED         nothing more
    """

    OFFERING = "offering"
    ASKING = "asking"
    CONFIRMING = "confirming"
    CHOOSING = "choosing"
    CALLING_OFF = "calling_off"
    CLOSING = "closing"
    ENDED = "ended"


class Purpose(StrEnum):
    """The reason of the call; each but BOOK needs only a name and a number."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"
    ASK_AFTER = "ask_after"
    COMPLAIN = "complain"
    BE_CALLED = "be_called"


@dataclass(frozen=True, slots=True)
class Appointment:
    """An existing appointment that the caller may call about: of which call, when, for what."""

    call_sid: str
    at: str
    service: str
    address: str = ""
    email: str = ""
    name: str = ""

    @property
    def record(self) -> Mapping[Step, str]:
        """What it is for, when and for whom, as a situation has it."""
        return {Step.SERVICE: self.service, Step.TIME: self.at, Step.NAME: self.name}

    def value(self, step: Step) -> str:
        """Return what its booking says of a step; empty where it is silent."""
        known = {Step.TIME: self.at, Step.SERVICE: self.service, Step.ADDRESS: self.address}
        return {**known, Step.EMAIL: self.email}.get(step, "")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Everything that the next turn needs.

    answers    values saved so far, in normal form (see reading.Provide)
    confirmed  steps whose read-back got a yes
    doubted    steps whose read-back got a no: asked again, though the record holds a value
    settled    steps not asked any more: declined, or given up after too many attempts
    early      steps whose value was said among other words, or before its question: nothing is
               booked before it was read back
    pending    a bookable time that was read back and waits for its yes; saved only when it books
    window     the times that would suit the caller, as was said last, until one is read back
    offered    the moments that were offered, and wait for a choice (local, ISO)
    unwanted   those that were offered before, and not taken
    partial    an earlier piece of the answer to `step`
    tries      what was heard at each attempt at this answer: of each, all transcripts
    noisy      the line is bad: keys are offered early, and what was spoken is spelled back
    unheard    the question was cut off before anything of it was heard, or the read-back before
               its value was: no answer to it counts, nor fails
    attempts   failed answers to this question       put  how often it was put
    vain       turns that brought nothing for it, and `in_vain`, what was said in them
    objections turns running, the last ones, that minded being asked
    stepped_back  the form was stopped, and the caller asked openly what it is
    patience   silences that are still met without a word: the caller asked for a moment
    purpose    what the caller has called for
    about      the existing appointment that was found, while it is dealt with
    found      the last one that was: what it says is told to who asks
    to_tell    fields of it that were asked for before it was found
    shift      "earlier", "later", "sooner" or the "same" hour, as was asked before it was found
    words      with which it was called about: they may tell which of several is meant
    others     the caller's other appointments
    dealt      purposes that were dealt with, and are not taken up twice
    sought     numbers under which no appointment was found, and steps that were asked for it
    proving    no number found it: who the caller is, `proof` is to tell beside the name
    unknown    questions that could not be answered, the last few, and are not noted twice
    replied    what was answered in the last turn, for "sorry, what was that?"
    answered   the last question that was answered, and the answer: it may have missed it
    notes      what is written down for staff, for "what did you write down?" (of the record)
    urgent     an emergency: no e-mail is asked for, and the first free time is offered
    advice     what was said to do at once, for "should I switch something off?"
    coming     appointments of the number that calls, before its name is known: nothing is told of
               them, but "I can't do Friday" is understood
    earlier    what the same number began before: a call of it is offered once the caller's name
               agrees with its own; while it is offered, that call alone
    reopened   it had ended without a booking, and goes on when the caller speaks
    caller     the number that calls, if it is shown
    needs      what staff must do        promised  a call back, for another reason than `purpose`
    cancelled  the caller wants no booking: going on is not offered when they call again
    called_off it had booked, and a later call has called the appointment off
    turns      turns of the caller so far, by which lines that mean the same take turns
    fruitless  of these, the last ones that told nothing: a machine may be talking
    """

    business: Business
    wording: Wording
    answers: Mapping[Step, str] = field(default_factory=dict)
    confirmed: frozenset[Step] = frozenset()
    doubted: frozenset[Step] = frozenset()
    settled: frozenset[Step] = frozenset()
    early: frozenset[Step] = frozenset()
    step: Step = Step.NAME
    mode: Mode = Mode.ASKING
    pending: str | None = None
    window: Window | None = None
    offered: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    partial: str | None = None
    tries: tuple[tuple[str, ...], ...] = ()
    noisy: bool = False
    unheard: bool = False
    vain: int = 0
    objections: int = 0
    in_vain: tuple[str, ...] = ()
    stepped_back: bool = False
    attempts: int = 0
    put: int = 0
    silences: int = 0
    patience: int = 0
    turns: int = 0
    fruitless: int = 0
    purpose: Purpose = Purpose.BOOK
    about: Appointment | None = None
    found: Appointment | None = None
    to_tell: tuple[str, ...] = ()
    shift: str = ""
    words: str = ""
    others: tuple[Appointment, ...] = ()
    dealt: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    proving: bool = False
    unknown: tuple[str, ...] = ()
    replied: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    urgent: bool = False
    advice: str = ""
    resumed: bool = False
    coming: tuple[Appointment, ...] = ()
    earlier: tuple[EarlierCall, ...] = ()
    was_offered: bool = False
    reopened: bool = False
    cancelled: bool = False
    called_off: bool = False
    caller: str | None = None
    needs: Needs = Needs.NOTHING
    promised: bool = False

    def to_json(self) -> str:
        """Return the part of the state that the record's own fields do not hold."""
        offered = self.earlier if self.mode is Mode.OFFERING else ()
        steps = {name: sorted(getattr(self, name)) for name in _STEP_SETS}
        plain = {name: getattr(self, name) for name in _PLAIN}
        return orjson.dumps(
            {"mode": self.mode, "purpose": self.purpose}
            | steps
            | plain
            | {
                "earlier": offered[0].call_sid if offered else None,
                "window": asdict(self.window) if self.window else None,
                "about": asdict(self.about) if self.about else None,
                "found": asdict(self.found) if self.found else None,
                "coming": [asdict(each) for each in self.coming],
                "others": [asdict(each) for each in self.others],
            }
        ).decode()

    @property
    def own_earlier(self) -> EarlierCall | None:
        """The newest earlier call under the caller's name, unless they wanted no booking then.

        A number can be forged, so nothing is said, mailed or carried over before that.
        """
        name = self.answers.get(Step.NAME, "")
        newest = next((call for call in self.earlier if _is_named(call, name)), None)
        return newest if newest and not read_saved(newest.state.dialogue).get("cancelled") else None

    def value(self, step: Step) -> str | None:
        """Return the value held for a step, the pending time included."""
        return self.pending if step is Step.TIME else self.answers.get(step)

    @property
    def knows_something(self) -> bool:
        """True once the caller told anything that is kept."""
        return bool(self.answers or self.pending or self.window)

    @property
    def has_begun(self) -> bool:
        """True while a booking is on its way, which "cancel it" is about."""
        return bool(self.pending or self.offered or Step.SERVICE in self.answers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The questions of what the caller has called for."""
        if self.purpose is Purpose.BOOK:
            return tuple(s for s in self.business.ask if not (self.urgent and s is Step.EMAIL))
        if self.purpose is Purpose.MOVE and self.about:
            return (Step.TIME,)
        proof = (self.proof,) if self.proving and self.proof else ()
        return (Step.NAME, Step.PHONE, *proof)

    @property
    def proof(self) -> Step | None:
        """What a booking has that few but its customer know, beside a name and a number.

        Not its day: of those there are few, and a stranger may ring often.
        """
        return next((s for s in (Step.ADDRESS, Step.EMAIL) if s in self.business.ask), None)

    @property
    def asks_whole_name(self) -> bool:
        """True while the rest of a name is asked for, under which a booking is looked for."""
        asked = self.mode is Mode.ASKING and self.step is Step.NAME
        return asked and Step.NAME.value in self.sought and Step.NAME in self.doubted

    @property
    def read_back(self) -> tuple[Step, ...]:
        """The steps whose values a yes is waited for, where one is: several early ones at once."""
        if self.mode is not Mode.CONFIRMING:
            return ()
        if not self._is_early(self.step):
            return (self.step,)
        return tuple(step for step in self.steps if self._is_early(step))

    def _is_early(self, step: Step) -> bool:
        return (
            step in self.early - self.confirmed - self.doubted - self.settled
            and self.business.policy(step) is not Confirm.EXPLICIT
            and step in self.answers
        )

    def rides_along(self, step: Step) -> bool:
        """Return whether the yes to the time is the yes to this answer as well.

        A service that was told in passing is said before the time is asked for, and again in the
        last read-back: a question of its own would be one too many.
        """
        return step is Step.SERVICE and self._is_early(step) and Step.TIME not in self.settled

    @property
    def asked(self) -> Asked:
        """The kind of answer that is waited for."""
        if self.mode is Mode.CHOOSING:
            return Asked.CHOICE
        yes = (Mode.CONFIRMING, Mode.OFFERING, Mode.CALLING_OFF)
        return Asked.CONFIRM if self.mode in yes else Asked.ANSWER

    def ahead(self) -> Dialogue:
        """Return the situation after the open step, were it settled."""
        later = replace(self, settled=self.settled | {self.step})
        step, mode = later.next_open()
        return replace(later, step=step, mode=mode, partial=None)

    def next_open(self) -> tuple[Step, Mode]:
        """Return the first step that still wants an answer or a yes."""
        for step in self.steps:
            if step in self.settled:
                continue
            if step in self.doubted or self.value(step) is None:
                return step, Mode.ASKING
            explicit = self.business.policy(step) is Confirm.EXPLICIT
            if self.purpose is Purpose.BOOK and step in self.early:
                explicit = not self.rides_along(step)
            if step not in self.confirmed and explicit:
                return step, Mode.CONFIRMING
        return Step.DONE, Mode.ENDED


def _is_named(call: EarlierCall, name: str) -> bool:
    stored = call.state.answers.get(Step.NAME)
    return isinstance(stored, str) and names_agree(name, stored)


def situation(dialogue: Dialogue, now: datetime) -> Situation:
    """Return what understanding has to know about the moment of an utterance."""
    business = dialogue.business
    record = dict(dialogue.answers)
    told = dialogue.found if dialogue.mode is Mode.CLOSING else None
    existing = dialogue.about or told
    at = dialogue.pending or (existing.at if existing else "")
    if at:  # "Saturday, same time" is said of the appointment that is moved
        record[Step.TIME] = at
    return Situation(
        step=dialogue.step,
        now=now.astimezone(business.zone).replace(second=0, microsecond=0, tzinfo=None),
        asked=dialogue.asked,
        language=business.language,
        region=business.region,
        zone=business.zone.key,
        services=business.services,
        record=record,
        partial=dialogue.partial,
        offered=dialogue.offered,
        caller=dialogue.caller,
        moves=dialogue.purpose is Purpose.MOVE,
        found=told is not None,
        coming=_may_be_meant(dialogue),
        earlier=dialogue.tries,
    )


def _may_be_meant(dialogue: Dialogue) -> tuple[Mapping[Step, str], ...]:
    """Return the number's appointments, of which a caller may speak who names none; none of them
    where one is dealt with, or a booking of other work is in the making."""
    wanted = dialogue.answers.get(Step.SERVICE)
    busy = dialogue.purpose is not Purpose.BOOK or dialogue.pending or dialogue.offered
    told = (dialogue.found, *dialogue.others) if dialogue.found else ()
    if busy or (dialogue.dealt and not told):
        return ()
    return tuple(each.record for each in told or dialogue.coming if wanted in (None, each.service))


_STEP_SETS = ("doubted", "settled", "early")
_PLAIN = (
    *("pending", "offered", "unwanted", "partial", "tries", "unheard", "attempts"),
    *("put", "silences", "turns", "dealt", "sought", "urgent", "was_offered", "cancelled"),
    *("vain", "objections", "in_vain", "stepped_back", "promised", "fruitless", "unknown"),
    *("proving", "advice", "to_tell", "shift", "words", "replied", "answered"),
)
"""The fields that travel in the record as they are."""


def appointment(call_sid: str, state: CallState, business: Business) -> Appointment:
    """Return what a call has booked."""
    known = {step: normal(answer, business) for step, answer in state.answers.items() if answer}
    fields = (Step.TIME, Step.SERVICE, Step.ADDRESS, Step.EMAIL, Step.NAME)
    return Appointment(call_sid, *(known.get(step, "") for step in fields))


def read_saved(text: str | None) -> dict[str, Any]:
    """Read the saved state; a value of another version or program counts as none."""
    if not text:
        return {}
    try:
        saved = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return cast(dict[str, Any], saved) if isinstance(saved, dict) else {}


def normal(answer: Answer, business: Business) -> str:
    """Return a validated value as the dialogue holds it: a service's name, local time (ISO)."""
    if isinstance(answer, Service):
        return answer.name
    if isinstance(answer, datetime):
        return answer.astimezone(business.zone).strftime("%Y-%m-%dT%H:%M")
    return answer
