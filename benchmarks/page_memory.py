"""Measure the live page's memory while calls go by: `python -m benchmarks.page_memory`.

A Valkey and a console of its own, the page in Chromium. A store writes calls as phone sessions do,
ten at a time: answers, what is said, phases, an end. Staff open a call now and then and go back.
After every 200 calls Chromium collects garbage and tells what is left.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import CDPSession, Page, async_playwright

from tests.console.conftest import listening
from tests.page.conftest import CHROMIUM, FLAGS
from tests.ports import free_port
from tests.store.calls import BOOKED_TIME, SERVICE
from tests.store.server import ValkeyProcess
from voicebot.business import load_business
from voicebot.call import Answer, CallSid, Change, Message, Needs, Phase, Speaker, Status, Step
from voicebot.settings import Settings
from voicebot.store import Store, open_store, utc_now

AT_ONCE = 10
OPENED_EVERY, LOOKED_EVERY = 50, 200
PATIENCE_MS = 120_000
STEPS = (Step.PHONE, Step.ADDRESS, Step.EMAIL, Step.SERVICE, Step.TIME)
WAITS_EVERY, FOLLOWED_UP_EVERY = 50, 10


@dataclass(frozen=True, slots=True)
class Left:
    """The page's memory after garbage was collected."""

    calls: int
    heap_mib: float
    nodes: int
    listeners: int
    rows: int


def ended(n: int) -> Change:
    """Return how call `n` ends: most are booked, some leave work for staff."""
    if n % WAITS_EVERY == 0:
        return Change(status=Status.TRANSFER, needs=Needs.PERSON)
    if n % FOLLOWED_UP_EVERY == 0:
        return Change(status=Status.INCOMPLETE, needs=Needs.FOLLOW_UP)
    return Change(answers={Step.TIME: BOOKED_TIME}, status=Status.BOOKED, booked=True)


async def hold(store: Store, n: int) -> None:
    """One call: its answers, each with something said by both, and its end."""
    answers: dict[Step, Answer] = {
        Step.NAME: f"Sam Sample{n}",
        Step.PHONE: f"+614{10_000_000 + n}",
        Step.ADDRESS: f"{n} George Street, Parramatta",
        Step.EMAIL: f"sam{n}@example.com",
        Step.SERVICE: SERVICE,
    }
    call_sid, at = sid(n), utc_now()
    async with store.index.hold(call_sid):
        ledger = await store.open_call(call_sid, caller=f"+614{10_000_000 + n}")
        for turn, (step, answer) in enumerate(answers.items()):
            for phase in (Phase.LISTENING, Phase.THINKING, Phase.SPEAKING):
                store.announce(call_sid, phase)
            said = (
                Message(Speaker.CALLER, f"It is {answer}", at + timedelta(seconds=2 * turn)),
                Message(Speaker.BOT, "Thank you. Next?", at + timedelta(seconds=2 * turn + 1)),
            )
            await ledger.commit(Change(answers={step: answer}, messages=said, step=STEPS[turn]))
        await ledger.commit(ended(n))
        await ledger.close()


def sid(n: int) -> CallSid:
    return CallSid(f"CA{n:032d}")


async def left(page: Page, chromium: CDPSession, calls: int) -> Left:
    for _ in range(2):  # what the first frees may be what held more
        await chromium.send("HeapProfiler.collectGarbage")
    heap = await chromium.send("Runtime.getHeapUsage")
    dom = await chromium.send("Memory.getDOMCounters")
    rows = await page.locator(".list li").count()
    return Left(calls, heap["usedSize"] / 2**20, dom["nodes"], dom["jsEventListeners"], rows)


async def measure(store: Store, page: Page, calls: int) -> AsyncIterator[Left]:
    chromium = await page.context.new_cdp_session(page)
    for n in range(0, calls, AT_ONCE):
        async with asyncio.TaskGroup() as group:
            for each in range(n, n + AT_ONCE):
                group.create_task(hold(store, each))
        last = n + AT_ONCE
        if last % OPENED_EVERY == 0:  # the page has come so far; and a call is looked at
            row = page.locator(f"[data-sid='{sid(last - 1)}']")
            await row.locator(".state-booked").wait_for(timeout=PATIENCE_MS)
            await row.press("Enter")  # a click may miss a row that moves
            await page.locator("article.call").wait_for(timeout=PATIENCE_MS)
            await page.locator(".brand").click()
            await page.locator(".queue").wait_for(timeout=PATIENCE_MS)
        if last % LOOKED_EVERY == 0:
            yield await left(page, chromium, last)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Store, Page]]:
    """Give a store, and the page of a console over the same Valkey."""
    valkey = ValkeyProcess(free_port(), folder / "valkey")
    await valkey.start()
    settings = Settings(_env_file=None, redis_url=valkey.url, data_dir=folder / "data")
    try:
        async with (
            open_store(settings, load_business(None)) as store,
            listening(settings) as address,
            async_playwright() as playwright,
        ):
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            page = await chromium.new_page(viewport={"width": 1280, "height": 860})
            await page.goto(address)
            await page.locator(".link-connected").wait_for(timeout=PATIENCE_MS)
            yield store, page
            await chromium.close()
    finally:
        await valkey.stop()


async def main(calls: int) -> None:
    with TemporaryDirectory() as folder:
        async with opened(Path(folder)) as (store, page):
            print("| calls | heap, MiB | DOM nodes | listeners | rows |\n|--:|--:|--:|--:|--:|")
            async for found in measure(store, page, calls):
                told = (found.calls, f"{found.heap_mib:.1f}", found.nodes, found.listeners)
                print("", *told, found.rows, "", sep=" | ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000, help="in steps of 200")
    asyncio.run(main(parser.parse_args().calls))
