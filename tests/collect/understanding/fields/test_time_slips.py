"""Days and hours that are left open, miscounted or mistyped."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.collect.understanding.fields.test_time import heard, left_open
from voicebot.collect.understanding import Window


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("three or so on Friday", "2027-03-05T15:00"),
        ("Tuesday next week at four", "2027-03-09T16:00"),
        ("a table for 4 people for 7 on Friday", "2027-03-05T07:00"),
        ("a table for two on Friday at 6", "2027-03-05T18:00"),
        ("for 1530 on Friday", "2027-03-05T15:30"),
        ("in 48 hours", "2027-03-04T09:20"),
        ("eight or so on Friday", "2027-03-05T08:00"),
        ("I'd like one on Friday", "2027-03-05T13:00"),
        ("I would like one my family can see", None),
        ("about 2 miles", None),
        ("about two on Friday", "2027-03-05T14:00"),
        ("is my visit still booked for Friday", None),
    ],
)
def test_open_hours_and_counts_leave_the_plain_ones_alone(
    utterance: str, value: str | None
) -> None:
    assert heard(utterance) == value


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("thrusday at ten", "2027-03-04T10:00"),
        ("Satuday at ten", "2027-03-06T10:00"),
        ("febuary 3rd", "2028-02-03"),
        ("the fifth of Septmber", "2027-09-05"),
        ("tommorrow at noon", "2027-03-03T12:00"),
        ("mundane things", None),
        ("Sundry at ten", "T10:00"),
    ],
)
def test_a_slip_of_the_keyboard_in_a_day_or_month_is_read_as_meant(
    utterance: str, value: str | None
) -> None:
    assert heard(utterance) == value


def test_of_two_days_neither_is_taken_and_both_are_left_open() -> None:
    tuesday, wednesday = date(2027, 3, 9), date(2027, 3, 10)
    assert heard("Tuesday or Wednesday", now=datetime(2027, 3, 3, 18)) is None
    assert left_open("next week, Tuesday or Wednesday") == Window((tuesday, wednesday))
    assert left_open("the 9th or the 10th") == Window((tuesday, wednesday))
    assert left_open("the 10th or the 9th") == Window((tuesday, wednesday))
    assert left_open("the 30th or the 2nd") == Window((date(2027, 3, 30), date(2027, 4, 2)))


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("I won't be able to make my appointment on Friday", None),
        ("we can't come in to our booking on Friday", None),
        ("I won't be able to come on Friday, Thursday at ten is fine", "2027-03-04T10:00"),
        ("reschedule my visit from Friday to another day", None),
        ("move my visit from Friday to Thursday at ten", "2027-03-04T10:00"),
        ("from Thursday at ten", "2027-03-04T10:00"),
        ("if you can't do Friday then Thursday at ten", "2027-03-04T10:00"),
        ("I would not mind Friday at ten", "2027-03-05T10:00"),
        ("I can be there on Friday at ten", "2027-03-05T10:00"),
        ("I can't get there before ten on Friday", "2027-03-05T10:00"),
    ],
)
def test_a_day_that_is_given_up_is_no_answer_and_its_neighbour_is(
    utterance: str, value: str | None
) -> None:
    assert heard(utterance) == value


@pytest.mark.parametrize(
    ("utterance", "value"),
    [
        ("the 7th of April 1985", None),
        ("29/11 1959", None),
        ("September 15th, 2010", None),
        ("the 15th of September 1530", "2027-09-15T15:30"),
        ("the 15th of September at 1930", "2027-09-15T19:30"),
        ("the 15th of September 1930 hours", "2027-09-15T19:30"),
        ("September 15th, 2028 at ten", "2028-09-15T10:00"),
        ("September 15th, twenty twenty eight at ten", "2028-09-15T10:00"),
        ("the 15th of September twenty thirty", "2027-09-15T20:30"),
        ("the last Monday of September at ten", "2027-09-27T10:00"),
    ],
)
def test_a_birthday_is_no_day_to_come(utterance: str, value: str | None) -> None:
    assert heard(utterance) == value
