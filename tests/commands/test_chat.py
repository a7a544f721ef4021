"""`voicebot chat` as a program: typed lines in, a record out that the next command finds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port

SID = "CA1"


def voicebot(tmp_path: Path, port: int, *arguments: str, typed: str = "") -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")}
    environment |= {
        "VOICEBOT_DATA_DIR": str(tmp_path),
        "VOICEBOT_REDIS_PORT": str(port),
        "VOICEBOT_COMMIT_DEADLINE_MS": "60000",
    }
    command = [sys.executable, "-m", "voicebot", *arguments]
    done = subprocess.run(
        command, env=environment, input=typed, capture_output=True, text=True, check=True
    )
    assert "redis_away" not in done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.valkey
def test_without_a_server_a_chat_is_stored_and_resumed(tmp_path: Path) -> None:
    port = free_port()
    chat = ("chat", "--call-sid", SID)
    assert "best number" in voicebot(tmp_path, port, *chat, typed="My name is John Smith\n")
    record = json.loads(voicebot(tmp_path, port, "show", SID))
    assert record["user"]["userInfo"]["name"] == "John Smith"
    assert record["status"] == "abandoned"
    again = voicebot(tmp_path, port, *chat, typed="0412 345 678\n")
    assert "What's your name" not in again
    assert "0412 345 678, is that right?" in again


@pytest.mark.slow
@pytest.mark.valkey
def test_a_chat_explains_each_turn_beside_the_conversation(tmp_path: Path) -> None:
    said = voicebot(tmp_path, free_port(), "chat", "--explain", typed="My name is John Smith\n")
    assert "best number" in said
    assert "Provide" not in said
