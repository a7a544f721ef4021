"""The supervisor: what it starts, what it survives, how it ends."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.ports import free_port
from tests.serving import PATIENCE_S, Serving, alive, environment, eventually, serving, url_in
from tests.store.cluster import sentinel
from voicebot.errors import StartFailed
from voicebot.runtime.data_dir import metrics_folder
from voicebot.runtime.ports import Address, reserve
from voicebot.runtime.process import IMPOSSIBLE
from voicebot.runtime.serve import banner, children_of, for_trying_out
from voicebot.settings import Engine, Settings


def is_free(port: int) -> bool:
    try:
        reserve(Address("127.0.0.1", port)).close()
    except StartFailed:
        return False
    return True


def test_trying_out_stays_here_and_drains_shortly_unless_the_environment_says_otherwise() -> None:
    usual = for_trying_out(Settings(_env_file=None))
    assert (usual.stream_host, usual.drain_s) == ("127.0.0.1", 2.0)
    chosen = for_trying_out(Settings(_env_file=None, stream_host="0.0.0.0", drain_s=30))
    assert (chosen.stream_host, chosen.drain_s) == ("0.0.0.0", 30)


@pytest.mark.parametrize(
    ("given", "workers", "names"),
    [
        ({"transcriber": Engine.LOCAL}, 1, ["stt", "tts", "stream 1", "console"]),
        ({"meaning": True}, 1, ["stt", "tts", "meaning", "stream 1", "console"]),
        (
            {"transcriber": Engine.OPENAI, "synthesizer": Engine.OPENAI},
            1,
            ["stt", "tts", "stream 1", "console"],
        ),
        (
            {"transcriber": Engine.NULL, "synthesizer": Engine.NULL, "smtp_url": SecretStr("x")},
            2,
            ["stream 1", "stream 2", "console", "notify"],
        ),
        (
            {"transcriber": Engine.NULL, "synthesizer": Engine.NULL, "webhook_url": SecretStr("x")},
            1,
            ["stream 1", "console", "notify"],
        ),
    ],
)
def test_what_the_settings_need_is_started(
    given: dict[str, object], workers: int, names: list[str], tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, meaning=False).model_copy(update=given)
    assert [child.name for child in children_of(settings, workers, tmp_path).all] == names


def test_children_are_told_what_the_supervisor_resolved(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, redis_url="redis://127.0.0.1:7000", stream_port=8123)
    told = children_of(settings, 1, tmp_path).streams[0].environment
    assert told["VOICEBOT_REDIS_URL"] == "redis://127.0.0.1:7000"
    assert told["VOICEBOT_STREAM_PORT"] == "8123"
    assert told["PROMETHEUS_MULTIPROC_DIR"] == str(tmp_path)


def shown(**given: object) -> str:
    return banner(Settings(_env_file=None, redis_url="redis://h:1").model_copy(update=given))


def test_the_banner_names_other_ports_and_hosts_in_the_call_to_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "make call\n" in shown(), "in a clone"
    monkeypatch.chdir(tmp_path)
    assert "make" not in shown()
    assert "voicebot call\n" in shown()
    assert "voicebot call --url ws://127.0.0.1:9001/media" in shown(stream_port=9001)
    assert "voicebot call --url ws://192.0.2.7:8080/media" in shown(stream_host="192.0.2.7")


def test_the_banner_shows_what_to_enter_at_the_provider() -> None:
    told = shown(public_url="https://bot.example.com")
    assert "webhook https://bot.example.com/twiml, method POST or GET" in told
    assert "method POST" not in shown()


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, "0.0.0.0"),
        ({"stream_host": "127.0.0.1"}, None),
        (
            {"stream_host": "127.0.0.1", "public_url": "https://bot.example.com"},
            "https://bot.example.com",
        ),
    ],
)
def test_the_banner_is_loud_where_anybody_can_call(
    given: dict[str, object], where: str | None
) -> None:
    warnings = [line for line in shown(**given).splitlines() if "ANYBODY" in line]
    assert len(warnings) == (where is not None)
    assert all(f"{where}" in line and "VOICEBOT_TWILIO_AUTH_TOKEN" in line for line in warnings)
    assert "ANYBODY" not in shown(twilio_auth_token=SecretStr("t"), **given)


def test_the_banner_shows_what_a_key_has_switched_on_and_no_password() -> None:
    own = "https://me:hunter2@own.example/v1"
    assert "OpenAI" not in shown(openai_base_url=own)
    told = shown(openai_api_key=SecretStr("k"), redis_url="rediss://bot:hunter2@db.example:6380/1")
    assert "OpenAI   hears, speaks, understands, at api.openai.com" in told
    assert "rediss://bot:…@db.example:6380/1" in told
    assert "hunter2" not in told + shown(openai_api_key=SecretStr("k"), openai_base_url=own)


def test_what_can_never_work_is_a_line_each_before_anybody_is_started(tmp_path: Path) -> None:
    env = environment(
        tmp_path / "data", free_port(),
        VOICEBOT_BUSINESS="nowhere.toml", VOICEBOT_UNDERSTANDING="openai",
    )  # fmt: skip
    with serving(env, tmp_path) as run:
        assert run.ended() == IMPOSSIBLE
    business, openai = run.log_file.read_text().splitlines()
    assert business.startswith("cannot read nowhere.toml (No such file or directory)")
    assert "OPENAI_API_KEY" in openai


@pytest.mark.slow
def test_a_part_that_cannot_work_ends_everything_at_once_with_its_reason(tmp_path: Path) -> None:
    """A secret that was cut short: only the stream worker reads it."""
    redis_port = free_port()
    env = environment(tmp_path / "data", redis_port)
    (tmp_path / "data" / "stream-secret").write_text("short")
    with serving(env, tmp_path) as run:
        assert run.ended() == IMPOSSIBLE
    told = run.log_file.read_text()
    assert "stream-secret is not whole" in told
    assert "stream 1 cannot work with these settings" in told
    assert not run.events("child_died")
    assert not any(map(alive, run.pids))
    assert is_free(redis_port)


@pytest.mark.slow
def test_calls_are_taken_while_an_external_redis_is_away(tmp_path: Path) -> None:
    url = f"redis://bot:hunter2@127.0.0.1:{free_port()}"
    env = environment(
        tmp_path / "data", free_port(), VOICEBOT_REDIS_URL=url, VOICEBOT_REDDIS_URL=url
    )
    with serving(env, tmp_path) as run:
        run.wait_until_ready()
        assert run.answers()
    away, unknown_settings = (
        "does not answer (nothing listens there: connection refused): calls are taken",
        "VOICEBOT_REDDIS_URL is no setting; did you mean VOICEBOT_REDIS_URL?",
    )
    assert away in run.said
    assert unknown_settings in run.said
    assert "hunter2" not in run.said + run.log_file.read_text()


@pytest.mark.slow
async def test_a_redis_of_another_kind_than_its_address_says_is_told_before_anybody_is_started(
    tmp_path: Path,
) -> None:
    async with sentinel(tmp_path) as url:
        server = url.replace("+sentinel", "").rpartition("/")[0]
        env = environment(tmp_path / "data", free_port(), VOICEBOT_REDIS_URL=server)
        with serving(env, tmp_path) as run:
            assert run.ended() == IMPOSSIBLE
    assert f"write {url} " in run.log_file.read_text()
    assert not run.pids


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two stream workers, a console and an embedded Valkey; they recover from each test."""
    tmp_path = tmp_path_factory.mktemp("serve")
    with serving(environment(tmp_path / "data", free_port()), tmp_path, "--workers", "2") as run:
        run.wait_until_ready()
        yield run


@pytest.mark.slow
def test_serve_tells_where_everything_is(running: Serving) -> None:
    url = url_in(running.data_dir)
    login, _, at = url.rpartition("@")
    assert at in running.said
    assert login not in running.said, "it has the password"
    assert str(running.data_dir) in running.said
    assert running.answers()


@pytest.mark.slow
def test_a_killed_stream_worker_is_started_again(running: Serving) -> None:
    killed = running.pid_of("stream 2")
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: bool(running.events("child_back")))
    assert running.pid_of("stream 2") != killed
    assert running.answers()
    (death,) = running.events("child_died")
    assert (death["part"], death["exit_code"]) == ("stream 2", -signal.SIGKILL)


@pytest.mark.slow
def test_a_killed_valkey_comes_back_with_its_records(running: Serving) -> None:
    url = url_in(running.data_dir)
    with Redis.from_url(url) as redis:
        redis.set("kept", "yes")
        os.kill(int(redis.info("server")["process_id"]), signal.SIGKILL)
    assert eventually(lambda: bool(running.events("valkey_back")))
    with Redis.from_url(url) as redis:
        assert redis.get("kept") == b"yes"


@pytest.mark.slow
def test_a_second_serve_on_one_data_dir_is_refused(running: Serving, tmp_path: Path) -> None:
    with serving(environment(running.data_dir, free_port()), tmp_path) as second:
        assert second.ended() == 1
    told = second.log_file.read_text()
    assert f"another voicebot serve (process {running.process.pid}) uses" in told
    assert running.answers()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_order_and_exits_clean(
    number: signal.Signals, tmp_path: Path
) -> None:
    redis_port = free_port()
    with serving(environment(tmp_path / "data", redis_port), tmp_path) as run:
        run.wait_until_ready()
        run.process.send_signal(number)
        assert run.ended() == 0
    assert run.said.endswith("stopped\n")
    assert not any(map(alive, run.pids))
    assert is_free(redis_port)


@pytest.mark.slow
def test_a_second_signal_does_not_wait_for_a_worker_that_hangs(tmp_path: Path) -> None:
    redis_port = free_port()
    with serving(environment(tmp_path / "data", redis_port), tmp_path) as run:
        run.wait_until_ready()
        os.kill(run.pid_of("stream 1"), signal.SIGSTOP)
        run.process.terminate()
        run.wait_until_said("stopping")
        run.process.terminate()
        assert run.ended() == 128 + signal.SIGTERM
    assert not any(map(alive, run.pids))
    assert is_free(redis_port)


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [False, True])
def test_the_next_serve_ends_the_orphans_of_a_killed_one_and_its_call_goes_on(
    frozen: bool, tmp_path: Path
) -> None:
    redis_port, ports = free_port(), {"VOICEBOT_STREAM_PORT": str(free_port())}
    ports["VOICEBOT_CONSOLE_PORT"] = str(free_port())
    env = environment(tmp_path / "data", redis_port, VOICEBOT_DRAIN_S="600", **ports)
    stream = f"ws://127.0.0.1:{ports['VOICEBOT_STREAM_PORT']}/media"
    start = json.dumps({"event": "start", "streamSid": "MZ1", "start": {"callSid": "CAkept"}})
    with serving(env, tmp_path) as first:
        first.wait_until_ready()
        with connect(stream) as phone:
            phone.send(start)
            assert "media" in str(phone.recv())  # the bot speaks: the call is in the record
            if frozen:
                os.kill(first.pid_of("stream 1"), signal.SIGSTOP)
            first.process.kill()
            assert first.ended() == -signal.SIGKILL
            orphans = first.pids
            with serving(env, tmp_path) as second:
                second.wait_until_ready()
                assert not any(map(alive, orphans))
                assert "found running, adopted" in second.said
                with suppress(ConnectionClosed):
                    while True:
                        phone.recv(timeout=PATIENCE_S)
                with connect(stream) as again:
                    again.send(start)
                    assert "media" in str(again.recv())
                with Redis.from_url(url_in(tmp_path / "data")) as redis:
                    assert redis.hget("call:{CAkept}", "epoch") == b"2"
                second.process.send_signal(signal.SIGINT)
                second.process.send_signal(signal.SIGINT)
                second.ended()
            assert is_free(redis_port)


@pytest.mark.slow
def test_children_of_a_killed_supervisor_end_by_themselves_and_valkey_goes_on(
    tmp_path: Path,
) -> None:
    redis_port = free_port()
    with serving(environment(tmp_path / "data", redis_port), tmp_path) as run:
        run.wait_until_ready()
        run.process.kill()
        assert run.ended() == -signal.SIGKILL
    assert eventually(lambda: not any(map(alive, run.pids)))
    with Redis.from_url(url_in(tmp_path / "data")) as redis:
        assert redis.ping()
        os.kill(int(redis.info("server")["process_id"]), signal.SIGTERM)
    assert eventually(lambda: is_free(redis_port))
    with metrics_folder(tmp_path / "data"):
        pass  # the killed one's is removed
