"""Deliveries as a process makes them: promptly, by one of many, through every kind of absence."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.ports import free_port
from tests.store.calls import SID, answered
from tests.store.cluster import PARTIAL, cluster
from tests.store.server import ValkeyProcess
from voicebot.business import load_business
from voicebot.call import CallSid, Saved, Step
from voicebot.notify.dispatcher import Dispatcher, Pace
from voicebot.notify.receivers import endpoints
from voicebot.settings import Settings
from voicebot.store import Store, call_keys, connect, open_store
from voicebot.store.layout import RECENT_CALLS
from voicebot.store.store import REPLAY_EVERY_S

from .conftest import SECRET, Talk
from .receiver import PATIENCE_S, Receiver, receiving

pytestmark = pytest.mark.valkey

QUICK = Pace(beat_s=0.02, again_s=0.1, all_s=0.1, lease_s=60.0)
"""A lease that no process loses, however slow the machine."""
ONCE = replace(QUICK, all_s=1e9)
"""Calls are looked at once, at the beginning; then notices alone tell of them."""

OTHERS = CallSid("CA0002")


@asynccontextmanager
async def delivering(
    settings: Settings, pace: Pace = QUICK, processes: int = 1
) -> AsyncIterator[None]:
    """Every endpoint has its dispatcher, in each of so many processes; they have begun."""
    stopping = asyncio.Event()
    async with connect(str(settings.redis_url)) as client, asyncio.TaskGroup() as group:
        for _ in range(processes):
            for endpoint in endpoints(settings):
                dispatcher = Dispatcher(client, endpoint, settings, pace=pace)
                group.create_task(dispatcher.run(stopping))
        await until_begun(client, settings)
        try:
            yield
        finally:
            stopping.set()


async def until_begun(client: Redis, settings: Settings) -> None:
    async with asyncio.timeout(PATIENCE_S):
        for endpoint in endpoints(settings):
            since = f"voicebot:webhooks:{{{endpoint.id}}}:since"
            while not await client.exists(since):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.01)


async def test_a_write_is_told_by_its_notice(
    settings: Settings, talk: Talk, receiver: Receiver
) -> None:
    async with delivering(settings, ONCE):
        await talk()
        await receiver.until(4)
    assert receiver.taken == ["name", "phone", "address", "incomplete"]


async def test_events_from_before_a_dispatcher_runs_are_delivered_later(
    settings: Settings, redis: Redis, talk: Talk, receiver: Receiver
) -> None:
    async with delivering(settings):
        pass
    await talk()
    await redis.delete(RECENT_CALLS)  # nothing relies on the index
    async with delivering(settings, ONCE):
        await receiver.until(4)
    assert receiver.taken == ["name", "phone", "address", "incomplete"]


async def test_a_key_of_somebody_else_does_not_hide_the_other_calls(
    settings: Settings, redis: Redis, talk: Talk, receiver: Receiver
) -> None:
    await redis.set("call:{strange}:events", "not a stream")
    await redis.set(f"call:{{{OTHERS}}}:webhooks", "not a hash")
    async with delivering(settings):
        pass
    await talk(OTHERS)
    await talk(SID)
    async with delivering(settings):
        await receiver.until(4)
    assert {r.told["callSid"] for r in receiver.requests} == {SID}


async def test_of_two_processes_one_delivers(
    settings: Settings, talk: Talk, receiver: Receiver
) -> None:
    calls = [CallSid(f"CA{n}") for n in range(10)]
    async with delivering(settings, processes=3):
        for call_sid in calls:
            await talk(call_sid)
        await receiver.until(4 * len(calls))
        await asyncio.sleep(5 * QUICK.beat_s)  # a second delivery would come now
    assert len(receiver.requests) == 4 * len(calls)


async def test_calls_are_told_beside_each_other_each_in_order(
    settings: Settings, talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.notify.delivery.PAUSES_S", (3600.0,) * 10)
    receiver.refusing = {"phone": 500}
    async with delivering(settings):
        await talk(SID)
        await receiver.until(2)
        receiver.refusing = {}
        await talk(OTHERS)
        await receiver.until(6)
    of_others = [r.about for r in receiver.requests if r.told["callSid"] == OTHERS]
    assert of_others == ["name", "phone", "address", "incomplete"]
    assert [r.about for r in receiver.requests if r.told["callSid"] == SID] == ["name", "phone"]


async def test_a_receiver_that_hangs_does_not_hold_up_another(
    settings: Settings, talk: Talk, receiver: Receiver
) -> None:
    async with receiving() as other:
        both = SecretStr(f"{receiver.url},{other.url}")
        with receiver.hanging():
            async with delivering(settings.model_copy(update={"webhook_url": both})):
                await talk()
                await other.until(4)
                await receiver.until(1)
                assert len(receiver.requests) == 1
    assert other.taken == ["name", "phone", "address", "incomplete"]


async def test_a_late_one_is_tried_again_by_itself(
    settings: Settings, talk: Talk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.notify.delivery.PAUSES_S", (0.05,) * 10)
    receiver.refusing = {"*": 503}
    async with delivering(settings, ONCE):
        await talk(steps=(Step.NAME,), end=None)
        await receiver.until(3)
        receiver.refusing = {}
        await receiver.until_taken(1)


async def test_a_commit_that_waited_in_the_journal_is_told_when_it_is_replayed(
    settings: Settings, valkey: ValkeyProcess, receiver: Receiver
) -> None:
    """The session's process ends while Redis is silent; the next one's replay brings it."""
    quick = settings.model_copy(update={"commit_deadline_ms": 40})
    business = load_business(None)
    async with delivering(settings, ONCE):
        async with open_store(quick, business) as store:
            ledger = await store.open_call(SID, caller=None)
            await ledger.commit(answered(Step.NAME, 1))
            await receiver.until(1)
            valkey.kill()
            assert await ledger.commit(answered(Step.PHONE, 2)) is Saved.JOURNAL
        await valkey.start()
        async with open_store(quick, business):
            await receiver.until_taken(2)
    assert receiver.taken == ["name", "phone"]


async def test_it_goes_on_after_redis_was_restarted(
    settings: Settings, store: Store, valkey: ValkeyProcess, receiver: Receiver
) -> None:
    async with delivering(settings, ONCE):
        ledger = await store.open_call(SID, caller=None)
        await ledger.commit(answered(Step.NAME, 1))
        await receiver.until(1)
        valkey.kill()
        await valkey.start()
        await asyncio.sleep(REPLAY_EVERY_S / 10)
        await ledger.commit(answered(Step.PHONE, 2))
        await ledger.close()
        await receiver.until_taken(2)
    assert receiver.taken == ["name", "phone"]


@asynccontextmanager
async def process(settings: Settings, tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m voicebot.notify`, as `voicebot serve` runs it; it is ready."""
    assert settings.webhook_url is not None
    env = os.environ | {
        "VOICEBOT_REDIS_URL": str(settings.redis_url),
        "VOICEBOT_DATA_DIR": str(tmp_path),
        "VOICEBOT_WEBHOOK_URL": settings.webhook_url.get_secret_value(),
        "VOICEBOT_WEBHOOK_SECRET": SECRET,
        "VOICEBOT_LOG_LEVEL": "debug",
    }
    with (tmp_path / "log").open("a") as log:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicebot.notify"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=env,
        )
    assert child.stdout is not None
    try:
        assert (await child.stdout.readline()).strip() == b"ready"
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_process_begins_while_redis_is_away_waits_and_says_so(
    settings: Settings, tmp_path: Path, scheme: str
) -> None:
    away = settings.model_copy(update={"redis_url": f"{scheme}://127.0.0.1:{free_port()}"})
    async with process(away, tmp_path) as running, asyncio.timeout(PATIENCE_S):
        while "webhooks_wait_for_redis" not in (tmp_path / "log").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        running.terminate()
        assert await running.wait() == 0


@pytest.mark.slow
async def test_a_process_that_is_killed_in_a_request_loses_nothing(
    settings: Settings, redis: Redis, talk: Talk, receiver: Receiver, tmp_path: Path
) -> None:
    async with process(settings, tmp_path) as first:
        await until_begun(redis, settings)
        with receiver.hanging():
            await talk()
            await receiver.until(1)
            first.kill()
            await first.wait()
    await redis.delete(*await redis.keys("voicebot:webhooks:*:lease"))  # as it would expire
    async with process(settings, tmp_path):
        await receiver.until(5)
    told = [r.about for r in receiver.requests]
    assert told == ["name", "name", "phone", "address", "incomplete"]
    assert receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"]


async def test_a_process_stops_when_told_and_logs_nothing_of_customers(
    settings: Settings, redis: Redis, talk: Talk, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.refusing = {"phone": 500}
    async with process(settings, tmp_path) as running:
        await until_begun(redis, settings)
        await talk()
        await receiver.until(2)
        running.terminate()
        assert await running.wait() == 0
    assert await redis.keys("voicebot:webhooks:*:lease") == []
    log = (tmp_path / "log").read_text()
    assert "webhook_late" in log
    for secret in ("Test Caller", "+61255550100", "topsecret", SECRET):
        assert secret not in log


@pytest.mark.slow
async def test_it_delivers_from_a_cluster(
    settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    """By notices, and, for calls of all nodes, by looking at all."""
    async with cluster(tmp_path) as nodes:
        there = settings.model_copy(update={"redis_url": nodes.url})
        async with open_store(there, load_business(None)) as store:
            async with delivering(there, ONCE):
                await (await store.open_call(SID, caller=None)).commit(answered(Step.NAME, 1))
                await receiver.until_taken(1)
            for n in range(6):
                ledger = await store.open_call(CallSid(f"CA{n}"), caller=None)
                await ledger.commit(answered(Step.NAME, 1))
            async with delivering(there, ONCE):
                await receiver.until_taken(7)


@pytest.mark.slow
async def test_a_node_of_the_cluster_that_is_away_does_not_silence_the_others(
    settings: Settings, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.store.client.ANSWER_PATIENCE_S", 2.0)
    async with cluster(tmp_path, options=PARTIAL) as nodes:
        there = settings.model_copy(update={"redis_url": nodes.url, "commit_deadline_ms": 2000})
        (endpoint,) = endpoints(there)
        lease = await nodes.shard_of(f"{{{endpoint.id}}}")
        calls = [CallSid(f"CA{n}") for n in range(60)]
        where = {c: (await nodes.shard_of(call_keys(c).call)).master for c in calls}
        index = await nodes.shard_of(RECENT_CALLS)
        needed = {lease.master, index.master}
        lost = next(master for master in where.values() if master not in needed)
        here = [c for c in calls if where[c] != lost][:4]
        gone = next(c for c in calls if where[c] == lost)
        async with (
            open_store(there, load_business(None)) as store,
            delivering(there),
        ):
            ledgers = {c: await store.open_call(c, caller=None) for c in (*here, gone)}
            await ledgers[gone].commit(answered(Step.NAME, 1))
            await receiver.until_taken(1)
            with nodes.frozen(lost):
                for call_sid in here:
                    await ledgers[call_sid].commit(answered(Step.NAME, 1))
                await receiver.until_taken(1 + len(here))
            await ledgers[gone].commit(answered(Step.PHONE, 2))
            await receiver.until_taken(2 + len(here))
