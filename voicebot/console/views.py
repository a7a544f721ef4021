"""A call as staff see it: the record and its story in one shape, masked or plain. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicebot.call import BROWSER_PREFIX, FIELDS, Phase, Speaker, Status, Step
from voicebot.console.masking import (
    mask_bots_words,
    mask_callers_words,
    mask_number,
    mask_value,
)
from voicebot.console.story import Story
from voicebot.store import CallSkeleton
from voicebot.store.events import Record
from voicebot.store.models import HistoryMessage


class Sight(StrEnum):
    """How much of the customer's data a view holds."""

    MASKED = "masked"
    PLAIN = "plain"


class Need(StrEnum):
    """Why a person should look after a call: asked for one, or ended without a booking."""

    PERSON = "person"
    FOLLOW_UP = "follow_up"


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


class CallView(_View):
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
    sight: Sight


class WholeCallView(CallView):
    """A call's page."""

    transcript: list[MessageView]
    turns: list[TurnView]
    company: str
    emailSent: bool
    kind: Literal["whole"] = "whole"


def call_view(record: Record, story: Story, *, live: bool, sight: Sight) -> CallView:
    """The call as a row of the list."""
    return CallView.model_validate(_common(record, story, live, sight))


def whole_view(record: Record, story: Story, *, live: bool, sight: Sight) -> WholeCallView:
    """The call with all that was said."""
    skeleton = record.skeleton
    return WholeCallView(
        **_common(record, story, live, sight),
        transcript=[_message(skeleton, said, story, sight) for said in skeleton.history],
        turns=[TurnView(at=t.at, waitedMs=t.waited_ms, step=t.step) for t in story.turns],
        company=skeleton.company.name,
        emailSent=skeleton.confirmEmailsent,
    )


def need_of(record: Record, story: Story, *, live: bool) -> Need | None:
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


def _common(record: Record, story: Story, live: bool, sight: Sight) -> dict[str, object]:
    skeleton = record.skeleton
    caller = skeleton.caller
    hidden = sight is Sight.MASKED and not skeleton.callSid.startswith(BROWSER_PREFIX)
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
        "caller": mask_number(caller) if caller and hidden else caller,
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
    found = answers(skeleton)
    views = []
    for step in FIELDS:
        value, saved_at = found[step]
        shown = mask_value(step, value) if value and sight is Sight.MASKED else value
        views.append(
            StepView(
                step=step,
                value=shown,
                savedAt=saved_at if value else None,
                confirmed=step in skeleton.confirmed,
                masked=shown != value,
            )
        )
    return views


def _message(
    skeleton: CallSkeleton, said: HistoryMessage, story: Story, sight: Sight
) -> MessageView:
    partial = said.heard is not None
    unheard = story.unheard.get(said.startedAt) if partial else None
    return MessageView(
        speaker=said.speaker,
        message=_words(skeleton, said.speaker, said.message, sight),
        startedAt=said.startedAt,
        partial=partial,
        unheard=_words(skeleton, said.speaker, unheard, sight) if unheard else None,
    )


def _words(skeleton: CallSkeleton, speaker: Speaker, text: str, sight: Sight) -> str:
    if sight is Sight.PLAIN:
        return text
    if speaker is not Speaker.BOT:
        return mask_callers_words(text)
    personal = [value for step, (value, _) in answers(skeleton).items() if value and step
                not in (Step.SERVICE, Step.TIME)]  # fmt: skip
    return mask_bots_words(text, personal)
