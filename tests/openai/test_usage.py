"""A call's use of paid services, and its cost."""

import asyncio
from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.openai import (
    Meter,
    Service,
    Tokens,
    Usage,
    load_prices,
    meter,
    read_usage,
    start_meter,
)

LIST = """
as_of = 2026-01-01
[hearing]
ear = 0.06
other = 0.6
[speaking]
tts = 0.12
other = 1.2
[understanding]
mind = { fresh = 1.0, cached = 0.1, output = 10.0 }
other = { fresh = 2.0, cached = 2.0, output = 20.0 }
"""


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(LIST)
    return path


def test_a_call_costs_what_was_heard_spoken_and_thought(prices: Path) -> None:
    bill = Meter(load_prices(prices))
    bill.heard("ear", 30)
    bill.asked_to_say(40)
    bill.spoke("tts", 15)
    bill.thought("mind", Tokens(input=1_000_000, cached=900_000, output=10_000))
    assert bill.usage.cost_usd == pytest.approx(0.03 + 0.03 + 0.1 + 0.09 + 0.1)
    assert (bill.usage.heard_s, bill.usage.spoken_s) == (30, 15)
    assert bill.usage.spoken_characters == 40


def test_an_unknown_model_costs_what_the_list_says_of_others(prices: Path) -> None:
    bill = Meter(load_prices(prices))
    bill.heard("new", 60)
    assert bill.usage.cost_usd == pytest.approx(0.6)


def test_a_call_is_spent_when_it_reaches_its_cap(prices: Path) -> None:
    bill = Meter(load_prices(prices), most_usd=0.05)
    bill.heard("ear", 49)
    assert not bill.is_spent
    bill.heard("ear", 2)
    assert bill.is_spent


def test_usage_survives_the_record_and_foreign_text_counts_as_none() -> None:
    used = Usage(heard_s=12.5, tokens_in=7, cost_usd=0.004)
    assert read_usage(used.to_json()) == used
    assert read_usage(None) == Usage()
    assert read_usage("{nothing") == Usage()
    for foreign in ('{"strange": 1}', '{"cost_usd": "0.004"}', '{"heard_s": -1}', "[]"):
        assert read_usage(foreign) == Usage()


def test_more_cached_than_given_costs_no_less_than_nothing() -> None:
    bill = Meter()
    bill.thought("gpt-6-luna", Tokens(input=10, cached=1_000_000))
    assert bill.usage.cost_usd > 0


def test_the_list_that_ships_can_be_used() -> None:
    prices = load_prices()
    assert prices.audio(Service.HEARING, "gpt-live-transcribe", 60) > 0


@pytest.mark.parametrize("text", ["", "as_of = 1", LIST.replace("other = 0.6", "")])
def test_a_list_that_cannot_be_used_is_a_wrong_setting(text: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SettingsError):
        load_prices(path)


async def test_each_call_has_its_own_meter_and_its_tasks_share_it() -> None:
    async def call(seconds: float) -> float:
        bill = Meter()
        start_meter(bill)

        async def work() -> None:
            meter().heard("whisper-1", seconds)

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work())
        return bill.usage.heard_s

    one, other = await asyncio.gather(asyncio.create_task(call(1)), asyncio.create_task(call(10)))
    assert (one, other) == (2, 20)
    assert meter().usage.heard_s == 0
