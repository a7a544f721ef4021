"""The calendar's routes over a real Valkey: what stands on which day, moved and called off."""

from datetime import datetime, timedelta

import httpx
import pytest

from tests.console.test_app import WORDS, begin, say
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.settings import Settings
from voicebot.store import open_store

ZONE = load_business(None).zone


async def book(http: httpx.AsyncClient, sid: str) -> str:
    """Book tomorrow at ten; return that day."""
    await begin(http, sid)
    for text in WORDS:
        await say(http, text, sid)
    booked = (await http.get(f"/calls/{sid}")).json()
    assert booked["status"] == "booked"
    return str(booked["user"]["serviceBookedTime"])[:10]


async def diary(http: httpx.AsyncClient, **query: str) -> dict[str, list[str]]:
    days = (await http.get("/live/bookings", params=query)).json()
    return {day["day"]: [call["callSid"] for call in day["calls"]] for day in days}


async def change(http: httpx.AsyncClient, sid: str, time: str | None) -> tuple[int, str]:
    body = {"by": "Kim", "time": time}
    answer = await http.post(f"/live/calls/{sid}/appointment", json=body)
    return answer.status_code, "" if answer.is_success else answer.json()["error"]


async def test_a_week_from_today_is_shown_and_only_what_stands(http: httpx.AsyncClient) -> None:
    await begin(http, "CA-open")
    day = await book(http, "CA-stands")
    week = await diary(http)
    assert len(week) == 7
    assert next(iter(week)) == f"{datetime.now(ZONE):%Y-%m-%d}"
    assert {d: found for d, found in week.items() if found} == {day: ["CA-stands"]}
    assert await diary(http, day=day, days="1") == {day: ["CA-stands"]}
    shown = (await http.get("/live/bookings")).text
    assert "Carter" not in shown
    assert "412" not in shown


async def test_a_moved_one_is_on_its_new_day_and_a_called_off_one_on_none(
    http: httpx.AsyncClient,
) -> None:
    day = await book(http, "CA-moves")
    later = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"
    assert await change(http, "CA-moves", f"{later}T11:00") == (204, "")
    week = await diary(http)
    assert (week[day], week[later]) == ([], ["CA-moves"])
    record = (await http.get("/calls/CA-moves")).json()
    assert record["user"]["serviceBookedTime"].startswith(f"{later}T11:00")
    assert await change(http, "CA-moves", None) == (204, "")
    assert (await diary(http))[later] == []
    assert (await http.get("/calls/CA-moves")).json()["status"] == "cancelled"
    assert await change(http, "CA-moves", None) == (409, "not_booked")


@pytest.mark.parametrize(
    ("time", "why"),
    [
        ("soon", "not_valid"),
        ("2020-03-04T09:30", "past"),
        ("2099-03-04T09:30", "too_far"),
        ("03:00", "closed"),
    ],
)
async def test_a_time_that_cannot_be_had_moves_nothing(
    http: httpx.AsyncClient, time: str, why: str
) -> None:
    day = await book(http, "CA-stays")
    time = f"{day}T{time}" if why == "closed" else time
    assert await change(http, "CA-stays", time) == (422, why)
    assert (await diary(http))[day] == ["CA-stays"]


async def test_nobodys_call_is_changed_under_them(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    await book(http, "CA-rings")
    assert await change(http, "CA-nobody", None) == (404, "unknown_call")
    other = settings.model_copy(update={"data_dir": settings.data_dir / "worker"})
    sid = CallSid("CA-rings")
    async with open_store(other, load_business(None)) as store, store.index.hold(sid):
        while not await store.index.is_live(sid):
            pass  # the request itself gives way
        assert await change(http, sid, None) == (409, "call_is_live")
