"""Back-up and restore, of a server that runs and of one whose Redis is away."""

import json
import re
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from urllib.request import Request, urlopen

import pytest
from redis import Redis
from websockets.sync.client import connect

from tests.ports import free_port
from tests.serving import PATIENCE_S, Serving, environment, eventually, serving

pytestmark = [pytest.mark.slow, pytest.mark.valkey]


def typed(env: dict[str, str], *words: str) -> CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicebot", *words],
        env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def asked(run: Serving, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    found = re.search(r"staff +(http://\S+)", run.said)
    assert found
    data = json.dumps(body).encode() if body is not None else None
    request = Request(found[1] + path, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE_S) as reply:
        return dict(json.load(reply))


def name_of(run: Serving, call_sid: str) -> object:
    user = asked(run, f"/calls/{call_sid}")["user"]
    assert isinstance(user, dict)
    return user["userInfo"]["name"]


def said(call_sid: str, text: str) -> dict[str, object]:
    return {"callSid": call_sid, "customerMessage": {"message": text}}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "data", free_port(), VOICEBOT_COMMIT_DEADLINE_MS="200")


@pytest.fixture
def running(env: dict[str, str], tmp_path: Path) -> Iterator[Serving]:
    with serving(env, tmp_path) as run:
        run.wait_until_ready()
        yield run


def restored(env: dict[str, str], file: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a new data directory with what a back-up held."""
    fresh = env | {
        "VOICEBOT_DATA_DIR": str(tmp_path / "fresh"),
        "VOICEBOT_REDIS_PORT": str(free_port()),
    }
    done = typed(fresh, "restore", str(file))
    assert done.returncode == 0, done.stderr
    return fresh


def test_what_was_saved_by_the_moment_of_the_backup_is_there_after_a_restore(
    env: dict[str, str], running: Serving, tmp_path: Path
) -> None:
    asked(running, "/calls", {"callSid": "CA1"})
    asked(running, "/ai/conversation", said("CA1", "My name is Sam Smith"))
    file = tmp_path / "backup.tar.gz"
    done = typed(env, "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o077 == 0
    asked(running, "/calls", {"callSid": "CAlater"})
    running.process.send_signal(signal.SIGKILL)  # the machine is lost
    with Redis.from_url((running.data_dir / "redis-url").read_text().strip()) as redis:
        redis.shutdown(nosave=True)
    with serving(restored(env, file, tmp_path), tmp_path) as again:
        again.wait_until_ready()
        assert name_of(again, "CA1") == "Sam Smith"
        answer = asked(again, "/ai/conversation", said("CA1", "0412 345 678"))
        assert "CA1" in json.dumps(answer)
        calls = asked(again, "/calls")["calls"]
        assert isinstance(calls, list)
        assert [call["callSid"] for call in calls] == ["CA1"]


def test_what_waited_in_a_journal_is_brought_to_the_restored_redis(
    env: dict[str, str], running: Serving, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar.gz"
    start = {"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA2"}}
    with Redis.from_url((running.data_dir / "redis-url").read_text().strip()) as redis:
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")  # it answers, and takes no write
        with connect(running.phone_url.replace("http", "ws") + "/media") as phone:
            phone.send(json.dumps(start))
            assert "media" in str(phone.recv(timeout=PATIENCE_S))  # the greeting is kept
            done = typed(env, "backup", str(file))
            assert done.returncode == 0, done.stderr
            running.process.send_signal(signal.SIGKILL)
        redis.shutdown(nosave=True)
    with tarfile.open(file) as archive:
        assert any(name.endswith(".db") for name in archive.getnames())
    with serving(restored(env, file, tmp_path), tmp_path) as again:
        again.wait_until_ready()
        assert eventually(lambda: "CA2" in json.dumps(asked(again, "/calls")))
        assert asked(again, "/calls/CA2")["history"]


def test_nothing_is_overwritten_and_nothing_lands_elsewhere(
    env: dict[str, str], tmp_path: Path
) -> None:
    data_dir = Path(env["VOICEBOT_DATA_DIR"])
    (data_dir / "journal").mkdir()
    file = tmp_path / "backup.tar.gz"
    assert typed(env, "backup", str(file)).returncode == 0
    assert "name a new file" in typed(env, "backup", str(file)).stderr
    assert "move it away" in typed(env, "restore", str(file)).stderr
    strange = tmp_path / "strange.tar.gz"
    with tarfile.open(strange, "w:gz") as archive:
        archive.add(file, "valkey/../../evil")
    fresh = env | {"VOICEBOT_DATA_DIR": str(tmp_path / "fresh")}
    assert "none of ours" in typed(fresh, "restore", str(strange)).stderr
    assert not (tmp_path / "evil").exists()
