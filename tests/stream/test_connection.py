"""Requests with a body, and floods, over real TCP."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.etree import ElementTree

import orjson
import pytest
from websockets.frames import Frame, Opcode

from tests.stream.door import Door, close_code, door
from tests.stream.provider import CALL_SID, start_message
from voicebot.signature import sign
from voicebot.stream.connection import (
    CONTROL_BURST,
    FRAME_COST_BYTES,
    MAX_BEFORE_START_BYTES,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    SLICE_BYTES,
    PendingConnections,
)
from voicebot.stream.paced_reading import SOON_S

pytestmark = pytest.mark.virtual_time(grace_s=0.001)

FORM = {"CallSid": CALL_SID, "From": "+61255500100", "FromCity": "", "CallerName": "Ångström & Co"}


async def test_a_webhook_by_post_is_answered_as_one_by_get() -> None:
    async with door() as here:
        status, kind, body = await here.post("/twiml?try=1", FORM)
        assert (status, kind) == (200, "text/xml; charset=utf-8")
        connect, redirect = ElementTree.fromstring(body)
        told = {p.get("name"): p.get("value") for p in connect[0]}
        assert told["from"] == "+61255500100"
        assert told.keys() == {"token", "from"}
        assert (redirect.tag, redirect.text) == ("Redirect", "/twiml")


async def test_a_post_is_signed_over_its_form() -> None:
    async with door(twilio_auth_token="12345") as here:
        url = f"https://127.0.0.1:{here.port}/twiml"
        signed = f"X-Twilio-Signature: {sign('12345', url, FORM.items())}"
        assert (await here.post("/twiml", FORM, signed))[0] == 200
        assert (await here.post("/twiml", FORM | {"From": "+61"}, signed))[0] == 403
        assert (await here.post("/twiml", FORM))[0] == 403
        bare = f"X-Twilio-Signature: {sign('12345', url)}"
        assert (await here.post("/twiml", FORM, bare))[0] == 403


async def test_a_body_may_come_in_pieces() -> None:
    async with door() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        request = "POST /twiml HTTP/1.1\r\nHost: h\r\ncontent-length:3\r\n\r\na=b"
        for byte in request.encode():
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (400, "Host: bot.test\r\nHost: bot.test"),
        (400, "Host: bot.test\r\nX-Twilio-Signature: a\r\nX-Twilio-Signature: b"),
        (400, "Accept: */*"),
        *(
            (400, f"Host: {host}")
            for host in (
                "",
                "a b",
                "[::1",
                "bot:99999",
                "bot:x",
                "ü",
                "b/evil",
                "u@b",
                "a&b",
                "[]",
                "[:::::]",
            )
        ),
        (400, "Host: h\r\nContent-Length: 1\r\nContent-Length: 2"),
        (400, "Host: h\r\nContent-Length: -1"),
        (400, "Host: h\r\nContent-Length: 1, 1"),
        (411, "Host: h\r\nTransfer-Encoding: chunked"),
        (413, f"Host: h\r\nContent-Length: {MAX_BODY_BYTES + 1}"),
        (431, f"Host: h\r\nX: {'x' * MAX_HEAD_BYTES}"),
        (431, f"Host: h\r\nX: {'x' * 9000}"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("signed", [False, True])
async def test_a_request_that_can_be_read_in_two_ways_is_refused_in_words(
    status: int, head: str, method: str, signed: bool
) -> None:
    async with door(twilio_auth_token="12345" if signed else None) as here:
        for path in ("/twiml", "/media", "/media/web-1/x"):
            host, _, rest = head.removeprefix("Host: ").partition("\r\n")
            lines = rest.split("\r\n") if rest else []
            if head.startswith("Host: "):
                answer = await here.ask(method, path, *lines, host=host)
            else:
                answer = await nameless(here, method, path)
            assert answer[0] == status, answer
        assert (await here.get("/healthz"))[0] == 200


async def nameless(here: Door, method: str, path: str) -> tuple[int, str, str]:
    """An HTTP/1.0 request, which names no host."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    writer.write(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), "", ""


async def test_bytes_behind_a_request_are_no_failure_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with door() as here:
        for path in ("/healthz", "/twiml", "/nothing"):
            assert (await here.ask("GET", path, host="h", body=f"GET {path} HTTP/1.1"))[0] < 500
        async with peer(here, frames(Opcode.PING, b"", 1000)) as hasty:
            await hasty.floods(b"garbage" * 100)
    assert not caplog.records


def frames(opcode: Opcode, data: bytes, count: int) -> bytes:
    """So many frames of a client, as they go over the wire."""
    return Frame(opcode, data).serialize(mask=True) * count


CLOSED = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False)


class Peer:
    """A raw peer behind the opening handshake. It counts the turns that others get."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def floods(self, data: bytes) -> int:
        """Send all of it, and read until the server closes; returns the turns of others."""
        turns, over = 0, asyncio.Event()

        async def count() -> None:
            nonlocal turns
            while not over.is_set():
                turns += 1
                # Now and then time moves on: the sockets of calls are read by the clock.
                await asyncio.sleep(0 if turns % 50 else SOON_S)

        async with asyncio.TaskGroup() as group:
            group.create_task(count())
            self._writer.write(data)
            try:
                while (told := await self._reader.read(65536)) and CLOSED not in told:
                    pass
            except ConnectionError:
                pass
            over.set()
        return turns


@asynccontextmanager
async def peer(here: Door, hasty: bytes = b"") -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    upgrade = "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket"
    writer.write(f"GET /media HTTP/1.1\r\n{upgrade}\r\n{key}\r\n\r\n".encode() + hasty)
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    yield Peer(reader, writer)
    writer.transport.abort()


async def test_a_flood_of_pings_is_dropped_within_one_slice() -> None:
    async with door() as here:
        for opcode in (Opcode.PING, Opcode.PONG):
            async with peer(here) as flooder:
                assert await flooder.floods(frames(opcode, b"", 100_000)) < 1000
        assert (await here.get("/healthz"))[0] == 200


async def test_pings_of_a_usual_number_are_answered() -> None:
    async with door() as here, here.caller() as provider:
        for _ in range(3):
            for _ in range(CONTROL_BURST // 2):
                await (await provider.socket.ping())
            await asyncio.sleep(5)
        assert provider.close_code is None


@pytest.mark.parametrize("text", [b"", b"{}", b"x" * 60_000, b'{"event":"connected"}'])
async def test_only_so_much_may_come_before_start(text: bytes) -> None:
    async with door() as here, here.socket() as socket:
        await socket.send(os.fsdecode(text))
        enough = MAX_BEFORE_START_BYTES // (len(text) + FRAME_COST_BYTES) + 1
        for _ in range(enough - 1):
            await socket.send(os.fsdecode(text))
        began = asyncio.get_running_loop().time()
        assert await close_code(socket) == 1008
        assert asyncio.get_running_loop().time() - began < 1


async def test_while_a_peer_floods_the_others_get_their_turn_after_each_slice() -> None:
    stop = Frame(Opcode.TEXT, b'{"event":"stop"}').serialize(mask=True)
    begin = Frame(Opcode.TEXT, orjson.dumps(start_message())).serialize(mask=True)
    flood = begin + frames(Opcode.TEXT, b"", 30_000) + stop
    async with door() as here, peer(here) as flooder:
        assert await flooder.floods(flood) > len(flood) // SLICE_BYTES


class Silent(asyncio.Transport):
    """A connection that says nothing."""

    dropped = False

    def abort(self) -> None:
        self.dropped = True


def test_at_the_limit_the_oldest_connection_of_the_fullest_address_is_dropped() -> None:
    pending, connections = PendingConnections(limit=4), [Silent() for _ in range(6)]
    for connection, address in zip(connections, ("a", "b", "b", "c", "d", "e"), strict=True):
        pending.add(connection, address)
    assert [c.dropped for c in connections] == [True, True, False, False, False, False]


def test_a_connection_whose_call_began_is_not_counted() -> None:
    pending, first, others = PendingConnections(limit=2), Silent(), [Silent() for _ in range(2)]
    pending.add(first, "a")
    pending.remove(first)
    pending.remove(first)
    for other in others:
        pending.add(other, "a")
    assert not any(c.dropped for c in (first, *others))
