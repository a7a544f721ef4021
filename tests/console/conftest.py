"""The console over a real Valkey, spoken to in process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.ports import free_port
from voicebot.business import Business, load_business
from voicebot.collect.understand import Understand
from voicebot.console.app import create_app
from voicebot.console.auth import Visitor
from voicebot.console.conversations import Conversations
from voicebot.console.dependencies import AppState
from voicebot.console.event_hub import EventHub
from voicebot.console.middleware import console_server
from voicebot.console.views import Turn
from voicebot.settings import Settings
from voicebot.store import EventReader, Store, open_client, open_store
from voicebot.telemetry import UNTRACED, Tracing

PROGRAM = Visitor(reads_clear=True)
PATIENCE_S = 60


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url, decode_responses=True)
    yield client
    await client.aclose()


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> Settings:
    return Settings(_env_file=None, redis_url=redis_url, data_dir=tmp_path / "data")


@pytest.fixture
def locked(settings: Settings) -> Settings:
    """A console that wants a token."""
    return settings.model_copy(update={"console_token": SecretStr("sesame, spare")})


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the console."""
    async with console(settings) as client:
        yield client


@pytest.fixture
async def guarded(locked: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with console(locked) as client:
        yield client


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[str]:
    """The console on a port of its own, as its process serves it; its address."""
    app, port, ready = (
        create_app(settings, load_business(None), UNTRACED),
        free_port(),
        asyncio.Event(),
    )
    server = console_server(app, "127.0.0.1", port, ready.set)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        await ready.wait()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


class console:
    """The app with its store open, behind a client without sockets."""

    def __init__(
        self,
        settings: Settings,
        tracing: Tracing = UNTRACED,
        understand: Understand | None = None,
        business: Business | None = None,
    ) -> None:
        self._app = create_app(settings, business or load_business(None), tracing)
        self._settings = settings
        self._understand = understand

    async def __aenter__(self) -> httpx.AsyncClient:
        self._lifespan = self._app.router.lifespan_context(self._app)
        await self._lifespan.__aenter__()
        if self._understand is not None:
            state: AppState = self._app.state.console
            talks = Conversations(self._settings, state.store, state.business, self._understand)
            self._app.state.console = replace(state, conversations=talks)
        transport = httpx.ASGITransport(self._app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return self._client

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()
        await self._lifespan.__aexit__(None, None, None)


async def until_following(http: httpx.AsyncClient) -> None:
    """Wait until the console reads notices."""
    while "voicebot_console_following 1.0" not in (await http.get("/metrics")).text:
        pass  # the request itself gives way


@dataclass
class HubAndStore:
    """A hub that follows, beside a store that writes."""

    store: Store
    hub: EventHub
    turns: list[Turn]


@asynccontextmanager
async def hub_and_store(url: str) -> AsyncIterator[HubAndStore]:
    turns: list[Turn] = []
    with TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, redis_url=url, data_dir=Path(folder))
        async with (
            open_store(settings, load_business(None)) as store,
            open_client(url) as client,
            asyncio.TaskGroup() as tasks,
        ):
            hub = EventHub(EventReader(client), turns.append)
            tasks.create_task(hub.run())
            await until(lambda: hub.following)
            yield HubAndStore(store, hub, turns)
            hub.close()


@pytest.fixture
async def at(redis_url: str) -> AsyncIterator[HubAndStore]:
    async with hub_and_store(redis_url) as at:
        yield at


async def until(true: Callable[[], object]) -> None:
    """Wait for what another task does with a real server."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.01)
