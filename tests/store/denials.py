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
async def _told(client: Redis, denying: str, allowing: str) -> AsyncIterator[None]:
    """The server is given the first command, and at the end the second."""
    await client.execute_command(*denying.split())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await client.execute_command(*allowing.split())  # type: ignore[no-untyped-call]


def no_memory(client: Redis) -> AbstractAsyncContextManager[None]:
    """OOM."""
    return _told(client, "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")


def read_only(client: Redis) -> AbstractAsyncContextManager[None]:
    """READONLY: it has been made a replica, of a master that does not answer."""
    return _told(client, f"REPLICAOF 127.0.0.1 {free_port()}", "REPLICAOF NO ONE")


@asynccontextmanager
async def master_down(client: Redis) -> AsyncIterator[None]:
    """MASTERDOWN: such a replica that does not even read."""
    stale = "CONFIG SET replica-serve-stale-data"
    async with _told(client, f"{stale} no", f"{stale} yes"), read_only(client):
        yield


def no_rights(client: Redis) -> AbstractAsyncContextManager[None]:
    """NOPERM, which inside a script is a plain ERR."""
    return _told(client, "ACL SETUSER default -hset", "ACL SETUSER default +hset")


def no_calendar(client: Redis) -> AbstractAsyncContextManager[None]:
    """NOPERM for whatever writes the slots of a day."""
    user = "ACL SETUSER default resetkeys"
    return _told(client, f"{user} ~[^s]* %R~slots:*", f"{user} ~*")


def no_replicas(client: Redis) -> AbstractAsyncContextManager[None]:
    """NOREPLICAS."""
    wanted = "CONFIG SET min-replicas-to-write"
    return _told(client, f"{wanted} 1", f"{wanted} 0")


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
