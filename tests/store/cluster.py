"""Real Valkey processes on loopback: a cluster of three masters, a master under a Sentinel."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tests.ports import free_port
from voicebot.store.embedded import binary

SLOTS = 16384
MASTERS = 3
PARTIAL = ("--cluster-require-full-coverage", "no")
"""Options of a cluster that serves the slots of those nodes that are there."""
_TRIES = 3
PATIENCE_S = 60
_QUICK_MS = 1000
"""After so long without an answer a node counts as failed, and its replica takes over."""
_PATIENT_MS = 15_000
"""For clusters without replicas: a slow machine is no failure."""


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
class Node:
    """One process, by its port and by the name that the cluster gave it."""

    port: int
    name: str


@dataclass(frozen=True, slots=True)
class Shard:
    """A slot, its master and its replicas."""

    slot: int
    master: Node
    replicas: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Three masters that share the slots, and their replicas in the same order, if any."""

    processes: tuple[subprocess.Popen[bytes], ...]
    ports: tuple[int, ...]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    async def is_served(self, number: int) -> None:
        """Until the node of this number is there again, and serves its slots."""
        async with _client(self.ports[number]) as node:
            await _until_it_answers(node)
            await _until_it_says(node, ("CLUSTER", "INFO"), "cluster_state:ok")

    async def shard_of(self, key: str) -> Shard:
        """Return the shard of this key, as its own master knows it."""
        async with _client(self.ports[0]) as node:
            slot = int(await _ask(node, "CLUSTER", "KEYSLOT", key))
            for first, last, master, *replicas in await _ask(node, "CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return Shard(slot, _node(master), tuple(_node(r) for r in replicas))
        raise AssertionError("nobody has this slot")

    async def others(self, shard: Shard) -> Shard:
        """Any shard but this one."""
        async with _client(self.ports[0]) as node:
            for first, _, master, *replicas in await _ask(node, "CLUSTER", "SLOTS"):
                if _node(master) != shard.master:
                    return Shard(first, _node(master), tuple(_node(r) for r in replicas))
        raise AssertionError("there is one shard only")

    @asynccontextmanager
    async def moving(self, key: str) -> AsyncIterator[None]:
        """The slot of this key goes to another master, key by key, as a resharding does it.

        In the block all but one of its keys have moved: the worst moment.
        """
        here = await self.shard_of(key)
        there = await self.others(here)
        slot = ("CLUSTER", "SETSLOT", here.slot)
        async with _client(here.master.port) as source, _client(there.master.port) as target:
            await _ask(target, *slot, "IMPORTING", here.master.name)
            await _ask(source, *slot, "MIGRATING", there.master.name)
            keys = await _keys_in(source, here.slot)
            for name in keys[1:]:
                await _migrate(source, there.master.port, name)
            yield
            while keys := await _keys_in(source, here.slot):
                for name in keys:
                    await _migrate(source, there.master.port, name)
            for node in (target, source):
                await _ask(node, *slot, "NODE", there.master.name)

    async def swap(self, shard: Shard) -> None:
        """An orderly failover: the replica takes over, the master becomes its replica."""
        async with _client(shard.replicas[0].port) as node:
            await _ask(node, "CLUSTER", "FAILOVER")
            await _until_it_says(node, ("INFO", "replication"), "'role': 'master'")
        async with _client(shard.master.port) as node:
            await _until_it_says(node, ("INFO", "replication"), "'master_link_status': 'up'")

    async def elected(self, replica: Node) -> None:
        """Until the others have made this replica the master."""
        async with _client(replica.port) as node:
            await _until_it_says(node, ("INFO", "replication"), "'role': 'master'")
            await _until_it_says(node, ("CLUSTER", "INFO"), "cluster_state:ok")

    async def read(self, at: Node, key: str) -> list[str]:
        """A list as one node has it."""
        async with _client(at.port) as node:
            return list(await _ask(node, "LRANGE", key, 0, -1))

    def signal(self, node: Node, number: signal.Signals) -> None:
        """To the process of a node."""
        self.processes[self.ports.index(node.port)].send_signal(number)

    @contextmanager
    def frozen(self, node: Node) -> Iterator[None]:
        """Alive, and silent; what was sent to it arrives afterwards."""
        self.signal(node, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(node, signal.SIGCONT)

    async def cut_off(self, master: Node) -> None:
        """The master lets go of its replicas; a frozen one does not come back."""
        async with _client(master.port) as node:
            await _ask(node, "CLIENT", "KILL", "TYPE", "replica")


@asynccontextmanager
async def cluster(
    directory: Path, *, replicas: bool = False, options: tuple[str, ...] = ()
) -> AsyncIterator[Cluster]:
    """A cluster that is ready; `options` are more of each node's."""
    timeout_ms = _QUICK_MS if replicas else _PATIENT_MS
    with ExitStack() as servers:
        started = [
            await _started(servers, directory, timeout_ms, options)
            for _ in range(2 * MASTERS if replicas else MASTERS)
        ]
        processes, ports, buses = zip(*started, strict=True)
        for n, port in enumerate(ports[:MASTERS]):
            first, last = n * SLOTS // MASTERS, (n + 1) * SLOTS // MASTERS - 1
            async with _client(port) as node:
                await _ask(node, "CLUSTER", "ADDSLOTSRANGE", first, last)
        await _introduce(ports, buses)
        for n, port in enumerate(ports[MASTERS:]):
            await _replicate(port, ports[n])
        for port in ports:
            async with _client(port) as node:
                await _until_it_says(node, ("CLUSTER", "INFO"), "cluster_state:ok")
        yield Cluster(processes, ports)


async def _started(
    servers: ExitStack, directory: Path, timeout_ms: int, options: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], int, int]:
    """A node that answers, its port and that of its bus.

    Another program may take a port between its choice and its use: then the node ends at once.
    """
    for _ in range(_TRIES):
        # The default bus, port + 10000, may be beyond the last port.
        port, bus = free_port(), free_port()
        own = directory / str(port)
        process = servers.enter_context(server(own, port, *_options(bus, timeout_ms), *options))
        async with _client(port) as node, asyncio.timeout(PATIENCE_S):
            while process.poll() is None:
                with suppress(RedisError):
                    await node.ping()
                    return process, port, bus
                await asyncio.sleep(0.02)
    raise AssertionError((own / "log").read_text())


async def _introduce(ports: tuple[int, ...], buses: tuple[int, ...]) -> None:
    """Let the first node meet the others until each knows all.

    A handshake that takes longer than the nodes' time-out is dropped, on a busy machine too.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            known = [await _known_by(port) for port in ports]
            if all(met == set(ports) for met in known):
                return
            async with _client(ports[0]) as node:
                for port, bus in zip(ports[1:], buses[1:], strict=True):
                    if port not in known[0]:
                        await _ask(node, "CLUSTER", "MEET", "127.0.0.1", port, bus)
            await asyncio.sleep(0.2)


async def _known_by(port: int) -> set[int]:
    """The ports of the nodes that this one has met, itself included."""
    async with _client(port) as node:
        told = str(await _ask(node, "CLUSTER", "NODES"))
    met = (line.split()[1] for line in told.splitlines() if "handshake" not in line)
    return {int(at.partition("@")[0].rpartition(":")[2]) for at in met}


async def _replicate(replica: int, master: int) -> None:
    async with _client(master) as node:
        name = await _ask(node, "CLUSTER", "MYID")
    async with _client(replica) as node:
        await _ask(node, "CLUSTER", "REPLICATE", name)
        await _until_it_says(node, ("INFO", "replication"), "'master_link_status': 'up'")


def _options(bus: int, timeout_ms: int) -> tuple[str, ...]:
    timeout = ("--cluster-node-timeout", str(timeout_ms), "--repl-diskless-sync-delay", "0")
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


@asynccontextmanager
async def with_replica(directory: Path) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL of a master, and the process of its one replica."""
    master, replica = free_port(), free_port()
    promptly = ("--repl-diskless-sync-delay", "0", "--save", "")
    follows = ("--replicaof", f"127.0.0.1 {master}")
    with (
        server(directory / "master", master, *promptly),
        server(directory / "replica", replica, *promptly, *follows) as process,
    ):
        async with _client(replica) as node:
            await _until_it_answers(node)
            await _until_it_says(node, ("INFO", "replication"), "'master_link_status': 'up'")
        yield f"redis://127.0.0.1:{master}", process


def _node(said: list[object]) -> Node:
    return Node(int(str(said[1])), str(said[2]))


async def _keys_in(node: Redis, slot: int) -> list[str]:
    return list(await _ask(node, "CLUSTER", "GETKEYSINSLOT", slot, 100))


async def _migrate(source: Redis, port: int, key: str) -> None:
    await _ask(source, "MIGRATE", "127.0.0.1", port, key, 0, 5000)


def _client(port: int) -> Redis:
    """More patient than the product's own: it is the test's hand, and not what is tested."""
    return Redis(
        port=port, decode_responses=True, protocol=2, retry=Retry(NoBackoff(), 0),
        socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S,
    )  # fmt: skip


async def _ask(node: Redis, *command: object) -> Any:
    return await node.execute_command(*command)  # type: ignore[no-untyped-call]


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
            if words in str(await _ask(node, *command)):
                return
            await asyncio.sleep(0.02)
