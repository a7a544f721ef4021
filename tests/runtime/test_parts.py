"""`voicebot serve --only`: parts that run apart and meet in Redis, or in one data directory."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

from tests.ports import free_port
from tests.runtime.given import settings
from tests.serving import PATIENCE_S, Serving, environment, serving
from voicebot.errors import AlreadyRunning, SettingsError
from voicebot.runtime.data_dir import own_data_dir
from voicebot.runtime.doctor import refusals
from voicebot.runtime.parts import Part, part_of
from voicebot.runtime.process import IMPOSSIBLE
from voicebot.runtime.serve import banner, children_of
from voicebot.settings import Engine

APART = {Part.STREAM, Part.CONSOLE, Part.NOTIFY}
REDIS = "redis://127.0.0.1:7000"


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ({Part.STREAM}, ["stream 1", "metrics"]),
        ({Part.SPEECH}, ["stt", "tts", "metrics"]),
        ({Part.CONSOLE}, ["console"]),
        ({Part.NOTIFY}, ["metrics", "notify"]),
        ({Part.STREAM, Part.SPEECH}, ["stt", "tts", "stream 1", "metrics"]),
    ],
)
def test_a_part_starts_its_own_processes_and_tells_its_metrics(
    parts: set[Part], names: list[str], tmp_path: Path
) -> None:
    given = settings(
        tmp_path, transcriber=Engine.LOCAL, meaning=False, redis_url=REDIS, webhook_url="set"
    )
    children = children_of(given, 1, tmp_path, frozenset(parts)).all
    assert [child.name for child in children] == names
    for child in children:
        assert child.name == "metrics" or part_of(child.name) in parts


@pytest.mark.parametrize(("part", "what"), [(Part.SPEECH, "speech"), (Part.NOTIFY, "told")])
def test_a_part_with_nothing_to_do_says_so(part: Part, what: str, tmp_path: Path) -> None:
    idle = settings(
        tmp_path, transcriber=Engine.NULL, synthesizer=Engine.NULL, meaning=False, redis_url=REDIS
    )
    with pytest.raises(SettingsError, match=what):
        children_of(idle, 1, tmp_path, frozenset({part}))


@pytest.mark.parametrize("part", sorted(APART))
def test_a_part_by_itself_wants_the_redis_where_it_meets_the_others(
    part: Part, tmp_path: Path
) -> None:
    null = {"transcriber": Engine.NULL, "synthesizer": Engine.NULL}
    (refused,) = refusals(settings(tmp_path, **null), frozenset({part}))
    assert "VOICEBOT_REDIS_URL" in str(refused)
    assert not list(refusals(settings(tmp_path, redis_url=REDIS, **null), frozenset({part})))


def test_a_machine_without_callers_needs_no_models_of_speech(tmp_path: Path) -> None:
    lacking = settings(tmp_path, redis_url=REDIS, transcriber=Engine.LOCAL, whisper_dir=tmp_path)
    assert not list(refusals(lacking, frozenset({Part.CONSOLE})))
    assert list(refusals(lacking, frozenset({Part.SPEECH})))


def test_parts_share_a_data_directory_and_no_part_runs_twice(tmp_path: Path) -> None:
    with own_data_dir(tmp_path, {Part.SPEECH}), own_data_dir(tmp_path, {Part.STREAM}):
        for clash in ({Part.STREAM}, {Part.STREAM, Part.CONSOLE}, ()):
            with pytest.raises(AlreadyRunning), own_data_dir(tmp_path, clash):
                pass
    notify = own_data_dir(tmp_path, {Part.NOTIFY})
    with own_data_dir(tmp_path), pytest.raises(AlreadyRunning), notify:
        pass


def test_the_banner_shows_what_runs_here(tmp_path: Path) -> None:
    given = settings(tmp_path, redis_url=REDIS)
    stream, console = (banner(given, frozenset({part})) for part in (Part.STREAM, Part.CONSOLE))
    assert "/twiml" in stream
    assert "http://127.0.0.1:8000/metrics" in stream
    assert "/docs" not in stream
    assert "http://127.0.0.1:8000/docs" in console.replace("   API ", "")
    assert "/twiml" not in console
    assert "voicebot call" not in console


def machine(held: ExitStack, path: Path, redis_url: str, *parts: str, **more: str) -> Serving:
    """Start `serve --only …` as on a machine of its own, and wait until it is ready."""
    path.mkdir()
    env = environment(path / "data", free_port(), VOICEBOT_REDIS_URL=redis_url, **more)
    options = [word for part in parts for word in ("--only", part)]
    started = held.enter_context(serving(env, path, *options))
    started.wait_until_ready()
    return started


@contextmanager
def calling(stream: Serving, call_sid: str) -> Iterator[None]:
    """Hold a call, once the bot has spoken."""
    start = {"event": "start", "streamSid": "MZ1", "start": {"callSid": call_sid}}
    with connect(stream.phone_url.replace("http", "ws") + "/media") as phone:
        phone.send(json.dumps(start))
        assert "media" in str(phone.recv(timeout=PATIENCE_S))
        yield


def asked(url: str) -> str:
    with urlopen(url, timeout=PATIENCE_S) as reply:
        return str(reply.read().decode())


def staff_port(run: Serving) -> str:
    found = re.search(r"(?:staff|metrics) +(http://[0-9.:]+)", run.said)
    assert found
    return found[1]


@pytest.mark.slow
@pytest.mark.valkey
def test_a_call_on_one_machine_is_seen_on_the_others_console_and_in_each_ones_metrics(
    redis_url: str, tmp_path: Path
) -> None:
    with ExitStack() as held:
        stream = machine(held, tmp_path / "a", redis_url, "stream")
        console = machine(held, tmp_path / "b", redis_url, "console")
        with calling(stream, "CAapart"):
            shown = json.loads(asked(f"{staff_port(console)}/calls/CAapart"))
            told = asked(f"{staff_port(stream)}/metrics")
        assert shown["status"] == "active"
        assert 'voicebot_build_info{part="stream",version=' in told
        assert "voicebot_open_calls" in told
        assert "voicebot_console_following" not in told  # no console here that could be blind
        others = asked(f"{staff_port(console)}/metrics")
        assert 'voicebot_build_info{part="console",version=' in others
        assert "voicebot_call_places" not in others


@pytest.mark.slow
@pytest.mark.valkey
def test_speech_in_a_service_of_its_own_is_heard_through_the_data_directory(
    redis_url: str, tmp_path: Path
) -> None:
    """Two units or containers of one machine, as in deploy/: the bot speaks."""
    shared = {"VOICEBOT_DATA_DIR": str(tmp_path / "shared"), "VOICEBOT_SYNTHESIZER": "local"}
    with ExitStack() as held:
        speech = machine(held, tmp_path / "a", redis_url, "speech", **shared)
        stream = machine(held, tmp_path / "b", redis_url, "stream", **shared)
        assert speech.pid_of("tts")
        with calling(stream, "CAspoken"):
            pass  # without the service there is no voice, and the stream is closed


@pytest.mark.slow
def test_a_part_without_redis_ends_before_anything_starts(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", free_port())
    with serving(env, tmp_path, "--only", "console") as run:
        assert run.ended() == IMPOSSIBLE
    assert "VOICEBOT_REDIS_URL" in run.log_file.read_text()
    assert not run.pids
