"""The benchmark's report: a table for people, JSON for machines, and a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import numpy as np
from rich.console import Console
from rich.table import Table

from voicebot.bench.figures import STAGES, Samples, difference_of_medians, joined, summary
from voicebot.bench.run import Measured, Plan

TITLES: Final = {
    "turn_latency_ms": "turn latency: the caller's last voiced sample to the bot's first frame",
    "server_latency_ms": "server latency: turn decided to first frame sent, without models",
    "commit_latency_ms": "commit",
    "loop_lag_ms": "event loop lag",
}
_AT_THE_PHONE: Final = {
    "first_word_ms": "first word: `start` to the bot's first frame",
    "frame_jitter_ms": "jitter: bot frames after their play-out time, within an utterance",
}
KNEE_LAG_MS: Final = 20.0
"""Of the event loop, 95th percentile: a frame's length. Beyond it calls wait for each other."""
KNEE_LATE: Final = 0.01
"""Of the bot's frames: beyond it callers hear gaps."""
_COMPARED: Final = ("turn_latency_ms", "server_latency_ms")
Parts = dict[str, dict[str, float | None]]
"""Milliseconds of each part of a turn, in order, by percentile (`p50`, `p95`)."""
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
        **{name: asdict(summary(samples.get(name, ()))) for name in _AT_THE_PHONE},
        "stages_ms": stages(samples),
        "late_frames_ratio": round(late / frames, 6) if frames else 0.0,
        "cpu_percent_per_call": _mean([run.cpu_percent_per_call for run in runs]),
        "rss_mib_per_call": _mean([run.rss_mib_per_call for run in runs]),
        "memory_mib": memory([mib for run in runs for mib in run.memory_mib]),
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


def memory(samples: Sequence[float]) -> dict[str, float] | None:
    """Return how memory grew, in the order of time, once every call had begun; None if unknown.

    The first tenth is left out: callers begin, and caches fill.
    """
    settled = samples[len(samples) // 10 :]
    part = len(settled) // 10
    if not part:
        return None
    begin, end = (float(np.median(of)) for of in (settled[:part], settled[-part:]))
    growth = 100 * (end - begin) / begin
    return {"begin": round(begin, 1), "end": round(end, 1), "growth_percent": round(growth, 2)}


def knee(steps: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the most calls of a ramp that were carried well, with the figures of each step."""
    told: list[dict[str, object]] = []
    for report in steps:
        lag = cast(dict[str, float | None], report["loop_lag_ms"])["p95"] or 0.0
        late = cast(float, report["late_frames_ratio"])
        well = lag <= KNEE_LAG_MS and late <= KNEE_LATE and not report["errors"]
        told.append(
            {
                "calls": report["calls"],
                "loop_lag_p95_ms": lag,
                "late_frames_ratio": late,
                "errors": report["errors"],
                "cpu_percent_per_call": report["cpu_percent_per_call"],
                "carried_well": well,
            }
        )
    good = [cast(int, step["calls"]) for step in told if step["carried_well"]]
    return {"calls": max(good, default=0), "steps": told}


def stages(samples: Samples) -> Parts:
    """Return what a turn waits for: the medians and 95th percentiles of its parts, in order.

    detection  the end of the voice to the pause that is noticed, and both ways on the line: what
               the phone measures beyond the server's whole answer
    """
    whole, answer = (summary(samples.get(n, ())) for n in ("turn_latency_ms", "since_pause_ms"))
    detection: dict[str, float | None] = {
        name: round(max(0.0, all_of_it - ours), 3)
        for name in ("p50", "p95")
        if (all_of_it := getattr(whole, name)) is not None
        and (ours := getattr(answer, name)) is not None
    }
    parts = {stage: summary(samples.get(f"{stage}_ms", ())) for stage in STAGES}
    return {"detection": detection, **{n: {"p50": s.p50, "p95": s.p95} for n, s in parts.items()}}


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
    for name, label in {**TITLES, **_AT_THE_PHONE}.items():
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
    parts = cast(dict[str, dict[str, float | None]], report["stages_ms"])
    told = (f"{name} {_number(part['p50'])}" for name, part in parts.items() if part.get("p50"))
    lines.append(f"a turn, medians in ms  {', '.join(told)}")
    kinds = cast(dict[str, int], report["error_kinds"])
    lines += [f"error, {count} times: {kind}" for kind, count in kinds.items()]
    if (grown := cast(dict[str, float] | None, report["memory_mib"])) is not None:
        lines.append(
            f"memory                 {grown['begin']:.0f} MiB, at the end {grown['end']:.0f} MiB: "
            f"{grown['growth_percent']:+.2f} %"
        )
    if top := cast(dict[str, object] | None, report.get("knee")):
        lines.append(f"carried well           up to {top['calls']} calls")
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


def draw_stages(file: Path, parts: Parts) -> None:
    """Draw the parts of a turn one behind the other, as a waterfall; needs matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.0), layout="constrained")
    axes = figure.subplots()
    begins = 0.0
    for at, part in enumerate(parts.values()):
        median, slow = part.get("p50") or 0.0, part.get("p95") or 0.0
        axes.barh(at, slow, left=begins, color="lightgrey")
        axes.barh(at, median, left=begins, color="steelblue")
        axes.text(begins + slow, at, f"  {median:.1f} ({slow:.1f})", va="center", fontsize="small")
        begins += median
    axes.set_yticks(range(len(parts)), list(parts))
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("milliseconds of a turn: medians, in grey and brackets the 95th percentile")
    figure.savefig(file, dpi=_DPI)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "–"
