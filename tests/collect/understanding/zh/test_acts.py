"""Acts of Chinese callers beside giving values: choose, leave open, object, note."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from tests.collect.understanding.zh.hearing import NOW
from voicebot.call import Step, Window
from voicebot.collect.understanding import (
    Ask,
    Asked,
    Choose,
    Decline,
    Deny,
    Flexible,
    Greet,
    Missing,
    Note,
    Provide,
    Situation,
    Want,
    consents,
    read,
)

OFFERED = ("2024-05-09T10:00", "2024-05-09T14:00", "2024-05-10T09:30")
HELD = {Step.TIME: "2024-05-10T10:45"}


def situation(asked: Asked = Asked.ANSWER, step: Step = Step.TIME, **more: object) -> Situation:
    return Situation(step, NOW, asked, "zh-CN", "CN", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("越快越好", Window(soonest=True)),
        ("什么时候都行", Window()),
        ("下午四点以后都行", Window(after=time(16))),
        ("周四或者周五都可以", Window(days=(date(2024, 5, 9), date(2024, 5, 10)))),
        ("三点到五点之间我都在家", Window(after=time(15), before=time(17))),
        ("下周找个时间就行", Window(first=date(2024, 5, 13), last=date(2024, 5, 19))),
        ("周五之前", Window(last=date(2024, 5, 10))),
        ("上午都行", Window(before=time(12))),
        ("现在马上来", Window(soonest=True)),
        ("周五四点以后有空吗？", Window(days=(date(2024, 5, 10),), after=time(16))),
    ],
)
def test_a_time_left_open_is_a_window(said: str, window: Window) -> None:
    acts = read(said, situation()).acts
    assert [act.window for act in acts if isinstance(act, Flexible)] == [window]
    assert not [act for act in acts if isinstance(act, Provide)]


def test_an_excepted_weekday_is_in_no_window() -> None:
    (act,) = read("除了周一哪天都行", situation()).acts
    assert isinstance(act, Flexible)
    ahead = (date(2024, 5, 8) + timedelta(days=n) for n in range(14))
    assert [day.weekday() for day in ahead if not act.window.has_day(day)] == [0, 0]


@pytest.mark.parametrize(
    ("said", "position", "moment"),
    [
        ("第一个吧", 1, None),
        ("最后一个时间可以", -1, None),
        ("早一点的那个", 1, None),
        ("那就周五那个", None, "2024-05-10T09:30"),
        ("下午两点那个", None, "2024-05-09T14:00"),
    ],
)
def test_one_of_the_offered_is_chosen(said: str, position: int | None, moment: str | None) -> None:
    acts = read(said, situation(Asked.CHOICE, offered=OFFERED)).acts
    chosen = [(act.position, act.moment) for act in acts if isinstance(act, Choose)]
    assert chosen == [(position, moment)]


@pytest.mark.parametrize(
    "said",
    [
        "用我现在打的这个号码就行",
        "就是这个来电号码",
        "你那边显示的号码就可以",
        "电话就打这个",
        "你们不是有来电显示吗",
        "就本机吧",
        "就现在打的这个",
    ],
)
def test_the_number_that_the_caller_calls_from_is_meant(said: str) -> None:
    (shown,) = read(said, situation(step=Step.PHONE, caller="+8613800138005")).acts
    assert isinstance(shown, Provide)
    assert shown.value == "+8613800138005"
    (hidden,) = read(said, situation(step=Step.PHONE)).acts
    assert isinstance(hidden, Provide)
    assert (hidden.value, hidden.missing) == (None, Missing.SHOWN_NUMBER)


@pytest.mark.parametrize(
    "said", ["小区门禁密码是一二三四井号", "来之前先给我打个电话", "钥匙放在门口脚垫下面"]
)
@pytest.mark.parametrize("step", [Step.PHONE, Step.ADDRESS, Step.TIME])
def test_what_staff_must_know_is_noted_and_no_value(said: str, step: Step) -> None:
    acts = read(said, situation(step=step)).acts
    assert [act for act in acts if isinstance(act, Note)]
    assert not [act for act in acts if isinstance(act, Provide)]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("我想取消之前的预约", "cancel"),
        ("我要改期", "reschedule"),
        ("我想改一下时间，我约的是周四修洗衣机", "reschedule"),
        ("东西都坏了，你们得赔", "complaint"),
        ("家里有煤气味，很大", "emergency"),
        ("我要投诉，你们师傅态度太差了", "complaint"),
        ("算了，我不约了", "nothing"),
    ],
)
def test_a_wish_is_named(said: str, what: str) -> None:
    acts = read(said, situation(step=Step.NAME)).acts
    assert what in [act.what for act in acts if isinstance(act, Want)]


@pytest.mark.parametrize("yes", ["好的", "可以", "行", "嗯", "没问题", "那行吧"])
@pytest.mark.parametrize(
    "beside",
    [
        "不过我要先问问", "如果能便宜点", "我再看看", "先别定", "可能不行", "让我想想",
        "等一下", "你确定吗", "换一天", "下午更好", "取消吧", "我老公不同意", "还没决定",
        "周六吧", "十一点", "不用了", "下次吧", "但我想改电话", "应该", "大概", "也许",
        "如果可以的话", "早一点行吗", "那天有事", "多少钱", "名字不对",
    ],
)  # fmt: skip
def test_an_objection_beside_a_yes_is_no_consent(yes: str, beside: str) -> None:
    asked = situation(Asked.CONFIRM, record=HELD)
    for said in (f"{yes}，{beside}", f"{yes}{beside}", f"{beside}，{yes}"):
        assert not consents(read(said, asked), asked), said


@pytest.mark.parametrize(
    "said",
    [
        "没有，不需要邮箱", "邮箱不需要", "没得邮箱", "没这玩意儿", "我不用这个东西的", "不需要",
        "不搞那个", "莫得", "啥是邮箱啊，我不懂这个", "没有没有，我不会弄",
        "老太婆哪有什么邮箱", "邮箱啊，算了吧", "算了不要了",
        "zhao 艾特 qq 点 com，算了不要了", "没有没有。", "用不着。", "我没那个什么邮箱啊",
    ],
)  # fmt: skip
def test_an_e_mail_is_declined(said: str) -> None:
    acts = read(said, situation(step=Step.EMAIL)).acts
    assert any(isinstance(act, Decline) and act.step in (None, Step.EMAIL) for act in acts)
    assert not any(isinstance(act, Want) for act in acts)


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("算了不要了", Step.SERVICE),
        ("算了，我不修了", Step.EMAIL),
        ("不要了，我不约了", Step.EMAIL),
    ],
)
def test_the_whole_booking_is_called_off(said: str, step: Step) -> None:
    acts = read(said, situation(step=step)).acts
    assert [act.what for act in acts if isinstance(act, Want)] == ["nothing"]


@pytest.mark.parametrize(
    "said", ["好，约", "好，约吧", "就这个，约吧", "是的，约", "约吧约吧", "定了"]
)
def test_book_it_is_a_yes(said: str) -> None:
    where = situation(Asked.CONFIRM, record=HELD)
    assert consents(read(said, where), where)


@pytest.mark.parametrize("said", ["改吧", "是的，改", "好，改", "改到那时", "行，就这么改"])
def test_change_it_is_a_yes_only_where_a_booking_is_moved(said: str) -> None:
    where = situation(Asked.CONFIRM, record=HELD, moves=True)
    assert consents(read(said, where), where)
    other = situation(Asked.CONFIRM, record=HELD)
    assert not consents(read(said, other), other)


@pytest.mark.parametrize("said", ["不改", "别改", "改天吧", "改时间", "改到四点", "改一下"])
def test_another_change_is_no_yes_to_this_one(said: str) -> None:
    where = situation(Asked.CONFIRM, record=HELD, moves=True)
    assert not consents(read(said, where), where)


@pytest.mark.parametrize(
    "said", ["第一个不行，第二个吧", "不要第一个，要第二个", "第一个，算了，第二个吧"]
)
def test_the_offer_that_is_meant_in_the_end_is_chosen(said: str) -> None:
    acts = read(said, situation(Asked.CHOICE, offered=OFFERED)).acts
    (act,) = (act for act in acts if isinstance(act, Choose))
    assert act.moment == OFFERED[1] or act.position == 2


@pytest.mark.parametrize("said", ["热水器打不着火", "灶台点不着火"])
def test_what_does_not_light_is_no_emergency(said: str) -> None:
    acts = read(said, situation(step=Step.SERVICE)).acts
    assert not any(isinstance(act, Want) for act in acts)


@pytest.mark.parametrize(
    ("said", "wants", "topics"),
    [
        ("你们是不是骗子", [], ["company"]),
        ("别问东问西的，快点吧", ["annoyed", "annoyed"], []),
        ("马桶漏水呀，刚刚讲过了", ["annoyed"], []),
        ("我要投诉，态度太差了", ["complaint", "complaint"], []),
        ("投诉归投诉，你先给我约个电工", ["complaint", "complaint", "booking"], []),
        ("先问个问题，通话录音吗", [], ["recorded"]),
        ("师傅会不会提前打电话", [], [""]),
        ("冰箱不制冷咯，啥子时候能来看一哈嘛", [], ["free"]),
        ("我微信发给师傅", [], []),
    ],
)
def test_displeasure_a_complaint_and_a_question_are_told_apart(
    said: str, wants: list[str], topics: list[str]
) -> None:
    acts = read(said, situation(step=Step.NAME)).acts
    assert [act.what for act in acts if isinstance(act, Want)] == wants
    assert [act.topic for act in acts if isinstance(act, Ask)] == topics


@pytest.mark.parametrize("said", ["在吗", "你能听懂我说话吗", "听得到吗？"])
def test_is_anybody_there(said: str) -> None:
    assert [type(act) for act in read(said, situation(step=Step.NAME)).acts] == [Greet]


@pytest.mark.parametrize(
    ("said", "denies"),
    [
        ("不能，那天我上班", True),
        ("三点我不能来", True),
        ("开早会的时候不能接", False),
        ("能不能退钱", False),
    ],
)
def test_what_cannot_be_done_denies_only_alone_or_of_coming(said: str, denies: bool) -> None:
    acts = read(said, situation(Asked.CONFIRM, step=Step.PHONE)).acts
    assert any(isinstance(act, Deny) for act in acts) is denies
