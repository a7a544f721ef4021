"""Each program in `benchmarks/` runs, for a moment: what it measures then is no figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RUNS = {
    "accuracy.py": ("CASES",),
    "commit_cost.py": (),
    "conversations.py": ("plain", "--limit", "1"),
    "floods.py": ("0.2",),
    "journal.py": ("--rounds", "2"),
    "metrics_cost.py": ("1",),
    "redis_away.py": ("--calls", "2", "--lead", "1", "--away", "1"),
    "whole_calls.py": ("CASES",),
}
"""A few words for each; CASES is a folder with one case of each kind."""

PATIENCE_S = 120
CASE = {
    "id": "n1", "lang": "en", "step": "name", "question": "May I have your name?",
    "utterance": "my name is Robin Carter", "reference_time": "2026-03-02T09:00", "region": "AU",
}  # fmt: skip
CALL = CASE | {"id": "c1", "services": ["Plumbing"], "turns": [CASE]}
SCORER = """
import json
group = {"n": 1, "accuracy": 1.0, "precision": 1.0, "false_accept_rate": 0.0}
calls = {"all_fields_right": 1, "of": 1, "per_field": {"name": {"right": 1, "of": 1}}}
print(json.dumps({"groups": {"ALL": group}, "dialogues": calls}))
"""


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A folder as those programs read it."""
    (tmp_path / "cases.jsonl").write_text(json.dumps(CASE) + "\n")
    (tmp_path / "calls.jsonl").write_text(json.dumps(CALL) + "\n")
    (tmp_path / "score.py").write_text(SCORER)
    return tmp_path


def test_every_benchmark_is_run_here() -> None:
    assert set(RUNS) == {path.name for path in BENCHMARKS.glob("*.py")}


@pytest.mark.slow
@pytest.mark.valkey
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.audio] if name == "conversations.py" else [])
        for name in RUNS
    ],
)
def test_a_benchmark_runs_and_reports(name: str, cases: Path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")}
    words = [str(cases) if word == "CASES" else word for word in RUNS[name]]
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *words],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=env,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout
