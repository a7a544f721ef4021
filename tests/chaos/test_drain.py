"""SIGTERM under calls: they end where they are, or are carried to another server whole."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.chaos.plan import Kind, Plan, Trouble
from tests.chaos.stage import Stage, stage
from tests.chaos.trial import Result, Trial

pytestmark = [pytest.mark.slow, pytest.mark.valkey]

CALLERS = 4


async def drained(made: Stage, how: str) -> tuple[Result, Trial]:
    """Calls that think a little, and one worker that is told to stop in their middle."""
    stop = Trouble(Kind.SERVER_DRAINED, after=20, lasts_s=0.1, victim=0, commits=1, detail=(how,))
    trial = Trial(made, Plan(1, CALLERS, 0.2, (stop,)))
    return await trial.run(), trial


async def test_calls_that_end_in_time_stay_where_they_are(tmp_path: Path) -> None:
    async with stage(tmp_path, VOICEBOT_DRAIN_S="60") as made:
        result, trial = await drained(made, "once")
        assert made.workers[0].exit_codes == [0]
    assert result.violations == []
    assert [phone.streams for phone in trial.phones] == [1] * CALLERS


async def test_calls_that_last_too_long_are_carried_to_another_server(tmp_path: Path) -> None:
    async with stage(tmp_path, VOICEBOT_DRAIN_S="0.2") as made:
        result, trial = await drained(made, "once")
        assert made.workers[0].exit_codes == [0]
    assert result.violations == []
    assert {phone.streams for phone in trial.phones} == {1, 2}
    assert result.met == [Kind.SERVER_DRAINED]


async def test_a_second_sigterm_ends_it_at_once_and_loses_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, VOICEBOT_DRAIN_S="60") as made:
        result, trial = await asyncio.wait_for(drained(made, "twice"), 300)
        assert made.workers[0].exit_codes == [128 + signal.SIGTERM]
    assert result.violations == []
    assert {phone.streams for phone in trial.phones} == {1, 2}
