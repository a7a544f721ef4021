"""With VOICEBOT_WAIT_REPLICAS a commit counts only when replicas have it."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from voicebot.business import Business
from voicebot.call import CallSid, Saved, Step
from voicebot.errors import StoreUnavailable
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.client import connect
from voicebot.store.layout import call_keys
from voicebot.store.replay import journal_backlog
from voicebot.store.session import SaveState
from voicebot.store.store import Store

from .calls import SID, answered, caller, spoken, stored
from .cluster import sentinel, with_replica

pytestmark = [pytest.mark.valkey, pytest.mark.slow]

OTHER = CallSid("CAother")

Servers = tuple[str, subprocess.Popen[bytes]]
"""A master's URL, and the process of its replica."""


class Pair:
    """A master with one replica, and a store that waits for it."""

    def __init__(self, url: str, replica: subprocess.Popen[bytes], store: Store) -> None:
        self.url = url
        self.store = store
        self._replica = replica

    @contextmanager
    def replica_frozen(self) -> Iterator[None]:
        os.kill(self._replica.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._replica.pid, signal.SIGCONT)


@pytest.fixture
def patient(settings: Settings) -> Settings:
    return settings.model_copy(update={"wait_replicas": 1})


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = with_replica(tmp_path_factory.mktemp("replicas"))
    with asyncio.Runner() as runner:
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))


@pytest.fixture
async def pair(servers: Servers, patient: Settings, business: Business) -> AsyncIterator[Pair]:
    url, replica = servers
    async with connect(url) as client:
        await client.flushall()
    there = patient.model_copy(update={"redis_url": url})
    async with open_store(there, business) as store:
        yield Pair(url, replica, store)


async def waiting(store: Store, settings: Settings) -> int:
    """Writes in the journals, after what the store has begun to forget."""
    await store.fallback.open()
    return journal_backlog(settings.data_dir).entries


async def test_what_is_in_redis_is_with_its_replica(
    pair: Pair, patient: Settings, business: Business
) -> None:
    there = {"redis_url": pair.url, "wait_replicas_ms": 60_000}
    async with open_store(patient.model_copy(update=there), business) as store:
        ledger = await store.open_call(SID, caller=None)
        for second, step in enumerate(Step):
            if step is not Step.DONE:
                assert await ledger.commit(answered(step, 2 * second)) is Saved.REDIS
        await ledger.close()


async def test_a_turn_that_too_few_replicas_have_is_not_answered_until_they_do(pair: Pair) -> None:
    turn = await pair.store.open_turn(SID)
    await turn.commit(answered(Step.NAME, 1))
    with pair.replica_frozen():
        with pytest.raises(StoreUnavailable):
            await turn.write({"said:1": "the answer"})
        with pytest.raises(StoreUnavailable):
            await pair.store.open_turn(SID, requests=["said:1"])
    answers = None
    while answers is None:
        with suppress(StoreUnavailable):  # until the replica has caught up
            answers = (await pair.store.open_turn(SID, requests=["said:1"])).answers
    assert answers == ["the answer"]


async def test_what_too_few_replicas_have_is_in_the_journal_until_they_do(
    pair: Pair, patient: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = await pair.store.open_call(SID, caller=None)
    with pair.replica_frozen():
        assert await ledger.commit(answered(Step.NAME, 1)) is Saved.JOURNAL
        assert journal_backlog(patient.data_dir).entries == 1
        async with connect(pair.url) as client:
            assert await client.llen(call_keys(SID).history) == 2, "the master has it"
        for _ in range(3):
            assert await ledger.attempt() is SaveState.UNCOPIED, "asking again is no copy"
        assert await ledger.commit(answered(Step.PHONE, 3)) is Saved.JOURNAL
        assert journal_backlog(patient.data_dir).entries == 2
    await ledger.caught_up()
    await ledger.commit(answered(Step.ADDRESS, 5))
    await ledger.caught_up()
    await ledger.close()
    skeleton = await stored(pair.store)
    assert len(skeleton.history) == 6
    assert await waiting(pair.store, patient) == 0
    assert "too_few_replicas" in capsys.readouterr().err


async def test_a_small_write_waits_for_the_replica_too(pair: Pair, patient: Settings) -> None:
    await pair.store.open_call(SID, caller=None)
    with pair.replica_frozen():
        assert await pair.store.writes.update_conversation_history(SID, caller("hello"))
        assert journal_backlog(patient.data_dir).entries == 1
    assert await pair.store.writes.update_conversation_history(SID, caller("again"))
    for task in pair.store.tasks.running - {pair.store.replaying}:
        await task
    assert await spoken(pair.store) == ["hello", "again"]
    assert await waiting(pair.store, patient) == 0


async def test_the_next_process_brings_what_no_replica_had(
    pair: Pair, patient: Settings, business: Business
) -> None:
    there = patient.model_copy(update={"redis_url": pair.url})
    async with open_store(there, business) as first:
        ledger = await first.open_call(SID, caller=None)
        with pair.replica_frozen():
            assert await ledger.commit(answered(Step.NAME, 1)) is Saved.JOURNAL
            await first.tasks.close()
    async with open_store(there, business) as second:
        assert await waiting(second, patient) == 0
        skeleton = await stored(second)
        assert len(skeleton.history) == 2


async def test_a_master_found_through_its_sentinel_is_waited_for(
    patient: Settings, business: Business, tmp_path: Path
) -> None:
    """It has no replica: nothing is ever copied, everything is on this machine's disk as well."""
    async with sentinel(tmp_path) as url:
        there = patient.model_copy(update={"redis_url": url})
        async with open_store(there, business) as store:
            ledger = await store.open_call(SID, caller=None)
            assert await ledger.commit(answered(Step.NAME, 1)) is Saved.JOURNAL
            assert await ledger.attempt() is SaveState.UNCOPIED
            skeleton = await stored(store)
            assert len(skeleton.history) == 2
    assert journal_backlog(patient.data_dir).entries == 1
