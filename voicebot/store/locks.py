"""Small locks beside a record, so that two processes do not do the same chore at once."""

from __future__ import annotations

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.client import AWAY
from voicebot.store.keys import lock_key


class Locks:
    """The locks of one store; one that nobody gives back expires."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def take(self, call_sid: CallSid, chore: str, life_s: int) -> bool | None:
        """True when it is ours now, False when another has it, None when Redis is away."""
        try:
            return bool(await self._client.set(lock_key(call_sid, chore), "1", nx=True, ex=life_s))
        except AWAY:
            return None

    async def give_back(self, call_sid: CallSid, chore: str) -> None:
        """Let others try; while Redis is away it expires by itself."""
        try:
            await self._client.delete(lock_key(call_sid, chore))
        except AWAY:
            return
