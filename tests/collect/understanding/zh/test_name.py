"""Names: announced, bare, explained by their characters, foreign; and talk that is none."""

from __future__ import annotations

import pytest

from tests.collect.understanding.zh.hearing import heard as heard_at
from voicebot.call import Step
from voicebot.collect.understanding import Asked


def heard(utterance: str, *, asked: bool = True) -> str | None:
    return heard_at(Step.NAME, utterance, at=Step.NAME if asked else Step.EMAIL)


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("我叫高峰", "高峰"),
        ("哈哈行吧，我姓傅，傅晓峰", "傅晓峰"),
        ("免贵姓萧，萧晓静", "萧晓静"),
        ("阎峰", "阎峰"),
        ("高峰", "高峰"),
        ("嗯，高晓峰吧", "高晓峰"),
        ("我是高峰女士", "高峰"),
        ("高先生", "高"),
        ("我是高小姐，高晓静", "高晓静"),
        ("免贵姓高，高晓峰", "高晓峰"),
        ("我姓高，单名一个峰字", "高峰"),
        ("我姓高，叫晓峰", "高晓峰"),
        ("司马光明，复姓司马", "司马光明"),
        ("我叫高峰我的电话是幺三九", "高峰"),
        ("姓名：范佩西", "范佩西"),
        ("我叫陳曉峰", "陳曉峰"),
        ("我的名字是托马斯·爱迪生", "托马斯·爱迪生"),
        ("我叫克里斯蒂娜", "克里斯蒂娜"),
        ("我的英文名是 mary lou", "Mary Lou"),
        ("叫我小高就行", "小高"),
        ("我叫阿珍，陈美珍啦", "陈美珍"),
        ("我姓范，范冰冰的范，单名一个毅，毅力的毅", "范毅"),
        ("我想要清洁，apartment，两个房间", None),
        ("高，晓，峰", "高晓峰"),
        ("登记在李红霞名下", "李红霞"),
        ("登记赵雅芝的名字", "赵雅芝"),
        ("王", "王"),
        ("我叫晓雯", "晓雯"),
        ("我叫约翰.杰克逊", "约翰·杰克逊"),
        ("卢", "卢"),
        ("金大爷，金福生", "金福生"),
        ("我叫Kevin，姓林，林凯文", "林凯文"),
        ("不好意思，高峰", "高峰"),
        ("不好意思，周三我临时出差", None),
    ],
)
def test_a_name_is_kept_as_it_was_given(utterance: str, name: str | None) -> None:
    assert heard(utterance) == name


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("章晓峰，弓长张", "张晓峰"),
        ("高枫，山峰的峰", "高峰"),
        ("弓长张，山峰的峰", "张峰"),
        ("高峰，登高的高，山峰的峰", "高峰"),
        ("欧阳锋，山峰的峰，不是先锋的锋", "欧阳峰"),
    ],
)
def test_explained_characters_win_over_those_that_were_heard(utterance: str, name: str) -> None:
    assert heard(utterance) == name


@pytest.mark.parametrize(
    "utterance", ["叫高枫，不对，是高峰", "不是高枫，是高峰", "高枫，呃说错了，高峰"]
)
def test_what_was_said_last_counts(utterance: str) -> None:
    assert heard(utterance) == "高峰"


@pytest.mark.parametrize(
    "utterance",
    [
        "是的",
        "谢谢",
        "我是来看牙的",
        "我是老顾客",
        "方便的时候",
        "周五",
        "马上",
        "我就是想问问",
        "可以",
        "不告诉你",
        "何时能来",
        "什么",
        "车坏了",
        "我姓什么不重要",
    ],
)
def test_ordinary_talk_is_nobodys_name(utterance: str) -> None:
    assert heard(utterance) is None


def test_a_name_that_was_not_asked_for_must_be_announced() -> None:
    assert heard("高峰", asked=False) is None
    assert heard("我的名字是高峰", asked=False) == "高峰"


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("小高。高晓峰", "高晓峰"),
        ("阿峰。高晓峰", "高晓峰"),
        ("高晓峰，房东姓萧", "高晓峰"),
        ("我叫高晓峰，邻居叫傅静", "高晓峰"),
        ("他叫傅静", "傅静"),
        ("我妈叫傅静，我叫高晓峰", "高晓峰"),
        ("我妈叫傅静", "傅静"),
    ],
)
def test_somebody_elses_name_and_a_short_one_give_way(utterance: str, name: str) -> None:
    assert heard(utterance) == name


@pytest.mark.parametrize(
    ("utterance", "name"),
    [
        ("对的对的，欧阳，就是那个复姓", "欧阳秀珍"),
        ("对，姓欧阳", "欧阳秀珍"),
        ("不对，姓王", "王"),
        ("对，欧阳秀真", "欧阳秀真"),
    ],
)
def test_half_of_the_name_beside_a_yes_agrees_to_it(utterance: str, name: str) -> None:
    record = {Step.NAME: "欧阳秀珍"}
    assert heard_at(Step.NAME, utterance, record=record, asked=Asked.CONFIRM) == name
