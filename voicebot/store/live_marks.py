"""Marks of the calls that this process has on the phone, renewed for all of them together.

    call:{<callSid>}:live    the stream that holds the call, for LIFE_S

One task renews every mark each BEAT_S, in a round trip for a hundred of them; it lives while a call
is held. A server that was killed keeps its calls from being answered elsewhere for LIFE_S at most.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.client import AWAY
from voicebot.store.layout import call_keys

LIFE_S = 15
BEAT_S = 5.0
_AT_ONCE = 100


class LiveMarks:
    """The marks on one client. While Redis is away there are none."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._held: dict[str, CallSid] = {}  # by the stream that holds it
        self._new: set[str] = set()  # those without a mark yet
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold(self, call_sid: CallSid) -> AsyncIterator[None]:
        """Keep the call marked until the block is left; nothing waits for Redis before that."""
        holder = uuid4().hex
        self._held[holder] = call_sid
        self._new.add(holder)
        self._wake.set()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            del self._held[holder]
            self._new.discard(holder)
            self._wake.set()
            await self._remove(call_sid, holder)
            if not self._held and (beating := self._beating) is not None:
                await asyncio.wait({beating})

    async def _remove(self, call_sid: CallSid, holder: str) -> None:
        """Remove our own mark, which no renewal brings back; a newer stream's stays."""
        async with self._writing:
            with suppress(*AWAY):
                if await self._client.get(live_key(call_sid)) == holder:
                    await self._client.delete(live_key(call_sid))

    async def _beat(self) -> None:
        """Mark what is new at once, and all each BEAT_S, until nothing is held any more."""
        now = asyncio.get_running_loop().time
        next_beat_at = now() + BEAT_S
        while self._held:
            self._wake.clear()
            async with self._writing:
                await self._write([holder for holder in self._new if holder in self._held])
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_beat_at):
                    await self._wake.wait()
            if now() >= next_beat_at:  # also where calls come and go all the time
                next_beat_at = now() + BEAT_S
                self._new |= set(self._held)

    async def _write(self, holders: list[str]) -> None:
        marks = [(live_key(self._held[holder]), holder) for holder in holders]
        self._new -= set(holders)
        for at in range(0, len(marks), _AT_ONCE):
            part = marks[at : at + _AT_ONCE]
            try:
                async with self._client.pipeline(transaction=False) as pipe:
                    for key, holder in part:
                        pipe.set(key, holder, ex=LIFE_S)
                    await pipe.execute(raise_on_error=False)
            except AWAY:  # of a cluster's node, perhaps: the others' marks are written
                await asyncio.gather(*(self._set(key, holder) for key, holder in part))

    async def _set(self, key: str, holder: str) -> None:
        with suppress(*AWAY):
            await self._client.set(key, holder, ex=LIFE_S)


def live_key(call_sid: CallSid) -> str:
    """Return the key of a call's mark, in its slot."""
    return f"{call_keys(call_sid).call}:live"
