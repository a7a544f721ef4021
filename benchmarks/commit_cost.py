"""Measure the cost of the journal's machinery while nothing is wrong: a ratio, in one run.

    python benchmarks/commit_cost.py

The same commits to one real Valkey, turn and turn about: the bare script; a ledger without a
journal; a ledger with one. And, beside the disk's bare fsync of a page, commits that rest in the
journal: the first after Redis froze, which waits for the deadline (40 ms), and those while Redis
is known to be away.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from voicebot.bench.figures import summary
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Saved, Speaker, Step
from voicebot.log import configure
from voicebot.runtime.ports import free_port
from voicebot.settings import Settings
from voicebot.store import CallRecord, EmbeddedValkey, Store, connect
from voicebot.store.commit_encoding import Commit, SessionInfo, encode
from voicebot.store.fallback import FallbackStore
from voicebot.store.replay import JOURNALS
from voicebot.store.scripts import Scripts

ROUNDS = 2000
COMMITS_A_CALL = 20
WARM_UP = 100
SYNCS = 200
FREEZES = 50
BASE = "ledger without journal"

Write = Callable[[Change], Awaitable[object]]
Open = Callable[[str], Awaitable[Write]]


def change(number: int) -> Change:
    """A turn: what the caller said, the answer in it, the dialogue."""
    said = Message(Speaker.CALLER, "27 George Street, Parramatta.", datetime.now(UTC))
    answer = {Step.ADDRESS: f"{number} George Street, Parramatta"}
    return Change(answers=answer, messages=(said,), step=Step.EMAIL, dialogue='{"turn":1}' * 20)


def bare(scripts: Scripts) -> Open:
    """The claim and the commit script, and nothing around them."""

    async def open_call(sid: str) -> Write:
        began = datetime.now(UTC)
        session = SessionInfo(CallSid(sid), sid, began, {"callSid": sid, "status": "active"})
        claimed = await scripts.claim(session, CallRecord(session.fresh), at=began)
        seq = 0

        async def write(what: Change) -> object:
            nonlocal seq
            seq += 1
            return await scripts.commit(
                session, claimed.epoch, encode(Commit(seq, what, datetime.now(UTC)))
            )

        return write

    return open_call


def ledger_of(store: Store) -> Open:
    """Return a function that opens a call and gives its commit, as a conversation has it."""

    async def open_call(sid: str) -> Write:
        return (await store.open_call(CallSid(sid), caller=None)).commit

    return open_call


async def measure(ways: dict[str, Open]) -> dict[str, list[float]]:
    """Milliseconds a commit, by way; a fresh call every few commits, as in life."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    writes: dict[str, Write] = {}
    for number in range(ROUNDS + WARM_UP):
        if number % COMMITS_A_CALL == 0:
            writes = {n: await opened(f"CA-{n}-{number}") for n, opened in ways.items()}
        for name, write in writes.items():
            what = change(number)
            with timed(taken[name]):
                await write(what)
    return {name: values[WARM_UP:] for name, values in taken.items()}


def bare_fsyncs(folder: Path) -> list[float]:
    """Milliseconds of appending a page and fsync."""
    taken: list[float] = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            with timed(taken):
                file.write(b"x" * 4096)
                os.fsync(file.fileno())
    return taken


async def frozen(store: Store, valkey: EmbeddedValkey) -> dict[str, list[float]]:
    """Milliseconds a commit of sessions whose Redis freezes after the first, and comes back."""
    taken: dict[str, list[float]] = {
        "into the journal, Redis froze": [],
        "into the journal, Redis away": [],
    }
    first, later = taken.values()
    for number in range(FREEZES):
        session = await store.open_call(CallSid(f"CA-frozen-{number}"), caller=None)
        await session.commit(change(number))
        await session.caught_up()  # a machine with much to do may be late with the first one too
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGSTOP)
        try:
            for times in (first, *[later] * (SYNCS // FREEZES)):
                with timed(times):
                    assert await session.commit(change(number)) is Saved.JOURNAL
        finally:
            os.kill(valkey.pid, signal.SIGCONT)
        await session.caught_up()
        await session.close()
    return taken


@contextmanager
def timed(taken: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    taken.append((time.perf_counter() - began) * 1000)


async def main() -> int:
    configure("critical")
    with TemporaryDirectory(prefix="vb-cost-") as name:
        folder, business = Path(name), load_business(None)
        valkey = EmbeddedValkey(folder, free_port())
        url = await valkey.start()
        client, fallback = connect(url), FallbackStore(folder / JOURNALS)

        def store(deadline_ms: int, journal: FallbackStore | None) -> Store:
            settings = Settings(_env_file=None, data_dir=folder, commit_deadline_ms=deadline_ms)
            return Store(connect(url), settings, business, fallback=journal)

        without, with_journal = store(2000, None), store(2000, fallback)
        in_service = store(40, FallbackStore(folder / "frozen"))
        await with_journal.start()
        await in_service.start()
        taken = await measure(
            {
                "bare script": bare(Scripts(client, retention_s=3600)),
                BASE: ledger_of(without),
                "ledger with journal": ledger_of(with_journal),
            }
        )
        taken |= await frozen(in_service, valkey)
        for opened in (with_journal, without, in_service):
            await opened.aclose()
        await client.aclose()
        await valkey.stop()
        _report(taken | {"bare fsync of a page": bare_fsyncs(folder)})
    return 0


def _report(taken: dict[str, list[float]]) -> None:
    base = median(taken[BASE])
    print(f"| a commit | median ms | p99 ms | against the {BASE} |\n|---|--:|--:|--:|")
    for name, values in taken.items():
        of = summary(values)
        print(f"| {name} | {of.p50:.3f} | {of.p99:.3f} | {median(values) / base:.3f} |")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
