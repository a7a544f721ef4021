"""One run of the benchmark: start servers, place calls, collect the figures."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from voicebot.bench.figures import Samples, read_measures, usage
from voicebot.bench.servers import StackKind, running
from voicebot.call import CallSid, Status
from voicebot.errors import PhoneError
from voicebot.settings import SaveMode
from voicebot.store import call_keys, connect

Progress = Callable[[str], None]
_MEMORY_SAMPLES = 120


@dataclass(frozen=True)
class Plan:
    """The parameters of a run.

    ask_console  callers ask the console for the open step; useless in batch mode
    against      call this stream address of another server, and start none of ours
    """

    stack: StackKind
    calls: int
    seconds: float
    workers: int = 1
    mode: SaveMode = SaveMode.REALTIME
    ask_console: bool = True
    against: str | None = None


@dataclass(frozen=True)
class Measured:
    """The figures of one run; processor in per cent of a core for each concurrent call.

    memory_mib  of all server processes, sampled in equal steps
    """

    samples: Samples
    tally: Tally
    cpu_percent_per_call: float | None
    rss_mib_per_call: float | None
    memory_mib: Sequence[float] = ()


class Order(BaseModel):
    """The task of the phones.

    clean    cut each clip after its last voiced sample, as the null transcriber needs it
    direct   open the stream at `url` without asking a webhook
    """

    url: str
    console: str | None
    calls: int
    seconds: float
    clean: bool
    direct: bool = False


class Tally(BaseModel):
    """The results; times in milliseconds. `finished`: callSids of calls that the bot ended.

    It satisfies the phone's Observer.
    """

    turn_latency_ms: list[float] = []
    phone_lag_ms: list[float] = []
    first_word_ms: list[float] = []
    frames: int = 0
    late_frames: int = 0
    messages: int = 0
    gaps_ms: list[float] = []
    placed: int = 0
    finished: list[str] = []
    errors: list[str] = []

    def said(self, who: str, text: str) -> None:
        """Do nothing."""

    def answered(self, latency_ms: float) -> None:
        """Store the latency of a turn."""
        self.turn_latency_ms.append(round(latency_ms, 3))

    def noticed(self, text: str) -> None:
        """Store a remark of the phone as an error."""
        self.errors.append(text)


async def measure(plan: Plan, folder: Path, progress: Progress) -> Measured:
    """Run the plan once; raises VoicebotError. `folder` is kept for the next run's caches."""
    if plan.against is not None:
        return await _measure_other(plan, plan.against, folder, progress)
    measures = folder / "measures.jsonl"
    await asyncio.to_thread(measures.unlink, missing_ok=True)
    progress(f"{plan.mode.value}: starting the {plan.stack.value} stack")
    async with running(
        plan.stack, folder, calls=plan.calls, mode=plan.mode, workers=plan.workers
    ) as servers:
        progress(f"{plan.mode.value}: {plan.calls} calls at once for {plan.seconds:g} s")
        loop, pids = asyncio.get_running_loop(), servers.process_ids
        before, began = usage(pids), loop.time()
        # Without a real recogniser, the callers' lines fit in their order.
        asks = plan.ask_console and plan.stack is StackKind.LOCAL
        order = _order(plan, servers.url, servers.console if asks else None)
        memory_mib: list[float] = []
        async with asyncio.TaskGroup() as group:
            sampler = group.create_task(_sample_memory(pids, plan.seconds, memory_mib))
            tally = await place_calls(order, folder / "tally.json")
            sampler.cancel()
        lasted_s, after = loop.time() - began, usage(pids)
        tally.errors += await _not_booked(servers.redis_url, tally.finished)
    cpu = None
    if before.cpu_s is not None and after.cpu_s is not None:
        cpu = round(100 * (after.cpu_s - before.cpu_s) / lasted_s / plan.calls, 3)
    rss = None if after.rss_mib is None else round(after.rss_mib / plan.calls, 3)
    samples = {**_heard_by_phones(tally), **read_measures(measures)}
    return Measured(samples, tally, cpu, rss, memory_mib)


async def _measure_other(plan: Plan, url: str, folder: Path, progress: Progress) -> Measured:
    """Measure at the phones alone, which call another server's stream address."""
    progress(f"{plan.calls} calls at once for {plan.seconds:g} s at {url}")
    order = _order(plan, url, None, direct=True)
    tally = await place_calls(order, folder / "tally.json")
    samples = {**_heard_by_phones(tally), **read_measures(folder / "none")}
    return Measured(samples, tally, None, None)


def _order(plan: Plan, url: str, console: str | None, *, direct: bool = False) -> Order:
    clean = plan.stack is StackKind.NULL
    return Order(
        url=url, console=console, calls=plan.calls, seconds=plan.seconds, clean=clean, direct=direct
    )


def _heard_by_phones(tally: Tally) -> Samples:
    in_time = [0.0] * (tally.messages - len(tally.gaps_ms))
    return {
        "turn_latency_ms": tally.turn_latency_ms,
        "first_word_ms": tally.first_word_ms,
        "frame_jitter_ms": [*tally.gaps_ms, *in_time],
    }


async def _sample_memory(pids: Collection[int], seconds: float, samples: list[float]) -> None:
    """Add the memory of the processes to `samples`, until cancelled."""
    while True:
        await asyncio.sleep(seconds / _MEMORY_SAMPLES)
        if (rss_mib := usage(pids).rss_mib) is not None:
            samples.append(rss_mib)


async def place_calls(order: Order, result: Path) -> Tally:
    """Run the phones in their own process; raises PhoneError when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.bench.load", order.model_dump_json(), str(result),
        stdin=PIPE, stdout=DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise PhoneError(f"the phones ended with exit code {code}; their output is above")
    return Tally.model_validate_json(await asyncio.to_thread(result.read_bytes))


async def _not_booked(redis_url: str, finished: list[str]) -> list[str]:
    """Return an error for each finished call without a booking, which was not understood."""
    async with connect(redis_url) as client:
        keys = [call_keys(CallSid(sid)).call for sid in finished]
        statuses = [str(await client.hget(key, "status")) for key in keys]
    return [
        f"a call ended as {status}, not booked" for status in statuses if status != Status.BOOKED
    ]
