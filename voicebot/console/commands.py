"""Commands of staff to a call: put it through, say a sentence, end it, correct an answer.

202 says that the command is on its way. What becomes of it is an event `command` of the call:
`outcome` is `asked`, then `obeyed` or `refused` with a `reason`. A call on the phone comes to it
between its turns (store/commands.py); a typed conversation has nobody else, so it is obeyed here.
"""

import asyncio
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from voicebot.call import (
    COMMAND_LIFE_S,
    CallSid,
    CommandKind,
    CommandRefusal,
    StaffCommand,
    Status,
    Step,
)
from voicebot.console.dependencies import AppState, Sid, State, Who, current_call
from voicebot.console.problems import Problem, ProblemDetails, UnknownCall
from voicebot.errors import BrokenRecord, Fenced
from voicebot.log import get_logger
from voicebot.store import AWAY, Store, utc_now
from voicebot.validation import validate

LOOK_EVERY_S = 2.0
LOST_AFTER_S = 20.0
"""A line that was lost comes back, if it does, within some seconds; a live mark lasts fifteen."""
MARGIN_S = 10.0
"""After COMMAND_LIFE_S, for clocks that differ: the call itself refuses first."""
_MAX_SENTENCE_CHARS = 300

router = APIRouter(tags=["staff"])
log = get_logger(__name__)


class _Command(BaseModel):
    by: Who = Field(description="Who gives it, as colleagues know them; it is logged")


class Transfer(_Command):
    """Put the caller through to a person now."""

    type: Literal["transfer"]


class Say(_Command):
    """Have the bot say a sentence, and then put its question again."""

    type: Literal["say"]
    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=_MAX_SENTENCE_CHARS),
    ] = Field(examples=["Sam is ten minutes away."])


class End(_Command):
    """Say goodbye, and hang up."""

    type: Literal["end"]


class Correct(_Command):
    """Set an answer: staff's word counts as confirmed. A time is ISO 8601."""

    type: Literal["correct"]
    field: Literal["name", "phone", "address", "email", "service", "time"]
    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


CommandRequest = Annotated[Transfer | Say | End | Correct, Field(discriminator="type")]


class CommandAccepted(BaseModel):
    """The command is on its way; `id` is the `command` of its events."""

    id: str
    callSid: str


@router.post(
    "/calls/{callSid}/commands",
    status_code=202,
    summary="Have a call do something",
    responses={
        409: {"model": ProblemDetails, "description": "The call has ended"},
        429: {"model": ProblemDetails, "description": "Too many wait already"},
    },
)
async def command(callSid: Sid, body: CommandRequest, state: State) -> CommandAccepted:
    """`transfer`, `say`, `end`, `correct`. The outcome is an event `command` of the call.

    404 for an unknown call, 409 when it has ended, 422 for a value that no caller could give.
    """
    wanted = _as_command(body)
    if wanted.step and validate(wanted.step, wanted.text, state.business) is None:
        raise Problem(422, "not_valid", f"this is no {wanted.step} that can be saved")
    typed = await _is_typed(state, callSid)
    given = await state.store.commands.put(callSid, wanted)
    if given is None:
        raise UnknownCall(callSid)
    facts = {"command": given.id, "kind": given.kind.value, "by": given.by}
    log.info("staff_command", call_sid=callSid, **facts)
    state.store.tasks.start(_expire(state.store, callSid, given))
    if typed:
        await _obey_here(state, callSid, given)
    return CommandAccepted(id=given.id, callSid=callSid)


def _as_command(body: CommandRequest) -> StaffCommand:
    kind, at = CommandKind(body.type), utc_now()
    match body:
        case Say(by=by, text=text):
            return StaffCommand(kind, by, at, text)
        case Correct(by=by, field=name, value=value):
            return StaffCommand(kind, by, at, value, Step(name))
        case _:
            return StaffCommand(kind, body.by, at)


async def _is_typed(state: AppState, call_sid: CallSid) -> bool:
    """Return whether it is a typed conversation that goes on, False for one on the phone.

    Raises UnknownCall, BrokenRecord, and Problem 409 where nobody is there any more.
    """
    found = await current_call(state, call_sid)
    if found.skeleton.broken:
        raise BrokenRecord(f"the record of {call_sid} cannot be read")
    if await state.store.index.is_live(call_sid):
        return False
    if found.skeleton.status is not Status.ACTIVE or found.activity.spoken:
        raise Problem(409, CommandRefusal.CALL_HAS_ENDED, f"nobody is on the line of {call_sid}")
    return True


async def _obey_here(state: AppState, call_sid: CallSid, given: StaffCommand) -> None:
    with suppress(Fenced):  # a phone has taken the call meanwhile: its session comes to it
        refused = await state.conversations.obey(call_sid, given)
        await state.event_hub.expire(call_sid)
        await state.store.commands.settle(call_sid, given, refused)


async def _expire(store: Store, call_sid: CallSid, given: StaffCommand) -> None:
    """Refuse a command that nobody comes to: its call was lost, or is busy for too long."""
    waited_s = lost_s = 0.0
    while waited_s < COMMAND_LIFE_S + MARGIN_S and lost_s < LOST_AFTER_S:
        await asyncio.sleep(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S
        with suppress(*AWAY):
            waiting = await store.commands.waiting([call_sid])
            if given.id not in {each.id for each in waiting.get(call_sid, ())}:
                return
            lost_s = 0.0 if await store.index.is_live(call_sid) else lost_s + LOOK_EVERY_S
    why = CommandRefusal.CALL_HAS_ENDED if lost_s >= LOST_AFTER_S else CommandRefusal.TOO_LATE
    with suppress(*AWAY, BrokenRecord):
        await store.commands.settle(call_sid, given, why)
