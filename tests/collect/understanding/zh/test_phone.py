"""Numbers read out in Chinese come back in E.164, or as the piece they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.understanding.zh.hearing import NOW
from tests.collect.understanding.zh.hearing import given as given_in
from tests.collect.understanding.zh.hearing import heard as heard_at
from voicebot.call import Step
from voicebot.collect.understanding import Missing, Note, Provide, Situation, read

MOBILE = "+8613900134567"


def heard(utterance: str, partial: str | None = None) -> str | None:
    return heard_at(Step.PHONE, utterance, partial=partial)


@pytest.mark.parametrize(
    "utterance",
    [
        "幺三九零零幺三四五六七",
        "一三九，零零一三，四五六七",
        "139 0013 4567",
        "１３９００１３４５６７",
        "加八六 139-0013-4567",
        "幺三九，〇〇幺三，四五六七",
        "one three nine 零零幺三 四五六七",
        "零零八六一三九零零一三四五六七",
        "手机是一三九两个零一三四五六七，谢谢",
        "你记一下啊，幺三九，嗯，双零幺三，四五六七",
    ],
)
def test_a_mobile_number_is_read_however_it_is_said(utterance: str) -> None:
    assert heard(utterance) == MOBILE


@pytest.mark.parametrize(
    ("utterance", "number"),
    [
        ("区号零二一，六二七八九零零三", "+862162789003"),
        ("区号021，电话62789003", "+862162789003"),
        ("021-62789003转8012", "+862162789003"),
        ("（0571）87900012 分机三零二", "+8657187900012"),
        ("+1 212 555 2368", "+12125552368"),
        ("一三八五个六一二三", "+8613866666123"),
        ("五四八八，七六三二，前面加021。", "+862154887632"),
        ("五四八八七六三二，区号是零二一", "+862154887632"),
        ("就打这个电话：13900134567", MOBILE),
        ("这个号码不是我的，打我的：13900134567", MOBILE),
        ("不要打这个，打13900134567", MOBILE),
        ("13900134567，打不通就打前台021-66778899", MOBILE),
    ],
)
def test_landlines_foreign_numbers_and_repeated_digits(utterance: str, number: str) -> None:
    assert heard(utterance) == number


@pytest.mark.parametrize(
    "utterance",
    [
        "幺三九零零幺三四五六八，不对，四五六七",
        "幺三九零零幺三四五六八，最后一位是七",
        "13700001111，说错了，是13900134567",
        "一三九，零零一四，不对，零零一三，四五六七",
    ],
)
def test_what_was_said_last_counts(utterance: str) -> None:
    assert heard(utterance) == MOBILE


@pytest.mark.parametrize(
    "utterance", ["等一下", "下午三点半", "我们三个人", "五百到六百元", "二十八号楼"]
)
def test_other_numbers_are_no_telephone_number(utterance: str) -> None:
    assert given_in(Step.PHONE, utterance) is None


def test_half_a_number_waits_for_the_other_half() -> None:
    piece = given_in(Step.PHONE, "幺三九零零幺三")
    assert isinstance(piece, Provide)
    assert (piece.value, piece.missing, piece.partial) == (None, Missing.DIGITS, "1390013")
    assert heard("四五六七", piece.partial) == MOBILE


def test_an_area_code_given_afterwards_goes_in_front() -> None:
    assert heard("区号是零二一", "62789003") == "+862162789003"


@given(st.from_regex(r"\A1(39|86|58)[0-9]{8}\Z"), st.sampled_from(["", " ", "，", "、"]))
def test_any_mobile_number_survives_being_spoken(digits: str, pause: str) -> None:
    spoken = pause.join("零幺两三四五六七八九"[int(digit)] for digit in digits)
    assert heard(f"我的号码是{spoken}") == f"+86{digits}"


@pytest.mark.parametrize(
    "utterance",
    [
        "不过电话我老婆的也写一个，139 0013 4567",
        "对了再留一个备用电话，我儿子的，13900134567",
        "打不通就打我老公的，13900134567",
        "另外还有个号码13900134567，是我妈的",
        "我爱人的电话也记一下，13900134567",
    ],
)
def test_a_second_number_is_noted_and_leaves_the_callers_own(utterance: str) -> None:
    held = {Step.PHONE: "+8613800138000"}
    assert heard_at(Step.PHONE, utterance, at=Step.EMAIL, record=held) is None
    acts = read(utterance, Situation(Step.EMAIL, NOW, language="zh-CN", region="CN")).acts
    assert any(isinstance(act, Note) and "4567" in act.text for act in acts)


def test_the_only_number_that_is_told_is_the_answer() -> None:
    assert heard("写我老婆的吧，13900134567") == MOBILE


def test_the_number_that_calls_stays_beside_a_second_one() -> None:
    said = "就这个号码，打不通的话打我老公的，13900134567"
    assert heard_at(Step.PHONE, said, caller="+8613800138000") == "+8613800138000"
