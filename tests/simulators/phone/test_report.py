"""A stored record, as it is shown at the end of a call."""

from __future__ import annotations

import json
from datetime import datetime

from tests.simulators.phone.test_console import RECORD
from voicebot.simulators.phone.console import read
from voicebot.simulators.phone.report import summary

AT = "2026-01-01T10:11:12.345Z"
HERE = datetime.fromisoformat(AT).astimezone().strftime("%H:%M:%S")


def told(record: dict[str, object]) -> dict[str, str]:
    """What follows each line's first word."""
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
