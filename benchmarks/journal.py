"""What the journal costs: beside the disk's bare fsync, and when Redis hangs.

    python benchmarks/journal.py [--rounds 200]

Prints the median and the 99th percentile, in milliseconds, of

    fsync     4 KiB appended to a file and brought to disk: what the disk takes by itself
    journal   a session's next commit kept in the journal
    redis     a commit that Redis took
    hung      the first commit after Redis froze: the deadline (40 ms), then the journal
    away      a commit while Redis is known to be away
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Saved, Speaker
from voicebot.log import configure
from voicebot.settings import Settings
from voicebot.store import Store, open_store
from voicebot.store.embedded import EmbeddedValkey

Figures = dict[str, list[float]]
COMMITS_WHILE_AWAY = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Verbatim)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--dir", type=Path, help="on which disk; a temporary directory otherwise")
    given = parser.parse_args()
    configure("critical")
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        figures = bare_fsync(Path(folder), given.rounds)
        figures |= asyncio.run(commits(Path(folder), given.rounds))
    print(f"{'ms':<9} {'p50':>8} {'p99':>8} {'max':>8} {'count':>6}")
    for name, took in figures.items():
        p99 = statistics.quantiles(took, n=100)[98]
        print(f"{name:<9} {statistics.median(took):8.2f} {p99:8.2f} {max(took):8.2f} {len(took):6}")


def bare_fsync(folder: Path, rounds: int) -> Figures:
    """The disk by itself."""
    took: list[float] = []
    page = b"x" * 4096
    with (folder / "plain").open("ab", buffering=0) as file:
        for _ in range(rounds):
            with timed(took):
                file.write(page)
                os.fsync(file.fileno())
    return {"fsync": took}


async def commits(folder: Path, rounds: int) -> Figures:
    """Commits of sessions whose Redis answers, freezes and comes back, again and again."""
    valkey = EmbeddedValkey(folder / "valkey", free_port())
    url = await valkey.start()
    settings = Settings(_env_file=None, data_dir=folder / "data", redis_url=url)
    try:
        async with open_store(settings, load_business(None)) as store:
            return await _rounds(store, valkey, rounds)
    finally:
        await valkey.stop()


async def _rounds(store: Store, valkey: EmbeddedValkey, rounds: int) -> Figures:
    figures: Figures = {"journal": [], "redis": [], "hung": [], "away": []}
    for n in range(rounds):
        ledger = await store.open_call(CallSid(f"CA{n:06}"), caller=None)
        with timed(figures["redis"]):
            assert await ledger.commit(said()) is Saved.REDIS
        with frozen(valkey):
            with timed(figures["hung"]):
                assert await ledger.commit(said()) is Saved.JOURNAL
            for _ in range(COMMITS_WHILE_AWAY):
                with timed(figures["away"]):
                    assert await ledger.commit(said()) is Saved.JOURNAL
        held = ledger.pending
        with timed(figures["journal"]):
            await store.fallback.keep(held)
        await ledger.caught_up()
        await ledger.close()
    return figures


def free_port() -> int:
    """One that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def said() -> Change:
    """A caller's answer, as long as they are."""
    message = Message(Speaker.CALLER, "It is number twelve, Example Street.", datetime.now(UTC))
    return Change(messages=(message,), dialogue='{"turn":1}')


@contextmanager
def timed(took: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took.append((time.perf_counter() - began) * 1000)


@contextmanager
def frozen(valkey: EmbeddedValkey) -> Iterator[None]:
    """Alive, and silent."""
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(valkey.pid, signal.SIGCONT)


class _Verbatim(argparse.RawDescriptionHelpFormatter):
    """The table above as it stands."""


if __name__ == "__main__":
    main()
