"""A call as staff see it: what its events tell, and the views of its record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicebot.call import Phase, Speaker, Status, Step
from voicebot.console.masking import (
    PERSONAL,
    Visibility,
    mask_record,
    mask_words,
    personal_answers,
)
from voicebot.store import (
    BEGINNING,
    CallRecord,
    CallSkeleton,
    CompanyRecord,
    HistoryMessage,
    ServiceRecord,
    StreamEvent,
    User,
    entry_order,
    read_object,
)
from voicebot.validation import read_moment

TURNS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """The bot's answer to one turn of the caller.

    at         when the bot's voice began, ISO 8601 UTC
    waited_ms  from the decision that the caller has finished to the bot's voice
    step       the step that was open; empty when the events do not say
    """

    at: str
    waited_ms: int
    step: str


@dataclass(frozen=True, slots=True)
class CallActivity:
    """What a call's events tell beside its record, folded by `follow`.

        claim ── phase listening ── thinking ── speaking ── … ── claim again: the call was resumed
                                        └─ answer time ─┘

    saying   the bot's latest message: startedAt and words
    unheard  what callers did not hear of the bot's messages, by the messages' startedAt; the
             record keeps only what they heard
    """

    last_id: str = BEGINNING
    phase: str = ""
    step: str = Step.NAME.value
    resumed: int = 0
    spoken: bool = False
    thinking_since: str = ""
    turns: tuple[Turn, ...] = ()
    saying: tuple[str, str] = ("", "")
    unheard: Mapping[str, str] = field(default_factory=dict)


def follow(activity: CallActivity, events: Iterable[StreamEvent]) -> CallActivity:
    """Return the activity after these events; those that it has seen already change nothing."""
    for event in events:
        if event.order > entry_order(activity.last_id):
            activity = replace(_after(activity, event), last_id=event.id)
    return activity


def _after(activity: CallActivity, event: StreamEvent) -> CallActivity:
    fields = event.fields
    match fields.get("type"):
        case "claim":
            resumed = activity.resumed + activity.spoken
            return replace(activity, resumed=resumed, phase="", thinking_since="")
        case "phase":
            return _in_phase(activity, fields.get("value", ""), fields.get("at", ""))
        case "message":
            return _after_message(activity, read_object(fields.get("message", "")), fields)
        case "revised":
            return _after_barge_in(activity, read_object(fields.get("message", "")))
        case "step":
            return replace(activity, step=fields.get("value", activity.step))
    return activity


def _after_message(
    activity: CallActivity, message: Mapping[str, object], fields: Mapping[str, str]
) -> CallActivity:
    if message.get("speaker") != Speaker.CALLER.value:
        saying = (str(message.get("startedAt")), str(message.get("message")))
        return replace(activity, saying=saying)
    # A phase of thinking that was too short is not announced: it began with the caller's message.
    return replace(activity, thinking_since=activity.thinking_since or fields.get("at", ""))


def _after_barge_in(activity: CallActivity, heard: Mapping[str, object]) -> CallActivity:
    """Keep the part of the bot's latest message behind the prefix that the caller heard."""
    at, words = activity.saying
    prefix = str(heard.get("message"))
    if heard.get("startedAt") != at or not words.startswith(prefix):
        return activity
    unheard = {**activity.unheard, at: words.removeprefix(prefix).strip()}
    return replace(activity, unheard=unheard)


def _in_phase(activity: CallActivity, phase: str, at: str) -> CallActivity:
    changed = replace(activity, phase=phase, spoken=True)
    if phase == Phase.THINKING:
        return replace(changed, thinking_since=at)
    if phase != Phase.SPEAKING:
        return replace(changed, thinking_since="")
    began, ended = read_moment(activity.thinking_since), read_moment(at)
    if began is None or ended is None or ended < began:
        return changed
    turn = Turn(at, (ended - began) // timedelta(milliseconds=1), activity.step)
    return replace(changed, thinking_since="", turns=(*activity.turns, turn)[-TURNS_KEPT:])


@dataclass(frozen=True, slots=True)
class CurrentCall:
    """A call as it stands.

    live   a phone stream holds it
    stale  events came after `record` was read
    """

    record: CallRecord
    activity: CallActivity
    live: bool
    stale: bool = False

    @property
    def skeleton(self) -> CallSkeleton:
        """The typed form of the record."""
        return self.record.skeleton


class Need(StrEnum):
    """Why a person should look after a call: the caller asked for one, or nothing was booked."""

    PERSON = "person"
    FOLLOW_UP = "follow_up"


def need_of(call: CurrentCall) -> Need | None:
    """Return why a person should look after the call, or None."""
    record = call.record
    if record.continued_as is not None or call.skeleton.broken:
        return None
    match call.skeleton.status:
        case Status.TRANSFER:
            return Need.PERSON
        case Status.INCOMPLETE | Status.ABANDONED:
            return Need.FOLLOW_UP
    return Need.FOLLOW_UP if _is_lost(call) else None


def _is_lost(call: CurrentCall) -> bool:
    open_ = call.skeleton.status is Status.ACTIVE
    return open_ and not call.live and call.activity.spoken


class Skeleton(BaseModel):
    """One call's record in the old system's form."""

    callSid: str
    services: list[ServiceRecord]
    company: CompanyRecord
    user: User
    history: list[HistoryMessage]
    servicebooked: bool
    confirmEmailsent: bool
    createdAt: str


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class StepView(_View):
    """One of the six answers."""

    step: Step
    value: str | None = None
    savedAt: str | None = Field(None, description="When it was saved, ISO 8601 UTC")
    confirmed: bool = False
    masked: bool = False


class MessageView(_View):
    """One thing said; `partial` when the caller cut it off."""

    speaker: Speaker
    message: str
    startedAt: str
    partial: bool = False
    unheard: str | None = Field(None, description="What the caller did not hear of it, if known")


class TurnView(_View):
    """How long the caller waited for the bot's voice."""

    at: str
    waitedMs: int
    step: str


class CallRow(_View):
    """A call in a list."""

    callSid: str
    status: Status
    step: Step
    phase: Phase | None = Field(None, description="What the bot is doing; only while on the phone")
    live: bool = Field(description="A phone stream holds the call just now")
    interrupted: bool = Field(description="Open, and no stream holds it: it may be resumed")
    broken: bool = Field(False, description="Its record cannot be read; `GET /calls/{callSid}` why")
    resumed: int = Field(description="How many times the call was taken up again")
    needs: Need | None = None
    caller: str | None = None
    createdAt: str
    updatedAt: str
    takenBy: str | None = None
    takenAt: str | None = None
    continuedAs: str | None = None
    steps: list[StepView]
    lastTurnMs: int | None = None


class CallView(CallRow):
    """A call in a list, and how much of the customer's data it shows."""

    sight: Visibility


class WholeCallView(CallView):
    """A call's page."""

    transcript: list[MessageView]
    turns: list[TurnView]
    company: str
    emailSent: bool
    kind: Literal["whole"] = "whole"


def call_view(call: CurrentCall, visibility: Visibility) -> CallView:
    """Return the call as a row of the list."""
    return CallView.model_validate(_row(call, visibility))


def whole_view(call: CurrentCall, visibility: Visibility) -> WholeCallView:
    """Return the call with all that was said."""
    skeleton = mask_record(call.skeleton, visibility)
    personal = personal_answers(call.skeleton)
    transcript = []
    for message in skeleton.history:
        unheard = call.activity.unheard.get(message.startedAt) if message.heard else None
        if unheard and visibility is Visibility.MASKED:
            unheard = mask_words(message.speaker, unheard, personal)
        transcript.append(
            MessageView(
                speaker=message.speaker,
                message=message.message,
                startedAt=message.startedAt,
                partial=message.heard is not None,
                unheard=unheard,
            )
        )
    return WholeCallView(
        **_row(call, visibility),
        transcript=transcript,
        turns=[TurnView(at=t.at, waitedMs=t.waited_ms, step=t.step) for t in call.activity.turns],
        company=skeleton.company.name,
        emailSent=skeleton.confirmEmailsent,
    )


def answers(skeleton: CallSkeleton) -> dict[Step, tuple[str | None, str | None]]:
    """Return each step's value as text, and when it was saved (ISO 8601 UTC)."""
    info = skeleton.user.userInfo
    service = skeleton.user.service
    return {
        Step.NAME: (info.name, info.name_timestamp),
        Step.PHONE: (info.phone, info.phone_timestamp),
        Step.ADDRESS: (info.address, info.address_timestamp),
        Step.EMAIL: (info.email, info.email_timestamp),
        Step.SERVICE: (service.name if service else None, info.service_timestamp),
        Step.TIME: (skeleton.user.serviceBookedTime, info.time_timestamp),
    }


def _row(call: CurrentCall, visibility: Visibility) -> dict[str, object]:
    record, activity = call.record, call.activity
    skeleton = mask_record(call.skeleton.model_copy(update={"history": []}), visibility)
    return {
        "callSid": skeleton.callSid,
        "status": skeleton.status,
        "step": skeleton.step,
        "phase": activity.phase if call.live and activity.phase in set(Phase) else None,
        "live": call.live,
        "interrupted": _is_lost(call) and not skeleton.broken,
        "broken": skeleton.broken,
        "resumed": activity.resumed,
        "needs": need_of(call),
        "caller": skeleton.caller,
        "createdAt": skeleton.createdAt,
        "updatedAt": skeleton.updatedAt,
        "takenBy": record.taken_by,
        "takenAt": record.taken_at,
        "continuedAs": record.continued_as,
        "steps": [
            StepView(
                step=step,
                value=value,
                savedAt=saved_at if value else None,
                confirmed=step in skeleton.confirmed,
                masked=bool(value) and visibility is Visibility.MASKED and step in PERSONAL,
            )
            for step, (value, saved_at) in answers(skeleton).items()
        ],
        "lastTurnMs": activity.turns[-1].waited_ms if activity.turns else None,
        "sight": visibility,
    }
