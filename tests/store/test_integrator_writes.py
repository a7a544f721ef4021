"""The four small writes of integrators: what they take, what they refuse, what they leave alone."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.store.layout import iso_utc, legacy_key
from voicebot.store.session import CallSession
from voicebot.store.store import Store

from .calls import OLD_RECORD, OLD_SID, SID, START, caller, stored
from .conftest import StoreMaker


async def test_each_info_field_can_be_set_with_its_moment(
    store: Store, ledger: CallSession
) -> None:
    given = {
        "name": " Test  Caller",
        "phone": "02 5555 0100",
        "address": "1 Example Street",
        "email": "Caller@Example.COM",
    }
    for name, value in given.items():
        assert await store.writes.update_user_info_field(SID, name, value, "2026-03-02T10:00:00Z")
    skeleton = await stored(store)
    info = skeleton.user.userInfo
    assert (info.name, info.phone, info.address, info.email) == (
        "Test Caller",
        "+61255550100",
        "1 Example Street",
        "caller@example.com",
    )
    assert info.email_timestamp == "2026-03-02T10:00:00.000Z"


@pytest.mark.parametrize(
    ("field", "value", "timestamp"),
    [
        ("age", "7", None),
        ("service", "Plumbing", None),
        ("name", "", None),
        ("name", "  ", None),
        ("name", "\u200b\u3164", None),
        ("name", "null", None),
        ("name", "x" * 201, None),
        ("name", 7, None),
        ("name", "Test Caller", "yesterday"),
        ("phone", "not given", None),
        ("phone", "0412", None),
        ("address", "n/a", None),
        ("email", "ann at example", None),
    ],
)
async def test_a_write_that_makes_no_sense_is_refused_and_changes_nothing(
    store: Store, ledger: CallSession, field: str, value: object, timestamp: str | None
) -> None:
    before = await store.get_call_skeleton(SID)
    assert not await store.writes.update_user_info_field(SID, field, value, timestamp)  # type: ignore[arg-type]
    assert await store.get_call_skeleton(SID) == before


@pytest.mark.parametrize(
    "message",
    [None, "hello", 7, [], {"speaker": "nobody"}, {"speaker": "AI", "message": "\u200b \ufeff"}],
)
async def test_a_message_that_is_none_is_refused_and_changes_nothing(
    store: Store, ledger: CallSession, message: object
) -> None:
    before = await store.get_call_skeleton(SID)
    assert not await store.writes.update_conversation_history(SID, message)  # type: ignore[arg-type]
    assert await store.get_call_skeleton(SID) == before


async def test_a_service_is_known_by_name_or_id_whatever_its_case(
    store: Store, ledger: CallSession, business: Business
) -> None:
    offer = business.services[0]
    assert await store.writes.update_service_selection(SID, offer.name.upper())
    skeleton = await stored(store)
    assert skeleton.user.service is not None
    assert skeleton.user.service.id == offer.id
    assert skeleton.user.serviceBookedTime is None
    assert not await store.writes.update_service_selection(SID, "Time travel")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-03-10T15:00", "2026-03-10T15:00:00+11:00"),
        ("2026-03-10T04:00:00Z", "2026-03-10T04:00:00+00:00"),
        (datetime(2026, 3, 10, 15), "2026-03-10T15:00:00+11:00"),
    ],
)
async def test_a_naive_service_time_is_in_the_business_zone(
    make_store: StoreMaker, business: Business, given: str | datetime, kept: str
) -> None:
    store = make_store(clock=lambda: START)
    await store.open_call(SID, caller=None)
    assert await store.writes.update_service_selection(SID, business.services[0].name, given)
    skeleton = await stored(store)
    assert skeleton.user.serviceBookedTime == kept


@pytest.mark.parametrize(
    "given",
    [
        "soon",
        "2026-03-10",
        "2026-W11-2",
        "T15:00",
        "2026-03-10T03:00",  # closed
        "2026-03-01T15:00",  # past
        "2036-03-10T15:00",  # too far ahead
        "9999-12-31T23:59:59.999Z",
        7,
    ],
)
async def test_a_time_that_the_conversation_would_not_book_is_refused_and_changes_nothing(
    make_store: StoreMaker, business: Business, given: str
) -> None:
    store = make_store(clock=lambda: START)
    await store.open_call(SID, caller=None)
    before = await store.get_call_skeleton(SID)
    assert not await store.writes.update_service_selection(SID, business.services[0].name, given)
    assert await store.get_call_skeleton(SID) == before


async def test_what_is_neither_true_nor_false_books_nothing(
    store: Store, ledger: CallSession
) -> None:
    assert not await store.writes.update_booking_status(SID, "false")  # type: ignore[arg-type]
    assert not await store.writes.update_booking_status(SID, True, email_sent="no")  # type: ignore[arg-type]
    skeleton = await stored(store)
    assert (skeleton.servicebooked, skeleton.confirmEmailsent) == (False, False)


async def test_an_integrators_clock_that_is_ahead_moves_nothing_into_the_future(
    make_store: StoreMaker,
) -> None:
    store = make_store(clock=lambda: START)
    await store.open_call(SID, caller=None)
    ahead = START + timedelta(hours=11)
    message = {"speaker": "customer", "message": "hello", "startedAt": iso_utc(ahead)}
    assert await store.writes.update_conversation_history(SID, message)
    assert await store.writes.update_conversation_history(
        SID, replace(caller("hi"), started_at=ahead)
    )
    assert await store.writes.update_user_info_field(SID, "name", "Test Caller", iso_utc(ahead))
    skeleton = await stored(store)
    assert [m.startedAt for m in skeleton.history] == [iso_utc(START)] * 2
    assert skeleton.user.userInfo.name_timestamp == iso_utc(START)


async def test_a_message_can_be_appended(store: Store, ledger: CallSession) -> None:
    message = {"speaker": "customer", "message": "hello", "startedAt": "2026-03-02T09:00:00Z"}
    assert await store.writes.update_conversation_history(SID, message)
    assert await store.writes.update_conversation_history(SID, caller("again", 5))
    nested = await store.get_call_skeleton_dict(SID)
    assert nested is not None
    assert nested["history"] == [
        {"speaker": "customer", "message": "hello", "startedAt": "2026-03-02T09:00:00.000Z"},
        {"speaker": "customer", "message": "again", "startedAt": "2026-03-02T09:00:05.000Z"},
    ]
    assert not await store.writes.update_conversation_history(
        SID, {"speaker": "cat", "message": "x"}
    )
    assert not await store.writes.update_conversation_history(SID, {"speaker": "AI"})


async def test_the_email_flag_is_never_cleared(store: Store, ledger: CallSession) -> None:
    assert await store.writes.update_booking_status(SID, True, email_sent=True)
    assert await store.writes.update_booking_status(SID, False)
    skeleton = await stored(store)
    assert (skeleton.servicebooked, skeleton.confirmEmailsent) == (False, True)


async def test_a_letter_that_was_sent_books_nothing_that_was_taken_back_meanwhile(
    store: Store, ledger: CallSession
) -> None:
    assert await store.writes.update_booking_status(SID, False)
    assert await store.writes.update_booking_status(SID, None, email_sent=True)
    skeleton = await stored(store)
    assert (skeleton.servicebooked, skeleton.confirmEmailsent) == (False, True)


async def test_no_write_makes_a_call_that_is_unknown(store: Store, client: Redis) -> None:
    assert not await store.writes.update_user_info_field("CAunknown", "name", "Test Caller")
    assert not await store.writes.update_booking_status("CAunknown", True)
    assert not await store.writes.update_user_info_field("no sid!", "name", "Test Caller")
    assert await client.keys() == []


async def test_an_integrator_can_write_to_an_old_record(store: Store, client: Redis) -> None:
    await client.set(legacy_key(OLD_SID), OLD_RECORD)
    assert await store.writes.update_user_info_field(OLD_SID, "email", "caller@example.com")
    skeleton = await stored(store, OLD_SID)
    assert skeleton.user.userInfo.email == "caller@example.com"
    assert skeleton.user.userInfo.name == "Test Caller"
