"""What is shown when everything is ready."""

from __future__ import annotations

from pydantic import SecretStr

from voicebot.runtime.serve import banner
from voicebot.settings import Settings


def test_the_banner_names_other_ports_in_the_call_to_place() -> None:
    usual = Settings(_env_file=None, redis_url="redis://h:1")
    unusual = usual.model_copy(update={"stream_port": 9001})
    assert "voicebot call\n" in banner(usual)
    assert "voicebot call --url ws://127.0.0.1:9001/media" in banner(unusual)


def test_the_banner_shows_what_to_enter_at_the_provider() -> None:
    public = Settings(_env_file=None, public_url="https://bot.example.com/")
    assert "webhook https://bot.example.com/twiml, method POST or GET" in banner(public)
    assert "method POST" not in banner(Settings(_env_file=None))


def test_the_banner_is_loud_where_anybody_can_call() -> None:
    (loud,) = [line for line in banner(Settings(_env_file=None)).splitlines() if "ANYBODY" in line]
    assert "0.0.0.0" in loud
    assert "VOICEBOT_TWILIO_AUTH_TOKEN" in loud
    signed = Settings(_env_file=None, twilio_auth_token=SecretStr("t"))
    for quiet in (signed, Settings(_env_file=None, stream_host="127.0.0.1")):
        assert "ANYBODY" not in banner(quiet)


def test_a_port_on_loopback_is_as_open_as_its_public_address() -> None:
    tunnelled = Settings(
        _env_file=None, stream_host="127.0.0.1", public_url="https://bot.example.com"
    )
    (loud,) = [line for line in banner(tunnelled).splitlines() if "ANYBODY" in line]
    assert "https://bot.example.com" in loud
    signed = tunnelled.model_copy(update={"twilio_auth_token": SecretStr("t")})
    assert "ANYBODY" not in banner(signed)


def test_the_banner_shows_what_a_key_has_switched_on() -> None:
    key = SecretStr("sk-test")
    keyed = Settings(_env_file=None).model_copy(update={"openai_api_key": key})
    assert "OpenAI   hears, speaks, understands, at api.openai.com" in banner(keyed)
    assert "OpenAI" not in banner(Settings(_env_file=None))


def test_the_banner_names_another_host_in_the_call_to_place() -> None:
    elsewhere = Settings(_env_file=None, stream_host="192.0.2.7")
    assert "voicebot call --url ws://192.0.2.7:8080/media" in banner(elsewhere)


def test_the_banner_keeps_the_redis_password_to_itself() -> None:
    shown = banner(Settings(_env_file=None, redis_url="rediss://bot:hunter2@db.example:6380/1"))
    assert "hunter2" not in shown
    assert "rediss://bot:…@db.example:6380/1" in shown


def test_the_banner_keeps_the_password_of_a_vendors_address_to_itself() -> None:
    own = {"openai_api_key": SecretStr("k"), "openai_base_url": "https://me:hunter2@own.example/v1"}
    assert "hunter2" not in banner(Settings(_env_file=None).model_copy(update=own))
