"""Refusals of a real Valkey as context managers; afterwards everything is allowed again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.ports import free_port

Denial = Callable[[Redis], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def no_memory(client: Redis) -> AsyncIterator[None]:
    """OOM."""
    await client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        await client.config_set("maxmemory", 0)


@asynccontextmanager
async def read_only(client: Redis) -> AsyncIterator[None]:
    """READONLY: it has been made a replica, of a master that does not answer."""
    await client.execute_command("REPLICAOF", "127.0.0.1", free_port())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await client.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]


@asynccontextmanager
async def master_down(client: Redis) -> AsyncIterator[None]:
    """MASTERDOWN: such a replica that does not even read."""
    await client.config_set("replica-serve-stale-data", "no")
    try:
        async with read_only(client):
            yield
    finally:
        await client.config_set("replica-serve-stale-data", "yes")


@asynccontextmanager
async def no_rights(client: Redis) -> AsyncIterator[None]:
    """NOPERM, which inside a script is a plain ERR."""
    await client.execute_command("ACL", "SETUSER", "default", "-hset")  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await client.execute_command("ACL", "SETUSER", "default", "+hset")  # type: ignore[no-untyped-call]


@asynccontextmanager
async def no_calendar(client: Redis) -> AsyncIterator[None]:
    """NOPERM for whatever writes the slots of a day."""
    keys = ("resetkeys", "~[^s]*", "%R~slots:*")
    await client.execute_command("ACL", "SETUSER", "default", *keys)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*")  # type: ignore[no-untyped-call]


@asynccontextmanager
async def no_replicas(client: Redis) -> AsyncIterator[None]:
    """NOREPLICAS."""
    await client.config_set("min-replicas-to-write", 1)
    try:
        yield
    finally:
        await client.config_set("min-replicas-to-write", 0)


@asynccontextmanager
async def busy(client: Redis) -> AsyncIterator[None]:
    """BUSY: another program's script does not end."""
    await client.config_set("busy-reply-threshold", 1)
    async with asyncio.TaskGroup() as group:
        group.create_task(_endless(client))
        while not await _is_busy(client):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.005)
        try:
            yield
        finally:
            await client.script_kill()
    await client.config_set("busy-reply-threshold", 5000)  # as by default


READABLE: tuple[Denial, ...] = (no_memory, read_only, no_rights, no_replicas)
"""Nothing can be written, all can be read."""

ALL: tuple[Denial, ...] = (*READABLE, master_down, busy)


async def _endless(client: Redis) -> None:
    try:
        await client.eval("while true do end", 0)
    except (ResponseError, RedisTimeoutError):  # killed, or longer than a client waits
        return


async def _is_busy(client: Redis) -> bool:
    try:
        await client.ping()
    except ResponseError:
        return True
    return False
