"""A request that comes again is no second turn; one that was refused has changed nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import orjson
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from redis.asyncio import Redis
from structlog.contextvars import get_contextvars

from tests.conftest import PATIENT_S
from tests.console.conftest import console, until_following
from tests.console.test_app import SID, WORDS, begin, say
from tests.store.faults import FaultyRedis
from tests.telemetry.test_spans import Seen
from voicebot.business import load_business
from voicebot.call import CallSid, Change, Phase, Saved, Step
from voicebot.collect.understand import Meanwhile, nothing
from voicebot.collect.understanding import Reading, Situation
from voicebot.console.conversations import Conversations, TurnRequest
from voicebot.errors import StoreUnavailable
from voicebot.openai import Tokens, meter, read_usage
from voicebot.settings import Settings
from voicebot.store import Store, connect, open_store, utc_now
from voicebot.telemetry import CallTrace, Untraced, untraced
from voicebot.telemetry.spans import Spans, ids_of

CALL = f"call:{{{SID}}}"
NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def post(
    http: httpx.AsyncClient,
    text: str,
    at: datetime | str | None = None,
    *,
    key: str | None = None,
    sid: str = SID,
) -> httpx.Response:
    message = {"speaker": "customer", "message": text}
    if at is not None:
        message["startedAt"] = at if isinstance(at, str) else at.isoformat()
    return await http.post(
        "/ai/conversation",
        json={"callSid": sid, "customerMessage": message},
        headers={"Idempotency-Key": key} if key else {},
    )


async def everything(redis: Redis) -> tuple[object, ...]:
    """All that Redis has of the call, and of the calendar."""
    slots = sorted([name async for name in redis.scan_iter("slots:*")])
    return (
        await redis.hgetall(CALL),
        await redis.lrange(f"{CALL}:history", 0, -1),
        await redis.xrange(f"{CALL}:events"),
        [await redis.hgetall(name) for name in slots],
    )


@pytest.mark.parametrize("known_by", ["moment", "key"])
async def test_a_message_sent_again_gets_the_first_answer_and_changes_nothing(
    http: httpx.AsyncClient, redis: Redis, known_by: str
) -> None:
    await begin(http)

    async def send(nth: int) -> dict[str, object]:
        name = {"key": f"key-{nth}"} if known_by == "key" else {}
        at = None if name else NOON + timedelta(seconds=nth)
        return dict((await post(http, WORDS[nth], at, **name)).json())

    answers = []
    for nth in range(len(WORDS)):
        answers.append(await send(nth))
        before = await everything(redis)
        assert await send(nth) == answers[-1]
        assert await everything(redis) == before
    assert (answers[-1]["status"], answers[-1]["shouldHangup"]) == ("booked", True)
    for nth, first in enumerate(answers):  # also much later
        assert {**await send(nth), "callSkeleton": 0} == {**first, "callSkeleton": 0}
    assert await everything(redis) == before


async def test_a_moment_may_be_written_in_any_zone_and_is_the_same_moment(
    http: httpx.AsyncClient,
) -> None:
    await begin(http)
    first = await post(http, WORDS[0], "2026-03-02T01:00:00.250Z")
    for same in ("2026-03-02T12:00:00.250+11:00", "2026-03-02T01:00:00.250"):
        assert (await post(http, WORDS[0], same)).json() == first.json()


async def test_the_same_words_at_another_moment_or_without_one_are_another_turn(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http)
    for at in (NOON, NOON + timedelta(seconds=1), None, None):
        await post(http, "What does it cost?", at)
    assert await redis.llen(f"{CALL}:history") == 1 + 2 * 4


@pytest.mark.parametrize(
    ("text", "at"), [("yes", NOON), (WORDS[0], NOON + timedelta(seconds=1)), (WORDS[0], None)]
)
async def test_the_same_key_with_another_message_is_409_and_changes_nothing(
    http: httpx.AsyncClient, redis: Redis, text: str, at: datetime | None
) -> None:
    await begin(http)
    first = await post(http, WORDS[0], NOON, key="one")
    before = await everything(redis)
    other = await post(http, text, at, key="one")
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_key_reused")
    assert await everything(redis) == before
    assert (await post(http, WORDS[0], NOON, key="one")).json() == first.json()


async def test_a_key_counts_within_its_call(http: httpx.AsyncClient) -> None:
    for sid in (SID, "CA-http-2"):
        await begin(http, sid)
        answer = await post(http, WORDS[0], key="one", sid=sid)
        assert answer.json()["callSkeleton"]["callSid"] == sid


@pytest.mark.parametrize("key", [None, "one"])
@pytest.mark.parametrize("consoles", [1, 2])
async def test_three_equal_posts_at_once_count_once(
    http: httpx.AsyncClient, settings: Settings, redis: Redis, consoles: int, key: str | None
) -> None:
    await begin(http)
    async with console(settings) as other:
        doors = [http, other if consoles == 2 else http, http]
        answers = await asyncio.gather(*(post(door, WORDS[0], NOON, key=key) for door in doors))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await redis.llen(f"{CALL}:history") == 3


async def test_a_call_that_is_begun_at_two_consoles_at_once_begins_once(
    http: httpx.AsyncClient, settings: Settings, redis: Redis
) -> None:
    async with console(settings) as other:
        doors = (http, other, http, other)
        begun = await asyncio.gather(*(d.post("/calls", json={"callSid": SID}) for d in doors))
    assert sorted(answer.status_code for answer in begun) == [200, 200, 200, 201]
    assert len({answer.text for answer in begun}) == 1
    assert await redis.llen(f"{CALL}:history") == 1


async def test_turns_at_once_on_two_consoles_are_served_one_after_the_other(
    http: httpx.AsyncClient, settings: Settings, redis: Redis
) -> None:
    await begin(http)
    async with console(settings) as other:
        answers = await asyncio.gather(
            *(say(door, "What does it cost?") for door in (http, other, http, other))
        )
    assert {answer.status_code for answer in answers} == {200}
    said = [orjson.loads(m)["speaker"] for m in await redis.lrange(f"{CALL}:history", 0, -1)]
    assert said == ["AI"] + ["customer", "AI"] * 4


async def test_a_conversation_over_http_leaves_no_more_fields_the_longer_it_is(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http)
    await say(http, "What does it cost?")
    fields = set(await redis.hgetall(CALL))
    for _ in range(8):
        await say(http, "What does it cost?")
    assert set(await redis.hgetall(CALL)) == fields


async def test_a_call_of_the_phone_that_goes_on_over_http_is_resumed_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.console.event_hub.GATHER_S", 5.0)  # no notice is read meanwhile
    async with asyncio.timeout(PATIENT_S), console(settings) as http:
        await until_following(http)
        async with open_store(settings, load_business(None)) as phone:
            ledger = await phone.open_call(CallSid(SID), caller=None)
            (row,) = (await http.get("/calls")).json()["calls"]
            assert row["resumed"] == 0
            phone.announce(CallSid(SID), Phase.LISTENING)
            await ledger.close()
        for _ in range(3):
            await say(http, "What does it cost?")
        (row,) = (await http.get("/calls")).json()["calls"]
        assert row["resumed"] == 1


class Interrupted:
    """Understands by the rules; meanwhile something happens."""

    def __init__(self, happens: Callable[[], Awaitable[object]]) -> None:
        self._happens = happens

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        await meanwhile()
        await self._happens()
        return done


async def test_a_call_that_the_phone_takes_in_the_middle_of_a_turn_is_409_and_may_be_tried_again(
    redis: Redis, settings: Settings
) -> None:
    assert settings.redis_url
    phone = Store(connect(settings.redis_url), settings, load_business(None))
    ledgers = []

    async def phone_rings() -> None:
        ledgers.append(await phone.open_call(CallSid(SID), caller=None))

    async with console(settings, understand=Interrupted(phone_rings)) as http:
        await begin(http)
        turn = await post(http, WORDS[0], NOON)
    assert (turn.status_code, turn.json()["error"]) == (409, "call_is_live")
    assert await redis.llen(f"{CALL}:history") == 1
    assert "user.userInfo.name" not in await redis.hgetall(CALL)
    assert await ledgers[0].commit(Change(step=Step.NAME)) is Saved.REDIS
    await ledgers[0].close()
    await phone.aclose()
    async with console(settings) as http:
        again = (await post(http, WORDS[0], NOON)).json()
    assert again["callSkeleton"]["user"]["userInfo"]["name"] == "Robin Carter"
    assert len(again["callSkeleton"]["history"]) == 3


@pytest.mark.parametrize("told_before", [0, len(WORDS) - 1])
async def test_an_answer_that_was_lost_on_its_way_is_given_when_the_message_comes_again(
    redis: Redis, settings: Settings, told_before: int
) -> None:
    assert settings.redis_url
    faulty, fault = FaultyRedis(connect(settings.redis_url)), ExitStack()
    store = Store(cast(Redis, faulty), settings, load_business(None))

    async def connection_breaks() -> None:
        fault.enter_context(faulty.replies_lost())

    text = WORDS[told_before]
    async with console(settings) as http:
        await begin(http)
        for words in WORDS[:told_before]:
            await say(http, words)
        broken = Interrupted(connection_breaks)
        talks = Conversations(settings, store, load_business(None), broken)
        with fault, pytest.raises(StoreUnavailable):
            await talks.answer(CallSid(SID), TurnRequest(text, NOON))
        written = await everything(redis)
        answer = (await post(http, text, NOON)).json()
    assert await everything(redis) == written
    assert len(answer["callSkeleton"]["history"]) == 2 * told_before + 3
    assert answer["aiResponse"] == answer["callSkeleton"]["history"][-1]
    await store.aclose()


async def test_a_turn_that_redis_takes_no_write_of_is_503_and_counts_once_when_it_comes_again(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    await begin(http)
    before = await everything(redis)
    await redis.config_set("min-replicas-to-write", 1)
    try:
        refused = await post(http, WORDS[0], NOON)
    finally:
        await redis.config_set("min-replicas-to-write", 0)
    assert (refused.status_code, refused.json()["error"]) == (503, "store_unavailable")
    assert await everything(redis) == before
    for _ in range(2):
        again = (await post(http, WORDS[0], NOON)).json()
    assert len(again["callSkeleton"]["history"]) == 3


OLD = {
    "callSid": SID,
    "services": [],
    "company": {"name": "Example Home Services"},
    "user": {"userInfo": {}},
    "history": [
        {"speaker": "AI", "message": "What is your name?", "startedAt": "2026-03-02T00:59:50Z"},
        {"speaker": "customer", "message": WORDS[0], "startedAt": "2026-03-02T01:00:00.000Z"},
    ],
    "servicebooked": False,
    "confirmEmailsent": False,
    "createdAt": "2026-03-02T00:59:00.000Z",
}


@pytest.mark.parametrize(
    "stored",
    [
        "2026-03-02T01:00:00.000Z",
        "2026-03-02T01:00:00",
        "",
        None,
        "2026-03-02T01:00:00.000789",
        "2026-03-02T12:00:00+11:00",
    ],
)
@pytest.mark.parametrize("at", [NOON, None])
async def test_a_message_that_the_old_back_end_had_stored_is_answered_and_not_stored_twice(
    http: httpx.AsyncClient, redis: Redis, stored: str | None, at: datetime | None
) -> None:
    history = [OLD["history"][0], {**OLD["history"][1], "startedAt": stored}]  # type: ignore[index]
    await redis.set(f"call:{SID}", orjson.dumps({**OLD, "history": history}))
    answer = (await post(http, WORDS[0], at)).json()
    assert answer["callSkeleton"]["user"]["userInfo"]["name"] == "Robin Carter"
    said = [m["message"] for m in answer["callSkeleton"]["history"]]
    assert said == ["What is your name?", WORDS[0], answer["aiResponse"]["message"]]
    later = (await post(http, WORDS[1], NOON + timedelta(seconds=5))).json()
    assert len(later["callSkeleton"]["history"]) == 5


async def test_what_the_old_back_end_had_answered_is_not_answered_anew(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    reply = {"speaker": "AI", "message": "And your phone?", "startedAt": "2026-03-02T01:00:01.000Z"}
    text = orjson.dumps({**OLD, "history": [*OLD["history"], reply]})  # type: ignore[misc]
    await redis.set(f"call:{SID}", text)
    answer = (await post(http, WORDS[0], NOON)).json()
    assert answer["aiResponse"] == reply
    assert answer["shouldHangup"] is False
    assert await redis.keys("*") == [f"call:{SID}"]


async def test_the_answer_says_where_the_call_stands_and_when_to_hang_up(
    http: httpx.AsyncClient,
) -> None:
    await begin(http)
    told = []
    for text in WORDS:
        answer = (await say(http, text)).json()
        told.append((answer["step"], answer["status"], answer["shouldHangup"]))
    steps = ["phone", "phone", "address", "email", "email", "service", "time", "time"]
    assert told == [(step, "active", False) for step in steps] + [("done", "booked", True)]
    assert (await say(http, "Thank you")).json()["shouldHangup"] is True


async def test_who_says_goodbye_is_to_be_hung_up_on_and_who_goes_on_is_not(
    http: httpx.AsyncClient,
) -> None:
    await begin(http)
    bye = (await say(http, "goodbye")).json()
    assert (bye["status"], bye["shouldHangup"]) == ("incomplete", True)
    on = (await say(http, WORDS[0])).json()
    assert (on["status"], on["shouldHangup"]) == ("active", False)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_before_or_after_all_time_is_422(http: httpx.AsyncClient, at: str) -> None:
    await begin(http)
    assert (await post(http, WORDS[0], at)).status_code == 422


COST_SID = CallSid("CA-cost")


class Dear:
    """Understands by the rules, is paid like a model, and stops where a model would."""

    def __init__(self) -> None:
        self.paid = 0

    async def __call__(
        self, text: str, situation: Situation, done: Reading, meanwhile: Meanwhile = nothing, /
    ) -> Reading:
        if not meter().is_spent:
            meter().thought("a model", Tokens(input=100_000))
            self.paid += 1
        return done


async def test_all_turns_of_a_call_are_on_one_bill_until_its_cap_is_reached(
    redis: Redis, settings: Settings
) -> None:
    settings = settings.model_copy(update={"openai_max_cost": 0.000001})
    dear = Dear()
    business = load_business(None)
    async with open_store(settings, business) as store:
        consoles = [Conversations(settings, store, business, dear) for _ in range(2)]
        await consoles[0].start(COST_SID, None)
        assert await redis.hget(f"call:{{{COST_SID}}}", "usage") is None
        for console, text in zip(consoles, ("My name is Robin Carter", "yes"), strict=True):
            await console.answer(COST_SID, TurnRequest(text, utc_now()))
    used = read_usage(str(await redis.hget(f"call:{{{COST_SID}}}", "usage")))
    assert (dear.paid, used.tokens_in) == (1, 100_000)
    assert used.cost_usd > settings.openai_max_cost


async def test_a_conversation_is_one_trace_and_each_answer_a_turn(settings: Settings) -> None:
    seen = Seen()
    async with console(settings, Spans(SimpleSpanProcessor(seen))) as http:
        await begin(http)
        for text in WORDS:
            await say(http, text)
    spans = seen.get_finished_spans()
    assert {span.context.trace_id for span in spans} == {ids_of(CallSid(SID))[0]}
    assert seen.told("turn", "step") == [
        "name", "phone", "phone", "address", "email", "email", "service", "time", "time",
    ]  # fmt: skip
    assert seen.told("turn", "outcome")[-1] == "ended"
    assert seen.told("call", "outcome") == ["goes_on"] * len(WORDS) + ["booked"]
    assert seen.told("call", "resumed") == [False] + [True] * len(WORDS)
    turns = {turn.context.span_id for turn in seen.named("turn")}
    commits = [c.parent.span_id for c in seen.named("commit") if c.parent]
    assert set(commits) == turns, "each was saved before it was answered"
    told = " ".join(str(value) for span in spans for value in (span.attributes or {}).values())
    for secret in ("Robin", "0412 345", "George", "example.com"):
        assert secret not in told


class Listening(Untraced):
    """Notes which call a log line would be of, deep within a request."""

    def __init__(self) -> None:
        self.bound: list[object] = []

    def begin_call(self, call_sid: CallSid, step: Step, *, resumed: bool) -> CallTrace:
        self.bound.append(get_contextvars().get("call_sid"))
        return untraced


async def test_what_is_logged_meanwhile_carries_the_calls_id(settings: Settings) -> None:
    listening = Listening()
    async with console(settings, listening) as http:
        await begin(http, "CA-one")
        await begin(http, "CA-two")
        await say(http, WORDS[0], "CA-one")
    assert listening.bound == ["CA-one", "CA-two", "CA-one"]
