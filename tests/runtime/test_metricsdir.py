"""Metrics are kept where neither a slow nor a full disk can stop a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.runtime import child_processes as metricsdir
from voicebot.runtime.child_processes import kept_metrics, metrics_dir


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the system's shared memory."""
    place = tmp_path / "shm"
    place.mkdir()
    monkeypatch.setattr(metricsdir, "SHARED_MEMORY", place)
    return place


def test_metrics_lie_in_memory_each_data_dirs_in_a_folder_of_its_own(
    memory: Path, tmp_path: Path
) -> None:
    one, other = metrics_dir(tmp_path / "one"), metrics_dir(tmp_path / "other")
    assert one.parent == other.parent == memory
    assert one != other
    assert metrics_dir(tmp_path / "one") == one, "every process finds the same"


def test_without_shared_memory_they_lie_in_the_data_dir(memory: Path, tmp_path: Path) -> None:
    memory.rmdir()
    assert metrics_dir(tmp_path) == tmp_path / "metrics"


def test_what_an_earlier_run_counted_is_forgotten_and_nothing_is_left_behind(
    memory: Path, tmp_path: Path
) -> None:
    left = metrics_dir(tmp_path) / "counter_1.db"
    left.parent.mkdir(mode=0o700)
    left.write_text("of a run that was killed")
    with kept_metrics(tmp_path) as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "counter_2.db").write_text("")
    assert list(memory.iterdir()) == []


def test_a_run_ends_well_though_its_folder_was_cleared_away(memory: Path, tmp_path: Path) -> None:
    with kept_metrics(tmp_path) as folder:
        folder.rmdir()
    assert list(memory.iterdir()) == []


def test_a_folder_that_others_can_write_to_or_that_leads_elsewhere_is_not_used(
    memory: Path, tmp_path: Path
) -> None:
    folder = metrics_dir(tmp_path)
    folder.mkdir()
    folder.chmod(0o777)
    assert metrics_dir(tmp_path) == tmp_path / "metrics"
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert metrics_dir(tmp_path) == tmp_path / "metrics"
