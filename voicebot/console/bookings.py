"""The page's calendar: the appointments of some days, called off and moved by staff.

The caller is told by e-mail, as when they do it themselves by phone (notify).
"""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from voicebot.business import WEEKDAYS
from voicebot.call import Service, Status, Step
from voicebot.console.dependencies import Sid, State, Who
from voicebot.console.masking import Visibility
from voicebot.console.problems import Problem, UnknownCall
from voicebot.console.views import CallRow, CurrentCall, call_row
from voicebot.errors import StoreUnavailable
from voicebot.ledger import Place
from voicebot.log import get_logger
from voicebot.store import utc_now
from voicebot.validation import read_moment, refuse_time, validate

MOST_DAYS = 31

router = APIRouter(prefix="/live", include_in_schema=False)
log = get_logger(__name__)


class Day(BaseModel):
    """One day of the business's calendar; its appointments in order of time."""

    day: date
    closed: bool
    calls: list[CallRow]


class Appointment(BaseModel):
    """A new time (ISO 8601; naive is the business's zone); none calls the appointment off."""

    by: Who
    time: str | None = None


@router.get("/bookings")
async def bookings(
    state: State,
    day: date | None = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
) -> list[Day]:
    """Return the appointments from `day` on, today's without one, names masked."""
    business = state.business
    first = day or datetime.now(business.zone).date()
    wanted = [first + timedelta(days=n) for n in range(days)]
    sids = await state.store.diary.calls_on(wanted)
    at: dict[date, list[tuple[datetime, CurrentCall]]] = {each: [] for each in wanted}
    for call in await state.event_hub.calls(sids, fresh=True):
        start = read_moment(call.skeleton.user.serviceBookedTime, business.zone)
        if start is None or call.skeleton.status is not Status.BOOKED:
            continue
        local = start.astimezone(business.zone)
        if local.date() in at:
            at[local.date()].append((local, call))
    return [
        Day(
            day=each,
            closed=business.is_closed(each) or not business.hours.get(WEEKDAYS[each.weekday()]),
            calls=[
                call_row(call, Visibility.MASKED)
                for _, call in sorted(found, key=lambda one: one[0])
            ],
        )
        for each, found in at.items()
    ]


@router.post("/calls/{callSid}/appointment", status_code=204)
async def change(callSid: Sid, body: Appointment, state: State) -> None:
    """Move an appointment, or call it off.

    409 where none stands, while the caller is on the phone, and for a time that is taken; 422 for
    one that cannot be booked.
    """
    record = await state.store.get_call_skeleton(callSid)
    if record is None:
        raise UnknownCall(callSid)
    if record.status is not Status.BOOKED:
        raise Problem(409, "not_booked", f"no appointment stands in {callSid}")
    if await state.store.index.is_live(callSid):
        raise Problem(409, "call_is_live", f"{callSid} is on the phone just now")
    if body.time is None:
        if not await state.store.diary.cancel(callSid):
            raise StoreUnavailable("the appointment stands: Redis did not answer; try again")
    else:
        service = record.user.service.name if record.user.service else ""
        start = _bookable(state, body.time, service)
        match await state.store.diary.move(callSid, start):
            case Place.TAKEN:
                raise Problem(409, "taken", "that time is taken")
            case Place.UNKNOWN:
                raise StoreUnavailable("the appointment stands: Redis did not answer; try again")
    await state.event_hub.expire(callSid)
    log.info("staff_rebooked", call_sid=callSid, by=body.by, cancelled=body.time is None)


def _bookable(state: State, text: str, service: str) -> datetime:
    """Return the moment; raises Problem 422 for one at which no visit may begin."""
    start = validate(Step.TIME, text, state.business)
    if not isinstance(start, datetime):
        raise Problem(422, "not_valid", "this is no time")
    sold = validate(Step.SERVICE, service, state.business)
    refusal = refuse_time(
        start, state.business, utc_now(), sold.id if isinstance(sold, Service) else None
    )
    if refusal:
        raise Problem(422, refusal, f"no visit may begin then: {refusal.replace('_', ' ')}")
    return start
