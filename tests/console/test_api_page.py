"""docs/api.md: its commands are run as they stand, and answer what the page says."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.serving import PATIENCE_S, environment, serving

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
TOKEN = "staff-token-0123456789"


@pytest.mark.slow
@pytest.mark.valkey
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_conversation_of_the_page_can_be_typed(tmp_path: Path) -> None:
    port = free_port()
    env = environment(
        tmp_path / "data",
        free_port(),
        VOICEBOT_CONSOLE_PORT=str(port),
        VOICEBOT_CONSOLE_TOKEN=TOKEN,
        NO_PROXY="127.0.0.1",
    )
    typed = env | {"API": f"http://127.0.0.1:{port}", "TOKEN": TOKEN}
    script = "\necho; echo ----;".join(COMMANDS)
    with serving(env, tmp_path) as run:
        run.wait_until_ready()
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            env=typed, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    _, begun, said, record, events, rest = (part.strip() for part in done.stdout.split("----"))
    assert json.loads(begun)["aiResponse"]["message"].endswith("What's your name, please?")
    answer = json.loads(said)
    assert answer["callSkeleton"]["user"]["userInfo"]["name"] == "Ann Lee"
    assert (answer["step"], answer["status"], answer["shouldHangup"]) == ("phone", "active", False)
    kept = json.loads(record)
    assert kept["step"] == "phone"
    greeting, name, _ = (message["startedAt"] for message in kept["history"])
    assert greeting < name, "what is said to be older than the greeting comes just after it"
    assert '"startedAt": "2026-03-02' in COMMANDS[2]
    assert '"field":"name"' in events
    assert '"field":"name"' in rest
