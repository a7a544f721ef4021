"""Changes and small writes, and how they are encoded for the scripts. Pure, no I/O."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.call import Answer, CallSid, Change, Message, Status, Step
from voicebot.settings import SaveMode, Settings
from voicebot.store.record import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    CallRecord,
    Fields,
    answer_text,
    confirmed_field,
    flag,
    iso_utc,
    message_json,
    timestamp_field,
)

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


def encode(commit: Commit) -> EncodedCommit:
    """Return what the script needs after epoch, session and number."""
    return EncodedCommit(commit.seq, commit.at, tuple(_arguments(commit)))


@dataclass(frozen=True, slots=True)
class _Answered:
    """A step's fields, the answer first, and its stream event."""

    fields: tuple[str, ...]
    event: Event


def merge(commits: Sequence[Commit]) -> Commit:
    """Return all commits of a call as one: each field's last value, each message as heard."""
    merged = Change()
    answered: dict[Step, datetime] = {}
    for commit in commits:
        merged = _merged(merged, commit.change)
        answered |= dict.fromkeys(commit.change.answers, commit.at)
    return Commit(1, merged, commits[-1].at, answered)


def _arguments(commit: Commit) -> list[Argument]:
    change = commit.change
    arguments = _list(_owned(change)) + _list([confirmed_field(s) for s in _taken_back(change)])
    arguments += [len(change.answers)]
    for step in sorted(change.answers, key=list(Step).index):
        at = commit.answered.get(step, commit.at)
        answered = _answered(step, change.answers[step], change.booked, at)
        arguments += _list(answered.fields) + _list(answered.event)
    arguments += [len(change.messages)]
    for message in change.messages:
        written = message_json(message)
        arguments += [written, *_list(("type", "message", "message", written))]
    arguments += _revision(change.revised)
    return arguments + _events(change)


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
        person=earlier.person or later.person,
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


def _answered(step: Step, answer: Answer, booked: bool | None, at: datetime) -> _Answered:
    text = answer_text(answer)
    fields = [ANSWER_FIELD[step], text, timestamp_field(step), iso_utc(at)]
    if step is Step.TIME and booked is not None:
        fields += [BOOKED_FIELD, flag(booked)]
    return _Answered(tuple(fields), ("type", "field", "field", step.value, "value", text))


def _owned(change: Change) -> list[str]:
    """Return the fields that only the call's owner may set, as flat pairs."""
    pairs: list[str] = []
    if change.step is not None:
        pairs += ["step", change.step.value]
    if change.status is not None:
        pairs += ["status", change.status.value]
    if change.dialogue is not None:
        pairs += ["dialogue", change.dialogue]
    if change.usage is not None:
        pairs += ["usage", change.usage]
    if change.booked is not None and Step.TIME not in change.answers:
        pairs += [BOOKED_FIELD, flag(change.booked)]
    for step in sorted(change.confirmed):
        pairs += [confirmed_field(step), flag(True)]
    return pairs


def _taken_back(change: Change) -> list[Step]:
    return sorted(change.unconfirmed - change.confirmed)


def _revision(revised: tuple[Message, Message] | None) -> list[Argument]:
    if revised is None:
        return [0]
    written, heard = (message_json(m) for m in revised)
    return [1, written, heard, *_list(("type", "revised", "message", heard))]


def _events(change: Change) -> list[Argument]:
    events: list[Event] = [
        ("type", "confirmed", "field", step.value) for step in sorted(change.confirmed)
    ]
    events += [("type", "unconfirmed", "field", step.value) for step in _taken_back(change)]
    if change.booked is not None:
        events.append(("type", "booked", "value", flag(change.booked)))
    if change.person:
        goes_on = change.status or Status.ACTIVE
        events.append(("type", "person", "value", goes_on.value))
    if change.step is not None:
        events.append(("type", "step", "value", change.step.value))
    if change.status is not None:
        events.append(("type", "status", "value", change.status.value))
    arguments: list[Argument] = [len(events)]
    for event in events:
        arguments += _list(event)
    return arguments


def _list(items: Sequence[str]) -> list[Argument]:
    return [len(items), *items]


@dataclass(frozen=True, slots=True)
class Update:
    """The fields, history elements and stream events of one small write."""

    fields: Fields
    history: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An integrator's write on its way; `id` makes it once."""

    id: str
    call_sid: CallSid
    at: datetime
    update: Update


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
    def waiting(self) -> int:
        """The number of commits that are not known to be in Redis."""
        return len(self.commits) - self.delivered


def save_mode(settings: Settings, call_sid: CallSid) -> SaveMode:
    """Return REALTIME for VOICEBOT_REALTIME_SHARE of the calls, by CRC-32 of the callSid."""
    lot = zlib.crc32(call_sid.encode()) / 2**32
    chosen = settings.save_mode is SaveMode.REALTIME and lot < settings.realtime_share
    return SaveMode.REALTIME if chosen else SaveMode.BATCH
