"""The backend of a store's sessions, turns and small writes: one client, and the ways to a record.

A record is read from the hash where there is one, else from what the old system left, with what
waits in journals on top.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import cast

from redis.asyncio import Redis

from voicebot.business import Business
from voicebot.call import CallSid, CallState
from voicebot.log import get_logger
from voicebot.settings import Settings
from voicebot.store.background import BestEffortQueue, Tasks, redis_breaker
from voicebot.store.booking_index import BookingIndex
from voicebot.store.bookings import CallAppointments
from voicebot.store.client import AWAY, unless_wrong_type
from voicebot.store.commit_encoding import after
from voicebot.store.fallback import FallbackStore
from voicebot.store.index import CallIndex
from voicebot.store.layout import fresh_fields, legacy_key
from voicebot.store.legacy import read_legacy, write_legacy
from voicebot.store.record import CallRecord
from voicebot.store.replay import journal_paths, waiting_sessions
from voicebot.store.scripts import Replicas, Script, Scripts
from voicebot.store.staff_writes import StaffWrites

log = get_logger(__name__)

INDEX_PATIENCE_S = 0.5
"""Time that a turn over HTTP waits for the indexes; later they are written in the background."""

MIRROR_TRIES = 3
"""The mirror begins again so often when another program wrote it meanwhile."""

_MIRROR = Script("mirror", behind=())


class Backend:
    """One per store. Reading raises client.AWAY and BrokenRecord for Redis.

    scripts      every write
    fallback     where writes rest while Redis is away
    breaker      open while Redis does not answer
    tasks        what runs beside the conversations
    best_effort  work that may be late: indexes, the mirror, phases
    """

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        business: Business,
        fallback: FallbackStore,
        clock: Callable[[], datetime],
    ) -> None:
        self.client = client
        self.settings = settings
        self.business = business
        self.fallback = fallback
        self.clock = clock
        self.resume_window = timedelta(hours=settings.resume_window_h)
        replicas = Replicas(settings.wait_replicas, settings.wait_replicas_ms)
        self.scripts = Scripts(
            client,
            retention_s=settings.retention_s,
            replicas=replicas if settings.wait_replicas else None,
        )
        self.staff = StaffWrites(client, retention_s=settings.retention_s, clock=clock)
        self.index = CallIndex(client)
        self.bookings = BookingIndex(client, clock)
        self.tasks = Tasks()
        self.breaker = redis_breaker(client.ping, self.tasks)
        self.best_effort = BestEffortQueue()

    def appointments(self, call_sid: CallSid) -> CallAppointments:
        """Return the calendar as this call may change it."""
        return CallAppointments(
            self.client, self.scripts, self.business, call_sid, self.clock, self.staff
        )

    async def record(self, call_sid: CallSid) -> CallRecord | None:
        """Return a call's record, or None for an unknown call."""
        found = await self.scripts.read(call_sid)
        return found or await self.old_record(call_sid)

    async def old_record(
        self, call_sid: CallSid, fresh: Mapping[str, str] | None = None
    ) -> CallRecord | None:
        """Return what the old system left of a call, on top of the fields of a new record."""
        old = None
        with unless_wrong_type():  # a key of another type: nothing that the old system wrote
            old = await self._old_bytes(call_sid)
        found = read_legacy(old, self.business)
        if found is None:
            if old:
                advice = "what stands there is left as it is; the call begins anew"
                log.warning("old_record_unreadable", call_sid=call_sid, advice=advice)
            return None
        fresh = fresh or fresh_fields(call_sid, self.business, None, self.clock())
        return CallRecord({**fresh, **found.fields}, found.history)

    async def _old_bytes(self, call_sid: CallSid) -> bytes | None:
        # as text, bytes that are no UTF-8 would be replaced, and then lost in the mirror
        get = self.client.execute_command("GET", legacy_key(call_sid), NEVER_DECODE=True)  # type: ignore[no-untyped-call]
        return cast(bytes | None, await get)

    async def state(self, call_sid: CallSid, record: CallRecord | None) -> CallState:
        """Return what a conversation needs to go on with a record, as journals will complete it.

        None as `record`: Redis has none, or is away.
        """
        known = await self.with_journals(call_sid, record)
        return known.state(self.business, self.clock()) if known else CallState()

    async def with_journals(
        self, call_sid: CallSid, record: CallRecord | None
    ) -> CallRecord | None:
        """Return a record with what waits in journals; None as `record`: see `state`."""
        data_dir = self.settings.data_dir
        if not journal_paths(data_dir):  # a look at one directory is not worth a thread
            return record
        sessions = await asyncio.to_thread(waiting_sessions, data_dir, call_sid)
        return after(record or CallRecord({}), sessions) if sessions else record

    def written_soon(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes and rewrite the mirror when there is time."""
        self.index_soon(call_sid, caller, began)
        self.mirror_soon(call_sid)

    async def turn_written(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes before the answer to a turn over HTTP, whose client looks for it."""
        self.mirror_soon(call_sid)
        try:
            async with asyncio.timeout(INDEX_PATIENCE_S):
                await self._add_to_indexes(call_sid, caller, began)
        except (*AWAY, TimeoutError):
            self.index_soon(call_sid, caller, began)

    def index_soon(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes when there is time."""
        self.best_effort.add(
            ("index", call_sid), lambda: self._add_to_indexes(call_sid, caller, began)
        )

    async def _add_to_indexes(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        await self.index.add(call_sid, began, self.settings.retention_s)
        if caller:
            await self.index.add_caller(caller, call_sid, began, self.resume_window)
        await self.bookings.add(call_sid)
        await self.index.add_numbers(call_sid, began, self.settings.retention_s)

    def booking_soon(self, call_sid: CallSid) -> None:
        """Add the call to the index of appointments, if it is booked, when there is time."""
        self.best_effort.add(("booking", call_sid), lambda: self.bookings.add(call_sid))

    def mirror_soon(self, call_sid: CallSid) -> None:
        """Rewrite the old system's string when there is time; it must not block."""
        if self.settings.mirror_json:
            self.best_effort.add(("mirror", call_sid), lambda: self._mirror(call_sid))

    async def _mirror(self, call_sid: CallSid) -> None:
        """Write the old system's string; its content beside our fields stays."""
        for _ in range(MIRROR_TRIES):
            record = await self.scripts.read(call_sid)
            old = await self._old_bytes(call_sid)
            text = write_legacy(record, old, self.business) if record else None
            if text is None:
                return
            read, life_s = (old or b"").decode(), self.settings.retention_s
            if await _MIRROR.run(self.client, [legacy_key(call_sid)], [read, text, life_s]):
                return
