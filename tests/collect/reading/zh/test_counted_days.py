"""Days and hours that are not the one that is named: impossible, counted, bounded, elsewhere."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Understanding
from voicebot.collect.understanding.rules import understand

SUNDAY = datetime(2026, 11, 29, 12)


def heard(said: str) -> Understanding:
    return understand(said, Asked(Step.TIME, SUNDAY, language="zh-CN", zone="Australia/Sydney"))


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
        ("明天十点前", "2026-11-30"),
        ("明天中午前", "2026-11-30"),
        ("周五之前", None),
        ("圣诞节之后", None),
        ("明天四点以后", "2026-11-30T16:00"),
    ],
)
def test_a_day_that_is_impossible_or_only_a_bound_is_none_and_a_counted_one_is_counted(
    said: str, value: str | None
) -> None:
    assert heard(said).value == value


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
    assert (heard(said).value, heard(said).moved) == (value, moved)
