"""Admission at the provider's port, over real TCP: bytes, places, addresses, tokens."""

import asyncio
from contextlib import AsyncExitStack
from urllib.parse import urlsplit
from xml.etree import ElementTree

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.stream.door import Door, answer, close_code, door
from tests.stream.provider import CALL_SID, carried, media_message, start_message
from voicebot.call import CallSid
from voicebot.signature import sign

pytestmark = pytest.mark.virtual_time(grace_s=0.001)


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
async def test_a_start_that_cannot_be_served_is_closed_with_its_code(frame: str, code: int) -> None:
    async with door() as here:
        async with here.socket() as socket:
            await socket.send(frame)
            assert await close_code(socket) == code
        async with here.caller() as provider:
            await provider.until_heard()


async def test_an_oversized_frame_ends_a_call_and_no_other() -> None:
    async with door() as here, here.caller() as bystander:
        async with here.socket() as socket:
            await socket.send(orjson.dumps(start_message("CAother")).decode())
            await socket.send("x" * 70_000)
            assert await close_code(socket) == 1009
        await bystander.until_heard(2)


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


# -- tokens and signatures -------------------------------------------------------------------

SECRET, MEDIA = "12345", "/media"


async def code_of_start(
    here: Door,
    path: str = "/media",
    call_sid: str = CALL_SID,
    *,
    signed: bool = False,
    **given: str,
) -> int | None:
    """Open a stream and send its `start`; return the code with which it is closed."""
    async with here.socket(path, additional_headers=upgrade(here) if signed else None) as socket:
        await socket.send(orjson.dumps(start_message(call_sid, **given)).decode())
        return await close_code(socket)


def upgrade(here: Door) -> dict[str, str]:
    """Return the headers of a signed upgrade."""
    return {"x-twilio-signature": sign(SECRET, f"wss://127.0.0.1:{here.port}/media")}


async def announced(here: Door, call_sid: str = CALL_SID) -> tuple[str, str]:
    """Ask the webhook with a signature; return the path of the stream, and its token."""
    path = f"/twiml?CallSid={call_sid}"
    signed = sign(SECRET, f"http://127.0.0.1:{here.port}{path}")
    status, _, body = await here.get(path, f"X-Twilio-Signature: {signed}")
    assert status == 200
    stream = ElementTree.fromstring(body)[0][0]
    tokens = [str(p.get("value")) for p in stream if p.get("name") == "token"]
    path = urlsplit(str(stream.get("url"))).path
    return path, tokens[0] if tokens else path.rpartition("/")[2]


async def is_refused(here: Door, path: str = MEDIA) -> bool:
    with pytest.raises(InvalidStatus) as refused:
        async with here.socket(path):
            pass
    return refused.value.response.status_code == 403


async def test_beyond_loopback_a_stream_needs_the_token_of_its_call() -> None:
    async with door(stream_host="0.0.0.0") as here:
        token = await here.token()
        for given in ("", "forged", token[:-1] + "x"):
            assert await code_of_start(here, token=given) == 1008
        assert await code_of_start(here, call_sid="CAother", token=token) == 1008
        async with here.caller(token=token) as provider:
            await provider.until_heard()
        assert await code_of_start(here, token=token) == 1008


async def test_a_token_may_stand_in_the_path() -> None:
    async with door(stream_host="0.0.0.0") as here:
        path = f"/media/{await here.token()}"
        async with here.socket(path) as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until_heard()


async def test_with_an_auth_token_only_what_is_signed_and_announced_is_served() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        assert (await here.get(f"/twiml?CallSid={CALL_SID}"))[0] == 403
        assert await is_refused(here)
        await announced(here)
        assert await code_of_start(here, signed=True) == 1008, "signed, but without its token"


async def test_with_an_auth_token_a_browser_streams_once_with_the_token_of_its_call() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        path, _ = await announced(here, "web-1")
        assert await code_of_start(here, path, "web-2") == 1008, "it opens, but for no other call"
        async with here.socket(path) as socket, carried(socket) as provider:
            await provider.send(start_message("web-1"))
            await provider.until_heard()
        assert await is_refused(here, path)


async def test_a_replayed_signature_opens_no_second_stream_at_any_worker() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        _, token = await announced(here)
        stream = here.socket(additional_headers=upgrade(here))
        async with stream as socket, carried(socket) as provider:
            await provider.begin(token=token)
            await provider.until_heard()
            assert await code_of_start(here, signed=True, token=token) == 1008
            await provider.until_heard()
        _, elsewhere = await announced(here)
        assert await here.store.index.lock(CallSid(CALL_SID), elsewhere, 60)
        assert await code_of_start(here, signed=True, token=elsewhere) == 1008


async def announced_to_signalwire(here: Door) -> str:
    """Ask as SignalWire does, which signs the webhook alone; return the path of the stream."""
    path = f"/twiml?CallSid={CALL_SID}"
    signed = sign(SECRET, f"http://127.0.0.1:{here.port}{path}")
    _, _, body = await here.get(path, f"X-SignalWire-Signature: {signed}")
    return urlsplit(str(ElementTree.fromstring(body)[0][0].get("url"))).path


async def test_a_provider_that_signs_the_webhook_alone_streams_once_by_its_address() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        path = await announced_to_signalwire(here)
        assert await is_refused(here, path[:-1] + "x")
        assert await is_refused(here, path.replace(CALL_SID, "CAother"))
        assert await code_of_start(here, path, "CAother") == 1008, "it opens, for its call alone"
        async with here.socket(path) as socket, carried(socket) as provider:
            await provider.begin()
            await provider.until_heard()
        assert await is_refused(here, path)


async def test_a_forged_or_doubled_header_of_signalwire_opens_nothing() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        path = f"/twiml?CallSid={CALL_SID}"
        right = sign(SECRET, f"http://127.0.0.1:{here.port}{path}")
        assert (await here.get(path, "X-SignalWire-Signature: forged"))[0] == 403
        both = f"X-SignalWire-Signature: forged\r\nX-Twilio-Signature: {right}"
        assert (await here.get(path, both))[0] == 403
        twice = f"X-SignalWire-Signature: {right}\r\nX-SignalWire-Signature: {right}"
        assert (await here.get(path, twice))[0] == 400


async def test_a_token_for_a_signed_stream_does_not_open_an_unsigned_one() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        _, token = await announced(here)
        assert await is_refused(here, f"/media/{CALL_SID}/{token}")


async def test_a_browsers_token_is_spent_at_all_workers() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        path, token = await announced(here, "web-1")
        assert await here.store.index.lock(CallSid("web-1"), token, 20)  # another worker was first
        assert await code_of_start(here, path, "web-1") == 1008


async def test_a_browsers_token_gets_nobody_on_to_a_providers_call() -> None:
    async with door(twilio_auth_token=SECRET) as here:
        browsers, _ = await announced(here, "web-1")
        _, token = await announced(here)
        assert await code_of_start(here, browsers, token=token) == 1008, "not even with that token"
        for path in (f"/media/{token}", f"/media/{CALL_SID}/{token}", f"/media/web-1/{token}"):
            assert await is_refused(here, path)


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
