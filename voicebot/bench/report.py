"""The benchmark's report: a table for people, JSON for machines, and a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from voicebot.bench.figures import Difference, Samples, difference_of_medians, summary
from voicebot.bench.run import Measured, Plan

TITLES: Final = {
    "turn_latency_ms": "turn latency: the caller's last voiced sample to the bot's first frame",
    "server_latency_ms": "server latency: turn decided to first frame sent, without models",
    "commit_latency_ms": "commit",
    "loop_lag_ms": "event loop lag",
}
_COMPARED: Final = ("turn_latency_ms", "server_latency_ms")
_INCHES: Final = (9.0, 6.5)
_DPI: Final = 120


@dataclass(frozen=True)
class Pair:
    """A run in each save mode, one right after the other."""

    realtime: Measured
    batch: Measured


def samples_of(runs: Sequence[Measured]) -> Samples:
    """Return the samples of all runs as one."""
    return Samples.joined(run.samples for run in runs)


def result(plan: Plan, runs: Sequence[Measured], machine: dict[str, object]) -> dict[str, object]:
    """Return the runs together, in the keys of the JSON file."""
    errors = [error for run in runs for error in run.tally.errors]
    frames = sum(run.tally.frames for run in runs)
    late = sum(run.tally.late_frames for run in runs)
    return {
        **{name: asdict(summary(values)) for name, values in vars(samples_of(runs)).items()},
        "late_frames_ratio": round(late / frames, 6) if frames else 0.0,
        "cpu_percent_per_call": _mean([run.cpu_percent_per_call for run in runs]),
        "rss_mib_per_call": _mean([run.rss_mib_per_call for run in runs]),
        "calls": plan.calls,
        "workers": plan.workers,
        "errors": len(errors),
        "error_kinds": dict(Counter(errors).most_common()),
        "seconds": plan.seconds,
        "stack": plan.stack.value,
        "runs": len(runs),
        "calls_placed": sum(run.tally.placed for run in runs),
        "calls_booked": sum(len(run.tally.finished) for run in runs),
        "frames": frames,
        "phone_lag_ms": asdict(summary([v for run in runs for v in run.tally.phone_lag_ms])),
        "machine": machine,
    }


def comparison(pairs: Sequence[Pair]) -> dict[str, object]:
    """Return how much slower saving in real time is: difference of medians with its interval."""
    realtime, batch = _sides(pairs)
    compared: dict[str, object] = {"against": "batch", "pairs": len(pairs)}
    for name in _COMPARED:
        a, b = getattr(realtime, name), getattr(batch, name)
        apart = difference_of_medians(a, b)
        compared[name] = {
            "realtime": asdict(summary(a)),
            "batch": asdict(summary(b)),
            "difference_of_medians": asdict(apart) if apart else None,
        }
    return {**compared, "errors_batch": sum(len(pair.batch.tally.errors) for pair in pairs)}


def show(console: Console, report: Mapping[str, object], runs: Sequence[Measured]) -> None:
    """Print the table of a report and the figures below it."""
    table = Table(title=_title(report), title_justify="left")
    table.add_column("milliseconds")
    for column in ("p50", "p95", "p99", "max", "count"):
        table.add_column(column, justify="right")
    for name, values in vars(samples_of(runs)).items():
        of = summary(values)
        table.add_row(TITLES[name], *map(_number, (of.p50, of.p95, of.p99, of.max)), str(of.count))
    console.print(table)
    late = report["late_frames_ratio"]
    assert isinstance(late, float)
    lines = [
        f"late frames            {100 * late:.3f} % of {report['frames']}",
        f"processor per call     {_number(report['cpu_percent_per_call'])} % of a core",
        f"memory per call        {_number(report['rss_mib_per_call'])} MiB",
    ]
    kinds = report["error_kinds"]
    if isinstance(kinds, dict):
        lines += [f"error, {count} times: {kind}" for kind, count in kinds.items()]
    for line in lines:
        console.print(line, highlight=False)


def show_comparison(console: Console, pairs: Sequence[Pair]) -> None:
    """Print how far saving in real time moves the medians."""
    realtime, batch = _sides(pairs)
    for name in _COMPARED:
        apart = difference_of_medians(getattr(realtime, name), getattr(batch, name))
        console.print(f"{name}: {_sentence(apart)}", highlight=False)


def draw(file: Path, runs: Mapping[str, Samples], title: str) -> bool:
    """Draw one curve per kind of run in each of four panels; False where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:  # it comes with the extra `dev`
        return False
    figure = Figure(figsize=_INCHES, layout="constrained")
    figure.suptitle(title)
    for axes, (name, label) in zip(figure.subplots(2, 2).flat, TITLES.items(), strict=True):
        for kind, samples in runs.items():
            values: Sequence[float] = getattr(samples, name)
            if values:
                axes.ecdf(values, label=f"{kind}, median {np.median(values):.1f} ms")
                axes.legend(loc="lower right", fontsize="small")
        axes.set_title(label.partition(":")[0])
        axes.set_xlabel("milliseconds")
        axes.set_ylabel("share")
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=_DPI)
    return True


def _sides(pairs: Sequence[Pair]) -> tuple[Samples, Samples]:
    return samples_of([p.realtime for p in pairs]), samples_of([p.batch for p in pairs])


def _sentence(apart: Difference | None) -> str:
    if apart is None:
        return "not enough turns to compare saving in real time with batch"
    return (
        f"saving in real time, against batch, moves the median by {apart.median:+.2f} ms "
        f"(95 % interval {apart.low:+.2f} to {apart.high:+.2f})"
    )


def _title(report: Mapping[str, object]) -> str:
    return (
        f"{report['calls']} calls at once for {report['seconds']:g} s, {report['stack']} stack,"
        f" {report['workers']} worker{'s' if report['workers'] != 1 else ''}"
        f" ({report['calls_booked']} booked, {report['errors']} errors)"
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "–"
