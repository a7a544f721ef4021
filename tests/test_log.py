"""Log lines, and the customers' data that they must not hold."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from pydantic import BaseModel, ValidationError

from voicebot.call import Message, Speaker
from voicebot.errors import SettingsError, StoreUnavailable
from voicebot.log import REDACTED, configure, get_logger, is_private
from voicebot.store import utc_now

SECRET = "Samantha 0412 345 678"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure()
    yield
    root.handlers[:], root.level = handlers, level
    configure()


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    out, err = captured.readouterr()
    assert out == ""
    return [cast(dict[str, object], json.loads(line)) for line in err.splitlines()]


def test_a_line_is_json_on_stderr_with_its_source_and_keys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = Path("/var/voicebot")
    get_logger("voicebot.store").info("commit_saved", call_sid="CA1", took_ms=3, place=place)
    (line,) = lines(capsys)
    assert line["place"] == "/var/voicebot"
    assert line["event"] == "commit_saved"
    assert line["source"] == "voicebot.store"
    assert (line["call_sid"], line["took_ms"], line["level"]) == ("CA1", 3, "info")


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning")
    get_logger("x").info("quiet")
    get_logger("x").warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_an_unknown_level_names_the_setting() -> None:
    with pytest.raises(SettingsError, match="VOICEBOT_LOG_LEVEL"):
        configure("chatty")


PRIVATE_KEYS = """
name phone user.userInfo.email caller_phone toNumber from_ TEXT x-twilio-signature aiMessage
auth_token customerMessage openai_api_key notes staffNote
"""


@pytest.mark.parametrize("key", PRIVATE_KEYS.split())
def test_keys_that_name_customer_data_are_private(key: str) -> None:
    assert is_private(key)


@pytest.mark.parametrize(
    "key", ["call_sid", "epoch", "took_ms", "step", "field", "filename", "part"]
)
def test_keys_of_our_own_workings_are_not(key: str) -> None:
    assert not is_private(key)


class Form(BaseModel):
    email: str
    pages: int


@pytest.mark.parametrize(
    "value",
    [
        {"userInfo": {"name": SECRET}},
        [{"phone": SECRET}, ({"address": {"street": [SECRET]}},)],
        Message(Speaker.CALLER, SECRET, utc_now()),
        Form(email=SECRET, pages=1),
        SECRET.encode(),
    ],
    ids=["mapping", "sequence", "dataclass", "model", "bytes"],
)
def test_customer_data_does_not_leak_from_within_a_value(
    value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    get_logger("x").info("saved", change=value)
    written = capsys.readouterr().err
    assert "saved" in written
    assert "Samantha" not in written
    assert "0412 " not in written, "a timestamp may hold the digits, but no space after them"


def test_a_value_that_contains_itself_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    loop: list[object] = []
    loop.append(loop)
    get_logger("x").info("odd", value_of=1, shape=loop)
    assert REDACTED in str(lines(capsys)[0]["shape"])


def test_an_exception_is_told_by_type_and_place_but_not_by_a_message_that_quotes_input(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        Form.model_validate({"email": "a@b.c", "pages": SECRET})
    except ValidationError as error:
        get_logger("x").exception("refused", error=error)
    written = capsys.readouterr().err
    assert "ValidationError" in written
    assert "test_log.py" in written
    assert "Samantha" not in written


def test_causes_and_groups_are_told_without_their_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ExceptionGroup(SECRET, [ValueError(SECRET), RuntimeError(SECRET)]) from cause
    except ExceptionGroup:
        get_logger("x").exception("fell")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "RuntimeError" in written
    assert "Samantha" not in written


def test_our_own_errors_keep_their_message(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("x").warning("away", error=StoreUnavailable("Redis did not answer"))
    assert lines(capsys)[0]["error"] == "StoreUnavailable: Redis did not answer"


def test_libraries_speak_from_warning_up_and_through_the_same_redaction(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("debug")
    library = logging.getLogger("websockets.server")
    library.info("frame %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        library.exception("connection handler failed")
    (line,) = lines(capsys)
    assert line["source"] == "websockets.server"
    assert "ValueError" in str(line["exception"])
    assert "Samantha" not in json.dumps(line)


def test_a_terminal_gets_lines_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    configure()
    get_logger("x").info("commit_saved", took_ms=3, phone=SECRET)
    written = capsys.readouterr().err
    assert "commit_saved" in written
    assert "took_ms=3" in written
    assert "0412 " not in written, "a timestamp may hold the digits, but no space after them"


def test_an_error_whose_context_is_its_own_group_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    part = ConnectionResetError("cut")
    group = ExceptionGroup("several", [part])
    part.__context__ = group
    get_logger("x").error("broken", exc_info=group)
    (line,) = lines(capsys)
    assert str(line["exception"]).count("ConnectionResetError") == 1
