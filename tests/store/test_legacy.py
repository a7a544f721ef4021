"""Records that the old system left as one JSON string: read tolerantly, mirrored faithfully."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from voicebot.business import load_business
from voicebot.call import CallState, Change, Message, Speaker, Step
from voicebot.store.layout import legacy_key, message_json
from voicebot.store.legacy import read_legacy, write_legacy
from voicebot.store.models import CallSkeleton
from voicebot.store.record import CallRecord
from voicebot.store.store import Store

from .calls import OLD_RECORD, OLD_SID
from .conftest import StoreMaker

DEMO = load_business(None)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def old(**changed: object) -> dict[str, object]:
    """The old record with other top-level values."""
    return {**json.loads(OLD_RECORD), **changed}


def read(record: object) -> CallRecord:
    found = read_legacy(json.dumps(record).encode(), DEMO)
    assert found is not None
    return found


def state_of(record: object) -> CallState:
    return read(record).state(DEMO, NOW)


def skeleton_of(record: object) -> CallSkeleton:
    return read(record).skeleton


def said(text: str, at: str, speaker: Speaker = Speaker.BOT) -> str:
    return message_json(Message(speaker, text, datetime.fromisoformat(at)))


def mirrored(record: object, *, fields: Mapping[str, str], history: tuple[str, ...] = ()) -> object:
    """The old record after a call has changed these."""
    found = read(record)
    after = CallRecord({**found.fields, **fields}, (*found.history, *history))
    text = write_legacy(after, json.dumps(record).encode(), DEMO)
    return None if text is None else json.loads(text)


def test_an_old_record_goes_on_at_its_first_open_step() -> None:
    state = state_of(old())
    assert state.answers == {
        Step.NAME: "Test Caller",
        Step.PHONE: "+61255550100",
        Step.ADDRESS: "1 Example Street, Sampletown",
    }
    assert state.step is Step.EMAIL
    assert state.resumed


def test_an_old_record_reads_like_a_new_one() -> None:
    skeleton = skeleton_of(old())
    assert skeleton.user.userInfo.name_timestamp == "2024-05-01T01:00:10.000Z"
    assert [s.price for s in skeleton.services] == ["120", "80"]
    assert [m.message for m in skeleton.history] == ["What is your name?", "Test Caller"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-05-10T15:00", "2024-05-10T15:00:00+10:00"),
        ("2024-05-10T05:00:00Z", "2024-05-10T05:00:00+00:00"),
        ("2024-05-10", "2024-05-10"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("next Friday", "next Friday"),
    ],
)
def test_an_old_booked_time_is_in_the_business_zone(written: str, expected: str) -> None:
    assert read({"user": {"serviceBookedTime": written}}).fields["user.serviceBookedTime"] == (
        expected
    )


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("Lawn care", ("S2", "80")),
        ("Gutters", ("Gutters", "")),
        ({"id": "S9", "name": "Roofing"}, ("S9", "")),
        ('{"id": "S9", "name": "Roofing", "price": 5}', ("S9", "5")),
    ],
)
def test_an_old_service_may_be_a_mere_name(chosen: object, found: tuple[str, str]) -> None:
    service = skeleton_of(old(user={"service": chosen})).user.service
    assert service is not None
    assert (service.id, service.price) == found


@pytest.mark.parametrize("booked", [True, "true", "True", 1])
def test_a_booked_old_record_is_done(booked: object) -> None:
    fields = read({"servicebooked": booked}).fields
    assert (fields["step"], fields["status"]) == ("done", "booked")


@pytest.mark.parametrize(
    "raw", [None, b"", b"{", b"[]", b"7", b"{}", b'"{"', b"null", b"[" * 9999, b"9" * 9999]
)
def test_what_is_no_record_is_none(raw: bytes | None) -> None:
    assert read_legacy(raw, DEMO) is None


@pytest.mark.parametrize(
    "raw",
    [
        OLD_RECORD.replace("Sampletown", "Sampletown\\ud800").encode(),
        OLD_RECORD.replace("120", "NaN").encode(),
        OLD_RECORD.replace("120", "-Infinity").encode(),
        OLD_RECORD.replace("120", "1" * 40).encode(),
        b"\xef\xbb\xbf" + OLD_RECORD.encode(),
        json.dumps(OLD_RECORD).encode(),
        json.dumps(json.dumps("\ufeff" + OLD_RECORD)).encode(),
        OLD_RECORD.replace("Inside and out", "Inside \xff out").encode("latin-1"),
    ],
    ids=["surrogate", "NaN", "infinity", "long", "bom", "twice", "thrice", "latin-1"],
)
def test_what_other_programs_write_is_read_all_the_same(raw: bytes) -> None:
    found = read_legacy(raw, DEMO)
    assert found is not None
    state = found.state(DEMO, NOW)
    assert (state.answers[Step.NAME], state.step) == ("Test Caller", Step.EMAIL)
    for text in (*found.fields.values(), *found.history):
        text.encode()
    for text in (found.fields["services"], *found.history):
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize(
    ("written", "step", "answer"),
    [
        (61255550100, Step.PHONE, "+61255550100"),
        (255550100.0, Step.PHONE, "+61255550100"),
        ("(02) 5555 0100", Step.PHONE, "+61255550100"),
        (
            {"number": 5, "street": "Example Street", "suburb": "Sampletown", "unit": None},
            Step.ADDRESS,
            "5 Example Street, Sampletown",
        ),
        (["1 Example Street", "Sampletown"], Step.ADDRESS, "1 Example Street, Sampletown"),
        ({"geo": {"lat": -33.87, "lng": 151.21}}, Step.ADDRESS, None),
        ("Caller@Example.COM ", Step.EMAIL, "caller@example.com"),
        ("Test\u200b Caller", Step.NAME, "Test Caller"),
    ],
)
def test_an_answer_of_another_type_is_read_as_text(
    written: object, step: Step, answer: str | None
) -> None:
    assert state_of({"user": {"userInfo": {step: written}}}).answers.get(step) == answer


@pytest.mark.parametrize(
    ("step", "written"),
    [
        (Step.NAME, "  "),
        (Step.NAME, "\u200b\u200b"),
        (Step.NAME, "null"),
        (Step.PHONE, "not given"),
        (Step.PHONE, 0),
        (Step.ADDRESS, "N/A"),
        (Step.ADDRESS, {"street": None}),
        (Step.EMAIL, "ann at example"),
        (Step.EMAIL, False),
    ],
)
def test_an_old_answer_that_does_not_validate_is_an_open_question(
    step: Step, written: object
) -> None:
    info = {
        "name": "A Caller",
        "phone": "+61255550100",
        "address": "1 Example St",
        "email": "a@b.co",
    }
    state = state_of(old(user={"userInfo": info | {step: written}}))
    assert step not in state.answers
    assert state.step is step


def test_a_service_that_is_not_offered_is_an_open_question() -> None:
    service = {"id": "plumbing", "name": "Roofing"}
    state = state_of(old(user={"service": service, "serviceBookedTime": "2024-05-10T15:00"}))
    assert Step.SERVICE not in state.answers


def test_what_was_stored_is_still_shown_where_it_is_no_answer() -> None:
    info = skeleton_of({"user": {"userInfo": {"phone": "not given"}}}).user.userInfo
    assert info.phone == "not given"


def message(text: str, at: object = None) -> dict[str, object]:
    return {"speaker": "AI", "message": text, "startedAt": at}


def test_messages_stand_in_the_order_of_their_moments_not_of_their_texts() -> None:
    record = old(
        history=[
            message("third", "2026-11-30T07:00:07+11:00"),
            message("first", "2026-11-29T20:00:05.123456"),
            message("second", "2026-W48-7T20:00:06"),
            message("fourth", 1795982408123),
            message("day", "2026-11-29"),
        ]
    )
    skeleton = skeleton_of(record)
    assert [m.message for m in skeleton.history] == ["day", "first", "second", "third", "fourth"]
    assert skeleton.history[1].startedAt == "2026-11-29T20:00:05.123456Z"


def test_a_message_without_a_readable_moment_stays_where_it_is() -> None:
    record = old(
        history=[
            message("one", "2026-11-29T20:00:05Z"),
            message("two"),
            message("three", "9999-12-31T23:59:59.999Z"),
            message("four", "yesterday"),
            message("five", "2026-11-29T20:00:06"),
        ]
    )
    spoken = [m.message for m in skeleton_of(record).history]
    assert spoken == ["one", "two", "three", "four", "five"]
    assert state_of(record).said_until == datetime(2026, 11, 29, 20, 0, 6, tzinfo=UTC)


def test_a_message_from_the_future_does_not_take_the_call_there() -> None:
    found = read(old(history=[message("hello", "2026-11-29T20:00:05Z")]))
    history = (*found.history, said("ahead", "2026-11-30T11:00:00Z"))
    state = CallRecord(found.fields, history).state(DEMO, NOW)
    assert state.said_until == datetime(2026, 11, 29, 20, 0, 5, tzinfo=UTC)
    fields = {**found.fields, "updatedAt": "2026-11-30T00:00:10.000Z"}
    later = (*history, said("now", "2026-11-30T00:00:10Z"))
    spoken = [m.message for m in CallRecord(fields, later).skeleton.history]
    assert spoken == ["hello", "ahead", "now"]


RICH_RECORD = old(
    userId=7,
    intent={"name": "booking", "score": math.pi},
    callerNumber="+61255550199",
    odd="\ud800",
    user={
        "id": "u1",
        "userInfo": {
            "name": "Test Caller",
            "phone": 61255550100,
            "address": {"street": "1 Example Street", "suburb": "Sampletown"},
            "email": None,
            "vip": True,
            "name_timestamp": 1714525210,
        },
        "service": None,
    },
    history=[
        "a note",
        message("What is your name?", "2024-05-01T01:00:00") | {"intent": "ask"},
        message("Test Caller", "2024-05-01T00:59:59") | {"speaker": "customer"},
        message("no moment"),
        {"event": "hold"},
    ],
)


@pytest.mark.parametrize("record", [old(), RICH_RECORD], ids=["plain", "rich"])
def test_a_record_that_the_call_has_not_changed_is_not_written(record: object) -> None:
    assert mirrored(record, fields={}) is None


def test_the_mirror_changes_what_the_call_has_changed_and_nothing_else() -> None:
    spoken = (
        said("And your email?", "2026-11-30T00:00:00Z"),
        said("it is a@b.co", "2026-11-30T00:00:02Z", Speaker.CALLER),
    )
    fields = {
        "user.userInfo.email": "a@b.co",
        "user.userInfo.email_timestamp": "2026-11-30T00:00:02.000Z",
        "step": "service",
    }
    expected = json.loads(json.dumps(RICH_RECORD))
    expected["user"]["userInfo"]["email"] = "a@b.co"
    expected["user"]["userInfo"]["email_timestamp"] = "2026-11-30T00:00:02.000Z"
    expected["history"] += map(json.loads, spoken)
    assert mirrored(RICH_RECORD, fields=fields, history=spoken) == expected


def test_a_corrected_answer_takes_the_place_of_an_old_one_of_another_type() -> None:
    after = mirrored(RICH_RECORD, fields={"user.userInfo.phone": "+61255550111"})
    assert isinstance(after, dict)
    assert after["user"]["userInfo"]["phone"] == "+61255550111"
    assert after["user"]["userInfo"]["address"] == {
        "street": "1 Example Street",
        "suburb": "Sampletown",
    }


def test_a_chosen_service_is_written_as_the_old_list_writes_it() -> None:
    chosen = '{"id":"S2","name":"Lawn care","price":"80 dollars","description":""}'
    after = mirrored(RICH_RECORD, fields={"user.service": chosen})
    assert isinstance(after, dict)
    assert after["user"]["service"] == {
        "id": "S2",
        "name": "Lawn care",
        "price": 80,
        "description": None,
    }


def test_a_sentence_that_was_cut_off_takes_the_place_of_the_whole_one() -> None:
    whole = said("What is your email please", "2026-11-30T00:00:00Z")
    later = said("a@b.co", "2026-11-30T00:00:02Z", Speaker.CALLER)
    at = datetime(2026, 11, 30, tzinfo=UTC)
    heard = message_json(Message(Speaker.BOT, "What is your", at, partial=True))
    found = read(RICH_RECORD)
    raw: bytes | None = json.dumps(RICH_RECORD).encode()
    for history in ((whole,), (whole, later), (heard, later)):
        after = CallRecord(found.fields, (*found.history, *history))
        text = write_legacy(after, raw, DEMO)
        assert text is not None
        raw = text.encode()
        assert write_legacy(after, raw, DEMO) is None
    old_messages = json.loads(json.dumps(RICH_RECORD))["history"]
    expected = [*old_messages, json.loads(heard), json.loads(later)]
    assert json.loads(raw or b"")["history"] == expected


def test_a_message_that_another_program_has_added_meanwhile_stays() -> None:
    found, record = read(old()), json.loads(OLD_RECORD)
    theirs = message("theirs", "2024-05-01T01:00:09")
    record["history"].append(theirs)
    after = CallRecord(found.fields, (*found.history, said("ours", "2026-11-30T00:00:00Z")))
    text = write_legacy(after, json.dumps(record).encode(), DEMO)
    assert text is not None
    assert theirs in json.loads(text)["history"]
    assert len(json.loads(text)["history"]) == 4


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_mirror_keeps_how_the_record_was_encoded(layers: int, mark: str) -> None:
    text = OLD_RECORD
    for _ in range(layers - 1):
        text = json.dumps(text)
    found = read_legacy((mark + text).encode(), DEMO)
    assert found is not None
    after = CallRecord({**found.fields, "user.userInfo.email": "a@b.co"}, found.history)
    written = write_legacy(after, (mark + text).encode(), DEMO)
    assert written is not None
    assert written.startswith(mark)
    tree: object = written.removeprefix(mark)
    for _ in range(layers):
        assert isinstance(tree, str)
        tree = json.loads(tree)
    assert isinstance(tree, dict)
    assert tree["user"]["userInfo"]["email"] == "a@b.co"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"7",
        b"hello",
        b'{"user": 7}',
        b'{"user": {"userInfo": ["a"]}}',
        b'{"history": {"a": 1}}',
        OLD_RECORD.replace("Inside", "Ins\xefde").encode("latin-1"),
    ],
)
def test_what_cannot_be_read_is_never_overwritten(raw: bytes) -> None:
    spoken = (said("hello", "2026-11-30T00:00:00Z"),)
    after = CallRecord({"user.userInfo.name": "Test Caller", "servicebooked": "true"}, spoken)
    assert write_legacy(after, raw, DEMO) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
words = st.sampled_from(["", "null", "Ann Lee", "\ud800", "2026-11-29", "plumbing", "Lawn care"])
odd = json_values | words | st.integers(10**9, 10**14) | st.datetimes().map(str)
messages = odd | st.fixed_dictionaries(
    {}, optional={"speaker": odd, "message": odd, "startedAt": odd, "intent": odd}
)
users = odd | st.fixed_dictionaries(
    {},
    optional={
        "userInfo": odd
        | st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("name", "phone", "address", "email", "name_timestamp"), odd)
        ),
        "service": odd | st.fixed_dictionaries({"name": odd}),
        "serviceBookedTime": odd,
    },
)
records = st.fixed_dictionaries(
    {},
    optional={
        "user": users,
        "history": odd | st.lists(messages, max_size=5),
        **dict.fromkeys(("services", "company", "createdAt", "servicebooked", "userId"), odd),
    },
)


@given(records)
def test_any_old_json_is_read_and_comes_back_unchanged(record: dict[str, object]) -> None:
    raw = json.dumps(record).encode()
    found = read_legacy(raw, DEMO)
    assert (found is None) == (record == {})
    if found is not None:
        found.state(DEMO, NOW)
        found.skeleton.model_dump_json()
        assert write_legacy(found, raw, DEMO) is None


@given(records)
def test_what_the_call_adds_is_read_back_and_the_rest_is_as_it_was(
    record: dict[str, object],
) -> None:
    raw = json.dumps(record).encode()
    found = read_legacy(raw, DEMO)
    if found is None:
        return
    spoken = said("hello", "2026-11-30T00:00:00Z")
    after = CallRecord(
        {**found.fields, "user.userInfo.name": "New Caller"}, (*found.history, spoken)
    )
    text = write_legacy(after, raw, DEMO)
    if text is None:  # a part is no object, or no list
        return
    again, now = read_legacy(text.encode(), DEMO), json.loads(text)
    assert again is not None
    assert again.fields["user.userInfo.name"] == "New Caller"
    assert spoken in again.history
    assert {n: v for n, v in now.items() if n not in ("user", "history")} == {
        n: v for n, v in record.items() if n not in ("user", "history")
    }
    if isinstance(record.get("history"), list):
        assert [m for m in now["history"] if m != json.loads(spoken)] == record["history"]


@given(st.binary(max_size=60))
def test_no_bytes_break_reading_or_the_mirror(raw: bytes) -> None:
    read_legacy(raw, DEMO)
    write_legacy(CallRecord({}), raw, DEMO)


async def hold_a_turn(store: Store) -> None:
    """An old call goes on with one answer."""
    ledger = await store.open_call(OLD_SID, caller=None)
    await ledger.commit(
        Change(
            answers={Step.EMAIL: "caller@example.com"},
            messages=(Message(Speaker.CALLER, "my email", NOW),),
            step=Step.SERVICE,
        )
    )
    await ledger.close()
    await store.aclose()


@pytest.mark.parametrize("life_s", [None, 1000])
async def test_an_old_reader_finds_all_it_knows_for_as_long_as_before(
    client: Redis, make_store: StoreMaker, life_s: int | None
) -> None:
    await client.set(legacy_key(OLD_SID), json.dumps(RICH_RECORD), ex=life_s)
    await hold_a_turn(make_store(mirror_json=True))
    after = json.loads(str(await client.get(legacy_key(OLD_SID))))
    assert after["user"]["userInfo"].pop("email") == "caller@example.com"
    del after["user"]["userInfo"]["email_timestamp"]
    before = json.loads(json.dumps(RICH_RECORD))
    del before["user"]["userInfo"]["email"]
    assert after["history"].pop()["message"] == "my email"
    assert after == before
    ttl = await client.ttl(legacy_key(OLD_SID))
    assert ttl == -1 if life_s is None else 0 < ttl <= life_s


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe{}", b"[1]", b'{"user": "Ann"}'])
async def test_a_call_goes_on_and_leaves_alone_what_could_not_be_read(
    client: Redis, make_store: StoreMaker, raw: bytes
) -> None:
    await client.set(legacy_key(OLD_SID), raw)
    await hold_a_turn(make_store(mirror_json=True))
    get = client.execute_command("GET", legacy_key(OLD_SID), NEVER_DECODE=True)  # type: ignore[no-untyped-call]
    assert await get == raw


async def test_a_key_of_another_type_is_not_overwritten_by_the_mirror(
    client: Redis, make_store: StoreMaker
) -> None:
    await client.rpush(legacy_key(OLD_SID), "theirs")
    await hold_a_turn(make_store(mirror_json=True))
    assert await client.lrange(legacy_key(OLD_SID), 0, -1) == ["theirs"]


async def test_a_message_after_one_from_the_future_is_said_now(
    client: Redis, make_store: StoreMaker
) -> None:
    ahead = message("ahead", "2026-11-30T11:00:00Z")
    await client.set(legacy_key(OLD_SID), json.dumps(old(history=[ahead])))
    ledger = await make_store(clock=lambda: NOW).open_call(OLD_SID, caller=None)
    assert ledger.state.said_until is None
    assert ledger.state.resumed
