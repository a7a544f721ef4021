"""The scripted conversations, by voice: how many callers book what they meant.

A simulated call is placed for each script in `benchmarks/conversations/`, against a server whose
business has BOTH_HANDS places an hour, of which all are taken at one time tomorrow. A call succeeds
when it books and the record holds what the script calls correct.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from voicebot.business import Booking, load_business
from voicebot.call import CallSid
from voicebot.simulators.phone import load_script, new_call_sid
from voicebot.store import connect
from voicebot.store.slots import Slots

from .servers import Server, serving

HELD_SHARE = 0.8
"""Recognition of synthetic voices by a small local model: e-mail addresses fail now and then."""
BOTH_HANDS = 50
TAKEN_HOUR = 14

_BENCHMARKS = Path(__file__).parents[1]
_SCRIPTS = _BENCHMARKS / "conversations"
_VAN = _BENCHMARKS / "one_van.toml"


@dataclass(frozen=True)
class Result:
    """One call: the faults of its record (empty when it is right), and its turns' latencies."""

    faults: str
    latencies_ms: Sequence[float]


async def place_all(
    names: Collection[str], *, at_once: int, limit_s: float, failed: Path | None
) -> bool:
    """Place the calls of all scripts, or of those of these names; print each result and the rate.

    The median turn latency is that from a caller's last voiced sample to the bot's first frame.
    at_once  calls at the same time; failed  a folder for what those said that fail, and the log
    Returns whether at least HELD_SHARE succeeded.
    """
    scripts = [p for p in sorted(_SCRIPTS.glob("*.toml")) if not names or p.stem in names]
    places = asyncio.Semaphore(at_once)
    with tempfile.TemporaryDirectory(prefix="voicebot-talk-") as folder:
        business = Path(folder) / "business.toml"
        text = _VAN.read_text("utf-8")
        business.write_text(text.replace("capacity = 1\n", f"capacity = {BOTH_HANDS}\n"), "utf-8")
        async with serving(Path(folder) / "data", business, log=failed) as server:
            await _take_all(server)

            async def place(script: Path) -> Result:
                async with places:
                    return await _call(server, script, limit_s, failed)

            results = await asyncio.gather(*(place(script) for script in scripts))
    booked = sum(not result.faults for result in results)
    share = booked / max(len(results), 1)
    print(f"{booked} of {len(results)} conversations succeeded: {share:.0%}")
    if latencies := [ms for result in results for ms in result.latencies_ms]:
        median_ms = statistics.median(latencies)
        print(f"median turn latency {median_ms:.0f} ms of {len(latencies)} turns")
    return booked >= HELD_SHARE * len(results)


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
