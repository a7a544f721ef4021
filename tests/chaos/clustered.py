"""A cluster of three nodes, of which one is killed at a time, instead of the one Valkey.

A node has an append-only file and no replica: what it keeps is away until it is started again, the
other two thirds of the calls are not. There are no wires: a cluster tells its clients the nodes'
own addresses.
"""

import signal
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

from tests.store.cluster import Cluster, cluster


class KilledCluster:
    """Stands where a trial's Valkey does: `kill` kills a node, another one each time."""

    port = 0
    """Of no wire: the workers' wires lead nowhere, and nobody uses them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = AsyncExitStack()
        self._nodes: Cluster | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._victim = -1

    @property
    def url(self) -> str:
        assert self._nodes is not None
        return self._nodes.url

    def url_at(self, port: int) -> str:
        return self.url

    async def start(self) -> None:
        """Start it, or the node that was killed, until all of its slots are served."""
        if self._nodes is None:
            self._directory.mkdir(parents=True)
            made = cluster(self._directory, options=("--appendonly", "yes"))
            self._nodes = await self._running.enter_async_context(made)
            self._processes = list(self._nodes.processes)
            return
        command = self._processes[self._victim].args
        again = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
        self._processes[self._victim] = again
        self._running.callback(_end, again)
        await self._nodes.is_served(self._victim)

    def kill(self) -> None:
        """SIGKILL of the next node, and wait until it is dead."""
        self._victim = (self._victim + 1) % len(self._processes)
        _end(self._processes[self._victim])

    async def stop(self) -> None:
        await self._running.aclose()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
