"""The record of every call, as the rest of the house asks for it.

`open_call` gives a session its ledger; readers get skeletons; integrators get four small
writes. All writing goes through the scripts, so a change is in the record as a whole or not.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CallSid, CallState, Phase, Status, parse_call_sid
from voicebot.errors import InvalidCallSid, StoreUnavailable
from voicebot.log import get_logger
from voicebot.settings import SaveMode, Settings
from voicebot.store import updates
from voicebot.store.chores import Chores
from voicebot.store.client import AWAY
from voicebot.store.delivery import Delivery, Session
from voicebot.store.keys import CHANNEL, RECENT_CALLS, call_keys, legacy_key
from voicebot.store.ledger import Manner, MemoryShelf, RecordLedger
from voicebot.store.legacy import read_legacy, write_legacy
from voicebot.store.models import CallSkeleton
from voicebot.store.presence import Presence
from voicebot.store.record import call_skeleton, call_state, fresh_fields, iso_utc, utc_now
from voicebot.store.scripts import EVENTS_KEPT, Founding, Scripts, Updated

log = get_logger(__name__)

OPEN_PATIENCE_S = 0.5
"""How long a beginning call waits for its claim; after that it begins unclaimed."""

_DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class _Raw:
    """A record as Redis holds it."""

    fields: Mapping[str, str]
    history: list[str]


class Store:
    """One process's way to the records. Close it at the end; `open_store` does both."""

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        business: Business,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._settings = settings
        self._business = business
        self._clock = clock
        self._retention_s = settings.retention_days * _DAY_S
        self._scripts = Scripts(client, retention_s=self._retention_s)
        self._chores = Chores()
        self._shelf = MemoryShelf()
        self.presence = Presence(client)

    async def aclose(self) -> None:
        """Finish what is still to be told, then let go of the connections."""
        await self._chores.finish()
        await self._client.aclose()

    async def ping(self) -> bool:
        """Does Redis answer?"""
        try:
            return bool(await self._client.ping())
        except AWAY:
            return False

    async def open_call(
        self, call_sid: CallSid, *, caller: str | None, business: Business | None = None
    ) -> RecordLedger:
        """Claim the call for a new session; never raises because Redis is away.

        A record is made when there is none, from the old system's when that has one.
        """
        house = business or self._business
        session = Session(call_sid, uuid4().hex, self._clock())

        async def found() -> Founding:
            return await self._found(call_sid, house, caller, session.began)

        delivery = Delivery(self._scripts, session, found, self._clock)
        state = await self._claimed(delivery)
        self._touched(call_sid)
        return RecordLedger(delivery, state, self._manner(call_sid))

    async def get_call_skeleton(self, call_sid: str) -> CallSkeleton | None:
        """The typed record, or None for an unknown call; raises StoreUnavailable."""
        try:
            raw = await self._read(parse_call_sid(call_sid))
        except InvalidCallSid:
            return None
        except AWAY as error:
            raise StoreUnavailable("Redis did not answer; check VOICEBOT_REDIS_URL") from error
        return call_skeleton({"callSid": call_sid} | dict(raw.fields), raw.history) if raw else None

    async def get_call_skeleton_dict(self, call_sid: str) -> dict[str, object] | None:
        """The nested form, or None for an unknown call; raises StoreUnavailable."""
        skeleton = await self.get_call_skeleton(call_sid)
        return skeleton.nested() if skeleton else None

    async def status(self, call_sid: CallSid) -> Status | None:
        """Where a call stands; None when it is unknown or Redis is away."""
        try:
            text = await cast(
                Awaitable[str | None], self._client.hget(call_keys(call_sid).call, "status")
            )
        except AWAY:
            return None
        return Status(text) if text else None

    async def recent_calls(self, limit: int = 50, offset: int = 0) -> list[CallSid]:
        """Newest first; raises StoreUnavailable."""
        try:
            found = await self._client.zrevrange(RECENT_CALLS, offset, offset + limit - 1)
        except AWAY as error:
            raise StoreUnavailable("Redis did not answer; check VOICEBOT_REDIS_URL") from error
        return [CallSid(str(call_sid)) for call_sid in found]

    async def announce(self, call_sid: CallSid, phase: Phase) -> None:
        """Tell live watchers what the bot is doing; best effort, never waits for Redis."""
        at = iso_utc(self._clock())
        keys = call_keys(call_sid)

        async def tell() -> None:
            await self._client.xadd(
                keys.events,
                {"type": "phase", "value": phase.value, "at": at},
                maxlen=EVENTS_KEPT,
                nomkstream=True,
            )
            await self._client.publish(CHANNEL, call_sid)

        self._chores.add(("phase", call_sid, at, phase), tell)

    async def update_user_info_field(
        self,
        call_sid: str,
        field_name: str,
        field_value: str,
        timestamp: updates.Moment | None = None,
    ) -> bool:
        """Set name, phone, address or email, as given. True when it is saved."""
        now, zone = self._clock(), self._business.zone
        return await self._update(
            call_sid,
            lambda: updates.user_info(
                field_name, field_value, updates.timestamp(timestamp, now, zone)
            ),
        )

    async def update_service_selection(
        self,
        call_sid: str,
        service_name: str,
        service_time: updates.Moment | None = None,
        timestamp: updates.Moment | None = None,
    ) -> bool:
        """Set the service, and the time (ISO 8601; naive is the business's zone)."""
        now, zone = self._clock(), self._business.zone
        return await self._update(
            call_sid,
            lambda: updates.service_selection(
                self._business, service_name, service_time, updates.timestamp(timestamp, now, zone)
            ),
        )

    async def update_conversation_history(
        self, call_sid: str, message: updates.HistoryInput
    ) -> bool:
        """Append one message: speaker (`AI` or `customer`), message, startedAt."""
        return await self._update(call_sid, lambda: updates.history_message(message, self._clock()))

    async def update_booking_status(
        self, call_sid: str, is_booked: bool, email_sent: bool = False
    ) -> bool:
        """Set `servicebooked`; `email_sent=True` also sets `confirmEmailsent`."""
        return await self._update(call_sid, lambda: updates.booking_status(is_booked, email_sent))

    async def _update(self, call_sid: str, make: Callable[[], updates.Update]) -> bool:
        try:
            update = make()
            known = await self._write(parse_call_sid(call_sid), update)
        except (updates.Refused, InvalidCallSid) as refusal:
            log.warning("update_refused", why=str(refusal))
            return False
        except AWAY as error:
            log.warning("update_not_saved", call_sid=call_sid, why=type(error).__name__)
            return False
        if not known:
            log.warning("update_refused", call_sid=call_sid, why="there is no record of this call")
        return known

    async def _write(self, call_sid: CallSid, update: updates.Update) -> bool:
        write_id = uuid4().hex
        reply = await self._write_once(call_sid, write_id, update)
        if reply is Updated.UNKNOWN and (raw := await self._read_legacy(call_sid)):
            await self._scripts.found(call_sid, raw, at=self._clock())
            reply = await self._write_once(call_sid, write_id, update)
        known = reply is not Updated.UNKNOWN
        if known:
            self._touched(call_sid, indexed=False)
        return known

    async def _write_once(
        self, call_sid: CallSid, write_id: str, update: updates.Update
    ) -> Updated:
        return await self._scripts.update(
            call_sid,
            write_id,
            at=self._clock(),
            fields=update.fields,
            history=update.history,
            events=update.events,
        )

    async def _claimed(self, delivery: Delivery) -> CallState:
        try:
            async with asyncio.timeout(OPEN_PATIENCE_S):
                claimed = await delivery.claim()
            return call_state(claimed.fields, claimed.history)
        except (*AWAY, TimeoutError) as error:
            log.warning(
                "call_begins_unclaimed",
                call_sid=delivery.session.call_sid,
                why=type(error).__name__,
                advice="Redis is away; the call is taken and written when Redis answers",
            )
            return CallState()

    async def _found(
        self, call_sid: CallSid, business: Business, caller: str | None, began: datetime
    ) -> Founding:
        fresh = fresh_fields(call_sid, business, caller, began)
        old = read_legacy(await self._old_string(call_sid), business.zone)
        return Founding(fresh | old.fields, old.history) if old else Founding(fresh)

    async def _read(self, call_sid: CallSid) -> _Raw | None:
        keys = call_keys(call_sid)
        async with self._client.pipeline(transaction=True) as both:
            both.hgetall(keys.call)
            both.lrange(keys.history, 0, -1)
            fields, history = await both.execute()
        if fields:
            return _Raw(fields, history)
        old = await self._read_legacy(call_sid)
        return _Raw(old.fields, list(old.history)) if old else None

    async def _read_legacy(self, call_sid: CallSid) -> Founding | None:
        old = read_legacy(await self._old_string(call_sid), self._business.zone)
        if old is None:
            return None
        fresh = fresh_fields(call_sid, self._business, None, self._clock())
        return Founding(fresh | old.fields, old.history)

    async def _old_string(self, call_sid: CallSid) -> str | None:
        return await cast(Awaitable[str | None], self._client.get(legacy_key(call_sid)))

    def _manner(self, call_sid: CallSid) -> Manner:
        return Manner(
            mode=save_mode(self._settings, call_sid),
            deadline_s=self._settings.commit_deadline_ms / 1000,
            shelf=self._shelf,
            saved=lambda: self._touched(call_sid, indexed=False),
            clock=self._clock,
        )

    def _touched(self, call_sid: CallSid, *, indexed: bool = True) -> None:
        """What follows a write, when there is time: the index, and the old system's string."""
        if indexed:
            now = self._clock()
            self._chores.add(("index", call_sid), lambda: self._index(call_sid, now))
        if self._settings.mirror_json:
            self._chores.add(("mirror", call_sid), lambda: self._mirror(call_sid))

    async def _index(self, call_sid: CallSid, now: datetime) -> None:
        oldest = now.timestamp() - self._retention_s
        await self._client.zadd(RECENT_CALLS, {call_sid: int(now.timestamp() * 1000)})
        await self._client.zremrangebyscore(RECENT_CALLS, 0, int(oldest * 1000))

    async def _mirror(self, call_sid: CallSid) -> None:
        raw = await self._read(call_sid)
        if raw is not None:
            text = write_legacy(call_skeleton(raw.fields, raw.history))
            await self._client.set(legacy_key(call_sid), text, ex=self._retention_s)


def save_mode(settings: Settings, call_sid: CallSid) -> SaveMode:
    """Realtime for the share of calls that VOICEBOT_REALTIME_SHARE names, by their callSid."""
    lot = zlib.crc32(call_sid.encode()) / 2**32
    chosen = settings.save_mode is SaveMode.REALTIME and lot < settings.realtime_share
    return SaveMode.REALTIME if chosen else SaveMode.BATCH
