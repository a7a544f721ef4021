"""Jobs wait in a bounded line where each owner has a turn."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.speech.inference_server import FairQueue, QueueFull


async def drain(queue: FairQueue[str, str]) -> list[str]:
    return [await queue.get() for _ in range(len(queue))]


async def test_owners_take_turns_and_each_keeps_its_order() -> None:
    queue: FairQueue[str, str] = FairQueue(10)
    for number in range(3):
        queue.put("busy", number, f"busy {number}")
    queue.put("quiet", 0, "quiet 0")
    assert await drain(queue) == ["busy 0", "quiet 0", "busy 1", "busy 2"]


async def test_a_full_queue_refuses_at_once_and_takes_again_after_one_left() -> None:
    queue: FairQueue[str, str] = FairQueue(1)
    queue.put("a", 0, "first")
    with pytest.raises(QueueFull):
        queue.put("b", 0, "second")
    assert await queue.get() == "first"
    queue.put("b", 0, "second")
    assert await queue.get() == "second"


async def test_a_discarded_job_is_never_served_and_makes_room() -> None:
    queue: FairQueue[str, str] = FairQueue(2)
    queue.put("a", 0, "dropped")
    queue.put("a", 1, "kept")
    queue.discard("a", 0)
    queue.discard("a", 7)
    queue.discard("nobody", 0)
    queue.put("b", 0, "new")
    assert await drain(queue) == ["kept", "new"]


async def test_an_owner_who_leaves_takes_his_jobs_along() -> None:
    queue: FairQueue[str, str] = FairQueue(5)
    queue.put("gone", 0, "x")
    queue.put("gone", 1, "y")
    queue.put("here", 0, "z")
    queue.discard_all("gone")
    queue.discard_all("stranger")
    assert await drain(queue) == ["z"]


async def test_a_waiting_worker_is_woken_by_the_next_job() -> None:
    queue: FairQueue[str, str] = FairQueue(1)
    async with asyncio.TaskGroup() as group:
        worker = group.create_task(queue.get())
        await asyncio.sleep(0)
        assert not worker.done()
        queue.put("a", 0, "job")
    assert worker.result() == "job"
