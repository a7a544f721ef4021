"""Days and hours as said in Chinese, against a fixed now: Wednesday, 8 May 2024, ten o'clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.understanding.zh.hearing import NOW
from tests.collect.understanding.zh.hearing import given as given_in
from tests.collect.understanding.zh.hearing import heard as heard_at
from voicebot.call import Step
from voicebot.collect.understanding import Missing, Provide


def heard(utterance: str, held: str | None = None) -> str | None:
    return heard_at(Step.TIME, utterance, partial=held)


@pytest.mark.parametrize(
    ("utterance", "day"),
    [
        ("今天", "2024-05-08"),
        ("大後天", "2024-05-11"),
        ("周三", "2024-05-15"),
        ("这周五", "2024-05-10"),
        ("下个礼拜天", "2024-05-19"),
        ("下下周一", "2024-05-20"),
        ("下周的周六", "2024-05-18"),
        ("十九号", "2024-05-19"),
        ("七号", "2024-06-07"),
        ("下个月二号", "2024-06-02"),
        ("四月三十号", "2025-04-30"),
        ("十二月31", "2024-12-31"),
        ("明年二月二十八日", "2025-02-28"),
        ("二零二六年一月三号", "2026-01-03"),
        ("2024/7/9", "2024-07-09"),
        ("四天后", "2024-05-12"),
        ("一个月以后", "2024-06-08"),
        ("劳动节", "2025-05-01"),
    ],
)
def test_a_day_alone_lacks_its_hour(utterance: str, day: str) -> None:
    found = given_in(Step.TIME, utterance)
    assert isinstance(found, Provide)
    assert (found.value, found.missing) == (day, Missing.CLOCK)


@pytest.mark.parametrize(
    ("utterance", "clock"),
    [
        ("三点", "T15:00"),
        ("八点", "T08:00"),
        ("十二点", "T12:00"),
        ("上午十点一刻", "T10:15"),
        ("下午四點三刻", "T16:45"),
        ("差五分九点", "T08:55"),
        ("六点差一刻", "T17:45"),
        ("七点零五", "T07:05"),
        ("晚上八点二十分", "T20:20"),
        ("凌晨三点半", "T03:30"),
        ("19:40", "T19:40"),
        ("十五时三十分", "T15:30"),
        ("中午", "T12:00"),
        ("两点到五点", "T14:00"),
    ],
)
def test_an_hour_alone_lacks_its_day(utterance: str, clock: str) -> None:
    found = given_in(Step.TIME, utterance)
    assert isinstance(found, Provide)
    assert (found.value, found.missing) == (clock, Missing.DAY)


@pytest.mark.parametrize(
    ("utterance", "moment"),
    [
        ("明天下午两点半", "2024-05-09T14:30"),
        ("周五五点", "2024-05-10T17:00"),
        ("2026年国庆节下午三点", "2026-10-01T15:00"),
        ("半小时后", "2024-05-08T10:30"),
        ("三个半小时以后", "2024-05-08T13:30"),
        ("周三三点", "2024-05-08T15:00"),
        ("周三九点", "2024-05-15T09:00"),
        ("今天八点", "2024-05-08T20:00"),
        ("今晚九點半", "2024-05-08T21:30"),
        ("后天晚上十二点", "2024-05-11T00:00"),
        ("三个小时以后", "2024-05-08T13:00"),
        ("明天没空，后天上午九点吧", "2024-05-10T09:00"),
        ("后天下午三点，不对，四点", "2024-05-10T16:00"),
        ("周四，呃不对，周六早上九点", "2024-05-11T09:00"),
        ("六月第二个星期二上午十点", "2024-06-11T10:00"),
        ("下个月第一个周五下午两点", "2024-06-07T14:00"),
        ("上次是周二来的，这次周四上午九点", "2024-05-09T09:00"),
        ("不是明天三点，是后天三点", "2024-05-10T15:00"),
        ("学院路18号，后天三点", "2024-05-10T15:00"),
    ],
)
def test_a_whole_time_lacks_nothing(utterance: str, moment: str) -> None:
    assert heard(utterance) == moment


@pytest.mark.parametrize(
    "utterance",
    [
        "早一点",
        "随便什么时候",
        "昨天打过电话",
        "有两点要说明",
        "农历八月初三",
        "三号楼",
        "住在中关村大街18号",
        "我等了一会儿",
        "去年五月二号",
        "前年国庆节来过",
        "昨晚七点半",
        "昨天下午的三点",
        "我天天七点上班",
        "我的高铁是九点的",
        "孩子四点放学",
        "取消周五下午三点的课",
    ],
)
def test_other_talk_names_no_time(utterance: str) -> None:
    assert heard(utterance) is None


def test_the_pieces_of_two_turns_join() -> None:
    day = given_in(Step.TIME, "后天晚上")
    assert isinstance(day, Provide)
    assert heard("八点", day.partial) == "2024-05-10T20:00"
    assert heard("后天", "T15:00") == "2024-05-10T15:00"


def test_a_correction_keeps_the_half_that_it_does_not_name() -> None:
    held = {Step.TIME: "2024-05-10T15:00"}
    assert heard_at(Step.TIME, "改成四点", record=held) == "2024-05-10T16:00"
    assert heard_at(Step.TIME, "改到周六", record=held) == "2024-05-11T15:00"
    assert heard("把周五下午三点的约安排到周六") == "2024-05-11T15:00"


@given(st.integers(1, 300), st.integers(7, 21), st.sampled_from([0, 15, 30, 45]))
def test_any_future_moment_survives_being_spoken(days: int, hour: int, minute: int) -> None:
    moment = (NOW + timedelta(days=days)).replace(hour=hour, minute=minute)
    part = "上午" if hour < 12 else "中午" if hour == 12 else "下午" if hour < 18 else "晚上"
    clock = f"{part}{hour if hour <= 12 else hour - 12}点{minute or ''}"
    assert heard(f"{moment.month}月{moment.day}号{clock}") == f"{moment:%Y-%m-%dT%H:%M}"
