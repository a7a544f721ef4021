"""Of several addresses the one that is to be visited; and house numbers that sound like ranks."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Missing, Understanding
from voicebot.collect.understanding.rules import understand


def heard(said: str) -> Understanding:
    language, region = ("en", "AU") if said.isascii() else ("zh-CN", "CN")
    return understand(said, Asked(Step.ADDRESS, datetime(2026, 11, 29), region, language))


@pytest.mark.parametrize(
    "said",
    [
        "I live at 5 George Street but the job is at 9 Church Street",
        "I live at 5 George Street, the job's at 9 Church Street",
        "my address is 5 George Street but the work is at 9 Church Street",
        "I'm at 5 George Street but the house is at 9 Church Street",
        "my home is 5 George Street and the job is at 9 Church Street",
        "the job is at 9 Church Street, I live at 5 George Street",
        "9 Church Street, but I live at 5 George Street",
        "please come to 9 Church Street, my home is 5 George Street",
        "send the bill to 5 George Street, the job is at 9 Church Street",
        "billing address 5 George Street, site address 9 Church Street",
        "my office is at 5 George Street but come to 9 Church Street",
        "I'm calling from 5 George Street but it's 9 Church Street that needs it",
        "the job is at my daughter's, 9 Church Street, I'm at 5 George Street",
        "the office is 5 George Street, the job is at our other place, 9 Church Street",
        "home is 5 George Street but I need you at 9 Church Street",
        "not 5 George Street, 9 Church Street",
    ],
)
def test_the_address_of_the_job_is_taken(said: str) -> None:
    meant = heard(said)
    assert meant.value == "9 Church Street"
    assert meant.span is not None
    assert said[slice(*meant.span)] == "9 Church Street"


@pytest.mark.parametrize(
    "said",
    [
        "我住在中山路5号，但是活儿在解放路9号",
        "我家在中山路5号，上门地址是解放路9号",
        "发票寄到中山路5号，维修地点在解放路9号",
        "解放路9号，不是中山路5号",
    ],
)
def test_the_address_of_the_job_is_taken_in_chinese(said: str) -> None:
    assert heard(said).value == "解放路9号"


def test_where_only_the_suburb_of_the_job_is_told_its_street_is_asked_for() -> None:
    meant = heard("I live at 5 George Street, Newtown, but the job is in Ryde")
    assert (meant.value, meant.missing, meant.partial) == (None, Missing.STREET, "Ryde")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I live at 12 Elm Street, Newtown", "12 Elm Street, Newtown"),
        ("I live at 12 Elm Street but the entrance is on Bridge Street", "12 Elm Street"),
        ("my address is 12 Elm Street but come to the back door", "12 Elm Street"),
        ("I live at 12 Elm Street, not 14", "12 Elm Street"),
        ("12 Elm Street, Newtown, 2042", "12 Elm Street, Newtown 2042"),
    ],
)
def test_an_only_address_is_taken_whatever_is_told_beside_it(said: str, value: str) -> None:
    assert heard(said).value == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("12th Station Street", "12 Station Street"),
        ("12th Station Street, Newtown", "12 Station Street, Newtown"),
        ("123rd Main Road", "123 Main Road"),
        ("3rd Abbey Close", "3 Abbey Close"),
        ("unit 4, 12th Station Street", "Unit 4, 12 Station Street"),
        ("45 12th Street", "45 12th Street"),
        ("12 5th Avenue", "12 5th Avenue"),
        ("2nd floor, 12 Station Street", "2nd Floor, 12 Station Street"),
        ("5th Avenue", None),
        ("12th Street", None),
    ],
)
def test_a_rank_before_a_streets_name_is_its_house_number(said: str, value: str | None) -> None:
    assert heard(said).value == value
