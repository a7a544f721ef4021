"""`voicebot webhooks` at a terminal."""

import asyncio
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from voicebot.call import Step
from voicebot.cli import program
from voicebot.commands import webhooks as command
from voicebot.errors import SettingsError
from voicebot.notify.delivery import MOST_ATTEMPTS
from voicebot.settings import Settings

from .by_hand import ByHand
from .conftest import Talk
from .receiver import Receiver

pytestmark = pytest.mark.valkey


@pytest.fixture
def voicebot(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., asyncio.Future[Result]]:
    """The command in a thread: the receiver lives in this loop."""
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    cli = program("webhooks")

    def run(*words: str) -> asyncio.Future[Result]:
        call = CliRunner().invoke
        return asyncio.ensure_future(asyncio.to_thread(call, cli, ["webhooks", *words]))

    return run


Voicebot = Callable[..., asyncio.Future[Result]]


async def test_nothing_given_up_is_said(voicebot: Voicebot) -> None:
    result = await voicebot()
    assert (result.exit_code, result.stdout) == (0, "0 given up; 0 calls have late ones\n")


async def test_what_was_given_up_is_listed_and_asked_for_again(
    voicebot: Voicebot, by_hand: ByHand, talk: Talk, receiver: Receiver
) -> None:
    receiver.refusing = {"*": 500}
    await talk(steps=(Step.NAME,), end=None)
    (failure,) = await by_hand.give_up()
    result = await voicebot()
    assert f"{failure.id}  " in result.stdout
    assert f"{MOST_ATTEMPTS} attempts, HTTP 500" in result.stdout
    assert "Test Caller" not in result.stdout
    assert "topsecret" not in result.stdout

    receiver.refusing = {}
    result = await voicebot("--retry", "all")
    assert result.exit_code == 0
    assert "1 will be tried again" in result.stdout
    assert "0 given up; 1 calls have late ones" in result.stdout
    await by_hand.look_at_due()
    assert receiver.taken == ["name"]


async def test_an_unknown_id_is_an_error(voicebot: Voicebot) -> None:
    assert (await voicebot("--retry", "msg_nothing")).exit_code == 1
    assert (await voicebot("--retry", "all")).exit_code == 0


async def test_a_test_event_is_signed_and_tells_whether_it_was_taken(
    voicebot: Voicebot, receiver: Receiver
) -> None:
    result = await voicebot("--test")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "taken")
    (request,) = receiver.requests
    assert request.told["type"] == "webhook.test"
    assert request.headers["webhook-signature"].startswith("v1,")
    receiver.refusing = {"*": 401}
    result = await voicebot("--test")
    assert result.exit_code == 1
    assert "HTTP 401" in result.stdout


async def test_without_an_address_it_says_what_to_set(
    voicebot: Voicebot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = settings.model_copy(update={"webhook_url": None})
    monkeypatch.setattr(command, "load_settings", lambda: off)
    result = await voicebot()
    assert isinstance(result.exception, SettingsError)
    assert "VOICEBOT_WEBHOOK_URL" in str(result.exception)
