"""Best-effort work of all calls has one worker; no conversation waits for a Redis that is away."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.contextvars import bound_contextvars

from voicebot.call import CallSid, Change, Saved, Step
from voicebot.log import configure
from voicebot.store import background
from voicebot.store.background import REDIS_POLICY, BestEffortQueue, Tasks, redis_breaker

from .calls import answered, caller
from .conftest import StoreMaker
from .faults import FaultyRedis


async def fail() -> None:
    raise RedisConnectionError("refused")


async def test_best_effort_work_that_fails_is_not_logged_as_the_waking_calls(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("debug")
    chores = BestEffortQueue()
    try:
        with bound_contextvars(call_sid="CA1"):
            chores.add("of another call", fail)
        await chores.finish()
    finally:
        configure()
    told = capsys.readouterr().err
    assert "chore_failed" in told
    assert "CA1" not in told


class Server:
    """Answers the probe, or not."""

    def __init__(self) -> None:
        self.answers = False
        self.probes = 0

    async def ping(self) -> None:
        self.probes += 1
        if not self.answers:
            raise RedisConnectionError("refused")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "REDIS_POLICY", replace(REDIS_POLICY, first_pause_s=0.0))


async def test_a_breaker_stays_open_until_the_probe_is_answered() -> None:
    server, tasks = Server(), Tasks()
    breaker = redis_breaker(server.ping, tasks)
    assert not breaker.is_open
    breaker.trip()
    for _ in range(10):
        await asyncio.sleep(0)
    assert breaker.is_open
    assert REGISTRY.get_sample_value("voicebot_redis_breaker_open") == 1
    assert server.probes > 1
    server.answers = True
    await breaker.closed()
    assert not breaker.is_open
    assert REGISTRY.get_sample_value("voicebot_redis_breaker_open") == 0
    await tasks.close()


async def test_one_probe_asks_for_everybody() -> None:
    server, tasks = Server(), Tasks()
    breaker = redis_breaker(server.ping, tasks)
    for _ in range(100):
        breaker.trip()
    await asyncio.sleep(0)
    assert server.probes <= 1
    await tasks.close()


async def test_a_probe_that_is_stopped_keeps_nobody_waiting() -> None:
    breaker = redis_breaker(Server().ping, tasks := Tasks())
    breaker.trip()
    await asyncio.sleep(0)
    await tasks.close()
    await breaker.closed()


async def test_only_the_first_of_many_calls_waits_for_a_hung_redis(
    client: Redis, make_store: StoreMaker
) -> None:
    faulty = FaultyRedis(client)
    store = make_store(on=cast(Redis, faulty), commit_deadline_ms=1)
    ledgers = [await store.open_call(CallSid(f"CA{n}"), caller=None) for n in range(5)]
    with faulty.hung():
        assert await ledgers[0].commit(answered(Step.NAME, 1)) is Saved.MEMORY
        asked = faulty.asked
        for ledger in ledgers[1:]:
            assert await ledger.commit(Change(messages=(caller("hello"),))) is Saved.MEMORY
        assert faulty.asked == asked
    for ledger in ledgers:
        await ledger.caught_up()
        assert not ledger.pending.waiting
        await ledger.close()


async def test_a_call_that_begins_behind_an_open_breaker_does_not_ask_redis(
    client: Redis, make_store: StoreMaker
) -> None:
    faulty = FaultyRedis(client)
    store = make_store(on=cast(Redis, faulty))
    ledger = await store.open_call(CallSid("CA1"), caller=None)
    with faulty.away():
        await ledger.commit(answered(Step.NAME, 1))
        asked = faulty.asked
        other = await store.open_call(CallSid("CA2"), caller=None)
        assert faulty.asked == asked
        await other.commit(answered(Step.NAME, 1))
    for each in (ledger, other):
        await each.caught_up()
        assert not each.pending.waiting
