"""The HTTP API, as front ends of the old system use it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.console.conftest import console
from tests.ports import free_port
from tests.store.cluster import cluster
from voicebot.call import CallSid
from voicebot.settings import Settings
from voicebot.store.index import CallIndex

SID = "CA-http-1"
WORDS = [
    "My name is Robin Carter",
    "0412 345 678",
    "yes",
    "27 George Street, Parramatta",
    "test at example dot com",
    "yes",
    "plumbing please",
    "tomorrow at 10 am",
    "yes",
]


async def begin(http: httpx.AsyncClient, sid: str = SID) -> dict[str, object]:
    answer = await http.post("/calls", json={"callSid": sid, "from": "+61255501234"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def say(http: httpx.AsyncClient, text: str, sid: str = SID) -> httpx.Response:
    message = {
        "speaker": "customer",
        "message": text,
        "startedAt": datetime.now(UTC).isoformat(),
    }
    return await http.post("/ai/conversation", json={"callSid": sid, "customerMessage": message})


async def test_a_new_call_greets_and_asks_and_has_both_in_its_history(
    http: httpx.AsyncClient,
) -> None:
    begun = await begin(http)
    assert begun["callSid"] == SID
    assert "What's your name" in begun["aiResponse"]["message"]  # type: ignore[index]
    record = (await http.get(f"/calls/{SID}")).json()
    assert (record["needs"], record["wish"], record["notes"]) == ("", "", [])
    assert [m["speaker"] for m in record["history"]] == ["AI"]
    assert (record["step"], record["status"], record["asking"]) == ("name", "active", "name")


async def test_a_call_without_a_sid_gets_one(http: httpx.AsyncClient) -> None:
    answer = await http.post("/calls", json={})
    assert (await http.get(f"/calls/{answer.json()['callSid']}")).status_code == 200


async def test_beginning_a_call_twice_shows_it_and_says_nothing_new(
    http: httpx.AsyncClient,
) -> None:
    first = await begin(http)
    again = await http.post("/calls", json={"callSid": SID})
    assert again.status_code == 200
    assert again.json()["callSkeleton"]["history"] == first["callSkeleton"]["history"]  # type: ignore[index]


async def test_six_steps_over_http_book_and_every_answer_is_there_at_once(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http)
    for text in WORDS:
        answer = await say(http, text)
        assert answer.status_code == 200, answer.text
        assert answer.json()["aiResponse"]["speaker"] == "AI"
        stored = await redis.lrange(f"call:{{{SID}}}:history", 0, -1)
        assert len(stored) == len(answer.json()["callSkeleton"]["history"])
    fields = await redis.hgetall(f"call:{{{SID}}}")
    assert fields["user.userInfo.phone"] == "+61412345678"
    assert fields["user.userInfo.email"] == "test@example.com"
    assert (fields["servicebooked"], fields["step"], fields["status"]) == ("true", "done", "booked")
    record = (await http.get(f"/calls/{SID}")).json()
    assert {k: record[k] for k in answer.json()["callSkeleton"]} == answer.json()["callSkeleton"]
    assert all(m.keys() == {"speaker", "message", "startedAt"} for m in record["history"])
    assert record["asking"] is None
    assert len(record["history"]) == 2 * len(WORDS) + 1


async def test_a_number_that_broke_off_is_offered_to_go_on_and_a_yes_is_understood(
    http: httpx.AsyncClient,
) -> None:
    await begin(http)
    await say(http, WORDS[0])
    await say(http, WORDS[1])
    later = await begin(http, "CA-http-2")
    assert "Shall we go on" not in later["aiResponse"]["message"]  # type: ignore[index]
    offer = (await say(http, WORDS[0], "CA-http-2")).json()
    assert "Shall we go on" in offer["aiResponse"]["message"]
    assert offer["callSkeleton"]["user"]["userInfo"]["phone"] is None
    assert (await http.get("/calls/CA-http-2")).json()["asking"] == "confirm"
    answer = (await say(http, "Yes, please.", "CA-http-2")).json()
    assert answer["callSkeleton"]["user"]["userInfo"]["phone"] == "+61412345678"
    assert "is that right?" in answer["aiResponse"]["message"]


async def test_a_yes_to_a_question_is_none_to_an_offer_that_was_not_made(
    http: httpx.AsyncClient,
) -> None:
    """Two write at once from one number: neither gets what the other has told."""
    for sid in ("CA-http-1", "CA-http-2"):
        await begin(http, sid)
    await say(http, WORDS[0], "CA-http-2")
    answer = (await say(http, "Yes.", "CA-http-1")).json()
    assert answer["callSkeleton"]["user"]["userInfo"]["name"] is None
    assert "Shall we go on" not in answer["aiResponse"]["message"]


async def test_a_call_that_was_given_up_is_open_again_once_somebody_writes(
    http: httpx.AsyncClient,
) -> None:
    await begin(http)
    await say(http, "My name is Robin Carter, I'll call back later")
    assert (await http.get(f"/calls/{SID}")).json()["status"] == "incomplete"
    for text in WORDS:
        await say(http, text)
        assert (await http.get(f"/calls/{SID}")).json()["status"] in ("active", "booked")
    assert (await http.get(f"/calls/{SID}")).json()["status"] == "booked"


async def test_a_conversation_goes_on_at_its_step_whoever_serves_it(
    http: httpx.AsyncClient, settings: object
) -> None:
    from tests.console.conftest import console

    await begin(http)
    await say(http, WORDS[0])
    async with console(settings) as other:  # type: ignore[arg-type]
        answer = await say(other, WORDS[1])
    assert "is that right?" in answer.json()["aiResponse"]["message"]


async def test_an_unknown_call_is_404_and_nothing_is_made(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    assert (await say(http, "hello")).status_code == 404
    assert (await http.get(f"/calls/{SID}")).status_code == 404
    assert await redis.dbsize() == 0


async def test_a_call_that_is_on_the_phone_is_409(http: httpx.AsyncClient, redis: Redis) -> None:
    await begin(http)
    async with CallIndex(redis).hold(CallSid(SID)):
        await wait_for_mark(redis)
        answer = await say(http, "hello")
    assert (answer.status_code, answer.json()["error"]) == (409, "call_is_live")
    assert (await say(http, WORDS[0])).status_code == 200


async def wait_for_mark(redis: Redis) -> None:
    while not await redis.exists(f"call:{{{SID}}}:live"):  # the reply itself gives way
        pass


@pytest.mark.parametrize(
    "body",
    [
        {"callSid": "no spaces allowed", "customerMessage": {"message": "x"}},
        {"callSid": SID, "customerMessage": {"message": "  "}},
        {"callSid": SID, "customerMessage": {"message": "x" * 2001}},
        {"callSid": SID},
        {"callSid": SID, "customerMessage": {"message": "x", "startedAt": "yesterday"}},
        {"callSid": SID, "customerMessage": {"message": "half \ud83d"}},
    ],
)
async def test_a_wrong_request_is_422_and_says_where(
    http: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await http.post(
        "/ai/conversation",
        content=json.dumps(body),  # as ASCII: half a character is an escape
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["loc"]
    for wrong in answer.json()["errors"]:
        assert not re.search("String|Input|pattern|valid", wrong["msg"])


async def test_all_that_is_wrong_is_told_at_once_and_no_value_is_quoted(
    http: httpx.AsyncClient,
) -> None:
    body = {"callSid": "Sam Smith", "customerMessage": {"message": "", "startedAt": "Sam Smith"}}
    answer = await http.post("/ai/conversation", json=body)
    assert answer.json()["detail"] == (
        "the request cannot be used: callSid must be 1 to 64 letters, digits or signs of _ . -; "
        "customerMessage, message must have 1 or more characters; "
        "customerMessage, startedAt must be a moment like 2026-03-02T09:00:00Z"
    )
    assert "Sam" not in answer.text


async def test_the_description_names_who_may_ask_and_how_a_stream_is_taken_up(
    http: httpx.AsyncClient,
) -> None:
    api = (await http.get("/openapi.json")).json()
    assert set(api["components"]["securitySchemes"]) == {"token", "session"}
    for path, operations in api["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) is (path not in ("/healthz", "/readyz")), path
    for path in ("/events", "/calls/{callSid}/events"):
        headers = [
            p["name"] for p in api["paths"][path]["get"]["parameters"] if p["in"] == "header"
        ]
        assert headers == ["Last-Event-ID"]


@pytest.mark.slow
async def test_the_console_is_not_ready_while_most_of_a_clusters_slots_are_down(
    settings: Settings, tmp_path: Path
) -> None:
    async with cluster(tmp_path) as nodes:
        chosen = settings.model_copy(update={"redis_url": nodes.url})
        async with console(chosen) as http:
            assert (await http.get("/readyz")).status_code == 200
            for process in nodes.processes[1:]:
                process.kill()
                process.wait()
            assert (await http.get("/readyz")).status_code == 503


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_the_console_begins_while_redis_is_away_and_says_so(
    settings: Settings, scheme: str
) -> None:
    away = settings.model_copy(update={"redis_url": f"{scheme}://127.0.0.1:{free_port()}"})
    async with console(away) as http:
        assert (await http.get("/healthz")).status_code == 200
        for path in ("/readyz", "/calls", f"/calls/{SID}", "/live/calls"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"]) == (503, "store_unavailable")


async def test_readiness_and_metrics_answer(http: httpx.AsyncClient) -> None:
    assert (await http.get("/readyz")).json() == {"status": "ready"}
    assert (await http.get("/metrics")).status_code == 200


async def test_a_record_and_its_row_show_what_staff_must_know(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http)
    note = {"text": "gate code 4711", "at": "2026-03-02T09:00:00.000Z"}
    await redis.hset(
        f"call:{{{SID}}}",
        mapping={"status": "incomplete", "wish": "complaint", "notes": json.dumps([note])},
    )
    record = (await http.get(f"/calls/{SID}")).json()
    assert (record["needs"], record["wish"], record["notes"]) == ("follow_up", "complaint", [note])
    (row,) = (await http.get("/calls", params={"q": SID})).json()["calls"]
    assert (row["needs"], row["wish"], row["notes"]) == ("follow_up", "complaint", [note])
    exported = (await http.get(f"/calls/{SID}/export")).json()
    assert (exported["needs"], exported["notes"]) == ("follow_up", [note])
    sheet = (await http.get(f"/calls/{SID}/export?format=csv")).text
    assert sheet.splitlines()[-1].endswith("follow_up,complaint,gate code 4711")
    await redis.hset(f"call:{{{SID}}}", mapping={"needs": "", "step": "done"})
    assert (await http.get(f"/calls/{SID}")).json()["needs"] == ""


async def test_the_page_knows_since_when_bookings_are_confirmed_by_mail(
    http: httpx.AsyncClient, settings: Settings, redis: Redis
) -> None:
    assert (await http.get("/session")).json()["mailsSince"] == ""
    mailing = settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:1")})
    async with console(mailing) as client:
        since = (await client.get("/session")).json()["mailsSince"]
        assert since == await redis.get("voicebot:mail:since")
        assert (await client.get("/session")).json()["mailsSince"] == since
