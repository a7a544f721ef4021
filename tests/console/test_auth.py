"""Authentication: credentials, wrong tries, the end of a session."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.console.conftest import console
from voicebot.call import CallSid
from voicebot.console.auth import COOKIE, REVEAL_S, SESSION_S, TRIES, Session, Sessions
from voicebot.settings import Settings
from voicebot.store import connect

WRONG = {"Authorization": "Bearer open"}
RIGHT = {"Authorization": "Bearer sesame"}


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def refused(lines: list[EventDict]) -> list[EventDict]:
    return [line for line in lines if line["event"] == "credential_refused"]


async def sign_in(client: httpx.AsyncClient, token: str = "sesame") -> str:
    """Open a session; return its cookie."""
    assert (await client.post("/session", json={"token": token})).status_code == 204
    return client.cookies[COOKIE]


@pytest.mark.parametrize(
    "path", ["/calls", "/metrics", "/events", "/export", "/live/calls", "/webhooks/failures"]
)
async def test_a_wrong_bearer_token_is_logged_and_put_off_on_every_route(
    guarded: httpx.AsyncClient, log: list[EventDict], path: str
) -> None:
    answers = [(await guarded.get(path, headers=WRONG)).status_code for _ in range(TRIES + 4)]
    assert answers == [401] * TRIES + [429] * 4
    assert [(line["by"], line["path"]) for line in refused(log)] == [("bearer", path)] * TRIES
    assert "open" not in str(refused(log))


async def test_all_routes_and_kinds_of_credentials_share_one_budget(
    guarded: httpx.AsyncClient, log: list[EventDict]
) -> None:
    for _ in range(TRIES // 4):
        assert (await guarded.get("/calls", headers=WRONG)).status_code == 401
        assert (await guarded.post("/session", json={"token": "open"})).status_code == 403
        forged = {"Cookie": f"{COOKIE}=forged"}
        assert (await guarded.get("/live/calls", headers=forged)).status_code == 401
        assert (await guarded.get("/session", headers=forged)).json()["signedIn"] is False
    assert [line["by"] for line in refused(log)] == ["bearer", "sign-in", "cookie", "cookie"] * 2
    put_off = await guarded.post("/session", json={"token": "sesame"})
    assert (put_off.status_code, put_off.json()["error"]) == (429, "too_many_tries")
    assert int(put_off.headers["Retry-After"]) > 0
    assert (await guarded.get("/metrics", headers=RIGHT)).status_code == 429


OF_THE_PAGE = {
    ("get", "/live/calls"),
    ("get", "/live/calls/CA1"),
    ("get", "/live/calls/CA1/events"),
    ("get", "/live/events"),
    ("post", "/live/calls/CA1/reveal"),
    ("delete", "/live/calls/CA1/reveal"),
    ("get", "/live/reveals"),
    ("post", "/live/calls/CA1/taker"),
    ("post", "/live/trial"),
}


async def test_every_route_but_the_probes_wants_a_credential(guarded: httpx.AsyncClient) -> None:
    described = (await guarded.get("/openapi.json")).json()["paths"]
    asked = {
        (method, path.replace("{callSid}", "CA1"))
        for path, methods in described.items()
        for method in methods
    } | OF_THE_PAGE
    free = {
        path
        for method, path in asked
        if (await guarded.request(method, path, json={})).status_code != 401
    }
    assert free == {"/healthz", "/readyz"}


async def test_right_credentials_cost_nothing(guarded: httpx.AsyncClient) -> None:
    for _ in range(3 * TRIES):
        await sign_in(guarded)
        assert (await guarded.get("/metrics", headers=RIGHT)).status_code == 200
        assert (await guarded.get("/live/calls")).status_code == 200
    assert (await guarded.get("/calls", headers=WRONG)).status_code == 401


async def test_who_is_signed_in_goes_on_while_a_neighbour_guesses(
    guarded: httpx.AsyncClient,
) -> None:
    await sign_in(guarded)
    for _ in range(2 * TRIES):
        await guarded.get("/calls", headers=WRONG)
    assert (await guarded.get("/live/calls")).status_code == 200


async def test_no_header_makes_a_stranger_another_one(guarded: httpx.AsyncClient) -> None:
    for n in range(2 * TRIES):
        rotating = {
            "X-Forwarded-For": f"198.51.100.{n}",
            "Forwarded": f"for=198.51.100.{n}",
            "X-Real-IP": f"198.51.100.{n}",
        }
        last = await guarded.get("/calls", headers={**WRONG, **rotating})
    assert last.status_code == 429


async def test_a_trusted_proxy_says_who_asks_and_its_client_cannot(locked: Settings) -> None:
    behind = locked.model_copy(update={"trusted_proxies": ("127.0.0.1/32",)})
    async with console(behind) as client:

        async def guess(forwarded: str) -> int:
            headers = {**WRONG, "X-Forwarded-For": forwarded}
            return (await client.get("/calls", headers=headers)).status_code

        for n in range(TRIES):
            assert await guess(f"198.51.100.{n}, 203.0.113.9") == 401
        assert await guess("198.51.100.99, 203.0.113.9") == 429
        assert await guess("203.0.113.10") == 401
        secure = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.10"}
        opened = await client.post("/session", json={"token": "sesame"}, headers=secure)
        assert "Secure" in opened.headers["set-cookie"]


async def test_all_addresses_of_an_ipv6_network_are_one_stranger(locked: Settings) -> None:
    behind = locked.model_copy(update={"trusted_proxies": ("127.0.0.1/32",)})
    async with console(behind) as client:
        for n in range(TRIES + 1):
            headers = {**WRONG, "X-Forwarded-For": f"2001:db8:1:2::{n:x}"}
            last = await client.get("/calls", headers=headers)
    assert last.status_code == 429


async def test_a_cookie_that_was_signed_out_opens_nothing_on_any_console(locked: Settings) -> None:
    async with console(locked) as here, console(locked) as elsewhere:
        copy = {"Cookie": f"{COOKIE}={await sign_in(here)}"}
        assert (await elsewhere.get("/live/calls", headers=copy)).status_code == 200
        assert (await here.delete("/session")).status_code == 204
        for client in (here, elsewhere):
            answer = await client.get("/live/calls", headers=copy)
            assert answer.status_code == 401
            assert "Max-Age=0" in answer.headers["set-cookie"], "the browser forgets it, too"
            assert (await client.get("/session", headers=copy)).json()["signedIn"] is False
    async with console(locked) as restarted:
        assert (await restarted.get("/live/calls", headers=copy)).status_code == 401


async def test_a_session_outlives_a_restart_of_the_console_and_no_change_of_its_token(
    locked: Settings,
) -> None:
    async with console(locked) as client:
        cookie = {"Cookie": f"{COOKIE}={await sign_in(client, 'spare')}"}
    async with console(locked) as restarted:
        assert (await restarted.get("/live/calls", headers=cookie)).status_code == 200
    without = locked.model_copy(update={"console_token": SecretStr("sesame")})
    async with console(without) as restarted:
        assert (await restarted.get("/live/calls", headers=cookie)).status_code == 401


async def test_redis_holds_no_cookie_and_no_token(redis: Redis, locked: Settings) -> None:
    async with console(locked) as client:
        cookie = await sign_in(client)
    stored = [name async for name in redis.scan_iter("voicebot:session:*")]
    assert len(stored) == 1
    assert 0 < await redis.ttl(stored[0]) <= SESSION_S
    everything = str(stored) + str(await redis.hgetall(stored[0]))
    assert cookie not in everything
    assert "sesame" not in everything


@pytest.fixture
async def sessions(locked: Settings) -> AsyncIterator[Sessions]:
    assert locked.redis_url
    async with connect(locked.redis_url) as client:
        yield Sessions(client, locked.console_tokens)


async def test_a_session_that_ends_while_it_reveals_stays_ended(
    sessions: Sessions, redis: Redis
) -> None:
    session = await sessions.open("sesame")
    await sessions.end(session)
    await sessions.reveal(session, CallSid("CA1"))
    assert await sessions.find(session.cookie) is None
    assert await redis.dbsize() == 0


@pytest.mark.parametrize("cookie", ["", "x", "9" * 5000, "1.2.3", "\udcff", "é" * 99])
async def test_a_cookie_that_is_none_is_no_session(sessions: Sessions, cookie: str) -> None:
    assert await sessions.find(cookie) is None


async def test_a_session_is_over_after_a_working_day_and_a_reveal_after_a_while(
    redis: Redis, locked: Settings
) -> None:
    now = [float((await redis.time())[0])]  # Redis forgets by its own clock
    assert locked.redis_url
    async with connect(locked.redis_url) as client:
        sessions = Sessions(client, ("sesame",), lambda: now[0])
        session = await sessions.open("sesame")
        await sessions.reveal(session, CallSid("CA1"))
        now[0] += REVEAL_S - 1
        await sessions.reveal(session, CallSid("CA2"))
        assert await revealed(sessions, session) == {"CA1", "CA2"}
        now[0] += 2
        assert await revealed(sessions, session) == {"CA2"}
        now[0] += SESSION_S - REVEAL_S
        assert await sessions.find(session.cookie) is None


async def revealed(sessions: Sessions, session: Session) -> set[str]:
    found = await sessions.find(session.cookie)
    assert found is not None
    return set(found.revealed)
