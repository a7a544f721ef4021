"""Background tasks with an owner: started here, awaited here, none of their errors unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import TypeVar

from voicebot.log import get_logger

log = get_logger(__name__)

Done = TypeVar("Done")


CANCEL_AGAIN_S = 0.1


async def stop(tasks: Iterable[asyncio.Task[Done]]) -> None:
    """Cancel and wait; again, because a client library may swallow a cancellation."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)


class Tasks:
    """What one store does beside the conversations."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, Done]) -> asyncio.Task[Done]:
        """Run `work` until it ends or the store is closed."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Stop them all."""
        await stop(self._running)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background_work_failed", error=error)
