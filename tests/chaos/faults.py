"""What can go wrong, each as a block: it begins where the block begins and is over at its end.

async with redis_down(stage):
    await calls_go_on()
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis.exceptions import ConnectionError as RedisConnectionError

from tests.chaos.phone import Cut, Phone
from tests.chaos.proxy import Fate, Proxy
from tests.chaos.stage import Death, Stage, Worker
from tests.chaos.worker import AFTER_COMMIT, BEFORE_COMMIT
from tests.store.denials import Denial

REQUEST_UNDER_WAY = "a commit is on its way to Redis"
REPLY_UNDER_WAY = "the reply to a commit is on its way"
ANY_MOMENT = "any moment"
POINTS = (BEFORE_COMMIT, AFTER_COMMIT, REQUEST_UNDER_WAY, REPLY_UNDER_WAY, ANY_MOMENT)

_POLL_S = 0.01


@asynccontextmanager
async def redis_down(stage: Stage) -> AsyncIterator[None]:
    """Every connection is broken, every new one refused."""
    for wire in stage.wires:
        wire.refuse()
    try:
        yield
    finally:
        for wire in stage.wires:
            await wire.listen()


@asynccontextmanager
async def redis_silent(stage: Stage) -> AsyncIterator[None]:
    """Connections stand, requests are taken, no answer comes; at the end they all come."""
    for wire in stage.wires:
        wire.fall_silent()
    try:
        yield
    finally:
        for wire in stage.wires:
            wire.speak()


@asynccontextmanager
async def redis_slow(stage: Stage, ms: float) -> AsyncIterator[None]:
    """Every reply is late by so much."""
    for wire in stage.wires:
        wire.reply_delay_s += ms / 1000
    try:
        yield
    finally:
        for wire in stage.wires:
            wire.reply_delay_s -= ms / 1000


@asynccontextmanager
async def reply_lost(stage: Stage) -> AsyncIterator[None]:
    """Commits are applied, but the connection breaks before anybody is told."""
    async with _judged(stage.wires, Fate.REPLY_DROPPED):
        yield


@asynccontextmanager
async def request_lost(stage: Stage) -> AsyncIterator[None]:
    """The connection breaks before a commit has reached Redis."""
    async with _judged(stage.wires, Fate.REQUEST_DROPPED):
        yield


@asynccontextmanager
async def redis_restarted(stage: Stage, *, losing_last_second: bool = False) -> AsyncIterator[None]:
    """SIGKILL, and at the end of the block it is there again with its append-only file.

    losing_last_second  the block is that second: what was written in it never reached the disk,
                        as in a power cut with `appendfsync everysec`
    """
    if not losing_last_second:
        stage.valkey.kill()
        try:
            yield
        finally:
            await stage.valkey.start()
        return
    log = stage.append_only_file()
    size_bytes = log.stat().st_size
    try:
        yield
    finally:
        stage.valkey.kill()
        _cut_back(log, size_bytes)
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
    life = worker.lives
    with _ambush(worker, point, commits):
        try:
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
    """The line is gone when this is asked, without a word."""
    phone.cut_at = step, moment
    try:
        yield
    finally:
        phone.cut_at = None


@asynccontextmanager
async def disk_full(stage: Stage) -> AsyncIterator[None]:
    """No worker can write to any file, as on a disk without a free block (RLIMIT_FSIZE 0)."""
    for worker in stage.workers:
        worker.limit_files(0)
    try:
        yield
    finally:
        for worker in stage.workers:
            worker.limit_files(-1)


@asynccontextmanager
async def two_sessions_for_one_call(phone: Phone) -> AsyncIterator[None]:
    """A second stream comes in for a call that is on the phone, at the other worker."""
    phone.double()
    yield


@asynccontextmanager
async def clock_jumped(worker: Worker, seconds: float) -> AsyncIterator[None]:
    """The worker's clock is wrong by so much, and right again at the end."""
    worker.jump(seconds)
    try:
        yield
    finally:
        worker.jump(0.0)


@asynccontextmanager
async def _judged(wires: list[Proxy], fate: Fate) -> AsyncIterator[None]:
    def judge(request: bytes) -> Fate:
        return fate if is_script(request) else Fate.PASSED

    for wire in wires:
        wire.judges.append(judge)
    try:
        yield
    finally:
        for wire in wires:
            wire.judges.remove(judge)


@dataclass
class _Ambush:
    """Kills a worker over a script that it has sent."""

    worker: Worker
    fate: Fate
    commits: int

    def judge(self, request: bytes) -> Fate:
        if not is_script(request):
            return Fate.PASSED
        self.commits -= 1
        if self.commits:
            return Fate.PASSED
        self.worker.kill()
        return self.fate

    def __enter__(self) -> None:
        self.worker.wire.judges.append(self.judge)

    def __exit__(self, *_: object) -> None:
        self.worker.wire.judges.remove(self.judge)


@dataclass
class _Order:
    """The worker kills itself."""

    worker: Worker
    death: Death

    def __enter__(self) -> None:
        self.worker.die_at(self.death)

    def __exit__(self, *_: object) -> None:
        """`spare` is called in any case."""


def _ambush(worker: Worker, point: str, commits: int) -> _Ambush | _Order:
    match point:
        case "a commit is on its way to Redis":
            return _Ambush(worker, Fate.REQUEST_DROPPED, commits)
        case "the reply to a commit is on its way":
            return _Ambush(worker, Fate.REPLY_DROPPED, commits)
        case _:
            return _Order(worker, Death(point, commits))


def is_script(request: bytes) -> bool:
    """Is it one of ours: a claim, a commit, a reading?"""
    return b"EVAL" in request[:40]


def _cut_back(log: Path, size_bytes: int) -> None:
    with log.open("r+b") as file:
        file.truncate(size_bytes)
