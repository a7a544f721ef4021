"""Uvicorn in a process of ours, whose signals `voicebot.runtime.process` handles."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn


class HttpServer(uvicorn.Server):
    """Serves what `config` names, and calls `ready` when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """See uvicorn.Server."""
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    async def serve_until(self, stopping: asyncio.Event) -> None:
        """Serve until told to stop, or until the server ends by itself."""
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(self.serve())
            told = tasks.create_task(stopping.wait())
            await asyncio.wait((serving, told), return_when=asyncio.FIRST_COMPLETED)
            self.should_exit = True
            told.cancel()
