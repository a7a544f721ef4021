"""One call that cannot be read is shown as broken, and takes no other with it."""

import asyncio
import csv
import io
import json

import httpx
import pytest
from redis.asyncio import Redis

from tests.store.calls import Stored
from voicebot.console.event_streams import events_of_all
from voicebot.settings import Settings

from .conftest import PROGRAM, console, hub_and_store
from .test_event_streams import take

WHOLE = ["CA1", "CA3"]


BREAKS = {
    "a string for a record": "SET call:{CA2} no-hash",
    "a string for a history": "SET call:{CA2}:history no-list",
    "a list for events": "RPUSH call:{CA2}:events no-stream",
    "a stream for a record": "XADD call:{CA2} * no hash",
}


@pytest.fixture(params=BREAKS.values(), ids=list(BREAKS))
async def broken(request: pytest.FixtureRequest, http: httpx.AsyncClient, redis: Redis) -> None:
    """Three calls, of which the second is broken."""
    await three_calls(http)
    command, key, *value = request.param.split()
    await redis.delete(key)
    await redis.execute_command(command, key, *value)  # type: ignore[no-untyped-call]


async def three_calls(http: httpx.AsyncClient) -> None:
    for sid in ("CA1", "CA2", "CA3"):
        assert (await http.post("/calls", json={"callSid": sid})).status_code == 201


async def listed(http: httpx.AsyncClient, **parameters: object) -> dict[str, dict[str, object]]:
    answer = await http.get("/calls", params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return {call["callSid"]: call for call in answer.json()["calls"]}


@pytest.mark.usefixtures("broken")
async def test_the_list_shows_it_as_broken_beside_the_others(http: httpx.AsyncClient) -> None:
    calls = await listed(http)
    assert {sid: call["broken"] for sid, call in calls.items()} == {
        "CA1": False,
        "CA2": True,
        "CA3": False,
    }
    assert (calls["CA2"]["needs"], calls["CA2"]["interrupted"]) == (None, False)
    assert sorted(await listed(http, status="active")) == WHOLE
    assert sorted(await listed(http, q="CA2")) == ["CA2"]


@pytest.mark.usefixtures("broken")
async def test_asked_for_alone_it_tells_what_is_wrong(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.get("/calls/CA2"),
        await http.get("/calls/CA2/events"),
        await http.get("/calls/CA2/export"),
        await http.post("/calls", json={"callSid": "CA2"}),
        await http.post(
            "/ai/conversation",
            json={"callSid": "CA2", "customerMessage": {"message": "Ann Lee"}},
        ),
        await http.post("/live/calls/CA2/taker", json={"by": "Kim"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (409, "broken_record")
        assert "call:{CA2}" in answer.json()["detail"]
    assert (await http.get("/calls/CA1")).status_code == 200


@pytest.mark.usefixtures("broken")
async def test_a_days_export_names_it(http: httpx.AsyncClient) -> None:
    sheet = await http.get("/export")
    rows = list(csv.DictReader(io.StringIO(sheet.text.lstrip("\ufeff"))))
    status = {row["callSid"]: row["status"] for row in rows}
    assert status == {"CA1": "active", "CA2": "broken", "CA3": "active"}
    file = await http.get("/export", params={"format": "json"})
    assert {call["callSid"]: call["status"] for call in file.json()} == status


@pytest.mark.usefixtures("broken")
async def test_the_page_shows_all_and_follows_the_others(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    async with console(settings) as later:  # one that has not read them while they were whole
        page = (await later.get("/live/calls")).json()["calls"]
    shown = {row["callSid"]: row["broken"] for row in page}
    assert shown == {"CA1": False, "CA2": True, "CA3": False}
    assert (await http.get("/live/calls/CA2")).json()["broken"] is True
    assert settings.redis_url
    async with hub_and_store(settings.redis_url) as at:  # and it comes up beside it
        listening = asyncio.create_task(take(events_of_all(at.hub, 0, PROGRAM), 1))
        said = {"callSid": "CA1", "customerMessage": {"message": "Ann Lee"}}
        assert (await http.post("/ai/conversation", json=said)).status_code == 200
        assert await listening


@pytest.mark.usefixtures("broken")
async def test_metrics_count_it(http: httpx.AsyncClient) -> None:
    await listed(http)  # what the console had read before it broke is read again
    metrics = (await http.get("/metrics")).text
    assert 'voicebot_recent_calls{status="broken"} 1.0' in metrics
    assert 'voicebot_recent_calls{status="active"} 2.0' in metrics


async def test_what_is_mended_is_shown_again(http: httpx.AsyncClient, redis: Redis) -> None:
    await three_calls(http)
    await redis.rename("call:{CA2}:history", "{CA2}:kept")
    await redis.set("call:{CA2}:history", "no list")
    assert (await listed(http))["CA2"]["broken"] is True
    await redis.rename("{CA2}:kept", "call:{CA2}:history")
    assert (await listed(http))["CA2"]["broken"] is False


@pytest.mark.parametrize("score", ["inf", "-inf", "1e300", "-5", "99999999999999999"])
async def test_an_entry_of_the_index_that_is_no_moment_hides_no_call(
    score: str, redis: Redis, settings: Settings
) -> None:
    async with console(settings) as http:
        await three_calls(http)
        await redis.zadd("voicebot:calls:recent", {"CA2": score})
        assert sorted(await listed(http)) == ["CA1", "CA2", "CA3"]
        assert (await http.get("/export")).text.count("\nCA") == 3
        seen: list[str] = []
        cursor: str | None = None
        while len(seen) < 3:
            found = (await http.get("/calls", params={"limit": 1, "cursor": cursor or ""})).json()
            seen += [call["callSid"] for call in found["calls"]]
            cursor = found["next"]
        assert sorted(seen) == ["CA1", "CA2", "CA3"]
    async with console(settings) as http:  # and it starts with it
        assert sorted(await listed(http)) == ["CA1", "CA2", "CA3"]


@pytest.mark.parametrize("name", ["", "no sid", "}", "{", "CA" * 99, "../x"])
async def test_a_name_in_the_index_that_is_no_callsid_is_passed_over(
    name: str, http: httpx.AsyncClient, redis: Redis
) -> None:
    await three_calls(http)
    await redis.zadd("voicebot:calls:recent", {name: 1e12})
    await redis.publish("voicebot:calls", name)
    await redis.hset(f"call:{{{name}}}", "createdAt", "2026-03-01T10:00:00.000Z")
    assert sorted(await listed(http)) == ["CA1", "CA2", "CA3"]


async def test_an_index_of_another_type_leaves_the_calls_where_they_can_be_asked_for(
    http: httpx.AsyncClient, redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    await three_calls(http)
    await redis.set("voicebot:calls:recent", "no sorted set")
    assert await listed(http) == {}
    assert (await http.get("/export")).status_code == 200
    assert (await http.get("/calls/CA1")).status_code == 200
    assert "index_of_calls_broken" in capsys.readouterr().err


STRANGE = [
    {"createdAt": "9999-12-31T23:59:59.999Z", "status": "?", "step": "?", "takenBy": "\x00"},
    {"createdAt": "0001-01-01T00:00:00+14:00", "services": "[1, null]", "company": "[]"},
    {"callSid": "CA1", "user.service": '{"name": {"a": [1e400]}}', "dialogue": "{"},
    {"createdAt": "", "updatedAt": "yesterday", "user.serviceBookedTime": "9999-12-31"},
]


@pytest.mark.parametrize("fields", STRANGE)
async def test_what_another_program_wrote_into_a_record_fails_nothing(
    fields: dict[Stored, Stored], http: httpx.AsyncClient, redis: Redis
) -> None:
    await three_calls(http)
    await redis.hset("call:{CA2}", mapping=fields)
    await redis.rpush("call:{CA2}:history", "", "null", '{"message": 1}', '{"message": "hello"}')
    events: list[dict[Stored, Stored]] = [
        {"type": "phase", "value": "thinking", "at": "2026-03-01T10:00:00"},
        {"type": "phase", "value": "speaking", "at": "2026-03-01T10:00:01Z"},
        {"type": "message", "message": "["},
        {"no": "type"},
    ]
    for event in events:
        await redis.xadd("call:{CA2}:events", event)
    assert sorted(await listed(http)) == ["CA1", "CA2", "CA3"]
    assert (await http.get("/live/calls/CA2")).status_code == 200
    assert (await http.get("/calls/CA2")).status_code == 200
    exported = (await http.get("/export", params={"format": "json"})).json()
    assert {call["callSid"] for call in exported} >= set(WHOLE)
    json.dumps(exported)
