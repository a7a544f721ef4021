"""The doctor on data directory, Redis, journal, mail, webhooks and traces: nothing is sent."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from tests.ports import free_port
from tests.runtime.given import all_found, found, levels, settings
from tests.store.cluster import cluster
from tests.telemetry.collector import collecting
from voicebot import telemetry
from voicebot.runtime.findings import Level
from voicebot.store import client, embedded_valkey

KEY = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


async def test_a_data_dir_that_is_not_made_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert (await found("data", tmp_path, data_dir=tmp_path / "a" / "b")).level is Level.OK
    assert not (tmp_path / "a").exists()


async def test_another_program_on_the_embedded_servers_port_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_PATIENCE_S", 0.05)  # the stranger never answers
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        finding = await found("Redis", tmp_path, redis_port=int(stranger.getsockname()[1]))
    assert finding.level is Level.PROBLEM
    assert "VOICEBOT_REDIS_PORT" in finding.mend


async def test_without_a_server_the_embedded_one_will_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")  # a data dir that is a file is another subject
    finding = await found("Redis", tmp_path, redis_port=free_port())
    assert finding.level is Level.OK
    assert "embedded" in finding.text


@pytest.mark.valkey
async def test_a_server_of_another_folder_where_ours_was_is_not_taken_for_ours(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    elsewhere = settings(tmp_path / "elsewhere", redis_port=free_port())
    async with embedded_valkey(elsewhere) as url:
        (tmp_path / "data" / "redis-url").write_text(url)
        finding = await found("Redis", tmp_path, redis_port=free_port())
    assert finding.text.startswith("embedded Valkey;")


@pytest.mark.valkey
async def test_a_running_embedded_server_is_asked_for_file_and_replicas(tmp_path: Path) -> None:
    chosen = settings(tmp_path, redis_port=free_port())
    async with embedded_valkey(chosen) as url:
        (well,) = await all_found("Redis", chosen)
        _, alone = await all_found("Redis", chosen.model_copy(update={"wait_replicas": 1}))
    assert (well.level, alone.level) == (Level.OK, Level.NOTE)
    login, _, at = url.rpartition("@")
    assert at in well.text
    assert login not in well.text, "it has the password"
    assert "VOICEBOT_WAIT_REPLICAS" in alone.mend


@pytest.mark.slow
@pytest.mark.valkey
async def test_a_node_of_a_cluster_named_as_a_server_is_a_problem_with_the_right_form(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as nodes:
        node = f"127.0.0.1:{nodes.ports[0]}"
        wrong = await found("Redis", tmp_path, redis_url=f"redis://{node}")
        right = await all_found("Redis", settings(tmp_path, redis_url=nodes.url))
    assert wrong.level is Level.PROBLEM
    assert f"write redis+cluster://{node}" in wrong.text
    assert Level.PROBLEM not in levels(right)


class Letters:
    """Takes none: the doctor writes none."""

    async def handle_DATA(self, *_: object) -> str:
        raise AssertionError("a letter was written")


@pytest.fixture
def mail_port() -> Iterator[int]:
    """A mail server that accepts the login `bot` with `right` only."""

    def check(*given: object) -> AuthResult:
        right = getattr(given[-1], "password", b"") == b"right"
        return AuthResult(success=right, handled=False)

    port = free_port()
    server = Controller(
        Letters(), hostname="127.0.0.1", port=port,
        authenticator=check, auth_require_tls=False,
    )  # fmt: skip
    server.start()
    yield port
    server.stop()


async def test_a_mail_server_is_asked_whether_it_lets_us_in(tmp_path: Path, mail_port: int) -> None:
    right, wrong, away = [
        await found("mail", tmp_path, smtp_url=SecretStr(f"smtp://bot:{word}@127.0.0.1:{port}"))
        for word, port in (("right", mail_port), ("hunter2", mail_port), ("right", free_port()))
    ]
    assert (right.level, wrong.level, away.level) == (Level.OK, Level.NOTE, Level.NOTE)
    assert "it refuses user or password" in wrong.text
    assert "hunter2" not in wrong.line("mail")
    assert "connection refused" in away.text


async def test_each_receiver_is_looked_for_and_nothing_is_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(5)
        here, away = receiver.getsockname()[1], free_port()
        urls = SecretStr(",".join(f"http://127.0.0.1:{p}/?key=topsecret" for p in (here, away)))
        there, lost = await all_found(
            "webhooks", settings(tmp_path, webhook_url=urls, webhook_secret=KEY)
        )
        with receiver.accept()[0] as caller:
            assert caller.recv(1) == b""
    assert (there.level, lost.level) == (Level.OK, Level.NOTE)
    assert "connection refused" in lost.text
    assert "topsecret" not in there.line("") + lost.line("")


async def test_a_receiver_without_tls_where_tls_is_spoken_is_noted(tmp_path: Path) -> None:
    with collecting() as plain:
        url = SecretStr(plain.url.replace("http:", "https:"))
        finding = await found("webhooks", tmp_path, webhook_url=url, webhook_secret=KEY)
    assert (finding.level, "TLS" in finding.text) == (Level.NOTE, True)


async def test_traces_are_taken_by_their_collector(tmp_path: Path) -> None:
    with collecting() as collector:
        finding = await found("traces", tmp_path, otlp_endpoint=collector.url)
    assert finding.level is Level.OK
    assert collector.url in finding.text


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1:{}", "localhost:{}"])
async def test_a_collector_that_does_not_answer_is_noted(url: str, tmp_path: Path) -> None:
    finding = await found("traces", tmp_path, otlp_endpoint=url.format(free_port()))
    assert finding.level is Level.NOTE
    assert "hunter2" not in finding.text
    assert "OTEL_EXPORTER_OTLP_ENDPOINT: like http://127.0.0.1:4318" in finding.mend


async def test_traces_without_their_packages_are_noted_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "is_installed", lambda: False)
    finding = await found("traces", tmp_path, otlp_endpoint="http://127.0.0.1:4318")
    assert finding.level is Level.NOTE
    assert "voicebot[traces]" in finding.mend
