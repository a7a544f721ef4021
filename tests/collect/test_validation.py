"""The last check before a value is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.business import load_business
from voicebot.call import FIELDS, Step
from voicebot.collect.validation import Refusal, refuse_time, validate

DEMO = load_business(None)


@pytest.mark.parametrize(
    ("step", "value", "answer"),
    [
        (Step.NAME, "  Robin   Carter ", "Robin Carter"),
        (Step.PHONE, "+61412345678", "+61412345678"),
        (Step.EMAIL, "Test.Caller@Example.COM", "test.caller@example.com"),
        (Step.ADDRESS, "1 Example Street", "1 Example Street"),
        (Step.SERVICE, "plumbing", DEMO.services[0].service),
    ],
)
def test_a_good_value_is_stored_in_its_normal_form(step: Step, value: str, answer: object) -> None:
    assert validate(step, value, DEMO) == answer


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (Step.NAME, " .-. "),
        (Step.NAME, "a" * 201),
        (Step.NAME, "Test\x00Caller"),
        (Step.PHONE, "0412345678"),
        (Step.PHONE, "+6141234"),
        (Step.EMAIL, "test@"),
        (Step.EMAIL, "a b@example.com"),
        (Step.SERVICE, "roofing"),
        (Step.TIME, "2026-03-04"),
        (Step.TIME, "T09:30"),
        (Step.TIME, "2026-13-04T09:30"),
        (Step.DONE, "anything"),
    ],
)
def test_a_bad_value_is_never_stored(step: Step, value: str) -> None:
    assert validate(step, value, DEMO) is None


def test_a_time_is_stored_with_the_offset_of_its_day() -> None:
    summer, winter = (validate(Step.TIME, f"2026-{month}-05T10:00", DEMO) for month in ("01", "07"))
    assert isinstance(summer, datetime)
    assert isinstance(winter, datetime)
    assert (summer.utcoffset(), winter.utcoffset()) == (timedelta(hours=11), timedelta(hours=10))


def test_a_visit_must_end_before_the_doors_close() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    last = validate(Step.TIME, "2026-03-04T20:00", DEMO)
    late = validate(Step.TIME, "2026-03-04T20:15", DEMO)
    assert isinstance(last, datetime)
    assert isinstance(late, datetime)
    assert refuse_time(last, DEMO, now) is None
    assert refuse_time(late, DEMO, now) is Refusal.CLOSED


@given(st.sampled_from(FIELDS), st.text(max_size=80))
def test_no_text_breaks_the_check(step: Step, value: str) -> None:
    validate(step, value, DEMO)
