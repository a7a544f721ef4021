"""One trial on a cluster; `python -m tests.chaos --cluster --trials 20` runs more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.__main__ import run_trials
from tests.chaos.plan import CLUSTER_CALLERS, Kind, clustered_plan
from tests.chaos.summary import acknowledged


@pytest.mark.slow
@pytest.mark.valkey
def test_a_worker_and_a_node_that_die_under_forty_calls_lose_nothing(tmp_path: Path) -> None:
    (result,) = asyncio.run(run_trials([2], tmp_path, clustered=True))
    assert [(str(result.plan), found) for found in result.violations] == []
    assert set(result.met) == {Kind.SERVER_KILLED, Kind.REDIS_RESTARTED}
    assert result.plan.callers == CLUSTER_CALLERS == 40
    counts = acknowledged([result])
    assert min(counts["fields"], counts["messages"]) > CLUSTER_CALLERS
    assert counts["commits that rested in the journal first"] > 0


def test_every_plan_kills_a_worker_and_a_node() -> None:
    for seed in range(50):
        kinds = [trouble.kind for trouble in clustered_plan(seed).troubles]
        assert kinds == [Kind.SERVER_KILLED, Kind.REDIS_RESTARTED]
