"""Encode commits and small writes for the scripts, and apply a commit to a record.

Pure, no I/O. `after` reads a commit's arguments as `commit.lua` does for its owner: where Redis
cannot be asked (a call that goes on from the journal) and where it is checked (the end of a call).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.call import FIELDS, CallSid, Change, Message, Needs, Note, Status, Step
from voicebot.store.layout import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    NEEDS_FIELD,
    NOTES_FIELD,
    WISH_FIELD,
    Fields,
    answer_text,
    confirmed_field,
    epoch_us,
    flag,
    iso_utc,
    message_json,
    note_json,
    timestamp_field,
    with_notes,
)
from voicebot.store.record import CallRecord

Argument = str | int
Event = tuple[str, ...]
"""Flat pairs of names and values; the script adds step, epoch, seq and at."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One numbered change of a session. `at` is when it was made, aware.

    answered  when each answer was given, where that was not `at`
    """

    seq: int
    change: Change
    at: datetime
    answered: Mapping[Step, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EncodedCommit:
    """A commit as arguments of the script: it can be sent, kept and sent again as it is."""

    seq: int
    at: datetime
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """Identifies one session of one call.

    id      unique for ever
    began   its first moment, aware
    fresh   the fields of a new record, in case there is none
    """

    call_sid: CallSid
    id: str
    began: datetime
    fresh: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PendingCommits:
    """All that a session has to deliver: enough for any process to do it.

    epoch      None for a session that could not claim its call yet
    snapshot   the record as the session found it, or would make it
    delivered  Redis has acknowledged the commits up to this number
    """

    session: SessionInfo
    epoch: int | None
    snapshot: CallRecord
    delivered: int
    commits: tuple[EncodedCommit, ...]

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.id

    @property
    def call_sid(self) -> CallSid:
        """The session's call."""
        return self.session.call_sid

    @property
    def waiting(self) -> tuple[datetime, ...]:
        """The moments of the commits that are not known to be in Redis."""
        return tuple(commit.at for commit in self.commits[self.delivered :])


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An integrator's small write on its way: fields, history elements and stream events.

    `id` makes it once.
    """

    id: str
    call_sid: CallSid
    at: datetime
    fields: Fields = field(default_factory=dict)
    history: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def waiting(self) -> tuple[datetime, ...]:
        """The moment it was made."""
        return (self.at,)


Pending = PendingCommits | PendingUpdate
"""A write that rests in a journal until Redis has it."""


def merge(commits: Sequence[Commit]) -> Commit:
    """Return all commits of a call as one: each field's last value, each message as heard."""
    merged = Change()
    answered: dict[Step, datetime] = {}
    for commit in commits:
        merged = _merged(merged, commit.change)
        answered |= dict.fromkeys(commit.change.answers, commit.at)
    return Commit(1, merged, commits[-1].at, answered)


def _merged(earlier: Change, later: Change) -> Change:
    confirmed = (earlier.confirmed - later.unconfirmed) | later.confirmed
    return Change(
        answers={**earlier.answers, **later.answers},
        confirmed=confirmed,
        unconfirmed=(earlier.unconfirmed | later.unconfirmed) - confirmed,
        messages=_as_heard(earlier.messages, later.revised) + later.messages,
        step=later.step or earlier.step,
        status=later.status or earlier.status,
        booked=earlier.booked if later.booked is None else later.booked,
        dialogue=earlier.dialogue if later.dialogue is None else later.dialogue,
        usage=later.usage or earlier.usage,
        needs=earlier.needs if later.needs is None else later.needs,
        wish=earlier.wish if later.wish is None else later.wish,
        notes=earlier.notes + later.notes,
    )


def _as_heard(
    messages: tuple[Message, ...], revised: tuple[Message, Message] | None
) -> tuple[Message, ...]:
    if revised is None:
        return messages
    written, heard = revised
    if written not in messages:
        return (*messages, heard)
    at = len(messages) - 1 - messages[::-1].index(written)
    return (*messages[:at], heard, *messages[at + 1 :])


def encode(commit: Commit) -> EncodedCommit:
    """Return what `change.lua` reads behind epoch, session and number."""
    change = commit.change
    taken_back = sorted(change.unconfirmed - change.confirmed)
    arguments = _list(_owned(change)) + _list([confirmed_field(step) for step in taken_back])
    staff = _for_staff(change)
    arguments.append(len(change.answers) + len(staff))
    for step in sorted(change.answers, key=list(Step).index):
        text = answer_text(change.answers[step])
        at = iso_utc(commit.answered.get(step, commit.at))
        written = [ANSWER_FIELD[step], text, timestamp_field(step), at]
        if step is Step.TIME and change.booked is not None:
            written += [BOOKED_FIELD, flag(change.booked)]
        arguments += _list(written) + _list(field_event(step, text))
    for name, text in staff.items():
        arguments += _list([name, text]) + _list(told(name, text))
    arguments += encode_messages(map(message_json, change.messages))
    if change.revised is None:
        arguments.append(0)
    else:
        was, heard = map(message_json, change.revised)
        arguments += [1, was, heard, *_list(("type", "revised", "message", heard))]
    arguments += encode_events(_events(change, taken_back))
    arguments += _encode_notes(change.notes)
    return EncodedCommit(commit.seq, commit.at, tuple(arguments))


def encode_messages(elements: Iterable[str]) -> list[Argument]:
    """Return history elements to append, each with its stream event."""
    told = [[element, *_list(message_event(element))] for element in elements]
    return [len(told), *(argument for one in told for argument in one)]


def encode_events(events: Sequence[Event]) -> list[Argument]:
    """Return stream events as the scripts read them."""
    return [len(events), *(argument for event in events for argument in _list(event))]


def _encode_notes(notes: Sequence[Note]) -> list[Argument]:
    """Return notes to append, as elements of a JSON list, with their stream event."""
    if not notes:
        return [0]
    elements = ",".join(map(note_json, notes))
    return [1, elements, *_list(told(NOTES_FIELD, f"[{elements}]"))]


def encode_fields(fields: Mapping[str, str]) -> list[Argument]:
    """Return fields as the scripts read a list: their number, names and values in turn."""
    return _list(_flat(fields))


def encode_lists(record: CallRecord) -> list[Argument]:
    """Return a record's fields and messages as the scripts read them."""
    return encode_fields(record.fields) + _list(record.history)


def encode_missing(seq: int, at: datetime, record: CallRecord) -> EncodedCommit:
    """Return the commit that writes what is missing of a record."""
    messages = encode_messages(record.history)
    arguments = (*encode_fields(record.fields), 0, 0, *messages, 0, 0, 0)
    return EncodedCommit(seq, at, arguments)


def field_event(step: Step, text: str) -> Event:
    """Return the stream event of a step's answer."""
    return ("type", "field", "field", step.value, "value", text)


def message_event(element: str) -> Event:
    """Return the stream event of a message."""
    return ("type", "message", "message", element)


def _owned(change: Change) -> list[str]:
    """Return the fields that only the call's owner may set, as flat pairs."""
    owned = {
        "step": change.step and change.step.value,
        "status": change.status and change.status.value,
        "dialogue": change.dialogue,
        "usage": change.usage,
    }
    if change.booked is not None and Step.TIME not in change.answers:
        owned[BOOKED_FIELD] = flag(change.booked)
    owned |= {confirmed_field(step): flag(True) for step in sorted(change.confirmed)}
    return _flat({name: value for name, value in owned.items() if value is not None})


def _for_staff(change: Change) -> dict[str, str]:
    """Return what staff must do, and what the caller wants: taken as an answer is."""
    told = {NEEDS_FIELD: change.needs, WISH_FIELD: change.wish}
    return {name: value.value for name, value in told.items() if value is not None}


def told(field: str, value: str) -> Event:
    """Return the stream event of something told to staff, by its field."""
    return ("type", field, "field", field, "value", value)


def _events(change: Change, taken_back: Sequence[Step]) -> list[Event]:
    events: list[Event] = [
        ("type", "confirmed", "field", step.value) for step in sorted(change.confirmed)
    ]
    events += [("type", "unconfirmed", "field", step.value) for step in taken_back]
    if change.booked is not None:
        events.append(("type", "booked", "value", flag(change.booked)))
    if change.needs is Needs.PERSON:
        events.append(("type", "person", "value", (change.status or Status.ACTIVE).value))
    if change.step is not None:
        events.append(("type", "step", "value", change.step.value))
    if change.status is not None:
        events.append(("type", "status", "value", change.status.value))
    return events


def _flat(pairs: Mapping[str, str]) -> list[str]:
    return [text for pair in pairs.items() for text in pair]


def _list(items: Sequence[str]) -> list[Argument]:
    return [len(items), *items]


_OWNERS = ("step", "status", "dialogue", NEEDS_FIELD, WISH_FIELD)
"""Values without a moment of their own; `by.` alone tells who wrote them."""
_CONFIRMATIONS = frozenset(map(confirmed_field, Step))


def after(record: CallRecord, sessions: Iterable[PendingCommits]) -> CallRecord:
    """Return the record as it is when these sessions (oldest first) have brought their commits.

    What a session found is older than what an earlier one still has to bring.
    """
    fields, history = dict(record.fields), list(record.history)
    for pending in sessions:
        brought = _brought(fields, pending)
        fields = {**pending.snapshot.fields, **fields}
        history += [element for element in pending.snapshot.history if element not in history]
        for commit in pending.commits[brought:]:
            _apply(fields, history, iter(commit.arguments))
    return CallRecord(fields, history)


def missing(pending: PendingCommits, stored: CallRecord | None) -> CallRecord:
    """Return the fields and messages that a session wrote and Redis does not have.

    What others wrote since is left alone: integrators, staff, and older owners, whose commits may
    come out of a journal later. Under a newer owner only the history must still be there.
    """
    expected, actual = after(pending.snapshot, [pending]), stored or CallRecord({})
    own_us = str(epoch_us(pending.session.began))
    if stored is not None and stored.fields.get("epoch") != str(pending.epoch):
        expected = CallRecord({}, expected.history)
    fields = {
        name: value
        for name, value in expected.fields.items()
        if actual.fields.get(name) != value and _is_lost(name, own_us, expected, actual)
    }
    lost = Counter(expected.history) - Counter(actual.history)
    return CallRecord(fields, tuple(_first(lost, expected.history)))


def _brought(fields: Mapping[str, str], pending: PendingCommits) -> int:
    """Return how many of a session's commits the record has, by the script's bookkeeping."""
    own = pending.session.id
    epochs = [n.partition(".")[2] for n, v in fields.items() if v == own and n.startswith("owner.")]
    names = [f"seq.{epoch}" for epoch in epochs] or [f"seq.0.{own}"]
    return int(fields.get(names[0], 0))


def _apply(fields: dict[str, str], history: list[str], arguments: Iterator[Argument]) -> None:
    fields.update(_pairs(_take_list(arguments)))
    for name in _take_list(arguments):
        fields.pop(name, None)
    for _ in range(int(next(arguments))):
        fields.update(_pairs(_take_list(arguments)))
        _take_list(arguments)
    for _ in range(int(next(arguments))):
        history.append(str(next(arguments)))
        _take_list(arguments)
    for _ in range(int(next(arguments))):
        _revise(history, str(next(arguments)), str(next(arguments)))
        _take_list(arguments)
    for _ in range(int(next(arguments))):
        _take_list(arguments)  # events
    for _ in range(int(next(arguments, 0))):  # an earlier version's commit ends before its notes
        fields[NOTES_FIELD] = with_notes(fields.get(NOTES_FIELD, ""), str(next(arguments)))
        _take_list(arguments)


def _revise(history: list[str], written: str, heard: str) -> None:
    if written in history:
        history[len(history) - 1 - history[::-1].index(written)] = heard
    else:
        history.append(heard)


def _is_lost(name: str, own_us: str, expected: CallRecord, actual: CallRecord) -> bool:
    """Judge a value that is not as expected by the session that wrote the field last."""
    by = actual.fields.get("by.step" if name == "dialogue" else f"by.{name}")
    if name == "updatedAt":
        return False
    if name not in actual.fields:  # a confirmation may have been taken back
        return name not in _CONFIRMATIONS or by in (None, own_us)
    if name in _OWNERS:
        return by == own_us
    step = next((s for s in FIELDS if ANSWER_FIELD[s] == name), None)
    if step is None:
        return False
    stamp = timestamp_field(step)
    return by is not None and expected.fields.get(stamp) == actual.fields.get(stamp)


def _first(wanted: Counter[str], history: Iterable[str]) -> Iterator[str]:
    for element in history:
        if wanted[element] > 0:
            wanted[element] -= 1
            yield element


def _take_list(arguments: Iterator[Argument]) -> list[str]:
    return [str(next(arguments)) for _ in range(int(next(arguments)))]


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
