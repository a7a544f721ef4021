"""Days and hours that are not the one that is named: impossible, counted, bounded, elsewhere."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Flexible, Provide, Situation, Window, read

SUNDAY = datetime(2026, 11, 29, 12)
MONDAY = date(2026, 11, 30)
WHERE = Situation(Step.TIME, SUNDAY, language="zh-CN", zone="Australia/Sydney")


def heard(said: str) -> Provide | None:
    return next((act for act in read(said, WHERE).acts if isinstance(act, Provide)), None)


def value_of(said: str) -> str | None:
    act = heard(said)
    return act.value if act else None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("二月三十一号", None),
        ("二月三十号下午三点", "T15:00"),
        ("6月31日", None),
        ("二月二十九号", "2028-02-29"),
        ("圣诞节前一天", "2026-12-24"),
        ("圣诞节的前一天上午十点", "2026-12-24T10:00"),
        ("圣诞节前一周", "2026-12-18"),
        ("节礼日后一天", "2026-12-27"),
        ("周五前一天", "2026-12-03"),
        ("十点之前", None),
        ("周五之前", None),
        ("圣诞节之后", None),
    ],
)
def test_a_day_that_is_impossible_or_only_a_bound_is_none_and_a_counted_one_is_counted(
    said: str, value: str | None
) -> None:
    assert value_of(said) == value


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("明天十点前", Window((MONDAY,), before=time(10))),
        ("明天中午前", Window((MONDAY,), before=time(12))),
        ("明天四点以后", Window((MONDAY,), after=time(16))),
    ],
)
def test_a_bound_leaves_the_time_open_inside_it(said: str, window: Window) -> None:
    (act,) = read(said, WHERE).acts
    assert isinstance(act, Flexible)
    assert act.window == window


@pytest.mark.parametrize(
    ("said", "value", "moved"),
    [
        ("明天珀斯时间下午三点", "2026-11-30T18:00", True),
        ("北京时间明天下午三点", "2026-11-30T18:00", True),
        ("悉尼时间明天下午三点", "2026-11-30T15:00", False),
    ],
)
def test_a_time_of_another_zone_is_counted_in_ours_and_marked(
    said: str, value: str, moved: bool
) -> None:
    act = heard(said)
    assert act is not None
    assert (act.value, act.moved) == (value, moved)
