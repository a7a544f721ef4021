"""The page's figures: the calls of some days, how they ended, and where callers gave up."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from voicebot.call import CallSid, Status, Step
from voicebot.console.bookings import MOST_DAYS
from voicebot.console.dependencies import State
from voicebot.console.search import AT_ONCE
from voicebot.openai import read_usage
from voicebot.store import ANSWER_FIELD, EventReader, IndexEntry, read_object
from voicebot.validation import read_moment

COUNT_S = 5.0
"""Time after which the counts say that older calls are missing in them."""

GONE_AFTER = timedelta(hours=1)
"""A call that is open has ended when so long nothing was said in it."""

_FIELDS = ("createdAt", "status", "step", "usage", *ANSWER_FIELD.values())

router = APIRouter(prefix="/live", include_in_schema=False)


class DayCounts(BaseModel):
    """The calls that began on one day of the business's zone.

    status   how many stand how: `active` are those that go on, or broke off
    stopped  calls that have ended without a booking, by the question that was open
    minutes  from each call's begin to the last that was said in it, together
    costUsd  what OpenAI's services cost, by the price list
    """

    day: date
    calls: int = 0
    status: dict[Status, int] = {}
    stopped: dict[Step, int] = {}
    minutes: float = 0.0
    costUsd: float = 0.0


class Counts(BaseModel):
    """Newest day first; `complete` is False where there was no time to count the oldest calls."""

    days: list[DayCounts]
    complete: bool


@router.get("/counts")
async def counts(state: State, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7) -> Counts:
    """Count the calls of so many days, today's among them."""
    zone = state.business.zone
    now = datetime.now(zone)
    wanted = {now.date() - timedelta(days=n): _Day() for n in range(days)}
    reader, until = state.event_hub.reader, time.monotonic() + COUNT_S
    after: IndexEntry | None = None
    while places := await reader.index.recent(AT_ONCE, after):
        for began, call in await _calls(reader, [p.call_sid for p in places], now):
            if day := wanted.get(began.astimezone(zone).date()):
                day.add(call)
        after = places[-1]
        if datetime.fromtimestamp(after.claimed_ms / 1000, zone).date() < min(wanted):
            break  # a call is claimed no earlier than it begins
        if time.monotonic() > until:
            return Counts(days=_told(wanted), complete=False)
    return Counts(days=_told(wanted), complete=True)


class _Call(BaseModel):
    """A call as it is counted; `stopped` is the open question, if the caller stopped at one."""

    status: Status
    stopped: Step | None
    minutes: float
    cost_usd: float


class _Day:
    def __init__(self) -> None:
        self.status, self.stopped = Counter[Status](), Counter[Step]()
        self.minutes = self.cost_usd = 0.0

    def add(self, call: _Call) -> None:
        self.status[call.status] += 1
        if call.stopped is not None:
            self.stopped[call.stopped] += 1
        self.minutes += call.minutes
        self.cost_usd += call.cost_usd


def _told(days: dict[date, _Day]) -> list[DayCounts]:
    return [
        DayCounts(
            day=at,
            calls=day.status.total(),
            status=day.status,
            stopped=day.stopped,
            minutes=round(day.minutes, 1),
            costUsd=round(day.cost_usd, 4),
        )
        for at, day in days.items()
    ]


async def _calls(
    reader: EventReader, call_sids: Sequence[CallSid], now: datetime
) -> list[tuple[datetime, _Call]]:
    """Return each call that can be read, with the moment when it began."""
    fields = await reader.fields(call_sids, _FIELDS)
    last = await reader.last_messages(call_sids)
    found = []
    for call_sid in call_sids:
        created, status, step, usage, *given = fields[call_sid]
        began = read_moment(created)
        if began is None or status not in set(Status) or step not in set(Step):
            continue
        answers = dict(zip(ANSWER_FIELD, given, strict=True))
        said = read_moment(read_object(last[call_sid]).get("startedAt")) or began
        lasted = max(timedelta(), said - began)
        served = status in (Status.BOOKED, Status.CANCELLED)
        goes_on = status == Status.ACTIVE and now - said < GONE_AFTER
        call = _Call(
            status=Status(status),
            stopped=None if served or goes_on else _open(Step(step), answers),
            minutes=lasted / timedelta(minutes=1),
            cost_usd=read_usage(usage).cost_usd,
        )
        found.append((began, call))
    return found


def _open(step: Step, given: Mapping[Step, str | None]) -> Step:
    """Return the question that a call ended at.

    Who has answered the step was being asked something else of it, or whether to go on.
    """
    return next((each for each in given if not given[each]), Step.DONE) if given.get(step) else step
