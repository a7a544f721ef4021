"""What the journal's machinery costs while nothing is wrong: a ratio, measured in one run.

    python benchmarks/commit_cost.py

The same commits to one real Valkey, turn and turn about: the bare script; a ledger without a
journal; a ledger with one. And the disk's bare fsync beside a commit that rests in the journal.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from voicebot.business import load_business
from voicebot.call import CallSid, Change, Message, Speaker, Step
from voicebot.runtime.ports import free_port
from voicebot.settings import Settings
from voicebot.store.client import connect
from voicebot.store.commits import Commit, SessionInfo, encode
from voicebot.store.embedded import EmbeddedValkey
from voicebot.store.fallback import FallbackStore
from voicebot.store.record import CallRecord
from voicebot.store.replay import JOURNALS
from voicebot.store.scripts import Scripts
from voicebot.store.store import Store

ROUNDS = 2000
COMMITS_A_CALL = 20
WARM_UP = 100
SYNCS = 200

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
    """What a conversation has."""

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
            began = time.perf_counter()
            await write(what)
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: values[WARM_UP:] for name, values in taken.items()}


def bare_fsyncs(folder: Path) -> list[float]:
    """Milliseconds of appending a page and fsync."""
    taken = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return taken


async def main() -> int:
    with TemporaryDirectory(prefix="vb-cost-") as name:
        folder, port = Path(name), free_port()
        settings = Settings(_env_file=None, data_dir=folder, commit_deadline_ms=2000)
        business = load_business(None)
        valkey = EmbeddedValkey(folder, port)
        url = await valkey.start()
        client = connect(url)
        with_journal = Store(
            connect(url), settings, business, fallback=FallbackStore(folder / JOURNALS)
        )
        without = Store(connect(url), settings, business)
        await with_journal.start()
        taken = await measure(
            {
                "bare script": bare(Scripts(client, retention_s=3600)),
                "ledger without journal": ledger_of(without),
                "ledger with journal": ledger_of(with_journal),
            }
        )
        await valkey.stop()
        away = (await with_journal.open_call(CallSid("CA-away"), caller=None)).commit
        journaled = []
        for number in range(SYNCS):
            began = time.perf_counter()
            await away(change(number))
            journaled.append((time.perf_counter() - began) * 1000)
        for store in (with_journal, without):
            await store.aclose()
        await client.aclose()
        _report(taken, journaled, bare_fsyncs(folder))
    return 0


def _report(taken: dict[str, list[float]], journaled: list[float], fsyncs: list[float]) -> None:
    base = median(taken["ledger without journal"])
    print("| commit, median ms | | against the ledger without journal |\n|---|--:|--:|")
    for name, values in taken.items():
        print(f"| {name} | {median(values):.3f} | {median(values) / base:.3f} |")
    print(f"| to the journal, Redis away | {median(journaled):.3f} | |")
    print(f"| bare fsync of a page | {median(fsyncs):.3f} | |")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
