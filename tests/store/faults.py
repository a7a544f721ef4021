"""A Redis client that fails on demand: each fault is a block that reads like a sentence."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError


class FaultyRedis:
    """Passes everything on, except what a fault stops: scripts, probes and plain reads."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._error: RedisError | None = None
        self._reply_lost = False
        self._open = asyncio.Event()
        self._open.set()
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        run = getattr(self._client, name)
        return partial(self._faulty, run) if name in ("hget", "get", "zadd") else run

    @contextmanager
    def away(self, error: RedisError | None = None) -> Iterator[None]:
        """Every script is refused."""
        self._error = error or RedisConnectionError("refused")
        try:
            yield
        finally:
            self._error = None

    @contextmanager
    def replies_lost(self) -> Iterator[None]:
        """Scripts are applied, but their replies are lost."""
        self._reply_lost = True
        try:
            yield
        finally:
            self._reply_lost = False

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Scripts neither succeed nor fail until the block ends."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def ping(self) -> bool:
        """A probe meets the same fault."""
        await self._open.wait()
        if self._error:
            raise self._error
        return True

    async def execute_command(self, *command: object, **options: object) -> object:
        run = cast(Callable[..., Awaitable[object]], self._client.execute_command)
        if command[0] in ("EVAL", "EVALSHA"):
            return await self._faulty(run, *command)
        return await run(*command, **options)

    async def _faulty(self, run: Callable[..., Awaitable[object]], *arguments: object) -> object:
        self.asked += 1
        await self._open.wait()
        if self._error:
            raise self._error
        reply = await run(*arguments)
        if self._reply_lost:
            raise RedisConnectionError("connection reset")
        return reply


def no_room(*_: object) -> None:
    """A full disk."""
    raise OSError(errno.ENOSPC, "no space left")
