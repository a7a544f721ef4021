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

from tests.runtime.given import problems, settings
from voicebot.runtime import check_ports as doors
from voicebot.runtime.check_ports import check_port, check_provider, check_staff
from voicebot.runtime.ports import Address, free_port
from voicebot.runtime.start_checks import Level

TOKEN = SecretStr("0123456789abcdef0123456789abcdef")


class Healthy(BaseHTTPRequestHandler):
    """Answers as a stream worker does."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def unavailable_when_away() -> Iterator[int]:
    """A server that is well; its port."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def door(port: int) -> Address:
    return Address("127.0.0.1", port, "VOICEBOT_STREAM_HOST", "VOICEBOT_STREAM_PORT")


def test_a_free_port_is_ok() -> None:
    assert check_port("phone port", door(free_port())).state is Level.OK


def test_our_own_servers_port_is_ok_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with unavailable_when_away() as port:
        finding = check_port("phone port", door(port))
    assert (finding.state, "voicebot is running" in finding.text) == (Level.OK, True)


def test_a_port_in_use_is_a_problem_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doors, "CHECK_TIMEOUT_S", 0.05)  # the stranger never answers
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        finding = check_port("phone port", door(int(stranger.getsockname()[1])))
    assert finding.state is Level.PROBLEM
    assert "VOICEBOT_STREAM_PORT" in finding.text


def test_a_host_that_is_not_this_machine_is_a_problem_that_names_the_setting() -> None:
    finding = check_port("phone port", Address("192.0.2.1", 8080, "VOICEBOT_STREAM_HOST", "P"))
    assert finding.state is Level.PROBLEM
    assert "VOICEBOT_STREAM_HOST" in finding.text


def test_a_console_on_the_network_without_a_token_is_a_problem(tmp_path: Path) -> None:
    open_to_all = settings(tmp_path, console_host="0.0.0.0")
    locked = open_to_all.model_copy(update={"console_token": TOKEN})
    assert problems([check_staff(open_to_all)]) == ["staff"]
    assert check_staff(locked).state is Level.OK


def test_a_short_token_is_noted(tmp_path: Path) -> None:
    finding = check_staff(settings(tmp_path, console_token=SecretStr("long-enough-to-stay,abc")))
    assert finding.state is Level.NOTE
    assert "3 letters" in finding.text


def test_a_phone_port_on_the_network_without_a_token_is_noted_beside_run_local(
    tmp_path: Path,
) -> None:
    (finding,) = check_provider(settings(tmp_path))
    assert finding.state is Level.NOTE
    assert "make run-local" in finding.mend
    (chosen,) = check_provider(settings(tmp_path, stream_host="0.0.0.0"))
    assert "make run-local" not in chosen.mend


def test_a_public_address_that_no_request_can_carry_is_noted(tmp_path: Path) -> None:
    *_, finding = check_provider(settings(tmp_path, public_url="https://bot.example.com/ü"))
    assert finding.state is Level.NOTE
    assert "cannot be understood" in finding.text


def test_an_account_that_was_taken_for_a_token_is_a_problem(tmp_path: Path) -> None:
    sid = SecretStr("AC" + "0" * 32)
    assert problems(list(check_provider(settings(tmp_path, twilio_auth_token=sid)))) == ["provider"]


def test_a_public_address_without_a_token_is_noted(tmp_path: Path) -> None:
    finding, _ = check_provider(settings(tmp_path, public_url="http://127.0.0.1"))
    assert finding.state is Level.NOTE
    assert "VOICEBOT_TWILIO_AUTH_TOKEN" in finding.mend


def test_a_public_address_that_no_provider_reaches_is_noted(tmp_path: Path) -> None:
    _, finding = check_provider(settings(tmp_path, public_url="http://localhost:8080"))
    assert (finding.subject, finding.state) == ("public URL", Level.NOTE)
    assert "no provider reaches localhost" in finding.text


def test_a_public_address_is_asked_whether_it_leads_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "is_loopback", lambda host: False)  # as if from outside
    with unavailable_when_away() as port:
        chosen = settings(tmp_path, public_url=f"http://127.0.0.1:{port}", twilio_auth_token=TOKEN)
        signed, plain = check_provider(chosen)
        elsewhere = chosen.model_copy(update={"public_url": f"{chosen.public_url}/elsewhere"})
        _, lost = check_provider(elsewhere)
    assert signed.state is Level.OK
    assert "answers, without TLS" in plain.text
    assert "does not lead here (HTTP 404)" in lost.text
