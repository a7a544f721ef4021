"""The store's readers."""

from datetime import timedelta

import orjson
import pytest
from fakeredis import FakeAsyncRedis
from redis.asyncio import Redis

from voicebot import store as module
from voicebot.business import Business
from voicebot.call import CallSid, Change, Phase, Status, Step
from voicebot.errors import StoreUnavailable
from voicebot.settings import Settings, load_settings
from voicebot.store.client import connect
from voicebot.store.layout import CHANNEL, call_keys, legacy_key
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import OLD_RECORD, OLD_SID, SID, START, answered, caller, stored
from .conftest import StoreMaker
from .server import ValkeyProcess


async def test_an_unknown_call_has_no_skeleton(store: Store) -> None:
    assert await store.get_call_skeleton("CAunknown") is None
    assert await store.get_call_skeleton_dict("not a sid {}") is None
    assert await store.status(SID) is None


async def test_an_old_record_is_carried_over_when_its_call_goes_on(
    store: Store, client: Redis
) -> None:
    await client.set(legacy_key(OLD_SID), OLD_RECORD)
    read = await stored(store, OLD_SID)
    ledger = await store.open_call(OLD_SID, caller=None)
    assert ledger.state.step is Step.EMAIL
    assert ledger.state.resumed
    await ledger.commit(answered(Step.EMAIL, 5))
    skeleton = await stored(store, OLD_SID)
    assert skeleton.history[:2] == read.history
    assert skeleton.createdAt == "2024-05-01T01:00:00.000Z"
    assert skeleton.user.userInfo.email == "caller@example.com"


async def test_a_call_goes_on_behind_what_was_said_on_servers_whose_clocks_were_put_back(
    make_store: StoreMaker,
) -> None:
    said_last = START + timedelta(seconds=5)
    first = await make_store(clock=lambda: said_last).open_call(SID, caller=None)
    await first.commit(Change(messages=(caller("hello", 5),)))
    for hours in (1, 2):
        store = make_store(clock=lambda back=hours: START - timedelta(hours=back))
        ledger = await store.open_call(SID, caller=None)
        assert ledger.state.said_until == said_last
        await ledger.commit(answered(Step.NAME, 6))
        said_last = START + timedelta(seconds=7)


async def test_the_mirror_is_the_committed_record_for_old_readers(
    client: Redis, settings: Settings, make_store: StoreMaker
) -> None:
    store = make_store(mirror_json=True)
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(answered(Step.NAME, 1))
    await ledger.close()
    expected = await store.get_call_skeleton_dict(SID)
    await store.best_effort.finish()
    text = await client.get(legacy_key(SID))
    assert text is not None
    assert orjson.loads(text) == expected
    assert 0 < await client.ttl(legacy_key(SID)) <= settings.retention_days * 86400


async def test_without_the_mirror_the_old_string_stays_as_it_is(
    store: Store, client: Redis
) -> None:
    await client.set(legacy_key(OLD_SID), OLD_RECORD)
    ledger = await store.open_call(OLD_SID, caller=None)
    await ledger.commit(answered(Step.EMAIL, 1))
    await ledger.close()
    await store.best_effort.finish()
    assert await client.get(legacy_key(OLD_SID)) == OLD_RECORD


async def test_phases_are_told_and_stand_in_no_record(
    store: Store, client: Redis, ledger: CallSession
) -> None:
    before = await client.hgetall(call_keys(SID).call)
    store.announce(SID, Phase.THINKING)
    store.announce(CallSid("CAunknown"), Phase.THINKING)
    await store.best_effort.finish()
    told = [event for _, event in await client.xrange(call_keys(SID).events) or ()]
    assert told[-1] is not None
    assert told[-1]["value"] == "thinking"
    assert await client.hgetall(call_keys(SID).call) == before
    assert not await client.exists(call_keys(CallSid("CAunknown")).events)


async def test_a_commit_publishes_its_call(store: Store, client: Redis) -> None:
    async with client.pubsub() as watcher:
        await watcher.subscribe(CHANNEL)
        assert (await watcher.get_message(timeout=60))["type"] == "subscribe"
        await store.open_call(SID, caller=None)
        message = await watcher.get_message(timeout=60)
        assert message is not None
        assert message["data"] == SID


async def test_recent_calls_come_newest_first(make_store: StoreMaker) -> None:
    for second, sid in enumerate(("CA1", "CA2", "CA3")):
        moment = START.replace(second=second)
        store = make_store(clock=lambda moment=moment: moment)
        await (await store.open_call(CallSid(sid), caller=None)).close()
        await store.best_effort.finish()
    newest, *_ = listed = await store.index.recent(50)
    assert [entry.call_sid for entry in listed] == ["CA3", "CA2", "CA1"]
    assert [entry.call_sid for entry in await store.index.recent(1, newest)] == ["CA2"]


async def test_the_webhook_reads_where_a_call_stands(store: Store, ledger: CallSession) -> None:
    assert await store.status(SID) is Status.ACTIVE
    await ledger.commit(Change(status=Status.TRANSFER))
    assert await store.status(SID) is Status.TRANSFER


async def test_without_redis_readers_are_told_and_writers_get_false(
    settings: Settings, business: Business
) -> None:
    client = FakeAsyncRedis(decode_responses=True, connected=False)
    store = Store(client, settings, business)
    with pytest.raises(StoreUnavailable):
        await store.get_call_skeleton(SID)
    assert not await store.writes.update_user_info_field(SID, "name", "Test Caller")
    assert await store.status(SID) is None
    assert not await store.is_ready()
    await store.aclose()


@pytest.mark.valkey
async def test_integrators_need_no_store_of_their_own(
    valkey: ValkeyProcess, settings: Settings, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_REDIS_URL", valkey.url)
    load_settings.cache_clear()
    mine = settings.model_copy(update={"redis_url": valkey.url})
    sid = CallSid("CAintegrator")
    try:
        async with module.open_store(mine, business) as store:
            await store.open_call(sid, caller=None)
        assert await module.update_user_info_field(sid, "name", "Test Caller")
        assert await module.update_conversation_history(sid, caller("hello"))
        assert await module.update_booking_status(sid, True)
        assert await module.update_service_selection(sid, "plumbing")
        skeleton = await module.get_call_skeleton(sid)
        assert skeleton is not None
        assert skeleton.user.userInfo.name == "Test Caller"
        assert await module.get_call_skeleton_dict(sid) == skeleton.nested()
    finally:
        await module.close_store()
        load_settings.cache_clear()


@pytest.mark.valkey
async def test_bytes_that_are_no_text_end_no_call(
    valkey: ValkeyProcess, make_store: StoreMaker
) -> None:
    client = connect(valkey.url)
    await client.flushall()
    store = make_store(on=client)
    await client.set(legacy_key(OLD_SID), b"\xff\xfe")
    assert not (await store.open_call(OLD_SID, caller=None)).state.resumed
    await store.open_call(SID, caller=None)
    await client.hset(call_keys(SID).call, "user.userInfo.name", b"Jos\xe9")
    assert (await store.open_call(SID, caller=None)).state.answers == {Step.NAME: "Jos\ufffd"}
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Jos\ufffd"


async def test_a_status_that_is_none_counts_as_an_open_call(store: Store, client: Redis) -> None:
    await store.open_call(SID, caller=None)
    await client.hset(call_keys(SID).call, "status", "pending")
    assert await store.status(SID) is Status.ACTIVE
