"""`voicebot hear` as a program: recordings in, what a call would take of them out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.speech.conftest import need_local
from voicebot.simulators import phone

CLIPS = Path(phone.__file__).parent / "clips"


def hear(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")}
    environment |= {"VOICEBOT_TRANSCRIBER": "local", "VOICEBOT_DATA_DIR": str(cwd)}
    command = [sys.executable, "-m", "voicebot", "hear", *arguments]
    return subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_line_of_json_tells_what_was_heard_and_what_a_call_would_take(tmp_path: Path) -> None:
    need_local()
    files = [str(CLIPS / name) for name in ("john_name.wav", "name02.wav")]
    done = hear(tmp_path, *files, "--step", "name", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["file"], first["value"]) == (files[0], "John Smith")
    assert first["letters"] is None
    assert first["text"] not in first["alternatives"]
    assert first["cpu_seconds"] > 0
    assert second["file"] == files[1]


@pytest.mark.slow
def test_a_number_is_read_in_the_region_that_is_asked_for(tmp_path: Path) -> None:
    need_local()
    clip = str(CLIPS / "john_phone.wav")
    ours = hear(tmp_path, clip, "--step", "phone", "--json")
    assert json.loads(ours.stdout)["value"] == "+61412345678"
    theirs = hear(tmp_path, clip, "--step", "phone", "--region", "us", "--json")
    assert "value" not in json.loads(theirs.stdout)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--step", "done"), "--step takes one of: name"),
        (("--step", "phone", "--region", "xx"), "--region XX is no country"),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = hear(tmp_path, "clip.wav", *arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
