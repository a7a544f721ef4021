"""CallRecord: a call as it stands in Redis, typed and checked for its readers. Pure, no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

import orjson

from voicebot.business import Business
from voicebot.call import (
    FIELDS,
    Answer,
    CallState,
    Needs,
    Note,
    Service,
    Speaker,
    Status,
    Step,
    Wish,
)
from voicebot.store.layout import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    CONTINUED_FIELD,
    DIALLED_FIELD,
    DONE_BY_FIELD,
    EMAIL_SENT_FIELD,
    NEEDS_FIELD,
    NOTES_FIELD,
    REVISION_FIELD,
    WISH_FIELD,
    Fields,
    clean,
    confirmed_field,
    iso_utc,
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

CLOCK_SKEW = timedelta(minutes=5)
"""Clocks of two machines may differ so far; a moment later than that is wrong."""

Word = TypeVar("Word", bound=StrEnum)

_BEGINNING = datetime.min.replace(tzinfo=UTC)
"""The place of messages before the first whose moment is known."""


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
    def done_by(self) -> str | None:
        """The member of staff who found that nothing is left to do."""
        return self.fields.get(DONE_BY_FIELD) or None

    @property
    def dialled(self) -> str | None:
        """How the call to a person ended, in the provider's word; None if there was none."""
        return self.fields.get(DIALLED_FIELD) or None

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
            step=_known(fields.get("step"), Step.NAME),
            status=self.status,
            needs=read_needs(fields.get(NEEDS_FIELD)),
            wish=_known(fields.get(WISH_FIELD), Wish.NOTHING),
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
            step=_known(fields.get("step"), Step.NAME),
            status=self.status,
            booked=fields.get(BOOKED_FIELD) == "true",
            dialogue=fields.get("dialogue"),
            usage=fields.get("usage"),
            resumed=bool(self.history),
            said_until=said[-1][0] if said and said[-1][0] > _BEGINNING else None,
            caller=fields.get("caller") or None,
            needs=read_needs(fields.get(NEEDS_FIELD)),
            wish=_known(fields.get(WISH_FIELD), Wish.NOTHING),
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


def read_status(text: str | None) -> Status:
    """Return a status; a missing or unknown one counts as an open call."""
    return _known(text, Status.ACTIVE)


def _known(text: str | None, default: Word) -> Word:
    """Return the member of the default's kind that a text names, else the default."""
    kind = type(default)
    return kind(text) if text in list(kind) else default


def read_needs(text: str | None) -> Needs | None:
    """Return what staff must do; None where nothing is stored, or nothing that we know."""
    return Needs(text) if text in list(Needs) else None


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
