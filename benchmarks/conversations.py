"""The scripted conversations, by voice: how many callers book what they meant.

    python benchmarks/conversations.py [--at-once N] [--limit S] [--failed FOLDER] [NAME ...]

Starts `voicebot serve --local` on free ports with a business of BOTH_HANDS places an hour, of
which all are taken at one time tomorrow, and places a simulated call for each script in
`conversations/`. A call succeeds when it books and the record holds what the script calls
correct. Prints each result, the rate, and the median turn latency (the caller's last voiced sample
to the bot's first frame). The exit status is 1 when fewer than HELD_SHARE succeed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from voicebot.bench.servers import foreign_environment
from voicebot.business import Booking, load_business
from voicebot.call import CallSid
from voicebot.simulators.phone import load_script, new_call_sid
from voicebot.store import connect
from voicebot.store.slots import Slots

HELD_SHARE = 0.8
"""Recognition of synthetic voices by a small local model: e-mail addresses fail now and then."""
BOTH_HANDS = 50
TAKEN_HOUR = 14
CALL_LIMIT_S = 300

_FOLDER = Path(__file__).with_name("conversations")
_VAN = Path(__file__).with_name("one_van.toml")


@dataclass(frozen=True)
class Server:
    """The address of the started server."""

    media: str
    console: str
    redis: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """One call: the faults of its record (empty when it is right), and its turns' latencies."""

    faults: str
    latencies_ms: Sequence[float]


def main(arguments: Sequence[str]) -> int:
    """Place the calls, print each result and the rate."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these scripts")
    parser.add_argument("--at-once", type=int, default=3, help="calls at the same time")
    parser.add_argument("--limit", type=float, default=CALL_LIMIT_S, help="seconds for a call")
    parser.add_argument(
        "--failed", type=Path, metavar="FOLDER", help="keep their talk, and the log"
    )
    options = parser.parse_args(arguments)
    scripts = [p for p in sorted(_FOLDER.glob("*.toml")) if p.stem in (options.names or [p.stem])]
    return asyncio.run(_all(scripts, options.at_once, options.limit, options.failed))


async def _all(scripts: Sequence[Path], at_once: int, limit_s: float, failed: Path | None) -> int:
    places = asyncio.Semaphore(at_once)
    with tempfile.TemporaryDirectory(prefix="voicebot-talk-") as folder:
        async with _serving(Path(folder), failed) as server:
            await _take_all(server)

            async def place(script: Path) -> Result:
                async with places:
                    return await _call(server, script, limit_s, failed)

            results = await asyncio.gather(*(place(script) for script in scripts))
    booked = sum(not result.faults for result in results)
    print(f"{booked} of {len(results)} conversations succeeded: {booked / len(results):.0%}")
    if latencies := [ms for result in results for ms in result.latencies_ms]:
        median_ms = statistics.median(latencies)
        print(f"median turn latency {median_ms:.0f} ms of {len(latencies)} turns")
    return 0 if booked >= HELD_SHARE * len(results) else 1


@asynccontextmanager
async def _serving(folder: Path, failed: Path | None) -> AsyncIterator[Server]:
    business = folder / "business.toml"
    text = _VAN.read_text("utf-8")
    business.write_text(text.replace("capacity = 1\n", f"capacity = {BOTH_HANDS}\n"), "utf-8")
    environment = {
        **foreign_environment(),
        "VOICEBOT_DATA_DIR": str(folder / "data"),
        "VOICEBOT_BUSINESS": str(business),
        "VOICEBOT_STREAM_PORT": "0",
        "VOICEBOT_CONSOLE_PORT": "0",
        "VOICEBOT_REDIS_PORT": str(26_000 + os.getpid() % 10_000),
        "PYTHONUNBUFFERED": "1",
    }
    command = (sys.executable, "-m", "voicebot", "serve", "--local")
    with _log(failed).open("wb") as log:
        serve = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=log, env=environment
        )
        try:
            yield await _ready(serve, environment)
        finally:
            serve.terminate()
            await serve.communicate()


def _log(failed: Path | None) -> Path:
    """Return the file for the server's log."""
    if failed is None:
        return Path(os.devnull)
    failed.mkdir(parents=True, exist_ok=True)
    return failed / "serve.log"


async def _ready(serve: Process, environment: Mapping[str, str]) -> Server:
    assert serve.stdout is not None
    said = ""
    async for line in serve.stdout:
        said += line.decode()
        if line.startswith(b"Stop with"):
            break
    found = [re.search(p, said) for p in (r"ws://\S+", r"staff +(http://\S+)", r"Redis +(\S+)")]
    if not all(found):
        raise SystemExit(f"the server did not start:\n{said}")
    media, staff, redis = (m for m in found if m)
    return Server(media[0], staff[1], redis[1], environment)


async def _take_all(server: Server) -> None:
    """Take every place of tomorrow at TAKEN_HOUR."""
    business = load_business(Path(server.environment["VOICEBOT_BUSINESS"]))
    assert business.booking == Booking(slot_minutes=60, capacity=BOTH_HANDS)
    tomorrow = datetime.now(business.zone) + timedelta(days=1)
    taken = tomorrow.replace(hour=TAKEN_HOUR, minute=0, second=0, microsecond=0)
    async with connect(server.redis) as client:
        for number in range(BOTH_HANDS):
            holder = CallSid(f"other-{number}")
            await Slots(client, business, holder, lambda: datetime.now(UTC)).book(taken)


async def _call(server: Server, script: Path, limit_s: float, failed: Path | None) -> Result:
    sid = new_call_sid()
    options = ("--url", server.media, "--console", server.console, "--script", str(script))
    talk = await _run(server, limit_s, "call", "--call-sid", sid, *options)
    faults = _faults(await _run(server, limit_s, "show", sid), script)
    if faults and failed is not None:
        (failed / f"{script.stem}.txt").write_bytes(talk)
    print(f"  {'booked' if not faults else 'failed'}  {script.stem:<34} {faults}", flush=True)
    return Result(faults, [float(ms) for ms in re.findall(rb"answered after (\d+) ms", talk)])


async def _run(server: Server, limit_s: float, *command: str) -> bytes:
    """Return what a command of voicebot prints within `limit_s`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicebot", *command),
        stdin=DEVNULL, stdout=PIPE, stderr=STDOUT if command[0] == "call" else DEVNULL,
        env=server.environment,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limit_s):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        out, _ = await process.communicate()
    return out


def _faults(out: bytes, script: Path) -> str:
    """Return the faults of a record as JSON; empty when it is right."""
    try:
        record = json.loads(out or b"null") or {}
    except json.JSONDecodeError:
        record = {}
    if not record.get("servicebooked"):
        return "not booked"
    user = record["user"]
    held = {**user["userInfo"], "service": (user["service"] or {}).get("name")}
    correct = load_script(script).correct
    return "; ".join(
        f"{step}: {held.get(step)!r}"
        for step, value in correct.items()
        if str(held.get(step) or "").casefold() != value.casefold()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
