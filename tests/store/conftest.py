"""One record, two servers: everything is tested on fakeredis and on a real Valkey."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

from voicebot.business import Business, load_business
from voicebot.settings import Settings
from voicebot.store.client import connect
from voicebot.store.fallback import FallbackStore
from voicebot.store.layout import utc_now
from voicebot.store.replay import JOURNALS
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import SID, Clock
from .faults import FaultyRedis

StoreMaker = Callable[..., Store]


@pytest.fixture
def business() -> Business:
    return load_business(None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data")


@pytest.fixture(
    params=[
        pytest.param("fake", marks=pytest.mark.slow),  # the inner loop asks the real one only
        pytest.param("valkey", marks=pytest.mark.valkey),
    ]
)
def server_url(request: pytest.FixtureRequest) -> str | None:
    """The real server's address, or None for the pretended one."""
    return None if request.param == "fake" else request.getfixturevalue("valkey").url


@pytest.fixture
async def client(server_url: str | None) -> AsyncIterator[Redis]:
    """A client of an empty server."""
    client = connect(server_url) if server_url else FakeAsyncRedis(decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def make_store(
    client: Redis, settings: Settings, business: Business
) -> AsyncIterator[StoreMaker]:
    """Stores on the one server, with settings or a clock of their own; closed at the end."""
    made: list[Store] = []

    def make(
        on: Redis = client, clock: Callable[[], datetime] = utc_now, **changed: object
    ) -> Store:
        made.append(Store(on, settings.model_copy(update=changed), business, clock=clock))
        return made[-1]

    yield make
    for store in made:
        await store.aclose()


@pytest.fixture
def store(make_store: StoreMaker) -> Store:
    """The store of most tests."""
    return make_store()


@pytest.fixture
async def ledger(store: Store) -> AsyncIterator[CallSession]:
    """One call's, which has begun."""
    ledger = await store.open_call(SID, caller="+61255550100")
    yield ledger
    await ledger.close()


@pytest.fixture
def faulty(client: Redis) -> FaultyRedis:
    return FaultyRedis(client)


class Processes:
    """Store processes on one data dir, one after or beside the other."""

    def __init__(self, faulty: FaultyRedis, settings: Settings, business: Business) -> None:
        self.faulty = faulty
        self.settings = settings
        self.business = business
        self.data_dir = settings.data_dir
        self.clock: Callable[[], datetime] = utc_now

    def elsewhere(self) -> Store:
        """That of another machine, on the same server."""
        return Store(cast(Redis, self.faulty), self.settings, self.business)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Store]:
        """A store from its start to its end; its journal file is left as a crash leaves it."""
        journal = FallbackStore(self.data_dir / JOURNALS)
        redis = cast(Redis, self.faulty)
        store = Store(redis, self.settings, self.business, fallback=journal, clock=self.clock)
        await store.start()
        try:
            yield store
        finally:
            await store.tasks.close()
            await store.best_effort.finish()
            await journal.close()


@pytest.fixture
def process(faulty: FaultyRedis, settings: Settings, business: Business) -> Processes:
    return Processes(faulty, settings, business)
