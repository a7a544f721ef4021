"""What a receiver is told of an event, and what it is not told of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import orjson

from voicebot.call import CallSid, Status, Step
from voicebot.store import StreamEvent, read_object

_SMALL_WRITE = "0"
"""The sequence number of what no session wrote: an integrator's, or staff's."""

_ID_LETTERS = 32


TEST = "webhook.test"


class Kind(StrEnum):
    """What a receiver can be told."""

    FIELD_SAVED = "field.saved"
    CALL_COMPLETED = "call.completed"
    PERSON_REQUESTED = "person.requested"


_ENDED = frozenset({Status.BOOKED, Status.INCOMPLETE, Status.ABANDONED, Status.TRANSFER})


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing to tell. `body` is the same bytes in every attempt; customers' data is in it."""

    id: str
    kind: Kind
    call_sid: CallSid
    entry: str
    at: str
    body: bytes


def notification(event: StreamEvent) -> Notification | None:
    """What is told of an event of a call's stream; None for what is nobody's business."""
    kind = _kind(event)
    if kind is None:
        return None
    fields, saved = event.fields, kind is Kind.FIELD_SAVED
    name = _id(event, kind)
    told = {
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
    return Notification(name, kind, event.call_sid, event.id, at, orjson.dumps(told))


def trial_body(name: str, at: str) -> bytes:
    """The body of a request that only asks whether somebody is there: no call, no data."""
    nothing = dict.fromkeys(("callSid", "field", "value", "step", "status", "revision"))
    return orjson.dumps({"id": name, "type": TEST, "at": at} | nothing)


def _kind(event: StreamEvent) -> Kind | None:
    match event.fields.get("type"):
        case "field":
            return Kind.FIELD_SAVED
        case "person":
            return Kind.PERSON_REQUESTED
        case "status" if event.fields.get("value") in _ENDED:
            return Kind.CALL_COMPLETED
    return None


def _value(event: StreamEvent) -> object:
    """As the record has it: a service is an object, everything else is text."""
    text = event.fields.get("value", "")
    return read_object(text) if event.fields.get("field") == Step.SERVICE else text


def _id(event: StreamEvent, kind: Kind) -> str:
    """A session that lost Redis's last writes writes them again: same moment, another entry.

    The value is not in it: an id is logged, and a phone number could be guessed from its hash.
    """
    fields = event.fields
    moment = event.id if fields.get("seq") == _SMALL_WRITE else fields.get("at", event.id)
    parts = (event.call_sid, kind.value, fields.get("field") or fields.get("value", ""), moment)
    return "msg_" + sha256("\n".join(parts).encode()).hexdigest()[:_ID_LETTERS]
