"""The benchmark's report: a table for people, JSON for machines, and a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import numpy as np
from rich.console import Console
from rich.table import Table

from voicebot.bench.figures import Samples, difference_of_medians, joined, summary
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


def result(plan: Plan, runs: Sequence[Measured], machine: dict[str, object]) -> dict[str, object]:
    """Return the runs together, in the keys of the JSON file."""
    errors = [error for run in runs for error in run.tally.errors]
    frames = sum(run.tally.frames for run in runs)
    late = sum(run.tally.late_frames for run in runs)
    samples = joined(run.samples for run in runs)
    return {
        **{name: asdict(summary(samples[name])) for name in TITLES},
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


def comparison(realtime: Sequence[Measured], batch: Sequence[Measured]) -> dict[str, object]:
    """Return how much slower saving in real time is: difference of medians with its interval."""
    ours, theirs = (joined(run.samples for run in runs) for runs in (realtime, batch))
    compared: dict[str, object] = {"against": "batch", "pairs": len(batch)}
    for name in _COMPARED:
        apart = difference_of_medians(ours[name], theirs[name])
        compared[name] = {
            "realtime": asdict(summary(ours[name])),
            "batch": asdict(summary(theirs[name])),
            "difference_of_medians": asdict(apart) if apart else None,
        }
    return {**compared, "errors_batch": sum(len(run.tally.errors) for run in batch)}


def show(console: Console, report: Mapping[str, object]) -> None:
    """Print the table of a report, the figures below it, and how far save modes lie apart."""
    title = (
        f"{report['calls']} calls at once for {report['seconds']:g} s, {report['stack']} stack,"
        f" {report['workers']} worker{'s' if report['workers'] != 1 else ''}"
        f" ({report['calls_booked']} booked, {report['errors']} errors)"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("milliseconds")
    for column in ("p50", "p95", "p99", "max", "count"):
        table.add_column(column, justify="right")
    for name, label in TITLES.items():
        of = cast(dict[str, object], report[name])
        table.add_row(
            label, *(_number(of[p]) for p in ("p50", "p95", "p99", "max")), str(of["count"])
        )
    console.print(table)
    lines = [
        f"late frames            {100 * cast(float, report['late_frames_ratio']):.3f} % "
        f"of {report['frames']}",
        f"processor per call     {_number(report['cpu_percent_per_call'])} % of a core",
        f"memory per call        {_number(report['rss_mib_per_call'])} MiB",
    ]
    kinds = cast(dict[str, int], report["error_kinds"])
    lines += [f"error, {count} times: {kind}" for kind, count in kinds.items()]
    if compared := cast(dict[str, dict[str, dict[str, float]]], report.get("compare")):
        lines += [f"{name}: {_apart(compared[name])}" for name in _COMPARED]
    for line in lines:
        console.print(line, highlight=False)


def _apart(compared: Mapping[str, Mapping[str, float]]) -> str:
    apart = compared["difference_of_medians"]
    if not apart:
        return "not enough turns to compare saving in real time with batch"
    return (
        f"saving in real time, against batch, moves the median by {apart['median']:+.2f} ms "
        f"(95 % interval {apart['low']:+.2f} to {apart['high']:+.2f})"
    )


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
            if values := samples.get(name):
                axes.ecdf(values, label=f"{kind}, median {np.median(values):.1f} ms")
                axes.legend(loc="lower right", fontsize="small")
        axes.set_title(label.partition(":")[0])
        axes.set_xlabel("milliseconds")
        axes.set_ylabel("share")
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=_DPI)
    return True


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "–"
