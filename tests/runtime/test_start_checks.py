"""What can never work is found before anything starts, all of it, each with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from voicebot.runtime.start_checks import refusals
from voicebot.settings import Engine, Settings

UNSEEN = Path("/" + "a" * 300)
"""Even to ask whether it is there fails, as in a folder that this user may not look into."""
SECRET = SecretStr("whsec_" + 8 * "abcd")


def settings(tmp_path: Path, **given: object) -> Settings:
    """Without models, unless a test wants them."""
    quiet = {"transcriber": Engine.LOCAL, "synthesizer": Engine.NULL, "data_dir": tmp_path}
    return Settings(_env_file=None).model_copy(update=quiet | given)


def told(chosen: Settings) -> list[str]:
    return [str(error) for error in refusals(chosen)]


def test_the_demo_works(tmp_path: Path) -> None:
    assert told(settings(tmp_path, synthesizer=Engine.LOCAL)) == []


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        ({"business": Path("/none")}, "VOICEBOT_BUSINESS"),
        ({"console_host": "0.0.0.0"}, "VOICEBOT_CONSOLE_TOKEN"),
        ({"redis_url": "localhost:6379"}, "VOICEBOT_REDIS_URL must be like redis://"),
        ({"redis_url": "redis+cluster://one"}, "VOICEBOT_REDIS_URL"),
        ({"synthesizer": Engine.LOCAL, "piper_voice": Path("/none")}, "VOICEBOT_PIPER_VOICE"),
        ({"whisper_dir": Path("/none")}, "VOICEBOT_WHISPER_DIR"),
        ({"whisper_dir": UNSEEN}, "VOICEBOT_WHISPER_DIR"),
        ({"transcriber": Engine.NULL, "null_manifest": Path("/none")}, "VOICEBOT_NULL_MANIFEST"),
        ({"understanding": Engine.OPENAI}, "OPENAI_API_KEY"),
        ({"smtp_url": SecretStr("mail.example.com:25")}, "VOICEBOT_SMTP_URL must be like"),
        ({"smtp_url": SecretStr("smtp://mail.example.com:port")}, "VOICEBOT_SMTP_URL must be"),
        ({"smtp_url": SecretStr("smtp://mail..example.com")}, "VOICEBOT_SMTP_URL must be"),
        ({"webhook_url": SecretStr("https://crm.example/")}, "VOICEBOT_WEBHOOK_SECRET"),
        (
            {"webhook_url": SecretStr("https://crm..example/"), "webhook_secret": SECRET},
            "VOICEBOT_WEBHOOK_URL",
        ),
        (
            {"webhook_url": SecretStr("https://crm.example/"), "webhook_secret": SecretStr("clé")},
            "VOICEBOT_WEBHOOK_SECRET",
        ),
        ({"data_dir": Path("/" + "long/" * 30)}, "VOICEBOT_DATA_DIR"),
    ],
)
def test_each_is_told_with_the_setting_that_mends_it(
    given: dict[str, object], mend: str, tmp_path: Path
) -> None:
    assert mend in " ".join(told(settings(tmp_path, **given)))


def test_a_sender_is_wanted_where_the_business_has_no_address(tmp_path: Path) -> None:
    business = tmp_path / "business.toml"
    business.write_text(
        'company = { id = "b", name = "B" }\nservices = [{ id = "s", name = "S" }]\n[hours]\n'
    )
    mail = {"business": business, "smtp_url": SecretStr("smtp://mail.example.com")}
    assert "VOICEBOT_MAIL_FROM" in " ".join(told(settings(tmp_path, **mail)))
    assert told(settings(tmp_path, mail_from="a@example.com", **mail)) == []


def test_a_price_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    key = {"openai_api_key": SecretStr("sk-test"), "understanding": Engine.OPENAI}
    assert told(settings(tmp_path, **key)) == []
    assert "/none" in " ".join(told(settings(tmp_path, openai_prices=Path("/none"), **key)))


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    wrong = {"business": Path("/none"), "console_host": "0.0.0.0", "redis_url": "localhost"}
    assert len(told(settings(tmp_path, **wrong))) == 3


@pytest.mark.parametrize(
    "given",
    [
        {"redis_url": "redis://bot:hunter2@h:port"},
        {"redis_url": "redis://bot:hunter2/x@h:1"},
        {"smtp_url": SecretStr("smtp://bot:hunter2/x@h:1")},
        {"smtp_url": SecretStr("mail://bot:hunter2@h")},
    ],
)
def test_no_password_is_told(given: dict[str, object], tmp_path: Path) -> None:
    (line,) = told(settings(tmp_path, **given))
    assert "hunter2" not in line
