"""Figures out of numbers."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from voicebot.bench.figures import (
    Samples,
    Summary,
    difference_of_medians,
    per_call,
    ratio,
    read_measures,
    summary,
    total,
)


def test_percentiles_of_a_known_sample() -> None:
    assert summary([float(n) for n in range(101)]) == Summary(50.0, 95.0, 99.0, 100.0, 101)


def test_nothing_measured_is_said_so() -> None:
    assert summary([]) == Summary(None, None, None, None, 0)


@given(st.lists(st.floats(0, 1e4), min_size=1))
def test_percentiles_rise(values: list[float]) -> None:
    of = summary(values)
    assert of.p50 is not None
    assert of.p95 is not None
    assert of.p99 is not None
    assert of.max is not None
    assert of.p50 <= of.p95 <= of.p99 <= of.max
    assert of.count == len(values)


def test_a_known_shift_lies_in_its_interval() -> None:
    batch = [10.0 + n % 7 for n in range(300)]
    apart = difference_of_medians([value + 2 for value in batch], batch)
    assert apart is not None
    assert apart.median == 2.0
    assert apart.low <= 2.0 <= apart.high
    assert apart.low > 0, "300 turns tell two milliseconds from none"


def test_the_same_samples_do_not_lie_apart() -> None:
    values = [float(n % 11) for n in range(200)]
    apart = difference_of_medians(values, values)
    assert apart is not None
    assert apart.median == 0.0
    assert apart.low <= 0.0 <= apart.high


def test_without_samples_there_is_no_difference() -> None:
    assert difference_of_medians([], [1.0]) is None


def test_runs_are_pooled_by_figure() -> None:
    joined = Samples((1.0,), (2.0,)).joined(Samples((3.0,), (), (4.0,)))
    assert joined == Samples((1.0, 3.0), (2.0,), (4.0,), ())


def test_the_servers_rows_are_read_by_kind(tmp_path: Path) -> None:
    file = tmp_path / "measures.jsonl"
    file.write_text(
        '{"kind":"turn","server_ms":4.5,"total_ms":300.0,"call":"CA1","at":1}\n'
        '{"kind":"commit","ms":0.5,"call":"CA1","at":1}\n'
        '{"kind":"commit","ms":0.7,"call":"CA1","at":1}\n'
        '{"kind":"something new","ms":9}\n'
    )
    assert dict(read_measures(file)) == {"turn": [4.5], "commit": [0.5, 0.7]}


def test_a_server_that_wrote_nothing_has_no_rows(tmp_path: Path) -> None:
    assert read_measures(tmp_path / "none.jsonl")["turn"] == []


def test_shares_and_sums() -> None:
    assert ratio(1, 4) == 0.25
    assert ratio(0, 0) == 0.0
    assert per_call(10.0, 4) == 2.5
    assert per_call(None, 4) is None
    assert total([1.0, 2.0]) == 3.0
    assert total([1.0, None]) is None
