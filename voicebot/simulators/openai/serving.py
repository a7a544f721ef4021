"""Serving a simulator on a port, as a process's whole life or within another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import create_server
from socket import socket as Socket

import uvicorn
from starlette.applications import Starlette

from voicebot.errors import StartFailed
from voicebot.ports import Door, clash

_OPTIONS = ("--host", "--port, or VOICEBOT_OPENAI_SIM_PORT,")
_MOST_BYTES = 16 << 20
"""An append may hold 15 MiB."""


class _Server(uvicorn.Server):
    """Uvicorn that leaves the signals to whoever runs it, and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[Socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()


@asynccontextmanager
async def serving(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The base URL of a running simulator; port 0 takes a free one. Raises StartFailed."""
    try:
        listener = create_server((host, port))
    except OSError as error:
        raise StartFailed(clash(Door(host, port, *_OPTIONS), error)) from error
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="websockets-sansio",
        ws_max_size=_MOST_BYTES, ws_per_message_deflate=False, lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Server(config)
    with listener:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener]))
            await server.serving.wait()
            try:
                yield f"http://{host}:{listener.getsockname()[1]}/v1"
            finally:
                server.should_exit = True
