"""Figures out of numbers."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.bench.figures import (
    STAGES,
    Summary,
    Usage,
    descendants,
    difference_of_medians,
    joined,
    machine,
    read_measures,
    summary,
    usage,
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
    assert joined([{"a": [1.0], "b": [2.0]}, {"a": [3.0], "b": []}]) == {
        "a": [1.0, 3.0],
        "b": [2.0],
    }


def test_the_servers_rows_are_read_by_kind(tmp_path: Path) -> None:
    file = tmp_path / "measures.jsonl"
    file.write_text(
        '{"kind":"turn","server_ms":4.5,"total_ms":300.0,"stt_ms":295.5,"commit_ms":1.5,'
        '"model_ms":0,"tts_ms":0,"call":"CA1","at":1}\n'
        '{"kind":"commit","ms":0.5,"call":"CA1","at":1}\n'
        '{"kind":"commit","ms":0.7,"call":"CA1","at":3}\n'
        '{"kind":"something new","ms":9,"at":3}\n'
    )
    found = read_measures(file)
    assert found["server_latency_ms"] == [4.5]
    assert found["commit_latency_ms"] == [0.5, 0.7]
    assert found["loop_lag_ms"] == []
    stages = [found[f"{stage}_ms"] for stage in STAGES]
    assert stages == [[0], [0], [295.5], [0], [1.5], [0], [3.0]]
    assert read_measures(file, 2, 4)["commit_latency_ms"] == [0.7]


@pytest.mark.parametrize(
    ("silent", "queued", "worked", "stt", "stages"),
    [
        (400.0, 0.0, 150.0, 0.0, (250.0, 0.0, 150.0)),  # the text was known, more words awaited
        (200.0, 50.0, 250.0, 100.0, (0.0, 50.0, 250.0)),  # the decision came before the text
        (200.0, 50.0, 250.0, 300.0, (0.0, 50.0, 450.0)),  # and a second reading after it
        (300.0, 80.0, 220.0, 0.0, (0.0, 80.0, 220.0)),  # the text ended the turn at once
    ],
)
def test_what_the_recogniser_took_is_no_wait_for_more_words(
    tmp_path: Path,
    silent: float,
    queued: float,
    worked: float,
    stt: float,
    stages: tuple[float, float, float],
) -> None:
    file = tmp_path / "measures.jsonl"
    file.write_text(
        f'{{"kind":"turn","server_ms":5.0,"total_ms":{stt + 5.0},"stt_ms":{stt},"commit_ms":1.0,'
        f'"silent_ms":{silent},"queued_ms":{queued},"worked_ms":{worked},"at":1}}\n'
    )
    found = read_measures(file)
    assert tuple(found[f"{name}_ms"][0] for name in ("endpointing", "stt_queue", "stt")) == stages
    assert found["since_pause_ms"] == [silent + stt + 5.0]


def test_a_server_that_wrote_nothing_has_no_rows(tmp_path: Path) -> None:
    assert read_measures(tmp_path / "none.jsonl")["commit_latency_ms"] == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc is Linux's")
def test_processor_time_and_memory_of_this_process() -> None:
    before = usage([os.getpid()])
    busy_until = time.process_time() + 0.05
    while time.process_time() < busy_until:
        pass
    after = usage([os.getpid()])
    assert before.cpu_s is not None
    assert after.cpu_s is not None
    assert after.cpu_s >= before.cpu_s + 0.02
    assert after.rss_mib is not None
    assert 10 < after.rss_mib < 4096


def test_a_process_that_is_gone_is_unknown() -> None:
    assert usage([os.getpid(), 2**22 + 1]) == Usage(None, None)  # beyond the largest process id


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc is Linux's")
def test_children_and_their_children_are_found() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as child:
        while len(found := set(descendants(child.pid))) < 1:
            pass
        assert child.stdin is not None
        child.stdin.close()
    assert child.pid not in found
    assert not set(descendants(child.pid))


def test_the_machine_is_named() -> None:
    about = machine()
    assert about["python"]
    assert about["processor"]
