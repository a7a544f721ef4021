"""The wire between a worker and Valkey, to be cut, slowed, silenced or robbed of replies.

Nothing is parsed but the beginning of a request: the client has one request a connection under
way, so what comes back on it is that request's reply.
"""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum

HOST = "127.0.0.1"
_CHUNK_BYTES = 1 << 16


class Fate(Enum):
    """The fate of one exchange with Valkey."""

    PASSED = "passed"
    REQUEST_DROPPED = "request dropped"
    REPLY_DROPPED = "reply dropped"


Judge = Callable[[bytes], Fate]
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """A port in front of Valkey's. The first of `judges` that objects to a request decides."""

    def __init__(self, upstream_port: int) -> None:
        self.port = 0
        self.reply_delay_s = 0.0
        self.judges: list[Judge] = []
        self._upstream_port = upstream_port
        self._place = socket.socket()
        self._refusals = 1
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._speaks = asyncio.Event()
        self._speaks.set()

    async def listen(self) -> None:
        """Take connections, always at the same port; when all who `refuse` have come to this."""
        self._refusals -= 1
        if not self.port:
            self._reserve()
        if self._refusals:
            return
        server = await asyncio.start_server(self._attend, HOST, self.port, reuse_port=True)
        if self._refusals:  # meanwhile
            server.close()
        else:
            self._server = server

    def _reserve(self) -> None:
        """Return a socket that is bound and never listens: the port stays ours, and refuses."""
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind((HOST, 0))
        self.port = self._place.getsockname()[1]

    def refuse(self) -> None:
        """Break every connection and refuse new ones until `listen`."""
        self._refusals += 1
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in tuple(self._clients):
            client.transport.abort()

    def fall_silent(self) -> None:
        """Take everything, deliver nothing, until `speak`."""
        self._speaks.clear()

    def speak(self) -> None:
        """Deliver what was held back."""
        self._speaks.set()

    async def close(self) -> None:
        """Close every connection."""
        self.refuse()
        self.speak()
        self._place.close()
        for task in (busy := tuple(self._busy)):
            task.cancel()
        if busy:
            await asyncio.wait(busy)

    def _fate(self, request: bytes) -> Fate:
        fates = (judge(request) for judge in tuple(self.judges))
        return next((fate for fate in fates if fate is not Fate.PASSED), Fate.PASSED)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        self._clients.add(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream_port)
            try:
                await self._exchange((reader, writer), (up_reader, up_writer))
            finally:
                up_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # Valkey or the worker is gone: so is this connection
        finally:
            writer.transport.abort()
            self._clients.discard(writer)
            self._busy.discard(task)

    async def _exchange(self, worker: _Streams, valkey: _Streams) -> None:
        """Carry requests and replies until one side closes, or a fate ends it."""
        last = Fate.PASSED

        async def there() -> None:
            nonlocal last
            while request := await worker[0].read(_CHUNK_BYTES):
                await self._speaks.wait()
                last = self._fate(request)
                if last is Fate.REQUEST_DROPPED:
                    return
                valkey[1].write(request)

        async def back() -> None:
            while reply := await valkey[0].read(_CHUNK_BYTES):
                if self.reply_delay_s:
                    await asyncio.sleep(self.reply_delay_s)
                await self._speaks.wait()
                if last is Fate.REPLY_DROPPED:
                    return
                worker[1].write(reply)

        ways = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
