"""Listening in: only where the business allows it, only to a call on the phone, and logged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis

from tests.console.conftest import PATIENCE_S, console
from tests.console.test_app import begin
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.console import listening_in
from voicebot.console.auth import Visitor
from voicebot.settings import Settings
from voicebot.store import EventReader, LineAudio, Store, open_store

SID = CallSid("CA-heard")
LISTEN = f"/live/calls/{SID}/audio"


async def test_it_is_off_unless_the_business_file_says_otherwise(http: httpx.AsyncClient) -> None:
    await begin(http, SID)
    answer = await http.get(LISTEN, params={"by": "Kim"})
    assert (answer.status_code, answer.json()["error"]) == (403, "listening_in_is_off")
    assert (await http.get("/session")).json()["listens"] is False


@pytest.fixture
async def open_house(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A console whose business allows it."""
    business = load_business(None).model_copy(update={"listening_in": True})
    async with console(settings, business=business) as client:
        yield client


@asynccontextmanager
async def on_the_phone(store: Store) -> AsyncIterator[None]:
    async with store.index.hold(SID):
        while not await store.index.is_live(SID):
            pass  # the request itself gives way
        yield


async def test_nobody_is_heard_who_is_not_on_the_phone(open_house: httpx.AsyncClient) -> None:
    await begin(open_house, SID)
    answer = await open_house.get(LISTEN, params={"by": "Kim"})
    assert (answer.status_code, answer.json()["error"]) == (409, "call_has_ended")
    assert (await open_house.get(LISTEN)).status_code == 422, "who listens?"
    assert (await open_house.get("/session")).json()["listens"] is True


async def test_a_call_is_heard_as_it_is_spoken_until_it_ends(
    open_house: httpx.AsyncClient,
    redis: Redis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(listening_in, "RENEW_S", 0.0)
    monkeypatch.setattr(listening_in, "PATIENCE_S", 0.05)
    await begin(open_house, SID)
    line = LineAudio(redis)
    async with asyncio.timeout(PATIENCE_S), open_store(settings, load_business(None)) as store:

        async def speak() -> None:
            async with on_the_phone(store), EventReader(redis).command_notices() as notices:
                live.set()
                assert await anext(aiter(notices)) == (SID,)
                await line.publish(SID, b"hello ")
                await line.publish(SID, b"there")

        live = asyncio.Event()
        speaking = asyncio.create_task(speak())
        await live.wait()
        answer = await open_house.get(LISTEN, params={"by": "Kim"})
        await speaking
    assert answer.headers["content-type"] == "audio/basic"
    assert answer.content == b"hello there"
    assert '"staff_listens"' in capsys.readouterr().err


async def test_who_may_not_stay_hears_no_more(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Visitor):
        async def may_stay(self) -> bool:
            return False

    async with asyncio.timeout(PATIENCE_S), open_store(settings, load_business(None)) as store:
        async with on_the_phone(store):
            pieces = listening_in.pieces(store, SID, Gone(reads_clear=True))
            assert [piece async for piece in pieces] == []
        assert await LineAudio(redis).wanted([SID]) == []
