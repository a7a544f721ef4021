"""A whole utterance in its situation: value, fields, intent; and how long that may take."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.business import Offer
from voicebot.call import FIELDS, Step
from voicebot.collect.understanding import Asked, Intent, Understanding
from voicebot.collect.understanding.rules import understand

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


def hear(step: Step, utterance: str, *, confirming: bool = False, held: str = "") -> Understanding:
    record = {Step.TIME: held} if held else {}
    asked = Asked(step, NOW, "CN", "zh-CN", confirming, services=OFFERS, record=record)
    return understand(utterance, asked)


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
    assert hear(Step.SERVICE, utterance).value == service


@pytest.mark.parametrize(
    "utterance", ["都不要", "你们修手表吗", "理发和保洁", "随便", "有什么服务"]
)
def test_no_service_is_guessed(utterance: str) -> None:
    assert hear(Step.SERVICE, utterance).value is None


@pytest.mark.parametrize("step", FIELDS)
@pytest.mark.parametrize(
    ("utterance", "intent"),
    [
        ("你是机器人吗", Intent.BOT_CHALLENGE),
        ("我要转人工", Intent.HUMAN),
        ("麻烦再说一遍", Intent.REPEAT),
        ("说慢一点", Intent.SPEAK_SLOWER),
        ("等一下，我找支笔", Intent.HOLD),
        ("我不想说", Intent.REFUSAL),
        ("想不起来了", Intent.DONT_KNOW),
        ("都行，无所谓", Intent.NO_PREFERENCE),
        ("取消预约吧", Intent.CANCEL),
        ("你们服务太差了", Intent.COMPLAINT),
        ("要多少钱啊", Intent.QUESTION),
        ("再见", Intent.GOODBYE),
        ("谢谢啊", Intent.THANKS),
        ("喂，你好", Intent.GREETING),
        ("好的", Intent.YES),
        ("不行", Intent.NO),
        ("", Intent.NOTHING),
    ],
)
def test_what_is_no_answer_is_told_by_its_intent(
    step: Step, utterance: str, intent: Intent
) -> None:
    result = hear(step, utterance)
    assert (result.intent, result.value, dict(result.fields)) == (intent, None, {})


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
    assert hear(Step.TIME, utterance, confirming=True).intent is Intent.YES


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
    assert hear(Step.TIME, utterance, confirming=True).intent is Intent.NO


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
    assert hear(Step.TIME, utterance, confirming=True).intent is not Intent.YES


@pytest.mark.parametrize("utterance", ["对，明天下午三点", "是的，三点", "好的，就明天"])
def test_a_yes_may_repeat_what_was_read_back(utterance: str) -> None:
    result = hear(Step.TIME, utterance, confirming=True, held="2024-05-09T15:00")
    assert result.intent is Intent.YES


@pytest.mark.parametrize("utterance", ["行吧，那就四点", "可以的话四点", "四点可以"])
def test_a_yes_to_something_else_is_a_correction(utterance: str) -> None:
    result = hear(Step.TIME, utterance, confirming=True, held="2024-05-09T15:00")
    assert result.fields == {Step.TIME: "2024-05-09T16:00"}


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
    result = hear(Step.TIME, utterance, confirming=True, held="2024-05-09T15:00")
    assert (result.intent, result.fields) == (Intent.CORRECTION, {step: value})


def test_one_utterance_fills_several_fields() -> None:
    result = hear(Step.NAME, "我叫高峰，电话幺三九零零幺三四五六七，邮箱gao@qq.com")
    assert result.fields == {
        Step.NAME: "高峰",
        Step.PHONE: "+8613900134567",
        Step.EMAIL: "gao@qq.com",
    }
    assert (result.intent, result.value) == (Intent.ANSWER, "高峰")


def test_an_earlier_field_is_corrected_without_answering_the_question() -> None:
    result = hear(Step.EMAIL, "不好意思，我的电话应该是13900134567")
    assert (result.intent, result.value) == (Intent.CORRECTION, None)
    assert result.fields == {Step.PHONE: "+8613900134567"}


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
    result = hear(step, utterance, held="2024-05-09T15:00")
    assert (result.value, result.fields) == (None, {field: value})


def test_what_is_denied_at_the_end_is_not_meant() -> None:
    assert hear(Step.TIME, "后天下午三点，不是四点").value == "2024-05-10T15:00"


def test_the_span_points_into_the_utterance() -> None:
    utterance = "嗯，我叫高峰。"
    result = hear(Step.NAME, utterance)
    assert result.span is not None
    assert utterance[slice(*result.span)] == "高峰"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.sampled_from(FIELDS), st.booleans())
def test_no_text_makes_it_raise(utterance: str, step: Step, confirming: bool) -> None:
    result = hear(step, utterance, confirming=confirming)
    assert 0.0 <= result.confidence <= 1.0


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_length_costs_no_more_than_a_fraction_of_a_second(piece: str) -> None:
    started = time.process_time()
    for step in FIELDS:
        hear(step, piece * (20_000 // len(piece)))
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "utterance", ["明天下雨吗", "周五会冷吗？", "今天有雪吗", "今天过得好吗", "周五有空吗"]
)
def test_a_day_in_a_question_for_a_fact_is_no_answer(utterance: str) -> None:
    understood = hear(Step.TIME, utterance)
    assert understood.value is None
    assert understood.intent is Intent.QUESTION


@pytest.mark.parametrize(
    ("utterance", "day"),
    [
        ("周五还有空位吗", "2024-05-10"),
        ("我想明天去，还有名额吗", "2024-05-09"),
        ("后天过来行吗", "2024-05-10"),
    ],
)
def test_a_day_whose_free_places_are_asked_for_is_an_answer(utterance: str, day: str) -> None:
    assert hear(Step.TIME, utterance).value == day
