"""A Redis that says no for now is away: everything is kept, and written when it takes it again.

Each test asks a real Valkey that really answers so.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from redis.exceptions import DataError, ResponseError

from voicebot.breaker import Breaker
from voicebot.business import Business
from voicebot.call import CallSid, Change, Saved, Step
from voicebot.errors import BrokenRecord, StoreUnavailable
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store import store as module
from voicebot.store.background import REDIS_POLICY
from voicebot.store.client import AWAY, code_of, connect
from voicebot.store.layout import call_keys
from voicebot.store.replay import journal_backlog
from voicebot.store.scripts import TooFewReplicas
from voicebot.store.store import REPLAY_EVERY_S, Store

from . import denials
from .calls import SID, answered, caller, said, spoken
from .denials import Denial
from .server import ValkeyProcess

pytestmark = pytest.mark.valkey

OTHER = CallSid("CAother")
ENOUGH_S = 60
all_denials = pytest.mark.parametrize("denial", denials.ALL, ids=lambda d: d.__name__)


@pytest.fixture
def settings(settings: Settings, valkey: ValkeyProcess) -> Settings:
    return settings.model_copy(update={"redis_url": valkey.url, "commit_deadline_ms": 2_000})


@pytest.fixture
async def client(valkey: ValkeyProcess) -> AsyncIterator[Redis]:
    async with connect(valkey.url) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def store(settings: Settings, business: Business, client: Redis) -> AsyncIterator[Store]:
    async with open_store(settings, business) as store:
        yield store


async def until_in_redis(settings: Settings) -> None:
    """Until nothing waits in a journal any more."""
    async with asyncio.timeout(ENOUGH_S):
        while journal_backlog(settings.data_dir).entries:  # noqa: ASYNC110 - of another thread
            await asyncio.sleep(0.02)


@all_denials
async def test_what_is_denied_in_the_middle_of_a_call_is_written_in_it_as_soon_as_it_is_taken(
    denial: Denial, store: Store, client: Redis, settings: Settings
) -> None:
    ledger = await store.open_call(SID, caller=None)
    assert await ledger.commit(said("before", 1)) is Saved.REDIS
    async with denial(client):
        assert await ledger.commit(said("meanwhile", 2)) is Saved.JOURNAL
        assert await ledger.commit(said("and on", 3)) is Saved.JOURNAL
    async with asyncio.timeout(ENOUGH_S):
        await ledger.caught_up()
    assert await ledger.commit(said("after", 4)) is Saved.REDIS
    await ledger.close()
    assert await spoken(store) == ["before", "meanwhile", "and on", "after"]
    await until_in_redis(settings)
    assert journal_backlog(settings.data_dir).dead_letters == 0


@all_denials
async def test_what_a_dead_process_left_is_tried_again_and_never_a_dead_letter(
    denial: Denial, settings: Settings, business: Business, client: Redis
) -> None:
    async with AsyncExitStack() as process:
        ended = await process.enter_async_context(open_store(settings, business))
        ledger = await ended.open_call(SID, caller=None)
        async with denial(client):
            assert await ledger.commit(said("left behind", 1)) is Saved.JOURNAL
            assert await ended.writes.update_conversation_history(SID, caller("and this", 2))
            await process.aclose()
            async with open_store(settings, business) as next_one:
                with pytest.raises(StoreUnavailable):
                    await next_one.replay()
            assert journal_backlog(settings.data_dir).dead_letters == 0
    async with open_store(settings, business) as last:
        assert await spoken(last) == ["left behind", "and this"]
        await until_in_redis(settings)
    assert journal_backlog(settings.data_dir).dead_letters == 0


@pytest.mark.parametrize("denial", denials.READABLE, ids=lambda d: d.__name__)
async def test_a_call_that_comes_back_meanwhile_goes_on_where_it_was(
    denial: Denial, store: Store, client: Redis
) -> None:
    first = await store.open_call(SID, caller=None)
    await first.commit(answered(Step.NAME, 1))
    await first.close()
    async with denial(client):
        again = await store.open_call(SID, caller=None)
        assert (again.state.step, again.state.resumed) == (Step.PHONE, True)
        assert await again.commit(answered(Step.PHONE, 3)) is Saved.JOURNAL
    async with asyncio.timeout(ENOUGH_S):
        await again.caught_up()
    third = await store.open_call(SID, caller=None)
    assert (third.state.step, set(third.state.answers)) == (Step.ADDRESS, {Step.NAME, Step.PHONE})


@pytest.mark.parametrize("denial", denials.READABLE, ids=lambda d: d.__name__)
async def test_a_call_that_was_cut_off_and_came_back_meanwhile_stands_where_it_was(
    denial: Denial, store: Store, client: Redis
) -> None:
    first = await store.open_call(SID, caller=None)
    await first.commit(answered(Step.NAME, 1))
    await first.commit(replace(answered(Step.PHONE, 3), step=Step.PHONE))
    async with denial(client):
        await first.commit(Change(confirmed=frozenset({Step.PHONE}), step=Step.ADDRESS))
        again = await store.open_call(SID, caller=None)
        assert again.state.step is Step.ADDRESS
        await again.commit(Change(messages=(caller("hello?", 9),)))
    async with asyncio.timeout(ENOUGH_S):
        await again.caught_up()
        await first.caught_up()
    third = await store.open_call(SID, caller=None)
    assert third.state.step is Step.ADDRESS
    assert third.state.confirmed == frozenset({Step.PHONE})


@all_denials
async def test_an_integrators_write_is_kept_and_written(
    denial: Denial, store: Store, client: Redis, settings: Settings
) -> None:
    await store.open_call(SID, caller=None)
    async with denial(client):
        assert await store.writes.update_conversation_history(SID, caller("hello", 1))
        assert await store.writes.update_conversation_history(SID, caller("again", 2))
    await until_in_redis(settings)
    assert await spoken(store) == ["hello", "again"]


@all_denials
async def test_a_redis_that_answers_no_is_not_taken_for_one_that_does_not_answer(
    denial: Denial, store: Store, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    tripped: list[Breaker] = []
    ledger = await store.open_call(SID, caller=None)
    async with denial(client):
        monkeypatch.setattr(Breaker, "trip", tripped.append)
        assert await ledger.commit(said("one", 1)) is Saved.JOURNAL
        other = await store.open_call(OTHER, caller=None)
        assert await other.commit(said("two", 2)) is Saved.JOURNAL
        assert await store.writes.update_conversation_history(SID, caller("three", 3))
    async with asyncio.timeout(ENOUGH_S):
        await ledger.caught_up()
        await other.caught_up()
    assert tripped == []


async def test_one_call_that_is_denied_holds_up_no_other(
    store: Store, client: Redis, settings: Settings, business: Business
) -> None:
    """No rights on the keys of one call: what it left, and what is written into it, waits alone."""
    keys = ("~call:{CAother}*", "~call:CAother", "~slots:*", "~voicebot:*", "~caller:*")
    async with AsyncExitStack() as process:
        ended = await process.enter_async_context(open_store(settings, business))
        ledgers = [await ended.open_call(sid, caller=None) for sid in (SID, OTHER)]
        async with denials.no_memory(client):
            for sid, ledger in zip((SID, OTHER), ledgers, strict=True):
                assert await ledger.commit(said("left behind", 1)) is Saved.JOURNAL
                assert await ended.writes.update_conversation_history(sid, caller("and this", 2))
            await process.aclose()
            await client.execute_command("ACL", "SETUSER", "default", "resetkeys", *keys)  # type: ignore[no-untyped-call]
    try:
        async with asyncio.timeout(ENOUGH_S):
            while journal_backlog(settings.data_dir).entries != 2:  # noqa: ASYNC110 - of another thread
                await asyncio.sleep(0.02)
        assert await spoken(store, OTHER) == ["left behind", "and this"]
    finally:
        await client.execute_command("ACL", "SETUSER", "default", "allkeys")  # type: ignore[no-untyped-call]
    await until_in_redis(settings)
    assert await spoken(store) == ["left behind", "and this"]


async def test_what_no_replica_has_yet_opens_no_breaker_and_holds_up_no_other(
    settings: Settings, business: Business, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has no replica, so that nothing is ever copied."""
    wanted = settings.model_copy(update={"wait_replicas": 1, "wait_replicas_ms": 1})
    async with open_store(wanted, business) as ended:
        for sid in (SID, OTHER):
            ledger = await ended.open_call(sid, caller=None)
            assert await ledger.commit(said("not copied", 1)) is Saved.JOURNAL
    tripped: list[Breaker] = []
    monkeypatch.setattr(Breaker, "trip", tripped.append)
    monkeypatch.setattr(module, "REPLAY_EVERY_S", 0.01)
    async with open_store(wanted, business) as store:
        asked = await scripts_run(client)
        with pytest.raises(TooFewReplicas, match="VOICEBOT_WAIT_REPLICAS"):
            await store.replay()
        assert await scripts_run(client) >= asked + 2, "both were tried"
        async with asyncio.timeout(ENOUGH_S):
            while await scripts_run(client) < asked + 10:  # noqa: ASYNC110 - of rounds since
                await asyncio.sleep(0.02)
        assert tripped == []
    assert journal_backlog(settings.data_dir).entries == 2


async def scripts_run(client: Redis) -> int:
    stats = await client.info("commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


@pytest.mark.parametrize("epoch", ["abc", "inf", "-1", "1e3", "9" * 30, ""])
async def test_what_another_program_wrote_for_an_epoch_denies_no_call_its_record(
    epoch: str, store: Store, client: Redis
) -> None:
    first = await store.open_call(SID, caller=None)
    await first.commit(said("one", 1))
    await client.hset(call_keys(SID).call, mapping={"epoch": epoch, "beganUs": epoch})
    again = await store.open_call(SID, caller=None)
    assert await again.commit(said("two", 2)) is Saved.REDIS
    await first.close()
    assert await spoken(store) == ["one", "two"]


@pytest.mark.parametrize(
    "error",
    [
        *(RuntimeError("the event loop is closed"), OSError(errno.ENOSPC, "disk full")),
        *(DataError("no bytes"), ValueError(), TypeError()),
        *(BrokenRecord("WRONGTYPE"), TooFewReplicas(None)),
    ],
)
def test_an_error_of_another_kind_is_not_redis_away(error: Exception) -> None:
    assert not isinstance(error, AWAY)


@pytest.mark.parametrize(
    ("denial", "code"),
    [
        *((denials.no_memory, "OOM"), (denials.read_only, "READONLY"), (denials.busy, "BUSY")),
        *((denials.no_rights, "ERR"), (denials.no_replicas, "NOREPLICAS")),
        (denials.master_down, "MASTERDOWN"),
    ],
)
async def test_the_code_of_an_error_reply_is_known_inside_a_script_too(
    denial: Denial, code: str, client: Redis
) -> None:
    async with denial(client):
        with pytest.raises(ResponseError) as refused:
            await client.eval("return redis.call('HSET', KEYS[1], 'a', 'b')", 1, "some")
    assert code_of(refused.value) == code


def test_what_waits_is_tried_often_enough_to_be_written_within_two_seconds() -> None:
    assert REPLAY_EVERY_S <= 1
    assert REDIS_POLICY.longest_pause_s <= 1
