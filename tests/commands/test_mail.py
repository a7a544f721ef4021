"""`voicebot mail --test` hands a confirmation to the mail server of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.notify.test_mail import Inbox, inbox, invitation  # noqa: F401
from voicebot.cli import program
from voicebot.errors import SettingsError
from voicebot.settings import load_settings


@pytest.fixture(autouse=True)
def settings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    inbox: Inbox,  # noqa: F811
) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_SMTP_URL", f"smtp://127.0.0.1:{inbox.port}")
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def mail(to: str) -> Result:
    return CliRunner().invoke(program("mail"), ["mail", "--test", to])


def test_a_confirmation_with_an_invitation_arrives(inbox: Inbox) -> None:  # noqa: F811
    result = mail("owner@example.com")
    assert (result.exit_code, result.output[:5]) == (0, "taken")
    (letter,) = inbox.letters
    assert letter["To"] == "owner@example.com"
    assert invitation(letter)[0] == "REQUEST"


def test_what_the_server_does_not_take_is_told(inbox: Inbox) -> None:  # noqa: F811
    inbox.refusing = "550 we know you not"
    result = mail("owner@example.com")
    assert (result.exit_code, result.output[:7]) == (1, "refused")
    wrong = mail("owner at home")
    assert isinstance(wrong.exception, SettingsError)
    assert "no e-mail address" in str(wrong.exception)
