"""The index of coming appointments: by the caller's number, and by the family name.

    booked:{<number>}        sorted set of callSids by the appointment's epoch seconds
    booked-name:{<key>}      the same, for each key of the name (see voicebot.names)

The index names calls, and never decides: whether an appointment stands, and whose it is, is read
from its record. So an entry may come before its record is written, and outlive it: each set
expires a day after its last appointment. `Reconciliation` adds what is missing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from redis.asyncio import Redis

from voicebot.call import CallSid, Step
from voicebot.names import name_keys
from voicebot.store.index import in_parts, is_number, read_fields
from voicebot.store.layout import ANSWER_FIELD, BOOKED_FIELD, flag
from voicebot.validation import read_moment

MOST_BOOKINGS = 10
"""More coming appointments of one number are not looked at: no caller hears them all."""
MOST_NAMED = 100
"""More coming appointments under one name are not looked at; the next ones come first."""

_KEPT_AFTER = timedelta(days=1)
_FIELDS = [
    *(BOOKED_FIELD, ANSWER_FIELD[Step.TIME], ANSWER_FIELD[Step.NAME]),
    *("caller", ANSWER_FIELD[Step.PHONE]),
]


class BookingIndex:
    """Calls by number, name and time of their appointment. Raises client.AWAY.

    Of an appointment that is moved the later time counts, so that it is found until it is over.
    """

    def __init__(self, client: Redis, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    async def of(self, number: str) -> list[CallSid]:
        """Return the calls that may have a coming appointment under this number."""
        return await self._coming([_number_key(number)], MOST_BOOKINGS) if is_number(number) else []

    async def named(self, name: str) -> list[CallSid]:
        """Return the calls that may have a coming appointment under a family name like this one."""
        return await self._coming(sorted(map(_name_key, name_keys(name))), MOST_NAMED)

    async def add(self, call_sid: CallSid, start: datetime | None = None) -> None:
        """Add a call under its numbers and name if it is booked, or is about to be at `start`."""
        (found,) = await self._read([call_sid])
        if start is not None:
            found = [flag(True), start.isoformat(), *found[2:]]
        await self._write([(call_sid, found)])

    async def add_all(self, call_sids: Sequence[CallSid]) -> list[CallSid]:
        """Add those of the calls that are booked, and return those whose appointment is to come."""
        coming: list[CallSid] = []
        for part in in_parts(call_sids):
            coming += await self._write(list(zip(part, await self._read(part), strict=True)))
        return coming

    async def remove(self, call_sid: CallSid) -> None:
        """Remove a call from the sets of the numbers and the name that its record has now.

        What stands under an earlier name or number expires by itself.
        """
        ((_, _, *who),) = await self._read([call_sid])
        async with self._client.pipeline(transaction=False) as pipe:
            for key in _keys(*who):
                pipe.zrem(key, call_sid)
            await pipe.execute()

    async def _coming(self, keys: Sequence[str], most: int) -> list[CallSid]:
        """Return the members of several sets whose appointment is to come, the next one first."""
        now_s = self._clock().timestamp()
        async with self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrangebyscore(key, now_s, "+inf", start=0, num=most, withscores=True)
            replies = await pipe.execute()
        starts: dict[str, float] = {}
        for call_sid, start_s in (entry for reply in replies for entry in reply):
            starts[str(call_sid)] = max(start_s, starts.get(str(call_sid), 0))
        return [CallSid(name) for name in sorted(starts, key=lambda name: starts[name])][:most]

    async def _read(self, call_sids: Sequence[CallSid]) -> list[list[str | None]]:
        return await read_fields(self._client, call_sids, _FIELDS)

    async def _write(self, calls: Sequence[tuple[CallSid, Sequence[str | None]]]) -> list[CallSid]:
        """Write the entries of those of these calls that are booked, and return these calls.

        It is one round trip (on a cluster, one a node).
        """
        now, coming = self._clock(), list[CallSid]()
        async with self._client.pipeline(transaction=False) as pipe:
            for call_sid, (booked, time, *who) in calls:
                start = read_moment(time)
                if booked != flag(True) or start is None or start <= now:
                    continue
                coming.append(call_sid)
                life = start - now + _KEPT_AFTER
                for key in _keys(*who):
                    pipe.zadd(key, {call_sid: start.timestamp()}, gt=True)
                    pipe.zremrangebyscore(key, "-inf", now.timestamp())
                    pipe.expire(key, life, nx=True)
                    pipe.expire(key, life, gt=True)
            await pipe.execute()
        return coming


def _keys(name: str | None, *numbers: str | None) -> list[str]:
    """Return the index's keys of a record's name, calling number and given number."""
    keys = {_name_key(key) for key in name_keys(name or "")}
    return sorted(keys | {_number_key(n) for n in numbers if n and is_number(n)})


def _number_key(number: str) -> str:
    return f"booked:{{{number}}}"


def _name_key(key: str) -> str:
    return f"booked-name:{{{key}}}"
