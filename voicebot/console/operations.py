"""What operators see: of all calls, read from Redis; of this machine's processes, their counters.

`voicebot serve` names a folder in which each of its children keeps its metrics
(prometheus_client's multi-process mode); the console adds them up when it is asked. Gauges carry
the process's pid; those of a process that is gone are removed.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter as Tally
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import Gauge as AnyGauge
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel, Field

from voicebot.call import Phase, Status, Step
from voicebot.console.dependencies import Rooms, rooms
from voicebot.console.problems import Problem
from voicebot.console.search import LARGEST_PAGE, need
from voicebot.console.views import Need, Turn
from voicebot.errors import StoreUnavailable
from voicebot.notify.delivery_log import FailedDeliveries, FailedDelivery, Place
from voicebot.notify.notification import Kind
from voicebot.store.record import iso_utc
from voicebot.store.replay import journal_backlog

PATIENCE_S = 2.0
"""A Redis that hangs must not take the other figures with it: they are wanted just then."""

Gauge = partial(AnyGauge, multiprocess_mode="mostrecent")  # set by whichever console was asked
calls = Gauge("voicebot_recent_calls", "The newest calls, by status", ["status"])
_BROKEN = "broken"
"""Beside the statuses: the record cannot be read."""
live_calls = Gauge("voicebot_live_calls", "Calls on the phone just now, by phase", ["phase"])
waiting_calls = Gauge(
    "voicebot_calls_waiting_for_a_person", "Recent calls that nobody has taken in hand", ["need"]
)
turn_seconds = Histogram(
    "voicebot_turn_seconds",
    "From the decision that the caller has finished to the bot's voice, by open step",
    ["step"],
    buckets=(0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0),
)
for _step in Step:
    turn_seconds.labels(_step)
pages = Gauge("voicebot_console_listeners", "Open pages and event streams of this console")
following = Gauge("voicebot_console_following", "1 while Redis tells this console what happens")
turns_seen = Counter("voicebot_turns_answered", "Turns that the bot has answered")


def answered(turn: Turn) -> None:
    """The bot has answered a turn."""
    turn_seconds.labels(turn.step).observe(turn.waited_ms / 1000)
    turns_seen.inc()


async def look_around(house: Rooms) -> None:
    """Set the gauges; while Redis is away they keep what they had."""
    await asyncio.to_thread(journal_backlog, house.settings.data_dir)  # sets the journal's gauges
    newsroom = house.newsroom
    pages.set(newsroom.listeners)
    following.set(newsroom.following)
    try:
        async with asyncio.timeout(PATIENCE_S):
            places = await newsroom.listed(LARGEST_PAGE)
            known = await newsroom.look([place.call_sid for place in places])
    except (StoreUnavailable, TimeoutError):
        return
    skeletons = [k.record.skeleton for k in known]
    statuses = Tally(_BROKEN if s.broken else s.status.value for s in skeletons)
    phases = Tally(k.story.phase for k in known if k.live)
    needs = Tally(need(k) for k in known if not k.record.taken_by)
    for status in (*Status, _BROKEN):
        calls.labels(status).set(statuses[status])
    for phase in Phase:
        live_calls.labels(phase).set(phases[phase])
    for kind in Need:
        waiting_calls.labels(kind).set(needs[kind])


def exposition() -> bytes:
    """Prometheus text: of all processes that share the folder, else of this one."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """A killed worker's breaker is not open any more. Counters stay: what was, was."""
    for file in folder.glob("gauge_*.db"):
        pid = file.stem.rpartition("_")[2]
        recent = file.stem.startswith("gauge_mostrecent")
        if not recent and pid.isdecimal() and not _is_alive(int(pid)):
            file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


router = APIRouter()

FAILURES_PAGE, MOST_FAILURES = 50, 200


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
    limit: Annotated[int, Query(ge=1, le=MOST_FAILURES)] = FAILURES_PAGE,
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
