"""Commands of staff in calls on the phone: servers, Valkey and simulated phones as processes."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.page.conftest import A_CALL_S, CALLER_LEFT, House, running_house
from voicebot.bench.servers import null_manifest

pytestmark = [pytest.mark.valkey, pytest.mark.slow]

DIALLED = 1
"""The exit of the simulated caller of a call that was put through: nobody is there to talk to."""
SENTENCE = "Sam is ten minutes away."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Servers whose stt know the shipped caller's clips: short turns, no models."""
    with running_house(tmp_path_factory.mktemp("staff"), {}, null_manifest()) as running:
        yield running


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.console, timeout=A_CALL_S) as client:
        yield client


@contextmanager
def ringing(house: House, sid: str, *steps: str) -> Iterator[subprocess.Popen[bytes]]:
    with house.call(sid, *steps) as phone:
        try:
            yield phone
        finally:
            phone.kill()


async def ended(phone: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(phone.wait, A_CALL_S)


async def until_at(http: httpx.AsyncClient, sid: str, step: str) -> None:
    """Wait until the call is on the phone and this step is asked for."""
    async with asyncio.timeout(A_CALL_S):
        while True:
            call = await http.get(f"/live/calls/{sid}")
            if call.is_success and call.json()["live"] and call.json()["step"] == step:
                return
            await asyncio.sleep(0.05)


async def give(http: httpx.AsyncClient, sid: str, **body: str) -> str:
    given = await http.post(f"/calls/{sid}/commands", json={"by": "Kim", **body})
    assert given.status_code == 202, given.text
    return str(given.json()["id"])


async def outcome(http: httpx.AsyncClient, sid: str, command: str) -> tuple[str, str]:
    """Wait for what becomes of a command."""
    async with asyncio.timeout(A_CALL_S):
        while True:
            told = (await http.get(f"/live/calls/{sid}")).json()["commands"]
            (found,) = [each for each in told if each["id"] == command]
            if found["outcome"] != "asked":
                return found["outcome"], found["reason"]
            await asyncio.sleep(0.05)


async def said_by_bot(http: httpx.AsyncClient, sid: str) -> list[str]:
    history = (await http.get(f"/calls/{sid}")).json()["history"]
    return [message["message"] for message in history if message["speaker"] == "AI"]


async def test_a_caller_hears_the_sentence_and_still_books(
    house: House, http: httpx.AsyncClient
) -> None:
    with ringing(house, "CA-says") as phone:
        await until_at(http, "CA-says", "phone")
        given = await give(http, "CA-says", type="say", text=SENTENCE)
        assert await outcome(http, "CA-says", given) == ("obeyed", "")
        assert await ended(phone) == 0
    said = await said_by_bot(http, "CA-says")
    assert sum(SENTENCE in words for words in said) == 1
    assert (await http.get("/calls/CA-says")).json()["servicebooked"]
    log = house.server.log_file.read_text()
    (line,) = house.server.events("staff_command")
    assert (line["by"], line["kind"], line["command"]) == ("Kim", "say", given)
    assert SENTENCE not in log


async def test_two_members_of_staff_act_at_once_and_neither_is_lost(
    house: House, http: httpx.AsyncClient
) -> None:
    sid = "CA-two"
    with ringing(house, sid, "service") as phone:
        await until_at(http, sid, "phone")
        email = {"type": "correct", "field": "email", "value": "robin@example.com"}
        kim, lee = await asyncio.gather(
            give(http, sid, **email), give(http, sid, by="Lee", type="say", text=SENTENCE)
        )
        assert await outcome(http, sid, kim) == await outcome(http, sid, lee) == ("obeyed", "")
        assert await ended(phone) == CALLER_LEFT
    record = (await http.get(f"/calls/{sid}")).json()
    assert record["user"]["userInfo"]["email"] == "robin@example.com"
    assert record["user"]["service"]["name"] == "Cleaning"
    said = await said_by_bot(http, sid)
    assert not any("your e-mail address?" in words for words in said)
    assert any(SENTENCE in words for words in said)
    told = (await http.get(f"/live/calls/{sid}")).json()["commands"]
    assert {(each["by"], each["type"]) for each in told} == {("Kim", "correct"), ("Lee", "say")}


async def test_of_two_who_end_it_one_is_told_that_it_has_ended(
    house: House, http: httpx.AsyncClient
) -> None:
    sid = "CA-ends"
    with ringing(house, sid) as phone:
        await until_at(http, sid, "phone")
        first, second = await asyncio.gather(
            give(http, sid, type="end"), give(http, sid, by="Lee", type="transfer")
        )
        outcomes = {await outcome(http, sid, first), await outcome(http, sid, second)}
        await ended(phone)
    assert outcomes == {("obeyed", ""), ("refused", "call_has_ended")}
    late = await http.post(f"/calls/{sid}/commands", json={"by": "Kim", "type": "end"})
    assert (late.status_code, late.json()["error"]) == (409, "call_has_ended")


async def test_a_transfer_ends_in_a_person_being_dialled(
    house: House, http: httpx.AsyncClient
) -> None:
    sid = "CA-transfers"
    with ringing(house, sid) as phone:
        await until_at(http, sid, "phone")
        given = await give(http, sid, type="transfer")
        assert await outcome(http, sid, given) == ("obeyed", "")
        assert await ended(phone) == DIALLED
    record = (await http.get(f"/calls/{sid}")).json()
    assert (record["status"], record["needs"]) == ("transfer", "person")
    assert (await said_by_bot(http, sid))[-1] == "Of course. I'll put you through now."


async def test_a_worker_that_is_killed_takes_no_command_with_it(
    house: House, http: httpx.AsyncClient
) -> None:
    sid = "CA-survives"
    with ringing(house, sid, "address") as phone:
        await until_at(http, sid, "phone")
        worker = house.server.pid_of("stream 1")
        os.kill(worker, signal.SIGSTOP)  # it comes to nothing any more
        given = await give(http, sid, type="say", text=SENTENCE)
        os.kill(worker, signal.SIGKILL)
        assert await outcome(http, sid, given) == ("obeyed", "")
        assert await ended(phone) == CALLER_LEFT
    assert sum(SENTENCE in words for words in await said_by_bot(http, sid)) == 1
