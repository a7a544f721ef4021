"""Faults as context managers: each lasts as long as its block.

async with redis_down(stage):
    await calls_go_on()
"""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from redis.exceptions import ConnectionError as RedisConnectionError

from tests.chaos.phone import Cut, Phone
from tests.chaos.proxy import Fate, Proxy
from tests.chaos.stage import Stage, Worker
from tests.chaos.worker import AFTER_COMMIT, BEFORE_COMMIT
from tests.store.denials import Denial

REQUEST_UNDER_WAY = "a commit is on its way to Redis"
REPLY_UNDER_WAY = "the reply to a commit is on its way"
ANY_MOMENT = "any moment"
_UNDER_WAY = {
    REQUEST_UNDER_WAY: Fate.REQUEST_DROPPED,
    REPLY_UNDER_WAY: Fate.REPLY_DROPPED,
}
POINTS = (BEFORE_COMMIT, AFTER_COMMIT, REQUEST_UNDER_WAY, REPLY_UNDER_WAY, ANY_MOMENT)

_POLL_S = 0.01


@asynccontextmanager
async def redis_down(stage: Stage) -> AsyncIterator[None]:
    """Break every connection and refuse every new one."""
    for wire in stage.wires:
        wire.refuse()
    try:
        yield
    finally:
        for wire in stage.wires:
            await wire.listen()


@asynccontextmanager
async def redis_silent(stage: Stage) -> AsyncIterator[None]:
    """Take requests and hold the answers back; at the end they all come."""
    for wire in stage.wires:
        wire.fall_silent()
    try:
        yield
    finally:
        for wire in stage.wires:
            wire.speak()


@asynccontextmanager
async def redis_slow(stage: Stage, ms: float) -> AsyncIterator[None]:
    """Delay every reply by so much."""
    for wire in stage.wires:
        wire.reply_delay_s += ms / 1000
    try:
        yield
    finally:
        for wire in stage.wires:
            wire.reply_delay_s -= ms / 1000


@asynccontextmanager
async def reply_lost(stage: Stage) -> AsyncIterator[None]:
    """Let commits be applied, and break the connection before the reply."""
    async with _judged(stage.wires, lambda: Fate.REPLY_DROPPED):
        yield


@asynccontextmanager
async def request_lost(stage: Stage) -> AsyncIterator[None]:
    """Break the connection before a commit has reached Redis."""
    async with _judged(stage.wires, lambda: Fate.REQUEST_DROPPED):
        yield


@asynccontextmanager
async def _judged(wires: list[Proxy], fate_of_script: Callable[[], Fate]) -> AsyncIterator[None]:
    """Decide about each of our scripts: a claim, a commit, a reading."""

    def judge(request: bytes) -> Fate:
        return fate_of_script() if b"EVAL" in request[:40] else Fate.PASSED

    for wire in wires:
        wire.judges.append(judge)
    try:
        yield
    finally:
        for wire in wires:
            wire.judges.remove(judge)


@asynccontextmanager
async def redis_restarted(stage: Stage) -> AsyncIterator[None]:
    """SIGKILL, and at the end of the block it is there again with its append-only file."""
    stage.valkey.kill()
    try:
        yield
    finally:
        await stage.valkey.start()


@asynccontextmanager
async def redis_forgets(stage: Stage) -> AsyncIterator[None]:
    """SIGKILL at the end, and a start without what was written in the block.

    It never reached the disk, as in a power cut with `appendfsync everysec`.
    """
    log = stage.append_only_file()
    size_bytes = log.stat().st_size
    try:
        yield
    finally:
        stage.valkey.kill()
        os.truncate(log, size_bytes)
        await stage.valkey.start()


@asynccontextmanager
async def redis_denies(stage: Stage, denial: Denial) -> AsyncIterator[None]:
    """Valkey answers, and takes no write. A restart meanwhile ends this too: it is not on disk."""
    async with stage.redis() as redis, AsyncExitStack() as over:
        with suppress(RedisConnectionError):  # it is down just now
            await over.enter_async_context(denial(redis))
        try:
            yield
        finally:
            with suppress(RedisConnectionError):
                await over.aclose()


@asynccontextmanager
async def server_killed_at(worker: Worker, point: str, commits: int = 1) -> AsyncIterator[None]:
    """SIGKILL at a point that the worker comes to in the block, or at its end in any case."""
    life, scripts = worker.lives, itertools.count(1)

    def kill_over_script() -> Fate:
        if next(scripts) != commits:
            return Fate.PASSED
        worker.kill()
        return _UNDER_WAY[point]

    try:
        if point in _UNDER_WAY:
            async with _judged([worker.wire], kill_over_script):
                yield
        else:
            worker.die_at(point, commits)
            yield
    finally:
        worker.spare()
        if worker.lives == life and worker.up.is_set():
            worker.kill()
    await worker.up.wait()


@asynccontextmanager
async def server_drained(worker: Worker, *, insist: bool = False) -> AsyncIterator[None]:
    """SIGTERM: calls may end, then they are handed over. `insist`: a second SIGTERM at once."""
    life = worker.lives
    await worker.up.wait()
    worker.signal(signal.SIGTERM)
    if insist:
        await asyncio.sleep(_POLL_S)
        worker.signal(signal.SIGTERM)
    try:
        yield
    finally:
        while worker.lives == life:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(_POLL_S)
        await worker.up.wait()


@asynccontextmanager
async def socket_cut_at(phone: Phone, step: str, moment: Cut) -> AsyncIterator[None]:
    """Lose the line when this is asked, without a word."""
    phone.cut_at = step, moment
    try:
        yield
    finally:
        phone.cut_at = None


@asynccontextmanager
async def disk_full(stage: Stage) -> AsyncIterator[None]:
    """Let no worker write to any file, as on a full disk (RLIMIT_FSIZE 0)."""
    for worker in stage.workers:
        worker.limit_files(0)
    try:
        yield
    finally:
        for worker in stage.workers:
            worker.limit_files(-1)


@asynccontextmanager
async def two_sessions_for_one_call(phone: Phone) -> AsyncIterator[None]:
    """Open a second stream for a call that is on the phone, at the other worker."""
    phone.double()
    yield


@asynccontextmanager
async def hung_up(phone: Phone) -> AsyncIterator[None]:
    """Let the caller put the phone down, and ring again."""
    phone.hang_up()
    yield


@asynccontextmanager
async def clock_jumped(worker: Worker, seconds: float) -> AsyncIterator[None]:
    """Set the worker's clock wrong by so much, and right again at the end."""
    worker.jump(seconds)
    try:
        yield
    finally:
        worker.jump(0.0)
