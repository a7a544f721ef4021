"""The embedded server: found, adopted, started, stopped; its records outlive it."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.exceptions import RedisError

from tests.ports import free_port
from voicebot.business import Business
from voicebot.call import FIELDS, Saved, Status
from voicebot.errors import SettingsError, StoreUnavailable
from voicebot.runtime.data_dir import own_data_dir
from voicebot.settings import Settings
from voicebot.store import Store, embedded, open_store
from voicebot.store.client import connect
from voicebot.store.embedded import Answer, EmbeddedValkey, embedded_valkey, redis_url

from .calls import SID, answered, stored
from .server import ValkeyProcess

pytestmark = pytest.mark.valkey


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", redis_port=free_port())


@pytest.fixture
async def valkey(settings: Settings) -> AsyncIterator[EmbeddedValkey]:
    """A running server of this test alone."""
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    await valkey.start()
    yield valkey
    await valkey.stop()


async def test_a_command_starts_a_server_only_for_itself(settings: Settings) -> None:
    async with embedded_valkey(settings) as url:
        assert re.fullmatch(rf"redis://:[0-9a-f]{{64}}@127.0.0.1:{settings.redis_port}", url)
        assert redis_url(settings) == url
        _, writer = await asyncio.open_connection("127.0.0.1", settings.redis_port)
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", settings.redis_port)


async def test_a_command_leaves_a_server_running_that_it_found(
    settings: Settings, valkey: EmbeddedValkey
) -> None:
    async with embedded_valkey(settings) as url:
        assert url == valkey.url
    assert valkey.started


async def test_a_server_that_a_serve_has_adopted_meanwhile_stays(settings: Settings) -> None:
    starter = EmbeddedValkey(settings.data_dir, settings.redis_port)
    async with embedded_valkey(settings):
        held = own_data_dir(settings.data_dir)
        held.__enter__()
    try:
        assert await starter.start() == redis_url(settings)
        assert not starter.started
    finally:
        held.__exit__(None, None, None)
        await starter.stop()


async def test_a_start_that_fails_leaves_no_server_behind(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "redis-url").mkdir()  # as on a full disk, it cannot be written
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    with pytest.raises(StoreUnavailable, match="make room"):
        await valkey.start()
    assert not valkey.started
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", settings.redis_port)


async def test_a_start_that_is_cancelled_leaves_no_server_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def in_vain(port: int, directory: Path) -> Answer:
        if starter.started and not never.is_set():
            never.set()
            await asyncio.sleep(60)
        return Answer.NOBODY

    starter = EmbeddedValkey(settings.data_dir, settings.redis_port)
    monkeypatch.setattr(embedded, "who_answers", in_vain)
    starting = asyncio.ensure_future(starter.start())
    await never.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not starter.started


async def test_a_server_is_found_at_the_port_where_it_was_left(
    settings: Settings, valkey: EmbeddedValkey
) -> None:
    moved = settings.model_copy(update={"redis_port": free_port()})
    async with embedded_valkey(moved) as url:
        assert url == valkey.url


async def test_two_that_start_at_once_share_one_server(settings: Settings) -> None:
    both = [EmbeddedValkey(settings.data_dir, settings.redis_port) for _ in range(2)]
    try:
        urls = await asyncio.gather(*(valkey.start() for valkey in both))
        assert urls[0] == urls[1]
    finally:
        for valkey in both:
            await valkey.stop()


async def test_a_port_of_another_folders_server_is_refused_with_the_mend(
    settings: Settings, tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    stranger = EmbeddedValkey(tmp_path / "elsewhere", settings.redis_port)
    told = "perhaps the Valkey of another folder: set VOICEBOT_DATA_DIR"
    with pytest.raises(SettingsError, match=told):
        await stranger.start()


async def test_a_port_of_another_program_is_refused_with_the_mend(settings: Settings) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(rude, "127.0.0.1", settings.redis_port)
    async with server:
        with pytest.raises(SettingsError, match="another program"):
            await EmbeddedValkey(settings.data_dir, settings.redis_port).start()


async def test_a_set_url_is_used_and_nothing_is_started(settings: Settings) -> None:
    chosen = settings.model_copy(update={"redis_url": "redis://203.0.113.9:6379"})
    async with embedded_valkey(chosen) as url:
        assert url == redis_url(chosen) == "redis://203.0.113.9:6379"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", settings.redis_port))


async def test_whoever_has_no_password_reads_nothing(
    settings: Settings, valkey: EmbeddedValkey
) -> None:
    async with connect(f"redis://127.0.0.1:{settings.redis_port}") as client:
        with pytest.raises(RedisError, match="Authentication required"):
            await client.get("call:{CA1}")


def test_only_our_user_reads_the_password(settings: Settings, valkey: EmbeddedValkey) -> None:
    password = urlsplit(valkey.url).password
    assert password
    for name in ("redis-url", "valkey.conf"):
        path = settings.data_dir / name
        assert password in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert valkey.pid is not None
    command = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(valkey.pid)], capture_output=True
    )
    assert b"valkey-server" in command.stdout
    assert password.encode() not in command.stdout
    assert password.encode() not in (settings.data_dir / "valkey.log").read_bytes()


async def test_the_password_stays_the_same_from_start_to_start(settings: Settings) -> None:
    async with embedded_valkey(settings) as first:
        pass
    async with embedded_valkey(settings) as second:
        assert first == second


async def test_the_terminals_interrupt_does_not_reach_the_server(valkey: EmbeddedValkey) -> None:
    assert valkey.pid is not None
    assert os.getsid(valkey.pid) == valkey.pid != os.getsid(0)


@pytest.fixture
async def served(
    settings: Settings, business: Business
) -> AsyncIterator[tuple[ValkeyProcess, Store]]:
    """A server, and a store on it."""
    server = ValkeyProcess(settings.redis_port, settings.data_dir)
    await server.start()
    try:
        async with open_store(settings, business) as store:
            yield server, store
    finally:
        await server.stop()


async def test_after_a_crash_of_the_server_every_record_is_found_again(
    served: tuple[ValkeyProcess, Store],
) -> None:
    server, store = served
    ledger = await store.open_call(SID, caller=None)
    for second, step in enumerate(FIELDS):
        assert await ledger.commit(answered(step, 2 * second)) is Saved.REDIS
    before = await store.get_call_skeleton(SID)
    server.kill()
    await server.start()
    assert await store.get_call_skeleton(SID) == before
    assert await store.status(SID) is Status.BOOKED
    await ledger.close()


async def test_a_call_outlives_the_server_and_its_record_is_complete(
    served: tuple[ValkeyProcess, Store],
) -> None:
    server, store = served
    ledger = await store.open_call(SID, caller=None)
    saved = []
    for second, step in enumerate(FIELDS):
        if step is FIELDS[2]:
            server.kill()
        if step is FIELDS[4]:
            await server.start()
            await ledger.caught_up()
        saved.append(await ledger.commit(answered(step, 2 * second)))
    await ledger.close()
    redis, journal = Saved.REDIS, Saved.JOURNAL
    assert saved == [redis, redis, journal, journal, redis, redis]
    skeleton = await stored(store)
    assert skeleton.servicebooked
    assert len(skeleton.history) == 2 * len(FIELDS)


async def test_a_frozen_server_costs_the_conversation_its_deadline_once(
    served: tuple[ValkeyProcess, Store], settings: Settings, business: Business
) -> None:
    server, store = served
    hasty = settings.model_copy(update={"commit_deadline_ms": 200})  # waited for in real time
    async with open_store(hasty, business) as store_of_call:
        ledger = await store_of_call.open_call(SID, caller=None)
        with server.frozen():
            for second, step in enumerate(FIELDS):
                assert await ledger.commit(answered(step, 2 * second)) is Saved.JOURNAL
        await ledger.caught_up()
        await ledger.close()
    skeleton = await stored(store)
    assert len(skeleton.history) == 2 * len(FIELDS)
    assert skeleton.servicebooked


async def test_a_server_that_hangs_at_its_end_is_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.store.embedded.STOP_PATIENCE_S", 0.01)
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    await valkey.start()
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGSTOP)
    await valkey.stop()
    assert not valkey.started


@pytest.mark.slow
async def test_a_server_is_ready_once_it_has_loaded_its_records(settings: Settings) -> None:
    async with (
        embedded_valkey(settings) as url,
        connect(url) as client,
        client.pipeline(transaction=False) as pipeline,
    ):
        for number in range(10_000):
            pipeline.set(f"key{number}", "value")
        await pipeline.execute()
    valkey_dir = settings.data_dir.resolve() / "valkey"
    slow = ("--key-load-delay", "100")  # microseconds a command
    command = [*embedded.valkey_command(settings.redis_port, valkey_dir), *slow]
    loading = await asyncio.to_thread(embedded.start_server, command, settings.data_dir / "log")
    valkey = EmbeddedValkey(settings.data_dir, settings.redis_port)
    try:
        while await embedded.who_answers(settings.redis_port, valkey_dir) is Answer.NOBODY:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)
        async with connect(await valkey.start()) as client:
            assert await client.dbsize() == 10_000
    finally:
        loading.terminate()
        await asyncio.to_thread(loading.wait)
