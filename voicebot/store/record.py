"""CallRecord, where it stands in Redis, and the text there for each value. Pure, no I/O.

Strings stand plain, objects as JSON, booleans as `true` and `false`; times of writing are
ISO 8601 UTC with milliseconds and `Z`, the booked time is ISO 8601 with its own offset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import orjson

from voicebot.business import Business
from voicebot.call import (
    FIELDS,
    Answer,
    CallSid,
    CallState,
    Message,
    Needs,
    Note,
    Service,
    Speaker,
    Status,
    Step,
    Wish,
)
from voicebot.store.models import (
    CallSkeleton,
    CompanyRecord,
    HistoryMessage,
    NoteRecord,
    ServiceRecord,
    User,
    UserInfo,
)
from voicebot.validation import read_moment, validate

Fields = dict[str, str]

CLOCK_SKEW = timedelta(minutes=5)
"""Clocks of two machines may differ so far; a moment later than that is wrong."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)
"""The place of messages before the first whose moment is known."""

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


CHANNEL = "voicebot:calls"
"""Every write publishes its callSid here, for live watchers."""

RECENT_CALLS = "voicebot:calls:recent"
"""Sorted set of callSids by the moment of their last claim, in epoch milliseconds."""


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


@dataclass(frozen=True)
class CallRecord:
    """A call's record at one moment: the only shape of a call that leaves the store.

    fields   the hash `call:{<callSid>}`, as text
    history  the elements of the list beside it, JSON, in the order of the list
    broken   a key of another type stands at the record's place: only the callSid is known
    """

    fields: Mapping[str, str]
    history: Sequence[str] = ()
    broken: bool = False

    def named(self, call_sid: str) -> CallRecord:
        """Return the record with its callSid, which a hash of another program may lack."""
        return replace(self, fields={**self.fields, "callSid": call_sid})

    @property
    def status(self) -> Status:
        """The call's status; a missing or unknown one counts as an open call."""
        return read_status(self.fields.get("status"))

    @property
    def taken_by(self) -> str | None:
        """The member of staff who has taken the call in hand."""
        return self.fields.get("takenBy") or None

    @property
    def taken_at(self) -> str | None:
        """The moment it was taken over, ISO 8601 UTC."""
        return self.fields.get("takenAt") if self.taken_by else None

    @property
    def continued_as(self) -> str | None:
        """The later call that goes on with this one."""
        return self.fields.get(CONTINUED_FIELD)

    @cached_property
    def skeleton(self) -> CallSkeleton:
        """The typed form with the old system's names; what cannot be read is left out."""
        fields = self.fields
        info = {
            name: fields[f"user.userInfo.{name}"]
            for name in UserInfo.model_fields
            if f"user.userInfo.{name}" in fields
        }
        listed = read_json(fields.get("services"))
        offers = [o for o in listed if isinstance(o, dict)] if isinstance(listed, list) else []
        service = _service(fields.get(ANSWER_FIELD[Step.SERVICE]))
        return CallSkeleton(
            callSid=fields.get("callSid", ""),
            services=[ServiceRecord.model_validate(_strings(offer)) for offer in offers],
            company=CompanyRecord.model_validate(_strings(read_object(fields.get("company")))),
            user=User(
                userInfo=UserInfo.model_validate(info),
                service=ServiceRecord.model_validate(asdict(service)) if service else None,
                serviceBookedTime=fields.get(ANSWER_FIELD[Step.TIME]),
            ),
            history=history_messages(self.history, read_moment(fields.get("updatedAt"))),
            servicebooked=fields.get(BOOKED_FIELD) == "true",
            confirmEmailsent=fields.get(EMAIL_SENT_FIELD) == "true",
            createdAt=_moment_text(fields.get("createdAt")),
            updatedAt=fields.get("updatedAt", ""),
            caller=fields.get("caller"),
            step=_step(fields.get("step")),
            status=self.status,
            needs=read_needs(fields.get(NEEDS_FIELD)),
            wish=_wish(fields.get(WISH_FIELD)),
            notes=[_note_record(note) for note in read_notes(fields.get(NOTES_FIELD))],
            confirmed=sorted(_confirmed(fields), key=FIELDS.index),
            dialogue=fields.get("dialogue"),
            bookingRevision=read_count(fields.get(REVISION_FIELD)),
            broken=self.broken,
        )

    def state(self, business: Business, now: datetime) -> CallState:
        """Return what a conversation needs to go on with this record.

        A stored answer that `business` would not take from a caller is an open question. What was
        said counts up to the last write, which is later than `now` where a clock was put back.
        """
        fields = self.fields
        until = max(now, read_moment(fields.get("updatedAt")) or now)
        said = in_order(self.history, until)
        return CallState(
            answers=valid_answers(fields, business),
            confirmed=_confirmed(fields),
            step=_step(fields.get("step")),
            status=self.status,
            booked=fields.get(BOOKED_FIELD) == "true",
            dialogue=fields.get("dialogue"),
            usage=fields.get("usage"),
            resumed=bool(self.history),
            said_until=said[-1][0] if said and said[-1][0] > _BEGINNING else None,
            caller=fields.get("caller") or None,
            needs=read_needs(fields.get(NEEDS_FIELD)),
            wish=_wish(fields.get(WISH_FIELD)),
            notes=tuple(read_notes(fields.get(NOTES_FIELD))),
        )


def in_order(
    elements: Iterable[str], until: datetime | None
) -> list[tuple[datetime, dict[str, object]]]:
    """Return the messages among history elements with their moments, in the order of these.

    Equal moments keep the order of the list. A message whose moment cannot be read, or is later
    than `until` (no bound when None), stays behind the one that is before it in the list.
    """
    messages: list[tuple[datetime, dict[str, object]]] = []
    last = _BEGINNING
    for message in map(read_object, elements):
        if not isinstance(message.get("message"), str):
            continue
        moment = read_moment(message.get("startedAt"))
        if moment and (until is None or moment <= until + CLOCK_SKEW):
            last = moment
        messages.append((last, message))
    return sorted(messages, key=lambda said: said[0])


def history_messages(
    elements: Iterable[str], until: datetime | None = None
) -> list[HistoryMessage]:
    """Return the messages of `in_order`, typed."""
    return [
        HistoryMessage(
            speaker=Speaker.BOT if found.get("speaker") == Speaker.BOT.value else Speaker.CALLER,
            message=clean(str(found["message"])),
            startedAt=_moment_text(found.get("startedAt")),
            heard="partial" if found.get("heard") == "partial" else None,
        )
        for _, found in in_order(elements, until)
    ]


def read_object(text: str | None) -> dict[str, object]:
    """Return a JSON object, or an empty one when the text is none."""
    value = read_json(text)
    return value if isinstance(value, dict) else {}


def read_json(text: str | None) -> object:
    """Return the value of JSON text, or None when it is none."""
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return read_foreign_json(text or "null")


def read_foreign_json(text: str) -> object:
    """Return the same for text of another program: NaN, lone surrogates, a byte order mark,
    numbers of any length.
    """
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _moment_text(moment: object) -> str:
    """Return a stored moment like `iso_utc`, with its microseconds, or as it stands."""
    if (read := read_moment(moment)) is None:
        return clean(str(moment or ""))
    exact = read.astimezone(UTC).replace(tzinfo=None)
    return iso_utc(read) if exact.microsecond % 1000 == 0 else f"{exact.isoformat()}Z"


def valid_answers(fields: Mapping[str, str], business: Business) -> dict[Step, Answer]:
    """Return the stored answers that pass the check of a caller's answer."""
    answers: dict[Step, Answer] = {}
    for step, name in ANSWER_FIELD.items():
        text = fields.get(name, "")
        if step is Step.SERVICE:
            service = _service(text)
            text = service.name if service else ""
        if (answer := validate(step, text, business)) is not None:
            answers[step] = answer
    return answers


def _service(text: str | None) -> Service | None:
    found = ServiceRecord.model_validate(_strings(read_object(text)))
    return Service(**found.model_dump()) if found.name else None


def _strings(found: Mapping[str, object]) -> Fields:
    """Return values as text: old records write a price as a number."""
    return {name: clean(str(value)) for name, value in found.items() if value is not None}


def _confirmed(fields: Mapping[str, str]) -> frozenset[Step]:
    return frozenset(s for s in FIELDS if fields.get(confirmed_field(s)) == "true")


def _step(text: str | None) -> Step:
    return Step(text) if text in list(Step) else Step.NAME


def read_status(text: str | None) -> Status:
    """Return a status; a missing or unknown one counts as an open call."""
    return Status(text) if text in list(Status) else Status.ACTIVE


def read_needs(text: str | None) -> Needs | None:
    """Return what staff must do; None where nothing is stored, or nothing that we know."""
    return Needs(text) if text in list(Needs) else None


def _wish(text: str | None) -> Wish:
    return Wish(text) if text in list(Wish) else Wish.NOTHING


def read_notes(text: str | None) -> list[Note]:
    """Return the notes for staff; one whose moment cannot be read is from the beginning."""
    found = read_json(text)
    return [
        Note(clean(str(note["text"])), read_moment(note.get("at")) or _BEGINNING)
        for note in (found if isinstance(found, list) else ())
        if isinstance(note, dict) and isinstance(note.get("text"), str)
    ]


def _note_record(note: Note) -> NoteRecord:
    return NoteRecord(text=note.text, at=iso_utc(note.at) if note.at > _BEGINNING else "")


def read_count(text: str | None) -> int:
    """Return a number that is counted up; 0 where none stands there."""
    return int(text) if text and text.isascii() and text.isdecimal() else 0
