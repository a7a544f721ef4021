"""Measure searches for calls among many stored ones: `python benchmarks/search.py`.

A Valkey of its own, filled with records as calls leave them; then the console's own routes, in
process. The wanted call is the oldest one, the worst place. Prints milliseconds to the first row,
with the number of pages that it took, each a request.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from redis.asyncio import Redis

from tests.ports import free_port
from tests.store.calls import Stored
from tests.store.server import ValkeyProcess
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.console.app import create_app
from voicebot.settings import Settings
from voicebot.store import call_keys, connect, iso_utc, utc_now
from voicebot.telemetry import UNTRACED

_PART = 500
_REPEATS = 5
_RECENT = "voicebot:calls:recent"
_WANTED = 1  # the oldest: calls count from 1


@dataclass(frozen=True, slots=True)
class Search:
    """One search to be timed. `found` is false where no stored call matches."""

    what: str
    query: dict[str, str]
    found: bool = True


def searches() -> Iterator[Search]:
    yield Search("newest page", {})
    yield Search("callSid", {"q": f"CA{_WANTED:032d}"})
    yield Search("number, whole", {"q": number(_WANTED)})
    yield Search("number, as dialled", {"q": "0" + number(_WANTED)[3:]})
    yield Search("name", {"q": "Rarely"})
    yield Search("part of a number", {"q": number(_WANTED)[-7:]})
    yield Search("status", {"status": "cancelled"})
    yield Search("needs", {"needs": "person"})
    yield Search("live", {"live": "true"}, found=False)
    yield Search("nobody's name", {"q": "Nobody Atall"}, found=False)


def number(n: int) -> str:
    return f"+614{10_000_000 + n * 37 % 80_000_000:08d}"


async def fill(redis: Redis, calls: int) -> None:
    """Write records with history, events and indexes; the first has a name and a state alone."""
    now = utc_now()
    for start in range(1, calls + 1, _PART):
        async with redis.pipeline(transaction=False) as pipe:
            for n in range(start, min(start + _PART, calls + 1)):
                at = now - timedelta(minutes=calls - n)
                keys, rare = call_keys(CallSid(f"CA{n:032d}")), n == _WANTED
                fields: dict[Stored, Stored] = {
                    "callSid": f"CA{n:032d}",
                    "createdAt": iso_utc(at),
                    "updatedAt": iso_utc(at),
                    "caller": number(n),
                    "user.userInfo.name": "Robin Rarely" if rare else f"Sam Sample{n % 997}",
                    "user.userInfo.phone": number(n),
                    "status": "cancelled" if rare else "booked",
                    "needs": "person" if rare else "",
                    "step": "done",
                }
                pipe.hset(keys.call, mapping=fields)
                said = '{"speaker": "customer", "message": "yes please", "startedAt": "%s"}'
                pipe.rpush(keys.history, *([said % iso_utc(at)] * 20))
                for step in ("name", "phone", "address", "email", "service", "time"):
                    event: dict[Stored, Stored] = {"type": "field", "field": step}
                    pipe.xadd(keys.events, event)
                ms = int(at.timestamp() * 1000)
                pipe.zadd(_RECENT, {f"CA{n:032d}": ms})
                pipe.zadd(f"number:{{{number(n)}}}", {f"CA{n:032d}": ms})
            await pipe.execute()


async def first_row(client: httpx.AsyncClient, search: Search) -> tuple[float, int]:
    """Return milliseconds and requests until the first row, or until all was looked at."""
    began, pages = time.perf_counter(), 0
    cursor: dict[str, str] = {}
    while True:
        answer = (await client.get("/calls", params=search.query | cursor)).json()
        pages += 1
        if answer["calls"] or answer["complete"]:
            assert bool(answer["calls"]) is search.found, search.what
            return 1000 * (time.perf_counter() - began), pages
        cursor = {"cursor": answer["next"]}


async def main(calls: int) -> None:
    with TemporaryDirectory() as folder:
        valkey = ValkeyProcess(free_port(), Path(folder) / "valkey")
        await valkey.start()
        try:
            async with connect(valkey.url) as redis:
                await fill(redis, calls)
            settings = Settings(
                _env_file=None, redis_url=valkey.url, data_dir=Path(folder) / "data"
            )
            app = create_app(settings, load_business(None), UNTRACED)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)),
                    base_url="http://127.0.0.1",
                ) as client,
            ):
                print(f"{calls} stored calls, the wanted one is the oldest\n")
                print("| search | first row, ms (median) | slowest | requests |\n|---|--:|--:|--:|")
                for search in searches():
                    took = [await first_row(client, search) for _ in range(_REPEATS)]
                    ms = [each for each, _ in took]
                    pages = max(pages for _, pages in took)
                    print(
                        f"| {search.what} | {statistics.median(ms):.0f} | {max(ms):.0f} | {pages} |"
                    )
        finally:
            await valkey.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    asyncio.run(main(parser.parse_args().calls))
