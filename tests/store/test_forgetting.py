"""What is forgotten is gone: from records, indexes, calendar, journals and append-only file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.ports import free_port
from voicebot.business import Business
from voicebot.call import CallSid, Saved, Step
from voicebot.errors import StillInUse
from voicebot.ledger import Place
from voicebot.settings import Settings
from voicebot.store import EmbeddedValkey, Forgetting, Rewrite, connect, open_store
from voicebot.store.replay import JournalErasure, erase_old_entries, waiting_entries
from voicebot.store.store import Store

from .calls import BOOKED_TIME, NUMBER, SID, START, Clock, answered, booked
from .cluster import cluster
from .conftest import Processes, StoreMaker

PHONE = "+61255550100"
OTHER, OLD = CallSid("CAother"), CallSid("CAold")
STRANGER = "+61255550111"


@pytest.fixture
def store(make_store: StoreMaker, clock: Clock) -> Store:
    return make_store(clock=clock, mirror_json=True)


@pytest.fixture
def forgetting(client: Redis, business: Business, settings: Settings) -> Forgetting:
    return Forgetting(client, business, settings.data_dir)


async def everything(client: Redis) -> str:
    """All keys and what is in them, as text."""
    texts: list[object] = []
    async for key in client.scan_iter("*"):
        match await client.type(key):
            case "hash":
                texts += [key, await client.hgetall(key)]
            case "zset":
                texts += [key, await client.zrange(key, 0, -1)]
            case "list":
                texts += [key, await client.lrange(key, 0, -1)]
            case "stream":
                texts += [key, await client.xrange(key)]
            case "set":
                texts += [key, await client.smembers(key)]
            case _:
                texts += [key, await client.get(key)]
    return str(texts)


async def test_nothing_of_a_forgotten_call_is_left_and_all_of_another(
    store: Store, client: Redis, forgetting: Forgetting
) -> None:
    await booked(store)
    before = await everything(client)
    await client.flushall()
    await booked(store, OTHER, number=STRANGER)
    alone = await everything(client)
    await booked(store)
    assert SID in before
    assert NUMBER in before
    erased = await forgetting.erase({SID})
    assert await everything(client) == alone
    assert (erased.calls, erased.places) == (1, 1)
    assert erased.keys >= 4, "the hash, its history, its events, the old system's string"
    assert erased.entries >= 4
    assert await store.get_call_skeleton(SID) is None


async def test_it_can_be_repeated(store: Store, forgetting: Forgetting) -> None:
    await booked(store)
    await forgetting.erase({SID})
    erased = await forgetting.erase({SID})
    assert (erased.keys, erased.entries, erased.places) == (0, 0, 0)
    assert await forgetting.known({SID}) == frozenset()


async def test_its_place_is_free_again(store: Store, forgetting: Forgetting) -> None:
    await booked(store)
    await forgetting.erase({SID})
    turn = await store.open_turn(OTHER)
    assert await turn.appointments.hold(BOOKED_TIME) is Place.YOURS


@pytest.mark.parametrize("number", [NUMBER, PHONE])
async def test_a_number_is_of_the_calls_that_came_from_it_or_gave_it(
    store: Store, client: Redis, forgetting: Forgetting, number: str
) -> None:
    await booked(store)
    await store.open_call(OTHER, caller=STRANGER)
    old = '{"callSid": "CAold", "user": {"userInfo": {"phone": "' + number + '"}}, "history": []}'
    await client.set(f"call:{OLD}", old)
    await client.set("call:CAnojson", "{")
    assert await forgetting.calls_of(number) == {SID, OLD}
    erased = await forgetting.erase({SID, OLD}, number)
    assert erased.calls == 2
    assert number not in await everything(client)
    assert await store.get_call_skeleton(OTHER) is not None


async def test_a_key_of_another_type_is_erased_as_well(
    store: Store, client: Redis, forgetting: Forgetting
) -> None:
    await client.set(f"call:{{{SID}}}", "another program's")
    await client.set("caller:{x}", "no set")
    await client.set("slots:{x}", "no hash")
    assert await forgetting.calls_of(NUMBER) == frozenset()
    assert (await forgetting.erase({SID})).keys == 1


async def test_a_call_on_the_phone_is_not_forgotten(store: Store, forgetting: Forgetting) -> None:
    await booked(store)
    async with store.index.hold(SID):
        while not await store.index.is_live(SID):  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0)
        with pytest.raises(StillInUse, match="on the phone"):
            await forgetting.erase({SID})
    assert await store.get_call_skeleton(SID) is not None


# -- journals ------------------------------------------------------------------------------


@asynccontextmanager
async def waiting(process: Processes) -> AsyncIterator[Store]:
    """A server with a call of which Redis has nothing yet."""
    async with process() as store:
        with process.faulty.away():
            ledger = await store.open_call(SID, caller=NUMBER)
            assert await ledger.commit(answered(Step.NAME, 1)) is Saved.JOURNAL
            yield store


async def test_what_waits_in_a_journal_is_found_by_its_number_and_erased(
    process: Processes, forgetting: Forgetting, settings: Settings
) -> None:
    async with waiting(process):
        pass
    assert await forgetting.calls_of(NUMBER) == {SID}
    assert await forgetting.known({SID}) == {SID}
    erased = await forgetting.erase({SID})
    assert erased.journals == JournalErasure(writes=1, damaged=0)
    assert waiting_entries(settings.data_dir) == []
    async with process() as store:
        assert await store.get_call_skeleton(SID) is None


async def test_what_a_running_process_still_brings_is_waited_for(
    process: Processes, forgetting: Forgetting
) -> None:
    async with waiting(process):
        with pytest.raises(StillInUse, match="try again"):
            await forgetting.erase({SID})


async def test_a_damaged_journal_is_told(
    process: Processes, forgetting: Forgetting, settings: Settings
) -> None:
    async with waiting(process):
        pass
    (journal,) = (settings.data_dir / "journal").glob("*.db")
    journal.write_bytes(b"no database")
    assert (await forgetting.erase({SID})).journals == JournalErasure(writes=0, damaged=1)


async def test_what_is_older_than_records_may_be_leaves_the_journals(
    process: Processes, settings: Settings
) -> None:
    process.clock = Clock()
    async with waiting(process):
        assert erase_old_entries(settings.data_dir, START + timedelta(1)).writes == 0
    assert erase_old_entries(settings.data_dir, START).writes == 0
    assert erase_old_entries(settings.data_dir, START + timedelta(seconds=1)).writes == 1
    assert waiting_entries(settings.data_dir) == []


async def test_what_redis_has_leaves_no_trace_in_the_files_of_a_running_process(
    process: Processes, settings: Settings
) -> None:
    def traces() -> list[str]:
        folder = settings.data_dir / "journal"
        return [p.name for p in folder.iterdir() if b"Test Caller" in p.read_bytes()]

    async with process() as store:
        with process.faulty.away():
            ledger = await store.open_call(SID, caller=NUMBER)
            await ledger.commit(answered(Step.NAME, 1))
            assert await asyncio.to_thread(traces)
        await ledger.caught_up()
        await ledger.close()
        async with asyncio.timeout(5):
            while await asyncio.to_thread(traces):  # noqa: ASYNC110 - of another thread
                await asyncio.sleep(0.01)
        assert any((settings.data_dir / "journal").iterdir())


# -- the append-only file, a cluster -------------------------------------------------------


@pytest.mark.valkey
async def test_the_append_only_file_has_it_no_more(tmp_path: Path, business: Business) -> None:
    valkey = EmbeddedValkey(tmp_path / "valkey", free_port())
    url = await valkey.start()

    def log() -> bytes:
        return b"".join(p.read_bytes() for p in valkey_dir.rglob("*") if p.is_file())

    valkey_dir = tmp_path / "valkey" / "valkey"
    try:
        settings = Settings(_env_file=None, redis_url=url, data_dir=tmp_path / "data")
        async with open_store(settings, business) as store, connect(url) as client:
            await booked(store)
            assert b"Test Caller" in await asyncio.to_thread(log)
            erased = await Forgetting(client, business, settings.data_dir).erase({SID})
            assert erased.rewrite is Rewrite.DONE
            assert b"Test Caller" not in await asyncio.to_thread(log)
            await client.execute_command("ACL SETUSER default -bgrewriteaof")  # type: ignore[no-untyped-call]
            erased = await Forgetting(client, business, settings.data_dir).erase({SID})
            assert erased.rewrite is Rewrite.REFUSED
            await client.config_set("appendonly", "no")
            erased = await Forgetting(client, business, settings.data_dir).erase({SID})
            assert erased.rewrite is Rewrite.OFF
    finally:
        await valkey.stop()


@pytest.mark.valkey
@pytest.mark.slow
async def test_on_a_cluster_too(settings: Settings, business: Business, tmp_path: Path) -> None:
    (directory := tmp_path / "nodes").mkdir()
    async with cluster(directory) as nodes, connect(nodes.url) as client:
        there = settings.model_copy(update={"redis_url": nodes.url})
        sids = [CallSid(f"CA{n}") for n in range(6)]
        async with open_store(there, business) as store:
            for sid in sids:
                ledger = await store.open_call(sid, caller=NUMBER)
                await ledger.commit(answered(Step.NAME, 1))
                await ledger.close()
            await store.best_effort.finish()
            forgetting = Forgetting(client, business, settings.data_dir)
            assert await forgetting.calls_of(NUMBER) == set(sids)
            erased = await forgetting.erase(sids, NUMBER)
            assert (erased.calls, erased.rewrite) == (6, Rewrite.OFF)
            assert [await store.get_call_skeleton(sid) for sid in sids] == [None] * 6
            assert await forgetting.calls_of(NUMBER) == frozenset()
            assert [key async for key in client.scan_iter("c*")] == []
