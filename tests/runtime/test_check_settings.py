"""Settings: what is unknown, what cannot work and is found before anything starts, its mend."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.runtime.given import UNSEEN, all_found, found
from tests.runtime.given import settings as settings_of
from voicebot.business import example_text
from voicebot.runtime import check_settings
from voicebot.runtime.check_settings import (
    foreign_speech,
    others_names,
    unknown_names,
    unknown_settings,
)
from voicebot.runtime.doctor import refusals, settings_table
from voicebot.runtime.findings import Level
from voicebot.settings import Engine, Settings, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
SECRET = SecretStr("whsec_" + 8 * "abcd")
KEY = SecretStr("sk-test")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VOICEBOT_REDDIS_URL", "VOICEBOT_REDIS_URL"),
        ("VOICEBOT_SYNTHESISER", "VOICEBOT_SYNTHESIZER"),
        ("VOICEBOT_SMTP", "VOICEBOT_SMTP_URL"),
        ("VOICEBOT_OPENAI_API_KEY", "OPENAI_API_KEY"),
    ],
)
def test_the_setting_that_was_meant_is_named(name: str, meant: str) -> None:
    assert unknown_names([name]) == [f"{name} is no setting; did you mean {meant}?"]


def test_only_names_with_our_prefix_are_judged() -> None:
    assert unknown_names(["VOICEBOT_COLOUR"]) == ["VOICEBOT_COLOUR is no setting"]
    assert unknown_names(map(variable, Settings.model_fields)) == []
    assert unknown_names(["HOME", "OPENAI_LOG", "VOICEBOT_OPENAI_SIM_PORT"]) == []


def test_a_variable_of_another_tool_is_told_where_ours_is_missing() -> None:
    (told,) = others_names({"TWILIO_AUTH_TOKEN", "HOME"})
    assert told.endswith("did you mean VOICEBOT_TWILIO_AUTH_TOKEN?")
    assert not others_names({"TWILIO_AUTH_TOKEN", "VOICEBOT_TWILIO_AUTH_TOKEN"})


def test_environment_and_env_file_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("VOICEBOT_CONSOL_PORT=8001\n")
    monkeypatch.setenv("VOICEBOT_LOGLEVEL", "debug")
    told = " ".join(unknown_settings())
    assert "did you mean VOICEBOT_CONSOLE_PORT?" in told
    assert "did you mean VOICEBOT_LOG_LEVEL?" in told


@pytest.mark.parametrize(
    "line", ["VOICEBOT STREAM_PORT=1", "VOICEBOT_STREAM_PORT: 1", "VOICEBOT_STREAM_PORT", 'A="1']
)
def test_a_line_of_the_env_file_that_is_no_setting_is_told_by_its_number(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"# ports\n\nOTHER=1\nexport VOICEBOT_DATA_DIR=d\n{line}\n")
    assert unknown_settings()[0] == "line 5 of .env is not like NAME=value"


def test_the_page_of_settings_is_what_make_docs_writes_and_describes_each() -> None:
    assert PAGE.read_text("utf-8").endswith(f"\n\n{settings_table()}\n"), "run: make docs"
    assert all(field.description for field in Settings.model_fields.values())


def told(tmp_path: Path, **given: object) -> list[str]:
    """Return why `voicebot serve` does not start; without models, unless a test wants them."""
    quiet = {"transcriber": Engine.LOCAL, "synthesizer": Engine.NULL, "data_dir": tmp_path}
    return [str(error) for error in refusals(settings_of(tmp_path, **(quiet | given)))]


def test_the_demo_works(tmp_path: Path) -> None:
    assert told(tmp_path, synthesizer=Engine.LOCAL) == []


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
        (
            {"understanding": Engine.OPENAI, "openai_api_key": KEY, "openai_prices": Path("/none")},
            "/none",
        ),
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
    (only,) = told(tmp_path, **given)
    assert mend in only


def test_a_sender_is_wanted_where_the_business_has_no_address(tmp_path: Path) -> None:
    business = tmp_path / "business.toml"
    business.write_text(
        'company = { id = "b", name = "B" }\nservices = [{ id = "s", name = "S" }]\n[hours]\n'
    )
    mail = {"business": business, "smtp_url": SecretStr("smtp://mail.example.com")}
    assert "VOICEBOT_MAIL_FROM" in " ".join(told(tmp_path, **mail))
    assert told(tmp_path, mail_from="a@example.com", **mail) == []


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    wrong = {"business": Path("/none"), "console_host": "0.0.0.0", "redis_url": "localhost"}
    assert len(told(tmp_path, **wrong)) == 3


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
    (line,) = told(tmp_path, **given)
    assert "hunter2" not in line


async def test_wordings_that_do_not_exist_are_a_problem(tmp_path: Path) -> None:
    business = tmp_path / "business.toml"
    demo = example_text("demo")
    business.write_text(demo + '\n[wording]\n"no.such" = "line"\n', "utf-8")
    finding = await found("business", tmp_path, business=business)
    assert finding.level is Level.PROBLEM
    assert "no.such" in finding.text


async def test_engines_that_only_benchmarks_want_are_noted(tmp_path: Path) -> None:
    null = {"transcriber": Engine.NULL, "synthesizer": Engine.NULL}
    manifest = tmp_path / "clips.json"
    manifest.write_text("[]")
    assert (await found("speech", tmp_path, null_manifest=manifest, **null)).level is Level.NOTE


async def test_a_language_that_no_packaged_model_speaks_is_noted(tmp_path: Path) -> None:
    chinese: dict[str, object] = {"business": Path("zh-home")}
    own = {"piper_voice": tmp_path / "zh.onnx"}
    assert "speaks zh-CN" in foreign_speech(settings_of(tmp_path, **chinese))
    assert not foreign_speech(settings_of(tmp_path, **chinese, **own))
    assert not foreign_speech(settings_of(tmp_path, **chinese, openai_api_key=KEY))
    assert not foreign_speech(settings_of(tmp_path))
    _, *notes = await all_found("speech", settings_of(tmp_path, **chinese))
    assert "OPENAI_API_KEY" in notes[0].text


async def test_more_speech_threads_than_cores_are_noted(tmp_path: Path) -> None:
    *_, finding = await all_found("speech", settings_of(tmp_path, speech_threads=10_000))
    assert "VOICEBOT_SPEECH_THREADS" in finding.mend


async def test_a_missing_fallback_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_settings, "has_fallback", lambda settings, process: False)
    finding = await found("OpenAI", tmp_path, openai_api_key=KEY)
    assert (finding.level, "no stt and no tts" in finding.text) == (Level.NOTE, True)
