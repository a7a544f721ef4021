"""The appointments of a day, as staff see them: which calls have a place, calling off, moving."""

from collections.abc import Sequence
from datetime import date, datetime

from voicebot.call import CallSid
from voicebot.ledger import Place
from voicebot.store.backend import Backend
from voicebot.store.client import unavailable_when_away
from voicebot.store.slots import is_for_good, places_on

_STAFF = CallSid("staff")
"""The holder of nothing: staff move and call off, they take no place of their own."""


class Diary:
    """The business's calendar, as staff read and change it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def calls_on(self, days: Sequence[date]) -> list[CallSid]:
        """Return the calls that have a place for good on these days, each once.

        Whether its appointment stands, and when, is in a call's record. Raises StoreUnavailable.
        """
        found: dict[CallSid, None] = {}
        with unavailable_when_away():
            for places in await places_on(self._backend.client, self._backend.business, days):
                for holder, place in (places or {}).items():
                    if is_for_good(place):
                        found[CallSid(holder.partition(">")[0])] = None
        return list(found)

    async def cancel(self, booking: CallSid) -> bool:
        """Call an appointment off; False where none stands, or while Redis is away."""
        return await self._backend.appointments(_STAFF).cancel(booking)

    async def move(self, booking: CallSid, start: datetime) -> Place:
        """Move an appointment; UNKNOWN where none stands, or while Redis is away."""
        return await self._backend.appointments(_STAFF).move(booking, start)
