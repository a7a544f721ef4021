"""Numbers into figures: percentiles, ratios, and the difference of two medians. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson

_RESAMPLES: Final = 2000
_SEED: Final = 20251122
"""Any fixed number: the same samples give the same interval."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The shape of a sample, in its own unit; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    count: int


def summary(values: Sequence[float]) -> Summary:
    """Percentiles by linear interpolation."""
    if not values:
        return Summary(None, None, None, None, 0)
    p50, p95, p99, top = (round(float(v), 3) for v in np.percentile(values, (50, 95, 99, 100)))
    return Summary(p50, p95, p99, top, len(values))


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the medians of two samples lie apart, with the interval that holds 95 %."""

    median: float
    low: float
    high: float


def difference_of_medians(a: Sequence[float], b: Sequence[float]) -> Difference | None:
    """median(a) - median(b), its interval by the percentile bootstrap; None without samples."""
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


def ratio(part: int, whole: int) -> float:
    """0 of nothing is 0."""
    return round(part / whole, 6) if whole else 0.0


@dataclass(frozen=True)
class Samples:
    """Everything that was timed, in milliseconds, before it is summed up."""

    turn_latency_ms: tuple[float, ...] = ()
    server_latency_ms: tuple[float, ...] = ()
    commit_latency_ms: tuple[float, ...] = ()
    loop_lag_ms: tuple[float, ...] = ()

    def joined(self, other: Samples) -> Samples:
        """Both runs as one sample."""
        return Samples(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))

    def summaries(self) -> dict[str, Summary]:
        """By name, in the order of the table."""
        return {name: summary(values) for name, values in vars(self).items()}


def _values(samples: Samples) -> tuple[tuple[float, ...], ...]:
    return tuple(vars(samples).values())


_COLUMNS: Final = {"turn": "server_ms", "commit": "ms", "loop_lag": "ms"}
"""Which figure of a row of VOICEBOT_MEASURE_FILE is ours, by the row's kind."""


def read_measures(file: Path) -> dict[str, list[float]]:
    """The stream server's rows: figures by kind. A file that was never written has none."""
    found: dict[str, list[float]] = defaultdict(list)
    for line in file.read_bytes().splitlines() if file.exists() else ():
        row = orjson.loads(line)
        if column := _COLUMNS.get(row["kind"]):
            found[row["kind"]].append(float(row[column]))
    return found


def as_json(value: Summary | Difference | None) -> dict[str, float | None] | None:
    """As it stands in the report."""
    return None if value is None else asdict(value)


def per_call(total: float | None, calls: int) -> float | None:
    """A whole, shared by the calls."""
    return None if total is None else round(total / calls, 3)


def total(values: Iterable[float | None]) -> float | None:
    """The sum; None when a part is unknown."""
    known = list(values)
    return None if None in known else sum(v for v in known if v is not None)
