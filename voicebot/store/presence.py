"""Who is on the phone: a mark in Redis that a stream keeps alive for as long as it holds a call.

The mark dies by itself, so a server that was killed does not keep its calls from being answered
elsewhere for longer than LIFE_S. It informs (HTTP refuses to talk into a phone call); what keeps
two sessions apart is the epoch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.client import AWAY
from voicebot.store.keys import live_key

LIFE_S = 15
BEAT_S = 5.0


class Presence:
    """The marks of one store. Redis being away only means that nobody is told."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @asynccontextmanager
    async def hold(self, call_sid: CallSid) -> AsyncIterator[None]:
        """The call is on the phone until the block is left."""
        holder, over = uuid4().hex, asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat(call_sid, holder, over))
            try:
                yield
            finally:
                over.set()
        await self._leave(call_sid, holder)

    async def is_live(self, call_sid: CallSid) -> bool:
        """Does a phone stream hold this call? False when Redis is away."""
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
        """Take only our own mark down; a newer stream's stays."""
        with suppress(*AWAY):
            if await self._client.get(live_key(call_sid)) == holder:
                await self._client.delete(live_key(call_sid))
