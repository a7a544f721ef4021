"""E-mail addresses spoken in Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.collect.understanding import Missing
from voicebot.collect.understanding.zh.email import find_email
from voicebot.collect.understanding.zh.script import fold


def heard(utterance: str, partial: str | None = None) -> str | None:
    found = find_email(fold(utterance).plain, partial)
    return found.value if found else None


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
    assert find_email(fold(utterance).plain) is None


def test_either_half_may_come_first() -> None:
    front = find_email(fold("g a o 八六").plain)
    back = find_email(fold("艾特 163 点 com").plain)
    assert front is not None
    assert back is not None
    assert (front.missing, front.partial) == (Missing.DOMAIN, "gao86")
    assert (back.missing, back.partial) == (Missing.LOCAL_PART, "@163.com")
    assert heard("163点com", front.partial) == "gao86@163.com"
    assert heard("gao86", back.partial) == "gao86@163.com"


@given(st.from_regex(r"\A[a-z]{2,8}[0-9]{0,4}\Z"), st.sampled_from(["qq", "163", "gmail"]))
def test_any_spelled_address_survives_being_spoken(local: str, provider: str) -> None:
    spelled = " ".join(local)
    assert heard(f"邮箱是 {spelled} 艾特 {provider} 点 com") == f"{local}@{provider}.com"
