"""A call from the browser: what the page is told to do, asked of a real stream server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from websockets.exceptions import InvalidStatus

from tests.console.conftest import console
from tests.stream.door import Door, door
from voicebot.call import CallSid, Change, Status
from voicebot.settings import Settings
from voicebot.simulators.phone import Connect, Dial, Hangup, Pause, Redirect, Say, Verb, parse_twiml

SECRET = "12345"


@asynccontextmanager
async def trial(
    settings: Settings, **changes: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Door]]:
    """A console and the stream server that it asks, with the same settings."""
    async with door(**changes) as here:
        same = {"stream_port": here.port, "stream_host": "127.0.0.1"} | changes
        if isinstance(token := same.get("twilio_auth_token"), str):
            same["twilio_auth_token"] = SecretStr(token)
        async with console(settings.model_copy(update=same)) as http:
            yield http, here


async def verbs(
    http: httpx.AsyncClient, call_sid: str | None = None, tries: int = 0
) -> tuple[Verb, ...]:
    answer = await http.post("/live/trial", json={"callSid": call_sid, "tries": tries})
    assert answer.status_code == 200, answer.text
    return parse_twiml(answer.json()["twiml"])


def stream_url(found: tuple[Verb, ...]) -> str:
    connect, redirect = found
    assert isinstance(connect, Connect)
    assert isinstance(redirect, Redirect)
    return connect.url


@pytest.mark.parametrize("public", [None, "https://bot.test/voice/", "wss://bot.test"])
async def test_where_calls_are_signed_the_console_signs_and_the_pass_opens_the_stream(
    settings: Settings, public: str | None
) -> None:
    url = Settings(_env_file=None, public_url=public).public_url
    async with trial(settings, twilio_auth_token=SECRET, public_url=url) as (http, here):
        at = urlsplit(stream_url(await verbs(http)))
        assert at.netloc == (urlsplit(public).netloc if public else f"127.0.0.1:{here.port}")
        path = at.path[at.path.index("/media") :]  # a proxy takes its own part of the path away
        async with here.socket(path):
            pass
        with pytest.raises(InvalidStatus):
            async with here.socket("/media"):
                pass


async def test_a_console_with_another_secret_gets_no_pass(settings: Settings) -> None:
    async with door(twilio_auth_token=SECRET) as here:
        wrong = {"stream_port": here.port, "twilio_auth_token": SecretStr("another")}
        async with console(settings.model_copy(update=wrong)) as http:
            answer = await http.post("/live/trial", json={})
    assert (answer.status_code, answer.json()["error"]) == (502, "webhook_refused")


async def test_where_no_stream_server_runs_here_the_public_address_is_asked(
    settings: Settings,
) -> None:
    async with door(twilio_auth_token=SECRET) as elsewhere:
        away = {
            "stream_port": 1,  # nobody listens there
            "public_url": f"http://127.0.0.1:{elsewhere.port}",
            "twilio_auth_token": SecretStr(SECRET),
        }
        async with console(settings.model_copy(update=away)) as http:
            url = stream_url(await verbs(http))
            assert url.startswith(f"ws://127.0.0.1:{elsewhere.port}/media/web-")


async def test_a_proxy_of_the_environment_is_not_asked_for_our_own_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    async with trial(settings) as (http, _):
        assert stream_url(await verbs(http))


async def test_without_any_stream_server_the_page_is_told_so(settings: Settings) -> None:
    async with console(settings.model_copy(update={"stream_port": 1})) as http:
        answer = await http.post("/live/trial", json={})
    assert (answer.status_code, answer.json()["error"]) == (503, "no_stream_server")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 530 odd\r\nContent-Length: 0\r\n\r\n", 502, "webhook_refused"),
        (b"SSH-2.0-nobody\r\n", 503, "no_stream_server"),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n", 502, "webhook_refused"),
    ],
)
async def test_what_answers_strangely_is_told_as_a_problem(
    settings: Settings, answer: bytes, status: int, error: str
) -> None:
    asked: list[bytes] = []

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        there = settings.model_copy(update={"stream_port": port, "stream_host": "127.0.0.1"})
        async with console(there) as http:
            said = await http.post("/live/trial", json={})
    assert (said.status_code, said.json()["error"]) == (status, error)
    assert len(asked) == 1, "a signed request goes to no other address"


@pytest.mark.parametrize("sid", ["CA0123456789", "web-", "web-a/b", "web-" + "a" * 61])
async def test_a_browser_gets_on_to_no_call_but_a_browsers(
    http: httpx.AsyncClient, sid: str
) -> None:
    assert (await http.post("/live/trial", json={"callSid": sid})).status_code == 422


async def test_a_call_that_is_over_is_hung_up(settings: Settings) -> None:
    async with trial(settings) as (http, here):
        await ended(here, "web-1", Status.BOOKED)
        assert await verbs(http, "web-1") == (Hangup(),)


async def test_a_caller_who_asked_for_a_person_is_told_the_number(settings: Settings) -> None:
    async with trial(settings) as (http, here):
        await ended(here, "web-1", Status.TRANSFER)
        dial, hangup = await verbs(http, "web-1")
    assert isinstance(dial, Dial)
    assert dial.number.startswith("+")
    assert hangup == Hangup()


async def test_where_there_is_no_room_the_page_waits_asks_again_and_hears_an_apology(
    settings: Settings,
) -> None:
    async with trial(settings, max_calls=1) as (http, here), here.caller() as other:
        await other.until_heard()
        pause, redirect = await verbs(http, "web-1")
        assert pause == Pause(2)
        assert isinstance(redirect, Redirect)
        assert "try=1" in redirect.url
        say, hangup = await verbs(http, "web-1", tries=5)
    assert isinstance(say, Say)
    assert "busy" in say.text
    assert hangup == Hangup()


async def ended(here: Door, sid: str, status: Status) -> None:
    """A call's record as it stands when its conversation has ended so."""
    ledger = await here.store.open_call(CallSid(sid), caller=None)
    await ledger.commit(Change(status=status))
    await ledger.close()
