"""Calls that began in the old system go on over HTTP, whatever stands in their records."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

SID = "CAold1"


def record(**info: object) -> dict[str, object]:
    """An old record with all answers but the time."""
    known = {
        "name": "Test Caller",
        "phone": "+61255550100",
        "address": "1 Example Street, Sampletown",
        "email": "caller@example.com",
    }
    asked = {"speaker": "AI", "message": "Hello", "startedAt": "2026-11-29T20:00:05.123Z"}
    return {
        "callSid": SID,
        "user": {"userInfo": known | info, "service": {"id": "plumbing", "name": "Plumbing"}},
        "history": [asked],
        "servicebooked": False,
    }


async def say(http: httpx.AsyncClient, text: str) -> dict[str, object]:
    message = {"speaker": "customer", "message": text}
    answer = await http.post("/ai/conversation", json={"callSid": SID, "customerMessage": message})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "started",
    [
        "2026-11-29T20:00:05.123456",
        "2026-11-29",
        "2026-W48-7",
        "9999-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
        1795982405123,
        None,
    ],
)
async def test_a_call_goes_on_now_whenever_its_old_messages_say_they_were(
    http: httpx.AsyncClient, redis: Redis, started: object
) -> None:
    old = record()
    old["history"] = [{"speaker": "AI", "message": "Hello", "startedAt": started}]
    old["createdAt"] = started
    await redis.set(f"call:{SID}", json.dumps(old))
    answer = await say(http, "hello")
    skeleton = answer["callSkeleton"]
    assert isinstance(skeleton, dict)
    assert [m["message"] for m in skeleton["history"]][:2] == ["Hello", "hello"]
    for message in skeleton["history"][1:]:
        moment = datetime.fromisoformat(message["startedAt"])
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)
    for path in (f"/calls/{SID}", "/calls"):
        assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("phone", "not given"),
        ("email", "ann at example"),
        ("name", "\u200b"),
        ("address", "unknown"),
    ],
)
async def test_what_is_no_answer_is_asked_and_never_read_back(
    http: httpx.AsyncClient, redis: Redis, step: str, value: str
) -> None:
    await redis.set(f"call:{SID}", json.dumps(record(**{step: value})))
    assert (await http.get(f"/calls/{SID}")).json()["asking"] == step
    answers = [await say(http, "hello")]
    if (await http.get(f"/calls/{SID}")).json()["asking"] == "confirm":  # the phone's read-back
        answers.append(await say(http, "yes"))
    assert (await http.get(f"/calls/{SID}")).json()["asking"] == step
    assert value not in str([answer["aiResponse"] for answer in answers])


async def test_a_service_that_is_not_offered_is_asked_again(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    old = record()
    old["user"] = {"userInfo": record()["user"]["userInfo"], "service": "Roofing"}  # type: ignore[index]
    await redis.set(f"call:{SID}", json.dumps(old))
    assert (await http.get(f"/calls/{SID}")).json()["asking"] == "service"
