"""A call as staff see it: what its events tell, and the views of its record. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from voicebot.call import FIELDS, Needs, Phase, Speaker, Status, Step, Wish
from voicebot.collect.resuming import standing
from voicebot.console.masking import PERSONAL, Visibility, mask_record, mask_words, personal_answers
from voicebot.store import (
    BEGINNING,
    CallRecord,
    CallSkeleton,
    HistoryMessage,
    NoteRecord,
    StreamEvent,
    entry_order,
    read_object,
)
from voicebot.validation import read_moment

TURNS_KEPT = 200
COMMANDS_KEPT = 20
_AS_IN_THE_RECORD = ("callSid", "status", "step", "broken", "caller", "createdAt", "updatedAt")


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Turn(_View):
    """The bot's answer to one turn of the caller.

    at        when the bot's voice began, ISO 8601 UTC
    waitedMs  from the decision that the caller has finished to the bot's voice
    step      the step that was open; empty when the events do not say
    """

    at: str
    waitedMs: int
    step: str


class CommandView(_View):
    """A command of staff, and what became of it.

    type     transfer, say, end or correct        field  the answer that is corrected
    outcome  asked, obeyed or refused             reason why it was refused
    """

    id: str
    type: str
    by: str
    at: str
    field: str = ""
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallActivity:
    """A call's facts from its events, beside its record, folded by `follow`.

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
    said_at: str = ""
    unheard: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[CommandView, ...] = ()


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
            message = read_object(fields.get("message", ""))
            activity = replace(activity, said_at=str(message.get("startedAt") or ""))
            return _after_message(activity, message, fields)
        case "revised":
            return _after_barge_in(activity, read_object(fields.get("message", "")))
        case "step":
            return replace(activity, step=fields.get("value", activity.step))
        case "command":
            return _after_command(activity, fields)
    return activity


def _after_command(activity: CallActivity, fields: Mapping[str, str]) -> CallActivity:
    """Keep a new command, or what became of one, at the moment when it was given."""
    commands = {command.id: command for command in activity.commands}
    name = fields.get("command", "")
    told = CommandView(
        id=name,
        type=fields.get("action", ""),
        by=fields.get("by", ""),
        at=commands[name].at if name in commands else fields.get("at", ""),
        field=fields.get("field", ""),
        outcome=fields.get("outcome", ""),
        reason=fields.get("reason", ""),
    )
    kept = tuple((commands | {name: told}).values())[-COMMANDS_KEPT:]
    return replace(activity, commands=kept)


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
    waited_ms = (ended - began) // timedelta(milliseconds=1)
    turn = Turn(at=at, waitedMs=waited_ms, step=activity.step)
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
        return self.record.skeleton

    @property
    def is_interrupted(self) -> bool:
        """True when it is open and was spoken, and no stream holds it."""
        open_ = self.skeleton.status is Status.ACTIVE and not self.skeleton.broken
        return open_ and not self.live and self.activity.spoken

    @property
    def needs(self) -> Needs:
        """The work for staff: as the record says, else by how the call ended or broke off."""
        call = self.skeleton
        if call.broken:
            return Needs.NOTHING
        if call.needs is None and self.record.continued_as is not None:
            return Needs.NOTHING
        if call.needs is None and self.is_interrupted:
            return Needs.FOLLOW_UP
        return call.due


class StepView(_View):
    """One of the six answers."""

    step: Step
    value: str | None = None
    savedAt: str | None = Field(None, description="When it was saved, ISO 8601 UTC")
    confirmed: bool = False
    masked: bool = False


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
    needs: Needs | None = Field(None, description="What staff must do; null for nothing")
    wish: Wish | None = Field(None, description="What the caller wants beside an appointment")
    notes: list[NoteRecord] = Field([], description="For staff, in the order of the call")
    caller: str | None = None
    createdAt: str
    updatedAt: str
    saidAt: str | None = Field(None, description="When something was last said")
    takenBy: str | None = None
    takenAt: str | None = None
    doneBy: str | None = Field(None, description="Who found that nothing is left to do")
    dialled: str | None = Field(
        None, description="How the call to a person ended, in the provider's word"
    )
    put: int = Field(0, description="How often the open question was put; only on the phone")
    promised: bool = Field(False, description="A call back was promised")
    unsure: list[Step] = Field([], description="Answers without a yes where one was wanted")
    emailSent: bool = Field(False, description="The booking was confirmed by e-mail")
    continuedAs: str | None = None
    steps: list[StepView]
    lastTurnMs: int | None = None


class MessageView(HistoryMessage):
    """One thing said; `unheard` is what the caller did not hear of it, if known."""

    unheard: str | None = None


class WholeCall(CallRow):
    """A call's page; `sight` is how much of the customer's data it shows."""

    sight: Visibility
    transcript: list[MessageView]
    turns: list[Turn]
    commands: list[CommandView]
    company: str


def call_row(call: CurrentCall, visibility: Visibility) -> CallRow:
    return CallRow(**_row(call, visibility))


def whole_call(call: CurrentCall, visibility: Visibility) -> WholeCall:
    personal = personal_answers(call.skeleton)
    transcript = []
    for said in mask_record(call.skeleton, visibility).history:
        unheard = call.activity.unheard.get(said.startedAt) if said.heard else None
        if unheard and visibility is Visibility.MASKED:
            unheard = mask_words(said.speaker, unheard, personal)
        transcript.append(MessageView(**dict(said), unheard=unheard))
    return WholeCall(
        **_row(call, visibility),
        sight=visibility,
        transcript=transcript,
        turns=list(call.activity.turns),
        commands=list(call.activity.commands),
        company=call.skeleton.company.name,
    )


def answers(skeleton: CallSkeleton) -> dict[Step, tuple[str | None, str | None]]:
    """Return each step's value as text, and when it was saved (ISO 8601 UTC)."""
    user = skeleton.user
    texts = dict(user.userInfo)
    texts["service"] = user.service.name if user.service else None
    texts["time"] = user.serviceBookedTime
    return {step: (texts[step], texts[f"{step}_timestamp"]) for step in FIELDS}


def _row(call: CurrentCall, visibility: Visibility) -> dict[str, Any]:
    record, activity = call.record, call.activity
    skeleton = mask_record(call.skeleton.model_copy(update={"history": []}), visibility)
    given = answers(skeleton)
    told = [step for step, (value, _) in given.items() if value]
    stands = standing(skeleton.step, call.skeleton.dialogue, told, skeleton.confirmed)
    return {
        **{name: getattr(skeleton, name) for name in _AS_IN_THE_RECORD},
        "phase": activity.phase if call.live and activity.phase in set(Phase) else None,
        "live": call.live,
        "interrupted": call.is_interrupted,
        "resumed": activity.resumed,
        "needs": call.needs or None,
        "wish": skeleton.wish or None,
        "notes": skeleton.notes,
        "takenBy": record.taken_by,
        "takenAt": record.taken_at,
        "saidAt": activity.said_at or None,
        "doneBy": record.done_by,
        "dialled": record.dialled,
        "put": stands.put if call.live else 0,
        "promised": stands.promised,
        "unsure": stands.unsure,
        "emailSent": skeleton.confirmEmailsent,
        "continuedAs": record.continued_as,
        "steps": [
            StepView(
                step=step,
                value=value,
                savedAt=saved_at if value else None,
                confirmed=step in skeleton.confirmed,
                masked=bool(value) and visibility is Visibility.MASKED and step in PERSONAL,
            )
            for step, (value, saved_at) in given.items()
        ],
        "lastTurnMs": activity.turns[-1].waitedMs if activity.turns else None,
    }
