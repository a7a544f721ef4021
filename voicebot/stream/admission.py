"""Admission to one worker: the connections without a call, and the places for calls.

A connection is pending from its opening until its `start` is accepted; only then does it take a
place, so a socket that says nothing takes none from a call. Nothing here awaits, so no place is
given twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MAX_PENDING: Final = 256
"""A provider's is pending for milliseconds. Each takes one of a process's (often 1,024) files."""


class PendingConnections:
    """The connections without a call, oldest first; at most `limit` of them."""

    def __init__(self, limit: int = MAX_PENDING) -> None:
        self._limit = limit
        self._addresses: dict[asyncio.Transport, str] = {}

    def add(self, transport: asyncio.Transport, address: str) -> None:
        """Add a new connection; at the limit drop the oldest of the address that has most.

        A provider's `start` follows its opening at once, so it is not the oldest.
        """
        if len(self._addresses) >= self._limit:
            ((crowd, _),) = Counter(self._addresses.values()).most_common(1)
            oldest = next(t for t, address in self._addresses.items() if address == crowd)
            self.remove(oldest)
            oldest.abort()
        self._addresses[transport] = address

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection: its call begins, or it is closed. Harmless when done twice."""
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
