"""Addresses on one line, house numbers in digits."""

from __future__ import annotations

import pytest

from tests.collect.understanding.zh.hearing import given as given_in
from tests.collect.understanding.zh.hearing import heard as heard_at
from voicebot.call import Step
from voicebot.collect.understanding import Missing, Provide


def heard(utterance: str, *, asked: bool = True) -> str | None:
    return heard_at(Step.ADDRESS, utterance, at=Step.ADDRESS if asked else Step.SERVICE)


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("地址是苏州市姑苏区平江路一百零二号", "苏州市姑苏区平江路102号"),
        ("我家住在姑苏区平江路幺零二号，谢谢", "姑苏区平江路102号"),
        ("姑苏区平江路十二号，不对，二十二号", "姑苏区平江路22号"),
        ("姑苏区平江路那边，平江路十二号", "姑苏区平江路12号"),
        ("姑苏区平江路十二号，不对，是观前街九号", "姑苏区观前街9号"),
        ("长沙县人民路6号，说错了，中山北路7号", "长沙县中山北路7号"),
        ("苏州市，姑苏区，平江路，八十号，三栋二单元，五零二", "苏州市姑苏区平江路80号3栋2单元502"),
        ("送到五一路三号就行", "五一路3号"),
        ("平江路三杠五号", "平江路3-5号"),
        ("上海市静安区新闸路一千二百弄十八号三零五室", "上海市静安区新闸路1200弄18号305室"),
        ("武汉洪山区珞喻路9号，电话是13900134567", "武汉洪山区珞喻路9号"),
        ("平江路八十号，不对，八十二号", "平江路82号"),
        ("臺北市大安區和平東路二十號", "臺北市大安區和平東路20號"),
        ("姑苏区平江路102弄，等等，是102号，没有弄，5楼", "姑苏区平江路102号5楼"),
        ("姑苏区平江路102弄，不对，是102号", "姑苏区平江路102号"),
        ("姑苏区平江路八弄六号，哦不是六号，是九号，301室", "姑苏区平江路8弄9号301室"),
        ("姑苏区平江路20号3楼，不是3楼，是5楼", "姑苏区平江路20号5楼"),
        ("姑苏区平江路20号，不是平江路，是平门路", "姑苏区平门路20号"),
        ("姑苏区，嗯，平江路的，以前那个戏院对面，88号6号楼201", "姑苏区平江路88号6号楼201"),
        ("姑苏区的，平江路，99弄，那个，7号402", "姑苏区平江路99弄7号402"),
        ("平江路300号，姑苏区的", "姑苏区平江路300号"),
        ("姑苏区平江路100号，噢是200号", "姑苏区平江路200号"),
        ("姑苏区平江路100弄，不是弄，是号，100号", "姑苏区平江路100号"),
        ("姑苏区平江路9号25楼，25楼不是24楼", "姑苏区平江路9号25楼"),
        ("平江路88弄，6号，3号楼", "平江路88弄6号3号楼"),
        ("姑苏区，就是平江路那个弄堂，九十九弄四号，底楼", "姑苏区平江路99弄4号底楼"),
        ("姑苏区平江路那个，叫什么，对，平江路15号，甲幢，301", "姑苏区平江路15号甲幢301"),
        ("姑苏区，平江路11号，剧院旁边，明珠广场，H座，7楼", "姑苏区平江路11号明珠广场H座7楼"),
        ("姑苏区平江路9弄，9号1502。家里有只猫。", "姑苏区平江路9弄9号1502"),
        ("姑苏区平江路九号，十五A", "姑苏区平江路9号15A"),
    ],
)
def test_an_address_is_one_line_with_digits(utterance: str, address: str) -> None:
    assert heard(utterance) == address


@pytest.mark.parametrize(
    "utterance",
    [
        "不知道",
        "地址在哪里",
        "为什么要地址",
        "跟上次一样",
        "这条路上堵车吗",
        "我想住在一家便宜的酒店",
        "明天下午三点",
        "谢谢",
        "你们在哪条街",
        "就在医院对面",
        "银行大楼旁边",
    ],
)
def test_talk_is_no_address(utterance: str) -> None:
    assert heard(utterance) is None


def test_a_district_alone_lacks_its_street() -> None:
    found = given_in(Step.ADDRESS, "苏州市姑苏区")
    assert isinstance(found, Provide)
    assert (found.value, found.missing, found.partial) == (None, Missing.STREET, "苏州市姑苏区")
    whole = heard_at(Step.ADDRESS, "平江路八十号", partial=found.partial)
    assert whole == "苏州市姑苏区平江路80号"


@pytest.mark.parametrize("said", ["家里三室两厅", "我家是两室一厅，想做保洁", "三房两厅两卫"])
def test_the_rooms_of_a_flat_are_no_address(said: str) -> None:
    assert given_in(Step.ADDRESS, said, at=Step.NAME) is None


def test_a_street_alone_lacks_its_number() -> None:
    found = given_in(Step.ADDRESS, "姑苏区平江路")
    assert isinstance(found, Provide)
    assert (found.value, found.missing) == (None, Missing.HOUSE_NUMBER)
    assert heard_at(Step.ADDRESS, "500号", partial=found.partial) == "姑苏区平江路500号"


def test_an_address_that_was_not_asked_for_must_be_announced() -> None:
    assert heard("平江路八十号", asked=False) is None
    assert heard("我的地址是平江路八十号", asked=False) == "平江路80号"


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("不是102弄，是102号", "姑苏区平江路102号5楼"),
        ("不是，没有弄，就平江路102号5楼", "姑苏区平江路102号5楼"),
        ("就平江路109号", "姑苏区平江路109号"),
        ("没有5楼", "姑苏区平江路102弄"),
        ("不是5楼，搬到20楼2003了", "姑苏区平江路102弄20楼2003"),
        ("5楼搬到6楼了", "姑苏区平江路102弄6楼"),
        ("不是平江路，是平门路", "姑苏区平门路102弄5楼"),
        ("不是平江路，是平门路358弄12号401", "姑苏区平门路358弄12号401"),
        ("地址错了，不是姑苏区，是相城区", "相城区平江路102弄5楼"),
        ("人民路9号", "人民路9号"),
    ],
)
def test_a_part_of_the_held_address_is_mended_and_its_town_stays(
    utterance: str, address: str
) -> None:
    record = {Step.ADDRESS: "姑苏区平江路102弄5楼"}
    assert heard_at(Step.ADDRESS, utterance, at=Step.EMAIL, record=record) == address


def test_a_day_that_it_is_not_changes_no_address() -> None:
    record = {Step.ADDRESS: "姑苏区平江路5号"}
    said = "后天三点，不是五号，是六号"
    assert heard_at(Step.ADDRESS, said, at=Step.TIME, record=record) is None
