"""Figures from samples: percentiles, differences of medians, processor and memory use."""

import math
import os
import platform
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson

_RESAMPLES: Final = 2000
_SEED: Final = 20251122
"""Fixed, so that the same samples give the same interval."""

_PROC: Final = Path("/proc")
_PPID, _UTIME, _STIME = 1, 11, 12
"""Places in /proc/PID/stat behind the name, which may hold spaces; see proc(5)."""
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Summary:
    """Percentiles of a sample in its own unit; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    count: int


def summary(values: Sequence[float]) -> Summary:
    """Return the percentiles of `values`, by linear interpolation."""
    if not values:
        return Summary(None, None, None, None, 0)
    p50, p95, p99, top = (round(float(v), 3) for v in np.percentile(values, (50, 95, 99, 100)))
    return Summary(p50, p95, p99, top, len(values))


@dataclass(frozen=True, slots=True)
class Difference:
    """The distance of two medians, with the interval that holds 95 %."""

    median: float
    low: float
    high: float


def difference_of_medians(a: Sequence[float], b: Sequence[float]) -> Difference | None:
    """Return median(a) - median(b) with its percentile bootstrap interval; None without samples."""
    if not a or not b:
        return None
    random = np.random.default_rng(_SEED)
    first, second = np.asarray(a, float), np.asarray(b, float)
    apart = np.median(random.choice(first, (_RESAMPLES, len(first))), axis=1) - np.median(
        random.choice(second, (_RESAMPLES, len(second))), axis=1
    )
    low, high = np.percentile(apart, (2.5, 97.5))
    middle = float(np.median(first) - np.median(second))
    return Difference(round(middle, 3), round(float(low), 3), round(float(high), 3))


Samples = Mapping[str, Sequence[float]]
"""All timings of a run in milliseconds, by the key of the JSON file."""


def joined(runs: Iterable[Samples]) -> Samples:
    """Return the samples of several runs as one."""
    every: dict[str, list[float]] = {}
    for samples in runs:
        for name, values in samples.items():
            every.setdefault(name, []).extend(values)
    return every


STAGES: Final = ("endpointing", "stt_queue", "stt", "model", "commit", "tts", "rest")
"""The parts of a turn at the server, in their order, from the pause in which it ended: the wait for
more words, where it outlasts the recogniser; the recogniser's queue and work; understanding; …;
`rest` is what no other explains."""

_COLUMNS: Final = {
    "turn": {
        "server_latency_ms": "server_ms",
        **{f"{stage}_ms": f"{stage}_ms" for stage in ("model", "commit", "tts")},
        "stt_queue_ms": "queued_ms",
    },
    "commit": {"commit_latency_ms": "ms"},
    "loop_lag": {"loop_lag_ms": "ms"},
}
"""The columns of each kind of row in VOICEBOT_MEASURE_FILE, by the key of their samples."""


def read_measures(file: Path, since: float = 0.0, until: float = math.inf) -> Samples:
    """Return the stream servers' timings between two Unix times; none without the file."""
    names = (name for columns in _COLUMNS.values() for name in columns)
    found: dict[str, list[float]] = {name: [] for name in (*names, *_DERIVED)}
    for line in file.read_bytes().splitlines() if file.exists() else ():
        row = orjson.loads(line)
        if row["kind"] not in _COLUMNS or not since <= row["at"] <= until:
            continue
        for name, column in _COLUMNS[row["kind"]].items():
            found[name].append(float(row.get(column, 0.0)))
        if row["kind"] == "turn":
            for name, ms in _derived(row).items():
                found[name].append(ms)
    return found


_DERIVED: Final = ("since_pause_ms", "endpointing_ms", "stt_ms", "rest_ms")


def _derived(row: Mapping[str, float]) -> dict[str, float]:
    """Return what follows from a turn's row.

    silent_ms       ├── endpointing ──┤ decision
    recogniser      ├ queued ┼ worked ┼── stt_ms ──┤    it may be known before or after it
    """
    silent_ms, queued_ms, worked_ms = (
        row.get(name, 0.0) for name in ("silent_ms", "queued_ms", "worked_ms")
    )
    before_ms = min(silent_ms, queued_ms + worked_ms)
    late_ms = queued_ms + worked_ms - before_ms
    again_ms = max(0.0, row["stt_ms"] - late_ms)  # a second reading of a number
    figures = (
        silent_ms + row["total_ms"],
        silent_ms - before_ms,
        worked_ms + again_ms,
        row["server_ms"] - row.get("commit_ms", 0.0),
    )
    return dict(zip(_DERIVED, figures, strict=True))


@dataclass(frozen=True, slots=True)
class Usage:
    """The use of several processes since their start; None without /proc (not on Linux)."""

    cpu_s: float | None
    rss_mib: float | None


def usage(pids: Collection[int]) -> Usage:
    """Return the processor time (all threads) and the resident memory of these processes."""
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    stats = [_stat(pid) for pid in pids]
    memory = [_value(_PROC / str(pid) / "status", "VmRSS:") for pid in pids]
    if None in stats or None in memory:
        return Usage(None, None)
    ticks = sum(int(s[_UTIME]) + int(s[_STIME]) for s in stats if s is not None)
    return Usage(ticks * tick_s, sum(int(kib.split()[0]) for kib in memory if kib) / _KIB)


def descendants(pid: int) -> Iterator[int]:
    """Yield the processes that `pid` started, and those that they started."""
    parents = {
        int(path.name): stat
        for path in _PROC.glob("[0-9]*")
        if (stat := _stat(int(path.name))) is not None
    }
    wanted = {pid}
    while new := {p for p, s in parents.items() if int(s[_PPID]) in wanted} - wanted:
        wanted |= new
        yield from new


def machine() -> dict[str, object]:
    """Describe this machine, for the report."""
    memory = _value(_PROC / "meminfo", "MemTotal:")
    return {
        "processor": _value(_PROC / "cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_mib": int(memory.split()[0]) // _KIB if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8")
    except OSError:  # another system, or the process has ended
        return None
    return text.rpartition(")")[2].split()


def _value(path: Path, name: str) -> str | None:
    """Return the value of the first line `name: value` in a file of /proc."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
