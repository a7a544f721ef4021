"""The last check before a value is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.business import load_business
from voicebot.call import FIELDS, Step
from voicebot.validation import Refusal, read_moment, refuse_time, validate

DEMO = load_business(None)


@pytest.mark.parametrize(
    ("step", "value", "answer"),
    [
        (Step.NAME, "  Robin   Carter ", "Robin Carter"),
        (Step.NAME, "\ufeffRobin \u200bCarter", "Robin Carter"),
        (Step.NAME, "Nil", "Nil"),
        (Step.NAME, "Jo Null", "Jo Null"),
        (Step.PHONE, "+61412345678", "+61412345678"),
        (Step.PHONE, "0412 345 678", "+61412345678"),
        (Step.PHONE, "61412345678", "+61412345678"),
        (Step.PHONE, "\u202a+61 412 345 678\u202c", "+61412345678"),
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
        (Step.NAME, "0412 345 678"),
        (Step.ADDRESS, "2000"),
        (Step.NAME, "\u200b \u2060"),
        (Step.NAME, "\u3164\u3164"),
        (Step.NAME, "\u2800"),
        (Step.NAME, "null"),
        (Step.NAME, "N/A"),
        (Step.NAME, "n.a."),
        (Step.NAME, "NaN"),
        (Step.NAME, "<Unknown>"),
        (Step.NAME, "undefined undefined"),
        (Step.NAME, "Not  given"),
        (Step.NAME, "No name given"),
        (Step.NAME, "(blank)"),
        (Step.NAME, "TBC"),
        (Step.NAME, "Customer"),
        (Step.NAME, "ｎｕｌｌ"),
        (Step.NAME, "未提供"),
        (Step.ADDRESS, "not provided"),
        (Step.ADDRESS, "Nil"),
        (Step.PHONE, "not given"),
        (Step.PHONE, "0412"),
        (Step.PHONE, "+6141234"),
        (Step.EMAIL, "n/a"),
        (Step.EMAIL, "ann at example"),
        (Step.EMAIL, "test@"),
        (Step.EMAIL, "a b@example.com"),
        (Step.SERVICE, "roofing"),
        (Step.TIME, "2026-03-04"),
        (Step.TIME, "T09:30"),
        (Step.TIME, "2026-13-04T09:30"),
        (Step.TIME, "9999-12-31T23:59:59.999Z"),
        (Step.TIME, "0001-01-01T00:00"),
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


def test_a_time_that_daylight_saving_skips_moves_forward() -> None:
    skipped = validate(Step.TIME, "2027-10-03T02:30", DEMO)
    assert isinstance(skipped, datetime)
    assert skipped.isoformat() == "2027-10-03T03:30:00+11:00"


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    first = validate(Step.TIME, "2027-04-04T02:30", DEMO)
    assert isinstance(first, datetime)
    assert first.isoformat() == "2027-04-04T02:30:00+11:00"


def test_a_time_with_an_offset_is_that_moment() -> None:
    moment = validate(Step.TIME, "2026-03-10T04:00:00Z", DEMO)
    assert moment == datetime(2026, 3, 10, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-29T20:00:05.123Z",
        "2026-11-29T20:00:05.123456",
        " 2026-11-30t07:00:05.123+11:00 ",
        "2026-W48-7T20:00:05.123",
        "20261129T200005.123",
        1795982405123,
        "1795982405123",
        1795982405.123,
    ],
)
def test_a_moment_is_read_in_every_form_that_programs_write(written: object) -> None:
    moment = read_moment(written)
    assert moment is not None
    assert abs(moment - datetime(2026, 11, 29, 20, 0, 5, 123000, UTC)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "written", ["", "yesterday", "\ud800", None, True, [], 7, "9999-12-31T23:59:59.999Z", 1e300]
)
def test_what_is_no_moment_of_a_call_is_none(written: object) -> None:
    assert read_moment(written) is None


@given(st.text(max_size=40) | st.integers() | st.floats() | st.datetimes())
def test_a_moment_can_always_be_told_in_any_zone(written: object) -> None:
    moment = read_moment(written, DEMO.zone)
    assert moment is None or moment.astimezone(UTC) == moment


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
