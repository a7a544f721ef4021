"""The limits of size and time, and broken headers, which stand before authentication."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.console.conftest import listening
from voicebot.console import middleware
from voicebot.console.middleware import LARGEST_BODY_BYTES, Allowance
from voicebot.settings import Settings

PATIENCE_S = 60
CHUNK = b"x" * 16 * 1024
MUCH = 200 * 1024 * 1024


async def test_a_body_that_says_how_large_it_is_is_refused_unread(
    guarded: httpx.AsyncClient,
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += len(CHUNK)
            yield CHUNK

    length = {"Content-Length": str(MUCH)}
    for path in ("/session", "/ai/conversation", "/calls", "/live/trial", "/nowhere"):
        answer = await guarded.post(path, content=chunks(), headers=length)
        assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
        assert answer.headers["connection"] == "close"
    assert sent == 0


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_body_that_does_not_is_read_up_to_the_limit(
    guarded: httpx.AsyncClient, method: str
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < MUCH:
            sent += len(CHUNK)
            yield CHUNK

    answer = await guarded.request(method, "/session", content=chunks())
    assert answer.status_code == 413
    assert sent <= LARGEST_BODY_BYTES + len(CHUNK)


async def test_the_longest_message_in_its_longest_form_comes_through(
    http: httpx.AsyncClient,
) -> None:
    await http.post("/calls", json={"callSid": "CA-long"})
    words = "\\ud83d\\ude00" * 2000
    body = f'{{"callSid": "CA-long", "customerMessage": {{"message": "{words}"}}}}'
    json = {"Content-Type": "application/json"}
    answer = await http.post("/ai/conversation", content=body, headers=json)
    assert answer.status_code == 200


PARTS = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "no body": b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n",
    "half a body": b"POST /calls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
    "half a chunk": b"POST /calls HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
    "half a second one": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /",
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_request_that_does_not_come_to_its_end_is_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(middleware, "REQUEST_S", 0.05)
    async with listening(settings) as address, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
        writer.write(PARTS[part])
        told = await reader.read()
        writer.close()
    assert b"HTTP/1.1 408" in told or part == "half a second one"
    assert b"application/problem+json" in told or part == "half a second one"


async def test_who_drips_a_request_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "REQUEST_S", 0.3)
    async with listening(settings) as address, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        reading = asyncio.create_task(reader.readline())
        while not reading.done():
            writer.write(b"x")
            await asyncio.wait([reading], timeout=0.02)
        assert reading.result().startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_stream_and_a_kept_connection_last_longer_than_a_request_may_take(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "REQUEST_S", 0.4)  # a busy machine sends it late
    monkeypatch.setattr("voicebot.console.event_streams.PING_EVERY_S", 0.5)
    async with (
        listening(settings) as address,
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client,
        client.stream("GET", "/events") as stream,
    ):
        pings = (line async for line in stream.aiter_lines() if line == ": still here")
        assert await anext(pings)
        assert (await client.get("/healthz")).status_code == 200
        assert await anext(pings)
        assert (await client.get("/healthz")).status_code == 200


def test_an_allowance_is_spent_and_fills_again_for_each_address() -> None:
    allowance = Allowance(burst=2, per_s=1)
    assert [allowance.spend("a", 0), allowance.spend("a", 0)] == [0, 0]
    assert allowance.spend("a", 0) == 1
    assert allowance.wait_s("b", 0) == 0
    assert [allowance.spend("b", 0), allowance.spend("b", 0)] == [0, 0], "to look costs nothing"
    assert allowance.spend("a", 1.5) == 0


@pytest.mark.parametrize("host", ["[::1", "[:::::]", "h:99999", "h:x", "a b", "u@h", "h/x", "é"])
@pytest.mark.parametrize("path", ["/", "/calls", "/healthz"])
async def test_a_broken_host_is_refused(http: httpx.AsyncClient, path: str, host: str) -> None:
    answer = await http.get(path, headers=[(b"Host", host.encode("latin-1"))])
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_host")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("origin", ["http://[", "http://[:::::]", "null", "x" * 5000])
async def test_a_broken_origin_changes_nothing(http: httpx.AsyncClient, origin: str) -> None:
    answer = await http.post("/calls", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
