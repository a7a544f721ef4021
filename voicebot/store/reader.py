"""Reading records: the hash where there is one, else what the old system left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, CallState, Status
from voicebot.log import get_logger
from voicebot.store.client import is_wrong_type
from voicebot.store.commits import SessionInfo
from voicebot.store.keys import legacy_key
from voicebot.store.legacy import read_legacy
from voicebot.store.record import CallRecord, fresh_fields, read_status
from voicebot.store.record_diff import with_journals
from voicebot.store.replay import journal_paths, waiting_sessions
from voicebot.store.scripts import Scripts

log = get_logger(__name__)

FINISHED = (Status.BOOKED, Status.INCOMPLETE, Status.TRANSFER)


class Reader:
    """Reads records from Redis and the journals. Raises client.AWAY and BrokenRecord for Redis."""

    def __init__(
        self,
        client: Redis,
        scripts: Scripts,
        business: Business,
        data_dir: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._business = business
        self._data_dir = data_dir
        self._clock = clock

    async def record(self, call_sid: CallSid) -> CallRecord | None:
        """Return a call's record, or None for an unknown call."""
        found = await self._scripts.read(call_sid, at=self._clock())
        return found or await self.old_record(call_sid)

    async def old_record(self, call_sid: CallSid) -> CallRecord | None:
        """Return what the old system left of a call as a whole record, or None."""
        old = await self._old(call_sid)
        if old is None:
            return None
        fresh = fresh_fields(call_sid, self._business, None, self._clock())
        return CallRecord({**fresh, **old.fields}, old.history)

    async def snapshot(self, session: SessionInfo) -> CallRecord:
        """Return what a session's record is made from if there is none."""
        old = await self._old(session.call_sid)
        if old is None:
            return CallRecord(session.fresh)
        return CallRecord({**session.fresh, **old.fields}, old.history)

    async def state(self, call_sid: CallSid, record: CallRecord | None) -> CallState:
        """Return the state of a record with what waits in journals on top of it.

        None as `record`: Redis has none, or is away.
        """
        known = await self._with_journals(call_sid, record)
        return self.state_of(known) if known else CallState()

    def state_of(self, record: CallRecord) -> CallState:
        """Return what a conversation needs to go on with this record."""
        return record.state(self._business, self._clock())

    async def status(self, call_sid: CallSid, text: str | None) -> Status | None:
        """Return the status with what waits in journals; finished there is finished."""
        if text not in FINISHED:
            stored = CallRecord({"status": text}) if text else None
            known = await self._with_journals(call_sid, stored)
            text = known.fields.get("status") if known else None
        return read_status(text) if text else None

    async def _with_journals(
        self, call_sid: CallSid, record: CallRecord | None
    ) -> CallRecord | None:
        if not journal_paths(self._data_dir):  # a look at one directory is not worth a thread
            return record
        sessions = await asyncio.to_thread(waiting_sessions, self._data_dir, call_sid)
        return with_journals(record, sessions)

    async def old_bytes(self, call_sid: CallSid) -> bytes | None:
        """Return what stands where the old system kept its record, byte by byte."""
        # as text, bytes that are no UTF-8 would be replaced, and then lost in the mirror
        get = self._client.execute_command("GET", legacy_key(call_sid), NEVER_DECODE=True)  # type: ignore[no-untyped-call]
        return cast(bytes | None, await get)

    async def _old(self, call_sid: CallSid) -> CallRecord | None:
        try:
            old = await self.old_bytes(call_sid)
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
            return None  # a key of another type: nothing that the old system wrote
        found = read_legacy(old, self._business)
        if old and found is None:
            advice = "what stands there is left as it is; the call begins anew"
            log.warning("old_record_unreadable", call_sid=call_sid, advice=advice)
        return found
