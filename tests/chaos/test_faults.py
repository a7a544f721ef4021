"""Each trouble does what its name says, to a real Valkey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.chaos import faults
from tests.chaos.letters import LetterEar, sound
from tests.chaos.plan import Kind, plan_of
from tests.chaos.stage import Stage
from voicebot.store import connect

pytestmark = pytest.mark.valkey


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Valkey and the wires to it, without workers."""
    made = Stage(tmp_path, {})
    await made.valkey.start()
    for wire in made.wires:
        await wire.listen()
    yield made
    for wire in made.wires:
        await wire.close()
    await made.valkey.stop()


@pytest.fixture
async def redis(stage: Stage) -> AsyncIterator[Redis]:
    """A client at the end of a wire."""
    client = connect(stage.valkey.url_at(stage.wires[0].port))
    yield client
    await client.aclose()


async def test_redis_down_refuses_and_is_there_again(stage: Stage, redis: Redis) -> None:
    await redis.set("a", "1")
    async with faults.redis_down(stage):
        with pytest.raises(RedisConnectionError):
            await redis.get("a")
    assert await redis.get("a") == "1"


@pytest.mark.slow
async def test_a_silent_redis_answers_late_and_does_not_forget(stage: Stage, redis: Redis) -> None:
    impatient = Redis.from_url(stage.valkey.url_at(stage.wires[0].port), socket_timeout=0.05)
    await impatient.ping()
    async with faults.redis_silent(stage):
        with pytest.raises(RedisTimeoutError):
            await impatient.set("a", "1")
    await impatient.aclose()
    await redis.set("b", "1")
    assert await stage_holds(stage, "a") == "1"


@pytest.mark.parametrize(("fault", "applied"), [("reply_lost", "1"), ("request_lost", None)])
async def test_a_script_whose_reply_or_request_is_lost(
    stage: Stage, redis: Redis, fault: str, applied: str | None
) -> None:
    async with getattr(faults, fault)(stage):
        with pytest.raises(RedisConnectionError):
            await redis.eval("return redis.call('SET', KEYS[1], '1')", 1, "a")
        await redis.set("b", "2")  # all but scripts pass
    assert await stage_holds(stage, "a") == applied


async def test_a_restart_keeps_what_was_acknowledged(stage: Stage, redis: Redis) -> None:
    await redis.set("a", "1")
    async with faults.redis_restarted(stage):
        with pytest.raises(RedisConnectionError):
            await redis.get("a")
    assert await stage_holds(stage, "a") == "1"


async def test_a_lossy_restart_forgets_the_last_second_and_nothing_else(
    stage: Stage, redis: Redis
) -> None:
    await redis.set("a", "1")
    async with faults.redis_forgets(stage):
        await redis.set("b", "2")
    assert await stage_holds(stage, "a") == "1"
    assert await stage_holds(stage, "b") is None


async def stage_holds(stage: Stage, key: str) -> str | None:
    async with stage.redis() as client:
        value = await client.get(key)
    return None if value is None else str(value)


def test_a_seed_always_gives_the_same_plan_and_seeds_cover_every_trouble() -> None:
    assert plan_of(17) == plan_of(17)
    assert {t.kind for seed in range(1, 61) for t in plan_of(seed).troubles} == set(Kind)


def test_letters_are_heard_as_they_were_sounded_however_they_are_cut() -> None:
    ear = LetterEar()
    audio = sound("Is that right?") + sound("Perfect.")
    heard = [s for at in range(0, len(audio), 700) for s in ear.hear(audio[at : at + 700])]
    assert heard == ["Is that right?", "Perfect."]
