"""The provider's signature; the vectors are of Twilio's own and of its library."""

import pytest

from voicebot.signature import is_signed, sign, signed_forms

SECRET = "12345"


def test_a_form_is_signed_sorted() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign(SECRET, url, form.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert sign(SECRET, url, reversed(form.items())) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("wss://ex.com/ws", "UizlAp698q8/NIzzyS5sqtPmFsw="),
        ("wss://ex.com/ws/", "b4ArKOV6PxOqJaMXqlf1vZ/Yqek="),
        ("wss://ex.com:443/ws", "Cl3LBbDS/1ZfHIEGoyyy9K9FXjw="),
    ],
)
def test_an_upgrade_is_signed_with_or_without_port_and_slash(url: str, signature: str) -> None:
    assert sign(SECRET, url) == signature
    for configured in ("wss://ex.com/ws", "wss://ex.com/ws/", "wss://ex.com:443/ws"):
        assert is_signed(SECRET, signed_forms(configured, upgrade=True), signature)


def test_a_webhook_is_signed_with_or_without_port_but_as_its_path_is() -> None:
    signed = sign(SECRET, "https://ex.com/twiml?CallSid=CA1&From=%2B1415")
    assert is_signed(
        SECRET, signed_forms("https://ex.com:443/twiml?CallSid=CA1&From=%2B1415"), signed
    )
    assert not is_signed(
        SECRET, signed_forms("https://ex.com/twiml/?CallSid=CA1&From=%2B1415"), signed
    )
    assert not is_signed(
        SECRET, signed_forms("https://ex.com/twiml?CallSid=CA2&From=%2B1415"), signed
    )


@pytest.mark.parametrize("header", [None, "", "x", "UizlAp698q8/NIzzyS5sqtPmFsW=", "ÿ\udcff"])
def test_anything_else_is_refused(header: str | None) -> None:
    assert not is_signed(SECRET, signed_forms("wss://ex.com/ws", upgrade=True), header)


def test_another_secret_signs_otherwise() -> None:
    assert not is_signed(
        "54321", signed_forms("wss://ex.com/ws", upgrade=True), sign(SECRET, "wss://ex.com/ws")
    )


def test_an_address_in_brackets_stays_in_brackets() -> None:
    assert "ws://[::1]:8080/media" in signed_forms("ws://[::1]:8080/media", upgrade=True)
