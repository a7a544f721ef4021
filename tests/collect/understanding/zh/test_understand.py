"""A whole utterance in its situation: values and other acts; and how long that may take."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.understanding.given import given_in
from voicebot.business import Offer
from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import (
    Act,
    Affirm,
    Ask,
    Asked,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Leave,
    Provide,
    Repeat,
    Situation,
    SlowDown,
    Thank,
    Wait,
    Want,
    WantPerson,
    Withdraw,
    consents,
    read,
)

OFFERS = tuple(
    Offer(id=name, name=name) for name in ("水管维修", "空调清洗", "家庭保洁", "电路检修", "理发")
)
NOW = datetime(2024, 5, 8, 10)
HOSTILE = (
    "一",
    "我是",
    "不对，",
    "北京市",
    "点",
    "嗯,",
    ", ",
    "周一",
    "a@",
    "姓王",
    "差五分",
    "路",
    "三个八",
)


def at(step: Step, *, confirming: bool = False, held: str = "") -> Situation:
    record = {Step.TIME: held} if held else {}
    asked = Asked.CONFIRM if confirming else Asked.ANSWER
    return Situation(step, NOW, asked, "zh-CN", "CN", services=OFFERS, record=record)


def acts(utterance: str, where: Situation) -> tuple[Act, ...]:
    return read(utterance, where).acts


def agrees(utterance: str, held: str = "") -> bool:
    where = at(Step.TIME, confirming=True, held=held)
    return consents(read(utterance, where), where)


@pytest.mark.parametrize(
    ("utterance", "service"),
    [
        ("我要水管维修", "水管维修"),
        ("家里厨房漏水了", "水管维修"),
        ("空调不制冷", "空调清洗"),
        ("想找人打扫卫生", "家庭保洁"),
        ("老是跳闸", "电路检修"),
        ("剪个头发", "理发"),
        ("理个发", "理发"),
        ("我要家庭包洁", "家庭保洁"),
        ("不是保洁，是空调", "空调清洗"),
    ],
)
def test_a_service_is_known_by_name_and_by_need(utterance: str, service: str) -> None:
    assert given_in(utterance, at(Step.SERVICE)) == {Step.SERVICE: service}


@pytest.mark.parametrize(
    "utterance", ["都不要", "你们修手表吗", "理发和保洁", "随便", "有什么服务"]
)
def test_no_service_is_guessed(utterance: str) -> None:
    assert Step.SERVICE not in given_in(utterance, at(Step.SERVICE))


@pytest.mark.parametrize("step", FIELDS)
@pytest.mark.parametrize(
    ("utterance", "kind"),
    [
        ("你是机器人吗", Ask),
        ("我要转人工", WantPerson),
        ("麻烦再说一遍", Repeat),
        ("说慢一点", SlowDown),
        ("等一下，我找支笔", Wait),
        ("我不想说", Decline),
        ("想不起来了", Decline),
        ("都行，无所谓", Flexible),
        ("取消预约吧", Want),
        ("你们服务太差了", Want),
        ("要多少钱啊", Ask),
        ("再见", Leave),
        ("谢谢啊", Thank),
        ("喂，你好", Greet),
        ("好的", Affirm),
        ("不行", Deny),
    ],
)
def test_what_is_no_answer_is_another_act(step: Step, utterance: str, kind: type[Act]) -> None:
    assert any(isinstance(act, kind) for act in acts(utterance, at(step)))
    assert given_in(utterance, at(step)) == {}


@pytest.mark.parametrize(
    "utterance",
    [
        "对",
        "是的没错",
        "嗯嗯好的",
        "没问题，谢谢",
        "就这样吧",
        "可以的",
        "时间没问题",
        "ok",
        "的确如此",
        "办理吧",
    ],
)
def test_a_yes_is_a_yes(utterance: str) -> None:
    assert agrees(utterance)


@pytest.mark.parametrize(
    "utterance",
    [
        "不对",
        "不不不",
        "oh，不",
        "oh no",
        "嗯，不是",
        "好像错了",
        "不可以",
        "那个时间我没空",
        "有问题",
        "换个时间吧",
    ],
)
def test_a_no_outweighs_a_yes_in_passing(utterance: str) -> None:
    assert not agrees(utterance)
    where = at(Step.TIME, confirming=True)
    assert any(isinstance(act, Deny | Correct | Withdraw) for act in acts(utterance, where))


@pytest.mark.parametrize(
    "utterance",
    [
        "我还没想好",
        "好的，那几点开门？",
        "你好",
        "对了，多少钱",
        "等一下",
        "再说一遍",
        "今天天气怎么样",
    ],
)
def test_nothing_else_passes_for_a_yes(utterance: str) -> None:
    assert not agrees(utterance)


@pytest.mark.parametrize("utterance", ["对，明天下午三点", "是的，三点", "好的，就明天"])
def test_a_yes_may_repeat_what_was_read_back(utterance: str) -> None:
    assert agrees(utterance, held="2024-05-09T15:00")


@pytest.mark.parametrize("utterance", ["行吧，那就四点", "可以的话四点", "四点可以"])
def test_a_yes_to_something_else_is_a_correction(utterance: str) -> None:
    where = at(Step.TIME, confirming=True, held="2024-05-09T15:00")
    assert given_in(utterance, where) == {Step.TIME: "2024-05-09T16:00"}


@pytest.mark.parametrize(
    ("utterance", "step", "value"),
    [
        ("不对，是后天下午四点", Step.TIME, "2024-05-10T16:00"),
        ("可以，不过改到四点", Step.TIME, "2024-05-09T16:00"),
        ("电话不对，应该是13900134567", Step.PHONE, "+8613900134567"),
        ("名字不对，我叫高峰", Step.NAME, "高峰"),
    ],
)
def test_a_no_may_bring_its_mend(utterance: str, step: Step, value: str) -> None:
    where = at(Step.TIME, confirming=True, held="2024-05-09T15:00")
    assert given_in(utterance, where) == {step: value}
    assert not agrees(utterance, held="2024-05-09T15:00")


def test_one_utterance_fills_several_fields() -> None:
    said = "我叫高峰，电话幺三九零零幺三四五六七，邮箱gao@qq.com"
    assert given_in(said, at(Step.NAME)) == {
        Step.NAME: "高峰",
        Step.PHONE: "+8613900134567",
        Step.EMAIL: "gao@qq.com",
    }


def test_an_earlier_field_is_corrected_without_answering_the_question() -> None:
    said = "不好意思，我的电话应该是13900134567"
    assert given_in(said, at(Step.EMAIL)) == {Step.PHONE: "+8613900134567"}


@pytest.mark.parametrize(
    ("step", "utterance", "field", "value"),
    [
        (Step.EMAIL, "名字写错了，是高枫，枫叶的枫", Step.NAME, "高枫"),
        (Step.TIME, "地址改一下，改成平江路十二号", Step.ADDRESS, "平江路12号"),
        (Step.PHONE, "我的名字是高枫，不是高峰", Step.NAME, "高枫"),
        (Step.ADDRESS, "时间改成后天上午十点", Step.TIME, "2024-05-10T10:00"),
    ],
)
def test_any_earlier_field_may_be_taken_back(
    step: Step, utterance: str, field: Step, value: str
) -> None:
    assert given_in(utterance, at(step, held="2024-05-09T15:00")) == {field: value}


def test_what_is_denied_at_the_end_is_not_meant() -> None:
    said = "后天下午三点，不是四点"
    assert given_in(said, at(Step.TIME)) == {Step.TIME: "2024-05-10T15:00"}


def test_the_span_points_into_the_utterance() -> None:
    utterance = "嗯，我叫高峰。"
    (act,) = (act for act in acts(utterance, at(Step.NAME)) if isinstance(act, Provide))
    assert utterance[slice(*act.span)] == "高峰"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.sampled_from(FIELDS), st.booleans())
def test_no_text_makes_it_raise(utterance: str, step: Step, confirming: bool) -> None:
    for act in acts(utterance, at(step, confirming=confirming)):
        assert 0 <= act.span[0] <= act.span[1] <= len(utterance)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_length_costs_no_more_than_a_fraction_of_a_second(piece: str) -> None:
    started = time.process_time()
    for step in FIELDS:
        acts(piece * (20_000 // len(piece)), at(step))
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("utterance", ["明天下雨吗", "周五会冷吗？", "今天有雪吗", "今天过得好吗"])
def test_a_day_in_a_question_for_a_fact_is_no_answer(utterance: str) -> None:
    assert given_in(utterance, at(Step.TIME)) == {}
    assert any(isinstance(act, Ask) for act in acts(utterance, at(Step.TIME)))


@pytest.mark.parametrize(
    ("utterance", "day"),
    [
        ("周五还有空位吗", "2024-05-10"),
        ("我想明天去，还有名额吗", "2024-05-09"),
        ("后天过来行吗", "2024-05-10"),
    ],
)
def test_a_day_whose_free_places_are_asked_for_is_an_answer(utterance: str, day: str) -> None:
    assert given_in(utterance, at(Step.TIME)) == {Step.TIME: day}
