"""Sends confirmations to an SMTP server and marks them in the record.

A confirmation is due when a record is booked and not marked as mailed, and once more whenever the
booking was moved or called off since; bookings from before mail was set up get none. A call is
checked after each write; all are checked at the start and every CHECK_ALL, so none is missed. A
lock in Redis keeps two processes from sending the same confirmation. `confirmEmailsent` becomes
true after the server has taken the message; if the process dies in between, it is sent again.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiosmtplib

from voicebot.business import Business
from voicebot.call import CallSid
from voicebot.errors import BrokenRecord, SettingsError, StoreUnavailable
from voicebot.log import get_logger
from voicebot.notify.letter import letter
from voicebot.notify.receivers import sender_address, smtp_server
from voicebot.runtime.process import within
from voicebot.settings import Settings
from voicebot.store import AWAY, Store, utc_now

CHECK_ALL = timedelta(minutes=10)
"""A notice of a write may be lost."""
GATHER_S = 0.5
MAX_PER_ROUND = 20
"""Messages between two checks of whether to stop."""
LOCK_S = 600
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause before a retry: its end and length. The next one is twice as long."""

    until: datetime
    length: timedelta


class MailSender:
    """Confirms bookings by mail; call `run`."""

    def __init__(
        self,
        store: Store,
        business: Business,
        settings: Settings,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        if settings.smtp_url is None:
            raise SettingsError("no mail server is set: VOICEBOT_SMTP_URL")
        self._server = smtp_server(settings.smtp_url.get_secret_value())
        self._sender = sender_address(settings, business)
        self._store = store
        self._business = business
        self._clock = clock
        self._waiting: dict[CallSid, None] = {}  # calls to check, in order
        self._taken: dict[CallSid, int] = {}  # the revisions sent, but not yet marked in the record
        self._pauses: dict[CallSid | None, Pause] = {}  # None: of the mail server
        self._since: datetime | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Confirm bookings until stopped; while Redis is away, wait for it."""
        while not stopping.is_set():
            try:
                await self._follow(stopping)
            except AWAY:
                _log.warning("mail_waits_for_redis")
            await within(stopping, FIRST_PAUSE.total_seconds())

    async def since(self) -> datetime:
        """Return when mail was set up; no booking from before is mailed."""
        self._since = self._since or await self._store.index.mails_since(self._clock())
        return self._since

    async def _follow(self, stopping: asyncio.Event) -> None:
        await self.since()
        async with self._store.events.notices(GATHER_S) as notices:  # also empty ones, every second
            check_all_at = self._clock()
            async for written in notices:
                self.check(written)
                if self._clock() >= check_all_at:
                    pause = CHECK_ALL if await self.check_all() else FIRST_PAUSE
                    check_all_at = self._clock() + pause
                await self.send_due()
                if stopping.is_set():
                    return

    def check(self, call_sids: Iterable[CallSid]) -> None:
        self._waiting.update(dict.fromkeys(call_sids))

    async def check_all(self) -> bool:
        """Check every call in the next round; False when Redis did not list them all."""
        try:
            async for part in self._store.index.all_calls():
                self.check(part)
        except AWAY:
            return False
        return True

    async def send_due(self) -> int:
        """Send due confirmations, at most MAX_PER_ROUND; return how many were sent."""
        sent = 0
        if self._is_pausing(None):
            return 0
        due = [call_sid for call_sid in self._waiting if not self._is_pausing(call_sid)]
        wanted = await self._store.index.unconfirmed(due, await self.since())
        for call_sid in due:
            if call_sid not in wanted:
                self._pause(call_sid)
            elif not wanted[call_sid]:
                self._forget(call_sid)
            elif sent < MAX_PER_ROUND and not self._is_pausing(None):
                sent += await self._confirm(call_sid)
        return sent

    async def _confirm(self, call_sid: CallSid) -> bool:
        """Confirm a call; return whether a message was sent."""
        try:
            record = await self._store.get_call_skeleton(call_sid)
        except (StoreUnavailable, BrokenRecord):
            self._pause(call_sid)
            return False
        now, message = self._clock(), None
        if record is not None:
            message = letter(record, self._business, self._sender, now)
        if record is None or message is None:
            self._forget(call_sid)  # until it is written again
            return False
        revision = record.bookingRevision
        if self._taken.get(call_sid) == revision:
            await self._mark_sent(call_sid, revision)
            return False
        work = f"mail:{revision}" if revision else "mail"
        if not await self._store.index.lock(call_sid, work, LOCK_S):
            self._pause(call_sid)
            return False
        try:
            async with self._server.client() as client:
                await client.send_message(message)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._store.index.unlock(call_sid, work)
            self._pause(call_sid, why=error)
            if isinstance(error, OSError):  # not about this message: pause for all
                self._pause(None)
            return False
        self._pauses.pop(None, None)
        self._taken[call_sid] = revision
        _log.info("confirmation_sent", call_sid=call_sid, revision=revision)
        await self._mark_sent(call_sid, revision)
        return True

    async def _mark_sent(self, call_sid: CallSid, revision: int) -> None:
        """Mark the record as mailed; repeated until it is, as the write may wait in the journal."""
        await self._store.writes.note_mailed(call_sid, revision)
        self._pause(call_sid)

    def _forget(self, call_sid: CallSid) -> None:
        del self._waiting[call_sid]
        self._taken.pop(call_sid, None)
        self._pauses.pop(call_sid, None)

    def _is_pausing(self, what: CallSid | None) -> bool:
        return what in self._pauses and self._clock() < self._pauses[what].until

    def _pause(self, what: CallSid | None, why: Exception | None = None) -> None:
        last = self._pauses.get(what)
        length = min(last.length * 2, LONGEST_PAUSE) if last else FIRST_PAUSE
        self._pauses[what] = Pause(self._clock() + length, length)
        if why is not None:
            name = type(why).__name__
            _log.warning(
                "confirmation_not_sent", call_sid=what, why=name, again_in_s=length.seconds
            )
