"""Our stream worker beside another server: processor time under the same paced callers.

    round 1   ours  other  ours at 50        each for `seconds`, with callers of its own
    round 2   ours at 50  other  ours        backwards, so that a machine that warms up or
                                             is shared favours nobody

All servers run the whole time; those without callers are idle. Voice detection is on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks.beside.paced import Order, paced_callers
from voicebot.bench.figures import machine, usage
from voicebot.bench.servers import StackKind, running
from voicebot.errors import StartFailed
from voicebot.simulators.phone import FRAME_S

MANY: Final = 50
"""The calls of a busy worker."""
ROUNDS: Final = 2
_VOICE: Final = {"VOICEBOT_VOICE_DETECTION": "silero", "VOICEBOT_LOG_LEVEL": "error"}


@dataclass(frozen=True)
class Contender:
    """A running server, and how many calls it gets."""

    url: str
    calls: int
    process_ids: Collection[int]

    def with_calls(self, calls: int) -> Contender:
        """Return the same server with another number of calls."""
        return replace(self, calls=calls)


@asynccontextmanager
async def ours(folder: Path, calls: int) -> AsyncIterator[Contender]:
    """Start our servers, without recognition and synthesis; its cost is its stream worker's."""
    async with running(StackKind.NULL, folder, calls=MANY, settings=_VOICE) as servers:
        yield Contender(servers.url, calls, servers.worker_ids)


async def alternate(
    contenders: Mapping[str, Contender],
    seconds: float,
    noise_dbfs: float,
    progress: Callable[[str], None],
) -> dict[str, dict[str, object]]:
    """Return what each costs, by name, in the keys of the JSON file.

    Raises StartFailed without /proc (not on Linux), PhoneError when a server ends a call.
    """
    shares: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(ROUNDS):
        names = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in names:
            contender = contenders[name]
            progress(f"round {number + 1} of {ROUNDS}: {name}, {contender.calls} calls …")
            shares[name].append(await _share(contender, seconds, noise_dbfs))
    return {
        name: {
            "core_percent_per_call": round(mean(of), 3),
            "microseconds_per_frame": round(mean(of) * 1e4 * FRAME_S, 1),
            "rounds": [round(share, 3) for share in of],
            "calls": contenders[name].calls,
        }
        for name, of in shares.items()
    }


async def _share(contender: Contender, seconds: float, noise_dbfs: float) -> float:
    """Return the per cent of a core that each call takes."""
    order = Order(url=contender.url, calls=contender.calls, noise_dbfs=noise_dbfs)
    loop = asyncio.get_running_loop()
    async with paced_callers(order):
        before, began = usage(contender.process_ids), loop.time()
        await asyncio.sleep(seconds)
        after, lasted_s = usage(contender.process_ids), loop.time() - began
    if before.cpu_s is None or after.cpu_s is None:
        raise StartFailed("a server ended, or this system has no /proc")
    return 100 * (after.cpu_s - before.cpu_s) / lasted_s / contender.calls


def ratio(report: Mapping[str, dict[str, object]], dear: str, cheap: str) -> float | None:
    """Return how many times as much of a core a call takes at one as at the other.

    None where the cheap one took less than a tick of the system's clock: the run was too short.
    """
    more, less = (float(str(report[n]["core_percent_per_call"])) for n in (dear, cheap))
    return round(more / less, 2) if less else None


def keep(
    file: Path | None, costs: Mapping[str, dict[str, object]], figures: Mapping[str, object]
) -> None:
    """Print the report, and write it and a picture where a file is named."""
    report = {**costs, **figures, "machine": machine()}
    for name, cost in costs.items():
        print(
            f"{name:16} {cost['calls']:>3} calls  {cost['core_percent_per_call']:>6} % of a core "
            f"a call, {cost['microseconds_per_frame']} µs a frame"
        )
    for name, value in figures.items():
        print(f"{name:16} {value}")
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
        _draw(file.with_suffix(".png"), costs)


def _draw(file: Path, costs: Mapping[str, dict[str, object]]) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:  # it comes with the extra `dev`
        return
    figure = Figure(figsize=(7.0, 0.8 + 0.5 * len(costs)), layout="constrained")
    axes = figure.subplots()
    names = [f"{name} ({cost['calls']} calls)" for name, cost in costs.items()]
    values = [float(str(cost["core_percent_per_call"])) for cost in costs.values()]
    axes.bar_label(axes.barh(names, values), fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("per cent of a core for each call, voice detection on")
    figure.savefig(file, dpi=120)
