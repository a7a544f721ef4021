"""E-mail addresses spoken in Chinese."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.collect.understanding.zh.hearing import given as given_in
from tests.collect.understanding.zh.hearing import heard as heard_at
from voicebot.call import Step
from voicebot.collect.understanding import Missing, Provide


def heard(utterance: str, partial: str | None = None) -> str | None:
    return heard_at(Step.EMAIL, utterance, partial=partial)


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("gao.feng@qq.com", "gao.feng@qq.com"),
        ("邮箱是 Gao 点 Feng 艾特 幺六三 点 com，都是小写", "gao.feng@163.com"),
        ("g a o 下划线 f e n g 圈a gmail点com", "gao_feng@gmail.com"),
        ("gao 减号 二零二四 at 新浪 点 com 点 cn", "gao-2024@sina.com.cn"),
        ("gao三个七，小老鼠，一二六点com", "gao777@126.com"),
        ("g是green的g，a，o，艾特，outlook点com", "gao@outlook.com"),
        ("我的QQ邮箱是七七八八九九零", "7788990@qq.com"),
        ("gao八十六艾特foxmail点con", "gao86@foxmail.com"),
        ("ｇａｏ＠ｑｑ．ｃｏｍ", "gao@qq.com"),
        ("gao at qq 点 com 电话 13900134567", "gao@qq.com"),
    ],
)
def test_an_address_is_written_as_it_was_said(utterance: str, address: str) -> None:
    assert heard(utterance) == address


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("gao@163.com，不对，是126点com", "gao@126.com"),
        ("gao 87，不对，86，艾特 163 点 com", "gao86@163.com"),
        ("gao艾特qq点com，说错了，是geng艾特qq点com", "geng@qq.com"),
    ],
)
def test_a_correction_replaces_what_it_names(utterance: str, address: str) -> None:
    assert heard(utterance) == address


@pytest.mark.parametrize("utterance", ["我没有邮箱", "为什么要问这个", "你好", "ok", "发短信就行"])
def test_talk_is_no_address(utterance: str) -> None:
    assert given_in(Step.EMAIL, utterance) is None


def test_either_half_may_come_first() -> None:
    front = given_in(Step.EMAIL, "g a o 八六")
    back = given_in(Step.EMAIL, "艾特 163 点 com")
    assert isinstance(front, Provide)
    assert isinstance(back, Provide)
    assert (front.missing, front.partial) == (Missing.DOMAIN, "gao86@")
    assert (back.missing, back.partial) == (Missing.LOCAL_PART, "@163.com")
    assert heard("163点com", front.partial) == "gao86@163.com"
    assert heard("gao86", back.partial) == "gao86@163.com"


@given(st.from_regex(r"\A[a-z]{2,8}[0-9]{0,4}\Z"), st.sampled_from(["qq", "163", "gmail"]))
def test_any_spelled_address_survives_being_spoken(local: str, provider: str) -> None:
    assume(local[: len(local) // 2] != local[len(local) // 2 :])  # one spelled twice is one
    spelled = " ".join(local)
    assert heard(f"邮箱是 {spelled} 艾特 {provider} 点 com") == f"{local}@{provider}.com"
