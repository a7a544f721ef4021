"""Redis away in the middle of many calls: does a caller notice, and how soon is all saved?

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
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from voicebot.bench.figures import as_json, summary
from voicebot.bench.orders import Order, Tally
from voicebot.bench.stack import Servers, StackKind, running
from voicebot.bench.usage import machine
from voicebot.errors import PhoneError
from voicebot.settings import SaveMode
from voicebot.store.client import connect
from voicebot.store.embedded import EmbeddedValkey
from voicebot.store.replay import standing

SLOWER_MS = 50.0
"""No turn may be slower by more than this because Redis is away."""
WITHIN_S = 5.0
"""After its return everything must be in Redis within this."""
LEAD_S = 20.0
"""Calls are under way before, and go on after."""
_POLL_S = 0.01


@dataclass(frozen=True)
class Run:
    """Figures of the stretch in which Redis was, or could have been, away."""

    turns_ms: Sequence[float]
    commits_ms: Sequence[float]
    saved_after_s: float
    journaled: int
    errors: Sequence[str]


async def run(calls: int, away_s: float, *, kill: bool) -> Run:
    """One run; `kill` takes Redis away."""
    with TemporaryDirectory(prefix="vb-away-") as name:
        folder = Path(name)
        measures = folder / "measures.jsonl"
        async with running(StackKind.NULL, SaveMode.REALTIME, calls, folder, measures) as servers:
            load = asyncio.create_task(_load(servers, calls, 2 * LEAD_S + away_s, folder))
            await asyncio.sleep(LEAD_S)
            since = time.time()
            if kill:
                await _kill_redis(servers.redis_url)
            await asyncio.sleep(away_s)
            until, journaled = time.time(), standing(folder).entries
            saved_after_s = await _return(servers.redis_url, folder) if kill else 0.0
            tally = await load
        turns, commits = _rows(measures, since, until)
        return Run(turns, commits, saved_after_s, journaled, tally.errors)


async def _load(servers: Servers, calls: int, seconds: float, folder: Path) -> Tally:
    order = Order(url=servers.url, console=None, calls=calls, seconds=seconds, clean=True)
    result = folder / "tally.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.bench.load", order.model_dump_json(), str(result),
        stdin=PIPE, stdout=DEVNULL, start_new_session=True,
    )  # fmt: skip
    if await process.wait() != 0:
        raise PhoneError("the phones failed; what they said stands above")
    return Tally.model_validate_json(await asyncio.to_thread(result.read_bytes))


async def _kill_redis(url: str) -> None:
    async with connect(url) as client:
        info = cast(dict[str, object], await client.info("server"))
    os.kill(int(str(info["process_id"])), signal.SIGKILL)


async def _return(url: str, folder: Path) -> float:
    """Start Redis again; how long after its first answer the journals were empty."""
    valkey = EmbeddedValkey(folder, int(url.rpartition(":")[2]))
    await valkey.start()
    back_at = time.monotonic()
    while await asyncio.to_thread(lambda: standing(folder).entries):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)
    valkey.leave()
    return time.monotonic() - back_at


def _rows(measures: Path, since: float, until: float) -> tuple[list[float], list[float]]:
    rows = [json.loads(line) for line in measures.read_bytes().splitlines()]
    rows = [row for row in rows if since <= row["at"] <= until]
    turns = [float(row["server_ms"]) for row in rows if row["kind"] == "turn"]
    return turns, [float(row["ms"]) for row in rows if row["kind"] == "commit"]


def _table(there: Run, away: Run) -> str:
    lines = ["| ms | Redis there | Redis away |", "|---|--:|--:|"]
    pairs = (("turn", there.turns_ms, away.turns_ms), ("commit", there.commits_ms, away.commits_ms))
    for name, *samples in pairs:
        first, second = (as_json(summary(values)) or {} for values in samples)
        lines += [f"| {name} {part} | {first[part]} | {second[part]} |" for part in first]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--away", type=float, default=30.0, metavar="SECONDS")
    options = parser.parse_args()
    print(json.dumps(machine()))
    there = asyncio.run(run(options.calls, options.away, kill=False))
    away = asyncio.run(run(options.calls, options.away, kill=True))
    slowest = max(there.turns_ms) + SLOWER_MS
    slower = [ms for ms in away.turns_ms if ms > slowest]
    print(_table(there, away))
    print(f"\n{away.journaled} commits rested in the journal when Redis came back;")
    print(f"they were in Redis {away.saved_after_s:.2f} s after its first answer.")
    print(f"turns over the slowest of the undisturbed run by more than 50 ms: {len(slower)}")
    print(f"errors of the phones: {len(there.errors)} and {len(away.errors)}")
    return int(bool(slower) or away.saved_after_s > WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
