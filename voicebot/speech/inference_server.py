"""The inference server of a speech process: many clients, a fair queue, a few worker threads.

    connection ── Hear, Speak ──► queue ──► worker thread ──► replies, on that connection
               ── Cancel ───────► out of the queue, or the running job's replies are dropped

Models block, so they run in threads (the engines release the interpreter's lock); the loop only
passes messages. What a job does is a plain generator of replies: between two of them it may be
stopped.
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

from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from voicebot.log import get_logger
from voicebot.runtime.process import Lifetime
from voicebot.speech import metrics
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
"""Does one job: replies with their audio, the last of them ending the job. Runs in a thread."""

_WAITING_PER_WORKER: Final = 16
"""About six seconds of decoding on one worker: whoever comes later would have given up."""
_SEND_DEADLINE_S: Final = 2.0
_INVALID: Final = 1007

_log = get_logger("voicebot.speech.inference_server")


@dataclass(eq=False, slots=True)
class _Task:
    """A job on its way. `wanted` turns false when its client cancels it or goes away."""

    client: ServerConnection
    job: Job
    audio: bytes
    wanted: bool = field(default=True)
    taken_in_at: float = field(default_factory=time.perf_counter)


class InferenceServer:
    """Takes jobs in and has them done. One per process."""

    def __init__(
        self, process: SpeechProcess, work: Work, *, workers: int, waiting: int | None = None
    ) -> None:
        self._work = work
        self._workers = workers
        limit = workers * _WAITING_PER_WORKER if waiting is None else waiting
        self._queue: FairQueue[ServerConnection, _Task] = FairQueue(limit)
        self._open: dict[tuple[ServerConnection, int], _Task] = {}
        self._waiting = metrics.jobs_waiting.labels(process)
        self._wait_seconds = metrics.wait_seconds.labels(process)
        self._work_seconds = metrics.work_seconds.labels(process)
        self._failures = {r: metrics.failures.labels(process, r) for r in Reason}

    async def serve(self, socket: Path, lifetime: Lifetime) -> None:
        """Serve on a Unix socket until the lifetime ends."""
        threads = ThreadPoolExecutor(self._workers, "model")
        try:
            with listening_socket(socket) as listener:
                async with asyncio.TaskGroup() as group:
                    workers = [group.create_task(self._run(threads)) for _ in range(self._workers)]
                    await self._listen(listener, lifetime, str(socket))
                    for worker in workers:
                        worker.cancel()
        finally:
            # A decode under way cannot be stopped; the interpreter waits for it at its exit.
            threads.shutdown(wait=False)

    async def _listen(self, listener: Socket, lifetime: Lifetime, name: str) -> None:
        async with unix_serve(
            self._attend,
            sock=listener,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,
        ):
            lifetime.ready(name)
            await lifetime.stopping.wait()

    async def _attend(self, client: ServerConnection) -> None:
        try:
            async for message in client:
                await self._accept(client, message)
        except WireError as error:
            _log.warning("bad_speech_message", error=error)
            await client.close(_INVALID, "not the speech protocol")
        except ConnectionClosed:
            pass  # a client may die at any moment; its jobs go with it
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

    async def _run(self, threads: ThreadPoolExecutor) -> None:
        while True:
            task = await self._queue.get()
            began_at = time.perf_counter()
            self._waiting.set(len(self._queue))
            self._wait_seconds.observe(began_at - task.taken_in_at)
            try:
                await self._do(task, threads)
            except ConnectionClosed:
                pass
            finally:
                self._work_seconds.observe(time.perf_counter() - began_at)
                if task.wanted:
                    del self._open[task.client, task.job.id]

    async def _do(self, task: _Task, threads: ThreadPoolExecutor) -> None:
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
    """A client that does not read must not hold a worker: its connection is cut."""
    try:
        async with asyncio.timeout(_SEND_DEADLINE_S):
            await client.send(pack(reply, audio))
    except TimeoutError:
        _log.warning("speech_client_stuck", deadline_s=_SEND_DEADLINE_S)
        client.transport.abort()


def _refusal(job: Job, waiting: int) -> Failed:
    mend = "lower VOICEBOT_MAX_CALLS or raise VOICEBOT_SPEECH_THREADS"
    return Failed(id=job.id, reason=Reason.BUSY, message=f"{waiting} jobs wait already; {mend}")


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
