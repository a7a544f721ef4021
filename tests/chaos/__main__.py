"""`python -m tests.chaos`: many seeded trials, a table, and failure on any loss.

--trials 1000          seeds 1 to 1000
--seed 17              that one trial, with its plan and the workers' log
--stories FOLDER       write down what the calls of broken trials lived through
--cluster --trials 20  trials of forty calls on a cluster of three nodes, one after the other
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.plan import clustered_plan, plan_of
from tests.chaos.stage import stage
from tests.chaos.summary import table
from tests.chaos.trial import Result, Trial

STAGES = 4
"""Trials at once. Each has processes of its own: two workers and a Valkey."""


async def run_trials(
    seeds: list[int],
    directory: Path,
    *,
    stages: int = STAGES,
    clustered: bool = False,
    tell: bool = False,
    stories: Path | None = None,
) -> list[Result]:
    """Run trials and return their results in the order of the seeds."""
    plan = clustered_plan if clustered else plan_of
    waiting = list(reversed(seeds))
    results: list[Result] = []

    async def keep_trying(number: int) -> None:
        async with stage(directory / str(number), clustered=clustered) as made:
            while waiting:
                result = await Trial(made, plan(waiting.pop())).run()
                results.append(result)
                if tell:
                    _tell(result, len(results), len(seeds))
                if stories and result.violations:
                    (stories / f"{result.plan.seed}.log").write_text(result.log)

    async with asyncio.TaskGroup() as group:
        for number in range(min(stages, len(seeds))):
            group.create_task(keep_trying(number))
    return sorted(results, key=lambda result: seeds.index(result.plan.seed))


def _tell(result: Result, done: int, of: int) -> None:
    for violation in result.violations:
        print(f"seed {result.plan.seed}: {violation.harm}: {violation.about} ({violation.call})")
    if result.violations:
        print(f"  plan: {result.plan}", flush=True)
    if done % 100 == 0:
        print(f"{done} of {of}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one trial and tell all about it")
    parser.add_argument("--stages", type=int, default=STAGES, help="trials at once")
    parser.add_argument("--stories", type=Path, help="a folder for logs of broken trials")
    parser.add_argument("--cluster", action="store_true", help="on a cluster, forty calls a trial")
    options = parser.parse_args()
    one = options.seed is not None
    seeds = [options.seed] if one else list(range(options.first, options.first + options.trials))
    if one:
        print((clustered_plan if options.cluster else plan_of)(options.seed))
    begun = time.monotonic()
    stages = 1 if options.cluster else options.stages
    with TemporaryDirectory(prefix="vb-chaos-") as name:
        running = run_trials(
            seeds,
            Path(name),
            stages=stages,
            clustered=options.cluster,
            tell=True,
            stories=options.stories,
        )
        results = asyncio.run(running)
    if one:
        print(results[0].log)
    print(table(results, time.monotonic() - begun))
    return int(any(result.violations for result in results))


if __name__ == "__main__":
    sys.exit(main())
