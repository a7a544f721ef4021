"""Chores of all calls have one worker, which speaks for none of them."""

from __future__ import annotations

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.contextvars import bound_contextvars

from voicebot.log import configure
from voicebot.store.background import BestEffortQueue


async def fail() -> None:
    raise RedisConnectionError("refused")


async def test_a_chore_that_fails_is_not_logged_as_the_waking_calls(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("debug")
    chores = BestEffortQueue()
    try:
        with bound_contextvars(call_sid="CA1"):
            chores.add("of another call", fail)
        await chores.finish()
    finally:
        configure()
    told = capsys.readouterr().err
    assert "chore_failed" in told
    assert "CA1" not in told
