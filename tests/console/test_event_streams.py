"""Live events: none is left out, and a reconnect goes on at its cursor."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sized
from contextlib import aclosing
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.console.conftest import PATIENCE_S, PROGRAM, HubAndStore, hub_and_store, until
from tests.store.cluster import cluster
from voicebot.call import CallSid, Change, Message, Phase, Speaker, Step
from voicebot.console.event_streams import SeenEvents, events_of_all, events_of_call
from voicebot.store import BEGINNING, EventReader, StreamEvent, utc_now
from voicebot.store.layout import CHANNEL

SID = CallSid("CA-events")


async def take(frames: AsyncGenerator[bytes, None], count: int) -> list[tuple[str, dict[str, str]]]:
    """The first events, each with its cursor; the stream is then closed."""
    found: list[tuple[str, dict[str, str]]] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(frames):
        async for frame in frames:
            lines = dict(x.split(": ", 1) for x in frame.decode().splitlines() if ": " in x)
            if lines.get("event"):
                found.append((lines["id"], json.loads(lines["data"])))
            if len(found) == count:
                return found
    raise AssertionError("the events ended")


def named(name: str) -> Change:
    return Change(answers={Step.NAME: name}, step=Step.PHONE)


@pytest.mark.valkey
async def test_one_calls_events_come_once_and_go_on_behind_the_cursor(at: HubAndStore) -> None:
    ledger = await at.store.open_call(SID, caller=None)
    await ledger.commit(named("Sam"))
    first = await take(events_of_call(at.hub, SID, BEGINNING, PROGRAM), 2)
    assert [e["type"] for _, e in first] == ["claim", "field"]
    await ledger.commit(named("Sandy"))
    again = await take(events_of_call(at.hub, SID, first[-1][0], PROGRAM), 3)
    assert [(e["type"], e.get("value")) for _, e in again] == [
        ("step", "phone"), ("field", "Sandy"), ("step", "phone")
    ]  # fmt: skip
    await ledger.close()


@pytest.mark.valkey
async def test_answer_times_are_told_from_the_phases(at: HubAndStore) -> None:
    start = at.hub.watermark
    ledger = await at.store.open_call(SID, caller=None)
    await until(lambda: at.hub.changed_since(start))
    for phase in (Phase.LISTENING, Phase.THINKING, Phase.SPEAKING):
        at.store.announce(SID, phase)
    await until(lambda: at.turns)
    assert at.turns[0].waitedMs >= 0
    await ledger.close()


@pytest.mark.valkey
@pytest.mark.slow
async def test_events_come_on_a_cluster_too(tmp_path: Path) -> None:
    async with cluster(tmp_path) as servers, hub_and_store(servers.url) as at:
        frames = events_of_all(at.hub, None, PROGRAM)
        listening = asyncio.create_task(take(frames, 8))
        await until(lambda: at.hub.listeners == 1)
        ledgers = [await at.store.open_call(CallSid(f"CA-c{n}"), caller=None) for n in range(8)]
        heard = {e["callSid"] for _, e in await listening}
        assert heard == {f"CA-c{n}" for n in range(8)}
        for ledger in ledgers:
            await ledger.commit(
                Change(messages=(Message(Speaker.BOT, "Hello", utc_now()),), step=Step.NAME)
            )
            await ledger.close()
        assert len(await at.hub.calls([CallSid(f"CA-c{n}") for n in range(8)])) == 8
        since = await at.hub.events_since(0)
        assert len(since) == 8


async def test_what_is_written_within_a_moment_comes_in_one_bundle(redis: Redis) -> None:
    reader = EventReader(redis)
    async with reader.notices(gather_s=0.5) as bundles, redis.pipeline() as at_once:
        for sid in ("CA1", "CA2", "CA1"):
            at_once.publish(CHANNEL, sid)
        await at_once.execute()
        assert await anext(bundles) == ("CA1", "CA2")
        await redis.publish(CHANNEL, "CA1")
        assert await anext(bundles) == ("CA1",)


@pytest.mark.valkey
async def test_a_console_remembers_no_more_calls_than_it_may(
    at: HubAndStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("event_hub", "event_streams"):
        monkeypatch.setattr(f"voicebot.console.{module}.CALLS_CACHED", 2)
    listening = asyncio.create_task(take(events_of_all(at.hub, None, PROGRAM), 8))
    await until(lambda: at.hub.listeners)
    for n in range(8):
        await (await at.store.open_call(CallSid(f"CA-{n}"), caller=None)).close()
    await listening
    kept = [held for held in vars(at.hub).values() if isinstance(held, Sized)]
    assert kept
    assert max(map(len, kept)) <= 2


def test_a_listener_is_told_no_event_twice_and_remembers_a_bounded_number_of_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.console.event_streams.CALLS_CACHED", 2)
    told = SeenEvents()
    one, two, three = (StreamEvent(CallSid(f"CA-{n}"), "1-0", {}) for n in range(3))
    assert list(told.new([one, two, one])) == [one, two]
    assert list(told.new([three, two])) == [three]
    assert list(told.new([one])) == [one], "forgotten: as after a reconnect"
