"""The account: addresses, keys, patience; and which exception is which kind of failure."""

import pytest
from httpx2 import Timeout
from pydantic import SecretStr
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from tests.speech.openai.conftest import settings
from voicebot.errors import SettingsError
from voicebot.openai import Failure
from voicebot.openai.client import Stalled, account, failure_of
from voicebot.settings import Settings


def of(base_url: str | None, key: str | None) -> Settings:
    secret = SecretStr(key) if key else None
    return settings("").model_copy(update={"openai_base_url": base_url, "openai_api_key": secret})


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        (None, "wss://api.openai.com/v1/realtime?intent=transcription"),
        ("https://own.example/v1/", "wss://own.example/v1/realtime?intent=transcription"),
        ("http://127.0.0.1:8090/v1", "ws://127.0.0.1:8090/v1/realtime?intent=transcription"),
    ],
)
def test_sockets_are_beside_the_http_address(base_url: str | None, address: str) -> None:
    assert account(of(base_url, "k")).transcription_url == address


def test_a_key_is_needed_at_openai_only() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        account(of(None, None))
    assert account(of("http://own/v1", None)).headers["Authorization"].startswith("Bearer ")


def test_an_address_without_scheme_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        account(of("own.example/v1", "k"))


def test_the_key_is_not_in_the_repr() -> None:
    assert "sk-secret" not in repr(account(of(None, "sk-secret")))


def test_what_was_copied_around_a_key_is_no_part_of_it() -> None:
    assert account(of(None, " sk-key\n")).key == "sk-key"


@pytest.mark.parametrize("key", ["sk-\u201ckey\u201d", "sk key", "sk-key\nX-Header: 1", " "])
def test_a_key_that_no_header_can_carry_is_a_wrong_setting(key: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        account(of(None, key))


async def test_the_http_client_has_our_patience_not_its_own() -> None:
    async with account(of(None, "k")).open_client() as client:
        assert client.max_retries == 0
        assert isinstance(client.timeout, Timeout)
        assert client.timeout.read == 10


def refused(status: int, body: bytes = b"") -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers(), body))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (refused(401), Failure.UNAUTHORIZED),
        (refused(404), Failure.WRONG_REQUEST),
        (refused(429), Failure.RATE_LIMITED),
        (refused(429, b'{"error": {"code": "insufficient_quota"}}'), Failure.NO_QUOTA),
        (refused(503), Failure.SERVER_ERROR),
        (ConnectionClosedError(None, None), Failure.CONNECTION),
        (TimeoutError(), Failure.LATE),
        (Stalled(), Failure.STALLED),
        (ValueError(), Failure.MALFORMED),
    ],
)
def test_each_has_its_kind(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure
