"""What goes over the HTTP API, in the old system's names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

_CALL_SID = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", examples=["CA0123456789abcdef"])
_MAX_MESSAGE_CHARS = 2000
"""Nobody says more than that in one breath; the limit keeps a stranger's text small."""


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
        return value

    @property
    def at(self) -> datetime:
        """When it was said: never later than now; a time without a zone is UTC."""
        now = datetime.now(UTC)
        moment = self.startedAt or now
        return min(now, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


class ConversationRequest(_Body):
    """One turn of the customer."""

    callSid: str = _CALL_SID
    customerMessage: CustomerMessage


class StartRequest(_Body):
    """A new call, or an existing one to be looked at; without a callSid one is made up."""

    callSid: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    caller: str | None = Field(
        None,
        max_length=64,
        validation_alias=AliasChoices("from", "caller"),
        examples=["+61255501234"],
    )


class AIResponse(BaseModel):
    """What the bot says."""

    speaker: str = "AI"
    message: str
    startedAt: str


class ConversationAnswer(BaseModel):
    """The bot's words and the record after them."""

    aiResponse: AIResponse
    callSkeleton: dict[str, Any]


class StartAnswer(ConversationAnswer):
    """The same for a call that has just begun, or was there already."""

    callSid: str
