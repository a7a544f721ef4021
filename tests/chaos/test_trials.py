"""The short form: sixty seeded trials. `make chaos` runs a thousand."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.__main__ import run_trials
from tests.chaos.plan import Kind
from tests.chaos.summary import acknowledged

SEEDS = list(range(1, 61))


@pytest.mark.slow
@pytest.mark.valkey
def test_whatever_dies_and_whenever_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    results = asyncio.run(run_trials(SEEDS, tmp_path))
    broken = [(r.plan.seed, str(r.plan), v) for r in results for v in r.violations]
    assert broken == []
    assert {kind for result in results for kind in result.met} == set(Kind)
    counts = acknowledged(results)
    journaled = counts["commits that rested in the journal first"]
    assert min(counts["fields"], counts["messages"], journaled) > 100
