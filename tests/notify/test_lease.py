"""The lease of a dispatcher."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from voicebot.notify.dispatcher import LEASE_MS, Lease

pytestmark = pytest.mark.valkey

KEY = "voicebot:webhooks:{test}:lease"


async def test_one_has_it_and_keeps_it_until_it_is_given_back(redis: Redis) -> None:
    one, other = Lease(redis, KEY), Lease(redis, KEY)
    assert await one.acquire()
    assert not await other.acquire()
    assert not await other.renew()
    assert await one.renew()
    await other.release()
    assert await one.acquire(), "nobody gives back what another has"
    await one.release()
    assert await other.acquire()


async def test_it_dies_with_its_holder_and_is_not_the_old_holders_any_more(redis: Redis) -> None:
    one, other = Lease(redis, KEY), Lease(redis, KEY)
    assert await one.acquire()
    assert 0 < await redis.pttl(KEY) <= LEASE_MS
    await redis.pexpireat(KEY, 1)
    assert not await one.renew()
    assert await other.acquire()
    assert not await one.acquire()
