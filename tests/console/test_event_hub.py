"""A reconnect goes on at its cursor: no event is left out, and a page is as new."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.console.conftest import PATIENCE_S, PROGRAM, HubAndStore, hub_and_store, until
from tests.console.test_event_streams import named
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.console.event_hub import MARGIN_MS
from voicebot.console.event_streams import events_of_all
from voicebot.console.live import page_stream
from voicebot.settings import Settings
from voicebot.store import BEGINNING, EventReader, Forgetting

pytestmark = pytest.mark.valkey
SIDS = [CallSid(f"CA-{n}") for n in range(4)]
Frame = tuple[str, str | None, dict[str, object]]


async def parsed(frames: AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """Events by name, cursor and data."""
    async for frame in frames:
        lines = dict(x.split(": ", 1) for x in frame.decode().splitlines() if ": " in x)
        if "event" in lines:
            yield lines["event"], lines.get("id"), json.loads(lines["data"])


async def speak(at: HubAndStore, words: int) -> None:
    """All calls at once, each saving one answer after the other."""

    async def one(call_sid: CallSid) -> None:
        ledger = await at.store.open_call(call_sid, caller=None)
        for word in range(words):
            await ledger.commit(named(f"{call_sid}-{word}"))
        await ledger.close()

    async with asyncio.TaskGroup() as tasks:
        for call_sid in SIDS:
            tasks.create_task(one(call_sid))


async def test_who_is_cut_off_after_every_event_has_them_all_in_order_once_those_known_are_left_out(
    at: HubAndStore, redis: Redis, settings: Settings
) -> None:
    heard: dict[str, list[str]] = {sid: [] for sid in SIDS}
    cursor = at.hub.watermark
    speaking = asyncio.create_task(speak(at, words=6))
    everything: dict[str, list[str]] = {}
    async with asyncio.timeout(PATIENCE_S):
        while heard != everything:
            frames = events_of_all(at.hub, cursor, PROGRAM)
            async for _, after, data in parsed(frames):
                assert after is not None
                cursor = int(after[1:])
                known, new = heard[str(data["callSid"])], str(data["id"])
                if new not in known:
                    known.append(new)
                    break
            await frames.aclose()
            if speaking.done():
                stored = await EventReader(redis).of_calls(dict.fromkeys(SIDS, BEGINNING))
                everything = {sid: [e.id for e in stored[sid]] for sid in SIDS}
    await speaking


async def test_who_was_away_for_more_calls_than_are_caught_up_at_once_has_their_events_too(
    at: HubAndStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.CALLS_CAUGHT_UP", 2)
    monkeypatch.setattr("voicebot.console.event_hub.CALLS_CACHED", 1)
    away_since = at.hub.watermark
    for call_sid in SIDS:
        await (await at.store.open_call(call_sid, caller=None)).close()
    await indexed(at)
    assert (await at.hub.events_since(away_since)).keys() == set(SIDS)


async def indexed(at: HubAndStore) -> None:
    """Wait until the index, which is written in time, has all calls."""
    async with asyncio.timeout(PATIENCE_S):
        while len(await at.hub.reader.index.recent(len(SIDS))) < len(SIDS):  # noqa: ASYNC110 - a real server has no event
            await asyncio.sleep(0.01)


async def page(at: HubAndStore, watermark: int | None) -> tuple[set[str], dict[str, object], int]:
    """Return the events before `ready`, and the cursor at `ready`."""
    frames = page_stream(at.hub, None, PROGRAM, watermark)
    rows: set[str] = set()
    async for event, cursor, data in parsed(frames):
        if event == "ready":
            await frames.aclose()
            assert cursor is not None
            return rows, data, int(cursor[1:])
        rows.add(str(data["callSid"]))
    raise AssertionError("the page was sent away")


async def test_a_page_that_comes_back_is_told_what_changed_and_after_a_restart_all(
    settings: Settings,
) -> None:
    assert settings.redis_url
    async with hub_and_store(settings.redis_url) as at:
        start = at.hub.watermark
        for call_sid in SIDS:
            await (await at.store.open_call(call_sid, caller=None)).close()
        await until(lambda: set(SIDS) == set(at.hub.changed_since(start) or ()))
        await indexed(at)
        rows, ready, cursor = await page(at, None)
        assert (rows, ready["all"]) == (set(SIDS), True)
        rows, ready, _ = await page(at, cursor)
        assert (rows, ready["all"]) == (set(SIDS), False), "within the margin"
        rows, ready, _ = await page(at, cursor + 2 * MARGIN_MS)
        assert (rows, ready["all"]) == (set(), False)
    async with hub_and_store(settings.redis_url) as at:
        rows, ready, _ = await page(at, cursor)
        assert (rows, ready["all"]) == (set(SIDS), True)


async def test_a_page_that_was_away_for_longer_than_anybody_remembers_begins_anew(
    at: HubAndStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.CALLS_CACHED", 2)
    cursor = at.hub.watermark
    for call_sid in SIDS:
        await (await at.store.open_call(call_sid, caller=None)).close()
    await until(lambda: at.hub.changed_since(cursor) is None)
    _, ready, now = await page(at, cursor)
    assert ready["all"]
    assert not (await page(at, now + 2 * MARGIN_MS))[1]["all"]


async def test_a_listener_that_is_too_slow_is_sent_away_and_another_one_hears_on(
    at: HubAndStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.MOST_WAITING", 4)
    async with asyncio.timeout(PATIENCE_S):
        with at.hub.subscribe() as slow, at.hub.subscribe() as quick:
            ledger = await at.store.open_call(SIDS[0], caller=None)
            words = 0
            while at.hub.listeners == 2:
                await ledger.commit(named(f"{words}"))
                await quick.receive()
                words += 1
            assert len([update async for update in slow]) == 4
            await ledger.close()
    assert at.hub.listeners == 0


async def test_a_call_that_is_forgotten_is_forgotten_by_the_console_too(
    at: HubAndStore, redis: Redis, settings: Settings
) -> None:
    await speak(at, words=1)
    assert len(await at.hub.calls(SIDS)) == len(SIDS)
    forgetting = Forgetting(redis, load_business(None), settings.data_dir)
    await forgetting.erase(SIDS[:1])
    async with asyncio.timeout(PATIENCE_S):
        while len(await at.hub.calls(SIDS)) == len(SIDS):  # noqa: ASYNC110 - it is told
            await asyncio.sleep(0.01)
    assert [c.skeleton.callSid for c in await at.hub.calls(SIDS)] == SIDS[1:]
    assert await at.hub.calls(SIDS[:1], fresh=True) == []
