"""The provider's connection, as narrow as a session needs it, and never waited for in vain."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

CLOSE_TIMEOUT_S: Final = 3.0
"""For the whole of closing. The library bounds only its handshake: to a peer that takes nothing
even the close frame cannot be written."""


INTERNAL_ERROR: Final = 1011
BROKEN_PAUSE_S: Final = 1.0
"""The provider brings a broken call back at once; if it breaks again, then not in a hot loop."""


class Socket(Protocol):
    """What a session needs; `recv` and `send` raise websockets' ConnectionClosed."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str) -> None: ...

    async def close(self, code: int, reason: str = "") -> None: ...


class ProviderSocket:
    """A Socket over the library's connection."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def recv(self) -> str | bytes:
        """The next frame."""
        return await self._connection.recv()

    async def send(self, message: str) -> None:
        """A text frame; waits while the peer takes nothing."""
        await self._connection.send(message)

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye, for a bounded time; then it is closed in any case. A failure of ours is
        told a little later: see BROKEN_PAUSE_S."""
        if code == INTERNAL_ERROR:
            await asyncio.sleep(BROKEN_PAUSE_S)
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close(code, reason)
        except ConnectionClosed:
            pass
        except TimeoutError:
            self._connection.transport.abort()
