"""Who is on the phone is known while they are, and not for long after."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from tests.store.calls import SID
from voicebot.store.client import connect
from voicebot.store.index import LIFE_S, Presence


async def marked(client: Redis) -> None:
    while not await Presence(client).is_live(SID):
        pass  # each look gives way to the beat


async def test_a_call_is_live_while_it_is_held(client: Redis) -> None:
    presence = Presence(client)
    async with presence.hold(SID):
        await marked(client)
        assert 0 < await client.ttl(f"call:{{{SID}}}:live") <= LIFE_S
    assert not await presence.is_live(SID)


async def test_a_newer_stream_keeps_its_mark_when_the_older_one_ends(client: Redis) -> None:
    presence = Presence(client)
    async with presence.hold(SID):
        await marked(client)
        await client.set(f"call:{{{SID}}}:live", "a newer stream")
    assert await presence.is_live(SID)


@pytest.mark.parametrize("rounds", [50])
async def test_letting_go_at_any_moment_of_a_beat_ends_at_once(client: Redis, rounds: int) -> None:
    for yields in range(rounds):
        async with asyncio.timeout(60), Presence(client).hold(SID):
            for _ in range(yields % 7):
                await asyncio.sleep(0)
    assert not await Presence(client).is_live(SID)


async def test_redis_being_away_keeps_nobody_from_calling() -> None:
    nobody = connect("redis://127.0.0.1:1")
    async with Presence(nobody).hold(SID):
        assert not await Presence(nobody).is_live(SID)
    await nobody.aclose()


async def test_an_error_in_the_call_comes_out_of_the_hold(client: Redis) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with Presence(client).hold(SID):
            raise LookupError
    assert caught.group_contains(LookupError)
