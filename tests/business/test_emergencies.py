"""Emergencies: told at once, whatever the words; what only sounds like one is none."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import phonenumbers
import pytest

from voicebot.business import Business, load_business

TOLD = tomllib.loads(
    files("voicebot").joinpath("business/emergencies.toml").read_text(encoding="utf-8")
)
LANGUAGES = ("en", "zh-CN", "es")
EXAMPLES = [
    (language, number, text, kind)
    for language in LANGUAGES
    for number, emergency in enumerate(TOLD[language]["emergency"])
    for kind in ("said", "calm")
    for text in emergency[kind]
]


def business(language: str = "en", region: str = "AU", **more: object) -> Business:
    """A business without emergencies of its own."""
    return Business.model_validate(
        {
            "company": {"id": "b", "name": "B"},
            "services": [{"id": "s", "name": "S"}],
            "hours": {},
            "language": language,
            "region": region,
            **more,
        }
    )


@pytest.mark.parametrize(("language", "number", "text", "kind"), EXAMPLES)
def test_every_example_of_the_table_is_read_so(
    language: str, number: int, text: str, kind: str
) -> None:
    built_in = business(language)
    expected = built_in.emergencies[number] if kind == "said" else None
    assert built_in.emergency_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my house is flooding please hurry",
        "Hi yeah there's smoke coming from the power board",
        "uh my oven caught on fire",
        "the whole street smells like gas mate",
        "no it's not okay I can smell gas",
        "I don't know what to do, somebody's been electrocuted",
        "It's not an emergency but I do smell gas",
        "there's raw sewage coming up through the shower",
        "the pipe burst last week and it's burst again, water everywhere",
        "the laundry floods every winter and it's flooding now",
        "it leaks when it rains, and now water is everywhere",
        "the hot water tank has burst",
    ],
)
def test_an_emergency_is_known_in_other_words(text: str) -> None:
    assert business().emergency_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "it's not an emergency",
        "I need a smoke alarm battery changed",
        "it smells of gasoline",
        "24 Firestone Street",
        "I live at 9 Gas Works Lane",
        "my boss fired the last plumber",
        "we had the carpet wet in the flood last month",
        "her name is Ember Sparks",
        "I hurt my back so can't do the mowing",
        "no rush, the tap drips",
        "I've got water coming in through the roof when it rains",
        "it floods every winter",
        "the garage floods in heavy rain",
        "our yard gets flooded each autumn",
        "the cellar used to flood",
        "will it flood again?",
        "my neighbour had a burst pipe and I want mine looked at",
        "after the flood the carpets smell",
        "",
    ],
)
def test_what_only_sounds_like_one_is_none(text: str) -> None:
    assert business().emergency_in(text) is None


@pytest.mark.parametrize(
    ("region", "language", "text", "number"),
    [
        ("AU", "en", "I smell gas", "000"),
        ("GB", "en", "the house is on fire", "999"),
        ("GB", "en", "I smell gas", "0800 111 999"),
        ("US", "en", "the house is on fire", "911"),
        ("CN", "zh-CN", "厨房着火了", "119"),
        ("CN", "zh-CN", "有人晕倒了", "120"),
        ("ES", "es", "hay fuego en la cocina", "112"),
        ("CN", "zh-CN", "每次下雨都这样，现在冒烟了", "119"),
    ],
)
def test_the_number_is_that_of_the_region(
    region: str, language: str, text: str, number: str
) -> None:
    found = business(language, region).emergency_in(text)
    assert found is not None
    assert found.number == number
    assert number in found.say


NUMBERS = [
    (region, rings, number)
    for region, row in TOLD["numbers"].items()
    for rings, number in row.items()
]
GAS_NETWORKS = {("GB", "gas"), ("IE", "gas")}
"""The freephone lines of the countries' gas networks, open day and night."""
MEDICAL_LINES = {("PE", "injury")}
"""SAMU's 106, which Peru's ministry of health runs; phonenumbers lists 105, 116 and 117 alone."""


@pytest.mark.parametrize(("region", "rings", "number"), NUMBERS)
def test_every_number_is_an_emergency_number_of_its_region(
    region: str, rings: str, number: str
) -> None:
    if (region, rings) in GAS_NETWORKS:
        line = phonenumbers.parse(number, region)
        assert phonenumbers.number_type(line) == phonenumbers.PhoneNumberType.TOLL_FREE
    elif (region, rings) in MEDICAL_LINES:  # once the library knows it, this entry goes
        assert number == "106"
        assert not phonenumbers.is_emergency_number(number, region)
    else:
        assert phonenumbers.is_emergency_number(number, region)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_region_whose_number_is_not_known_is_told_none(language: str) -> None:
    for emergency in business(language, "TV").emergencies:
        assert emergency.number == ""
        assert not any(sign.isdigit() or sign in "{}" for sign in emergency.say)


def test_emergencies_of_the_file_replace_the_built_in_ones() -> None:
    own = {"words": ["tooth ... knocked out"], "say": "Keep it in milk."}
    clinic = business(emergencies=[own])
    found = clinic.emergency_in("my son's tooth has just been knocked out")
    assert found is not None
    assert found.say == "Keep it in milk."
    assert clinic.emergency_in("the house is on fire") is None
    assert clinic.emergency_in("my tooth is one that I want knocked out") is None  # too far apart
    assert business(emergencies=[]).emergency_in("the house is on fire")


def test_the_clinic_knows_its_own_emergencies() -> None:
    clinic = load_business(Path("dental"))
    found = clinic.emergency_in("my face is swollen and I have trouble breathing")
    assert found is not None
    assert "999" in found.say
    assert clinic.emergency_in("I have a toothache") is None
