"""What receivers of webhooks did not take, for integrators and operators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from voicebot.console.problems import Problem
from voicebot.console.rooms import Rooms, rooms
from voicebot.notify.delivery_log import FailedDeliveries, FailedDelivery, Place
from voicebot.notify.notification import Kind
from voicebot.store.record import iso_utc

router = APIRouter()

PAGE, LARGEST_PAGE = 50, 200


class WebhookFailure(BaseModel):
    """One event that one receiver did not take, in any attempt. No customer's data is in it."""

    id: str = Field(description="The `webhook-id` of every attempt", examples=["msg_3f2a…"])
    endpoint: str = Field(description="The receiver's host", examples=["crm.example.com#3f2a"])
    type: Kind
    callSid: str
    at: str = Field(description="When it happened, UTC")
    attempts: int
    why: str = Field(description="Of the last attempt", examples=["HTTP 500"])
    failedAt: str = Field(description="When it was given up, UTC")


class WebhookFailuresAnswer(BaseModel):
    """A page, newest first; `next` is null at the end. `lateCalls` are still tried again."""

    failures: list[WebhookFailure]
    lateCalls: int
    next: str | None = None


@router.get("/webhooks/failures", tags=["webhooks"], summary="What receivers did not take")
async def webhook_failures(
    house: Annotated[Rooms, Depends(rooms)],
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of a page")] = None,
) -> WebhookFailuresAnswer:
    """Given up after about a day of attempts, or at once where the receiver answered 410.

    `voicebot webhooks --retry ID` asks for another attempt.
    """
    failures = FailedDeliveries(house.client, house.settings)
    found = await failures.page(limit + 1, _place(cursor) if cursor else None)
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return WebhookFailuresAnswer(
        failures=[_view(failure) for failure in shown],
        lateCalls=await failures.late_calls(),
        next=f"{last.failed_ms}-{last.id}-{last.endpoint}" if last else None,
    )


def _view(failure: FailedDelivery) -> WebhookFailure:
    return WebhookFailure(
        id=failure.id,
        endpoint=failure.endpoint,
        type=Kind(failure.type),
        callSid=failure.callSid,
        at=failure.at,
        attempts=failure.attempts,
        why=failure.why,
        failedAt=iso_utc(datetime.fromtimestamp(failure.failed_ms / 1000, UTC)),
    )


def _place(cursor: str) -> Place:
    moment, _, rest = cursor.partition("-")
    name, _, endpoint = rest.partition("-")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 20 and name and endpoint):
        raise Problem(400, "bad_cursor", "this cursor is not ours: begin without one")
    return Place(int(moment), name, endpoint)
