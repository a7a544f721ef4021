"""A bounded queue that is fair to its owners: each in turn, oldest job first.

One stream process with forty calls must not keep another's single call waiting.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
J = TypeVar("J")


class QueueFull(Exception):
    """More jobs wait than can be served in useful time."""


class FairQueue(Generic[K, J]):
    """Jobs by owner and number. All methods belong to one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[K, OrderedDict[int, J]] = OrderedDict()
        self._count = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return self._count

    def put(self, owner: K, number: int, job: J) -> None:
        """Raises QueueFull at once: a caller who would wait in vain should hear so now."""
        if self._count >= self._limit:
            raise QueueFull
        self._waiting.setdefault(owner, OrderedDict())[number] = job
        self._count += 1
        self._filled.set()

    async def get(self) -> J:
        """The oldest job of the owner whose turn it is; waits for one."""
        while not self._count:
            self._filled.clear()
            await self._filled.wait()
        owner, jobs = self._waiting.popitem(last=False)
        _, job = jobs.popitem(last=False)
        if jobs:
            self._waiting[owner] = jobs  # to the end of the line
        self._count -= 1
        return job

    def discard(self, owner: K, number: int) -> None:
        """Forget a job, if it still waits."""
        jobs = self._waiting.get(owner, OrderedDict())
        if number in jobs:
            del jobs[number]
            self._count -= 1
            if not jobs:
                del self._waiting[owner]

    def discard_all(self, owner: K) -> None:
        """Forget an owner who has gone."""
        self._count -= len(self._waiting.pop(owner, ()))
