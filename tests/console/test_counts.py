"""The figures of the last days: how calls ended, where callers gave up, minutes and cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.console.test_app import WORDS, begin, say
from tests.console.test_bookings import book
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.store.layout import call_keys, iso_utc

ZONE = load_business(None).zone


async def counts(http: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await http.get("/live/counts", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def set_fields(redis: Redis, sid: str, **fields: str) -> None:
    """Make a stored call as it might be of another day, or of another ending."""
    await redis.hset(call_keys(CallSid(sid)).call, mapping=fields)  # type: ignore[arg-type]


async def test_each_call_counts_on_its_day_by_how_it_stands(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await book(http, "CA-booked")
    await begin(http, "CA-left")
    await say(http, WORDS[0], "CA-left")
    await begin(http, "CA-goes-on")
    await begin(http, "CA-asked-to-go-on")
    again = {"user.userInfo.name": "Robin Carter", "step": "name", "status": "incomplete"}
    await set_fields(redis, "CA-asked-to-go-on", **again)
    await set_fields(redis, "CA-left", status="abandoned", usage='{"cost_usd": 0.25}')
    found = await counts(http)
    assert found["complete"]
    assert [day["day"] for day in found["days"]] == [
        f"{datetime.now(ZONE) - timedelta(days=n):%Y-%m-%d}" for n in range(7)
    ]
    today = found["days"][0]
    assert (today["calls"], today["costUsd"]) == (4, 0.25)
    assert today["status"] == {"booked": 1, "active": 1, "abandoned": 1, "incomplete": 1}
    assert today["stopped"] == {"phone": 2}
    assert not any(day["calls"] for day in found["days"][1:])


async def test_a_call_of_another_day_counts_there_with_its_minutes(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http, "CA-earlier")
    said = datetime.now(UTC)
    await set_fields(redis, "CA-earlier", createdAt=iso_utc(said - timedelta(days=2)))
    days = {day["day"]: day for day in (await counts(http))["days"]}
    then = days[f"{datetime.now(ZONE) - timedelta(days=2):%Y-%m-%d}"]
    assert then["calls"] == 1
    assert then["minutes"] == pytest.approx(2 * 24 * 60, abs=1)


async def test_an_open_call_has_stopped_when_nothing_is_said_for_an_hour(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http, "CA-silent")
    history = call_keys(CallSid("CA-silent")).history
    an_hour_ago = iso_utc(datetime.now(UTC) - timedelta(hours=1, minutes=1))
    await redis.lset(history, -1, f'{{"speaker": "AI", "startedAt": "{an_hour_ago}"}}')
    await set_fields(redis, "CA-silent", createdAt=an_hour_ago)
    stopped = [day["stopped"] for day in (await counts(http))["days"] if day["calls"]]
    assert stopped == [{"name": 1}]


async def test_what_cannot_be_read_is_left_out_and_what_there_is_no_time_for_is_told(
    http: httpx.AsyncClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await begin(http, f"CA-{n}")
    await set_fields(redis, "CA-1", status="what", createdAt="once")
    await redis.delete(call_keys(CallSid("CA-2")).history)
    assert (await counts(http))["days"][0]["calls"] == 2
    monkeypatch.setattr("voicebot.console.counts.COUNT_S", 0.0)
    monkeypatch.setattr("voicebot.console.counts.AT_ONCE", 2)
    hurried = await counts(http)
    assert (hurried["complete"], hurried["days"][0]["calls"]) == (False, 1)


async def test_more_days_than_a_month_are_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/live/counts", params={"days": "32"})).status_code == 422
