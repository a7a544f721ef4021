"""Conversations over HTTP: begin a call, take a turn. A page's session gets masked answers."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Header, Response
from pydantic import AliasChoices, BaseModel, Field, field_validator
from structlog.contextvars import bind_contextvars

from voicebot.call import CALL_SID_PATTERN, CallSid, Speaker, Status, Step
from voicebot.console.conversations import TurnRequest, TurnResult
from voicebot.console.dependencies import CurrentVisitor, State
from voicebot.console.masking import Visibility, mask_record, mask_words, personal_answers
from voicebot.console.problems import ProblemDetails
from voicebot.store import Skeleton

router = APIRouter(tags=["conversation"])


_UNPAIRED = re.compile("[\ud800-\udfff]")
_MAX_MESSAGE_CHARS = 2000
"""More than one says in one turn; the limit keeps what a stranger sends small."""


class CustomerMessage(BaseModel):
    """The customer's words."""

    speaker: str = "customer"
    message: str = Field(min_length=1, max_length=_MAX_MESSAGE_CHARS, examples=["I am Jo Example"])
    startedAt: datetime | None = None

    @field_validator("message")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        if not value.isprintable() and _UNPAIRED.search(value):
            raise ValueError("holds half a character (a lone surrogate)")
        return value

    @field_validator("startedAt")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        """Return the moment in UTC, which a time without a zone is taken for."""
        if value is None or value.tzinfo is None:
            return value and value.replace(tzinfo=UTC)
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is outside of the years 1 to 9999") from error


class ConversationRequest(BaseModel):
    """One turn of the customer."""

    callSid: str = Field(pattern=CALL_SID_PATTERN, examples=["CA0123456789abcdef"])
    customerMessage: CustomerMessage


class StartRequest(BaseModel):
    """A new call, or an existing one to read; without a callSid the call gets one."""

    callSid: str | None = Field(None, pattern=CALL_SID_PATTERN, examples=["CA0123456789abcdef"])
    caller: str | None = Field(
        None,
        max_length=64,
        validation_alias=AliasChoices("from", "caller"),
        examples=["+61255501234"],
    )


class AIResponse(BaseModel):
    """The bot's words."""

    speaker: Literal["AI"]
    message: str
    startedAt: str


class StartAnswer(BaseModel):
    """A call that has just begun, or was there already; the bot's last words."""

    callSid: str
    aiResponse: AIResponse
    callSkeleton: Skeleton


class ConversationAnswer(BaseModel):
    """The bot's words, the record after them, and where the call stands."""

    aiResponse: AIResponse
    callSkeleton: Skeleton
    step: Step
    status: Status
    shouldHangup: bool = Field(description="The bot has said its last words: end the call")


@router.post("/calls", status_code=201, summary="Begin a call", response_model_exclude_unset=True)
async def start(
    body: StartRequest,
    response: Response,
    state: State,
    visitor: CurrentVisitor,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="The same key begins one call, however often it comes"),
    ] = None,
) -> StartAnswer:
    """Greeting and first question are in the history. An existing callSid: 200 with its record."""
    call_sid = CallSid(body.callSid or _new_call_sid(idempotency_key))
    bind_contextvars(call_sid=call_sid)
    result = await state.conversations.start(call_sid, body.caller)
    await state.event_hub.expire(call_sid)
    if result.new:
        response.headers["Location"] = f"/calls/{call_sid}"
    else:
        response.status_code = 200
    visibility = visitor.visibility(call_sid)
    return StartAnswer(
        callSid=call_sid,
        aiResponse=_ai_response(result, visibility),
        callSkeleton=_skeleton(result, visibility),
    )


@router.post(
    "/ai/conversation",
    summary="One turn of the customer",
    response_model_exclude_unset=True,
    responses={
        409: {
            "model": ProblemDetails,
            "description": "A phone has the call, or the key came with another message",
        }
    },
)
async def turn(
    body: ConversationRequest,
    state: State,
    visitor: CurrentVisitor,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="The same key counts as one turn of its call"),
    ] = None,
) -> ConversationAnswer:
    """Take one turn of the dialogue, which is the same as on the phone.

    The same message with the same `startedAt`, or with the same `Idempotency-Key`, gets the first
    answer again and changes nothing. `shouldHangup` says that the bot has said its last words.

    404 for an unknown call, 409 while a phone has it and for a key that came with another message;
    two turns at once are served in order. After a 503 send the request again as it was.
    """
    bind_contextvars(call_sid=body.callSid)  # the request's task alone has it in its log lines
    message = body.customerMessage
    request = TurnRequest(message.message, message.startedAt, idempotency_key)
    result = await state.conversations.answer(CallSid(body.callSid), request)
    await state.event_hub.expire(CallSid(body.callSid))
    visibility = visitor.visibility(body.callSid)
    return ConversationAnswer(
        aiResponse=_ai_response(result, visibility),
        callSkeleton=_skeleton(result, visibility),
        step=result.reply.step,
        status=result.reply.status,
        shouldHangup=result.reply.should_hang_up,
    )


def _new_call_sid(key: str | None) -> str:
    """Return a new callSid; of an idempotency key always the same, so that no key is stored."""
    return f"http-{sha256(key.encode()).hexdigest()[:32] if key else uuid4().hex[:16]}"


def _skeleton(result: TurnResult, visibility: Visibility) -> Skeleton:
    """Return the record without the keys that its nested form leaves out."""
    return Skeleton.model_validate(mask_record(result.skeleton, visibility).nested())


def _ai_response(result: TurnResult, visibility: Visibility) -> AIResponse:
    reply, message = result.reply, result.reply.message
    if visibility is Visibility.MASKED:
        message = mask_words(Speaker.BOT, message, personal_answers(result.skeleton))
    return AIResponse(speaker="AI", message=message, startedAt=reply.started_at)
