"""The business file: read, checked, and asked about its hours."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from voicebot.business import Business, Confirm, answer_for, load_business, serves
from voicebot.call import Step
from voicebot.errors import SettingsError

SMALL = """
timezone = "Europe/London"
region = "GB"

[company]
id = "b"
name = "Bright Windows"

[[services]]
id = "panes"
name = "Window cleaning"

[hours]
monday = [{ opens = "09:00", closes = "12:00" }, { opens = "13:00", closes = "24:00" }]

[booking]
slot_minutes = 60

[confirm]
name = "explicit"
time = "never"
"""
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return load_business(written(tmp_path, SMALL))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "business.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_demo_business_is_open_every_day_and_has_services() -> None:
    demo = load_business(None)
    days = [datetime(2026, 3, day, 10, tzinfo=demo.zone) for day in range(2, 9)]
    assert all(map(demo.is_open, days))
    assert demo.services


def test_every_demo_offer_is_found_by_its_name_whatever_the_case() -> None:
    demo = load_business(None)
    assert all(demo.offer(o.name.upper()) == o for o in demo.services)
    assert demo.offer("time travel") is None


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-03-02 09:00", True),
        ("2026-03-02 08:59", False),
        ("2026-03-02 11:00", True),
        ("2026-03-02 11:01", False),  # the slot would run into the break
        ("2026-03-02 12:30", False),
        ("2026-03-02 22:59", True),
        ("2026-03-02 23:00", True),  # it ends at midnight, as the business does
        ("2026-03-02 23:01", False),
        ("2026-03-02 23:30", False),  # the slot would run past midnight
        ("2026-03-03 10:00", False),  # a Tuesday
    ],
)
def test_a_slot_must_fit_into_the_opening_hours(business: Business, at: str, is_open: bool) -> None:
    assert business.is_open(datetime.fromisoformat(at).replace(tzinfo=LONDON)) is is_open


@pytest.mark.parametrize("midnight", ['"24:00"', '"00:00"', "00:00:00", '"23:59"'])
def test_a_business_open_until_midnight_takes_the_last_slot(tmp_path: Path, midnight: str) -> None:
    business = load_business(written(tmp_path, SMALL.replace('"24:00"', midnight)))
    assert business.is_open(datetime(2026, 3, 2, 23, tzinfo=LONDON))
    assert not business.is_open(datetime(2026, 3, 3, 0, tzinfo=LONDON))


def test_hours_are_local_whatever_zone_the_moment_is_told_in(business: Business) -> None:
    summer = datetime.fromisoformat("2026-06-01T08:30:00+00:00")  # 09:30 in London
    assert business.is_open(summer)


def test_the_file_sets_the_read_back_but_the_time_is_always_asked(business: Business) -> None:
    assert business.policy(Step.NAME) is Confirm.EXPLICIT
    assert business.policy(Step.EMAIL) is Confirm.EXPLICIT
    assert business.policy(Step.ADDRESS) is Confirm.IMPLICIT
    assert business.policy(Step.TIME) is Confirm.EXPLICIT


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            SMALL.replace("Europe/London", "Mars"),
            "timezone must be a time zone like Europe/London, not 'Mars'",
        ),
        (SMALL.replace("monday", "moonday"), "hours, moonday is no weekday; use monday,"),
        (
            SMALL.replace("slot_minutes = 60", "slot_minutes = 0"),
            "booking, slot_minutes must be 5 or more, not 0",
        ),
        (SMALL.replace('region = "GB"', 'region = "gb"'), "region 'gb' is no country; use"),
        (SMALL.replace('name = "Bright Windows"', ""), "company, name is missing"),
        (
            SMALL.replace('"13:00"', '"1pm"'),
            "hours, monday, number 2, opens must be a time like \"09:30\", not '1pm'",
        ),
        (
            SMALL.replace('"24:00"', '"02:00"'),
            "hours, monday, number 2 closes before it opens; end the day at 24:00",
        ),
        (SMALL + "\n[surprise]\n", "surprise is not known here"),
        ("company = ", "is not TOML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, wrong: str, told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)):
        load_business(written(tmp_path, wrong))


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "business.toml").write_text(SMALL, "utf-16")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_business(tmp_path / "business.toml")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\(No such file or directory\): set VOICEBOT_BUSIN"):
        load_business(tmp_path / "none.toml")


def grown(more: str) -> Business:
    """The small business with more in its file."""
    return Business.model_validate(tomllib.loads(f"{more}\n{SMALL}"))


def test_a_service_has_its_own_length_and_capacity() -> None:
    text = SMALL.replace('name = "Window cleaning"', 'name = "W"\nminutes = 90\ncapacity = 2')
    business = Business.model_validate(tomllib.loads(text))
    assert (business.minutes("panes"), business.minutes()) == (90, 60)
    assert (business.capacity("panes"), business.capacity()) == (2, 1)
    monday = datetime(2026, 3, 2, 11, 0, tzinfo=LONDON)
    assert business.is_open(monday)
    assert not business.is_open(monday, "panes")


def test_nobody_works_on_a_closed_day_whatever_the_hours_say() -> None:
    business = grown('closed = ["2026-03-02", { from = 2026-12-24, to = 2027-01-02 }]')
    assert not business.is_open(datetime(2026, 3, 2, 9, 0, tzinfo=LONDON))
    assert business.is_open(datetime(2026, 3, 9, 9, 0, tzinfo=LONDON))
    assert business.is_closed(date(2027, 1, 2))


def test_what_is_asked_keeps_its_order_and_always_holds_the_time() -> None:
    assert grown('ask = ["time", "name"]').ask == (Step.NAME, Step.TIME)
    with pytest.raises(ValidationError, match="time"):
        grown('ask = ["name"]')


def test_a_question_gets_the_businesss_own_answer() -> None:
    business = grown('answers = [{ ask = ["do you take cards"], say = "Yes, any card." }]')
    assert answer_for("Do you take cards?", business) == "Yes, any card."
    assert answer_for("Do you bring a ladder?", business) is None


def test_a_place_is_served_or_not_where_areas_are_named() -> None:
    business = grown('areas = ["Clapham", "East Ham"]')
    assert serves("do you come to East Ham?", business)
    assert serves("and to Ham?", business) is False
    assert serves("to Clapham", grown("")) is None


def test_an_emergency_is_known_by_its_words() -> None:
    listed = 'emergencies = [{ words = ["smell gas"], say = "Go outside.", number = "0800 1" }]'
    found = grown(listed).emergency_in("I can smell gas here")
    assert found is not None
    assert found.say == "Go outside."
    assert grown(listed).emergency_in("it smells of gasoline") is None
