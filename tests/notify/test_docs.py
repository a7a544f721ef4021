"""The receiver that docs/webhooks.md shows is one that works."""

import asyncio
import os
import re
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from voicebot.call import CallSid
from voicebot.notify.delivery import MOST_ATTEMPTS, PAUSES_S
from voicebot.notify.notification import Notification, notification, trial_body
from voicebot.notify.receivers import Attempt, Endpoint, Verdict, WebhookClient
from voicebot.store import StreamEvent

from .conftest import SECRET

DOC = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
PATIENCE_S = 60.0
KEY, OTHER = b64decode(SECRET.removeprefix("whsec_")), bytes(range(32))


@asynccontextmanager
async def documented_receiver(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """Runs until the end of the block; what it prints."""
    (snippet,) = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", snippet),
        env=os.environ | {"WEBHOOK_SECRET": SECRET, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    try:
        await listening(port)
        yield child.stdout
    finally:
        child.kill()
        await child.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


def event(kind: str, **fields: str) -> Notification:
    found = notification(
        StreamEvent(CallSid("CA1"), "1700-0", {"type": kind, "seq": "1", "at": "now"} | fields)
    )
    assert found is not None
    return found


async def test_the_documented_receiver_takes_what_is_ours_once_and_nothing_else(
    unused_tcp_port: int,
) -> None:
    name = event("field", field="name", value="Test Caller")
    ended = event("status", value="booked")

    async def send(told: Notification, *keys: bytes, late_s: float = 0) -> Attempt:
        endpoint = Endpoint(f"http://127.0.0.1:{unused_tcp_port}/", keys)
        sender = WebhookClient(endpoint, PATIENCE_S, lambda: time.time() - late_s)
        answer = await sender.send(told.id, told.body)
        await sender.aclose()
        return answer

    async with documented_receiver(unused_tcp_port) as printed:
        assert (await send(name, OTHER)).why == "HTTP 401", "another's key"
        assert (await send(name, KEY, late_s=600)).why == "HTTP 401", "an old copy"
        for keys in ((KEY,), (KEY,), (OTHER, KEY)):
            assert (await send(name, *keys)).verdict is Verdict.TAKEN
        assert (await send(ended, KEY)).verdict is Verdict.TAKEN
        assert await printed.readline() == b"field.saved CA1 name\n"
        assert await printed.readline() == b"call.completed CA1 booked\n", "the repeats are known"


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
        {"webhook-timestamp": "soon"},
        {"webhook-id": "msg_other"},
    ],
)
async def test_the_documented_receiver_refuses_what_was_changed(
    unused_tcp_port: int, changed: dict[str, str]
) -> None:
    body = trial_body("msg_1", "now")
    endpoint = Endpoint("https://crm.example/", (KEY,))
    headers = endpoint.signed("msg_1", int(time.time()), body) | changed
    raw = [(k.encode(), v.encode()) for k, v in headers.items()]
    client = httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S)
    async with documented_receiver(unused_tcp_port), client as http:
        url = f"http://127.0.0.1:{unused_tcp_port}/"
        assert (await http.post(url, content=body, headers=raw)).status_code == 401
        right = endpoint.signed("msg_1", int(time.time()), body)
        assert (await http.post(url, content=body, headers=right)).status_code == 204


def test_the_documented_pauses_are_those_that_are_kept() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    (line,) = re.findall(r"Pauses: (.*?), each", DOC.replace("\n", " "), re.DOTALL)
    said = [re.fullmatch(r"(\d+) (s|min|h)", pause.strip()) for pause in line.split(",")]
    assert [float(m[1]) * units[m[2]] for m in said if m] == list(PAUSES_S)
    assert MOST_ATTEMPTS == 11
    assert "eleventh" in DOC
