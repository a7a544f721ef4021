"""The expected record, and its difference to the stored one at a call's end."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import FIELDS, Change, Needs, Status, Step, Wish
from voicebot.settings import SaveMode
from voicebot.store.commit_encoding import (
    Commit,
    PendingCommits,
    SessionInfo,
    after,
    encode,
    missing,
)
from voicebot.store.layout import call_keys
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Scripts
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import SID, START, answered, bot, sample, stored
from .conftest import StoreMaker

KEYS = call_keys(SID)
WHOLE_CALL = (
    Change(messages=(bot("What is your name please", 0),)),
    Change(revised=(bot("What is your name please", 0), bot("What is", 0))),
    *(answered(step, 2 * n + 1) for n, step in enumerate(FIELDS)),
    Change(confirmed=frozenset({Step.PHONE, Step.EMAIL}), booked=True, status=Status.BOOKED),
    Change(unconfirmed=frozenset({Step.EMAIL}), answers={Step.EMAIL: "other@example.com"}),
    Change(revised=(bot("never written", 40), bot("never", 40))),
)


@pytest.fixture
async def ledger(store: Store) -> AsyncIterator[CallSession]:
    ledger = await store.open_call(SID, caller="+61255550100")
    for change in WHOLE_CALL:
        await ledger.commit(change)
    yield ledger
    await ledger.close()


def defects() -> float:
    return sample("voicebot_record_defects_total")


def _of_the_call(fields: Mapping[str, str]) -> dict[str, str]:
    """Without what belongs to claims and commits."""
    books = ("epoch", "began", "owner.", "seq.", "by.", "updatedAt")
    return {name: value for name, value in fields.items() if not name.startswith(books)}


async def test_the_record_worked_out_from_a_session_is_the_record_that_redis_has(
    client: Redis, ledger: CallSession
) -> None:
    expected = after(ledger.pending.snapshot, [ledger.pending])
    fields = await client.hgetall(KEYS.call)
    assert _of_the_call(expected.fields) == _of_the_call(
        {str(k): str(v) for k, v in fields.items()}
    )
    assert expected.history == await client.lrange(KEYS.history, 0, -1)


async def test_an_answer_that_was_taken_back_is_gone(
    client: Redis, ledger: CallSession, business: Business
) -> None:
    await ledger.commit(Change(answers={Step.EMAIL: ""}))
    found = await client.hgetall(KEYS.call)
    record = CallRecord({str(k): str(v) for k, v in found.items()})
    assert Step.EMAIL not in record.state(business, START).answers
    assert record.skeleton.user.userInfo.email == ""


async def test_an_undisturbed_call_has_no_defect(ledger: CallSession, client: Redis) -> None:
    before, found = defects(), await client.hgetall(KEYS.call)
    await ledger.close()
    assert defects() == before
    assert await client.hgetall(KEYS.call) == found


async def test_what_somebody_deleted_is_written_again_and_counted(
    store: Store, client: Redis, ledger: CallSession
) -> None:
    before, whole = defects(), await stored(store)
    await client.hdel(KEYS.call, "user.userInfo.phone", "user.userInfo.phone_timestamp")
    await client.lpop(KEYS.history)
    await ledger.close()
    mended = await stored(store)
    assert (mended.user, mended.history) == (whole.user, whole.history)
    assert defects() == before + 3


async def test_a_field_that_was_garbled_is_mended_and_one_that_was_updated_is_not(
    store: Store, client: Redis, ledger: CallSession
) -> None:
    await client.hset(KEYS.call, mapping={"user.userInfo.name": "garbled", "step": "name"})
    await store.writes.update_user_info_field(
        SID, "address", "2 Example Street", "2026-03-02T12:00:00Z"
    )
    await ledger.close()
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Test Caller"
    assert skeleton.user.userInfo.address == "2 Example Street"
    assert skeleton.step is Step.DONE


async def test_a_session_that_was_taken_over_mends_nothing(
    store: Store, ledger: CallSession
) -> None:
    before = defects()
    newer = await store.open_call(SID, caller=None)
    await newer.commit(Change(answers={Step.NAME: "New Name"}, step=Step.NAME))
    await ledger.close()
    skeleton = await stored(store)
    assert (skeleton.user.userInfo.name, skeleton.step) == ("New Name", Step.NAME)
    assert defects() == before


async def test_what_an_integrator_wrote_into_a_resumed_call_is_no_defect_and_stays(
    store: Store, client: Redis
) -> None:
    scripts = Scripts(client, retention_s=1000)
    first = SessionInfo(SID, "first", START, {"callSid": SID})
    await scripts.claim(first, CallRecord(first.fresh), at=START)
    await scripts.commit(first, 1, encode(Commit(1, answered(Step.NAME, 1), START)))
    resumed, before = await store.open_call(SID, caller=None), defects()
    assert resumed.state.answers
    await store.writes.update_user_info_field(SID, "name", "Integrators Name")
    await resumed.commit(answered(Step.PHONE, 3))
    await resumed.close()
    assert defects() == before
    late = Commit(2, Change(answers={Step.NAME: "Old Name"}), START + timedelta(seconds=1))
    await scripts.commit(first, 1, encode(late))  # out of a journal
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Integrators Name"


async def test_what_an_older_owners_journal_brings_meanwhile_is_no_defect_and_stays(
    store: Store, client: Redis
) -> None:
    scripts = Scripts(client, retention_s=1000)
    first = SessionInfo(SID, "first", START, {"callSid": SID})
    await scripts.claim(first, CallRecord(first.fresh), at=START)
    told = Change(wish=Wish.COMPLAINT, needs=Needs.FOLLOW_UP, confirmed=frozenset({Step.PHONE}))
    await scripts.commit(first, 1, encode(Commit(1, told, START)))
    newer, before = await store.open_call(SID, caller=None), defects()
    await newer.commit(Change(messages=(bot("Sorry, we were cut off", 5),)))
    journaled = Change(wish=Wish.OTHER, needs=Needs.PERSON, unconfirmed=frozenset({Step.PHONE}))
    late = Commit(2, journaled, START + timedelta(seconds=1))
    await scripts.commit(first, 1, encode(late))
    await newer.close()
    assert defects() == before
    record = await stored(store)
    assert (record.wish, record.needs, record.confirmed) == (Wish.OTHER, Needs.PERSON, [])


async def test_what_staff_have_dealt_with_during_the_call_stays_so(
    store: Store, ledger: CallSession
) -> None:
    before = defects()
    await ledger.commit(Change(needs=Needs.PERSON, wish=Wish.COMPLAINT))
    await store.staff.finish(SID, "Kim")
    await ledger.close()
    assert ((await stored(store)).needs, defects()) == (Needs.NOTHING, before)


async def test_what_an_integrator_wrote_with_the_sessions_own_moment_is_no_defect(
    store: Store, ledger: CallSession
) -> None:
    before, at = defects(), (await stored(store)).user.userInfo.name_timestamp
    await store.writes.update_user_info_field(SID, "name", "Integrators Name", at)
    await ledger.close()
    skeleton = await stored(store)
    assert skeleton.user.userInfo.name == "Integrators Name"
    assert defects() == before


async def test_batch_mode_is_reconciled_too(make_store: StoreMaker) -> None:
    store = make_store(save_mode=SaveMode.BATCH)
    ledger = await store.open_call(SID, caller=None)
    for change in WHOLE_CALL:
        await ledger.commit(change)
    before = defects()
    await ledger.close()
    assert defects() == before


def test_a_message_said_twice_must_be_there_twice() -> None:
    def lost(written: str, stored: str) -> str:
        session = SessionInfo(SID, "s", START, {})
        pending = PendingCommits(session, 1, CallRecord({}, tuple(written)), 0, ())
        return "".join(missing(pending, CallRecord({}, tuple(stored))).history)

    assert lost("aba", "ab") == "a"
    assert lost("a", "baa") == ""
