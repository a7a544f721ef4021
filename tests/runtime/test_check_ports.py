"""The doctor's checks of ports, signature and staff token."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from tests.ports import free_port
from tests.runtime.given import found
from voicebot.runtime import check_ports
from voicebot.runtime.findings import Level

TOKEN = SecretStr("0123456789abcdef0123456789abcdef")


class Healthy(BaseHTTPRequestHandler):
    """Answers as a stream worker does."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def healthy() -> Iterator[int]:
    """A server that is well; its port."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_a_free_port_is_ok(tmp_path: Path) -> None:
    assert (await found("phone port", tmp_path, stream_port=free_port())).level is Level.OK


async def test_our_own_servers_port_is_ok_whatever_proxy_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with healthy() as port:
        finding = await found("staff port", tmp_path, console_port=port)
    assert (finding.level, "voicebot is running" in finding.text) == (Level.OK, True)


async def test_a_port_in_use_is_a_problem_that_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ports, "CHECK_TIMEOUT_S", 0.05)  # the stranger never answers
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = int(stranger.getsockname()[1])
        finding = await found("phone port", tmp_path, stream_host="127.0.0.1", stream_port=port)
    assert finding.level is Level.PROBLEM
    assert "VOICEBOT_STREAM_PORT" in finding.text


async def test_a_host_that_is_not_this_machine_is_a_problem_that_names_the_setting(
    tmp_path: Path,
) -> None:
    finding = await found("phone port", tmp_path, stream_host="192.0.2.1")
    assert finding.level is Level.PROBLEM
    assert "VOICEBOT_STREAM_HOST" in finding.text


async def test_a_console_on_the_network_wants_a_token_that_cannot_be_guessed(
    tmp_path: Path,
) -> None:
    network = {"console_host": "0.0.0.0"}
    assert (await found("staff", tmp_path, **network)).level is Level.PROBLEM
    assert (await found("staff", tmp_path, console_token=TOKEN, **network)).level is Level.OK
    short = await found("staff", tmp_path, console_token=SecretStr("long-enough-to-stay,abc"))
    assert (short.level, "3 letters" in short.text) == (Level.NOTE, True)


async def test_a_phone_port_on_the_network_without_a_token_is_noted_beside_run_local(
    tmp_path: Path,
) -> None:
    finding = await found("provider", tmp_path)
    assert finding.level is Level.NOTE
    assert "make run-local" in finding.mend
    chosen = await found("provider", tmp_path, stream_host="0.0.0.0")
    assert "make run-local" not in chosen.mend


async def test_an_account_that_was_taken_for_a_token_is_a_problem(tmp_path: Path) -> None:
    sid = SecretStr("AC" + "0" * 32)
    assert (await found("provider", tmp_path, twilio_auth_token=sid)).level is Level.PROBLEM


async def test_a_public_address_without_a_token_is_noted(tmp_path: Path) -> None:
    finding = await found("provider", tmp_path, public_url="https://bot.example.com")
    assert finding.level is Level.NOTE
    assert "VOICEBOT_TWILIO_AUTH_TOKEN" in finding.mend


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://bot.example.com/ü", "cannot be understood"),
        ("http://localhost:8080", "no provider reaches localhost"),
    ],
)
async def test_a_public_address_that_no_provider_reaches_is_noted(
    url: str, told: str, tmp_path: Path
) -> None:
    finding = await found("public URL", tmp_path, public_url=url)
    assert finding.level is Level.NOTE
    assert told in finding.text


async def test_a_public_address_is_asked_whether_it_leads_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ports, "is_loopback", lambda host: False)  # as if from outside
    with healthy() as port:
        plain = await found("public URL", tmp_path, public_url=f"http://127.0.0.1:{port}")
        lost = await found("public URL", tmp_path, public_url=f"http://127.0.0.1:{port}/elsewhere")
    assert "answers, without TLS" in plain.text
    assert "does not lead here (HTTP 404)" in lost.text
