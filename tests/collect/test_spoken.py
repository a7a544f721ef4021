"""Values as they are written and said."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.business import load_business
from voicebot.call import Step
from voicebot.collect.spoken import (
    in_a_sentence,
    listing,
    pronounce,
    spoken_time,
    spoken_times,
    written,
    written_phone,
    written_time,
)


@pytest.mark.parametrize(
    ("value", "region", "text"),
    [
        ("+61412345678", "AU", "0412 345 678"),
        ("+61412345678", "GB", "+61 412 345 678"),
        ("+12125550198", "US", "212 555 0198"),
        ("041234", "AU", "0412 34"),
        ("no number", "AU", "no number"),
    ],
)
def test_a_phone_number_is_written_in_the_groups_of_its_country(
    value: str, region: str, text: str
) -> None:
    assert written_phone(value, region) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-03-04T09:30", "Wednesday the 4th of March at 9:30 am"),
        ("2026-03-11", "Wednesday the 11th of March"),
        ("2026-03-22T12:00", "Sunday the 22nd of March at noon"),
        ("T00:15", "12:15 am"),
        ("T23:59", "midnight"),
        ("04", "04"),
    ],
)
def test_a_time_is_written_with_its_weekday(value: str, text: str) -> None:
    assert written_time(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-03-04T15:30", "3月4号星期三下午3点30分"),
        ("T06:00", "上午6点"),
        ("T05:05", "凌晨5点零5分"),
        ("T12:00", "中午12点"),
        ("T18:00", "晚上6点"),
    ],
)
def test_a_time_is_written_in_chinese(value: str, text: str) -> None:
    assert written_time(value, "zh-CN") == text


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("I have 0412 345 678.", "I have 0 4 1 2, 3 4 5, 6 7 8."),
        ("I have +1 212 555 0198.", "I have plus 1, 2 1 2, 5 5 5, 0 1 9 8."),
        ("It is j.smith88@gmail.com.", "It is j dot smith 8 8, at gmail dot com."),
        ("Come at 3:30 pm on the 24th.", "Come at 3:30 pm on the 24th."),
        ("Unit 4, 112 Chapel Street", "Unit 4, 112 Chapel Street"),
    ],
)
def test_digits_and_e_mails_are_pronounced_one_by_one(sentence: str, said: str) -> None:
    assert pronounce(sentence) == said


def test_names_are_listed_with_an_and() -> None:
    assert listing(["a", "b", "c"], ", ", " and ") == "a, b and c"
    assert listing(["a"], ", ", " and ") == "a"
    assert listing([], ", ", " and ") == ""


@pytest.mark.parametrize(
    ("name", "text"), [("Window Cleaning", "window cleaning"), ("TV repair", "TV repair")]
)
def test_a_service_stands_in_a_sentence_without_capitals_but_for_letters(
    name: str, text: str
) -> None:
    assert in_a_sentence(name) == text


@given(st.text(max_size=60), st.sampled_from(list(Step)))
def test_whatever_stands_in_a_record_can_be_said(text: str, step: Step) -> None:
    pronounce(written(step, text, load_business(None)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-03-22T09:30", "el domingo 22 de marzo a las 9:30 de la mañana"),
        ("2026-03-22 12", "el domingo 22 de marzo por la tarde"),
        ("T13:00", "la 1 de la tarde"),
        ("T12:00", "las 12 del mediodía"),
    ],
)
def test_a_time_is_said_in_spanish(value: str, text: str) -> None:
    assert written_time(value, "es") == text


NOW = datetime(2026, 3, 2, 12, 0)
"""A Monday."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-03-02T15:00", "today, Monday the 2nd, at 3 pm"),
        ("2026-03-04T12:00", "this Wednesday, the 4th, at noon"),
        ("2026-03-04", "this Wednesday, the 4th"),
        ("2026-03-24T09:30", "Tuesday the 24th of March at 9:30 am"),
    ],
)
def test_a_time_of_this_week_is_said_without_its_month(value: str, text: str) -> None:
    assert spoken_time(value, NOW) == text


def test_of_several_times_each_day_is_named_once() -> None:
    offered = ("2026-03-03T09:00", "2026-03-03T11:00", "2026-03-05T14:00")
    assert spoken_times(offered, NOW) == ["tomorrow at 9 am", "11 am", "Thursday at 2 pm"]
