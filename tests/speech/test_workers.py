"""Workers go to the most urgent of the jobs that wait."""

import asyncio
from contextlib import suppress

import pytest

from voicebot.speech.workers import TooManyJobs, Workers


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Jobs:
    """Jobs of one worker, which note when they begin, and end when told."""

    def __init__(self, limit: int = 8) -> None:
        self.waiting = 0
        self.workers = Workers(1, limit, self._count)
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    def _count(self, waiting: int) -> None:
        self.waiting = waiting

    async def job(self, name: str, since: float) -> None:
        self.ends[name] = asyncio.Event()
        async with self.workers.hold(since):
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await settle()


async def test_who_counts_as_oldest_is_next() -> None:
    jobs = Jobs()
    async with asyncio.TaskGroup() as group:
        for name, since in (("first", 10.0), ("young", 12.0), ("old", 3.0), ("middle", 11.0)):
            group.create_task(jobs.job(name, since))
            await settle()
        assert jobs.waiting == 3
        await jobs.end("first", "old", "middle", "young")
    assert jobs.begun == ["first", "old", "middle", "young"]


async def test_a_full_queue_refuses_the_youngest() -> None:
    jobs = Jobs(limit=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(jobs.job("first", 1.0))
        await settle()
        young = asyncio.create_task(jobs.job("young", 9.0))
        await settle()
        with pytest.raises(TooManyJobs):
            await jobs.job("younger", 10.0)
        group.create_task(jobs.job("old", 5.0))
        with pytest.raises(TooManyJobs):
            await young
        await jobs.end("first", "old")
    assert jobs.begun == ["first", "old"]


async def test_a_job_that_leaves_the_queue_takes_no_worker_with_it() -> None:
    jobs = Jobs()
    async with asyncio.TaskGroup() as group:
        group.create_task(jobs.job("first", 1.0))
        await settle()
        left = asyncio.create_task(jobs.job("left", 2.0))
        handed = asyncio.create_task(jobs.job("handed over", 3.0))
        await settle()
        left.cancel()
        await settle()
        jobs.ends["first"].set()
        for _ in range(2):  # the worker is handed over, and its job is cancelled at that moment
            await asyncio.sleep(0)
        handed.cancel()
        with suppress(asyncio.CancelledError):
            await left
        with suppress(asyncio.CancelledError):
            await handed
        group.create_task(jobs.job("last", 4.0))
        await settle()
        assert jobs.begun[-1] == "last"
        await jobs.end("last")


async def test_a_job_gives_way_to_older_ones_and_is_not_refused_then() -> None:
    jobs = Jobs(limit=1)
    steps: list[str] = []
    async with asyncio.TaskGroup() as group:

        async def in_steps() -> None:
            async with jobs.workers.hold(1.0) as give_way:
                await give_way(0.5)  # nobody waits for longer
                steps.append("one")
                await settle()
                await give_way(100.0)
                steps.append("two")

        group.create_task(in_steps())
        await asyncio.sleep(0)
        group.create_task(jobs.job("other", 2.0))
        await settle()
        await settle()
        assert (steps, jobs.begun) == (["one"], ["other"])
        group.create_task(jobs.job("third", 3.0))
        await settle()
        await jobs.end("other", "third")
    assert jobs.begun == ["other", "third"]
    assert steps == ["one", "two"]
