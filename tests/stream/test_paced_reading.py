"""The sockets of all calls of a worker are read together, and nothing is lost or overtaken."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from voicebot.stream.connection import StreamConnection, open_connections
from voicebot.stream.paced_reading import FEW, READ_S, SOON_S, TOGETHER, PacedReading

pytestmark = pytest.mark.virtual_time(grace_s=0.001)

FRAME = '{"event":"media","media":{"payload":"%s"}}' % ("x" * 216)
LONG, SHORT, CODED = FRAME, '{"event":"mark"}', FRAME.replace("x", "é")


class Call:
    """A socket that counts how often it is read."""

    def __init__(self) -> None:
        self.read_at: list[float] = []

    def read_now(self) -> None:
        """Counted."""
        self.read_at.append(asyncio.get_running_loop().time())


async def test_every_call_is_read_once_in_forty_milliseconds_until_it_leaves() -> None:
    reading, calls = PacedReading(), [Call() for _ in range(2 * TOGETHER + 1)]
    for call in calls:
        reading.join(call)
    await asyncio.sleep(10 * READ_S)
    for call in calls:
        reading.leave(call)
        reading.leave(call)
    await asyncio.sleep(1)
    assert [len(call.read_at) for call in calls] == [10] * len(calls)
    apart = [later - sooner for sooner, later in pairwise(calls[0].read_at)]
    assert apart == pytest.approx([READ_S] * 9)


async def test_few_calls_are_read_twice_as_often() -> None:
    reading, calls = PacedReading(), [Call() for _ in range(FEW)]
    for call in calls:
        reading.join(call)
    await asyncio.sleep(10.5 * SOON_S)
    assert [len(call.read_at) for call in calls] == [10] * FEW
    reading.join(Call())
    await asyncio.sleep(10.5 * READ_S)
    assert [len(call.read_at) for call in calls] == [21] * FEW


@asynccontextmanager
async def joined(
    attend: Callable[[StreamConnection], Awaitable[None]],
) -> AsyncIterator[ClientConnection]:
    """A client, and a server's connection of ours; both are closed at the end."""
    ended = asyncio.Event()

    async def serve_one(connection: ServerConnection) -> None:
        assert isinstance(connection, StreamConnection)
        with suppress(ConnectionClosed):
            await attend(connection)
        ended.set()

    made = open_connections()
    async with serve(
        serve_one, "127.0.0.1", 0, create_connection=made, compression=None, close_timeout=1
    ) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression=None) as client:
            yield client
            await client.close()
            await asyncio.wait_for(ended.wait(), 10)


class Heard:
    """What a connection brought, in the order in which it came, and by which way."""

    def __init__(self) -> None:
        self.texts: list[str | bytes] = []
        self.delivered = 0

    def take(self, texts: list[str]) -> None:
        """Taken from the connection."""
        self.delivered += len(texts)
        self.texts += texts

    async def attend(self, connection: StreamConnection) -> None:
        """Take texts by both ways until the end."""
        connection.deliver_to(self.take)
        while True:
            self.texts.append(await connection.recv())


async def test_texts_come_in_their_order_by_whichever_way() -> None:
    sent = [LONG, SHORT, LONG, LONG, CODED, SHORT, SHORT, LONG, "", LONG * 200, LONG] * 5
    heard = Heard()
    async with joined(heard.attend) as client:
        for n, text in enumerate(sent):
            await client.send(text)
            await asyncio.sleep(READ_S * (n % 3) / 2)
    assert heard.texts == sent
    assert heard.delivered > len(sent) // 3


@pytest.mark.parametrize("size", [1, 7, 100, 300])
async def test_texts_may_come_in_pieces_of_any_size(size: int) -> None:
    heard, sent = Heard(), [LONG, CODED, SHORT, LONG] * 3
    wire = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in sent)
    async with joined(heard.attend) as client:
        for at in range(0, len(wire), size):
            client.transport.write(wire[at : at + size])
            await asyncio.sleep(0.003)
        await asyncio.sleep(2 * READ_S)
    assert heard.texts == sent


async def test_a_text_in_fragments_is_not_overtaken() -> None:
    heard = Heard()
    async with joined(heard.attend) as client:
        await client.send([LONG, LONG, LONG])
        await client.send(LONG)
        await asyncio.sleep(2 * READ_S)
    assert heard.texts == [LONG * 3, LONG]


async def test_text_that_is_no_utf_8_closes_the_connection_as_the_library_does() -> None:
    heard = Heard()
    async with joined(heard.attend) as client:
        client.transport.write(Frame(Opcode.TEXT, b"\xff" * 300).serialize(mask=True))
        await asyncio.sleep(2 * READ_S)
        await client.wait_closed()
        assert client.close_code == 1007
    assert heard.texts == []


async def test_a_peer_that_is_gone_is_noticed() -> None:
    lost = asyncio.Event()

    async def attend(connection: StreamConnection) -> None:
        connection.deliver_to(lambda texts: None)
        try:
            await connection.recv()
        except ConnectionClosed:
            lost.set()

    async with joined(attend) as client:
        await asyncio.sleep(3 * READ_S)
        client.transport.abort()
        await asyncio.wait_for(lost.wait(), 1)


async def test_after_the_call_texts_come_to_recv_again() -> None:
    heard: list[str | bytes] = []

    async def attend(connection: StreamConnection) -> None:
        connection.deliver_to(heard.extend)
        await asyncio.sleep(3 * READ_S)
        connection.deliver_to(None)
        heard.append("recv")
        heard.append(await connection.recv())

    async with joined(attend) as client:
        await client.send(LONG)
        await asyncio.sleep(4 * READ_S)
        await client.send(LONG)
        await asyncio.sleep(READ_S)
    assert heard == [LONG, "recv", LONG]
