"""A page's session sees customers' data masked on every route, but for what it revealed."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.console.conftest import console, listening
from tests.console.test_app import WORDS
from tests.console.test_auth import RIGHT, sign_in
from voicebot.call import FIELDS, CallSid, Step
from voicebot.console.masking import Visibility, mask_event, mask_record
from voicebot.settings import Settings
from voicebot.store import CallSkeleton, StreamEvent

PATIENCE_S = 60
SID = "CA-masked"
OTHER = "CA-other"
KIM = {"by": "Kim"}
LOGGED = "customer_data_revealed"
SECRETS = ("Robin", "Carter", "412345678", "0412 ", "55501234", "George", "Parramatta", "test@")
"""Nothing that a timestamp, an event's id or a cursor may hold by chance: no four digits alone."""


@pytest.fixture
async def program(redis: Redis, locked: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a bearer token, which has held two calls."""
    async with console(locked) as client:
        client.headers.update(RIGHT)
        for sid in (SID, OTHER):
            await hold(client, sid)
            note = {"text": "Robin's gate in George Street", "at": "2026-03-02T09:00:00.000Z"}
            await redis.hset(f"call:{{{sid}}}", mapping={"notes": json.dumps([note])})
        yield client


@pytest.fixture
async def page(program: httpx.AsyncClient, locked: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that signed in."""
    async with console(locked) as client:
        await sign_in(client)
        csrf = (await client.get("/session")).json()["csrf"]
        client.headers["X-CSRF-Token"] = csrf
        yield client


async def hold(client: httpx.AsyncClient, sid: str) -> None:
    caller = {"callSid": sid, "from": "+61255501234"}
    assert (await client.post("/calls", json=caller)).status_code == 201
    for words in WORDS[:6]:
        said = {"callSid": sid, "customerMessage": {"message": words}}
        assert (await client.post("/ai/conversation", json=said)).status_code == 200


@asynccontextmanager
async def signed_in(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a console that listens: event streams need a real connection."""
    async with (
        asyncio.timeout(PATIENCE_S),
        listening(settings) as address,
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as page,
    ):
        await sign_in(page)
        yield page


def found_in(text: str) -> set[str]:
    return {secret for secret in SECRETS if secret in text}


READ = {
    "the list": "/calls",
    "a record": f"/calls/{SID}",
    "a call as JSON": f"/calls/{SID}/export?format=json",
    "a call as CSV": f"/calls/{SID}/export?format=csv",
    "a day as JSON": "/export?format=json",
    "a day as CSV": "/export?format=csv",
    "the page's list": "/live/calls",
    "the page's call": f"/live/calls/{SID}",
}


@pytest.mark.parametrize("path", READ.values(), ids=READ)
async def test_a_session_reads_dots_on_every_route(page: httpx.AsyncClient, path: str) -> None:
    answer = await page.get(path)
    assert answer.status_code == 200
    assert SID in answer.text
    assert found_in(answer.text) == set()
    if path.endswith("csv"):
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert {row["phone"] for row in rows} == {"••• ••• 678"}


@pytest.mark.parametrize("path", [p for n, p in READ.items() if not n.startswith("the page")])
async def test_a_bearer_token_reads_in_the_clear(program: httpx.AsyncClient, path: str) -> None:
    assert {"Robin", "Carter", "412345678"} <= found_in((await program.get(path)).text)


async def test_a_session_that_holds_a_conversation_is_answered_in_dots(
    page: httpx.AsyncClient,
) -> None:
    known = await page.post("/calls", json={"callSid": SID})
    assert (known.status_code, found_in(known.text)) == (200, set())
    said = {"callSid": SID, "customerMessage": {"message": "my number is 0412 345 678"}}
    told = await page.post("/ai/conversation", json=said)
    assert (told.status_code, found_in(told.text)) == (200, set())
    assert told.json()["callSkeleton"]["user"]["userInfo"]["name"] == "R••• C•••"


async def test_what_a_session_revealed_it_reads_everywhere_and_nothing_else(
    page: httpx.AsyncClient, locked: Settings
) -> None:
    with capture_logs() as log:
        revealed = await page.post(f"/live/calls/{SID}/reveal", json=KIM)
    told = [(line["call_sid"], line["by"]) for line in log if line["event"] == LOGGED]
    assert told == [(SID, "Kim")]
    assert found_in(revealed.text) >= {"Robin", "Carter"}
    for path in (f"/calls/{SID}", f"/calls/{SID}/export", f"/live/calls/{SID}"):
        assert found_in((await page.get(path)).text) >= {"Robin", "Carter"}
        assert found_in((await page.get(path.replace(SID, OTHER))).text) == set()
    calls = {call["callSid"]: call for call in (await page.get("/calls")).json()["calls"]}
    assert calls[SID]["steps"][0]["value"] == "Robin Carter"
    assert calls[OTHER]["steps"][0]["value"] == "R••• C•••"
    async with console(locked) as colleague:
        await sign_in(colleague)
        assert found_in((await colleague.get(f"/live/calls/{SID}")).text) == set()
    await page.delete(f"/live/calls/{SID}/reveal")
    assert found_in((await page.get(f"/calls/{SID}")).text) == set()


async def test_who_had_which_call_shown_is_listed_and_only_who_says_so_has_it_shown(
    page: httpx.AsyncClient, redis: Redis
) -> None:
    assert (await page.get("/live/reveals")).json() == []
    refused = await page.post(f"/live/calls/{SID}/reveal", json={"by": " "})
    assert (refused.status_code, found_in(refused.text)) == (422, set())
    await page.post("/live/calls/CA-nobody/reveal", json=KIM)
    for sid, by in ((SID, "Kim"), (OTHER, "Ana"), (SID, "Ana")):
        await page.post(f"/live/calls/{sid}/reveal", json={"by": by})
    listed = await page.get("/live/reveals")
    told = [(reveal["callSid"], reveal["by"]) for reveal in listed.json()]
    assert sorted(told) == sorted([(SID, "Ana"), (OTHER, "Ana"), (SID, "Kim")])
    assert found_in(listed.text) == set()
    await redis.set("voicebot:reveals", "no sorted set")
    unlisted = await page.post(f"/live/calls/{OTHER}/reveal", json={"by": "Li"})
    assert (unlisted.status_code, found_in(unlisted.text)) == (503, set())


async def test_a_reveal_is_over_after_a_while(
    page: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.auth.REVEAL_S", 0)
    assert found_in((await page.post(f"/live/calls/{SID}/reveal", json=KIM)).text)
    assert found_in((await page.get(f"/live/calls/{SID}")).text) == set()


async def test_on_loopback_without_a_token_programs_read_and_the_page_asks(
    http: httpx.AsyncClient,
) -> None:
    await hold(http, SID)
    assert found_in((await http.get(f"/calls/{SID}")).text)
    assert found_in((await http.get(f"/live/calls/{SID}")).text) == set()
    await http.post(f"/live/calls/{SID}/reveal", json=KIM)
    assert found_in((await http.get(f"/live/calls/{SID}")).text)
    assert found_in((await http.get("/calls")).text)


STREAMS = ["/events?after=w0", f"/calls/{SID}/events", f"/live/calls/{SID}/events", "/live/events"]


@pytest.mark.parametrize("path", STREAMS)
async def test_a_sessions_streams_hold_no_answer_and_no_word(
    program: httpx.AsyncClient, locked: Settings, path: str
) -> None:
    async with signed_in(locked) as page:
        said = {"callSid": SID, "customerMessage": {"message": "electrical for Robin Carter"}}
        async with page.stream("GET", path) as stream:
            lines = stream.aiter_lines()
            begun = await anext(lines)
            await program.post("/ai/conversation", json=said)
            told = begun
            async for line in lines:
                told += line
                if '"service"' in line and "lectric" in line:
                    break
    assert found_in(told) == set()


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stream_ends_with_its_session(
    program: httpx.AsyncClient, locked: Settings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("voicebot.console.auth.RECHECK_S", 0)
    async with signed_in(locked) as page, page.stream("GET", path) as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        await page.delete("/session")
        await program.post(f"/live/calls/{SID}/taker", json={"by": "Kim"})
        async for line in lines:
            assert "Kim" not in line


async def test_an_open_page_is_masked_again_when_the_time_is_up(
    program: httpx.AsyncClient, locked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.auth.RECHECK_S", 0)
    monkeypatch.setattr("voicebot.console.event_streams.PING_EVERY_S", 0.05)
    async with signed_in(locked) as page:
        page.headers["X-CSRF-Token"] = (await page.get("/session")).json()["csrf"]
        await page.post(f"/live/calls/{SID}/reveal", json=KIM)
        async with page.stream("GET", f"/live/calls/{SID}/events") as stream:
            lines = stream.aiter_lines()
            whole = (json.loads(x[6:]) async for x in lines if '"transcript"' in x)
            assert (await anext(whole))["steps"][0]["value"] == "Robin Carter"
            await page.delete(f"/live/calls/{SID}/reveal")
            assert (await anext(whole))["steps"][0]["value"] == "R••• C•••"


def test_what_is_new_in_the_record_is_hidden_until_somebody_decides() -> None:
    shown = set(
        mask_record(CallSkeleton(callSid="CA1", dialogue="{}"), Visibility.MASKED).model_fields_set
    )
    assert "dialogue" not in shown
    assert shown == {
        "callSid", "services", "company", "user", "history", "servicebooked", "confirmEmailsent",
        "createdAt", "updatedAt", "caller", "step", "status", "confirmed", "broken",
        "needs", "wish", "notes",
    }  # fmt: skip


def masked(**fields: str) -> Mapping[str, str]:
    return mask_event(StreamEvent(CallSid("CA1"), "1-0", fields)).fields


@pytest.mark.parametrize("step", FIELDS)
def test_an_event_shows_what_its_field_shows(step: Step) -> None:
    shown = masked(type="field", field=step.value, value="Robin", new="Robin", seq="1")
    assert ("Robin" in shown["value"]) is (step in (Step.SERVICE, Step.TIME))
    assert (shown["new"], shown["seq"]) == ("•••", "1")


def test_notes_are_hidden_in_events_and_what_staff_must_do_is_not() -> None:
    assert masked(type="notes", field="notes", value='[{"text":"Robin"}]')["value"] == "•••"
    assert masked(type="needs", field="needs", value="person")["value"] == "person"
    assert masked(type="wish", field="wish", value="complaint")["value"] == "complaint"


def test_an_event_of_an_unknown_kind_is_hidden_and_a_message_keeps_its_shape() -> None:
    assert masked(type="hunch", value="Robin") == {"type": "hunch", "value": "•••"}
    said = '{"speaker":"AI","message":"Hi Robin","startedAt":"T","heard":"partial","x":"Robin"}'
    assert json.loads(masked(type="revised", message=said)["message"]) == {
        "speaker": "AI", "message": "•• •••••", "startedAt": "T", "heard": "partial",
    }  # fmt: skip
