"""Who may come in: the places of one worker. Nothing here awaits, so no place is given twice.

A socket takes its place when it opens, and the call in it is known only with its `start`. Of the
places for calls not yet known, one address gets half: a stranger who opens sockets and says
nothing cannot shut out everybody else. Calls that began are not counted by address, because all
of a proxy's or a tunnel's have the same.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Place:
    """One socket's place, from its opening to its end."""

    def __init__(self, waiting: Counter[str], address: str) -> None:
        self._waiting = waiting
        self._address: str | None = address
        waiting[address] += 1

    def call_is_known(self) -> None:
        """Its `start` was accepted; from now on it is not counted by address."""
        if self._address is None:
            return
        self._waiting[self._address] -= 1
        if not self._waiting[self._address]:
            del self._waiting[self._address]
        self._address = None


class Admission:
    """The places of one worker; `max_calls` of them."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._max_waiting_per_address = max(1, max_calls // 2)
        self._waiting: Counter[str] = Counter()
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

    def admits(self, address: str) -> bool:
        """Is there a place for one more socket from there?"""
        return self.has_room and self._waiting[address] < self._max_waiting_per_address

    @contextmanager
    def place(self, address: str) -> Iterator[Place]:
        """Take a place, which must have been found to be there, for the time of the block."""
        self._taken += 1
        self._empty.clear()
        place = Place(self._waiting, address)
        try:
            yield place
        finally:
            place.call_is_known()
            self._taken -= 1
            if not self._taken:
                self._empty.set()

    def close(self) -> None:
        """Let nobody in any more; who is in may stay."""
        self._closed = True

    async def empty(self) -> None:
        """Wait until nobody is in."""
        await self._empty.wait()
