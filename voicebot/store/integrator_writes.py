"""The four small writes of integrators: checked, once each, through the journal if need be.

Each is one atomic write without a claim and without a number of the owning session's sequence (a
number taken here would make the session's next commit look done). While Redis is away it rests
in the journal, and each call's writes are brought in their order.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from uuid import uuid4

from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import Answer, CallSid, Message, Saved, Speaker, Step, parse_call_sid
from voicebot.errors import BrokenRecord, InvalidCallSid, StoreError, StoreUnavailable
from voicebot.log import get_logger
from voicebot.store import metrics
from voicebot.store.backend import Backend
from voicebot.store.client import AWAY, why_away
from voicebot.store.commit_encoding import Event, PendingUpdate, field_event, message_event
from voicebot.store.layout import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    EMAIL_SENT_FIELD,
    MAILED_FIELD,
    Fields,
    answer_text,
    clean,
    flag,
    iso_utc,
    message_json,
    timestamp_field,
)
from voicebot.store.models import HistoryMessage
from voicebot.store.scripts import TooFewReplicas, Verdict
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


class _Update(NamedTuple):
    fields: Fields
    history: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


class IntegratorWrites:
    """One store's small writes. The `update_…` methods never raise: they return if it is saved.

    True: durable in Redis or in the journal. False, with a log line: an unknown field, service or
    call, a value that the conversation would not take from a caller, or neither took it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._queue: list[PendingUpdate] = []

    async def update_user_info_field(
        self, call_sid: str, field_name: str, field_value: str, timestamp: Moment | None = None
    ) -> bool:
        """Set name, phone, address or email, in normal form."""
        business = self._backend.business

        def make(now: datetime) -> _Update:
            step = next((s for s in INFO_STEPS if s.value == field_name), None)
            if step is None:
                raise Refused(f"unknown field; use one of {', '.join(INFO_STEPS)}")
            no = f"this is no {step} that the conversation would take from a caller"
            text = answer_text(_valid(step, field_value, business, no))
            return _answered({step: text}, _given_at(timestamp, now, business.zone))

        return await self._write(call_sid, make)

    async def update_service_selection(
        self,
        call_sid: str,
        service_name: str,
        service_time: Moment | None = None,
        timestamp: Moment | None = None,
    ) -> bool:
        """Set the service by its name or id, and the time if given (ISO 8601; naive is the
        business's zone): one at which a visit may begin, in the future and the opening hours.
        """
        business = self._backend.business

        def make(now: datetime) -> _Update:
            no = "unknown service; use a name or id of the business file"
            texts = {Step.SERVICE: answer_text(_valid(Step.SERVICE, service_name, business, no))}
            if service_time is not None:
                texts[Step.TIME] = answer_text(_bookable(service_time, business, now))
            return _answered(texts, _given_at(timestamp, now, business.zone))

        return await self._write(call_sid, make)

    async def update_conversation_history(self, call_sid: str, message: HistoryInput) -> bool:
        """Append one message, which began now at the latest: speaker (`AI` or `customer`),
        message, startedAt."""

        def make(now: datetime) -> _Update:
            element = message_json(_message(message, now))
            return _Update({}, (element,), (message_event(element),))

        return await self._write(call_sid, make)

    async def update_booking_status(
        self, call_sid: str, is_booked: bool | None, email_sent: bool = False
    ) -> bool:
        """Set `servicebooked`, unless it is None; `email_sent=True` sets `confirmEmailsent`."""

        def make(_now: datetime) -> _Update:
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
            return _Update(fields, events=tuple(events))

        return await self._write(call_sid, make)

    async def note_mailed(self, call_sid: str, revision: int) -> bool:
        """Note that the customer was mailed how the appointment stands as of `revision`."""

        def make(_now: datetime) -> _Update:
            fields = {EMAIL_SENT_FIELD: flag(True), MAILED_FIELD: str(revision)}
            return _Update(fields, events=(("type", "emailed", "value", flag(True)),))

        return await self._write(call_sid, make)

    async def deliver(self, pending: PendingUpdate) -> bool:
        """Write it in Redis, once; return False for an unknown call.

        Raises client.AWAY, BrokenRecord and TooFewReplicas.
        """
        backend, call_sid = self._backend, pending.call_sid
        reply = await backend.scripts.update(pending)
        if reply is Verdict.UNKNOWN and (old := await backend.old_record(call_sid)):
            await backend.scripts.found(call_sid, old, at=pending.at)
            reply = await backend.scripts.update(pending)
        return reply is not Verdict.UNKNOWN

    async def _write(self, call_sid: str, make: Callable[[datetime], _Update]) -> bool:
        now = self._backend.clock()
        try:
            sid = parse_call_sid(call_sid)
            known = await self._saved(PendingUpdate(uuid4().hex, sid, now, *make(now)))
        except (Refused, InvalidCallSid, BrokenRecord) as refusal:
            log.warning("update_refused", why=str(refusal))
            return False
        except StoreUnavailable as error:
            log.warning("update_not_saved", call_sid=call_sid, why=str(error))
            return False
        if known:
            self._backend.mirror_soon(sid)
            self._backend.booking_soon(sid)
        else:
            log.warning("update_refused", call_sid=call_sid, why="there is no record of this call")
        return known

    async def _saved(self, pending: PendingUpdate) -> bool:
        """Write in Redis or in the journal; return False for an unknown call.

        Raises StoreUnavailable, and BrokenRecord when Redis says so at once.
        """
        backend = self._backend
        if not self._queue and not backend.breaker.is_open:
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
                backend.breaker.trip()
        if await backend.fallback.keep(pending) is Saved.MEMORY:
            raise StoreUnavailable("neither Redis nor the journal took the write")
        self._queue.append(pending)
        if len(self._queue) == 1:
            backend.tasks.start(self._recover())
        return True

    async def _recover(self) -> None:
        """Bring what waits, each call's in order; a call that is denied holds up no other."""
        breaker = self._backend.breaker
        pause_s = breaker.policy.first_pause_s
        while self._queue:
            await breaker.closed()
            waiting: set[CallSid] = set()
            for pending in tuple(self._queue):
                if pending.call_sid in waiting or breaker.is_open:
                    continue
                if await self._dealt_with(pending):
                    self._queue.remove(pending)
                else:
                    waiting.add(pending.call_sid)
            if waiting:
                await asyncio.sleep(pause_s)
                pause_s = breaker.policy.longer(pause_s)

    async def _dealt_with(self, pending: PendingUpdate) -> bool:
        """Return whether it is in Redis, or a dead letter for a person."""
        fallback = self._backend.fallback
        try:
            known = await self.deliver(pending)
        except BrokenRecord as broken:
            metrics.commits_refused.inc()
            log.error("update_refused_by_redis", call_sid=pending.call_sid, why=broken.why)
            return await fallback.put_dead_letter(pending, broken.why) is not Saved.MEMORY
        except (TooFewReplicas, ResponseError):
            return False
        except AWAY:
            self._backend.breaker.trip()
            return False
        fallback.forget(pending.id)
        self._backend.booking_soon(pending.call_sid)
        if not known:
            log.warning("update_dropped", call_sid=pending.call_sid, why="no such record")
        return True


def _answered(texts: Mapping[Step, str], at: str) -> _Update:
    fields: Fields = {}
    for step, text in texts.items():
        fields |= {ANSWER_FIELD[step]: text, timestamp_field(step): at}
    return _Update(fields, events=tuple(field_event(*answer) for answer in texts.items()))


def _given_at(given: Moment | None, now: datetime, zone: tzinfo) -> str:
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
    text = message.get("message")
    if not isinstance(text, str) or is_blank(text):
        raise Refused("a message must be text, and not empty")
    if len(text) > LONGEST_MESSAGE_CHARS:
        raise Refused(f"a message may have at most {LONGEST_MESSAGE_CHARS} characters")
    started = message.get("startedAt")
    moment = now if started is None else min(now, _moment(started, UTC))
    return Message(speaker, clean(text), moment, partial=message.get("heard") == "partial")


def _valid(step: Step, value: object, business: Business, no: str) -> Answer:
    """Return a value in normal form; raises Refused with `no`."""
    answer = validate(step, value, business) if isinstance(value, str) else None
    if answer is None:
        raise Refused(no)
    return answer


def _moment(value: object, zone: tzinfo) -> datetime:
    moment = read_moment(value, zone) if isinstance(value, str | datetime) else None
    if moment is None:
        raise Refused("a time must be ISO 8601")
    return moment


def _bookable(value: object, business: Business, now: datetime) -> datetime:
    text = value.isoformat() if isinstance(value, datetime) else value
    no = "a booked time must be a whole day and clock time in ISO 8601"
    moment = _valid(Step.TIME, text, business, no)
    assert isinstance(moment, datetime)
    if (why := refuse_time(moment, business, now)) is not None:
        raise Refused(f"a visit cannot begin then: {why}")
    return moment
