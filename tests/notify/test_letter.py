"""Confirmations, also of odd values that integrators have written."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from voicebot.business import load_business
from voicebot.notify.letter import letter
from voicebot.store import CallRecord, CallSkeleton

BUSINESS = load_business(None)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIELDS = {
    "callSid": "CA1",
    "servicebooked": "true",
    "user.userInfo.email": "caller@example.com",
    "user.service": '{"name": "Window cleaning"}',
    "user.serviceBookedTime": "2026-03-10T15:00:00+11:00",
}


def record(**changed: str) -> CallSkeleton:
    return CallRecord(FIELDS | {name.replace("__", "."): v for name, v in changed.items()}).skeleton


def written(**changed: str) -> EmailMessage | None:
    return letter(record(**changed), BUSINESS, "office@example.com", NOW)


@pytest.mark.parametrize(
    "email",
    ["", "a@", "a@[", "not an address", "a@example.com\nBcc: b@example.com",
     "a@example.com, b@example.com", "a@example.com@example.com"],
)  # fmt: skip
def test_no_mail_is_sent_to_an_invalid_address(email: str) -> None:
    assert written(user__userInfo__email=email) is None


def test_what_an_old_record_has_for_a_name_is_not_written_to_anybody() -> None:
    message = written(user__userInfo__name="null", user__userInfo__address="unknown")
    assert message is not None
    for part in (part for part in message.walk() if not part.is_multipart()):
        for nothing in (b"null", b"unknown"):
            assert nothing not in part.get_payload(decode=True)


@pytest.mark.parametrize("time", ["", "tomorrow at three", "2026-03-10", "2026-13-10"])
def test_a_time_that_is_none_is_not_confirmed(time: str) -> None:
    assert written(user__serviceBookedTime=time) is None


def test_a_service_of_two_lines_is_written_in_one() -> None:
    message = written(user__service='{"name": "Window\\ncleaning"}')
    assert message is not None
    assert message["To"] == "caller@example.com"
    assert "Window cleaning" in message["Subject"]
