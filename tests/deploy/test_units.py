"""The systemd units: their commands run, and stop within the time that they give."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DATA_DIR, DEPLOY, runnable, unit
from tests.ports import free_port
from tests.serving import environment, serving
from voicebot.runtime.process import IMPOSSIBLE
from voicebot.settings import Settings

UNITS = ["voicebot", "voicebot-calls", "voicebot-console"]
EXECUTABLE = "/opt/voicebot/bin/voicebot"
MARGIN_S = 20
"""For what is left of a stop after the drain: workers, console, speech, Valkey."""


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_leaves_the_stopping_to_serve_and_gives_it_time_for_the_drain(name: str) -> None:
    (command,), read = unit(name)["ExecStart"], unit(name)
    assert read["KillMode"] == ["mixed"]  # else Valkey would end before the last commit
    drains = "console" not in name
    least_s = MARGIN_S + (Settings.model_fields["drain_s"].default if drains else 0)
    assert int(read["TimeoutStopSec"][0]) >= least_s
    assert read["RestartPreventExitStatus"] == [str(IMPOSSIBLE)]
    assert read["Environment"] == [f"VOICEBOT_DATA_DIR={DATA_DIR}"]
    assert command.startswith(f"{EXECUTABLE} serve ")


@pytest.mark.slow
@pytest.mark.valkey
@pytest.mark.parametrize("name", UNITS)
def test_a_units_command_runs_and_ends_clean_at_sigterm(
    name: str, redis_url: str, tmp_path: Path
) -> None:
    words = unit(name)["ExecStart"][0].removeprefix(EXECUTABLE).split()
    meets = {} if name == "voicebot" else {"VOICEBOT_REDIS_URL": redis_url}
    env = environment(tmp_path / "data", free_port(), **meets, VOICEBOT_STREAM_HOST="127.0.0.1")
    with serving(env, tmp_path, command=runnable(words)) as run:
        run.wait_until_ready()
        run.process.send_signal(signal.SIGTERM)
        assert run.ended() == 0
    workers = {e["part"] for e in run.events("child_started") if "stream" in str(e["part"])}
    assert len(workers) == (0 if "console" in name else 2)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    here = shutil.which("true") or ""  # a program that is not installed would be told
    for name in UNITS:
        text = (DEPLOY / "systemd" / f"{name}.service").read_text()
        (tmp_path / f"{name}.service").write_text(text.replace(EXECUTABLE, here))
    files = sorted(tmp_path.glob("*.service"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
