"""The console's HTTP server: uvicorn, with a deadline for each request.

Uvicorn waits for the rest of a request for ever: a head or a body that never ends keeps its
connection, and a request that an answer did not wait for keeps it too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicebot.console.problems import problem

REQUEST_S = 10.0
"""From the first byte of a request (for the first one: from the connection) to its last."""


class PunctualHTTP(H11Protocol):
    """Answers 408 and closes where a request is not whole within REQUEST_S."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._unwatch()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The connection is another protocol's from here on."""
        self._unwatch()
        super().handle_websocket_upgrade(event)

    def _watch(self) -> None:
        """Begin to wait for the rest of a request, or stop when it is there."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem(408, "request_timeout", "the request did not come to its end")
            head = [*answer.raw_headers, (b"connection", b"close")]
            for event in (
                h11.Response(status_code=408, headers=head),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Server(uvicorn.Server):
    """Serves the app; `ready` is called when it does. Signals are left to the process."""

    def __init__(self, app: FastAPI, host: str, port: int, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=PunctualHTTP,
            proxy_headers=False,  # the app heeds them, from VOICEBOT_TRUSTED_PROXIES alone
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """See uvicorn.Server."""
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()
