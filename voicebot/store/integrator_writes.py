"""The four small writes of integrators: checked, once each, through the journal if need be.

Each is one atomic write without a claim and without a number of the owning session's sequence (a
number taken here would make the session's next commit look done). While Redis is away it rests
in the journal, and each call's writes are brought in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from uuid import uuid4

from redis.exceptions import ResponseError

from voicebot.breaker import Breaker
from voicebot.business import Business
from voicebot.call import CallSid, Message, Saved, Speaker, Step, parse_call_sid
from voicebot.errors import BrokenRecord, InvalidCallSid, StoreError, StoreUnavailable
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.background import Tasks
from voicebot.store.client import AWAY, why_away
from voicebot.store.commits import Event, PendingUpdate, Update
from voicebot.store.fallback import FallbackStore
from voicebot.store.models import HistoryMessage
from voicebot.store.reader import Reader
from voicebot.store.record import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    EMAIL_SENT_FIELD,
    Fields,
    answer_text,
    clean,
    flag,
    iso_utc,
    message_json,
    timestamp_field,
)
from voicebot.store.replicas import TooFewReplicas
from voicebot.store.scripts import Scripts, Updated
from voicebot.validation import is_blank, read_moment, refuse_time, validate

log = get_logger(__name__)

WRITE_PATIENCE_S = 0.5


INFO_STEPS = (Step.NAME, Step.PHONE, Step.ADDRESS, Step.EMAIL)
LONGEST_MESSAGE_CHARS = 10_000

Moment = str | datetime
"""ISO 8601 text or a datetime."""

HistoryInput = Message | HistoryMessage | Mapping[str, object]
"""A message in any of the forms that readers get it."""


class Refused(StoreError):
    """An integrator's write names something unknown, or its value is not acceptable."""


class IntegratorWrites:
    """One store's small writes. The `update_…` methods never raise: they return if it is saved.

    True: durable in Redis or in the journal. False, with a log line: an unknown field, service or
    call, a value that the conversation would not take from a caller, or neither took it.

    saved  called with each call that was written; must not block
    """

    def __init__(
        self,
        scripts: Scripts,
        reader: Reader,
        fallback: FallbackStore,
        breaker: Breaker,
        tasks: Tasks,
        business: Business,
        saved: Callable[[CallSid], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._scripts = scripts
        self._reader = reader
        self._fallback = fallback
        self._breaker = breaker
        self._tasks = tasks
        self._business = business
        self._saved = saved
        self._clock = clock
        self._queue: list[PendingUpdate] = []

    async def update_user_info_field(
        self, call_sid: str, field_name: str, field_value: str, timestamp: Moment | None = None
    ) -> bool:
        """Set name, phone, address or email, in normal form."""
        now, business = self._clock(), self._business
        return await self._write(
            call_sid,
            lambda: user_info(
                business, field_name, field_value, given_at(timestamp, now, business.zone)
            ),
        )

    async def update_service_selection(
        self,
        call_sid: str,
        service_name: str,
        service_time: Moment | None = None,
        timestamp: Moment | None = None,
    ) -> bool:
        """Set the service, and the time if given (ISO 8601; naive is the business's zone)."""
        now, business = self._clock(), self._business
        return await self._write(
            call_sid,
            lambda: service_selection(
                business, service_name, service_time, given_at(timestamp, now, business.zone), now
            ),
        )

    async def update_conversation_history(self, call_sid: str, message: HistoryInput) -> bool:
        """Append one message: speaker (`AI` or `customer`), message, startedAt."""
        return await self._write(call_sid, lambda: history_message(message, self._clock()))

    async def update_booking_status(
        self, call_sid: str, is_booked: bool | None, email_sent: bool = False
    ) -> bool:
        """Set `servicebooked`, unless it is None; `email_sent=True` sets `confirmEmailsent`."""
        return await self._write(call_sid, lambda: booking_status(is_booked, email_sent))

    async def deliver(self, pending: PendingUpdate) -> bool:
        """Write it in Redis, once; return False for an unknown call.

        Raises client.AWAY, BrokenRecord and TooFewReplicas.
        """
        reply = await self._scripts.update(pending)
        if reply is Updated.UNKNOWN and (old := await self._reader.old_record(pending.call_sid)):
            await self._scripts.found(pending.call_sid, old, at=pending.at)
            reply = await self._scripts.update(pending)
        return reply is not Updated.UNKNOWN

    async def _write(self, call_sid: str, make: Callable[[], Update]) -> bool:
        try:
            sid = parse_call_sid(call_sid)
            known = await self._saved_somewhere(
                PendingUpdate(uuid4().hex, sid, self._clock(), make())
            )
        except (Refused, InvalidCallSid, BrokenRecord) as refusal:
            log.warning("update_refused", why=str(refusal))
            return False
        except StoreUnavailable as error:
            log.warning("update_not_saved", call_sid=call_sid, why=str(error))
            return False
        if known:
            self._saved(sid)
        else:
            log.warning("update_refused", call_sid=call_sid, why="there is no record of this call")
        return known

    async def _saved_somewhere(self, pending: PendingUpdate) -> bool:
        """Write in Redis or in the journal; return False for an unknown call.

        Raises StoreUnavailable, and BrokenRecord when Redis says so at once.
        """
        if not self._queue and not self._breaker.is_open:
            try:
                async with asyncio.timeout(WRITE_PATIENCE_S):
                    return await self.deliver(pending)
            except BrokenRecord:
                metrics.commits_refused.inc()
                raise
            except TooFewReplicas:
                metrics.commits_uncopied.inc()
            except ResponseError as error:
                log.warning("update_waits", call_sid=pending.call_sid, why=why_away(error))
            except (*AWAY, TimeoutError):
                self._breaker.trip()
        if await self._fallback.keep_update(pending) is Saved.MEMORY:
            raise StoreUnavailable("neither Redis nor the journal took the write")
        self._queue.append(pending)
        if len(self._queue) == 1:
            self._tasks.start(self._recover())
        return True

    async def _recover(self) -> None:
        """Bring what waits, each call's in order; a call that is denied holds up no other."""
        policy = self._breaker.policy
        pause_s = policy.first_pause_s
        while self._queue:
            await self._breaker.closed()
            waiting: set[CallSid] = set()
            for pending in tuple(self._queue):
                if pending.call_sid in waiting or self._breaker.is_open:
                    continue
                if await self._dealt_with(pending):
                    self._queue.remove(pending)
                else:
                    waiting.add(pending.call_sid)
            if waiting:
                await asyncio.sleep(pause_s)
                pause_s = policy.longer(pause_s)

    async def _dealt_with(self, pending: PendingUpdate) -> bool:
        """Return whether it is in Redis, or a dead letter for a person."""
        try:
            known = await self.deliver(pending)
        except BrokenRecord as broken:
            metrics.commits_refused.inc()
            log.error("update_refused_by_redis", call_sid=pending.call_sid, why=broken.why)
            return await self._fallback.put_dead_letter(pending, broken.why) is not Saved.MEMORY
        except (TooFewReplicas, ResponseError):
            return False
        except AWAY:
            self._breaker.trip()
            return False
        self._fallback.forget_update(pending.id)
        if not known:
            log.warning("update_dropped", call_sid=pending.call_sid, why="no such record")
        return True


def user_info(business: Business, field_name: str, value: str, at: str) -> Update:
    """Return the update for name, phone, address or email, in normal form; raises Refused."""
    step = next((s for s in INFO_STEPS if s.value == field_name), None)
    if step is None:
        raise Refused(f"unknown field; use one of {', '.join(INFO_STEPS)}")
    answer = validate(step, value, business) if isinstance(value, str) else None
    if answer is None:
        raise Refused(f"this is no {step} that the conversation would take from a caller")
    text = answer_text(answer)
    return Update(
        {ANSWER_FIELD[step]: text, timestamp_field(step): at}, events=(_field_event(step, text),)
    )


def service_selection(
    business: Business, service_name: str, service_time: Moment | None, at: str, now: datetime
) -> Update:
    """Return the update for the service of this name or id, and for the time when one is given.

    The time is one at which a visit may begin: in the future, and within the opening hours. Raises
    Refused.
    """
    service = (
        validate(Step.SERVICE, service_name, business) if isinstance(service_name, str) else None
    )
    if service is None:
        raise Refused("unknown service; use a name or id of the business file")
    text = answer_text(service)
    fields = {ANSWER_FIELD[Step.SERVICE]: text, timestamp_field(Step.SERVICE): at}
    events = [_field_event(Step.SERVICE, text)]
    if service_time is not None:
        time = answer_text(_bookable(service_time, business, now))
        fields |= {ANSWER_FIELD[Step.TIME]: time, timestamp_field(Step.TIME): at}
        events.append(_field_event(Step.TIME, time))
    return Update(fields, events=tuple(events))


def booking_status(is_booked: bool | None, email_sent: bool) -> Update:
    """Return the update for the flags: None leaves the booking, False the letter as it is."""
    if not isinstance(email_sent, bool) or not isinstance(is_booked, bool | None):
        raise Refused("whether it is booked, and the letter sent, is True or False")
    fields: Fields = {}
    events: list[Event] = []
    if is_booked is not None:
        fields[BOOKED_FIELD] = flag(is_booked)
        events.append(("type", "booked", "value", flag(is_booked)))
    if email_sent:
        fields[EMAIL_SENT_FIELD] = flag(True)
        events.append(("type", "emailed", "value", flag(True)))
    return Update(fields, events=tuple(events))


def history_message(message: HistoryInput, now: datetime) -> Update:
    """Return the update that appends one message, which began now at the latest; raises Refused."""
    element = message_json(_message(message, now))
    return Update({}, (element,), (("type", "message", "message", element),))


def given_at(given: Moment | None, now: datetime, zone: tzinfo) -> str:
    """Return when the value was given, ISO 8601 UTC: `now` by default, and never later."""
    return iso_utc(now if given is None else min(now, _moment(given, zone)))


def _message(message: HistoryInput, now: datetime) -> Message:
    if isinstance(message, Message):
        message = {
            "speaker": message.speaker,
            "message": message.text,
            "startedAt": message.started_at,
            "heard": "partial" if message.partial else None,
        }
    if isinstance(message, HistoryMessage):
        message = message.model_dump(mode="json", exclude_none=True)
    if not isinstance(message, Mapping):
        raise Refused("a message is a mapping of speaker, message and startedAt")
    try:
        speaker = Speaker(str(message.get("speaker")))
    except ValueError as error:
        raise Refused(f"unknown speaker; use one of {', '.join(Speaker)}") from error
    started = message.get("startedAt")
    moment = now if started is None else min(now, _moment(started, UTC))
    text = _text(message.get("message"), LONGEST_MESSAGE_CHARS)
    return Message(speaker, text, moment, partial=message.get("heard") == "partial")


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise Refused("a message must be text, and not empty")
    if len(value) > longest:
        raise Refused(f"a message may have at most {longest} characters")
    return clean(value)


def _moment(value: object, zone: tzinfo) -> datetime:
    moment = read_moment(value, zone) if isinstance(value, str | datetime) else None
    if moment is None:
        raise Refused("a time must be ISO 8601")
    return moment


def _bookable(value: object, business: Business, now: datetime) -> datetime:
    text = value.isoformat() if isinstance(value, datetime) else value
    moment = validate(Step.TIME, text, business) if isinstance(text, str) else None
    if not isinstance(moment, datetime):
        raise Refused("a booked time must be a whole day and clock time in ISO 8601")
    if (why := refuse_time(moment, business, now)) is not None:
        raise Refused(f"a visit cannot begin then: {why}")
    return moment


def _field_event(step: Step, text: str) -> Event:
    return ("type", "field", "field", step.value, "value", text)
