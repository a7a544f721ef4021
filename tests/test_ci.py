"""`.ci/run` in a folder of its own: a test that fails once and then passes is a finding."""

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CI = Path(__file__).parent.parent / ".ci"
MAKEFILE = """
test test-page lint accuracy:
\t@case $@ in test) .venv/bin/python -m pytest -q tests $(ARGS);; esac
"""
STEADY = "def test_steady():\n    assert True\n"
BROKEN = "def test_broken():\n    assert False\n"
UNSTEADY = """
from pathlib import Path

def test_unsteady():
    ran = Path(__file__).with_name("ran")
    ran.open("a").write("x")
    assert ran.read_text() != "x"
"""
UNSTEADY_ID = "tests/test_it.py::test_unsteady"


def quarantined(name: str = UNSTEADY_ID, days: int = 1, reason: str = "seen on a slow disk") -> str:
    since = date.today() - timedelta(days=days)
    return f'[[test]]\nid = "{name}"\nsince = {since}\nreason = "{reason}"\n'


def ci(folder: Path, test: str, quarantine: str = "") -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` over one file of tests."""
    shutil.copytree(CI, folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".ci" / "quarantine.toml").write_text(quarantine)
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(test)
    (folder / "bin").mkdir()
    (folder / "bin" / "chromium").symlink_to("/bin/true")  # nothing is to be installed
    (folder / ".venv").symlink_to(sys.prefix)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    env |= {"PATH": f"{folder / 'bin'}:{env['PATH']}", "CASES": "none"}
    return subprocess.run(
        [folder / ".ci" / "run"], capture_output=True, text=True, check=False, env=env
    )


def test_steady_tests_pass(tmp_path: Path) -> None:
    assert ci(tmp_path, STEADY).returncode == 0


def test_a_broken_test_fails(tmp_path: Path) -> None:
    assert ci(tmp_path, BROKEN, quarantined("tests/test_it.py::test_broken")).returncode != 0


def test_a_test_that_passes_when_run_again_fails_and_is_named(tmp_path: Path) -> None:
    done = ci(tmp_path, STEADY + UNSTEADY)
    assert done.returncode != 0
    assert f"failed, and passed when run again: {UNSTEADY_ID}" in done.stderr
    assert "test_steady" not in done.stderr


def test_in_quarantine_it_passes_and_is_named(tmp_path: Path) -> None:
    done = ci(tmp_path, STEADY + UNSTEADY, quarantined())
    assert done.returncode == 0
    assert f"unsteady, in quarantine since {date.today() - timedelta(days=1)}" in done.stdout


@pytest.mark.parametrize(
    ("quarantine", "told"),
    [
        (quarantined(reason=""), "needs id, since (a date) and reason"),
        (quarantined(days=31), "mend it now"),
        ("".join(quarantined(f"tests/test_it.py::test_{n}") for n in range(6)), "at most 5"),
    ],
)
def test_a_quarantine_that_is_long_old_or_without_reasons_fails(
    tmp_path: Path, quarantine: str, told: str
) -> None:
    done = ci(tmp_path, STEADY, quarantine)
    assert done.returncode != 0
    assert told in done.stderr


def test_the_list_of_this_repository_is_in_order() -> None:
    subprocess.run([sys.executable, CI / "unsteady.py"], check=True)
