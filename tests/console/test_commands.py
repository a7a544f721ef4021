"""Commands of staff over HTTP: what is refused at once, and typed conversations, which obey here.

Calls on the phone are in test_commands_on_the_phone.py.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.console.conftest import PATIENCE_S, console
from tests.console.test_app import WORDS, begin, say
from voicebot.business import load_business
from voicebot.call import CallSid, Phase
from voicebot.console import commands
from voicebot.settings import Settings
from voicebot.store import Store, open_store
from voicebot.store.layout import call_keys

SID = "CA-staff"


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """Another process's store on the same server."""
    other = settings.model_copy(update={"data_dir": settings.data_dir / "worker"})
    async with open_store(other, load_business(None)) as opened:
        yield opened


async def give(http: httpx.AsyncClient, sid: str = SID, **body: str) -> httpx.Response:
    return await http.post(f"/calls/{sid}/commands", json={"by": "Kim", **body})


async def outcomes(http: httpx.AsyncClient, sid: str = SID) -> list[tuple[str, str, str]]:
    told = (await http.get(f"/live/calls/{sid}")).json()["commands"]
    return [(each["type"], each["outcome"], each["reason"]) for each in told]


async def test_a_sentence_is_in_a_typed_conversation_and_its_question_again(
    http: httpx.AsyncClient,
) -> None:
    await begin(http, SID)
    given = await give(http, type="say", text=" Sam is near. ")
    assert given.status_code == 202
    assert given.json()["callSid"] == SID
    history = (await http.get(f"/calls/{SID}")).json()["history"]
    assert history[-1]["message"] == "Sam is near. What's your name, please?"
    (told,) = (await http.get(f"/live/calls/{SID}")).json()["commands"]
    assert (told["id"], told["by"], told["outcome"]) == (given.json()["id"], "Kim", "obeyed")


async def test_a_correction_is_saved_as_confirmed_and_the_conversation_goes_on_behind_it(
    http: httpx.AsyncClient,
) -> None:
    await begin(http, SID)
    await say(http, WORDS[0], SID)
    assert (await give(http, type="correct", field="phone", value="0412 345 678")).is_success
    record = (await http.get(f"/calls/{SID}")).json()
    assert (record["user"]["userInfo"]["phone"], record["step"]) == ("+61412345678", "address")
    steps = {s["step"]: s for s in (await http.get(f"/live/calls/{SID}")).json()["steps"]}
    assert steps["phone"]["confirmed"]


async def test_an_end_is_told_to_the_callers_front_end_and_obeyed_once(
    http: httpx.AsyncClient,
) -> None:
    await begin(http, SID)
    assert (await give(http, type="end")).status_code == 202
    assert (await http.get(f"/calls/{SID}")).json()["status"] == "incomplete"
    again = await give(http, type="end")
    assert (again.status_code, again.json()["error"]) == (409, "call_has_ended")
    assert await outcomes(http) == [("end", "obeyed", "")]


async def test_a_time_that_cannot_be_booked_is_refused_with_the_reason(
    http: httpx.AsyncClient,
) -> None:
    await begin(http, SID)
    assert (
        await give(http, type="correct", field="time", value="2020-03-04T09:30")
    ).status_code == 202
    assert await outcomes(http) == [("correct", "refused", "past")]
    assert len((await http.get(f"/calls/{SID}")).json()["history"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"type": "dance"},
        {"type": "say"},
        {"type": "say", "text": "  "},
        {"type": "say", "text": "x" * 301},
        {"type": "transfer", "by": " "},
        {"type": "correct", "field": "shoe size", "value": "44"},
        {"type": "correct", "field": "email", "value": "nobody"},
        {"type": "correct", "field": "time", "value": "soon"},
    ],
)
async def test_what_no_call_could_do_is_refused_at_once(
    http: httpx.AsyncClient, body: dict[str, str]
) -> None:
    await begin(http, SID)
    assert (await give(http, **body)).status_code == 422
    assert await outcomes(http) == []


async def test_nobody_is_there_in_an_unknown_call_or_one_whose_line_is_lost(
    http: httpx.AsyncClient, store: Store
) -> None:
    unknown = await give(http, "CA-nobody", type="end")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_call")
    ledger = await store.open_call(CallSid("CA-lost"), caller=None)
    store.announce(CallSid("CA-lost"), Phase.LISTENING)
    await store.best_effort.finish()
    await ledger.close()
    lost = await give(http, "CA-lost", type="end")
    assert (lost.status_code, lost.json()["error"]) == (409, "call_has_ended")


async def test_a_page_is_shown_who_asked_what_and_never_the_words(
    guarded: httpx.AsyncClient,
) -> None:
    program = {"Authorization": "Bearer sesame"}
    await guarded.post("/calls", json={"callSid": SID}, headers=program)
    words = {"type": "correct", "field": "name", "value": "Robin Carter", "by": "Kim"}
    await guarded.post(f"/calls/{SID}/commands", json=words, headers=program)
    assert (await guarded.post("/session", json={"token": "sesame"})).status_code == 204
    shown = await guarded.get(f"/live/calls/{SID}")
    assert "Carter" not in shown.text
    (told,) = shown.json()["commands"]
    assert (told["by"], told["type"], told["field"]) == ("Kim", "correct", "name")
    refused = await guarded.post(f"/calls/{SID}/commands", json=words)
    assert refused.status_code == 403, "a page shows its session's CSRF token"


async def test_what_nobody_comes_to_is_refused_when_its_call_is_lost(
    http: httpx.AsyncClient, store: Store, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(commands, "LOST_AFTER_S", 0.05)
    sid = CallSid("CA-dies")
    await store.open_call(sid, caller=None)
    async with store.index.hold(sid):
        assert (await give(http, sid, type="transfer")).status_code == 202
        assert await outcomes(http, sid) == [("transfer", "asked", "")]
    async with asyncio.timeout(PATIENCE_S):
        while await redis.xlen(call_keys(sid).commands):  # noqa: ASYNC110 - a task of the console
            await asyncio.sleep(0.01)
    assert await outcomes(http, sid) == [("transfer", "refused", "call_has_ended")]


async def test_a_console_that_restarts_loses_no_command(
    http: httpx.AsyncClient, store: Store, settings: Settings
) -> None:
    sid = CallSid("CA-waits")
    await store.open_call(sid, caller=None)
    async with store.index.hold(sid):
        async with console(settings) as other:
            given = (await give(other, sid, type="say", text="Sam is near.")).json()["id"]
        (waiting,) = (await store.commands.waiting([sid]))[sid]
        assert (waiting.id, waiting.text) == (given, "Sam is near.")
        store.settle(sid, waiting, None)
        await store.best_effort.finish()
        assert await outcomes(http, sid) == [("say", "obeyed", "")]
