"""What is said on a line, for staff who listen in: from the call's worker to a console.

    console ──wish (a key of some seconds), notice──► worker ──► session
       ▲                                                            │
       └───────────── the call's channel ◄── both voices, mixed ────┘

A wish expires by itself, so a console that died listens to nobody. Nothing of the audio is kept:
it is published, and who is not subscribed has missed it. Works on a cluster, whose nodes pass on
what is published.
"""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.client import ask_each
from voicebot.store.events import subscribed
from voicebot.store.layout import COMMANDS_CHANNEL

WISH_S = 15
"""A wish to listen is good for so long; whoever goes on listening renews it."""


class LineAudio:
    """The audio of live calls on its way to staff. Every method raises client.AWAY."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def ask(self, call_sid: CallSid) -> None:
        """Have the call's worker publish what is said, for WISH_S from now."""
        await self._client.set(_wish(call_sid), "1", ex=WISH_S)
        await self._client.publish(COMMANDS_CHANNEL, call_sid)

    async def wanted(self, call_sids: Sequence[CallSid]) -> list[CallSid]:
        """Return those calls to which somebody listens."""
        asked = await ask_each(self._client, [("EXISTS", _wish(c)) for c in call_sids])
        return [call_sid for call_sid, found in zip(call_sids, asked, strict=True) if found]

    async def publish(self, call_sid: CallSid, mulaw: bytes) -> None:
        """Send a piece of both voices (mu-law, 8 kHz) to those who listen."""
        await self._client.publish(_channel(call_sid), b64encode(mulaw).decode())

    @asynccontextmanager
    async def heard(
        self, call_sid: CallSid
    ) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """Subscribe; yield a function that waits so many seconds for the next piece, else None."""
        async with subscribed(self._client, _channel(call_sid)) as next_text:

            async def next_piece(patience_s: float) -> bytes | None:
                text = await next_text(patience_s)
                return None if text is None else b64decode(text)

            yield next_piece


def _wish(call_sid: CallSid) -> str:
    return f"listen:{{{call_sid}}}"


def _channel(call_sid: CallSid) -> str:
    return f"voicebot:audio:{call_sid}"
