"""Mask a customer's data until it is revealed. Pure.

Enough is left to tell calls apart (an initial, the last three digits), nothing that would let a
bystander read a name, a number or an address off the screen. What is not known to be harmless is
hidden: a new field of the record, a new kind of event.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

import orjson

from voicebot.call import BROWSER_PREFIX, FIELDS, Speaker, Step
from voicebot.store import (
    CallSkeleton,
    HistoryMessage,
    NoteRecord,
    StreamEvent,
    User,
    UserInfo,
    read_object,
)

DOT = "•"
DOTS = DOT * 3
PERSONAL = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
"""Steps whose answers say something about a person; service and time do not."""
_SHOWN_DIGITS = 3
_WORD = re.compile(r"\w+", re.UNICODE)
_SHORTEST_PERSONAL = 2  # letters; shorter words of a value are everywhere in what the bot says
_TIME_IN_SPEECH = r"\b\d{1,2}(?:st|nd|rd|th)\b|\b\d{1,2}(?::\d\d)? ?[ap]m\b|\d{1,2}[月日点分]"
_NUMBERS_IN_SPEECH = re.compile(rf"\S*@\S*|(?P<time>{_TIME_IN_SPEECH})|\d+")
"""A day and an hour say nothing about a person, as little as the field that holds them."""
_SHOWN_FIELDS = (
    *("callSid", "services", "company", "servicebooked", "confirmEmailsent", "createdAt"),
    *("updatedAt", "step", "status", "confirmed", "broken", "needs", "wish"),
)
_SHOWN_OF_EVENTS = frozenset({"type", "field", "step", "epoch", "seq", "at"})
_SHOWN_OF_COMMANDS = frozenset({"command", "action", "by", "outcome", "reason"})
_HARMLESS_VALUES = frozenset(
    {"phase", "step", "status", "booked", "emailed", "person", "needs", "wish", "taken", "moved"}
    | {"done", "dialled"}
)
"""Kinds of events whose value is a state of the call, or a colleague's name."""


class Visibility(StrEnum):
    """The amount of customer data in a view."""

    MASKED = "masked"
    PLAIN = "plain"


def mask_record(call: CallSkeleton, visibility: Visibility) -> CallSkeleton:
    if visibility is Visibility.PLAIN:
        return call
    shown = {name: getattr(call, name) for name in _SHOWN_FIELDS}
    info = call.user.userInfo.model_dump(exclude_none=True)
    personal = personal_answers(call)
    answers = {s.value: mask_value(s, info[s.value]) for s in PERSONAL if s.value in info}
    moments = {name: at for name, at in info.items() if name.endswith("_timestamp")}
    user = User(
        userInfo=UserInfo(**answers, **moments),
        service=call.user.service,
        serviceBookedTime=call.user.serviceBookedTime,
    )
    caller = call.caller
    if caller and not call.callSid.startswith(BROWSER_PREFIX):
        caller = mask_value(Step.PHONE, caller)
    history = [
        HistoryMessage(
            speaker=said.speaker,
            message=mask_words(said.speaker, said.message, personal),
            startedAt=said.startedAt,
            heard=said.heard,
        )
        for said in call.history
    ]
    notes = [
        NoteRecord(text=mask_words(Speaker.CALLER, note.text), at=note.at) for note in call.notes
    ]
    return CallSkeleton(**shown, user=user, caller=caller, history=history, notes=notes)


def personal_answers(call: CallSkeleton) -> list[str]:
    """Return the answers of the record that say something about a person."""
    info = call.user.userInfo
    return [value for step in PERSONAL if (value := getattr(info, step.value))]


def mask_event(event: StreamEvent) -> StreamEvent:
    """Return an event without what was said (also by the bot) and without personal answers."""
    kind = event.fields.get("type", "")
    shown = {
        name: text if name in _SHOWN_OF_EVENTS else _mask_field(kind, name, text, event.fields)
        for name, text in event.fields.items()
    }
    return replace(event, fields=shown)


def _mask_field(kind: str, name: str, text: str, fields: Mapping[str, str]) -> str:
    if kind == "command" and name in _SHOWN_OF_COMMANDS:
        return text
    if name == "message":
        said = read_object(text)
        words = {"message": mask_words(Speaker.CALLER, str(said.get("message", "")))}
        kept = {key: said[key] for key in ("speaker", "startedAt", "heard") if key in said}
        return orjson.dumps(kept | words).decode()
    if name == "value" and kind in _HARMLESS_VALUES:
        return text
    if name == "value" and kind == "field" and (step := fields.get("field")) in set(FIELDS):
        return mask_value(Step(step), text)
    return DOTS


def mask_value(step: Step, value: str) -> str:
    """Return a saved value masked; service and time say nothing about a person."""
    match step:
        case Step.NAME:
            return " ".join(word[0] + DOTS for word in value.split())
        case Step.PHONE:
            return f"{DOTS} {DOTS} {value[-_SHOWN_DIGITS:]}"
        case Step.EMAIL:
            return f"{value[:1]}{DOTS}@{DOTS}"
        case Step.ADDRESS:
            return f"{DOTS} {DOTS} {DOTS}"
    return value


def mask_words(speaker: Speaker, text: str, personal: Iterable[str] = ()) -> str:
    """Return a caller's words as dots, as they may hold a value before it is saved; the bot's
    without what they repeat of the caller's `personal` answers."""
    if speaker is Speaker.CALLER:
        return _WORD.sub(lambda m: DOT * min(len(m[0]), 6), text)
    words = {word for value in personal for word in _WORD.findall(value.lower())}
    words = {w for w in words if len(w) >= _SHORTEST_PERSONAL or not w.isascii()}
    text = _NUMBERS_IN_SPEECH.sub(lambda m: m["time"] or DOTS, text)
    for value in sorted(filter(None, personal), key=len, reverse=True):
        text = text.replace(value, DOTS)  # scripts without spaces between words
    return _WORD.sub(lambda m: DOTS if m[0].lower() in words else m[0], text)
