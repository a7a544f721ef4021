"""The body of a webhook, from an event of a call's stream. No I/O."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import orjson

from voicebot.call import CallSid, Needs, Status, Step
from voicebot.store import StreamEvent, read_json, read_object

_SMALL_WRITE = "0"
"""The sequence number of writes by integrators or staff, outside of a session."""

_ID_LETTERS = 32


TEST = "webhook.test"


class NotificationType(StrEnum):
    """The type of a webhook."""

    FIELD_SAVED = "field.saved"
    CALL_COMPLETED = "call.completed"
    PERSON_REQUESTED = "person.requested"
    CALL_NOTED = "call.noted"
    BOOKING_MOVED = "booking.moved"
    BOOKING_CANCELLED = "booking.cancelled"


_NOTED = ("needs", "wish", "notes")
"""Types of events: work for staff, the caller's wish, notes for staff."""

_WITH_VALUE = (
    NotificationType.FIELD_SAVED,
    NotificationType.CALL_NOTED,
    NotificationType.BOOKING_MOVED,
)

_ENDED = frozenset({Status.BOOKED, Status.INCOMPLETE, Status.ABANDONED, Status.TRANSFER})


@dataclass(frozen=True, slots=True)
class Notification:
    """One webhook. `body` is the same in every attempt and holds customers' data."""

    id: str
    kind: NotificationType
    call_sid: CallSid
    entry: str
    at: str
    body: bytes


def notification(event: StreamEvent) -> Notification | None:
    """Return the webhook for an event, or None when it has none."""
    kind = _kind(event)
    if kind is None:
        return None
    fields = event.fields
    saved = kind in _WITH_VALUE
    name = _id(event, kind)
    body = {
        "id": name,
        "type": kind.value,
        "callSid": event.call_sid,
        "at": fields.get("at"),
        "field": fields.get("field") if saved else None,
        "value": _value(event) if saved else None,
        "step": fields.get("step") or None,
        "status": None if saved else fields.get("value"),
        "revision": event.id,
    }
    at = fields.get("at", "")
    return Notification(name, kind, event.call_sid, event.id, at, orjson.dumps(body))


def trial_body(name: str, at: str) -> bytes:
    """Return the body of a test event, without a call or data."""
    nothing = dict.fromkeys(("callSid", "field", "value", "step", "status", "revision"))
    return orjson.dumps({"id": name, "type": TEST, "at": at} | nothing)


def _kind(event: StreamEvent) -> NotificationType | None:
    match event.fields.get("type"):
        case "field":
            return NotificationType.FIELD_SAVED
        case "person":
            return NotificationType.PERSON_REQUESTED
        case "needs" if event.fields.get("value") == Needs.PERSON:
            return None  # `person` beside it tells that
        case kind if kind in _NOTED:
            return NotificationType.CALL_NOTED
        case "moved":
            return NotificationType.BOOKING_MOVED
        case "status" if event.fields.get("value") == Status.CANCELLED:
            return NotificationType.BOOKING_CANCELLED
        case "status" if event.fields.get("value") in _ENDED:
            return NotificationType.CALL_COMPLETED
    return None


def _value(event: StreamEvent) -> object:
    """Return the value as in the record: a service as an object, notes as a list, else text."""
    text = event.fields.get("value", "")
    match event.fields.get("field"):
        case Step.SERVICE:
            return read_object(text)
        case "notes":
            return read_json(text)
    return text


def _id(event: StreamEvent, kind: NotificationType) -> str:
    """Return an id that is the same when a session repeats a write that Redis lost.

    It uses the write's time instead of its entry, and not the value: ids are logged, and a phone
    number could be guessed from its hash.
    """
    fields = event.fields
    moment = event.id if fields.get("seq") == _SMALL_WRITE else fields.get("at", event.id)
    parts = (event.call_sid, kind.value, fields.get("field") or fields.get("value", ""), moment)
    return "msg_" + sha256("\n".join(parts).encode()).hexdigest()[:_ID_LETTERS]
