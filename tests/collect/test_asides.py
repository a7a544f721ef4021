"""Questions about price, length and what is offered are answered from the business file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.collect.conversation import at, run, said
from voicebot.business import Business, load_business
from voicebot.call import Message, Needs, Speaker, Step
from voicebot.collect.dialogue import Dialogue, situation
from voicebot.collect.events import Heard
from voicebot.collect.understanding import read

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DEMO, CHINESE = load_business(Path("demo")), load_business(Path("zh-home"))
SPANISH = Business.model_validate(
    {
        "company": {"id": "casa", "name": "Casa Lista"},
        "language": "es",
        "region": "ES",
        "timezone": "Europe/Madrid",
        "services": [
            {"id": "f", "name": "Fontanería", "price": "60 euros la visita"},
            {"id": "e", "name": "Electricidad", "price": "65 euros la visita"},
            {"id": "l", "name": "Limpieza", "price": "40 euros por dos horas", "minutes": 120},
        ],
        "hours": {"monday": [{"opens": "09:00", "closes": "18:00"}]},
    }
)


def asked(text: str, dialogue: Dialogue) -> tuple[Dialogue, str]:
    """The state after a caller's question, and the reply."""
    reading = read(text, situation(dialogue, NOW))
    dialogue, effects = run(dialogue, Heard(Message(Speaker.CALLER, text, NOW), reading, None))
    return dialogue, said(effects)


@pytest.mark.parametrize(
    ("text", "business", "told"),
    [
        ("how long does cleaning take", DEMO, "2 hours"),
        ("how long would the cleaners need", DEMO, "2 hours"),
        ("how many hours is a clean", DEMO, "2 hours"),
        ("how much time does it take to clean a house", DEMO, "2 hours"),
        ("how long will the plumber be here", DEMO, "an hour"),
        ("how long does it take", DEMO, "Cleaning .*2 hours"),  # each, as none is chosen
        ("how much is cleaning", DEMO, "90 dollars"),
        ("cleaning, how much is that", DEMO, "90 dollars"),
        ("what would mowing the lawn cost me", DEMO, "80 dollars"),
        ("what does an electrician set me back", DEMO, "130 dollars"),
        ("保洁要多久", CHINESE, "3个小时"),
        ("修空调大概多长时间", CHINESE, "90分钟"),
        ("请问你们收费怎么算，保洁多少钱", CHINESE, "六十元"),
        ("通下水道怎么收费", CHINESE, "一百元"),
        ("cuánto dura una limpieza", SPANISH, "2 horas"),
        ("cuánto cuesta un fontanero", SPANISH, "60 euros"),
    ],
)
def test_price_and_length_of_a_named_service_are_told_before_one_is_chosen(
    text: str, business: Business, told: str
) -> None:
    after, reply = asked(text, at(Step.NAME, business))
    assert re.search(told, reply)
    assert after.needs is Needs.NOTHING
    assert after.step is Step.NAME


@pytest.mark.parametrize(
    ("text", "service", "told"),
    [
        ("how long will it take", "Cleaning", "2 hours"),
        ("how much is it", "Gardening", "80 dollars"),
        ("and how long would cleaning take", "Plumbing", "2 hours"),  # what is named goes before
    ],
)
def test_without_a_name_the_chosen_service_is_meant(text: str, service: str, told: str) -> None:
    _, reply = asked(text, at(Step.TIME, answers={Step.SERVICE: service}))
    assert told in reply


@pytest.mark.parametrize(
    ("text", "business", "told", "service"),
    [
        ("do you do carpets", DEMO, "cleaning", "Cleaning"),
        ("do you mow lawns", DEMO, "gardening", "Gardening"),
        ("are you able to install a ceiling fan", DEMO, "electrical", "Electrical"),
        ("修不修空调", CHINESE, "家电维修", "家电维修"),
        ("可以装灯吗", CHINESE, "电路维修", "电路维修"),
        ("arreglan enchufes", SPANISH, "electricidad", "Electricidad"),
    ],
)
def test_work_that_is_ours_gets_a_yes_and_counts_as_the_service(
    text: str, business: Business, told: str, service: str
) -> None:
    after, reply = asked(text, at(Step.NAME, business))
    assert told in reply
    assert after.answers.get(Step.SERVICE) == service


@pytest.mark.parametrize(
    ("text", "business", "told"),
    [
        ("do you do roofs", DEMO, "plumbing, electrical, cleaning and gardening"),
        ("is painting something you do", DEMO, "plumbing, electrical"),
        ("do you have a locksmith", DEMO, "plumbing, electrical"),
        ("do you service air conditioners", DEMO, "plumbing, electrical"),
        ("你们做搬家吗", CHINESE, "水管维修"),
        ("arreglan el coche", SPANISH, "fontanería"),
    ],
)
def test_work_of_another_trade_gets_an_honest_no(text: str, business: Business, told: str) -> None:
    after, reply = asked(text, at(Step.NAME, business))
    assert told in reply
    assert Step.SERVICE not in after.answers
    assert after.needs is Needs.NOTHING


@pytest.mark.parametrize("text", ["do you clean ovens", "can you come on Tuesday"])
def test_what_may_be_ours_is_not_denied(text: str) -> None:
    _, reply = asked(text, at(Step.NAME))
    assert "plumbing, electrical, cleaning and gardening" not in reply
