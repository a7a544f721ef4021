"""What is confirmed, and what cannot be: integrators write what they are given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from voicebot.business import load_business
from voicebot.notify.letter import booked, letter
from voicebot.store import CallSkeleton
from voicebot.store.record import CallRecord

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


@pytest.mark.parametrize(
    "email",
    ["", "a@", "a@[", "not an address", "a@example.com\nBcc: b@example.com",
     "a@example.com, b@example.com", "a@example.com@example.com"],
)  # fmt: skip
def test_no_mail_is_sent_to_an_invalid_address(email: str) -> None:
    assert booked(record(user__userInfo__email=email), BUSINESS) is None


def test_what_an_old_record_has_for_a_name_is_not_written_to_anybody() -> None:
    booking = booked(record(user__userInfo__name="null", user__userInfo__address="n/a"), BUSINESS)
    assert booking is not None
    assert (booking.name, booking.address) == ("", "")


@pytest.mark.parametrize("time", ["", "tomorrow at three", "2026-03-10", "2026-13-10"])
def test_a_time_that_is_none_is_not_confirmed(time: str) -> None:
    assert booked(record(user__serviceBookedTime=time), BUSINESS) is None


def test_a_service_of_two_lines_is_written_in_one() -> None:
    booking = booked(record(user__service='{"name": "Window\\ncleaning"}'), BUSINESS)
    assert booking is not None
    message = letter(booking, BUSINESS, "office@example.com", NOW)
    assert message["To"] == "caller@example.com"
    assert "Window cleaning" in message["Subject"]
