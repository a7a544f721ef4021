"""Settings: from the environment, checked, named when wrong."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.settings import Engine, SaveMode, load_settings


@pytest.fixture(autouse=True)
def _an_empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(("VOICEBOT_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_the_defaults_suit_one_machine() -> None:
    settings = load_settings()
    assert (settings.stream_port, settings.console_port) == (8080, 8000)
    assert settings.console_host == "127.0.0.1"
    assert settings.redis_url is None
    assert settings.save_mode is SaveMode.REALTIME


def test_the_environment_comes_before_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=8181\nVOICEBOT_CONSOLE_PORT=8182\n")
    monkeypatch.setenv("VOICEBOT_STREAM_PORT", "8183")
    settings = load_settings()
    assert (settings.stream_port, settings.console_port) == (8183, 8182)


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_REDIS_URL", "")
    assert load_settings().redis_url is None


def test_auto_is_openai_with_a_key_and_local_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().engine(Engine.AUTO) is Engine.LOCAL
    load_settings.cache_clear()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert load_settings().engine(Engine.AUTO) is Engine.OPENAI


def test_a_chosen_engine_is_kept_whatever_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert load_settings().engine(Engine.NULL) is Engine.NULL


def test_every_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_STREAM_PORT", "70000")
    monkeypatch.setenv("VOICEBOT_SAVE_MODE", "sometimes")
    with pytest.raises(SettingsError) as told:
        load_settings()
    assert "VOICEBOT_STREAM_PORT" in str(told.value)
    assert "VOICEBOT_SAVE_MODE" in str(told.value)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("CONSOLE_PORT", "many", "must be a whole number, not 'many'"),
        ("REALTIME_SHARE", "2", "must be 1 or less, not '2'"),
        ("MIRROR_JSON", "perhaps", "must be true or false, not 'perhaps'"),
        ("SAVE_MODE", "late", "must be 'realtime' or 'batch', not 'late'"),
        ("CONSOLE_TOKEN", " , ", "holds no token, which would leave its port open"),
        ("TWILIO_AUTH_TOKEN", " ", "holds no token, which would leave its port open"),
        ("TWILIO_AUTH_TOKEN", "the auth token", "has words in it where the token itself belongs"),
        ("TRUSTED_PROXIES", "*", "must be addresses or networks like 10.0.0.7, 192.168.0.0/16"),
        (
            "TRUSTED_PROXIES",
            "10.0.0.7 proxy",
            "must be addresses or networks like 10.0.0.7, 192.168.0.0/16",
        ),
        ("PUBLIC_URL", "bot.example.com", "must be like https://bot.example.com"),
        ("PUBLIC_URL", "https://bot.example.com:port", "must be like https://bot.example.com"),
        ("PUBLIC_URL", "https://bot..example.com", "must be like https://bot.example.com"),
        ("PUBLIC_URL", "https://bot.example.com/?a=1", "must be like https://bot.example.com"),
    ],
)
def test_what_is_allowed_is_told_in_a_plain_sentence(
    name: str, given: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"VOICEBOT_{name}", given)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value) == f"VOICEBOT_{name} {told}"


@pytest.mark.parametrize(
    "copied",
    [
        "https://bot.example.com/",
        "https://bot.example.com/twiml",
        "wss://bot.example.com/media",
        "HTTPS://bot.example.com",
    ],
)
def test_a_public_address_may_be_copied_from_the_webhook_or_the_stream(
    copied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_PUBLIC_URL", copied)
    assert load_settings().public_url == "https://bot.example.com"


def test_an_env_file_may_begin_with_an_editors_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=8181\n", "utf-8-sig")
    assert load_settings().stream_port == 8181


def test_an_env_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOICEBOT_STREAM_PORT=8181\n", "utf-16")
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings()


@pytest.mark.parametrize("secret", ["OPENAI_API_KEY", "VOICEBOT_TWILIO_AUTH_TOKEN"])
def test_secrets_do_not_show(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(secret, "hunter2")
    assert "hunter2" not in repr(load_settings())


def test_tokens_and_proxies_are_lists_with_commas_or_spaces_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (load_settings().console_tokens, load_settings().trusted_proxies) == ((), ())
    load_settings.cache_clear()
    monkeypatch.setenv("VOICEBOT_CONSOLE_TOKEN", "one, two three")
    monkeypatch.setenv("VOICEBOT_TRUSTED_PROXIES", "10.0.0.7,192.168.1.1/16 2001:db8::1")
    settings = load_settings()
    assert settings.console_tokens == ("one", "two", "three")
    assert settings.trusted_proxies == ("10.0.0.7/32", "192.168.0.0/16", "2001:db8::1/128")


def test_everything_that_is_wrong_is_told_at_once_a_line_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, given in (("MAX_CALLS", "0"), ("DRAIN_S", "long"), ("STREAM_PORT", "99999")):
        monkeypatch.setenv(f"VOICEBOT_{name}", given)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert sorted(str(error.value).splitlines()) == [
        "VOICEBOT_DRAIN_S must be a number, not 'long'",
        "VOICEBOT_MAX_CALLS must be 1 or more, not '0'",
        "VOICEBOT_STREAM_PORT must be 65535 or less, not '99999'",
    ]
