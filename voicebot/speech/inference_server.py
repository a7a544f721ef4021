"""The inference server of a speech process: many clients, a fair queue, a few worker threads.

    connection ── Hear, Speak ──► queue ──► worker thread ──► replies, on that connection
               ── Cancel ───────► out of the queue, or the running job's replies are dropped

Models block, so they run in threads (the engines release the GIL). A job is a generator of replies
and may be cancelled between two of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket as Socket
from typing import Final, Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from voicebot.log import get_logger
from voicebot.runtime.process import Lifetime
from voicebot.speech.models import SpeechProcess
from voicebot.speech.wire import (
    MAX_MESSAGE_BYTES,
    Cancel,
    Failed,
    Job,
    Reason,
    Reply,
    WireError,
    listening_socket,
    pack,
    unpack_request,
)

Work = Callable[[Job, bytes], Iterator[tuple[Reply, bytes]]]
"""Runs one job in a thread: yields replies with their audio; the last one ends the job."""

_WAITING_PER_WORKER: Final = 16
"""About six seconds of decoding on one worker; clients give up after eight."""
_SEND_DEADLINE_S: Final = 2.0
_INVALID: Final = 1007

_log = get_logger("voicebot.speech.inference_server")


@dataclass(eq=False, slots=True)
class _Task:
    """A queued or running job; `wanted` is false once its client cancelled it or is gone."""

    client: ServerConnection
    job: Job
    audio: bytes
    wanted: bool = field(default=True)
    taken_in_at: float = field(default_factory=time.perf_counter)


class InferenceServer:
    """Runs the jobs of all clients on `workers` threads. One per process."""

    def __init__(
        self, process: SpeechProcess, work: Work, *, workers: int, waiting: int | None = None
    ) -> None:
        self._work = work
        self._workers = workers
        limit = workers * _WAITING_PER_WORKER if waiting is None else waiting
        self._queue: FairQueue[ServerConnection, _Task] = FairQueue(limit)
        self._open: dict[tuple[ServerConnection, int], _Task] = {}
        self._waiting = jobs_waiting.labels(process)
        self._wait_seconds = wait_seconds.labels(process)
        self._work_seconds = work_seconds.labels(process)
        self._failures = {r: failures.labels(process, r) for r in Reason}

    async def serve(self, socket: Path, lifetime: Lifetime) -> None:
        """Serve on a Unix socket until the lifetime ends."""
        threads = ThreadPoolExecutor(self._workers, "model")
        try:
            with listening_socket(socket) as listener:
                async with asyncio.TaskGroup() as group:
                    workers = [
                        group.create_task(self._work_off(threads)) for _ in range(self._workers)
                    ]
                    await self._listen(listener, lifetime, str(socket))
                    for worker in workers:
                        worker.cancel()
        finally:
            # A running decode cannot be stopped; the interpreter waits for it at exit.
            threads.shutdown(wait=False)

    async def _listen(self, listener: Socket, lifetime: Lifetime, name: str) -> None:
        async with unix_serve(
            self._serve_client,
            sock=listener,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,
        ):
            lifetime.ready(name)
            await lifetime.stopping.wait()

    async def _serve_client(self, client: ServerConnection) -> None:
        try:
            async for message in client:
                await self._accept(client, message)
        except WireError as error:
            _log.warning("bad_speech_message", error=error)
            await client.close(_INVALID, "not the speech protocol")
        except ConnectionClosed:
            pass  # the client is gone, and its jobs with it
        finally:
            self._queue.discard_all(client)
            self._waiting.set(len(self._queue))
            for key in [key for key in self._open if key[0] is client]:
                self._open.pop(key).wanted = False

    async def _accept(self, client: ServerConnection, message: str | bytes) -> None:
        request, audio = unpack_request(message)
        key = (client, request.id)
        if isinstance(request, Cancel):
            self._queue.discard(client, request.id)
            self._waiting.set(len(self._queue))
            if task := self._open.pop(key, None):
                task.wanted = False
            return
        if key in self._open:
            raise WireError("a job's number was used twice")
        task = _Task(client, request, audio)
        try:
            self._queue.put(client, request.id, task)
        except QueueFull:
            self._failures[Reason.BUSY].inc()
            await _send(client, _refusal(request, len(self._queue)))
        else:
            self._open[key] = task
            self._waiting.set(len(self._queue))

    async def _work_off(self, threads: ThreadPoolExecutor) -> None:
        while True:
            task = await self._queue.get()
            began_at = time.perf_counter()
            self._waiting.set(len(self._queue))
            self._wait_seconds.observe(began_at - task.taken_in_at)
            try:
                await self._run_job(task, threads)
            except ConnectionClosed:
                pass
            finally:
                self._work_seconds.observe(time.perf_counter() - began_at)
                if task.wanted:
                    del self._open[task.client, task.job.id]

    async def _run_job(self, task: _Task, threads: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        try:
            replies = self._work(task.job, task.audio)
            while task.wanted:
                reply = await loop.run_in_executor(threads, next, replies, None)
                if reply is None:
                    return
                if task.wanted:
                    await _send(task.client, *reply)
        except ConnectionClosed:
            raise
        except Exception as error:  # noqa: BLE001 - one bad job must not end the others
            self._failures[Reason.BROKEN].inc()
            _log.error("speech_job_failed", job=task.job.do, exc_info=error)
            message = f"the model failed: {type(error).__name__}"
            failure = Failed(id=task.job.id, reason=Reason.BROKEN, message=message)
            await _send(task.client, failure)


async def _send(client: ServerConnection, reply: Reply, audio: bytes = b"") -> None:
    """Send a reply. A client that does not read in time is disconnected, to free its worker."""
    try:
        async with asyncio.timeout(_SEND_DEADLINE_S):
            await client.send(pack(reply, audio))
    except TimeoutError:
        _log.warning("speech_client_stuck", deadline_s=_SEND_DEADLINE_S)
        client.transport.abort()


def _refusal(job: Job, waiting: int) -> Failed:
    mend = "lower VOICEBOT_MAX_CALLS or raise VOICEBOT_SPEECH_THREADS"
    return Failed(
        id=job.id, reason=Reason.BUSY, message=f"{waiting} jobs are queued already; {mend}"
    )


K = TypeVar("K", bound=Hashable)
J = TypeVar("J")


class QueueFull(Exception):
    """The queue holds as many jobs as can be served in useful time."""


class FairQueue(Generic[K, J]):
    """A queue that serves its owners in turn, each in order. For one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[K, OrderedDict[int, J]] = OrderedDict()
        self._count = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return self._count

    def put(self, owner: K, number: int, job: J) -> None:
        """Add a job; raises QueueFull."""
        if self._count >= self._limit:
            raise QueueFull
        self._waiting.setdefault(owner, OrderedDict())[number] = job
        self._count += 1
        self._filled.set()

    async def get(self) -> J:
        """Wait for and return the oldest job of the next owner."""
        while not self._count:
            self._filled.clear()
            await self._filled.wait()
        owner, jobs = self._waiting.popitem(last=False)
        _, job = jobs.popitem(last=False)
        if jobs:
            self._waiting[owner] = jobs  # to the end of the round
        self._count -= 1
        return job

    def discard(self, owner: K, number: int) -> None:
        """Remove a job, if it is still queued."""
        jobs = self._waiting.get(owner, OrderedDict())
        if number in jobs:
            del jobs[number]
            self._count -= 1
            if not jobs:
                del self._waiting[owner]

    def discard_all(self, owner: K) -> None:
        """Remove all jobs of an owner."""
        self._count -= len(self._waiting.pop(owner, ()))


_BUCKETS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)

jobs_waiting = Gauge(
    "voicebot_speech_jobs_waiting",
    "Utterances (stt) or sentences (tts) that wait for a model",
    ["engine"],
    multiprocess_mode="livesum",
)
wait_seconds = Histogram(
    "voicebot_speech_wait_seconds",
    "Time in the queue before a model took the job; cancelled jobs are not counted",
    ["engine"],
    buckets=_BUCKETS_S,
)
work_seconds = Histogram(
    "voicebot_speech_work_seconds",
    "Time that the model took for a job",
    ["engine"],
    buckets=_BUCKETS_S,
)
failures = Counter(
    "voicebot_speech_failures",
    "Jobs without a result; busy: the queue was full, broken: the model failed",
    ["engine", "reason"],
)
