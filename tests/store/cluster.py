"""Real Valkey processes on loopback: a cluster of three masters, a master under a Sentinel."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from voicebot.store.client import connect
from voicebot.store.embedded import binary

from .conftest import free_port

SLOTS = 16384
MASTERS = 3
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


@dataclass(frozen=True, slots=True)
class Cluster:
    """Three masters that share the slots, and their replicas in the same order, if any."""

    processes: tuple[subprocess.Popen[bytes], ...]
    ports: tuple[int, ...]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    async def master_of(self, key: str) -> int:
        """Which of the masters has this key."""
        async with _client(self.ports[0]) as node:
            slot = int(await node.execute_command("CLUSTER", "KEYSLOT", key))
        return next(n for n in range(MASTERS) if slot < (n + 1) * SLOTS // MASTERS)

    async def swap(self, master: int) -> None:
        """An orderly failover: the replica takes over, the master becomes its replica."""
        async with _client(self.ports[MASTERS + master]) as node:
            await node.execute_command("CLUSTER", "FAILOVER")
            await _until_it_says(node, ("INFO", "replication"), "'role': 'master'")

    def kill(self, master: int) -> None:
        """SIGKILL; the replica is elected when the others have noticed."""
        self.processes[master].kill()


@asynccontextmanager
async def cluster(directory: Path, *, replicas: bool = False) -> AsyncIterator[Cluster]:
    """A cluster that is ready."""
    ports = tuple(free_port() for _ in range(2 * MASTERS if replicas else MASTERS))
    buses = [free_port() for _ in ports]  # the default, port + 10000, may be beyond the last
    with ExitStack() as servers:
        processes = tuple(
            servers.enter_context(server(directory / str(port), port, *_options(bus)))
            for port, bus in zip(ports, buses, strict=True)
        )
        for n, port in enumerate(ports):
            async with _client(port) as node:
                await _until_it_answers(node)
                if n < MASTERS:
                    first, last = n * SLOTS // MASTERS, (n + 1) * SLOTS // MASTERS - 1
                    await node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        async with _client(ports[0]) as node:
            for port, bus in zip(ports[1:], buses[1:], strict=True):
                await node.execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        for port in ports:
            async with _client(port) as node:
                known = f"cluster_known_nodes:{len(ports)}"
                await _until_it_says(node, ("CLUSTER", "INFO"), known)
        for n, port in enumerate(ports[MASTERS:]):
            await _replicate(port, ports[n])
        for port in ports:
            async with _client(port) as node:
                await _until_it_says(node, ("CLUSTER", "INFO"), "cluster_state:ok")
        yield Cluster(processes, ports)


async def _replicate(replica: int, master: int) -> None:
    async with _client(master) as node:
        name = await node.execute_command("CLUSTER", "MYID")
    async with _client(replica) as node:
        await node.execute_command("CLUSTER", "REPLICATE", name)
        await _until_it_says(node, ("INFO", "replication"), "'master_link_status': 'up'")


def _options(bus: int) -> tuple[str, ...]:
    timeout = ("--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0")
    return ("--cluster-enabled", "yes", "--save", "", "--cluster-port", str(bus), *timeout)


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
