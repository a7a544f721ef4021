"""The scripts' promises: whole, once, in turn, and only by the owner."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from voicebot.call import Change, Status, Step
from voicebot.store.commit_encoding import Commit, EncodedCommit, PendingUpdate, SessionInfo, encode
from voicebot.store.layout import call_keys, message_json
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Claimed, Scripts, Verdict

from .calls import SID, START, answered, bot, caller

KEYS = call_keys(SID)
RETENTION_S = 1000
FRESH = CallRecord({"callSid": SID, "status": "active", "step": "name", "servicebooked": "false"})


@pytest.fixture
def scripts(client: Redis) -> Scripts:
    return Scripts(client, retention_s=RETENTION_S)


def session(name: str, second: int = 0) -> SessionInfo:
    return SessionInfo(SID, name, START + timedelta(seconds=second), FRESH.fields)


async def claim(scripts: Scripts, name: str, second: int = 0) -> Claimed:
    return await scripts.claim(session(name, second), FRESH, at=START)


async def late_claim(scripts: Scripts, name: str) -> Claimed:
    return await scripts.claim(session(name), FRESH, at=START, late=True)


def commit(seq: int, change: Change) -> EncodedCommit:
    return encode(Commit(seq, change, START))


def said(seq: int) -> EncodedCommit:
    return commit(seq, Change(messages=(caller(f"message {seq}", seq),)))


async def history(client: Redis) -> list[str]:
    return [str(message) for message in await client.lrange(KEYS.history, 0, -1)]


async def test_a_claim_makes_a_record_where_there_is_none(scripts: Scripts) -> None:
    claimed = await claim(scripts, "a")
    assert claimed.epoch == 1
    assert claimed.record.fields["step"] == "name"
    assert claimed.record.fields["epoch"] == "1"
    assert not claimed.record.history


async def test_each_session_gets_a_higher_epoch_and_one_session_only_one(scripts: Scripts) -> None:
    epochs = [(await claim(scripts, session)).epoch for session in ("a", "a", "b", "b", "a")]
    assert epochs == [1, 1, 2, 2, 3]


async def test_a_claim_never_overwrites_a_record(scripts: Scripts, client: Redis) -> None:
    await client.hset(KEYS.call, mapping={"user.userInfo.name": "Test Caller", "step": "phone"})
    claimed = await claim(scripts, "a")
    assert claimed.record.fields["user.userInfo.name"] == "Test Caller"
    assert claimed.record.fields["step"] == "phone"
    assert "callSid" not in claimed.record.fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.ACTIVE, "active"),
        (Status.ABANDONED, "active"),
        (Status.BOOKED, "booked"),
        (Status.INCOMPLETE, "incomplete"),
        (Status.TRANSFER, "transfer"),
    ],
)
async def test_a_claim_reopens_only_what_is_not_finished(
    scripts: Scripts, client: Redis, before: Status, after: str
) -> None:
    await client.hset(KEYS.call, "status", before.value)
    assert (await claim(scripts, "a")).record.fields["status"] == after


async def test_a_commit_is_in_the_record_as_a_whole(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    change = answered(Step.TIME, 4)
    assert (await scripts.commit(session("a"), 1, commit(1, change))).verdict is Verdict.APPLIED
    fields = await client.hgetall(KEYS.call)
    assert fields["user.serviceBookedTime"] == "2026-03-10T15:00:00+11:00"
    assert fields["user.userInfo.time_timestamp"] == "2026-03-02T09:00:00.000Z"
    assert (fields["servicebooked"], fields["step"], fields["status"]) == ("true", "done", "booked")
    assert fields["seq.1"] == "1"
    assert await history(client) == [message_json(m) for m in change.messages]


async def test_every_write_renews_the_retention_of_all_keys(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "a")
    await scripts.commit(session("a"), 1, said(1))
    for key in KEYS.record:
        assert 0 < await client.ttl(key) <= RETENTION_S


async def test_watchers_are_told_what_changed_and_when(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    change = Change(
        answers={Step.NAME: "Test Caller"},
        confirmed=frozenset({Step.NAME}),
        messages=(caller("hello"),),
        step=Step.PHONE,
    )
    await scripts.commit(session("a"), 1, commit(1, change))
    told = [event for _, event in await client.xrange(KEYS.events) or ()]
    shared = {"step": "phone", "epoch": "1", "seq": "1", "at": "2026-03-02T09:00:00.000Z"}
    assert told[1:] == [
        {**shared, "type": "field", "field": "name", "value": "Test Caller"},
        {**shared, "type": "message", "message": message_json(caller("hello"))},
        {**shared, "type": "confirmed", "field": "name"},
        {**shared, "type": "step", "value": "phone"},
    ]


async def test_a_correction_takes_the_yes_back(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    yes = Change(confirmed=frozenset({Step.PHONE}))
    no = Change(answers={Step.PHONE: "+61255550111"}, unconfirmed=frozenset({Step.PHONE}))
    await scripts.commit(session("a"), 1, commit(1, yes))
    assert await client.hget(KEYS.call, "phone_confirmed") == "true"
    await scripts.commit(session("a"), 1, commit(2, no))
    assert await client.hget(KEYS.call, "phone_confirmed") is None
    assert await client.hget(KEYS.call, "user.userInfo.phone") == "+61255550111"


async def test_a_sentence_that_was_cut_off_is_rewritten_in_its_place(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "a")
    written, heard = bot("What is your name please", 1), bot("What is", 1)
    await scripts.commit(session("a"), 1, commit(1, Change(messages=(written,))))
    change = Change(revised=(written, heard), messages=(caller("wait", 2),))
    await scripts.commit(session("a"), 1, commit(2, change))
    assert await history(client) == [message_json(heard), message_json(caller("wait", 2))]


async def test_a_commit_seen_before_is_already_done(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    await scripts.commit(session("a"), 1, said(1))
    again = await scripts.commit(session("a"), 1, said(1))
    assert (again.verdict, again.last) == (Verdict.DONE, 1)
    assert len(await history(client)) == 1


async def test_a_gap_is_refused_and_says_where_it_begins(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    await scripts.commit(session("a"), 1, said(1))
    reply = await scripts.commit(session("a"), 1, said(3))
    assert (reply.verdict, reply.last) == (Verdict.GAP, 1)
    assert len(await history(client)) == 1


async def test_an_older_owner_adds_what_was_said_and_changes_nothing(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new")
    await scripts.commit(
        session("new"), 2, commit(1, Change(answers={Step.NAME: "New Name"}, step=Step.PHONE))
    )
    late = Change(
        answers={Step.NAME: "Old Name", Step.EMAIL: "caller@example.com"},
        messages=(caller("said before"),),
        step=Step.TIME,
        status=Status.INCOMPLETE,
        dialogue="old",
    )
    for _ in range(2):
        reply = await scripts.commit(session("old"), 1, commit(1, late))
        assert reply.verdict is Verdict.FENCED
    fields = await client.hgetall(KEYS.call)
    assert fields["user.userInfo.name"] == "New Name"
    assert fields["user.userInfo.email"] == "caller@example.com"
    assert (fields["step"], fields["status"]) == ("phone", "active")
    assert "dialogue" not in fields
    assert await history(client) == [message_json(caller("said before"))]


def before_it_was_taken_over(seq: int, change: Change) -> EncodedCommit:
    return encode(Commit(seq, change, START + timedelta(seconds=1)))


CONFIRMED = Change(
    answers={Step.PHONE: "+61255550100"},
    confirmed=frozenset({Step.PHONE}),
    step=Step.ADDRESS,
    status=Status.ABANDONED,
    dialogue="asks for the address",
)


async def test_where_an_older_owner_left_the_call_counts_until_the_newer_one_tells_its_own(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new", 2)
    await scripts.commit(session("new", 2), 2, said(1))
    await scripts.commit(session("old"), 1, before_it_was_taken_over(1, CONFIRMED))
    fields = await client.hgetall(KEYS.call)
    assert (fields["step"], fields["dialogue"]) == ("address", "asks for the address")
    assert fields["status"] == "active"
    assert fields["phone_confirmed"] == "true"


async def test_a_newer_owners_status_alone_does_not_say_where_the_call_stands(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new", 2)
    await scripts.commit(session("new", 2), 2, commit(1, Change(status=Status.ABANDONED)))
    await scripts.commit(session("old"), 1, before_it_was_taken_over(1, CONFIRMED))
    assert await client.hget(KEYS.call, "step") == "address"


async def test_where_the_newer_owner_stands_counts_and_what_the_older_one_confirmed_stays(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new", 2)
    further = Change(answers={Step.ADDRESS: "1 Example Street"}, step=Step.EMAIL)
    await scripts.commit(session("new", 2), 2, commit(1, further))
    await scripts.commit(session("old"), 1, before_it_was_taken_over(1, CONFIRMED))
    fields = await client.hgetall(KEYS.call)
    assert (fields["step"], fields.get("dialogue")) == ("email", None)
    assert fields["phone_confirmed"] == "true"


@pytest.mark.parametrize(
    "change",
    [
        Change(answers={Step.PHONE: "+61255550111"}),
        Change(unconfirmed=frozenset({Step.PHONE})),
    ],
)
async def test_a_yes_of_an_older_owner_confirms_no_newer_number(
    change: Change, scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new", 2)
    await scripts.commit(session("new", 2), 2, commit(1, change))
    await scripts.commit(session("old"), 1, before_it_was_taken_over(1, CONFIRMED))
    assert "phone_confirmed" not in await client.hgetall(KEYS.call)


async def test_the_newer_owner_goes_on_undisturbed_after_an_older_one_wrote(
    scripts: Scripts,
) -> None:
    await claim(scripts, "old")
    await claim(scripts, "new")
    await scripts.commit(session("old"), 1, said(1))
    assert (await scripts.commit(session("new"), 2, said(1))).verdict is Verdict.APPLIED


async def test_a_claim_that_redis_lost_is_noticed(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    await client.flushall()
    assert (await scripts.commit(session("a"), 1, said(1))).verdict is Verdict.UNCLAIMED


async def test_an_epoch_that_was_lost_and_given_again_belongs_to_the_newer_session(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "a")
    await client.flushall()
    await claim(scripts, "b", 5)
    await scripts.commit(session("b"), 1, said(1))
    assert (await scripts.commit(session("a"), 1, said(1))).verdict is Verdict.FENCED
    assert (await scripts.commit(session("b"), 1, said(2))).verdict is Verdict.APPLIED
    assert len(await history(client)) == 3


async def test_who_could_not_claim_in_time_does_not_fence_who_came_after(
    scripts: Scripts, client: Redis
) -> None:
    await claim(scripts, "newer", 10)
    late = await late_claim(scripts, "older")
    assert late.late
    assert (await scripts.commit(session("older"), 0, said(1))).verdict is Verdict.FENCED
    assert (await scripts.commit(session("older"), 0, said(1))).verdict is Verdict.FENCED
    assert len(await history(client)) == 1
    assert await client.hget(KEYS.call, "epoch") == "1"


async def test_who_had_claimed_and_does_not_know_it_writes_nothing_twice(
    scripts: Scripts, client: Redis
) -> None:
    """Its worker was killed, and its journal was written while Redis was away."""
    first = await late_claim(scripts, "a")
    assert (await scripts.commit(session("a"), first.epoch, said(1))).verdict is Verdict.APPLIED
    await claim(scripts, "newer", 10)
    again = await late_claim(scripts, "a")
    assert again.epoch == first.epoch
    assert (await scripts.commit(session("a"), again.epoch, said(1))).last == 1
    assert (await scripts.commit(session("a"), again.epoch, said(2))).verdict is Verdict.FENCED
    assert len(await history(client)) == 2
    assert await client.hget(KEYS.call, "epoch") == "2"


async def test_who_could_not_claim_in_time_owns_what_nobody_took_since(scripts: Scripts) -> None:
    await claim(scripts, "earlier", -10)
    late = await late_claim(scripts, "a")
    assert late.epoch == 2


async def test_scripts_come_back_after_redis_forgot_them(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    await client.script_flush()
    with pytest.raises(NoScriptError):
        await client.evalsha("0" * 40, 0)
    assert (await scripts.commit(session("a"), 1, said(1))).verdict is Verdict.APPLIED


def small_write(write_id: str, fields: dict[str, str], *history: str) -> PendingUpdate:
    return PendingUpdate(write_id, SID, START, fields, history)


async def test_a_small_write_takes_no_number_of_the_owner(scripts: Scripts) -> None:
    await claim(scripts, "a")
    reply = await scripts.update(small_write("w1", {"user.userInfo.name": "N"}))
    assert reply is Verdict.APPLIED
    assert (await scripts.commit(session("a"), 1, said(1))).verdict is Verdict.APPLIED


async def test_a_small_write_is_done_once(scripts: Scripts, client: Redis) -> None:
    await claim(scripts, "a")
    replies = [await scripts.update(small_write("w1", {}, "{}")) for _ in range(2)]
    assert replies == [Verdict.APPLIED, Verdict.DONE]
    assert await history(client) == ["{}"]


async def test_a_small_write_to_an_unknown_call_leaves_no_trace(
    scripts: Scripts, client: Redis
) -> None:
    assert await scripts.update(small_write("w", {"x": "y"})) is Verdict.UNKNOWN
    assert await client.keys() == []
