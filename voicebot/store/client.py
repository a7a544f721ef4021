"""The Redis client as we use it: bounded, with timeouts, and never retrying by itself.

A retry inside the library could apply a write twice; only the numbered commit path retries.
"""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

CONNECTIONS = 64
"""More commits than this in flight in one process wait for a free connection."""

POOL_PATIENCE_S = 1.0
ANSWER_PATIENCE_S = 5.0
"""How long a late reply is still awaited, long after the conversation has gone on."""

CONNECT_PATIENCE_S = 1.0

AWAY = (RedisError, RedisClusterException, OSError)
"""Whatever means: this write has not been acknowledged."""


def connect(url: str) -> Redis:
    """A client that connects when it is first used. Texts come back as `str`."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=POOL_PATIENCE_S,
        socket_timeout=ANSWER_PATIENCE_S,
        socket_connect_timeout=CONNECT_PATIENCE_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        protocol=2,
    )
    return Redis.from_pool(pool)
