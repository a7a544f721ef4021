"""Addresses of one server, a cluster, and a master under Sentinels."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.sentinel import SentinelConnectionPool

from tests.ports import free_port
from voicebot.business import Business
from voicebot.call import FIELDS, CallSid, Saved, Status
from voicebot.errors import SettingsError
from voicebot.settings import Settings
from voicebot.store import open_store
from voicebot.store.client import AWAY, connect
from voicebot.store.layout import legacy_key

from . import denials
from .calls import answered, stored
from .cluster import cluster, sentinel
from .server import ValkeyProcess

pytestmark = pytest.mark.valkey


def test_a_clusters_nodes_and_login_are_read_as_they_are_written() -> None:
    client = cast(RedisCluster, connect("rediss+cluster://me:p%40ss@[::1]:7000,two:7001"))
    assert [(node.host, node.port) for node in client.startup_nodes] == [
        ("::1", 7000),
        ("two", 7001),
    ]
    login = {name: client.connection_kwargs[name] for name in ("username", "password")}
    assert login == {"username": "me", "password": "p@ss"}


def test_a_login_beside_sentinels_is_the_masters() -> None:
    pool = connect("redis+sentinel://:secret@one:26379,two:26379/records").connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, pool.connection_kwargs["password"]) == ("records", "secret")
    asked = [
        watcher.connection_pool.connection_kwargs for watcher in pool.sentinel_manager.sentinels
    ]
    assert [(one["host"], one["port"]) for one in asked] == [("one", 26379), ("two", 26379)]
    assert [one.get("password") for one in asked] == [None, None]


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one:26379",
        "redis+cluster://one",
        "redis+cluster://",
        "redis+cluster://one:a",
        "http://one",
    ],
)
def test_an_address_that_cannot_be_understood_is_told(url: str) -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_REDIS_URL"):
        connect(url)


async def whole_calls(settings: Settings, business: Business, url: str) -> None:
    """Calls of many slots, from the first word to the booking, read back."""
    chosen = settings.model_copy(update={"redis_url": url, "mirror_json": True})
    calls = [CallSid(f"CA{n:03}") for n in range(12)]
    async with open_store(chosen, business) as store:
        for sid in calls:
            ledger = await store.open_call(sid, caller="+61255550100")
            for second, step in enumerate(FIELDS):
                assert await ledger.commit(answered(step, 2 * second)) is Saved.REDIS
            await ledger.close()
            assert await store.writes.update_booking_status(sid, True, email_sent=True)
        await store.best_effort.finish()
        for sid in calls:
            skeleton = await stored(store, sid)
            assert len(skeleton.history) == 2 * len(FIELDS)
            assert (await store.status(sid), skeleton.confirmEmailsent) == (Status.BOOKED, True)
        assert sorted(e.call_sid for e in await store.index.recent(50)) == calls
    async with connect(url) as client:
        for sid in calls:
            mirrored = json.loads(str(await client.get(legacy_key(sid))))
            assert (len(mirrored["history"]), mirrored["confirmEmailsent"]) == (12, True)


@pytest.mark.slow
async def test_a_cluster_keeps_calls_of_all_its_slots(
    settings: Settings, business: Business, tmp_path: Path
) -> None:
    async with cluster(tmp_path) as nodes:
        await whole_calls(settings, business, nodes.url)


async def test_a_master_is_found_through_its_sentinel(
    settings: Settings, business: Business, tmp_path: Path
) -> None:
    async with sentinel(tmp_path) as url:
        await whole_calls(settings, business, url)


@pytest.mark.parametrize("kind", ["server", "sentinel", "cluster"])
async def test_a_connection_that_breaks_off_in_a_step_of_the_event_loop_is_redis_away(
    kind: str, valkey: ValkeyProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop then raises a RuntimeError, which the library lets through."""

    def closed(*_: object) -> None:
        raise RuntimeError("the handler is closed")

    async with AsyncExitStack() as servers:
        match kind:
            case "sentinel":
                url = await servers.enter_async_context(sentinel(tmp_path))
            case "cluster":
                url = (await servers.enter_async_context(cluster(tmp_path))).url
            case _:
                url = valkey.url
        async with connect(url) as client:
            await client.set("a", "1")
            with monkeypatch.context() as broken:
                broken.setattr(StreamWriter, "writelines", closed)
                with pytest.raises(AWAY):
                    await client.get("a")
            assert await client.get("a") == "1"


async def test_a_server_that_has_become_a_replica_is_left_for_whoever_is_at_its_address_now(
    valkey: ValkeyProcess, tmp_path: Path
) -> None:
    """A failover behind a name or a virtual address: the old master lives, as a replica."""
    successor = ValkeyProcess(free_port(), tmp_path / "successor")
    successor.share_password_with(valkey)
    upstream = valkey

    async def attend(reader: StreamReader, writer: StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", upstream.port)
        async with asyncio.TaskGroup() as ways:
            ways.create_task(carry(reader, back))
            ways.create_task(carry(there, writer))

    address = await asyncio.start_server(attend, "127.0.0.1", 0)
    port = address.sockets[0].getsockname()[1]
    async with (
        AsyncExitStack() as over,
        connect(valkey.url) as master,
        connect(valkey.url_at(port)) as client,
    ):
        over.push_async_callback(successor.stop)
        await successor.start()
        await master.flushall()
        assert await client.hset("{CA}", "name", "Ann")
        async with denials.read_only(master):
            upstream = successor
            with pytest.raises(AWAY):
                await client.hset("{CA}", "name", "Ann")
            assert await client.hset("{CA}", "name", "Ann")
    address.close()


async def carry(reader: StreamReader, writer: StreamWriter) -> None:
    while read := await reader.read(1 << 16):
        writer.write(read)
    writer.close()


async def test_a_connection_that_another_command_has_closed_is_redis_away(
    valkey: ValkeyProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library then misses its writer between two of its steps."""

    async def closed_meanwhile(
        connection: Connection, command: object, check_health: bool = True
    ) -> None:
        await connection.disconnect(nowait=True)
        connection._writer.writelines([])  # type: ignore[union-attr]  # what the library does

    async with connect(valkey.url) as client:
        await client.set("a", "1")
        with monkeypatch.context() as broken:
            broken.setattr(AbstractConnection, "send_packed_command", closed_meanwhile)
            with pytest.raises(AWAY):
                await client.get("a")
        assert await client.get("a") == "1"
