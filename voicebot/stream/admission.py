"""Who may come in: the connections that wait, and the places for calls, of one worker.

A connection waits from its opening until its `start` is accepted; only then does it take a place.
So whoever opens sockets and says nothing takes no place from a call. Nothing here awaits between
the look and the taking, so no place is given twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST_WAITING: Final = 256
"""A provider waits some milliseconds. Each connection costs a file, of which a process often has
1,024."""


class WaitingRoom:
    """The connections without a call, oldest first; at most `most` of them."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._addresses: dict[asyncio.Transport, str] = {}

    def enter(self, transport: asyncio.Transport, address: str) -> None:
        """Wait here. Where it is full, one is dropped: the oldest of the address that has most.

        A provider's `start` follows its opening at once, so it is not the oldest.
        """
        if len(self._addresses) >= self._most:
            ((crowd, _),) = Counter(self._addresses.values()).most_common(1)
            oldest = next(t for t, address in self._addresses.items() if address == crowd)
            self.leave(oldest)
            oldest.abort()
        self._addresses[transport] = address

    def leave(self, transport: asyncio.Transport) -> None:
        """Its call begins, or it is gone."""
        self._addresses.pop(transport, None)


class Admission:
    """The places for calls; `max_calls` of them."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._closed = False
        self._taken = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def taken(self) -> int:
        """How many are in."""
        return self._taken

    @property
    def has_room(self) -> bool:
        """Is there a place for one more call?"""
        return not self._closed and self._taken < self._max_calls

    @property
    def is_closed(self) -> bool:
        """Is nobody let in any more?"""
        return self._closed

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place, which must have been found to be there, for the time of the block."""
        self._taken += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._taken -= 1
            if not self._taken:
                self._empty.set()

    def close(self) -> None:
        """Let nobody in any more; who is in may stay."""
        self._closed = True

    async def empty(self) -> None:
        """Wait until nobody is in."""
        await self._empty.wait()
