"""The one writer of a call's socket: keeps the order, bounds every send, can be emptied."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import ConnectionClosed

from voicebot.errors import CallEnded
from voicebot.stream.sockets import Socket

SEND_TIMEOUT_S: Final = 5.0
"""A peer that takes nothing for so long is dead, whatever TCP believes."""
MAX_WAITING: Final = 512
"""Frames of up to 200 ms: far more than any utterance, far less than a runaway voice."""


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    when_sent: Callable[[], None] | None = None


class Outbox:
    """Frames on their way out."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[_Frame] = asyncio.Queue(MAX_WAITING)
        self._closed = False

    async def put(self, text: str, when_sent: Callable[[], None] | None = None) -> None:
        """Queue a frame; waits when very many are waiting. Raises CallEnded without a socket."""
        if self._closed:
            raise CallEnded("the caller's socket takes nothing any more")
        await self._frames.put(_Frame(text, when_sent))

    def replace_all(self, text: str) -> None:
        """Throw away what was not sent yet; send this instead."""
        self._empty()
        self._frames.put_nowait(_Frame(text))

    async def run(self) -> None:
        """Send until cancelled; returns when the socket is gone or takes nothing any more."""
        try:
            while True:
                frame = await self._frames.get()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send(frame.text)
                if frame.when_sent is not None:
                    frame.when_sent()
        except (ConnectionClosed, TimeoutError):
            return
        finally:
            self._closed = True
            self._empty()  # who waits for a place in the queue must not wait for ever

    def _empty(self) -> None:
        while not self._frames.empty():
            self._frames.get_nowait()
