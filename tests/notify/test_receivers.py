"""Addresses and keys: valid settings, and what messages reveal of them."""

import hmac
import time
from base64 import b64decode, b64encode

import pytest
from pydantic import SecretStr

from tests.ports import free_port
from voicebot.errors import SettingsError
from voicebot.notify.receivers import Endpoint, Verdict, WebhookClient, endpoints
from voicebot.settings import Settings

from .conftest import SECRET


def given(url: str | None, secret: str | None = SECRET, *, allow_http: bool = False) -> Settings:
    return Settings(_env_file=None, webhook_allow_http=allow_http).model_copy(
        update={
            "webhook_url": SecretStr(url) if url else None,
            "webhook_secret": SecretStr(secret) if secret else None,
        }
    )


def test_it_is_off_unless_an_address_is_set() -> None:
    assert endpoints(given(None)) == ()


def test_several_addresses_and_keys_stand_between_commas() -> None:
    one, two = endpoints(given("https://a.example/x, https://b.example/y", f"{SECRET}, {SECRET}"))
    assert one.id != two.id
    assert len(one.keys) == 2


def test_what_may_be_shown_of_an_address_is_its_host() -> None:
    (endpoint,) = endpoints(given("https://a.example:8443/hook/secret-path?key=secret"))
    assert endpoint.label == f"a.example:8443#{endpoint.id[:4]}"
    assert "secret" not in repr(endpoint)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x"])
def test_http_is_for_this_machine(url: str) -> None:
    assert endpoints(given(url))[0].is_local


def test_http_to_others_must_be_allowed() -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_WEBHOOK_ALLOW_HTTP"):
        endpoints(given("http://crm.example/x"))
    assert endpoints(given("http://crm.example/x", allow_http=True))


@pytest.mark.parametrize(
    "url",
    [
        *("crm.example", "ftp://crm.example", "https://", "https://a\x00b", "https://a:port"),
        *("https://[::1", "https://a b/", "https://é.example"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_WEBHOOK_URL"):
        endpoints(given(url))


def test_a_password_in_the_address_is_refused_and_not_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        endpoints(given("https://me:hunter2@crm.example/"))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("secret", [None, "password", "whsec_dG9vIHNob3J0", "whsec_%%%"])
def test_without_a_proper_key_nothing_is_sent_and_it_says_how_to_make_one(
    secret: str | None,
) -> None:
    with pytest.raises(SettingsError, match="openssl rand"):
        endpoints(given("https://crm.example/", secret))


PUBLIC_EXAMPLE = b64decode(SECRET.removeprefix("whsec_"))


def test_the_signature_is_that_of_the_specifications_example() -> None:
    endpoint = Endpoint("https://crm.example/", (PUBLIC_EXAMPLE,))
    name, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    assert endpoint.signed(name, 1614265330, body) == {
        "webhook-id": name,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_every_key_signs_so_that_a_receiver_may_change_over() -> None:
    keys = (PUBLIC_EXAMPLE, bytes(range(32)))
    headers = Endpoint("https://crm.example/", keys).signed("msg_1", 1, b"{}")
    by_key = ["v1," + b64encode(hmac.digest(key, b"msg_1.1.{}", "sha256")).decode() for key in keys]
    assert headers["webhook-signature"].split(" ") == by_key


@pytest.mark.parametrize(
    ("url", "why"),
    [
        # urlsplit takes it, the HTTP library does not: the process must not end of it
        ("https://[v1.x]/hook", "its address cannot be understood"),
        ("http://127.0.0.1:{port}/", "nothing listens there: connection refused"),
    ],
)
async def test_an_attempt_never_raises_for_what_an_address_is(url: str, why: str) -> None:
    endpoint = Endpoint(url.replace("{port}", str(free_port())), (b"k" * 32,))
    client = WebhookClient(endpoint, 60.0, time.time)
    answer = await client.send("msg_1", b"{}")
    await client.aclose()
    assert (answer.verdict, answer.why) == (Verdict.REFUSED, why)
