"""A cluster that is resharded, fails over and is killed while people talk: nothing is lost."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from voicebot.business import Business
from voicebot.call import CallSid, Change, Saved, Step
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.layout import call_keys
from voicebot.store.replay import journal_backlog
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import SID, caller, stored
from .cluster import Cluster, cluster

pytestmark = [pytest.mark.valkey, pytest.mark.slow]

CALLS = 6
BETWEEN_WORDS_S = 0.01
WORDS_AT_LEAST = 20


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters, three replicas. The last test kills one."""
    running = cluster(tmp_path_factory.mktemp("cluster"), replicas=True)
    with asyncio.Runner() as runner:
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))


@pytest.fixture
def settings(settings: Settings, nodes: Cluster) -> Settings:
    """Settings as in service: forty milliseconds for a commit."""
    return settings.model_copy(update={"redis_url": nodes.url, "commit_deadline_ms": 40})


@dataclass
class Talk:
    """One call, and what it was told of each thing it said."""

    sid: CallSid
    ledger: CallSession
    told: list[Saved] = field(default_factory=list)

    async def say(self) -> None:
        """An answer in two fields and the words that it came in, in one commit."""
        text = f"{self.sid}/{len(self.told)}"
        answers = {Step.NAME: text, Step.ADDRESS: text}
        change = Change(answers=answers, messages=(caller(text, len(self.told)),), dialogue=text)
        self.told.append(await self.ledger.commit(change))

    async def until(self, over: asyncio.Event) -> None:
        while not over.is_set() or len(self.told) < WORDS_AT_LEAST:
            await self.say()
            await asyncio.sleep(BETWEEN_WORDS_S)
        await self.ledger.caught_up()
        await self.ledger.close()


@asynccontextmanager
async def people_talking(store: Store, *sids: CallSid) -> AsyncIterator[list[Talk]]:
    """Calls that go on while the block does, and are complete after it."""
    talks = [Talk(sid, await store.open_call(sid, caller=None)) for sid in sids]
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for talk in talks:
            group.create_task(talk.until(over))
        yield talks
        over.set()


async def assert_complete(store: Store, talks: list[Talk]) -> None:
    """Everything acknowledged, once, in order, its fields together, and nothing left behind."""
    for talk in talks:
        assert Saved.MEMORY not in talk.told
        skeleton = await stored(store, talk.sid)
        said = [f"{talk.sid}/{n}" for n in range(len(talk.told))]
        assert [m.message for m in skeleton.history] == said
        assert skeleton.user.userInfo.name == skeleton.user.userInfo.address == said[-1]
        assert not talk.ledger.pending.waiting


def calls(name: str) -> list[CallSid]:
    return [CallSid(f"CA{name}{n}") for n in range(CALLS)]


async def test_nothing_is_lost_while_slots_move(
    settings: Settings, business: Business, nodes: Cluster
) -> None:
    async with open_store(settings, business) as store:
        sids = calls("moved")
        async with people_talking(store, *sids) as talks:
            for sid in sids[:2]:
                before = await nodes.shard_of(call_keys(sid).call)
                async with nodes.moving(call_keys(sid).call):
                    await asyncio.sleep(0.2)
                after = await nodes.shard_of(call_keys(sid).call)
                assert after.master != before.master
        await assert_complete(store, talks)
    assert journal_backlog(settings.data_dir).entries == 0


async def test_nothing_is_lost_in_an_orderly_failover(
    settings: Settings, business: Business, nodes: Cluster
) -> None:
    async with open_store(settings, business) as store:
        async with people_talking(store, *calls("swapped")) as talks:
            await nodes.swap(await nodes.shard_of(call_keys(talks[0].sid).call))
        await assert_complete(store, talks)
    assert journal_backlog(settings.data_dir).entries == 0


async def test_a_commit_waits_for_the_replica_of_its_slot(
    settings: Settings, business: Business, nodes: Cluster
) -> None:
    long = {"wait_replicas_ms": 2000, "commit_deadline_ms": 60_000}
    patient = settings.model_copy(update={"wait_replicas": 1, **long})
    async with open_store(patient, business) as store:
        talks = [Talk(sid, await store.open_call(sid, caller=None)) for sid in calls("copied")]
        for talk in talks:
            await talk.say()
            assert talk.told == [Saved.REDIS]
        shard = await nodes.shard_of(call_keys(talks[0].sid).call)
        with nodes.frozen(shard.replicas[0]):
            for talk in talks:
                await talk.say()
                there = (await nodes.shard_of(call_keys(talk.sid).call)).master == shard.master
                assert talk.told[-1] is (Saved.JOURNAL if there else Saved.REDIS)
        for talk in talks:
            await talk.ledger.caught_up()
        await assert_complete(store, talks)
        async with nodes.moving(call_keys(talks[0].sid).call):
            await talks[0].say()
        await talks[0].say()
        await talks[0].ledger.caught_up()
        await assert_complete(store, talks)
    assert journal_backlog(settings.data_dir).entries == 0


async def test_what_a_killed_master_took_with_it_is_sent_again_from_memory(
    settings: Settings, business: Business, nodes: Cluster
) -> None:
    """Its replica is cut off before, so that what Redis acknowledged then is really lost."""
    patient = settings.model_copy(update={"commit_deadline_ms": 60_000})
    async with open_store(patient, business) as store:
        shard = await nodes.shard_of(call_keys(SID).call)
        lonely = Talk(SID, await store.open_call(SID, caller=None))
        async with people_talking(store, *calls("killed")) as talks:
            await lonely.say()
            with nodes.frozen(shard.replicas[0]):
                await nodes.cut_off(shard.master)
                for _ in range(3):
                    await lonely.say()
                nodes.signal(shard.master, signal.SIGKILL)
            assert lonely.told == [Saved.REDIS] * 4
            await nodes.elected(shard.replicas[0])
            remembered = await nodes.read(shard.replicas[0], call_keys(SID).history)
            assert len(remembered) < 4
            await lonely.say()
            await lonely.ledger.caught_up()
        await lonely.ledger.close()
        await assert_complete(store, [*talks, lonely])
    assert journal_backlog(settings.data_dir).entries == 0
