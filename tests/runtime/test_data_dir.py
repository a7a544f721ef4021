"""One `serve` at a time on one data directory."""

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from voicebot.errors import AlreadyRunning, SettingsError
from voicebot.runtime import data_dir as data_directory
from voicebot.runtime.data_dir import (
    LEAST_FREE_BYTES,
    is_owned,
    metrics_folder,
    own_data_dir,
    prepare_data_dir,
)


def test_a_second_owner_is_refused_and_told_whom_to_stop(tmp_path: Path) -> None:
    told = rf"process {os.getpid()}\) uses .*VOICEBOT_DATA_DIR"
    with own_data_dir(tmp_path), pytest.raises(AlreadyRunning, match=told), own_data_dir(tmp_path):
        pass


def test_a_directory_that_cannot_be_made_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"Not a directory.*VOICEBOT_DATA_DIR"):
        prepare_data_dir(tmp_path / "file" / "data")


def test_a_lock_that_cannot_be_written_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").mkdir()
    with pytest.raises(SettingsError, match="VOICEBOT_DATA_DIR"), own_data_dir(tmp_path):
        pass


def test_a_full_disk_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(free=LEAST_FREE_BYTES - 1)
    monkeypatch.setattr("voicebot.runtime.data_dir.shutil.disk_usage", lambda _: full)
    with pytest.raises(SettingsError, match=r"No space left .*make room"), own_data_dir(tmp_path):
        pass
    monkeypatch.undo()
    with own_data_dir(tmp_path):
        pass


def test_the_directory_is_free_again_after_its_owner(tmp_path: Path) -> None:
    with own_data_dir(tmp_path):
        assert is_owned(tmp_path)
    assert not is_owned(tmp_path)
    with own_data_dir(tmp_path):
        pass


def test_nobody_owns_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert not is_owned(tmp_path / "nowhere")


def test_the_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = prepare_data_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_metrics_lie_in_memory_and_those_of_a_killed_run_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, data_dir = tmp_path / "shm", tmp_path / "data"
    memory.mkdir()
    data_dir.mkdir()
    monkeypatch.setattr(data_directory, "SHARED_MEMORY", memory)
    killed = metrics_folder(data_dir)
    left = killed.__enter__()
    (left / "counter_1.db").write_text("")
    with metrics_folder(data_dir) as folder:
        assert list(memory.iterdir()) == [folder]
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.rmdir()  # as the system does when a user logs out
    assert list(memory.iterdir()) == []
    memory.rmdir()
    with metrics_folder(data_dir) as folder:
        assert folder.parent == data_dir
