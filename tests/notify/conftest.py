"""A real Valkey, a real receiver on loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.store.calls import SID, answered
from voicebot.business import load_business
from voicebot.call import FIELDS, CallSid, Change, Status, Step
from voicebot.settings import Settings
from voicebot.store import Store, connect

from .by_hand import ByHand
from .receiver import Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Talk = Callable[..., Awaitable[None]]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def settings(redis_url: str, receiver: Receiver, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        redis_url=redis_url,
        data_dir=tmp_path / "data",
        webhook_url=SecretStr(receiver.url),
        webhook_secret=SecretStr(SECRET),
        webhook_deadline_s=30.0,
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    store = Store(connect(str(settings.redis_url)), settings, load_business(None))
    yield store
    await store.aclose()


@pytest.fixture
def talk(store: Store) -> Talk:
    """Let a caller answer some questions and hang up."""

    async def talk(
        call_sid: CallSid = SID,
        *,
        steps: tuple[Step, ...] = FIELDS[:3],
        end: Status | None = Status.INCOMPLETE,
    ) -> None:
        ledger = await store.open_call(call_sid, caller=None)
        for second, step in enumerate(steps):
            await ledger.commit(answered(step, second))
        if end is not None:
            await ledger.commit(Change(status=end))
        await ledger.close()

    return talk


@pytest.fixture
async def by_hand(redis: Redis, settings: Settings) -> AsyncIterator[ByHand]:
    """The first endpoint's deliveries, by hand: nothing is told before a test says so."""
    async with ByHand(redis, settings) as by_hand:
        yield by_hand
