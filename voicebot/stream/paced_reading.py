"""Read the sockets of all calls of a worker together, twenty-five times a second.

    frames   call 1  ──┬───┬───┬───┬───┬──          a provider sends one in 20 ms to each call,
             call 2  ────┬───┬───┬───┬────          at a phase of its own
             call 3  ───┬───┬───┬───┬───┬─
    reading  ──────────┼───────┼───────┼──          all that has come, in one turn of the loop

Waking up for a frame costs more than the frame. Read together, they also fill the batches of voice
detection, which need not wait for one another then.
"""

import asyncio
from typing import Final, Protocol

READ_S: Final = 0.04
"""Two frames' length. A frame waits 20 ms in the mean, of the 300 and more that a caller's last
word takes to be known as such. Each reading finds the processor's caches cold, and that is most of
its cost: in half as many readings the same calls cost a third less."""
SOON_S: Final = 0.02
FEW: Final = 4
"""So many calls cost little however often they are read: then a frame waits 10 ms."""
TOGETHER: Final = 64
"""Calls read in one turn of the loop, in some 2 ms with voice detection; then the others' turn. A
batch of that gains little from more."""


class Readable(Protocol):
    """A call's socket. `read_now` reads what has come, without waiting."""

    def read_now(self) -> None: ...


class PacedReading:
    """Reads the sockets that have joined, until they leave. Without any no timer runs."""

    def __init__(self) -> None:
        self._sockets: dict[Readable, None] = {}
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, socket: Readable) -> None:
        """Read this socket from now on."""
        self._sockets[socket] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._due_s = loop.time()
            self._wait(loop)

    def leave(self, socket: Readable) -> None:
        """Read it no more. Harmless when done twice."""
        self._sockets.pop(socket, None)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        # After a stall of the loop the reading goes on from now, without making up for it.
        pace_s = READ_S if len(self._sockets) > FEW else SOON_S
        self._due_s = max(self._due_s + pace_s, loop.time())
        self._timer = loop.call_at(self._due_s, self._read)

    def _read(self) -> None:
        if not self._sockets:
            self._timer = None
            return
        loop = asyncio.get_running_loop()
        self._wait(loop)
        sockets = list(self._sockets)
        for at in range(TOGETHER, len(sockets), TOGETHER):
            loop.call_soon(self._read_each, sockets[at : at + TOGETHER])
        self._read_each(sockets[:TOGETHER])

    def _read_each(self, sockets: list[Readable]) -> None:
        for socket in sockets:
            if socket in self._sockets:
                socket.read_now()
