"""The routes of the page and of integrators, and their access."""

import asyncio
import csv
import io
import json

import httpx
import pytest

from tests.console.conftest import PATIENCE_S, console, hub_and_store, until_following
from tests.console.test_app import WORDS, begin, say
from voicebot.console import live
from voicebot.settings import Settings

HOST = "http://127.0.0.1"


async def form(http: httpx.AsyncClient, sid: str, words: int) -> None:
    await begin(http, sid)
    for text in WORDS[:words]:
        assert (await say(http, text, sid)).status_code == 200


async def test_calls_come_in_pages_newest_first_and_none_twice(http: httpx.AsyncClient) -> None:
    for n in range(5):
        await form(http, f"CA-{n}", 0)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await http.get(f"/calls?limit=2{cursor}")).json()
        seen += [call["callSid"] for call in page["calls"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == [f"CA-{n}" for n in range(5)]
    assert seen[0] == "CA-4"


async def test_a_fresh_page_gets_the_newest_calls_and_older_ones_that_need_somebody(
    http: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROWS", 2)
    await begin(http, "CA-wants")
    await say(http, "I want to talk to a person", "CA-wants")
    for n in range(4):
        await begin(http, f"CA-{n}")
    assert settings.redis_url
    async with hub_and_store(settings.redis_url) as at:
        told, older = await live.first_rows(at.hub)
    assert [k.skeleton.callSid for k in told] == ["CA-wants", "CA-2", "CA-3"]
    rest = (await http.get("/live/calls", params={"cursor": older})).json()
    assert [call["callSid"] for call in rest["calls"]] == ["CA-1", "CA-0"]


@pytest.mark.parametrize("text", ["carter", "0412 345", "+61412345678", "ca-known"])
async def test_calls_are_found_by_name_number_and_sid(http: httpx.AsyncClient, text: str) -> None:
    await form(http, "CA-known", 3)
    await form(http, "CA-other", 0)
    found = (await http.get("/calls", params={"q": text})).json()["calls"]
    assert [call["callSid"] for call in found] == ["CA-known"]


async def test_a_call_knows_the_others_of_its_caller_newest_first_and_masked(
    http: httpx.AsyncClient,
) -> None:
    await form(http, "CA-first", 3)
    await http.post("/calls", json={"callSid": "CA-by-what-was-said"})
    for text in ("no thanks", *WORDS[:3]):
        await say(http, text, "CA-by-what-was-said")
    await form(http, "CA-second", 0)
    await http.post("/calls", json={"callSid": "CA-somebody-else", "from": "+61255509876"})
    answer = await http.get("/live/calls/CA-first/others")
    found = [call["callSid"] for call in answer.json()]
    assert found == ["CA-second", "CA-by-what-was-said"]
    assert "Carter" not in answer.text
    assert (await http.get("/live/calls/CA-somebody-else/others")).json() == []
    assert (await http.get("/live/calls/CA-nobody/others")).status_code == 404


async def test_a_search_finds_what_a_turn_has_just_saved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.GATHER_S", 5.0)  # no notice is read meanwhile
    async with asyncio.timeout(PATIENCE_S), console(settings) as http:
        await until_following(http)
        await begin(http, "CA-known")
        assert (await http.get("/calls", params={"q": "carter"})).json()["calls"] == []
        await say(http, WORDS[0], "CA-known")
        found = (await http.get("/calls", params={"q": "carter"})).json()["calls"]
    assert [call["callSid"] for call in found] == ["CA-known"]


async def test_a_record_that_has_not_changed_is_304(http: httpx.AsyncClient) -> None:
    await form(http, "CA-tag", 1)
    tag = (await http.get("/calls/CA-tag")).headers["etag"]
    same = await http.get("/calls/CA-tag", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    await say(http, WORDS[1], "CA-tag")
    assert (await http.get("/calls/CA-tag", headers={"If-None-Match": tag})).status_code == 200


async def test_one_idempotency_key_begins_one_call(http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order 17"}
    first, again = [await http.post("/calls", json={}, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["callSid"] == again.json()["callSid"]
    assert len(again.json()["callSkeleton"]["history"]) == 1


async def test_a_call_is_in_one_persons_hands(http: httpx.AsyncClient) -> None:
    await form(http, "CA-hands", 1)
    taker = "/live/calls/CA-hands/taker"
    assert (await http.post(taker, json={"by": "Kim"})).json() == {"takenBy": "Kim"}
    assert (await http.post(taker, json={"by": "Lee"})).status_code == 409
    assert (await http.post(taker, json={"by": "Lee", "over": True})).json() == {"takenBy": "Lee"}
    assert (await http.post(taker, json={"by": "", "over": True})).json() == {"takenBy": ""}
    assert (await http.get("/live/calls/CA-hands")).json()["takenBy"] is None
    assert (await say(http, WORDS[1], "CA-hands")).status_code == 200


async def test_a_colleagues_note_stands_with_the_others_behind_their_name(
    http: httpx.AsyncClient,
) -> None:
    await form(http, "CA-noted", 1)
    notes = "/live/calls/CA-noted/notes"
    assert (await http.post(notes, json={"by": "Kim", "text": " Rang, nobody in. "})).is_success
    assert (await http.post(notes, json={"by": "Lee", "text": "Rang again."})).is_success
    told = (await http.get("/calls/CA-noted")).json()["notes"]
    assert [note["text"] for note in told] == ["Kim: Rang, nobody in.", "Lee: Rang again."]
    assert (await http.post(notes, json={"by": "Kim", "text": " "})).status_code == 422
    unknown = await http.post("/live/calls/CA-no/notes", json={"by": "Kim", "text": "x"})
    assert unknown.status_code == 404
    assert (await say(http, WORDS[1], "CA-noted")).status_code == 200


async def test_what_is_done_waits_for_nobody_until_it_is_taken_back(
    http: httpx.AsyncClient,
) -> None:
    await begin(http, "CA-done")
    await say(http, "I want to talk to a person", "CA-done")
    assert (await http.get("/live/calls/CA-done")).json()["needs"] == "person"
    done = "/live/calls/CA-done/done"
    assert (await http.post(done, json={"by": "Kim"})).status_code == 204
    call = (await http.get("/live/calls/CA-done")).json()
    assert (call["needs"], call["doneBy"]) == (None, "Kim")
    assert (await http.get("/calls/CA-done")).json()["needs"] == ""
    assert (await http.post(done, json={"by": "Lee", "undo": True})).status_code == 204
    call = (await http.get("/live/calls/CA-done")).json()
    assert (call["needs"], call["doneBy"]) == ("follow_up", None)
    assert (await http.post("/live/calls/CA-no/done", json={"by": "Kim"})).status_code == 404


async def test_who_wrote_a_moment_ago_finds_it_in_list_and_export(http: httpx.AsyncClient) -> None:
    await begin(http, "CA-now")
    for said, text in enumerate(WORDS[:3], 1):
        await say(http, text, "CA-now")
        (row,) = (await http.get("/calls")).json()["calls"]
        record = (await http.get("/calls/CA-now")).json()
        exported = (await http.get("/export")).content.decode("utf-8-sig")
        (line,) = csv.DictReader(io.StringIO(exported))
        assert (row["step"], row["updatedAt"]) == (record["step"], line["updatedAt"])
        assert int(line["messages"]) == len(record["history"]) == 2 * said + 1


async def test_more_calls_than_are_kept_in_mind_break_no_export(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.CALLS_CACHED", 2)
    for number in range(4):
        await begin(http, f"CA-many-{number}")
        assert (await http.get("/export")).status_code == 200


async def test_an_export_never_holds_a_formula(http: httpx.AsyncClient) -> None:
    await form(http, "CA-csv", 3)
    await begin(http, "=cmd".replace("=", "-"))
    text = (await http.get("/export")).content.decode("utf-8-sig")
    rows = {row["callSid"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["CA-csv"]["phone"] == "+61412345678"
    assert "'-cmd" in rows
    one = await http.get("/calls/CA-csv/export")
    assert json.loads(one.text)["user"]["userInfo"]["name"] == "Robin Carter"


async def test_a_cursor_that_is_not_ours_is_400(http: httpx.AsyncClient) -> None:
    await begin(http, "CA-cursor")
    for path in ("/calls?cursor=x", "/events?after=17", "/calls/CA-cursor/events?after=x"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_cursor")


async def test_nothing_of_the_page_comes_from_elsewhere(http: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", "/c/CA1"):
        answer = await http.get(path)
        assert "http" not in answer.text.replace("http-equiv", "")
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


async def test_a_foreign_page_can_neither_read_nor_write(http: httpx.AsyncClient) -> None:
    rebound = await http.get("/calls", headers={"Host": "evil.example"})
    assert rebound.status_code == 421
    foreign = {"Origin": "https://evil.example"}
    assert (await http.post("/calls", json={}, headers=foreign)).status_code == 403


async def test_a_session_opens_with_a_token_and_changes_want_its_csrf_token(
    guarded: httpx.AsyncClient,
) -> None:
    assert (await guarded.get("/live/calls")).status_code == 401
    assert (await guarded.post("/session", json={"token": "open"})).status_code == 403
    opened = await guarded.post("/session", json={"token": "sesame"})
    assert opened.status_code == 204
    assert "HttpOnly" in opened.headers["set-cookie"]
    assert "SameSite=strict" in opened.headers["set-cookie"]
    assert (await guarded.get("/live/calls")).status_code == 200
    assert (await guarded.post("/calls", json={})).status_code == 403
    csrf = (await guarded.get("/session")).json()["csrf"]
    assert (await guarded.post("/calls", json={}, headers={"X-CSRF-Token": csrf})).is_success


async def test_the_api_describes_itself_with_examples(http: httpx.AsyncClient) -> None:
    api = (await http.get("/openapi.json")).json()
    assert {"/calls", "/calls/{callSid}", "/ai/conversation", "/events", "/export"} <= set(
        api["paths"]
    )
    assert not any(path.startswith("/live") for path in api["paths"])
    answer = api["components"]["schemas"]["ConversationAnswer"]["properties"]
    assert answer["callSkeleton"]["$ref"].endswith("/Skeleton")
