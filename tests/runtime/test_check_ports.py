"""The doctor's checks of ports, signature and staff token."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.ports import free_port
from tests.runtime.given import found
from voicebot.runtime import check_ports
from voicebot.runtime.findings import Level


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
    assert (finding.level, "voicebot runs at" in finding.text) == (Level.OK, True)


async def test_a_port_in_use_is_a_problem_that_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ports, "CHECK_TIMEOUT_S", 0.05)  # the stranger never answers
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = int(stranger.getsockname()[1])
        finding = await found("phone port", tmp_path, stream_host="127.0.0.1", stream_port=port)
    assert finding.level is Level.PROBLEM
    assert "VOICEBOT_STREAM_PORT" in finding.text


async def test_a_public_address_is_asked_whether_it_leads_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_ports, "is_loopback", lambda host: False)  # as if from outside
    with healthy() as port:
        plain = await found("public URL", tmp_path, public_url=f"http://127.0.0.1:{port}")
        lost = await found("public URL", tmp_path, public_url=f"http://127.0.0.1:{port}/elsewhere")
    assert "answers, without TLS" in plain.text
    assert "does not lead here (HTTP 404)" in lost.text
