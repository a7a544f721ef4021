"""Each program in `benchmarks/` runs, for a moment: what it measures then is no figure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.beside.rounds import ratio
from benchmarks.hearing import people
from tests.page.conftest import CHROMIUM

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RUNS = {
    "beside_bare_websockets.py": ("--calls", "1", "--seconds", "1"),
    "beside_pipecat.py": ("--calls", "1", "--seconds", "1", "--only-ours"),
    "commit_cost.py": (),
    "conversations.py": ("--voice", "--only", "plain", "--limit", "1"),
    "endpointing.py": ("--clips",),
    "floods.py": ("0.2",),
    "hearing.py": (),
    "metrics_cost.py": ("1",),
    "page_memory.py": ("--calls", "200"),
    "redis_away.py": ("--calls", "2", "--lead", "1", "--away", "1"),
    "search.py": ("--calls", "50"),
}
"""A few words for each."""

PATIENCE_S = 120


MARKS = {
    "conversations.py": [pytest.mark.audio],
    "page_memory.py": [
        pytest.mark.page,
        pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM"),
    ],
}


def test_every_benchmark_is_run_here() -> None:
    elsewhere = {"accuracy.py"}  # test_accuracy.py reads its table
    assert RUNS.keys() | elsewhere == {path.name for path in BENCHMARKS.glob("*.py")}


@pytest.mark.slow
@pytest.mark.valkey
@pytest.mark.parametrize("name", [pytest.param(n, marks=MARKS.get(n, [])) for n in RUNS])
def test_a_benchmark_runs_and_reports(name: str) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name.removesuffix('.py')}", *RUNS[name]],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=env,
        cwd=BENCHMARKS.parent,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout


@pytest.mark.parametrize("name", ["accuracy.py", "beside_bare_websockets.py", "beside_pipecat.py"])
def test_a_benchmark_can_be_run_as_the_file_it_is(name: str) -> None:
    command = [sys.executable, str(BENCHMARKS / name), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.casefold()


def test_a_run_too_short_to_measure_has_no_ratio() -> None:
    costs: dict[str, dict[str, object]] = {
        "ours": {"core_percent_per_call": 0.8},
        "bare": {"core_percent_per_call": 0.2},
    }
    assert ratio(costs, "ours", "bare") == 4.0
    assert ratio(costs | {"bare": {"core_percent_per_call": 0.0}}, "ours", "bare") is None


@pytest.mark.parametrize("manifest", [None, "[", '[{"file": "a.wav", "text": "Ann Lee"}]'])
def test_a_folder_of_recordings_without_a_usable_manifest_is_told(
    manifest: str | None, tmp_path: Path
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(SystemExit, match=r"manifest\.json.*docs/speech\.md"):
        list(people(tmp_path, "US"))
