"""Measure calls while Redis is away: the effect on callers, and the time until all is saved.

    python benchmarks/redis_away.py --calls 20 --away 30

Two runs of the same length on the null stack, one with Redis there all the time, one in which
it is killed (SIGKILL) and started again after so many seconds. Reports side by side how long the
server took for a turn and for a commit while Redis was away, and in the same stretch of the other
run; then how long after its return the journals were empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from voicebot.bench.figures import machine, read_measures, summary
from voicebot.bench.run import Order, place_calls
from voicebot.bench.servers import StackKind, running
from voicebot.runtime.data_dir import prepare_data_dir
from voicebot.runtime.ports import free_port
from voicebot.store import EmbeddedValkey, connect, journal_backlog

SLOWER_MS = 50.0
"""No turn may be slower by more than this because Redis is away."""
WITHIN_S = 5.0
"""After its return everything must be in Redis within this."""
_POLL_S = 0.01


@dataclass(frozen=True)
class Run:
    """Figures of the stretch in which Redis was, or could have been, away."""

    turns_ms: Sequence[float]
    commits_ms: Sequence[float]
    saved_after_s: float
    journaled: int
    errors: Sequence[str]


async def run(calls: int, away_s: float, lead_s: float, *, kill: bool) -> Run:
    """One run; `kill` takes Redis away for `away_s`, and calls go on for `lead_s` on both sides."""
    with TemporaryDirectory(prefix="vb-away-") as name:
        folder = Path(name)
        valkey = EmbeddedValkey(prepare_data_dir(folder / "redis"), free_port())
        url = await valkey.start()
        try:
            async with (
                running(StackKind.NULL, folder, calls=calls, redis_url=url) as servers,
                asyncio.TaskGroup() as group,
            ):
                seconds = 2 * lead_s + away_s
                order = Order(
                    url=servers.url, console=None, calls=calls, seconds=seconds, clean=True
                )
                load = group.create_task(place_calls(order, folder / "tally.json"))
                await asyncio.sleep(lead_s)
                since = time.time()
                if kill:
                    await _kill_redis(url)
                await asyncio.sleep(away_s)
                until, journaled = time.time(), journal_backlog(folder).entries
                saved_after_s = await _return(valkey, folder) if kill else 0.0
                tally = await load
        finally:
            await valkey.stop()
        rows = read_measures(folder / "measures.jsonl", since, until)
        turns, commits = rows["server_latency_ms"], rows["commit_latency_ms"]
        return Run(turns, commits, saved_after_s, journaled, tally.errors)


async def _kill_redis(url: str) -> None:
    async with connect(url) as client:
        info = cast(dict[str, object], await client.info("server"))
    os.kill(int(str(info["process_id"])), signal.SIGKILL)


async def _return(valkey: EmbeddedValkey, folder: Path) -> float:
    """Start Redis again; return how long after its first answer the journals were empty."""
    await valkey.start()
    back_at = time.monotonic()
    while await asyncio.to_thread(lambda: journal_backlog(folder).entries):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)
    return time.monotonic() - back_at


def _table(there: Run, away: Run) -> str:
    lines = ["| ms | Redis there | Redis away |", "|---|--:|--:|"]
    pairs = (("turn", there.turns_ms, away.turns_ms), ("commit", there.commits_ms, away.commits_ms))
    for name, *samples in pairs:
        first, second = (asdict(summary(values)) for values in samples)
        lines += [f"| {name} {part} | {first[part]} | {second[part]} |" for part in first]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--away", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--lead", type=float, default=20.0, metavar="SECONDS", help="before, after")
    options = parser.parse_args()
    print(json.dumps(machine()))
    there, away = (
        asyncio.run(run(options.calls, options.away, options.lead, kill=kill))
        for kill in (False, True)
    )
    print(_table(there, away))
    if not there.turns_ms or not away.turns_ms:
        print("no turn was taken in that time: longer --away, or more --calls", file=sys.stderr)
        return 2
    slowest = max(there.turns_ms) + SLOWER_MS
    slower = [ms for ms in away.turns_ms if ms > slowest]
    print(f"\n{away.journaled} commits rested in the journal when Redis came back;")
    print(f"they were in Redis {away.saved_after_s:.2f} s after its first answer.")
    print(f"turns over the slowest of the undisturbed run by more than 50 ms: {len(slower)}")
    print(f"errors of the phones: {len(there.errors)} and {len(away.errors)}")
    return int(bool(slower) or away.saved_after_s > WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
