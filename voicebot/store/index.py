"""Keys beside the records: who called before, recent calls, locks, live calls, who has a call.

None of them decides anything about a record. Each is one key, so all are at home in any cluster:
a number's calls (`caller:{…}`), the index of recent calls, a call's locks and its live mark. A
live mark expires by itself: a server that was killed keeps its calls from being answered
elsewhere for at most LIFE_S. What keeps two sessions apart is the epoch, not this mark.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis

from voicebot.call import CallSid, EarlierCall, Status, Step
from voicebot.errors import BrokenRecord
from voicebot.store.client import AWAY
from voicebot.store.keys import CHANNEL, RECENT_CALLS, call_keys, caller_key, live_key, lock_key
from voicebot.store.reader import Reader
from voicebot.store.record import CONTINUED_FIELD, clean, iso_utc
from voicebot.store.scripts import EVENTS_KEPT, Script

MOST_CALLS = 5
"""More calls of one number do not help to find the one that broke off."""

_HOUR_S = 3600
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696"})
"""What the provider writes for anonymous, restricted, blocked and unknown callers."""


class Callers:
    """The index of calls by caller number. While Redis is away no caller is recognised.

    It only names calls; whether one can be continued is read from its record. A key per number
    expires with the resume window.
    """

    def __init__(self, client: Redis, reader: Reader, window_h: float) -> None:
        self._client = client
        self._reader = reader
        self._window_s = int(window_h * _HOUR_S)

    async def add(self, caller: str, call_sid: CallSid, now: datetime) -> None:
        """Remember that this number made this call; raises client.AWAY."""
        if not is_number(caller) or self._window_s == 0:
            return
        key = caller_key(caller)
        await self._client.zadd(key, {call_sid: int(now.timestamp() * 1000)})
        await self._client.zremrangebyrank(key, 0, -MOST_CALLS - 1)
        await self._client.expire(key, self._window_s)

    async def open_calls_of(
        self, caller: str | None, *, besides: CallSid, now: datetime
    ) -> tuple[EarlierCall, ...]:
        """Return this number's calls, within the window, that ended with a name and no booking.

        Newest first, and none from before a call that was booked or transferred. A number can be
        forged: a caller must say that name before anything of it is said. None for a withheld
        number, none that is on the phone or continued as another call, none while Redis is away.
        """
        if caller is None or not is_number(caller):
            return ()
        try:
            oldest = int((now.timestamp() - self._window_s) * 1000)
            found = await self._client.zrevrangebyscore(caller_key(caller), "+inf", oldest)
            others = [CallSid(str(name)) for name in found if name != besides]
            return await self._open(others, besides)
        except AWAY:
            return ()

    async def continued(self, earlier: CallSid, later: CallSid) -> None:
        """Mark the earlier call as continued by the later one, so that it is not offered again.

        Best effort: nothing is marked while Redis is away.
        """
        try:
            await self._client.hset(call_keys(earlier).call, CONTINUED_FIELD, later)
        except AWAY:
            return

    async def _open(self, newest_first: list[CallSid], later: CallSid) -> tuple[EarlierCall, ...]:
        calls: list[EarlierCall] = []
        for call_sid in newest_first:
            try:
                record = await self._reader.record(call_sid)
            except BrokenRecord:
                continue
            if record is None:
                continue
            state = self._reader.state_of(record)
            if state.booked or state.status in (Status.BOOKED, Status.TRANSFER):
                break
            continued = record.continued_as not in (None, later)
            named = Step.NAME in state.answers
            if named and not continued and not await self._is_live(call_sid):
                calls.append(EarlierCall(call_sid, state))
        return tuple(calls)

    async def _is_live(self, call_sid: CallSid) -> bool:
        return bool(await self._client.exists(live_key(call_sid)))


def is_number(caller: str) -> bool:
    """Return whether it is a caller's own number, in E.164."""
    return bool(_NUMBER.fullmatch(caller)) and caller not in _WITHHELD


async def add_recent(client: Redis, call_sid: CallSid, began: datetime, retention_s: int) -> None:
    """Add a call to the index of recent calls; drop those whose records have expired.

    `EventReader.listed` reads the index. Raises client.AWAY.
    """
    began_ms = int(began.timestamp() * 1000)
    await client.zadd(RECENT_CALLS, {call_sid: began_ms})
    await client.zremrangebyscore(RECENT_CALLS, 0, began_ms - retention_s * 1000)


class Locks:
    """Locks beside a record, so that two processes do not do the same work at once.

    A lock that is not given back expires.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def take(self, call_sid: CallSid, work: str, life_s: int) -> bool | None:
        """Return True when it is ours now, False when another has it, None when Redis is away."""
        try:
            return bool(await self._client.set(lock_key(call_sid, work), "1", nx=True, ex=life_s))
        except AWAY:
            return None

    async def give_back(self, call_sid: CallSid, work: str) -> None:
        """Release a lock; while Redis is away it expires by itself."""
        try:
            await self._client.delete(lock_key(call_sid, work))
        except AWAY:
            return


LIFE_S = 15
BEAT_S = 5.0


class Presence:
    """Marks calls that are on the phone. While Redis is away there are no marks."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @asynccontextmanager
    async def hold(self, call_sid: CallSid) -> AsyncIterator[None]:
        """Keep the call marked as on the phone until the block is left."""
        holder, over = uuid4().hex, asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat(call_sid, holder, over))
            try:
                yield
            finally:
                over.set()
        await self._leave(call_sid, holder)

    async def is_live(self, call_sid: CallSid) -> bool:
        """Return whether a phone stream holds this call; False when Redis is away."""
        try:
            return bool(await self._client.exists(live_key(call_sid)))
        except AWAY:
            return False

    async def _beat(self, call_sid: CallSid, holder: str, over: asyncio.Event) -> None:
        """Ended by an event: the client may swallow a cancellation while a command is out."""
        while not over.is_set():
            with suppress(*AWAY):
                await self._client.set(live_key(call_sid), holder, ex=LIFE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await over.wait()

    async def _leave(self, call_sid: CallSid, holder: str) -> None:
        """Remove only our own mark; a newer stream's stays."""
        with suppress(*AWAY):
            if await self._client.get(live_key(call_sid)) == holder:
                await self._client.delete(live_key(call_sid))


_TAKE = Script("take")


class HandOverResult(StrEnum):
    """The result of a hand-over; TAKEN: a colleague has the call."""

    UNKNOWN = "unknown"
    TAKEN = "taken"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class HandOver:
    """What became of a hand-over; `by` has the call now, empty for no one."""

    result: HandOverResult
    by: str


async def hand_over(
    client: Redis,
    call_sid: CallSid,
    by: str,
    *,
    at: datetime,
    retention_s: int,
    over: bool = False,
) -> HandOver:
    """Mark the call as taken by `by`, or as free when `by` is empty.

    Raises client.AWAY and BrokenRecord.

    A call that a colleague has stays theirs unless `over` says to take it over.
    """
    shared = (iso_utc(at), retention_s, EVENTS_KEPT, CHANNEL, call_sid)
    reply = await _TAKE.run(
        client, call_keys(call_sid).all, (*shared, clean(by), "1" if over else "")
    )
    verdict, holder = cast(tuple[str, str], reply)
    return HandOver(HandOverResult(verdict), holder)
