"""The inference server of a speech process: many clients, one queue, a few worker threads.

    connection ── Hear or Speak ──► queue ──► worker thread ──► replies, on that connection
               ── closed ─────────► out of the queue, or after the step that is being made

Models block, so they run in threads (the engines release the GIL). A job is a generator of replies
and may be dropped between two of them. Each call has one job or two, so the order of coming is fair
to calls; a job may have a head start, by which it counts as older. While a piece of a sentence
sounds, the first pieces of other calls' sentences go first. When the queue is full its youngest job
is refused.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import Final, Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from voicebot.g711 import milliseconds
from voicebot.log import get_logger
from voicebot.runtime.process import Lifetime
from voicebot.speech.models import SpeechProcess
from voicebot.speech.wire import (
    MAX_MESSAGE_BYTES,
    Compare,
    Hear,
    Kind,
    Reason,
    Reply,
    Speak,
    WireError,
    listening_socket,
    pack,
    unpack,
)
from voicebot.speech.workers import GiveWay, TooManyJobs, Workers

Job = TypeVar("Job", bound=Hear | Speak | Compare)
Replies = Iterator[tuple[Reply, bytes] | None]
"""The replies of one job with their audio, made in a thread; the last one ends the job. None stands
for a step that has no reply."""

_WAITING_PER_WORKER: Final = 16
"""About six seconds of decoding on one worker; clients give up after eight."""
_SEND_DEADLINE_S: Final = 2.0
_INVALID: Final = 1007
SOUNDS_SHARE: Final = 0.5
"""Of a piece's audio, after which the next one begins to be urgent: until then others go first."""


class _End(Enum):
    """What stands for the step after the last one."""

    ENDED = "ended"


_log = get_logger("voicebot.speech.inference_server")


class InferenceServer(Generic[Job]):
    """Runs the jobs of all clients with `work`, on `workers` threads. One per process."""

    def __init__(
        self,
        process: SpeechProcess,
        job: type[Job],
        work: Callable[[Job, bytes], Replies],
        *,
        workers: int,
        waiting: int | None = None,
        head_start_ms: Callable[[Job], float] = lambda job: 0.0,
    ) -> None:
        self._job = job
        self._work = work
        limit = workers * _WAITING_PER_WORKER if waiting is None else waiting
        self._threads = ThreadPoolExecutor(workers, "model")
        self._head_start_ms = head_start_ms
        self._workers = Workers(workers, limit, jobs_waiting.labels(process).set)
        self._wait_seconds = wait_seconds.labels(process)
        self._work_seconds = work_seconds.labels(process)
        self._failures = {r: failures.labels(process, r) for r in Reason}

    async def serve(self, socket: Path, lifetime: Lifetime) -> None:
        """Serve on a Unix socket until the lifetime ends."""
        with self._threads, listening_socket(socket) as listener:
            async with unix_serve(
                self._serve_client,
                sock=listener,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                ping_interval=None,
            ):
                lifetime.ready(str(socket))
                await lifetime.stopping.wait()

    async def _serve_client(self, client: ServerConnection) -> None:
        running: asyncio.Task[None] | None = None
        try:
            async for message in client:  # until the client leaves
                job, audio = unpack(self._job, message)
                if running is not None:
                    await running
                running = asyncio.create_task(self._run(client, job, audio))
        except WireError as error:
            _log.warning("bad_speech_message", error=error)
            await client.close(_INVALID, "not the speech protocol")
        except ConnectionClosed:
            pass
        finally:
            if running is not None:
                running.cancel()
                await asyncio.wait((running,))

    async def _run(self, client: ServerConnection, job: Job, audio: bytes) -> None:
        """Wait for a thread, then send the replies. Being cancelled drops the job."""
        came_at = time.perf_counter()
        try:
            async with self._workers.hold(came_at - self._head_start_ms(job) / 1000) as give_way:
                await self._work_on(client, job, audio, came_at, give_way)
        except TooManyJobs:
            await self._fail(client, Reason.BUSY, _busy(self._workers.limit))
        except Exception as error:  # noqa: BLE001 - one bad job must not end the others
            _log.error("speech_job_failed", job=job.do, exc_info=error)
            message = f"the model failed: {type(error).__name__}"
            await self._fail(client, Reason.BROKEN, message)

    async def _work_on(
        self, client: ServerConnection, job: Job, audio: bytes, came_at: float, give_way: GiveWay
    ) -> None:
        """Send the replies; between two steps more urgent jobs go first."""
        since = came_at - self._head_start_ms(job) / 1000
        queued_s = time.perf_counter() - came_at
        self._wait_seconds.observe(queued_s)
        replies, worked_s = self._work(job, audio), 0.0
        try:
            while True:
                began_at = time.perf_counter()
                try:
                    made = await self._next(replies)
                finally:
                    worked_s += time.perf_counter() - began_at
                if made is _End.ENDED:
                    return
                if made is not None:
                    reply, sound = made
                    await _send(client, reply.model_copy(update={"queued": queued_s}), sound)
                    queued_s = 0.0
                    if sound:
                        since = time.perf_counter() + SOUNDS_SHARE * milliseconds(sound) / 1000
                await give_way(since)
        finally:
            self._work_seconds.observe(worked_s)

    async def _next(self, replies: Replies) -> tuple[Reply, bytes] | _End | None:
        """Have the next step made. A model cannot be stopped: being cancelled waits for it."""
        loop = asyncio.get_running_loop()
        made = loop.run_in_executor(self._threads, lambda: next(replies, _End.ENDED))
        try:
            return await asyncio.shield(made)
        except asyncio.CancelledError:
            await asyncio.wait((made,))
            raise

    async def _fail(self, client: ServerConnection, reason: Reason, message: str) -> None:
        self._failures[reason].inc()
        await _send(client, Reply(do=Kind.FAILED, reason=reason, message=message))


async def _send(client: ServerConnection, reply: Reply, audio: bytes = b"") -> None:
    """Send a reply. A client that does not read in time is disconnected, to free its worker."""
    try:
        async with asyncio.timeout(_SEND_DEADLINE_S):
            await client.send(pack(reply, audio))
    except ConnectionClosed:
        pass  # which cancels the job
    except TimeoutError:
        _log.warning("speech_client_stuck", deadline_s=_SEND_DEADLINE_S)
        client.transport.abort()


def _busy(waiting: int) -> str:
    mend = "lower VOICEBOT_MAX_CALLS or raise VOICEBOT_SPEECH_THREADS"
    return f"{waiting} jobs are queued already; {mend}"


_BUCKETS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)

jobs_waiting = Gauge(
    "voicebot_speech_jobs_waiting",
    "Utterances (stt), sentences (tts) or comparisons (meaning) that wait for a model",
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
