"""`voicebot doctor` as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> CompletedProcess[str]:
    """Its answer in a folder whose .env has a slip, and asks for what cannot be."""
    folder: Path = tmp_path_factory.mktemp("doctor")
    (folder / ".env").write_text("VOICEBOT_LOGLEVEL=debug\nVOICEBOT_CONSOLE_HOST=0.0.0.0\n")
    return subprocess.run(
        [sys.executable, "-m", "voicebot", "doctor"],
        capture_output=True, text=True, cwd=folder, timeout=60, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")},
    )  # fmt: skip


def test_problems_are_told_with_their_mend_and_the_exit_code(typed: CompletedProcess[str]) -> None:
    assert typed.returncode == 1
    problems = [line for line in typed.stdout.splitlines() if line.startswith("problem")]
    assert any("VOICEBOT_CONSOLE_TOKEN" in problem for problem in problems)


def test_a_misspelt_setting_is_told(typed: CompletedProcess[str]) -> None:
    assert "did you mean VOICEBOT_LOG_LEVEL?" in typed.stdout
