"""An event loop whose clock jumps to the next timer, so that waiting costs nothing.

    pytestmark = pytest.mark.virtual_time

Sockets stay real: time moves on only when none of them has anything to deliver. It stands still
while one of the loop's threads (`asyncio.to_thread`) works. What happens in other threads or
processes is not waited for, unless `virtual_time(grace_s=…)` gives some real time: Unix sockets
deliver at once, for TCP a few milliseconds before each jump are needed, because under load the
kernel hands packets over a little later.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STUCK_S = 30.0
"""Real time without any event, and no timer to jump to: the test would hang for ever."""
FAR_S, FAR_GRACES = 0.1, 50
"""Before a jump so far, which may reach a deadline, the grace is so many times longer."""


class _JumpingSelector(selectors.BaseSelector):
    """Asks the real selector without waiting; where that has nothing, moves the clock instead."""

    def __init__(self, grace_s: float) -> None:
        self._real = selectors.DefaultSelector()
        self._grace_s = grace_s
        self.now = 0.0
        self.threads = 0
        """So many are at work."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if (timeout is None or self.threads) and (ready := self._real.select(STUCK_S)):
            return ready
        if timeout is None:
            raise RuntimeError("nothing is left that could ever happen")
        grace_s = self._grace_s * (FAR_GRACES if timeout >= FAR_S else 1)
        if grace_s and (ready := self._real.select(grace_s)):
            return ready
        self.now += timeout
        return []

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: object = None
    ) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(
        self, fileobj: FileDescriptorLike, events: int, data: object = None
    ) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that begins at 0.0 and never waits."""

    def __init__(self, grace_s: float = 0.0) -> None:
        self._jumping = _JumpingSelector(grace_s)
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` in a thread as any loop does; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: asyncio.Future[T]) -> None:
        self._jumping.threads -= 1
