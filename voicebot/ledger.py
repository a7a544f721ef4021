"""What a session may do: write its record, and change the business's calendar.

No I/O. Times are aware datetimes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from voicebot.call import CallSid, CallState, Change, Saved, Window


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment that stands: the call that booked it, and its record's state.

    Nothing of it may be said before the caller has given the name in it: a number can be forged.
    """

    call_sid: CallSid
    state: CallState


class Place(StrEnum):
    """The result of holding or booking an appointment; UNKNOWN while Redis is away."""

    YOURS = "yours"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class Appointments(Protocol):
    """The business's calendar, as one call may change it."""

    async def hold(
        self,
        start: datetime,
        service: str | None = None,
        *,
        instead_of: Sequence[CallSid] = (),
    ) -> Place:
        """Keep this moment for the caller while it is read back; `service` is an id.

        instead_of  bookings that are to be moved: they do not stand in its way
        """

    async def book(self, start: datetime, service: str | None = None) -> Place:
        """Keep it for good."""

    async def free(
        self,
        window: Window,
        *,
        service: str | None = None,
        near: datetime | None = None,
        without: Collection[datetime] = (),
        most: int = 3,
    ) -> tuple[datetime, ...]:
        """Return free moments inside a window, in order of time; none while Redis is away.

        Without `near` they are spread over the window's days; with it they are the nearest on
        either side. `without` are moments that the caller did not want.
        """

    async def bookings(self, number: str) -> tuple[Booking, ...]:
        """Return the coming appointments of other calls that came from `number` (E.164) or were
        given it as the caller's phone, soonest first; none while Redis is away."""

    async def bookings_named(self, name: str) -> tuple[Booking, ...]:
        """Return the coming appointments of other calls under a family name like that of `name`,
        soonest first, the next hundred at most; none while Redis is away.

        A name proves nothing: the caller must tell something else that the record has.
        """

    async def cancel(self, booking: CallSid) -> bool:
        """Call an appointment off: its record says so and keeps the time, then its place is free.

        It can be repeated. False where no appointment stands, or while Redis is away.
        """

    async def move(self, booking: CallSid, start: datetime) -> Place:
        """Take the new place, write the time in the booked call's record, free the old place.

        It can be repeated. UNKNOWN where no appointment stands, or while Redis is away.
        """

    async def note(self, booking: CallSid, by: str, text: str) -> None:
        """Add a note for staff to an appointment's record; none while Redis is away."""


CommitObserver = Callable[[Change, Saved, float], None]
"""Told of a commit: what it changed, where it rests, and how long it took (seconds)."""


class Ledger(Protocol):
    """The writer of one session for one record: it alone numbers that session's commits."""

    @property
    def state(self) -> CallState:
        """The record as it was found when the session claimed the call."""

    @property
    def appointments(self) -> Appointments:
        """The business's calendar; what this call holds and does not book is let go at its end."""

    async def commit(self, change: Change) -> Saved:
        """Write all of `change` or nothing; raises Fenced when a newer session owns the call.

        Never raises because Redis is away: the answer says where the change rests meanwhile.
        """

    async def continue_earlier(self, earlier: CallSid) -> None:
        """Go on with that call of `state.earlier`: it is not offered again, and what it holds in
        the calendar is this call's."""
