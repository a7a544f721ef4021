"""Work for staff, the caller's wish and notes are kept once, by any session that heard them."""

from datetime import timedelta

import orjson
import pytest
from redis.asyncio import Redis

from voicebot.call import Change, Needs, Note, Status, Step, Wish
from voicebot.errors import Fenced
from voicebot.store.commit_encoding import EncodedCommit, after, encode_missing
from voicebot.store.events import EventReader
from voicebot.store.layout import call_keys
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Script, Scripts, Verdict, shared
from voicebot.store.store import Store

from .calls import SID, START, stored
from .conftest import StoreMaker

GATE = Note("gate code 4711", START)
DOG = Note("the dog is called »Rex«, it's fine", START + timedelta(seconds=9))


async def test_notes_are_appended_in_order_and_read_back(store: Store, client: Redis) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(notes=(GATE,)))
    await ledger.commit(Change(notes=(DOG, GATE), wish=Wish.OTHER, needs=Needs.FOLLOW_UP))
    text = await client.hget(call_keys(SID).call, "notes")
    assert orjson.loads(str(text)) == [
        {"text": "gate code 4711", "at": "2026-03-02T09:00:00.000Z"},
        {"text": "the dog is called »Rex«, it's fine", "at": "2026-03-02T09:00:09.000Z"},
        {"text": "gate code 4711", "at": "2026-03-02T09:00:00.000Z"},
    ]
    again = await store.open_call(SID, caller=None)
    assert again.state.notes == (GATE, DOG, GATE)
    assert (again.state.needs, again.state.wish) == (Needs.FOLLOW_UP, Wish.OTHER)


async def test_the_events_tell_each_of_them_and_a_person_as_ever(
    store: Store, client: Redis
) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(notes=(GATE,), wish=Wish.COMPLAINT, needs=Needs.PERSON))
    events = [e.fields for e in await EventReader(client).of_call(SID)]
    told = [(e["type"], e.get("field"), e["value"]) for e in events if "value" in e]
    element = '[{"text":"gate code 4711","at":"2026-03-02T09:00:00.000Z"}]'
    assert told == [
        ("needs", "needs", "person"),
        ("wish", "wish", "complaint"),
        ("person", None, "active"),
        ("notes", "notes", element),
    ]


async def test_nothing_to_do_is_stored_and_differs_from_nothing_said(store: Store) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(status=Status.INCOMPLETE))
    skeleton = await stored(store)
    assert (skeleton.needs, skeleton.due) == (None, Needs.FOLLOW_UP)
    await ledger.commit(Change(needs=Needs.NOTHING, wish=Wish.CANCEL))
    skeleton = await stored(store)
    assert (skeleton.needs, skeleton.due, skeleton.wish) == (
        Needs.NOTHING,
        Needs.NOTHING,
        Wish.CANCEL,
    )


async def test_a_session_that_was_taken_over_still_leaves_its_note_and_an_open_need(
    store: Store,
) -> None:
    older = await store.open_call(SID, caller=None)
    newer = await store.open_call(SID, caller=None)
    with pytest.raises(Fenced):
        await older.commit(Change(notes=(GATE,), needs=Needs.PERSON, wish=Wish.COMPLAINT))
    skeleton = await stored(store)
    assert [note.text for note in skeleton.notes] == [GATE.text]
    assert (skeleton.needs, skeleton.wish) == (Needs.PERSON, Wish.COMPLAINT)
    await newer.commit(Change(needs=Needs.FOLLOW_UP, notes=(DOG,)))
    with pytest.raises(Fenced):
        await older.commit(Change(needs=Needs.PERSON))
    skeleton = await stored(store)
    assert skeleton.needs is Needs.FOLLOW_UP
    assert [note.text for note in skeleton.notes] == [GATE.text, DOG.text]


async def test_a_note_whose_answer_was_lost_is_not_written_twice(
    store: Store, client: Redis
) -> None:
    await store.open_call(SID, caller=None)
    arguments = (0, '{"text":"Kim: bring a ladder","at":"2026-03-02T09:00:00.000Z"}', 0)
    for _ in range(2):
        reply = await Script("note", ("common", "change")).run(
            client, call_keys(SID).record, (*shared(SID, START, 60), *arguments)
        )
        assert reply == Verdict.APPLIED
    (note,) = orjson.loads(str(await client.hget(call_keys(SID).call, "notes")))
    assert note["text"] == "Kim: bring a ladder"


async def test_in_batch_mode_every_note_and_the_last_need_are_written(
    make_store: StoreMaker,
) -> None:
    store = make_store(realtime_share=0.0)
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(notes=(GATE,), needs=Needs.PERSON, wish=Wish.COMPLAINT))
    await ledger.commit(Change(notes=(DOG,), needs=Needs.FOLLOW_UP))
    await ledger.close()
    skeleton = await stored(store)
    assert [note.text for note in skeleton.notes] == [GATE.text, DOG.text]
    assert (skeleton.needs, skeleton.wish) == (Needs.FOLLOW_UP, Wish.COMPLAINT)


async def test_the_record_worked_out_from_a_session_has_the_same_notes(
    store: Store, client: Redis
) -> None:
    ledger = await store.open_call(SID, caller=None)
    for note in (GATE, DOG):
        await ledger.commit(Change(notes=(note,), needs=Needs.PERSON))
    expected = after(ledger.pending.snapshot, [ledger.pending])
    found = await client.hmget(call_keys(SID).call, ["notes", "needs"])
    assert found == [expected.fields["notes"], expected.fields["needs"]]


async def test_a_need_that_somebody_deleted_is_written_again(store: Store, client: Redis) -> None:
    ledger = await store.open_call(SID, caller=None)
    await ledger.commit(Change(notes=(GATE,), needs=Needs.PERSON))
    await client.hdel(call_keys(SID).call, "needs", "notes")
    await ledger.close()
    skeleton = await stored(store)
    assert ([n.text for n in skeleton.notes], skeleton.needs) == ([GATE.text], Needs.PERSON)


async def test_a_commit_of_an_earlier_version_has_no_notes_and_is_applied(
    store: Store, client: Redis
) -> None:
    """A journal may hold one: its arguments end where notes begin now."""
    ledger = await store.open_call(SID, caller=None)
    whole = encode_missing(1, START, CallRecord({"user.userInfo.name": "Robin Carter"}))
    old = EncodedCommit(whole.seq, whole.at, whole.arguments[:-1])
    pending = ledger.pending
    await Scripts(client, retention_s=1000).commit(ledger.info, pending.epoch or 0, old)
    assert (await stored(store)).user.userInfo.name == "Robin Carter"
    one = after(pending.snapshot, [type(pending)(ledger.info, 1, pending.snapshot, 0, (old,))])
    assert one.fields["user.userInfo.name"] == "Robin Carter"


@pytest.mark.parametrize("text", ["", "[]", "no list", '{"text": "x"}', '[1, {"at": "x"}]'])
async def test_what_another_program_wrote_there_breaks_nothing(
    store: Store, client: Redis, text: str
) -> None:
    ledger = await store.open_call(SID, caller=None)
    await client.hset(call_keys(SID).call, mapping={"notes": text, "wish": "?", "needs": "?"})
    skeleton = await stored(store)
    assert (skeleton.notes, skeleton.wish, skeleton.needs) == ([], Wish.NOTHING, None)
    await ledger.commit(Change(notes=(GATE,), answers={Step.NAME: "Robin Carter"}))
    assert [note.text for note in (await stored(store)).notes] == [GATE.text]
