"""The metrics of this machine as text.

`voicebot serve` names a folder in which each of its children keeps its metrics
(prometheus_client's multi-process mode); they are added up when somebody asks. Gauges carry the
process's pid; those of a process that is gone are removed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from voicebot import __version__
from voicebot.runtime.parts import served_parts


class BuildInfo(Collector):
    """The version, and the parts that run here: alerts tell a worker that is missing by them."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one series of value 1 for each part."""
        told = GaugeMetricFamily(
            "voicebot_build_info",
            "1, with the version and a part that runs on this machine",
            labels=["version", "part"],
        )
        for part in sorted(served_parts()):
            told.add_metric([__version__, part], 1)
        yield told


BUILD_INFO = BuildInfo()
REGISTRY.register(BUILD_INFO)


def exposition() -> bytes:
    """Return the metrics of all processes that share the folder, else of this one, as text."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return generate_latest(REGISTRY)
    _remove_dead_gauges(Path(folder))
    registry = CollectorRegistry()
    registry.register(BUILD_INFO)
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _remove_dead_gauges(folder: Path) -> None:
    """Remove the gauges of processes that have ended, and keep their counters."""
    for file in folder.glob("gauge_*.db"):
        pid = file.stem.rpartition("_")[2]
        if file.stem.startswith("gauge_mostrecent") or not pid.isdecimal():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            file.unlink(missing_ok=True)
        except PermissionError:  # another user's, which lives
            continue
