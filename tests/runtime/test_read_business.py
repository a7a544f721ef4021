"""A business file read aloud by the doctor."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.ports import free_port
from tests.runtime.given import settings
from voicebot.business import EXAMPLES, Booking, load_business
from voicebot.call import CallSid
from voicebot.cli import program
from voicebot.runtime.read_business import read_aloud
from voicebot.store import open_store

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday; in London, too."""


async def heard(name: str, tmp_path: Path, now: datetime = NOW, **given: object) -> list[str]:
    given.setdefault("redis_port", free_port())
    chosen = settings(tmp_path, **given)
    return [line async for line in read_aloud(load_business(Path(name)), chosen, now)]


async def test_it_says_what_callers_are_asked_in_the_words_that_they_hear(tmp_path: Path) -> None:
    told = await heard("dental", tmp_path)
    asked = [line.strip() for line in told if line.strip()[:2] in ("1.", "2.", "3.", "4.", "5.")]
    assert [line.split(":")[0][3:] for line in asked] == [
        "name",
        "phone",
        "email",
        "service",
        "time",
    ]
    assert "When would you like to come in?" in asked[-1]  # of a business that is visited
    assert "may be left out" in asked[2]


async def test_it_says_when_it_is_open_and_what_is_free_tomorrow(tmp_path: Path) -> None:
    told = await heard("dental", tmp_path)
    assert any("Monday 08:30-12:30, 13:30-18:00" in line for line in told)
    assert any("Sunday closed" in line for line in told)
    assert any(line.endswith("2026-12-31 to 2027-01-01") for line in told)
    (tomorrow,) = (line for line in told if line.startswith("tomorrow"))
    assert "Tuesday 03 March: free 08:30, 09:00" in tomorrow
    assert "by the opening hours alone" in tomorrow


async def test_a_closed_day_has_nothing_free(tmp_path: Path) -> None:
    told = await heard("dental", tmp_path, datetime(2026, 12, 24, 10, tzinfo=UTC))
    assert any("Friday 25 December: closed" in line for line in told)


@pytest.mark.valkey
@pytest.mark.slow
def test_what_is_booked_tomorrow_is_not_free(redis_url: str, tmp_path: Path) -> None:
    one_van = load_business(None).model_copy(update={"booking": Booking(capacity=1)})
    now = datetime.now(UTC)
    tomorrow = now.astimezone(one_van.zone) + timedelta(days=1)
    morning = tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)
    chosen = settings(tmp_path, redis_url=redis_url)

    async def booked_and_heard() -> list[str]:
        async with open_store(chosen, one_van) as store:
            ledger = await store.open_call(CallSid("CA1"), caller=None)
            await ledger.appointments.book(morning, "plumbing")
        return [line async for line in read_aloud(one_van, chosen, now)]

    told = asyncio.run(booked_and_heard())
    (free,) = (line for line in told if line.startswith("tomorrow"))
    assert "by the calendar" in free
    assert "08:00, 10:00" in free


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_can_be_read_aloud(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_REDIS_PORT", str(free_port()))
    done = CliRunner().invoke(program("doctor"), ["doctor", "--business", name])
    assert done.exit_code == 0, done.output
    assert load_business(Path(name)).company.name in done.output
