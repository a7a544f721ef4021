"""The types that all packages share: a call, its steps, its messages, a change of its record.

No I/O. Times are aware datetimes; texts are as spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import NewType

from voicebot.errors import InvalidCallSid

CallSid = NewType("CallSid", str)
"""The provider's id of a call, and the key of its record."""

BROWSER_PREFIX = "web-"
"""The prefix of callSids that the console gives to browsers. No provider's id begins so."""

CALL_SID_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
"""Of a callSid that we accept; the whole text must match."""


def is_call_sid(text: object) -> bool:
    """Return whether `text` has the form of a callSid."""
    return isinstance(text, str) and bool(re.fullmatch(CALL_SID_PATTERN, text, re.ASCII))


def parse_call_sid(text: str) -> CallSid:
    """Check an unverified callSid; raises InvalidCallSid."""
    if not is_call_sid(text):
        raise InvalidCallSid(
            "callSid must be 1 to 64 characters of letters, digits, underscore, dot or hyphen"
        )
    return CallSid(text)


_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def is_e164(text: str) -> bool:
    """Return whether `text` is a telephone number in E.164 form."""
    return _E164.fullmatch(text) is not None


class Step(StrEnum):
    """The questions, in this order; DONE is the end."""

    NAME = "name"
    PHONE = "phone"
    ADDRESS = "address"
    EMAIL = "email"
    SERVICE = "service"
    TIME = "time"
    DONE = "done"


FIELDS = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL, Step.SERVICE, Step.TIME)


class Status(StrEnum):
    """The state of a call, for staff and for `/twiml`."""

    ACTIVE = "active"
    BOOKED = "booked"
    INCOMPLETE = "incomplete"
    TRANSFER = "transfer"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    """It had booked, and the appointment was called off later."""


class Needs(StrEnum):
    """The work that a call leaves to staff, as the record says it."""

    NOTHING = ""
    PERSON = "person"
    FOLLOW_UP = "follow_up"


class Wish(StrEnum):
    """A caller's wish beside an appointment, or instead of one."""

    NOTHING = ""
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    EXISTING = "existing"
    COMPLAINT = "complaint"
    EMERGENCY = "emergency"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """A caller's words that staff are to know beside the six answers; `at` is aware."""

    text: str
    at: datetime


class Phase(StrEnum):
    """The bot's activity; only in the event stream, never in the record."""

    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class CommandKind(StrEnum):
    """What a member of staff can have a call do."""

    TRANSFER = "transfer"
    SAY = "say"
    END = "end"
    CORRECT = "correct"


class CommandRefusal(StrEnum):
    """The reason why a call did not do what staff asked; part of the event, without the content."""

    CALL_HAS_ENDED = "call_has_ended"
    NO_NUMBER = "no_number"
    """The business file names no number to put callers through to."""
    NOT_VALID = "not_valid"
    PAST = "past"
    TOO_FAR = "too_far"
    CLOSED = "closed"
    TAKEN = "taken"
    NO_CALENDAR = "no_calendar"
    """Redis was away: the time is noted for a person, and not booked."""
    TOO_LATE = "too_late"
    """The call did not come to it within COMMAND_LIFE_S."""


COMMAND_LIFE_S = 60.0
"""A command that a call has not come to by then is refused: staff have gone on by then."""


@dataclass(frozen=True, slots=True)
class StaffCommand:
    """A command of staff for a call.

    id    unique within the call; empty until it is put
    by    who gave it, as colleagues know them
    at    when it was given (aware)
    text  of SAY the sentence, of CORRECT the value
    step  the answer that CORRECT sets
    """

    kind: CommandKind
    by: str
    at: datetime
    text: str = ""
    step: Step | None = None
    id: str = ""


class Speaker(StrEnum):
    """The speaker of a message, as written in the record."""

    BOT = "AI"
    CALLER = "customer"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said. `partial` marks a bot's sentence that was cut off by the caller."""

    speaker: Speaker
    text: str
    started_at: datetime
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the record keeps it; `price` is text as the business writes it."""

    id: str
    name: str
    price: str = ""
    description: str = ""


Answer = str | Service | datetime
"""A validated value: text for name, phone (E.164), address, e-mail (lower case);
a Service for the service; an aware datetime for the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The content of one commit, written all or nothing.

    answers     validated values, "" for one that is taken back; the time is written only together
                with `booked`
    confirmed   steps whose read-back got a yes
    unconfirmed steps whose value was corrected, so that an earlier yes no longer counts
    messages    to append to the history, in order
    revised     (as it was written, as it was heard): rewrites one bot message
    dialogue    the collector's state as JSON, everything that the next turn needs
    needs       what staff must do; NOTHING says that nothing is left to do, None changes nothing
    wish        what the caller wants beside an appointment; None changes nothing
    notes       for staff, appended to those that the record has
    """

    answers: Mapping[Step, Answer] = field(default_factory=dict)
    confirmed: frozenset[Step] = frozenset()
    unconfirmed: frozenset[Step] = frozenset()
    messages: tuple[Message, ...] = ()
    revised: tuple[Message, Message] | None = None
    step: Step | None = None
    status: Status | None = None
    booked: bool | None = None
    dialogue: str | None = None
    needs: Needs | None = None
    wish: Wish | None = None
    notes: tuple[Note, ...] = ()
    usage: str | None = None
    """The call's use of paid services so far, as JSON."""


class Saved(StrEnum):
    """The place of an acknowledged commit."""

    REDIS = "redis"
    JOURNAL = "journal"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """The state of a call in its record: all that a conversation needs to continue."""

    answers: Mapping[Step, Answer] = field(default_factory=dict)
    confirmed: frozenset[Step] = frozenset()
    step: Step = Step.NAME
    status: Status = Status.ACTIVE
    booked: bool = False
    dialogue: str | None = None
    resumed: bool = False
    """True when the record was there before this session, with something said in it."""
    said_until: datetime | None = None
    """The moment of the last message, so that a clock that is behind cannot reorder history."""
    usage: str | None = None
    """See Change.usage."""
    caller: str | None = None
    """The number that calls, as the record has it."""
    needs: Needs | None = None
    """See Change.needs. None: nothing is stored, and it is derived from the status."""
    wish: Wish = Wish.NOTHING
    notes: tuple[Note, ...] = ()
    earlier: tuple[EarlierCall, ...] = ()
    """Unfinished calls of the same number within the resume window, newest first. Nothing of one
    may be said before the caller has given its name."""
    coming: tuple[EarlierCall, ...] = ()
    """Calls that booked what is still to come for the same number, soonest first. Nothing of one
    may be said either."""


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """Another call that this one may be about: its name and where it stands."""

    call_sid: CallSid
    state: CallState


@dataclass(frozen=True, slots=True)
class Window:
    """The times that would suit a caller, in the business's local time; empty allows every time.

    days      the only days allowed; empty: all from `first` to `last`
    after     no earlier in the day      before  no later; the same as `after`: exactly then
    soonest   the first free one is wished for
    ends      the work is to be over by then
    but       no visit may reach into these      also  further windows, that suit as well
    """

    days: tuple[date, ...] = ()
    first: date | None = None
    last: date | None = None
    after: time | None = None
    before: time | None = None
    soonest: bool = False
    ends: time | None = None
    but: tuple[Window, ...] = ()
    also: tuple[Window, ...] = ()

    def has_day(self, day: date) -> bool:
        """Return whether a visit may begin on a day, at some time of it."""
        if any(not (out.after or out.before) and out._names(day) for out in self.but):
            return False
        return self._names(day) or any(other.has_day(day) for other in self.also)

    def allows(self, at: datetime, minutes: int) -> bool:
        """Return whether a visit of so many minutes may begin at a moment."""
        start, last = at.hour * 60 + at.minute, self.ends
        if last is not None and start + minutes > last.hour * 60 + last.minute:
            return False
        if any(out.is_reached(at.date(), start, start + minutes) for out in self.but):
            return False
        boxes = (self, *self.also)
        return any(box._names(at.date()) and box.has_time(at.time()) for box in boxes)

    def has_time(self, at: time) -> bool:
        """Return whether a visit may begin at this time of a day."""
        if self.after is not None and self.after == self.before:
            return at == self.after
        late = self.after is None or at >= self.after
        return late and (self.before is None or at < self.before)

    def is_reached(self, day: date, start: int, end: int) -> bool:
        """Return whether a visit reaches into it, from one minute of a day until another."""
        since = self.after.hour * 60 + self.after.minute if self.after else 0
        until = self.before.hour * 60 + self.before.minute if self.before else 24 * 60
        overlaps = start == since if since == until else start < until and end > since
        return overlaps and self._names(day)

    def _names(self, day: date) -> bool:
        after_first = self.first is None or day >= self.first
        before_last = self.last is None or day <= self.last
        return (not self.days or day in self.days) and after_first and before_last
