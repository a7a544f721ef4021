"""A call in the middle, played turn by turn against a calendar and the bookings of a number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tests.collect.conversation import VALUES, said
from voicebot.business import Business, load_business
from voicebot.call import FIELDS, CallSid, CallState, Change, Message, Service, Speaker, Step
from voicebot.collect.dialogue import Dialogue, Mode, situation
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
    PassOn,
    Placed,
    Request,
    Reserve,
    Save,
)
from voicebot.collect.moves import next_move
from voicebot.collect.resuming import begin
from voicebot.collect.understanding import read
from voicebot.ledger import Booking, Place

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday the 2nd of March, noon in Sydney."""
DEMO = load_business(None)
OTHER = CallSid("CA-booked")
BOOKED = Booking(
    OTHER,
    CallState(
        answers={
            Step.NAME: "Robin Carter",
            Step.SERVICE: Service("plumbing", "Plumbing"),
            Step.TIME: datetime(2026, 3, 4, 14, 0, tzinfo=DEMO.zone),
        },
        booked=True,
    ),
)


@dataclass
class Scene:
    """A call in the middle, with a calendar of free times, and bookings by number and by name."""

    dialogue: Dialogue
    free: tuple[str, ...] = ("2026-03-03T09:00", "2026-03-04T15:00", "2026-03-06T10:00")
    bookings: tuple[Booking, ...] = ()
    named: tuple[Booking, ...] = ()
    asked: list[Request] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    change: Change = field(default_factory=Change)
    ending: Ending | None = None
    now: datetime = NOW

    def hears(self, text: str) -> str:
        """Return what the bot says to this."""
        where = situation(self.dialogue, self.now)
        event: Event = Heard(Message(Speaker.CALLER, text, self.now), read(text, where))
        while True:
            self.dialogue, effects = next_move(self.dialogue, event, self.now)
            self._note(effects)
            inquiries = [effect for effect in effects if isinstance(effect, Inquire)]
            if not inquiries:
                return said(effects)
            event = self._answer(inquiries[0])

    def _note(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Save):
                notes = (*self.change.notes, *effect.change.notes)
                new = effect.change
                needs = self.change.needs if new.needs is None else new.needs
                wish = self.change.wish if new.wish is None else new.wish
                self.change = replace(new, notes=notes, needs=needs, wish=wish)
            if isinstance(effect, PassOn):
                self.passed.append(effect.note)
            if isinstance(effect, End):
                self.ending = effect.ending

    def _answer(self, inquiry: Inquire) -> Event:
        self.asked.append(inquiry.request)
        match inquiry.request:
            case Reserve() | Move() as request:
                return Placed(request, Place.YOURS, inquiry.said)
            case Look() as request:
                moments = [datetime.fromisoformat(at).replace(tzinfo=DEMO.zone) for at in self.free]
                left = tuple(at for at in moments if at not in request.without)
                return Free(request, left, inquiry.said)
            case Find() as request:
                return Found(request, self.bookings, inquiry.said)
            case FindNamed() as request:
                return Found(request, self.named, inquiry.said)
            case CallOff() as request:
                return CalledOff(request, True, inquiry.said)

    @property
    def notes(self) -> list[str]:
        return [note.text for note in self.change.notes]


def at(step: Step, business: Business = DEMO, **state: object) -> Scene:
    """A call that has come to this step, with everything before it told."""
    known = {s: VALUES[s] for s in FIELDS[: FIELDS.index(step)]}
    confirmed = frozenset({Step.PHONE, Step.EMAIL} & set(known))
    held = begin(business, CallState())
    held = replace(held, answers=known, confirmed=confirmed, step=step, **state)  # type: ignore[arg-type]
    return Scene(held)


def last_read_back(business: Business = DEMO) -> Scene:
    """ "I can do this Wednesday, the 4th, at 2 pm. Shall I book that?" """
    return at(Step.TIME, business, mode=Mode.CONFIRMING, pending="2026-03-04T14:00", put=1)


OFFERED = ("2026-03-03T09:00", "2026-03-04T15:00", "2026-03-06T10:00")
