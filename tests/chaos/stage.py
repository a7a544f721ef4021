"""The processes that a trial breaks: one Valkey, two stream workers on one data dir, all real.

Each worker has a wire (proxy) of its own to Valkey; whoever dies is started again, as the
supervisor would do.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis

from tests.chaos.clustered import KilledCluster
from tests.chaos.letters import manifest
from tests.chaos.phone import EVERYTHING_SAID
from tests.chaos.proxy import HOST, Proxy
from tests.chaos.trace import Trace
from tests.chaos.worker import ORDERS, TRACE_FD
from tests.ports import free_port
from tests.serving import environment
from tests.store.server import ValkeyProcess
from voicebot.store import open_client

READY_S = 180.0
_LOG_LINES = 200


Server = ValkeyProcess | KilledCluster
"""The Redis of a trial."""


class Worker:
    """One stream worker and its successors, at one port."""

    def __init__(self, name: str, data_dir: Path, valkey: Server, settings: dict[str, str]) -> None:
        self.name = name
        self.port = free_port()
        self.wire = Proxy(valkey.port)
        self.up = asyncio.Event()
        self.lives = 0
        self.exit_codes: list[int] = []
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.trace: Trace | None = None
        self._valkey = valkey
        self._data_dir = data_dir
        self._settings = settings
        self._process: Process | None = None
        self._orders: dict[str, object] = {"serial": 0, "die": None, "commits": 0, "clock_s": 0.0}

    async def live(self) -> None:
        """Live one life after the other, until cancelled."""
        try:
            while True:
                await self._one_life()
        finally:
            self.kill()
            if self._process is not None:
                await self._process.wait()

    def kill(self) -> None:
        """SIGKILL."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the process is there."""
        self.up.clear()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def die_at(self, point: str, commits: int) -> None:
        """Have it kill itself there, before or after so many more commits."""
        serial = int(str(self._orders["serial"])) + 1
        self._order(serial=serial, die=point, commits=commits)

    def spare(self) -> None:
        """Forget `die_at`."""
        self._order(die=None)

    def jump(self, seconds: float) -> None:
        """Set its clock wrong by so much from now on."""
        self._order(clock_s=seconds)

    def limit_files(self, size_bytes: int) -> None:
        """Let no file grow over this size, as if the disk were full; -1 is no limit."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                _, most = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
                wanted = most if size_bytes < 0 else size_bytes
                resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (wanted, most))

    def _order(self, **changes: object) -> None:
        self._orders |= changes
        fresh = self._orders_file.with_suffix(".new")
        fresh.write_text(json.dumps(self._orders))
        fresh.replace(self._orders_file)

    @property
    def _orders_file(self) -> Path:
        return self._data_dir / f"orders-{self.name}.json"

    async def _one_life(self) -> None:
        self.lives += 1
        name = f"{self.name}{self.lives}"
        reads, writes = os.pipe()
        env = environment(self._data_dir, 1) | self._settings
        env |= {
            "VOICEBOT_REDIS_URL": self._valkey.url_at(self.wire.port),
            "VOICEBOT_STREAM_HOST": HOST,
            "VOICEBOT_STREAM_PORT": str(self.port),
            TRACE_FD: str(writes),
            ORDERS: str(self._orders_file),
        }
        (self._data_dir / "clips.json").write_text(manifest(EVERYTHING_SAID))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.worker",
            stdin=PIPE, stdout=PIPE, stderr=PIPE, pass_fds=(writes,), env=env,
        )  # fmt: skip
        os.close(writes)
        assert self._process.stderr is not None
        assert self._process.stdout is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_trace(reads, name))
            group.create_task(self._follow_log(self._process.stderr))
            group.create_task(self._follow_stdout(self._process.stdout))
            await self._process.wait()
        self.up.clear()
        self.exit_codes.append(await self._process.wait())
        if self.trace is not None:
            self.trace.died(name, asyncio.get_running_loop().time())

    async def _follow_trace(self, fd: int, name: str) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 20)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb")
        )
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                if self.trace is not None:
                    self.trace.read(line, name, loop.time())
        finally:
            transport.close()

    async def _follow_log(self, log: asyncio.StreamReader) -> None:
        async for line in log:
            self.log.append(f"{self.name}{self.lives} {line.decode().rstrip()}")

    async def _follow_stdout(self, stdout: asyncio.StreamReader) -> None:
        async for line in stdout:
            if line.startswith(b"ready"):
                self.up.set()


class Stage:
    """Everything that a trial needs, up and running. Used for one trial after the other."""

    def __init__(
        self, directory: Path, settings: dict[str, str], *, clustered: bool = False
    ) -> None:
        self.data_dir = directory / "data"
        self.valkey_dir = directory / "valkey"
        self.valkey: Server = (
            KilledCluster(self.valkey_dir)
            if clustered
            else ValkeyProcess(free_port(), self.valkey_dir)
        )
        self.workers = [Worker(name, self.data_dir, self.valkey, settings) for name in ("A", "B")]
        self._turn = 0

    @property
    def wires(self) -> list[Proxy]:
        """Between each worker and Valkey."""
        return [worker.wire for worker in self.workers]

    def watch(self, trace: Trace) -> None:
        """Read the workers' traces into this one from now on."""
        for worker in self.workers:
            worker.trace = trace

    def next_worker(self) -> Worker:
        """Return the next worker in turn that is up, if one is, as a load balancer does."""
        self._turn += 1
        in_turn = [self.workers[(self._turn + n) % len(self.workers)] for n in (0, 1)]
        return next((w for w in in_turn if w.up.is_set()), in_turn[0])

    def redis(self) -> AbstractAsyncContextManager[Redis]:
        """Give a plain client of our own, straight to Valkey or the cluster."""
        if isinstance(self.valkey, KilledCluster):
            return open_client(self.valkey.url)
        client: Redis = Redis.from_url(self.valkey.url, decode_responses=True)
        return client

    def append_only_file(self) -> Path:
        """Return Valkey's append-only file."""
        (file,) = (self.valkey_dir / "valkey" / "appendonlydir").glob("*.incr.aof")
        return file

    @property
    def log(self) -> str:
        """The workers' last log lines."""
        return "\n".join(line for worker in self.workers for line in worker.log)


@asynccontextmanager
async def stage(
    directory: Path, *, clustered: bool = False, **settings: str
) -> AsyncIterator[Stage]:
    """Yield a stage whose processes are all gone at the end."""
    chosen = {
        "VOICEBOT_LOG_LEVEL": "warning",
        "VOICEBOT_COMMIT_DEADLINE_MS": "40",  # as in service
        "VOICEBOT_DRAIN_S": "1",
        "VOICEBOT_RESUME_WINDOW_H": "0",
    } | settings
    made = Stage(directory, chosen, clustered=clustered)
    made.data_dir.mkdir(parents=True)
    await made.valkey.start()
    try:
        for wire in made.wires:
            await wire.listen()
        async with asyncio.TaskGroup() as lives:
            living = [lives.create_task(worker.live()) for worker in made.workers]
            try:
                async with asyncio.timeout(READY_S):
                    for worker in made.workers:
                        await worker.up.wait()
                yield made
            finally:
                for life in living:
                    life.cancel()
        for wire in made.wires:
            await wire.close()
    finally:
        await made.valkey.stop()
