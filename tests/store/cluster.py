"""Real Valkey processes on loopback: a cluster of three masters, a master under a Sentinel."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from voicebot.store.client import connect
from voicebot.store.embedded import binary

from .conftest import free_port

SLOTS = 16384
PATIENCE_S = 20


@contextmanager
def server(directory: Path, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """One process, until the end of the block."""
    directory.mkdir()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [binary(), *options, "--port", str(port), "--dir", str(directory)],
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def cluster(directory: Path) -> AsyncIterator[str]:
    """The URL of three masters that share the slots."""
    ports = [free_port() for _ in range(3)]
    buses = [free_port() for _ in range(3)]  # the default, port + 10000, may be beyond the last
    with ExitStack() as servers:
        for port, bus in zip(ports, buses, strict=True):
            options = ("--cluster-enabled", "yes", "--save", "", "--cluster-port", str(bus))
            servers.enter_context(server(directory / str(port), port, *options))
        for n, port in enumerate(ports):
            async with _client(port) as node:
                await _until_it_answers(node)
                first, last = n * SLOTS // 3, (n + 1) * SLOTS // 3 - 1
                await node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        async with _client(ports[0]) as node:
            for port, bus in zip(ports[1:], buses[1:], strict=True):
                await node.execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        for port in ports:
            async with _client(port) as node:
                await _until_it_says(node, ("CLUSTER", "INFO"), "cluster_state:ok")
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports[:2])


@asynccontextmanager
async def sentinel(directory: Path) -> AsyncIterator[str]:
    """The URL of a master that one Sentinel watches."""
    master, watcher = free_port(), free_port()
    config = directory / "sentinel.conf"
    config.write_text(f"sentinel monitor records 127.0.0.1 {master} 1\n")
    with (
        server(directory / "master", master, "--save", ""),
        server(directory / "watcher", watcher, str(config), "--sentinel"),
    ):
        for port in (master, watcher):
            async with _client(port) as node:
                await _until_it_answers(node)
        yield f"redis+sentinel://127.0.0.1:{watcher}/records"


def _client(port: int) -> Redis:
    return connect(f"redis://127.0.0.1:{port}")


async def _until_it_answers(node: Redis) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await node.ping()
                return
            except RedisError:
                await asyncio.sleep(0.02)


async def _until_it_says(node: Redis, command: tuple[str, ...], words: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if words in str(await node.execute_command(*command)):
                return
            await asyncio.sleep(0.02)
