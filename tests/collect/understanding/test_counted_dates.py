"""Days and hours that are not the one that is named: impossible, counted, bounded, elsewhere."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.understanding import Asked, Understanding
from voicebot.collect.understanding.rules import understand

SUNDAY = datetime(2026, 11, 29, 12)
READ_BACK = "2026-12-02T14:00"
"""Wednesday at 2 pm."""


def heard(said: str, language: str = "en", **more: object) -> Understanding:
    given = {"zone": "Australia/Sydney", **more}
    services = load_business(None).services
    return understand(said, Asked(Step.TIME, SUNDAY, language=language, services=services, **given))  # type: ignore[arg-type]


def mended(said: str, language: str = "en") -> str | None:
    """What a time that was read back becomes."""
    record = {Step.TIME: READ_BACK}
    return heard(said, language, confirming=True, record=record).fields.get(Step.TIME)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("31st of February", None),
        ("February the 30th", None),
        ("the 31st of November", None),
        ("29 February 2027", None),
        ("February 31st at 3 pm", "T15:00"),
        ("the 31st of June at ten", "T10:00"),
        ("the 31st of June, no, the 1st of July", "2027-07-01"),
        ("29th of February", "2028-02-29"),
        ("二月三十一号", None),
        ("二月三十号下午三点", "T15:00"),
        ("6月31日", None),
        ("二月二十九号", "2028-02-29"),
    ],
)
def test_a_day_that_does_not_exist_is_asked_for_and_no_other_taken(
    said: str, value: str | None
) -> None:
    assert heard(said, "en" if said.isascii() else "zh-CN").value == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("the day before Christmas", "2026-12-24"),
        ("two days before Christmas at 10", "2026-12-23T10:00"),
        ("a week before Christmas", "2026-12-18"),
        ("two weeks before New Year's Eve", "2026-12-17"),
        ("the day after Boxing Day", "2026-12-27"),
        ("the day after Christmas", "2026-12-26"),
        ("three days after New Year's Day", "2027-01-04"),
        ("the day before Friday", "2026-12-03"),
        ("the day after Tuesday at 3", "2026-12-02T15:00"),
        ("the day after the 5th of December", "2026-12-06"),
        ("the Monday after Christmas", "2026-12-28"),
        ("the Friday before Christmas", "2026-12-18"),
        ("the morning after Christmas at nine", "2026-12-26T09:00"),
        ("the day after tomorrow", "2026-12-01"),
        ("the week before Christmas", None),
        ("the weekend after Christmas", None),
        ("圣诞节前一天", "2026-12-24"),
        ("圣诞节的前一天上午十点", "2026-12-24T10:00"),
        ("圣诞节前一周", "2026-12-18"),
        ("节礼日后一天", "2026-12-27"),
        ("周五前一天", "2026-12-03"),
    ],
)
def test_a_day_that_is_told_by_another_is_counted_from_it(said: str, value: str | None) -> None:
    assert heard(said, "en" if said.isascii() else "zh-CN").value == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("before ten", None),
        ("until noon", None),
        ("any time before noon", None),
        ("tomorrow before ten", "2026-11-30"),
        ("before 10 am tomorrow", "2026-11-30"),
        ("some time before 3 on Friday", "2026-12-04"),
        ("before Christmas", None),
        ("after Christmas", None),
        ("before Friday", None),
        ("after Friday at ten", "T10:00"),
        ("not before Thursday", "2026-12-03"),
        ("I can't come before ten on Friday", "2026-12-04T10:00"),
        ("tomorrow after four", "2026-11-30T16:00"),
        ("from ten", "T10:00"),
        ("十点之前", None),
        ("明天十点前", "2026-11-30"),
        ("明天中午前", "2026-11-30"),
        ("周五之前", None),
        ("圣诞节之后", None),
        ("明天四点以后", "2026-11-30T16:00"),
    ],
)
def test_a_bound_is_no_day_and_no_hour(said: str, value: str | None) -> None:
    assert heard(said, "en" if said.isascii() else "zh-CN").value == value


@pytest.mark.parametrize("said", ["any time before noon", "whenever, but before ten"])
def test_who_names_a_bound_has_not_left_the_time_to_us(said: str) -> None:
    assert heard(said).intent.value == "not_a_value"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("yes, the day after", "2026-12-03T14:00"),
        ("the day before", "2026-12-01T14:00"),
        ("the day before that", "2026-12-01T14:00"),
        ("okay but a day later", "2026-12-03T14:00"),
        ("okay but an hour later", "2026-12-02T15:00"),
        ("half an hour earlier please", "2026-12-02T13:30"),
        ("an hour before that", "2026-12-02T13:00"),
        ("the following day please", "2026-12-03T14:00"),
        ("the next day at nine", "2026-12-03T09:00"),
        ("one day later at four", "2026-12-03T16:00"),
        ("a week later", "2026-12-09T14:00"),
        ("the day after Christmas", "2026-12-26T14:00"),
        ("in two days", "2026-12-01T14:00"),
        ("Yes, except the time should be 4 p.m.", "2026-12-02T16:00"),
    ],
)
def test_later_and_earlier_are_counted_from_the_time_that_was_read_back(
    said: str, value: str
) -> None:
    assert mended(said) == value


@pytest.mark.parametrize(
    ("said", "value", "moved"),
    [
        ("tomorrow at 3 pm Perth time", "2026-11-30T18:00", True),
        ("3pm AWST tomorrow", "2026-11-30T18:00", True),
        ("tomorrow at 3 pm London time", "2026-12-01T02:00", True),
        ("tomorrow 9 am New York time", "2026-12-01T01:00", True),
        ("noon UTC tomorrow", "2026-11-30T23:00", True),
        ("3 pm Perth time", "T18:00", True),
        ("1 July at 3 pm New Zealand time", "2027-07-01T13:00", True),
        ("tomorrow at 3 pm Sydney time", "2026-11-30T15:00", False),
        ("tomorrow at 3 pm Melbourne time", "2026-11-30T15:00", False),
        ("tomorrow at 3 pm AEST", "2026-11-30T15:00", False),
        ("tomorrow at 3 pm your time", "2026-11-30T15:00", False),
        ("tomorrow at 3, any time after lunch time", "2026-11-30T15:00", False),
        ("明天珀斯时间下午三点", "2026-11-30T18:00", True),
        ("北京时间明天下午三点", "2026-11-30T18:00", True),
        ("悉尼时间明天下午三点", "2026-11-30T15:00", False),
    ],
)
def test_a_time_of_another_zone_is_counted_in_ours_and_marked(
    said: str, value: str, moved: bool
) -> None:
    meant = heard(said, "en" if said.isascii() else "zh-CN")
    assert (meant.value, meant.moved) == (value, moved)


def test_in_america_eastern_is_new_york() -> None:
    meant = heard("tomorrow at 3 pm Eastern", region="US", zone="America/Los_Angeles")
    assert (meant.value, meant.moved) == ("2026-11-30T12:00", True)


def test_where_our_zone_is_not_known_no_hour_of_another_is_taken() -> None:
    meant = heard("tomorrow at 3 pm Perth time", zone=None)
    assert (meant.value, meant.moved) == ("2026-11-30", False)
