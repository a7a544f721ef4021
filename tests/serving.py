"""`voicebot serve` as a real process, with doubles for stt and tts, for tests from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE
from urllib.request import urlopen

PATIENCE_S = 120.0
SERVE_LOCAL = (sys.executable, "-m", "voicebot", "serve", "--local")
_POLL_S = 0.05


@dataclass
class Serving:
    """One run of `voicebot serve`."""

    data_dir: Path
    process: subprocess.Popen[str]
    log_file: Path
    told: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The output so far."""
        return "".join(self.told)

    def wait_until_ready(self) -> None:
        self.wait_until_said("Stop with Ctrl-C")

    def wait_until_said(self, beginning: str) -> None:
        """Read on until a line that begins so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(line)
            if line.startswith(beginning):
                return
        raise AssertionError(f"serve ended: {self.said}\n{self.log_file.read_text()}")

    def ended(self) -> int:
        """The exit code; what was left on stdout is then in `said`."""
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        self.told.append(rest)
        return self.process.returncode

    def events(self, name: str) -> list[dict[str, object]]:
        """The log's lines of one event."""
        lines = [json.loads(x) for x in self.log_file.read_text().splitlines() if x[:1] == "{"]
        return [line for line in lines if line["event"] == name]

    def pid_of(self, part: str) -> int:
        """The process that now plays a part."""
        pids = [e["pid"] for e in self.events("child_started") if e["part"] == part]
        return int(str(pids[-1]))

    @property
    def pids(self) -> set[int]:
        """Every child that was ever started."""
        return {int(str(e["pid"])) for e in self.events("child_started")}

    @property
    def phone_url(self) -> str:
        found = re.search(r"ws://(\S+)/media", self.said)
        assert found
        return f"http://{found[1]}"

    def answers(self) -> bool:
        """Return whether a stream worker takes calls."""
        try:
            with urlopen(f"{self.phone_url}/healthz", timeout=PATIENCE_S) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def url_in(data_dir: Path) -> str:
    """Return the address of a data directory's Valkey, which runs."""
    return (data_dir / "redis-url").read_text().strip()


def environment(data_dir: Path, redis_port: int, **more: str) -> dict[str, str]:
    """Ports of our own, no models, every line of the log."""
    data_dir.mkdir(exist_ok=True)
    manifest = data_dir / "clips.json"  # what the null recogniser knows: nothing
    manifest.write_text("[]")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VOICEBOT_", "OPENAI_"))}
    return kept | {
        "VOICEBOT_DATA_DIR": str(data_dir),
        "VOICEBOT_REDIS_PORT": str(redis_port),
        "VOICEBOT_STREAM_PORT": "0",
        "VOICEBOT_CONSOLE_PORT": "0",
        "VOICEBOT_TRANSCRIBER": "null",
        "VOICEBOT_SYNTHESIZER": "null",
        "VOICEBOT_MEANING": "false",
        "VOICEBOT_NULL_MANIFEST": str(manifest),
        "VOICEBOT_COMMIT_DEADLINE_MS": "60000",  # what is read from Redis at once is there
        "VOICEBOT_LOG_LEVEL": "debug",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


@contextmanager
def serving(
    env: dict[str, str], tmp_path: Path, *options: str, command: Sequence[str] = SERVE_LOCAL
) -> Iterator[Serving]:
    """Start `voicebot serve --local`; at the end it is gone, by force if need be."""
    log_file = tmp_path / "serve.log"
    with log_file.open("a") as log:
        process = subprocess.Popen(
            [*command, *options],
            stdin=DEVNULL, stdout=PIPE, stderr=log, text=True, cwd=tmp_path, env=env,
        )  # fmt: skip
    with process:
        run = Serving(Path(env["VOICEBOT_DATA_DIR"]), process, log_file)
        try:
            yield run
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                run.ended()


def alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(true: Callable[[], bool]) -> bool:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
