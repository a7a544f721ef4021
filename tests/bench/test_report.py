"""The report's promises: the keys of the design, and a table."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from voicebot.bench.figures import STAGES
from voicebot.bench.report import comparison, draw, knee, memory, result, show, stages
from voicebot.bench.run import Measured, Plan, Tally
from voicebot.bench.servers import StackKind

PLAN = Plan(StackKind.NULL, calls=2, seconds=10)


def measured(*, slower_ms: float = 0.0, errors: list[str] | None = None) -> Measured:
    turns = tuple(30.0 + n % 5 + slower_ms for n in range(100))
    tally = Tally(
        turn_latency_ms=list(turns),
        frames=1000,
        late_frames=5,
        placed=4,
        finished=["CA1"],
        errors=errors or [],
    )
    samples = {
        "turn_latency_ms": turns,
        "server_latency_ms": turns,
        "commit_latency_ms": [1.0],
        "loop_lag_ms": [0.5],
        "first_word_ms": [40.0],
        "frame_jitter_ms": [0.0, 3.0],
    }
    return Measured(samples, tally, 1.5, 24.0)


def test_the_json_has_the_keys_of_the_design() -> None:
    report = result(PLAN, [measured()], {"cores": 2})
    timings = ("turn_latency_ms", "server_latency_ms", "commit_latency_ms", "loop_lag_ms")
    for key in (*timings, "first_word_ms", "frame_jitter_ms"):
        figures = report[key]
        assert isinstance(figures, dict)
        assert figures.keys() == {"p50", "p95", "p99", "max", "count"}
    assert report["late_frames_ratio"] == 0.005
    assert report["cpu_percent_per_call"] == 1.5
    assert report["rss_mib_per_call"] == 24.0
    assert report["calls"] == 2
    assert report["errors"] == 0
    assert report["machine"] == {"cores": 2}


def test_the_parts_of_a_turn_are_told_in_their_order() -> None:
    samples = {
        "turn_latency_ms": [100.0],
        "since_pause_ms": [60.0],
        **{f"{stage}_ms": [10.0] for stage in STAGES},
        "tts_ms": [30.0],
    }
    parts = stages(samples)
    assert list(parts) == ["detection", *STAGES]
    assert parts["detection"] == {"p50": 40.0, "p95": 40.0}
    assert parts["tts"] == {"p50": 30.0, "p95": 30.0}
    assert stages({})["detection"] == {}


def test_memory_is_compared_once_all_calls_have_begun() -> None:
    begun = [10.0] * 10 + [100.0] * 80 + [102.0] * 30
    assert memory(begun) == {"begin": 100.0, "end": 102.0, "growth_percent": 2.0}
    assert memory([]) is None


def test_the_knee_is_the_last_step_that_was_carried_well() -> None:
    late = replace(PLAN, calls=8)
    steps = [result(replace(PLAN, calls=n), [measured()], {}) for n in (2, 4)]
    steps.append(result(late, [measured(errors=["lost"])], {}))
    found = knee(steps)
    assert found["calls"] == 4
    assert [step["carried_well"] for step in cast(list[dict[str, object]], found["steps"])] == [
        True, True, False,
    ]  # fmt: skip


def test_errors_are_counted_and_told_by_kind() -> None:
    report = result(PLAN, [measured(errors=["lost", "lost"]), measured(errors=["late"])], {})
    assert report["errors"] == 3
    assert report["error_kinds"] == {"lost": 2, "late": 1}


def test_the_comparison_tells_how_much_slower_real_time_is() -> None:
    told = comparison([measured(slower_ms=2.0)] * 3, [measured()] * 3)
    turn = told["turn_latency_ms"]
    assert isinstance(turn, dict)
    assert turn["difference_of_medians"]["median"] == 2.0
    assert turn.keys() == {"realtime", "batch", "difference_of_medians"}
    assert (told["against"], told["pairs"], told["errors_batch"]) == ("batch", 3, 0)


def test_table_and_sentence_show_the_figures() -> None:
    console = Console(record=True, width=100, file=StringIO())
    compared = comparison([measured(slower_ms=2.0)], [measured()])
    show(console, {**result(PLAN, [measured()], {}), "compare": compared})
    text = console.export_text()
    assert "2 calls at once for 10 s, null stack" in text
    assert "32.00" in text
    assert "+2.00 ms" in text
    assert "0.500 %" in text


@pytest.mark.slow
def test_a_picture_is_drawn(tmp_path: Path) -> None:
    file = tmp_path / "bench.png"
    assert draw(file, {"realtime": measured().samples, "batch": {}}, "title")
    assert file.read_bytes().startswith(b"\x89PNG")
