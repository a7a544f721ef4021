"""The layout of a call in Redis: its keys, its fields, and the text there for each value. Pure.

Strings stand plain, objects as JSON, booleans as `true` and `false`; times of writing are
ISO 8601 UTC with milliseconds and `Z`, the booked time is ISO 8601 with its own offset.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from voicebot.business import Business
from voicebot.call import Answer, CallSid, Message, Note, Service, Status, Step

Fields = dict[str, str]

ANSWER_FIELD: Mapping[Step, str] = {
    Step.NAME: "user.userInfo.name",
    Step.PHONE: "user.userInfo.phone",
    Step.ADDRESS: "user.userInfo.address",
    Step.EMAIL: "user.userInfo.email",
    Step.SERVICE: "user.service",
    Step.TIME: "user.serviceBookedTime",
}
BOOKED_FIELD = "servicebooked"
EMAIL_SENT_FIELD = "confirmEmailsent"
REVISION_FIELD, MAILED_FIELD = "bookingRevision", "mailedRevision"
CONTINUED_FIELD = "continuedAs"
NEEDS_FIELD, WISH_FIELD, NOTES_FIELD = "needs", "wish", "notes"
DONE_BY_FIELD, DONE_AT_FIELD = "doneBy", "doneAt"
DIALLED_FIELD = "dialled"

CHANNEL = "voicebot:calls"
"""Every write publishes its callSid here, for live watchers."""

COMMANDS_CHANNEL = "voicebot:commands"
"""Every command of staff publishes its callSid here, for the worker that holds the call."""

RECENT_CALLS = "voicebot:calls:recent"
"""Sorted set of callSids by the moment of their last claim, in epoch milliseconds."""

REVEALS = "voicebot:reveals"
"""Sorted set of who had which call's data shown (RevealRecord), by epoch milliseconds."""

REWRITTEN = "voicebot:log-rewritten"
"""When the append-only files were last rewritten for what has expired; gone when that is due."""


class CallKeys(NamedTuple):
    """The keys of one call, in the order in which the scripts expect them; they need the first
    three, integrators' writes the first four, turns over HTTP all.

    writes  set of the ids of integrators' writes, so that none is applied twice
    turns   hash of the answers that turns over HTTP were given, by the names of their requests
    """

    call: str
    history: str
    events: str
    writes: str
    turns: str
    commands: str

    @property
    def record(self) -> tuple[str, str, str]:
        """The keys of the record alone."""
        return self.call, self.history, self.events


def call_keys(call_sid: CallSid) -> CallKeys:
    """Return the keys of `call_sid`."""
    call = f"call:{{{call_sid}}}"
    return CallKeys(call, *(f"{call}:{part}" for part in CallKeys._fields[1:]))


def legacy_key(call_sid: CallSid) -> str:
    """Return where the old system kept the whole record as one JSON string; another slot."""
    return f"call:{call_sid}"


def timestamp_field(step: Step) -> str:
    """Return the field of the moment of a step's answer."""
    return f"user.userInfo.{step}_timestamp"


def confirmed_field(step: Step) -> str:
    """Return the field of the yes to a step's read-back; absent means not confirmed."""
    return f"{step}_confirmed"


def utc_now() -> datetime:
    """Return the time now, UTC: the clock of everything that is written."""
    return datetime.now(UTC)


def iso_utc(moment: datetime) -> str:
    """Return `2026-03-01T10:20:30.123Z`; `moment` must be aware."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def epoch_us(moment: datetime) -> int:
    """Return microseconds: of two sessions in one millisecond the later must still win."""
    return int(moment.timestamp() * 1_000_000)


def flag(value: bool) -> str:
    """Return a boolean as the record writes it."""
    return "true" if value else "false"


def clean(text: str) -> str:
    """Return `text` without lone surrogates, which neither UTF-8 nor JSON can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def message_json(message: Message) -> str:
    """Return a history element: speaker, message, startedAt, and `heard` after a barge-in."""
    element: dict[str, str] = {
        "speaker": message.speaker.value,
        "message": clean(message.text),
        "startedAt": iso_utc(message.started_at),
    }
    if message.partial:
        element["heard"] = "partial"
    return orjson.dumps(element).decode()


def note_json(note: Note) -> str:
    """Return an element of the record's notes."""
    return orjson.dumps({"text": clean(note.text), "at": iso_utc(note.at)}).decode()


def with_notes(notes: str, more: str) -> str:
    """Return a JSON list with more elements, as `change.lua` appends them."""
    before = notes[1:-1] if notes.startswith("[") and notes.endswith("]") else ""
    return f"[{before},{more}]" if before else f"[{more}]"


def answer_text(answer: Answer) -> str:
    """Return a validated value as the record keeps it."""
    match answer:
        case Service():
            return orjson.dumps(answer).decode()
        case datetime():
            return answer.isoformat(timespec="seconds")
        case str():
            return clean(answer)


def fresh_fields(
    call_sid: CallSid, business: Business, caller: str | None, now: datetime
) -> Fields:
    """Return the fields of a complete record in which nothing has been said yet."""
    fields = {
        "callSid": call_sid,
        "createdAt": iso_utc(now),
        "updatedAt": iso_utc(now),
        "company": orjson.dumps(business.company.model_dump()).decode(),
        "services": orjson.dumps([offer.service for offer in business.services]).decode(),
        BOOKED_FIELD: flag(False),
        EMAIL_SENT_FIELD: flag(False),
        "step": Step.NAME.value,
        "status": Status.ACTIVE.value,
    }
    if caller:
        fields["caller"] = clean(caller)
    return fields
