"""The doctor's checks of mail, webhooks and traces: nothing is sent; failures are notes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from tests.runtime.given import problems, settings
from tests.telemetry.collector import collecting
from voicebot import telemetry
from voicebot.runtime.check_notify import check_mail, check_traces, check_webhooks
from voicebot.runtime.ports import free_port
from voicebot.runtime.start_checks import Level

KEY = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


class Letters:
    """Takes none: the doctor writes none."""

    async def handle_DATA(self, *_: object) -> str:
        raise AssertionError("a letter was written")


@pytest.fixture
def mail_port() -> Iterator[int]:
    """A mail server that lets nobody in but `bot` with `right`."""

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


async def test_mail_is_off_or_half_set(tmp_path: Path) -> None:
    assert (await check_mail(settings(tmp_path))).state is Level.OK
    half = await check_mail(settings(tmp_path, mail_from="bot@example.com"))
    assert (half.state, "VOICEBOT_SMTP_URL" in half.mend) == (Level.NOTE, True)


async def test_a_mail_server_is_asked_whether_it_lets_us_in(tmp_path: Path, mail_port: int) -> None:
    url = "smtp://bot:{}@127.0.0.1:" + str(mail_port)
    right = await check_mail(settings(tmp_path, smtp_url=SecretStr(url.format("right"))))
    wrong = await check_mail(settings(tmp_path, smtp_url=SecretStr(url.format("hunter2"))))
    assert (right.state, wrong.state) == (Level.OK, Level.NOTE)
    assert "it refuses user or password" in wrong.text
    assert "hunter2" not in wrong.line


async def test_a_mail_server_that_is_away_is_noted(tmp_path: Path) -> None:
    url = SecretStr(f"smtp://127.0.0.1:{free_port()}")
    finding = await check_mail(settings(tmp_path, smtp_url=url))
    assert (finding.state, "connection refused" in finding.text) == (Level.NOTE, True)


async def test_a_mail_server_that_can_never_be_found_is_a_problem(tmp_path: Path) -> None:
    finding = await check_mail(settings(tmp_path, smtp_url=SecretStr("mail.example.com:25")))
    assert problems([finding]) == ["mail"]


async def test_webhooks_are_off_or_a_missing_key_is_a_problem(tmp_path: Path) -> None:
    url = SecretStr("https://crm.example/hook?key=topsecret")
    (off,) = await check_webhooks(settings(tmp_path))
    assert off.text.startswith("off")
    assert problems(await check_webhooks(settings(tmp_path, webhook_url=url))) == ["webhooks"]
    (half,) = await check_webhooks(settings(tmp_path, webhook_secret=KEY))
    assert half.state is Level.NOTE


async def test_each_receiver_is_looked_for_and_nothing_is_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(5)
        here, away = receiver.getsockname()[1], free_port()
        urls = SecretStr(",".join(f"http://127.0.0.1:{p}/?key=topsecret" for p in (here, away)))
        found, lost = await check_webhooks(settings(tmp_path, webhook_url=urls, webhook_secret=KEY))
        with receiver.accept()[0] as caller:
            assert caller.recv(1) == b""
    assert (found.state, lost.state) == (Level.OK, Level.NOTE)
    assert "connection refused" in lost.text
    assert "topsecret" not in found.line + lost.line


async def test_a_receiver_without_tls_where_tls_is_spoken_is_noted(tmp_path: Path) -> None:
    with collecting() as plain:
        url = SecretStr(plain.url.replace("http:", "https:"))
        (finding,) = await check_webhooks(settings(tmp_path, webhook_url=url, webhook_secret=KEY))
    assert (finding.state, "TLS" in finding.text) == (Level.NOTE, True)


def test_traces_are_off_unless_a_collector_is_named(tmp_path: Path) -> None:
    finding = check_traces(settings(tmp_path))
    assert finding.state is Level.OK
    assert "off" in finding.text


def test_a_collector_that_takes_traces_is_ok(tmp_path: Path) -> None:
    with collecting() as collector:
        finding = check_traces(settings(tmp_path, otlp_endpoint=collector.url))
    assert finding.state is Level.OK
    assert collector.url in finding.text


def test_a_collector_that_does_not_answer_is_noted_and_stops_no_call(tmp_path: Path) -> None:
    url = f"http://user:hunter2@127.0.0.1:{free_port()}"
    finding = check_traces(settings(tmp_path, otlp_endpoint=url))
    assert finding.state is Level.NOTE
    assert "hunter2" not in finding.text
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in finding.mend


def test_traces_without_their_packages_are_noted_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "is_installed", lambda: False)
    finding = check_traces(settings(tmp_path, otlp_endpoint="http://127.0.0.1:4318"))
    assert finding.state is Level.NOTE
    assert "voicebot[traces]" in finding.mend


def test_a_collector_whose_address_lacks_its_scheme_is_noted(tmp_path: Path) -> None:
    finding = check_traces(settings(tmp_path, otlp_endpoint="localhost:4318"))
    assert finding.state is Level.NOTE
    assert "http://127.0.0.1:4318" in finding.mend
