"""A receiver of webhooks on loopback, with set answers, which keeps the requests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import orjson

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def told(self) -> dict[str, object]:
        found: dict[str, object] = orjson.loads(self.body)
        return found

    @property
    def about(self) -> object:
        """The field, or how the call ended."""
        return self.told["field"] or self.told["status"]


@dataclass
class Receiver:
    """`refusing` maps what is told of (a field, a status, or `*`) to the status it gets."""

    port: int = 0
    refusing: dict[str, int] = field(default_factory=dict)
    more_headers: str = ""
    requests: list[Request] = field(default_factory=list)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=topsecret"

    @property
    def taken(self) -> list[object]:
        """The events answered with success, in order, each id once."""
        return list({r.told["id"]: r.about for r in self.requests if r.status < 300}.values())

    async def until_taken(self, number: int) -> None:
        """Wait until so many events were answered with success."""
        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(lambda: len(self.taken) >= number)

    async def until(self, number: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(lambda: len(self.requests) >= number)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes requests and answers none, until the block ends."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        about = orjson.loads(body)
        of = str(about.get("field") or about.get("status"))
        status = self.refusing.get(of, self.refusing.get("*", 204))
        async with self._came:
            self.requests.append(Request(headers, body, status))
            self._came.notify_all()
        await self._open.wait()
        writer.write(
            f"HTTP/1.1 {status} X\r\n{self.more_headers}Connection: close\r\n\r\n".encode()
        )
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Yield a receiver that listens until the end of the block."""
    receiver = Receiver()
    receiver._open.set()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver._open.set()
        server.close()
        await server.wait_closed()
