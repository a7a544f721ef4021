"""The bodies of webhooks."""

import orjson
import pytest

from voicebot.call import CallSid
from voicebot.notify.notification import Notification, NotificationType, notification
from voicebot.store import StreamEvent

SID = CallSid("CA1")
AT = "2026-03-02T09:00:00.000Z"


def event(entry: str = "1700-0", **fields: str) -> StreamEvent:
    return StreamEvent(SID, entry, {"step": "phone", "epoch": "1", "seq": "3", "at": AT} | fields)


def made(entry: str = "1700-0", **fields: str) -> Notification:
    found = notification(event(entry, **fields))
    assert found is not None
    return found


def told(found: Notification) -> dict[str, object]:
    said: dict[str, object] = orjson.loads(found.body)
    return said


def test_a_saved_field_is_told_with_its_value() -> None:
    found = made(type="field", field="name", value="Test Caller")
    assert told(found) == {
        "id": found.id,
        "type": "field.saved",
        "callSid": SID,
        "at": AT,
        "field": "name",
        "value": "Test Caller",
        "step": "phone",
        "status": None,
        "revision": "1700-0",
    }


def test_a_service_is_an_object_as_in_the_record() -> None:
    found = made(type="field", field="service", value='{"id":"S1","name":"Windows"}')
    assert told(found)["value"] == {"id": "S1", "name": "Windows"}


@pytest.mark.parametrize("status", ["booked", "incomplete", "abandoned", "transfer"])
def test_how_a_call_ends_is_told(status: str) -> None:
    found = made(type="status", value=status)
    assert found.kind is NotificationType.CALL_COMPLETED
    assert told(found)["status"] == status
    assert told(found)["value"] is None


def test_that_a_booking_was_moved_or_called_off_is_told() -> None:
    moved = made(type="moved", field="time", value="2026-03-11T15:00:00+11:00")
    assert moved.kind is NotificationType.BOOKING_MOVED
    assert (told(moved)["field"], told(moved)["value"]) == ("time", "2026-03-11T15:00:00+11:00")
    cancelled = made(type="status", value="cancelled")
    assert cancelled.kind is NotificationType.BOOKING_CANCELLED
    assert told(cancelled)["status"] == "cancelled"


@pytest.mark.parametrize("goes_on_as", ["transfer", "active"])
def test_that_a_person_was_asked_for_is_told_with_how_the_call_goes_on(goes_on_as: str) -> None:
    found = made(type="person", value=goes_on_as)
    assert found.kind is NotificationType.PERSON_REQUESTED
    assert told(found)["status"] == goes_on_as


@pytest.mark.parametrize(
    ("field", "stored", "value"),
    [
        ("wish", "complaint", "complaint"),
        ("needs", "follow_up", "follow_up"),
        ("notes", '[{"text":"ring first","at":"x"}]', [{"text": "ring first", "at": "x"}]),
    ],
)
def test_what_staff_must_know_is_told(field: str, stored: str, value: object) -> None:
    found = made(type=field, field=field, value=stored)
    assert found.kind is NotificationType.CALL_NOTED
    assert (told(found)["field"], told(found)["value"]) == (field, value)
    other = made(type=field, field=field, value=stored + " ")
    assert other.id == found.id, "an id, which is logged, must not be made from words"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "needs", "field": "needs", "value": "person"},  # `person` beside it tells that
        {"type": "status", "value": "active"},
        {"type": "status", "value": "of a later version"},
        {"type": "phase", "value": "speaking"},
        {"type": "message", "message": "{}"},
        {"type": "claim"},
        {},
    ],
)
def test_nothing_else_is_told(fields: dict[str, str]) -> None:
    assert notification(event(**fields)) is None


def test_what_a_session_writes_again_after_redis_lost_it_has_the_same_id() -> None:
    first = made(type="field", field="name", value="A")
    again = made("9900-0", type="field", field="name", value="A", epoch="2")
    assert first.id == again.id


def test_different_things_have_different_ids() -> None:
    found = [
        made(type="field", field="name", value="A"),
        made(type="field", field="email", value="A"),
        made(type="field", field="name", value="B", at="2026-03-02T09:00:01.000Z"),
        made(type="status", value="transfer"),
        made(type="person", value="transfer"),
        made("1700-1", type="field", field="name", value="A", seq="0"),
        made("1700-2", type="field", field="name", value="B", seq="0"),
    ]
    ids = {n.id for n in found}
    assert len(ids) == len(found)
