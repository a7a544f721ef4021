"""Who called before: an index by caller number, to go on where an earlier call broke off.

One key per number, so it is at home in any cluster; it expires with the resume window. The
index only names calls; whether one can go on is read from its record.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from redis.asyncio import Redis

from voicebot.call import CallSid, CallState, EarlierCall, Status, Step
from voicebot.errors import BrokenRecord
from voicebot.store.client import AWAY
from voicebot.store.keys import call_keys, caller_key, live_key
from voicebot.store.sessions import Founding

MOST_CALLS = 5
"""More calls of one number are no help in finding the one that broke off."""

_HOUR_S = 3600
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696"})
"""What the provider writes for anonymous, restricted, blocked and unknown: nobody's number."""

CONTINUED_FIELD = "continuedAs"


class Callers:
    """The index of one store. Redis being away only means that nobody is recognised."""

    def __init__(
        self,
        client: Redis,
        read: Callable[[CallSid], Awaitable[Founding | None]],
        state_of: Callable[[Founding], CallState],
        window_h: float,
    ) -> None:
        self._client = client
        self._read = read
        self._state_of = state_of
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
        """The calls of this number, within the window, that ended with a name and no booking;
        newest first, and none from before a call that came to its purpose. A number can be forged:
        who calls must tell that name before they hear of it.

        Nothing for a withheld number, of calls that are on the phone now or are continued
        as another call than this one, and when Redis is away.
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
        """The earlier call goes on as the later one and is not offered again; best effort."""
        try:
            await self._client.hset(call_keys(earlier).call, CONTINUED_FIELD, later)
        except AWAY:
            return

    async def _open(self, newest_first: list[CallSid], later: CallSid) -> tuple[EarlierCall, ...]:
        calls: list[EarlierCall] = []
        for call_sid in newest_first:
            try:
                record = await self._read(call_sid)
            except BrokenRecord:
                continue
            if record is None:
                continue
            state = self._state_of(record)
            if state.booked or state.status in (Status.BOOKED, Status.TRANSFER):
                break
            continued = record.fields.get(CONTINUED_FIELD, later) != later
            named = Step.NAME in state.answers
            if named and not continued and not await self._is_live(call_sid):
                calls.append(EarlierCall(call_sid, state))
        return tuple(calls)

    async def _is_live(self, call_sid: CallSid) -> bool:
        return bool(await self._client.exists(live_key(call_sid)))


def is_number(caller: str) -> bool:
    """A number that belongs to somebody, in E.164."""
    return bool(_NUMBER.fullmatch(caller)) and caller not in _WITHHELD
