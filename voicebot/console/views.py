"""A call as staff see it: the record and its story in one shape, masked or plain. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicebot.call import Phase, Speaker, Status, Step
from voicebot.console.masking import PERSONAL, Sight, mask_words, personal_of, seen
from voicebot.store import CallSkeleton
from voicebot.store.events import BEGINNING, StreamEvent, entry_order
from voicebot.store.models import CompanyRecord, HistoryMessage, ServiceRecord, User
from voicebot.store.record import CallRecord, read_object
from voicebot.validation import read_moment


class Need(StrEnum):
    """Why a person should look after a call: asked for one, or ended without a booking."""

    PERSON = "person"
    FOLLOW_UP = "follow_up"


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
    interrupted: bool = Field(description="Open, and nobody holds it: it may be resumed")
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

    sight: Sight


class WholeCallView(CallView):
    """A call's page."""

    transcript: list[MessageView]
    turns: list[TurnView]
    company: str
    emailSent: bool
    kind: Literal["whole"] = "whole"


def call_view(record: CallRecord, story: Story, *, live: bool, sight: Sight) -> CallView:
    """The call as a row of the list."""
    return CallView.model_validate(_common(record, story, live, sight))


def whole_view(record: CallRecord, story: Story, *, live: bool, sight: Sight) -> WholeCallView:
    """The call with all that was said."""
    skeleton = seen(record.skeleton, sight)
    personal = personal_of(record.skeleton)
    transcript = []
    for said in skeleton.history:
        unheard = story.unheard.get(said.startedAt) if said.heard else None
        if unheard and sight is Sight.MASKED:
            unheard = mask_words(said.speaker, unheard, personal)
        transcript.append(
            MessageView(
                speaker=said.speaker,
                message=said.message,
                startedAt=said.startedAt,
                partial=said.heard is not None,
                unheard=unheard,
            )
        )
    return WholeCallView(
        **_common(record, story, live, sight),
        transcript=transcript,
        turns=[TurnView(at=t.at, waitedMs=t.waited_ms, step=t.step) for t in story.turns],
        company=skeleton.company.name,
        emailSent=skeleton.confirmEmailsent,
    )


def need_of(record: CallRecord, story: Story, *, live: bool) -> Need | None:
    """Who waits for a person: whoever asked for one, and whose booking did not come about."""
    status = record.skeleton.status
    if record.continued_as is not None or record.skeleton.broken:
        return None
    if status is Status.TRANSFER:
        return Need.PERSON
    if status in (Status.INCOMPLETE, Status.ABANDONED):
        return Need.FOLLOW_UP
    lost = status is Status.ACTIVE and not live and story.spoken
    return Need.FOLLOW_UP if lost else None


def answers(skeleton: CallSkeleton) -> dict[Step, tuple[str | None, str | None]]:
    """Each step's value as text, and when it was saved."""
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


def _common(record: CallRecord, story: Story, live: bool, sight: Sight) -> dict[str, object]:
    skeleton = seen(record.skeleton.model_copy(update={"history": []}), sight)
    lost = skeleton.status is Status.ACTIVE and not live and story.spoken
    return {
        "callSid": skeleton.callSid,
        "status": skeleton.status,
        "step": skeleton.step,
        "phase": Phase(story.phase) if live and story.phase in set(Phase) else None,
        "live": live,
        "interrupted": lost and not skeleton.broken,
        "broken": skeleton.broken,
        "resumed": story.resumed,
        "needs": need_of(record, story, live=live),
        "caller": skeleton.caller,
        "createdAt": skeleton.createdAt,
        "updatedAt": skeleton.updatedAt,
        "takenBy": record.taken_by,
        "takenAt": record.taken_at,
        "continuedAs": record.continued_as,
        "steps": _steps(skeleton, sight),
        "lastTurnMs": story.turns[-1].waited_ms if story.turns else None,
        "sight": sight,
    }


def _steps(skeleton: CallSkeleton, sight: Sight) -> list[StepView]:
    return [
        StepView(
            step=step,
            value=value,
            savedAt=saved_at if value else None,
            confirmed=step in skeleton.confirmed,
            masked=bool(value) and sight is Sight.MASKED and step in PERSONAL,
        )
        for step, (value, saved_at) in answers(skeleton).items()
    ]


TURNS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """The bot's answer to one turn of the caller.

    waited_ms  from the decision that the caller has finished to the bot's voice
    step       which step was open; empty when the events do not say
    """

    at: str
    waited_ms: int
    step: str


@dataclass(frozen=True, slots=True)
class Story:
    """What a call's events tell beside its record, folded.

    claim ── phase listening ── thinking ── speaking ── … ── claim again: the call was resumed
                                    └─ answer time ─┘

    unheard  what callers did not hear of the bot's messages, by the messages' startedAt; the
             record keeps only what they heard
    """

    last_id: str = BEGINNING
    phase: str = ""
    phase_at: str = ""
    step: str = Step.NAME.value
    resumed: int = 0
    spoken: bool = False
    thinking_since: str = ""
    turns: tuple[Turn, ...] = ()
    saying: tuple[str, str] = ("", "")
    """The bot's latest message: startedAt and words."""
    unheard: Mapping[str, str] = field(default_factory=dict)


def told(story: Story, events: Iterable[StreamEvent]) -> Story:
    """The story after these events; those that it knows already change nothing."""
    last_id = story.last_id
    for event in events:
        if event.order > entry_order(last_id):
            story, last_id = _after(story, event), event.id
    return replace(story, last_id=last_id)


def _after(story: Story, event: StreamEvent) -> Story:
    fields = event.fields
    match fields.get("type"):
        case "claim":
            again = story.resumed + 1 if story.spoken else story.resumed
            return replace(story, resumed=again, phase="", thinking_since="")
        case "phase":
            return _in_phase(story, fields.get("value", ""), fields.get("at", ""))
        case "message":
            return _after_message(story, read_object(fields.get("message", "")), fields)
        case "revised":
            return _after_cut(story, read_object(fields.get("message", "")))
        case "step":
            return replace(story, step=fields.get("value", story.step))
    return story


def _after_message(story: Story, message: Mapping[str, object], fields: Mapping[str, str]) -> Story:
    if message.get("speaker") != Speaker.CALLER.value:
        return replace(story, saying=(str(message.get("startedAt")), str(message.get("message"))))
    if story.thinking_since:
        return story
    return replace(story, thinking_since=fields.get("at", ""))  # it was too short to tell


def _after_cut(story: Story, heard: Mapping[str, object]) -> Story:
    """The bot's latest message was heard in part: what is left of it was not."""
    at, words = story.saying
    known = str(heard.get("message"))
    if heard.get("startedAt") != at or not words.startswith(known):
        return story
    return replace(story, unheard={**story.unheard, at: words.removeprefix(known).strip()})


def _in_phase(story: Story, phase: str, at: str) -> Story:
    changed = replace(story, phase=phase, phase_at=at, spoken=True)
    if phase == Phase.THINKING:
        return replace(changed, thinking_since=at)
    if phase != Phase.SPEAKING:
        return replace(changed, thinking_since="")
    waited_ms = _ms_between(story.thinking_since, at)
    if waited_ms is None:
        return changed
    turns = (*story.turns, Turn(at, waited_ms, story.step))[-TURNS_KEPT:]
    return replace(changed, thinking_since="", turns=turns)


def _ms_between(earlier: str, later: str) -> int | None:
    began, ended = read_moment(earlier), read_moment(later)
    if began is None or ended is None or ended < began:
        return None
    return _ms(ended) - _ms(began)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
