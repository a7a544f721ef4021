"""The store's metrics: commit times, places of commits, the journal's backlog."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import cast

from prometheus_client import REGISTRY
from redis.asyncio import Redis

from voicebot.call import Step
from voicebot.store.fallback import FallbackStore
from voicebot.store.replay import journal_backlog

from .calls import SID, START, answered
from .conftest import StoreMaker
from .faults import FaultyRedis
from .test_fallback import held


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_commits_are_counted_by_where_they_rest(
    client: Redis, make_store: StoreMaker
) -> None:
    faulty = FaultyRedis(client)
    ledger = await make_store(on=cast(Redis, faulty)).open_call(SID, caller=None)
    redis, memory, failures = (
        sample("voicebot_commit_seconds_count", saved="redis"),
        sample("voicebot_commit_seconds_count", saved="memory"),
        sample("voicebot_commit_failures_total"),
    )
    await ledger.commit(answered(Step.NAME, 1))
    with faulty.away():
        await ledger.commit(answered(Step.PHONE, 3))
    await ledger.caught_up()
    assert sample("voicebot_commit_seconds_count", saved="redis") == redis + 1
    assert sample("voicebot_commit_seconds_count", saved="memory") == memory + 1
    assert sample("voicebot_commit_failures_total") == failures + 1


async def test_depth_and_age_of_the_journal_are_told(tmp_path: Path) -> None:
    journal = FallbackStore(tmp_path / "journal")
    await journal.keep(held(commits=3, delivered=1))
    found = journal_backlog(tmp_path)
    assert (found.entries, found.age_s(START + timedelta(seconds=7))) == (2, 7.0)
    assert sample("voicebot_journal_entries") == 2
    assert sample("voicebot_journal_age_seconds") > 0
    journal.forget("a")
    await journal.close()
    assert journal_backlog(tmp_path).entries == 0
    assert sample("voicebot_journal_entries") == sample("voicebot_journal_age_seconds") == 0
