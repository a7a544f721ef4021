"""What goes over the HTTP API, in the old system's names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from voicebot.call import Phase, Status, Step
from voicebot.console.views import Need, StepView
from voicebot.store.models import CompanyRecord, HistoryMessage, ServiceRecord, User

_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
_CALL_SID = Field(pattern=_PATTERN, examples=["CA0123456789abcdef"])
_UNPAIRED = re.compile("[\ud800-\udfff]")
_MAX_MESSAGE_CHARS = 2000
"""Nobody says more than that in one breath; the limit keeps a stranger's text small."""

Sid = Annotated[str, Path(pattern=_PATTERN, examples=["CA0123456789abcdef"])]
OptionalSid = Annotated[str | None, Field(pattern=_PATTERN)]


class Format(StrEnum):
    """Of an export."""

    CSV = "csv"
    JSON = "json"


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class CustomerMessage(_Body):
    """What the customer typed or said."""

    speaker: str = "customer"
    message: str = Field(min_length=1, max_length=_MAX_MESSAGE_CHARS, examples=["I am Jo Example"])
    startedAt: datetime | None = None

    @field_validator("message")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the message is empty")
        if not value.isprintable() and _UNPAIRED.search(value):
            raise ValueError("the message holds half a character (a lone surrogate)")
        return value

    @field_validator("startedAt")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        """A time without a zone is UTC."""
        if value is None or value.tzinfo is None:
            return value and value.replace(tzinfo=UTC)
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("the moment is outside of the years 1 to 9999") from error


class ConversationRequest(_Body):
    """One turn of the customer."""

    callSid: str = _CALL_SID
    customerMessage: CustomerMessage


class StartRequest(_Body):
    """A new call, or an existing one to be looked at; without a callSid one is made up."""

    callSid: str | None = Field(None, pattern=_PATTERN, examples=["CA0123456789abcdef"])
    caller: str | None = Field(
        None,
        max_length=64,
        validation_alias=AliasChoices("from", "caller"),
        examples=["+61255501234"],
    )


class AIResponse(BaseModel):
    """What the bot says."""

    speaker: Literal["AI"]
    message: str
    startedAt: str


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


class CallRow(BaseModel):
    """A call in a list, plain."""

    callSid: str
    status: Status
    step: Step
    phase: Phase | None = None
    live: bool
    interrupted: bool
    broken: bool = False
    resumed: int
    needs: Need | None = None
    caller: str | None = None
    createdAt: str
    updatedAt: str
    takenBy: str | None = None
    takenAt: str | None = None
    continuedAs: str | None = None
    steps: list[StepView]
    lastTurnMs: int | None = None


class CallsAnswer(BaseModel):
    """A page of calls; `next` is null at the end."""

    calls: list[CallRow]
    next: str | None = None


class CallAnswer(Skeleton):
    """One call's record. `asking` is what the bot waits for; null when the call is over."""

    updatedAt: str
    step: Step
    status: Status
    asking: str | None
