"""What processes cost, read from /proc (Linux); elsewhere unknown, and reported as null.

Processor time is utime + stime of /proc/PID/stat, which counts a process's threads; memory is
VmRSS of /proc/PID/status. See proc(5).
"""

from __future__ import annotations

import os
import platform
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voicebot.bench.figures import total

_PROC: Final = Path("/proc")
_UTIME: Final = 11
"""Place of utime behind the closing bracket of the name, which may hold spaces; stime follows."""

_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Of several processes together, so far; None where /proc does not tell."""

    cpu_s: float | None
    rss_mib: float | None


def usage(pids: Collection[int]) -> Usage:
    """Processor time since their start and memory now."""
    return Usage(total(map(_cpu_s, pids)), total(map(_rss_mib, pids)))


def _cpu_s(pid: int) -> float | None:
    text = _read(_PROC / str(pid) / "stat")
    if text is None:
        return None
    ticks = text.rpartition(")")[2].split()
    return (int(ticks[_UTIME]) + int(ticks[_UTIME + 1])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> float | None:
    text = _read(_PROC / str(pid) / "status") or ""
    kib = next((line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")), None)
    return None if kib is None else int(kib) / _KIB


def machine() -> dict[str, object]:
    """What the figures were measured on; they mean nothing without it."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_mib": _memory_mib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in (_read(_PROC / "cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_mib() -> int | None:
    for line in (_read(_PROC / "meminfo") or "").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // _KIB
    return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except OSError:  # another system, or the process has ended
        return None
