"""Calls in virtual time: real sessions, collector, store and sockets; scripted speech.

async with world() as w:
    async with w.call() as caller:
        await caller.answers(Step.NAME, Step.PHONE)
        await caller.hang_up()
    assert w.record.step is Step.ADDRESS
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fakeredis import FakeAsyncRedis, FakeServer
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve

from tests.stream.doubles import CodedDetector, CodedTranscriber, SteadyVoice, spoken
from tests.stream.provider import CALL_SID, HELLO, Provider, carried, start_message
from voicebot.business import Business, load_business
from voicebot.call import CallSid, Step
from voicebot.collect.collector import Hear, SayAloud, converse
from voicebot.collect.resuming import begin
from voicebot.collect.understand import understand_by_rules
from voicebot.ledger import Ledger
from voicebot.settings import Settings
from voicebot.speech import WholeUtterances
from voicebot.store import CallSkeleton, Store
from voicebot.stream.connection import StreamConnection, open_connections, read_start
from voicebot.stream.dependencies import CallDependencies
from voicebot.stream.latency import CallTelemetry, Rows
from voicebot.stream.session import Session

EPOCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday, noon in Sydney."""

SID = CallSid(CALL_SID)

ANSWERS = {
    Step.NAME: ("My name is Robin Carter.",),
    Step.PHONE: ("0412 345 678", "Yes."),
    Step.ADDRESS: ("27 George Street, Parramatta.",),
    Step.EMAIL: ("test at example.com", "Yes."),
    Step.SERVICE: ("House cleaning.",),
    Step.TIME: ("Wednesday at half past nine in the morning.", "Yes."),
}
EXPECTED = {
    "name": "Robin Carter",
    "phone": "+61412345678",
    "address": "27 George Street, Parramatta",
    "email": "test@example.com",
}
"""The record's userInfo after these lines."""


def now() -> datetime:
    """The loop's own time, on the calendar."""
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


class Caller:
    """A person who says texts: each text is a code in the audio that the recogniser know."""

    def __init__(self, provider: Provider, phrases: dict[int, str]) -> None:
        self.provider = provider
        self._phrases = phrases

    async def listens(self) -> None:
        """Until the bot has spoken and is silent."""
        played = self.provider.played
        await self.provider.until(lambda: self.provider.played > played)
        await self.provider.until(lambda: not self.provider.is_playing)
        await asyncio.sleep(0.1)

    async def says(self, *texts: str) -> None:
        """Say one text a turn, each when the bot has finished, and listen to its answer."""
        for text in texts:
            code = len(self._phrases) + 1
            self._phrases[code] = text
            await self.provider.speak(spoken(code))
            await self.listens()

    async def answers(self, *steps: Step) -> None:
        """Everything that these steps ask for, a yes to the read-back included."""
        for step in steps:
            await self.says(*ANSWERS[step])

    async def hang_up(self) -> None:
        """The caller puts the phone down: the provider says stop."""
        await self.provider.hang_up()

    async def loses_the_line(self) -> None:
        """The socket is gone, without a word."""
        self.provider.socket.transport.abort()


class World:
    """One Redis, one business, any number of calls one after the other or at once."""

    def __init__(self, directory: Path, settings: Settings, business: Business) -> None:
        self.redis = FakeServer()
        self.business = business
        self._settings = settings
        self._door = str(directory / "door")
        self._phrases: dict[int, str] = {}
        self._expected: deque[asyncio.Event] = deque()
        self.tts = SteadyVoice(sentence_ms=200)

    @asynccontextmanager
    async def call(self, call_sid: str = SID) -> AsyncIterator[Caller]:
        """A stream for a callSid, from the one number; the bot's first words have been heard."""
        ended = asyncio.Event()
        self._expected.append(ended)
        async with (
            unix_connect(self._door, compression=None, close_timeout=1) as socket,
            carried(socket) as provider,
        ):
            caller = Caller(provider, self._phrases)
            await provider.send(HELLO)
            await provider.send(start_message(call_sid, **{"from": "+61255501234"}))
            await caller.listens()
            yield caller
            async with asyncio.timeout(120):
                await ended.wait()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Take calls."""
        async with unix_serve(
            self._attend, self._door, compression=None, create_connection=open_connections()
        ):
            yield

    async def record(self, call_sid: str = SID) -> CallSkeleton:
        """Return the stored record."""
        async with self._store() as store:
            skeleton = await store.get_call_skeleton(call_sid)
        assert skeleton is not None
        return skeleton

    @contextmanager
    def redis_down(self) -> Iterator[None]:
        """Redis refuses every connection."""
        self.redis.connected = False
        try:
            yield
        finally:
            self.redis.connected = True

    async def _attend(self, connection: ServerConnection) -> None:
        assert isinstance(connection, StreamConnection)
        ended = self._expected.popleft()
        async with self._store() as store:
            start = await read_start(connection)
            caller = start.parameters.get("from")
            ledger = await store.open_call(start.call_sid, caller=caller)
            try:
                session = Session(
                    connection,
                    start,
                    ledger,
                    self._dependencies(),
                    CallTelemetry(Rows(None)),
                )
                await session.run()
            finally:
                await ledger.close()
                ended.set()

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        client = FakeAsyncRedis(server=self.redis, decode_responses=True)
        store = Store(client, self._settings, self.business, clock=now)
        try:
            yield store
        finally:
            await store.aclose()

    def _dependencies(self) -> CallDependencies:
        return CallDependencies(
            stt=WholeUtterances(CodedTranscriber(self._phrases)),
            synthesizer=self.tts,
            detector=CodedDetector,
            converse=partial(_hold, self.business),
            clock=now,
            stopwatch=lambda: asyncio.get_running_loop().time(),
        )


@asynccontextmanager
async def world(business: Business | None = None, **settings: object) -> AsyncIterator[World]:
    """A world whose tasks have all ended when it is left."""
    before = asyncio.all_tasks()
    with TemporaryDirectory() as directory:
        path = Path(directory)
        made = Settings(_env_file=None, data_dir=path / "data", **settings)  # type: ignore[arg-type]
        made_world = World(path, made, business or load_business(None))
        async with made_world.open():
            yield made_world
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def _hold(business: Business, ledger: Ledger, hear: Hear, say: SayAloud) -> object:
    return await converse(
        begin(business, ledger.state),
        hear=hear,
        say=say,
        ledger=ledger,
        understand=understand_by_rules,
        clock=now,
    )
