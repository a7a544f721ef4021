"""Days and hours that are not the one that is named: impossible, counted, bounded, elsewhere."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.collect.understanding.fields.test_time import found_in, heard
from voicebot.call import Step
from voicebot.collect.understanding import Asked

SUNDAY = datetime(2026, 11, 29, 12)
READ_BACK = "2026-12-02T14:00"
"""Wednesday at 2 pm."""


def at(said: str) -> str | None:
    return heard(said, now=SUNDAY, zone="Australia/Sydney")


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
    ],
)
def test_a_day_that_does_not_exist_is_asked_for_and_no_other_taken(
    said: str, value: str | None
) -> None:
    assert at(said) == value


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
    ],
)
def test_a_day_that_is_told_by_another_is_counted_from_it(said: str, value: str | None) -> None:
    assert at(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("before ten", None),
        ("until noon", None),
        ("any time before noon", None),
        ("before Christmas", None),
        ("after Christmas", None),
        ("before Friday", None),
        ("after Friday at ten", None),
        ("not before Thursday", None),
        ("I can't come before ten on Friday", "2026-12-04T10:00"),
        ("from ten", "T10:00"),
    ],
)
def test_a_bound_is_no_day_and_no_hour(said: str, value: str | None) -> None:
    assert at(said) == value


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
    assert heard(said, now=SUNDAY, asked=Asked.CONFIRM, record={Step.TIME: READ_BACK}) == value


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
    ],
)
def test_a_time_of_another_zone_is_counted_in_ours_and_marked(
    said: str, value: str, moved: bool
) -> None:
    act = found_in(said, now=SUNDAY, zone="Australia/Sydney")
    assert act is not None
    assert (act.value, act.moved) == (value, moved)


def test_in_america_eastern_is_new_york() -> None:
    said, zone = "tomorrow at 3 pm Eastern", "America/Los_Angeles"
    assert heard(said, now=SUNDAY, region="US", zone=zone) == "2026-11-30T12:00"


def test_where_our_zone_is_not_known_no_hour_of_another_is_taken() -> None:
    assert heard("tomorrow at 3 pm Perth time", now=SUNDAY) == "2026-11-30"
