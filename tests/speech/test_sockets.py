"""SpeechToText and tts listen where both sides look, and only for their user."""

import stat
from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.speech.wire import listening_socket, stt_socket, tts_socket


def test_sockets_lie_in_the_data_directory() -> None:
    assert stt_socket(Path(".voicebot")) == Path(".voicebot/stt.sock")
    assert tts_socket(Path("/d")) == Path("/d/tts.sock")


def test_a_long_path_is_reached_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ("x" * 60) / ("y" * 60)
    home.mkdir(parents=True)
    monkeypatch.chdir(home)
    assert stt_socket(home / ".voicebot") == Path(".voicebot/stt.sock")


def test_a_hopeless_path_says_which_setting_to_change(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_DATA_DIR"):
        stt_socket(tmp_path / ("x" * 120))


def test_a_left_over_socket_is_replaced_and_ours_goes_with_us() -> None:
    path = Path("data/stt.sock")
    path.parent.mkdir()
    path.write_text("left over")
    with listening_socket(path):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_successors_socket_is_left_alone() -> None:
    path = Path("stt.sock")
    with listening_socket(path):
        path.rename("old.sock")
        path.write_text("the successor's")
    assert path.exists()
