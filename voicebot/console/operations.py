"""Routes for operators: health, metrics, and events that webhook receivers did not take.

Metrics are gauges of all calls, read from Redis, and counters of this machine's processes.
"""

import asyncio
from collections import Counter as Tally
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram
from prometheus_client import Gauge as AnyGauge
from pydantic import BaseModel

from voicebot.call import Needs, Phase, Status, Step
from voicebot.console.dependencies import AppState, State
from voicebot.console.exposition import exposition
from voicebot.console.problems import BadCursor, Problem
from voicebot.console.search import LARGEST_PAGE
from voicebot.console.views import Turn
from voicebot.notify import FailedDeliveries, Place, WebhookFailure
from voicebot.store import AWAY, journal_backlog

READ_TIMEOUT_S = 2.0
"""While Redis hangs the other figures are still served: they are needed just then."""

FAILURES_PAGE, LARGEST_FAILURES_PAGE = 50, 200

Gauge = partial(AnyGauge, multiprocess_mode="mostrecent")  # set by whichever console was asked
_BROKEN = "broken"
"""Counted beside the statuses: the record cannot be read."""

calls = Gauge("voicebot_recent_calls", "The newest calls, by status", ["status"])
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
turns_answered = Counter("voicebot_turns_answered", "Turns that the bot has answered")


def count_turn(turn: Turn) -> None:
    turn_seconds.labels(turn.step).observe(turn.waitedMs / 1000)
    turns_answered.inc()


async def refresh_gauges(state: AppState) -> None:
    """Set the gauges; while Redis is away they keep what they had."""
    await asyncio.to_thread(journal_backlog, state.settings.data_dir)  # sets the journal's gauges
    hub = state.event_hub
    pages.set(hub.listeners)
    following.set(hub.following)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            places = await hub.reader.index.recent(LARGEST_PAGE)
            current = await hub.calls([place.call_sid for place in places])
    except (*AWAY, TimeoutError):
        return
    skeletons = [c.skeleton for c in current]
    statuses = Tally(_BROKEN if s.broken else s.status.value for s in skeletons)
    phases = Tally(c.activity.phase for c in current if c.live)
    needs = Tally(c.needs for c in current if not c.record.taken_by)
    for status in (*Status, _BROKEN):
        calls.labels(status).set(statuses[status])
    for phase in Phase:
        live_calls.labels(phase).set(phases[phase])
    for kind in (Needs.PERSON, Needs.FOLLOW_UP):
        waiting_calls.labels(kind).set(needs[kind])


router = APIRouter()
probes = APIRouter(tags=["operations"])
"""Served without a token."""


@router.get("/metrics", tags=["operations"], summary="Metrics")
async def metrics(state: State) -> Response:
    """Prometheus text."""
    await refresh_gauges(state)
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)


@probes.get("/healthz", summary="Health")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@probes.get("/readyz", summary="Readiness")
async def readyz(state: State) -> dict[str, str]:
    """Redis answers too; of a cluster, the nodes of most slots."""
    if not await state.store.is_ready():
        raise Problem(503, "store_unavailable", "Redis does not answer")
    return {"status": "ready"}


class WebhookFailuresAnswer(BaseModel):
    """A page, newest first; `next` is null at the end. `lateCalls` are still tried again."""

    failures: list[WebhookFailure]
    lateCalls: int
    next: str | None = None


@router.get("/webhooks/failures", tags=["webhooks"], summary="What receivers did not take")
async def webhook_failures(
    state: State,
    limit: Annotated[int, Query(ge=1, le=LARGEST_FAILURES_PAGE)] = FAILURES_PAGE,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of a page")] = None,
) -> WebhookFailuresAnswer:
    """Given up after about a day of attempts, or at once where the receiver answered 410.

    `voicebot webhooks --retry ID` asks for another attempt.
    """
    failures = FailedDeliveries(state.client, state.settings)
    found = await failures.page(limit + 1, _place(cursor) if cursor else None)
    more = len(found) > limit
    return WebhookFailuresAnswer(
        failures=found[:limit],
        lateCalls=await failures.late_calls(),
        next="-".join(map(str, found[limit - 1].place)) if more else None,
    )


def _place(cursor: str) -> Place:
    moment, _, rest = cursor.partition("-")
    name, _, endpoint = rest.partition("-")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 20 and name and endpoint):
        raise BadCursor
    return int(moment), name, endpoint
