"""The phone reads the staff's console, and shows the record at the end of a call."""

import json
from datetime import datetime

import pytest

from tests.simulators.phone.bot import Bot, running
from voicebot.call import Step
from voicebot.errors import PhoneError
from voicebot.simulators.phone.console import Console, read
from voicebot.simulators.phone.report import summary
from voicebot.simulators.phone.script import Cue

RECORD = {
    "callSid": "CA1",
    "step": "email",
    "status": "active",
    "asking": "confirm",
    "user": {
        "userInfo": {"name": "Ann Lee", "phone": "+61412345678", "email": "a@b.example"},
        "service": {"id": "cleaning", "name": "Cleaning", "price": "", "description": ""},
        "serviceBookedTime": None,
    },
    "history": [
        {"speaker": "AI", "message": "Hello.", "startedAt": "2026-01-01T00:00:00Z"},
        {"speaker": "customer", "message": "Hi.", "startedAt": "2026-01-01T00:00:01Z"},
    ],
    "servicebooked": False,
}


def test_the_record_tells_what_is_asked_and_what_is_held() -> None:
    look = read(json.dumps(RECORD).encode())
    assert look.cue == Cue(Step.EMAIL, confirming=True)
    assert look.values == {
        Step.NAME: "Ann Lee",
        Step.PHONE: "+61412345678",
        Step.EMAIL: "a@b.example",
        Step.SERVICE: "Cleaning",
    }
    assert look.bot_said == ["Hello."]
    assert look.whole == RECORD


def test_a_finished_call_asks_nothing() -> None:
    assert read(json.dumps({**RECORD, "step": "done", "asking": None}).encode()).cue is None


def test_a_record_that_has_only_just_begun_can_be_read() -> None:
    empty = {"step": "name", "user": {"userInfo": {"name": None}}, "history": []}
    look = read(json.dumps(empty).encode())
    assert look.cue == Cue(Step.NAME)
    assert look.values == {}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"user": 7}'])
def test_an_answer_that_is_no_record_is_an_error(body: bytes) -> None:
    with pytest.raises(PhoneError, match="not a call's record"):
        read(body)


async def test_a_call_that_is_not_stored_yet_is_nothing() -> None:
    async with running(Bot([])) as url:
        assert await Console(http(url), "CA1").look() is None


async def test_the_console_is_asked_over_http() -> None:
    bot = Bot([])
    bot.record = lambda look: RECORD
    async with running(bot) as url:
        look = await Console(http(url) + "/", "CA1").look()
    assert look is not None
    assert look.bot_said == ["Hello."]


def test_an_address_without_a_scheme_is_told() -> None:
    with pytest.raises(PhoneError, match="http://HOST"):
        Console("localhost:8000", "CA1")


async def test_no_console_is_an_error_that_says_where() -> None:
    async with running(Bot([])) as url:
        pass
    with pytest.raises(PhoneError, match="no console answers at http://127"):
        await Console(http(url), "CA1").look()


def http(url: str) -> str:
    return url.replace("ws://", "http://").removesuffix("/media")


AT = "2026-01-01T10:11:12.345Z"
HERE = datetime.fromisoformat(AT).astimezone().strftime("%H:%M:%S")


def told(record: dict[str, object]) -> dict[str, str]:
    """Return the lines' texts by their first word."""
    lines = summary(read(json.dumps(record).encode()))
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines}


def test_every_answer_is_shown_with_the_moment_when_it_was_saved() -> None:
    info = {"name": "Ann Lee", "name_timestamp": AT, "service_timestamp": AT}
    user = {"userInfo": info, "service": {"id": "c", "name": "Cleaning"}}
    shown = told({**RECORD, "user": user, "servicebooked": True})
    assert shown["name"] == f"Ann Lee saved {HERE}"
    assert shown["service"] == f"Cleaning saved {HERE}"
    assert shown["time"] == "–"
    assert shown["booked"] == "yes"
    assert shown["mail"] == "no confirmation sent"


def test_it_tells_status_and_messages_and_how_to_see_all() -> None:
    shown = told(RECORD)
    assert shown["status"] == "active, step email"
    assert shown["history"] == "2 messages"
    assert shown["all"] == "of it: voicebot show CA1"


def test_a_record_that_has_only_just_begun_is_shown() -> None:
    assert told({})["name"] == "–"
