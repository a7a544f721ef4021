"""A search finds what exists, and says so where it has not looked at everything."""

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.console.test_app import WORDS, begin, say
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.settings import Settings
from voicebot.store import open_store

pytestmark = pytest.mark.valkey
OLDEST, NUMBER = "CA-oldest", "+61412345678"


@pytest.fixture
async def calls(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """Six calls; a search looks at two of them in a request, and the oldest is wanted."""
    monkeypatch.setattr("voicebot.console.search.SEARCH_S", 0.0)
    monkeypatch.setattr("voicebot.console.search.AT_ONCE", 2)
    await begin(http, OLDEST)
    for text in WORDS[:3]:
        await say(http, text, OLDEST)
    for n in range(5):
        await begin(http, f"CA-{n}")
    return http


async def page(http: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await http.get("/calls", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pages(http: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    """All pages of a search, until it says that it is complete."""
    found = [await page(http, **query)]
    while not found[-1]["complete"]:
        found.append(await page(http, **query, cursor=found[-1]["next"]))
    return found


def sids(*found: dict[str, Any]) -> list[str]:
    return [call["callSid"] for each in found for call in each["calls"]]


async def test_who_is_not_found_yet_is_not_said_to_be_nowhere(calls: httpx.AsyncClient) -> None:
    first = await page(calls, q="carter")
    assert (first["calls"], first["complete"]) == ([], False)
    assert first["next"]
    assert first["searchedBackTo"].endswith("Z")
    all_pages = await pages(calls, q="carter")
    assert len(all_pages) > 2
    assert sids(*all_pages) == [OLDEST]
    assert all_pages[-1]["next"] is None
    assert all_pages[-1]["searchedBackTo"] is None


async def test_nobody_is_nobody_once_all_was_looked_at(calls: httpx.AsyncClient) -> None:
    all_pages = await pages(calls, q="nobody at all")
    assert sids(*all_pages) == []


@pytest.mark.parametrize("text", [OLDEST, NUMBER, "0412 345 678", " 0412345678 "])
async def test_a_whole_number_or_call_sid_is_looked_up_however_old(
    calls: httpx.AsyncClient, text: str
) -> None:
    assert sids(await page(calls, q=text)) == [OLDEST]
    assert sids(*await pages(calls, q=text)) == [OLDEST], "and comes once"


async def test_what_else_has_the_text_comes_on_the_next_pages(calls: httpx.AsyncClient) -> None:
    await begin(calls, "CA")
    found = await pages(calls, q="CA")
    assert sids(found[0]) == ["CA"]
    assert sorted(sids(*found)) == sorted(["CA", OLDEST, *(f"CA-{n}" for n in range(5))])


async def test_the_page_of_staff_says_it_too(calls: httpx.AsyncClient) -> None:
    answer = (await calls.get("/live/calls", params={"q": "carter"})).json()
    assert (answer["calls"], answer["complete"]) == ([], False)
    answer = (await calls.get("/live/calls", params={"q": OLDEST})).json()
    assert sids(answer) == [OLDEST]


async def test_calls_are_chosen_by_what_staff_must_do(http: httpx.AsyncClient) -> None:
    for sid in ("CA-wants", "CA-plain"):
        await begin(http, sid)
    await say(http, "I want to talk to a person", "CA-wants")
    assert sids(await page(http, needs="person")) == ["CA-wants"]
    assert sids(await page(http, needs="person", q="CA-plain")) == []
    assert sids(await page(http, needs="")) == ["CA-plain"]
    assert (await http.get("/calls", params={"needs": "cake"})).status_code == 422


async def test_calls_are_chosen_by_status_and_by_being_on_the_phone(
    http: httpx.AsyncClient, redis: Redis, settings: Settings
) -> None:
    await redis.set("call:{CA-phone}:live", "1")
    async with open_store(settings, load_business(None)) as store:
        await store.open_call(CallSid("CA-phone"), caller=None)
    await begin(http, "CA-chat")
    assert sids(await page(http, live="true")) == ["CA-phone"]
    assert sids(await page(http, live="false")) == ["CA-chat"]
    assert sids(await page(http, status="active", live="true")) == ["CA-phone"]
    assert sids(await page(http, status="booked")) == []


async def test_a_broken_record_is_found_by_its_call_sid(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http, "CA-broken")
    await redis.delete("call:{CA-broken}")
    await redis.set("call:{CA-broken}", "no hash")
    await redis.set(f"number:{{{NUMBER}}}", "no set")
    assert sids(await page(http, q="CA-broken")) == ["CA-broken"]
    assert sids(await page(http, q="broken")) == ["CA-broken"]
    assert sids(await page(http, q=NUMBER)) == []
