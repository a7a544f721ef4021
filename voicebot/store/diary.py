"""The appointments of a day, as staff see them: which calls have a place, calling off, moving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CallSid
from voicebot.ledger import Place
from voicebot.store.backend import Backend
from voicebot.store.client import is_wrong_type, unavailable_when_away
from voicebot.store.slots import day_key

_STAFF = CallSid("staff")
"""The holder of nothing: staff move and call off, they take no place of their own."""
_FOR_GOOD = "0"


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
            for places in await _places(self._backend.client, self._backend.business, days):
                for holder, place in places.items():
                    if place.split(" ")[1:2] == [_FOR_GOOD]:
                        found[CallSid(holder.partition(">")[0])] = None
        return list(found)

    async def cancel(self, booking: CallSid) -> bool:
        """Call an appointment off; False where none stands, or while Redis is away."""
        return await self._backend.appointments(_STAFF).cancel(booking)

    async def move(self, booking: CallSid, start: datetime) -> Place:
        """Move an appointment; UNKNOWN where none stands, or while Redis is away."""
        return await self._backend.appointments(_STAFF).move(booking, start)


async def _places(client: Redis, business: Business, days: Sequence[date]) -> list[dict[str, str]]:
    """Return the places of each day by their holders; none for a key of another type."""
    async with client.pipeline(transaction=False) as pipe:
        for day in days:
            pipe.hgetall(day_key(business, day))
        replies = await pipe.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, Exception) and not is_wrong_type(reply):
            raise reply
    return [reply if isinstance(reply, dict) else {} for reply in replies]
