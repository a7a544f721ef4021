"""A running stream server and ways to reach it: real TCP, scripted speech, pretended Redis."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from fakeredis import FakeAsyncRedis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.stream.doubles import CodedDetector, CodedTranscriber, SteadyVoice, spoken
from tests.stream.provider import CALL_SID, Provider, carried
from voicebot.business import load_business
from voicebot.settings import Settings
from voicebot.speech import WholeUtterances
from voicebot.store import Store
from voicebot.stream.__main__ import hold_conversation
from voicebot.stream.dependencies import CallDependencies
from voicebot.stream.server import StreamServer
from voicebot.telemetry import UNTRACED, Tracing

ANSWERS = (
    "My name is John Smith",
    "0412 345 678",
    "yes",
    "12 George Street, Parramatta",
    "john@example.com",
    "yes",
    "plumbing",
    "tomorrow at ten in the morning",
    "yes",
)
EPOCH = datetime(2026, 11, 22, tzinfo=UTC)


def now() -> datetime:
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


class Door:
    """A running server, and ways to reach it."""

    def __init__(self, store: Store, redis: FakeAsyncRedis, settings: Settings) -> None:
        self.store = store
        self.redis = redis
        self.settings = settings
        self.stopping = asyncio.Event()
        self.stopped = asyncio.Event()
        self.at = ""

    async def get(self, path: str, *headers: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        return await self.ask("GET", path, *headers, host=f"127.0.0.1:{self.port}")

    async def post(self, path: str, form: Mapping[str, str], *headers: str) -> tuple[int, str, str]:
        """The same, with a form for a body."""
        body = urlencode(form)
        kind = "Content-Type: application/x-www-form-urlencoded"
        headers = (kind, f"Content-Length: {len(body)}", *headers)
        return await self.ask("POST", path, *headers, host=f"127.0.0.1:{self.port}", body=body)

    async def ask(
        self, method: str, path: str, *headers: str, host: str, body: str = ""
    ) -> tuple[int, str, str]:
        """One request as it is written; its answer as `get` has it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", body]
        writer.write("\r\n".join(lines).encode("latin-1"))
        answer = (await reader.read()).decode()
        writer.close()
        head, _, body = answer.partition("\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        return int(head.split()[1]), fields["Content-Type"], body

    async def twiml(self, path: str = f"/twiml?CallSid={CALL_SID}") -> ElementTree.Element:
        status, kind, body = await self.get(path)
        assert (status, kind) == (200, "text/xml; charset=utf-8")
        return ElementTree.fromstring(body)

    async def token(self) -> str:
        parameter = (await self.twiml()).find("./Connect/Stream/Parameter[@name='token']")
        assert parameter is not None
        return str(parameter.get("value"))

    @property
    def port(self) -> int:
        return int(self.at.rpartition(":")[2].partition("/")[0])

    def socket(self, path: str = "/media", **options: Any) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}{path}", compression=None, close_timeout=1, **options
        )

    @asynccontextmanager
    async def caller(self, **parameters: str) -> AsyncIterator[Provider]:
        async with self.socket() as socket, carried(socket) as provider:
            await provider.begin(**parameters)
            yield provider

    async def record(self, call_sid: str = CALL_SID) -> dict[str, Any]:
        found = await self.store.get_call_skeleton_dict(call_sid)
        assert found is not None
        return found


@asynccontextmanager
async def door(tracing: Tracing = UNTRACED, **changes: Any) -> AsyncIterator[Door]:
    """A server on a free port, with scripted speech, the real collector and a pretended Redis."""
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        defaults = {"stream_host": "127.0.0.1", "drain_s": 5.0, "data_dir": directory}
        settings = Settings(_env_file=None, stream_port=0, **{**defaults, **changes})
        business = load_business(None)
        redis = FakeAsyncRedis(decode_responses=True)
        store = Store(redis, settings, business, clock=now)
        stack.push_async_callback(store.aclose)
        dependencies = CallDependencies(
            stt=WholeUtterances(CodedTranscriber(dict(enumerate(ANSWERS, 1)))),
            synthesizer=SteadyVoice(sentence_ms=200),
            detector=CodedDetector,
            converse=partial(hold_conversation, business, clock=now),
            clock=now,
            stopwatch=lambda: asyncio.get_running_loop().time(),
        )
        server = StreamServer(settings, business, store, dependencies, tracing)
        here, ready = Door(store, redis, settings), asyncio.Event()

        def when_ready(address: str) -> None:
            here.at = address
            ready.set()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(server.run(here.stopping, when_ready))
            task.add_done_callback(lambda _: here.stopped.set())
            await ready.wait()
            yield here
            here.stopping.set()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def close_code(socket: ClientConnection) -> int | None:
    """Read until the server closes; its code."""
    with suppress(ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code


async def leave(provider: Provider, after: int = 1) -> None:
    """The caller hears so many sentences, and hangs up; then the record is closed."""
    await provider.until_heard(after)
    await provider.hang_up()
    await asyncio.sleep(1)


async def answer(provider: Provider, code: int) -> None:
    """Wait until the bot has spoken, then say the answer of this number."""
    await provider.until_heard()
    await provider.until(lambda: not provider.is_playing)
    await provider.speak(spoken(code))
