"""Admission at the provider's port, over real TCP: bytes, places, addresses, tokens."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from urllib.parse import urlsplit
from xml.etree import ElementTree

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.stream.door import Door, answer, close_code, door, in_virtual_time
from tests.stream.provider import CALL_SID, carried, media_message, start_message
from voicebot.call import CallSid
from voicebot.signature import sign


@in_virtual_time
async def test_a_stream_without_start_is_closed_after_five_seconds() -> None:
    async with door() as here, here.socket() as socket:
        began = asyncio.get_running_loop().time()
        assert await close_code(socket) == 1008
        assert asyncio.get_running_loop().time() - began == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (orjson.dumps(start_message("no/call")).decode(), 1008),
        (orjson.dumps(start_message()).decode().replace("mulaw", "l16"), 1003),
        ('{"event": "start"}', 1008),
        ('{"event": "stop"}', 1008),
        ("x" * 70_000, 1009),
        ("ÿ" * 40_000, 1009),
        (orjson.dumps(start_message(**{"from": "6" * 60_000})).decode(), 1008),
    ],
)
def test_a_start_that_cannot_be_served_is_closed_with_its_code(frame: str, code: int) -> None:
    @in_virtual_time
    async def scenario() -> None:
        async with door() as here:
            async with here.socket() as socket:
                await socket.send(frame)
                assert await close_code(socket) == code
            async with here.caller() as provider:
                await provider.until_heard()

    scenario()


@in_virtual_time
async def test_an_oversized_frame_ends_a_call_and_no_other() -> None:
    async with door() as here, here.caller() as bystander:
        async with here.socket() as socket:
            await socket.send(orjson.dumps(start_message("CAother")).decode())
            await socket.send("x" * 70_000)
            assert await close_code(socket) == 1009
        await bystander.until_heard(2)


@in_virtual_time
async def test_the_last_place_is_given_once() -> None:
    async with door(max_calls=2) as here, AsyncExitStack() as stack:
        for sid in ("CA1", "CA2"):
            socket = await stack.enter_async_context(here.socket())
            await socket.send(orjson.dumps(start_message(sid)).decode())
        await asyncio.sleep(0.1)
        with pytest.raises(InvalidStatus) as refused:
            async with here.socket():
                pass
        assert refused.value.response.status_code == 503
        assert (await here.get("/readyz"))[0] == 503
        pause, redirect = await here.twiml()
        assert (pause.tag, redirect.text) == ("Pause", "/twiml?try=1")


@in_virtual_time
async def test_four_hundred_idle_sockets_do_not_shut_the_door() -> None:
    async with door(max_calls=1) as here, AsyncExitStack() as stack:
        for number in range(400):
            if number % 2:
                await stack.enter_async_context(here.socket())
            else:  # not even a request
                _, writer = await asyncio.open_connection("127.0.0.1", here.port)
                stack.callback(writer.close)
        assert (await here.get("/readyz"))[0] == 200
        async with here.caller() as provider:
            await provider.until_heard()


@in_virtual_time
async def test_places_are_free_again_however_a_stream_ended() -> None:
    async with door(max_calls=1) as here:
        for _ in range(3):
            async with here.socket() as socket:
                await socket.send('{"event": "start"}')
                await close_code(socket)
            await asyncio.sleep(0.1)
        async with here.caller() as provider:
            await provider.until_heard()
            provider.socket.transport.abort()
            await asyncio.sleep(1)
            assert (await here.get("/readyz"))[0] == 200


@in_virtual_time
async def test_beyond_loopback_a_stream_needs_the_pass_of_its_call() -> None:
    async with door(stream_host="0.0.0.0") as here:
        token = await here.token()
        for given in ("", "forged", token[:-1] + "x"):
            async with here.socket() as socket:
                await socket.send(orjson.dumps(start_message(token=given)).decode())
                assert await close_code(socket) == 1008
        async with here.socket() as socket:
            await socket.send(orjson.dumps(start_message("CAother", token=token)).decode())
            assert await close_code(socket) == 1008
        async with here.caller(token=token) as provider:
            await provider.until_heard()
        async with here.socket() as socket:
            await socket.send(orjson.dumps(start_message(token=token)).decode())
            assert await close_code(socket) == 1008


@in_virtual_time
async def test_a_pass_may_stand_in_the_path() -> None:
    async with door(stream_host="0.0.0.0") as here:
        token = await here.token()
        async with here.socket(f"/media/{token}") as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until_heard()


@in_virtual_time
async def test_with_an_auth_token_strangers_stay_outside() -> None:
    async with door(twilio_auth_token="12345") as here:
        assert (await here.get(f"/twiml?CallSid={CALL_SID}"))[0] == 403
        with pytest.raises(InvalidStatus) as refused:
            async with here.socket():
                pass
        assert refused.value.response.status_code == 403
        at = f"127.0.0.1:{here.port}"
        path = f"/twiml?CallSid={CALL_SID}"
        signed = f"X-Twilio-Signature: {sign('12345', f'https://{at}{path}')}"
        assert (await here.get(path, signed))[0] == 200
        headers = {"x-twilio-signature": sign("12345", f"wss://{at}/media")}
        async with here.socket(additional_headers=headers) as socket:
            await socket.send(orjson.dumps(start_message()).decode())
            assert await close_code(socket) == 1008  # signed, but not announced


async def browsers_address(here: Door, sid: str) -> str:
    """Return a browser's stream address from a signed request to the webhook."""
    path = f"/twiml?CallSid={sid}&From=browser"
    url = f"http://127.0.0.1:{here.port}{path}"
    status, _, body = await here.get(path, f"X-Twilio-Signature: {sign('12345', url)}")
    assert status == 200
    stream = ElementTree.fromstring(body).find("./Connect/Stream")
    assert stream is not None
    return urlsplit(str(stream.get("url"))).path


@in_virtual_time
async def test_with_an_auth_token_a_browser_streams_once_with_the_pass_of_its_call() -> None:
    async with door(twilio_auth_token="12345") as here:
        address = await browsers_address(here, "web-1")
        async with here.socket(address) as socket:  # it opens, but for no other call
            await socket.send(orjson.dumps(start_message("web-2")).decode())
            assert await close_code(socket) == 1008
        async with here.socket(address) as socket, carried(socket) as provider:
            await provider.send(start_message("web-1"))
            await provider.until_heard()
        with pytest.raises(InvalidStatus) as refused:
            async with here.socket(address):
                pass
        assert refused.value.response.status_code == 403


@in_virtual_time
async def test_a_replayed_signature_opens_no_second_stream_at_any_worker() -> None:
    async with door(twilio_auth_token="12345") as here:
        path = f"/twiml?CallSid={CALL_SID}"
        signed = f"X-Twilio-Signature: {sign('12345', f'http://127.0.0.1:{here.port}{path}')}"
        headers = {"x-twilio-signature": sign("12345", f"wss://127.0.0.1:{here.port}/media")}

        async def token() -> str:
            twiml = ElementTree.fromstring((await here.get(path, signed))[2])
            found = twiml.find("./Connect/Stream/Parameter[@name='token']")
            assert found is not None
            return str(found.get("value"))

        async def code_of(given: str) -> int | None:
            async with here.socket(additional_headers=headers) as socket:
                await socket.send(orjson.dumps(start_message(token=given)).decode())
                return await close_code(socket)

        given = await token()
        async with here.socket(additional_headers=headers) as socket, carried(socket) as provider:
            await provider.begin(token=given)
            await provider.until_heard()
            assert await code_of(given) == 1008
            await provider.until_heard()
        elsewhere = await token()
        assert await here.store.index.lock(CallSid(CALL_SID), elsewhere, 60)
        assert await code_of(elsewhere) == 1008


@in_virtual_time
async def test_a_browsers_pass_is_spent_at_all_workers() -> None:
    async with door(twilio_auth_token="12345") as here:
        address = await browsers_address(here, "web-1")
        _, _, given = address.removeprefix("/").split("/")
        assert await here.store.index.lock(CallSid("web-1"), given, 20)  # another worker was first
        async with here.socket(address) as socket:
            await socket.send(orjson.dumps(start_message("web-1")).decode())
            assert await close_code(socket) == 1008


@in_virtual_time
async def test_a_browsers_pass_gets_nobody_on_to_a_providers_call() -> None:
    async with door(twilio_auth_token="12345") as here:
        address = await browsers_address(here, "web-1")
        at = f"127.0.0.1:{here.port}"
        signed = f"X-Twilio-Signature: {sign('12345', f'http://{at}/twiml?CallSid={CALL_SID}')}"
        body = (await here.get(f"/twiml?CallSid={CALL_SID}", signed))[2]
        found = ElementTree.fromstring(body).find("./Connect/Stream/Parameter[@name='token']")
        assert found is not None
        token = str(found.get("value"))
        async with here.socket(address) as socket:  # even with the pass of that call in hand
            await socket.send(orjson.dumps(start_message(token=token)).decode())
            assert await close_code(socket) == 1008
        for path in (f"/media/{token}", f"/media/{CALL_SID}/{token}", f"/media/web-1/{token}"):
            with pytest.raises(InvalidStatus):
                async with here.socket(path):
                    pass


@in_virtual_time
async def test_a_stranger_who_shouts_does_not_disturb_a_call() -> None:
    async with door() as here, here.caller() as provider:
        async with here.socket() as stranger:
            await stranger.send(orjson.dumps(start_message("CAnoise")).decode())
            for frame in ("{", "[]", b"\x00", '{"event":"weather"}') * 50:
                await stranger.send(frame)
            await stranger.send(orjson.dumps(media_message(b"")).decode())
            await answer(provider, 1)
            await provider.until_heard()
        assert (await here.record())["user"]["userInfo"]["name"] == "John Smith"
