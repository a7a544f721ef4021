"""Store: one process's access to the records of all calls.

`open_call` returns the session of a phone call, `open_turn` a turn over HTTP. All writing goes
through the scripts, so a change is in the record as a whole or not at all.
"""

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import (
    CallSid,
    CallState,
    CommandRefusal,
    EarlierCall,
    Phase,
    StaffCommand,
    Status,
    Step,
    parse_call_sid,
)
from voicebot.errors import BrokenRecord, InvalidCallSid, StoreUnavailable
from voicebot.log import get_logger
from voicebot.settings import SaveMode, Settings
from voicebot.store.backend import Backend
from voicebot.store.bookings import Diary
from voicebot.store.client import AWAY, close, is_ready, unavailable_when_away, why_away
from voicebot.store.commands import CommandQueue
from voicebot.store.commit_encoding import Pending, PendingCommits, SessionInfo
from voicebot.store.events import EventReader
from voicebot.store.fallback import UNUSABLE, FallbackStore
from voicebot.store.forgetting import rewrite_log
from voicebot.store.http_turns import HttpTurn
from voicebot.store.integrator_writes import IntegratorWrites
from voicebot.store.layout import CHANNEL, REWRITTEN, call_keys, fresh_fields, iso_utc, utc_now
from voicebot.store.line_audio import LineAudio
from voicebot.store.models import CallSkeleton
from voicebot.store.reconciliation import Reconciliation, secure_place
from voicebot.store.record import CallRecord, read_status
from voicebot.store.replay import Replayer, erase_old_entries
from voicebot.store.scripts import EVENTS_KEPT, TooFewReplicas
from voicebot.store.session import CallSession

log = get_logger(__name__)

OPEN_PATIENCE_S = 0.5
"""Time that a beginning call waits for its claim; later it begins unclaimed."""

RECONCILE_EVERY_S = 600.0
"""Longer than any step of a move takes: a place that two passes find is nobody's."""

TIDY_EVERY_S = 3600.0
REWRITE_EVERY_S = 86_400
"""A small append-only file is never rewritten by itself: what has expired would stay in it."""

REPLAY_PATIENCE_S = 10.0
REPLAY_EVERY_S = 1.0
"""A worker that was killed leaves its journal; the others look for it this often. What waited is
to be in Redis two seconds after Redis takes it again."""
PROBE_PATIENCE_S = 0.1
"""Time that a beginning call waits for an open breaker, which one slow commit may have opened."""

_FINISHED = (Status.BOOKED, Status.INCOMPLETE, Status.TRANSFER, Status.CANCELLED)
_SERVED = (Status.BOOKED, Status.TRANSFER, Status.CANCELLED)


class Store:
    """Access to the records. `open_store` makes one, starts it and closes it.

    events       reads what happens in calls, and their records
    index        recent calls, locks, calls on the phone
    writes       the four small writes of integrators
    commands     what staff have live calls do
    staff        what staff write of a call
    diary        the appointments of a day
    fallback, breaker, tasks, best_effort   see Backend; `replaying` is one of the tasks
    """

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        business: Business,
        *,
        fallback: FallbackStore | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        backend = Backend(client, settings, business, fallback or FallbackStore(None), clock)
        self._backend = backend
        self.fallback, self.breaker = backend.fallback, backend.breaker
        self.tasks, self.best_effort = backend.tasks, backend.best_effort
        self.events = EventReader(client)
        self.diary = Diary(client, business, backend.appointments)
        self.writes = IntegratorWrites(backend)
        self.line_audio = LineAudio(client)
        self.commands = CommandQueue(client, retention_s=settings.retention_s, clock=clock)
        self.index, self.staff = backend.index, backend.staff
        self._replayer = Replayer(settings.data_dir, self._deliver, self._replayed)

    async def start(self) -> None:
        """Open the journal and bring what ended processes left, before calls are taken."""
        await self.fallback.open()
        try:
            async with asyncio.timeout(REPLAY_PATIENCE_S):
                await self.replay()
        except (StoreUnavailable, TimeoutError):
            log.warning("replay_waits", advice="it goes on by itself when Redis answers")
        self.replaying = self.tasks.start(self._keep_replaying())

    async def aclose(self) -> None:
        """Finish best-effort work, let go of Redis; the journal is left to the next process."""
        await self.tasks.close()
        await self.best_effort.finish()
        await self.fallback.close()
        await close(self._backend.client)

    def start_reconciling(self) -> None:
        """Keep the index of appointments whole, and free places that crashes left, until closed.

        One process of an installation is enough; more do no harm.
        """
        self.tasks.start(self._keep_reconciling())

    async def is_ready(self) -> bool:
        """Return whether most records can be written in Redis now."""
        return await is_ready(self._backend.client)

    async def replay(self, *, by_hand: bool = False) -> int:
        """Bring what ended processes left in their journals; returns how many writes.

        `by_hand` tries dead letters once more, too, which Redis has refused. Raises
        StoreUnavailable when Redis did not take everything; nothing is lost by that.
        """
        with unavailable_when_away():
            return await self._replayer.run(by_hand=by_hand)

    async def open_call(self, call_sid: CallSid, *, caller: str | None) -> CallSession:
        """Claim the call for a new session; never raises because Redis is away.

        A record is made when there is none, from the old system's when that has one. Without a
        caller the one in the record counts.
        """
        backend, began = self._backend, self._backend.clock()
        fresh = fresh_fields(call_sid, backend.business, caller, began)
        info = SessionInfo(call_sid, uuid4().hex, began, fresh)
        session = CallSession(info, backend, save_mode(backend.settings, call_sid))
        state = await self._claimed(session)
        caller = caller or state.caller
        session.state = await self._with_earlier(state, call_sid, caller, began)
        backend.written_soon(call_sid, caller, began)
        return session

    async def open_turn(
        self, call_sid: CallSid, *, caller: str | None = None, requests: Sequence[str] = ()
    ) -> HttpTurn:
        """Begin a turn over HTTP; what the named requests were answered before comes with it.

        Nothing is claimed or written yet. Raises StoreUnavailable and BrokenRecord.
        """
        backend, began = self._backend, self._backend.clock()
        fresh = fresh_fields(call_sid, backend.business, caller, began)
        with unavailable_when_away():
            record, answers = await backend.scripts.read_turn(call_sid, requests)
            found = record or await backend.old_record(call_sid, fresh)
        record = found or CallRecord(fresh)
        state = await backend.state(call_sid, record)
        state = await self._with_earlier(state, call_sid, caller or state.caller, began)
        return HttpTurn(
            call_sid=call_sid,
            began=began,
            known=found is not None,
            record=record,
            state=state,
            answers=answers,
            backend=backend,
            appointments=backend.appointments(call_sid),
        )

    async def get_call_skeleton(self, call_sid: str) -> CallSkeleton | None:
        """Return the typed record, or None for an unknown call.

        Raises StoreUnavailable and BrokenRecord.
        """
        try:
            with unavailable_when_away():
                record = await self._backend.record(parse_call_sid(call_sid))
        except InvalidCallSid:
            return None
        return record.named(call_sid).skeleton if record else None

    async def get_call_skeleton_dict(self, call_sid: str) -> dict[str, object] | None:
        """Return the nested form of the record; see `get_call_skeleton`."""
        skeleton = await self.get_call_skeleton(call_sid)
        return skeleton.nested() if skeleton else None

    async def status(self, call_sid: CallSid) -> Status | None:
        """Return a call's status, what waits in a journal included; None for an unknown call."""
        text = None
        with suppress(*AWAY, TimeoutError):
            async with asyncio.timeout(OPEN_PATIENCE_S):
                get = self._backend.client.hget(call_keys(call_sid).call, "status")
                text = await cast(Awaitable[str | None], get)
        if text not in _FINISHED:  # finished there is finished
            stored = CallRecord({"status": text}) if text else None
            known = await self._backend.with_journals(call_sid, stored)
            text = known.fields.get("status") if known else None
        return read_status(text) if text else None

    async def hand_over(self, call_sid: CallSid, by: str, *, over: bool = False) -> str | None:
        """Mark the call as taken by `by`, a member of staff, or as free when `by` is empty.

        A call that a colleague has stays theirs unless `over` says to take it over. Returns who
        has it then, None for an unknown call. Raises StoreUnavailable and BrokenRecord.
        """
        at = self._backend.clock()
        with unavailable_when_away():
            return await self._backend.scripts.take(call_sid, by, at=at, over=over)

    def announce(self, call_sid: CallSid, phase: Phase) -> None:
        """Publish what the bot is doing to live watchers; best effort, never waits for Redis."""
        at, client = iso_utc(self._backend.clock()), self._backend.client

        async def tell() -> None:
            await client.xadd(
                call_keys(call_sid).events,
                {"type": "phase", "value": phase.value, "at": at},
                maxlen=EVENTS_KEPT,
                nomkstream=True,
            )
            await client.publish(CHANNEL, call_sid)

        self.best_effort.add(("phase", call_sid, at, phase), tell)

    def settle(
        self, call_sid: CallSid, command: StaffCommand, refused: CommandRefusal | None
    ) -> None:
        """Note what became of a command of staff; best effort, never waits for Redis."""
        what = partial(self.commands.settle, call_sid, command, refused)
        self.best_effort.add(("command", call_sid, command.id), what)

    def relay(self, call_sid: CallSid, mulaw: bytes) -> None:
        """Send what is said to staff who listen in; a piece that waited too long is left out."""
        what = partial(self.line_audio.publish, call_sid, mulaw)
        self.best_effort.add(("audio", call_sid), what)

    def note_dialled(self, call_sid: CallSid, outcome: str, reached: bool) -> None:
        """Note whether a person answered a call that was put through; best effort, never waits."""
        what = partial(self.staff.dialled, call_sid, outcome, reached=reached)
        self.best_effort.add(("dialled", call_sid), what)

    async def _claimed(self, session: CallSession) -> CallState:
        call_sid, record = session.info.call_sid, None
        try:
            async with asyncio.timeout(PROBE_PATIENCE_S):
                await self.breaker.closed()
            async with asyncio.timeout(OPEN_PATIENCE_S):
                record = (await session.claim()).record
            return await self._backend.state(call_sid, record)
        except BrokenRecord as broken:
            log.error("claim_refused", call_sid=call_sid, why=broken.why)
        except ResponseError:  # it takes no write just now; what it has it still tells
            with suppress(*AWAY, BrokenRecord, TimeoutError):
                async with asyncio.timeout(OPEN_PATIENCE_S):
                    record = await self._backend.record(call_sid)
        except (*AWAY, TimeoutError):
            self.breaker.trip()
        advice = "the call is taken, and written when Redis answers"
        log.warning("call_begins_unclaimed", call_sid=call_sid, advice=advice)
        return await self._backend.state(call_sid, record)

    async def _with_earlier(
        self, state: CallState, call_sid: CallSid, caller: str | None, began: datetime
    ) -> CallState:
        """Return the state with open calls and coming appointments of the same number, looked up
        for OPEN_PATIENCE_S.

        None while Redis is away.
        """
        if state.step is Step.NAME and caller:
            with suppress(*AWAY, TimeoutError):
                async with asyncio.timeout(OPEN_PATIENCE_S):
                    booked = await self._backend.appointments(call_sid).bookings(caller)
                    coming = tuple(EarlierCall(each.call_sid, each.state) for each in booked)
                    state = replace(state, coming=coming)
                    found = await self._open_calls_of(caller, call_sid, began)
                    return replace(state, earlier=found)
        return state

    async def _open_calls_of(
        self, caller: str, later: CallSid, began: datetime
    ) -> tuple[EarlierCall, ...]:
        """Return this number's calls, within the window, that ended with a name and no booking.

        Newest first, and none from before one that was booked, called off or transferred. A number
        can be forged: a caller must say that name before anything of it is said. None that is on
        the phone or continued as another call.
        """
        backend, calls = self._backend, list[EarlierCall]()
        for call_sid in await backend.index.calls_of(caller, began - backend.resume_window):
            try:
                record = await backend.record(call_sid) if call_sid != later else None
            except BrokenRecord:
                continue
            if record is None:
                continue
            state = record.state(backend.business, backend.clock())
            if state.booked or state.status in _SERVED:
                break
            is_open = Step.NAME in state.answers and record.continued_as in (None, later)
            if is_open and not await backend.index.on_the_phone([call_sid]):
                calls.append(EarlierCall(call_sid, state))
        return tuple(calls)

    async def _deliver(self, entry: Pending) -> None:
        if isinstance(entry, PendingCommits):
            await CallSession.restored(entry, self._backend).deliver()
            await secure_place(self._backend, entry.call_sid)
        else:
            await self.writes.deliver(entry)

    def _replayed(self, pending: PendingCommits) -> None:
        """Add to the indexes: a process that died while Redis was away may not have done it."""
        session = pending.session
        self._backend.written_soon(session.call_sid, session.fresh.get("caller"), session.began)

    async def _keep_reconciling(self) -> None:
        backend = self._backend
        reconciliation = Reconciliation(
            backend.client, backend.business, backend.clock, backend.settings.retention_s
        )
        while True:
            await self.breaker.closed()
            with suppress(*AWAY, BrokenRecord):  # some nodes, perhaps: it comes again
                await reconciliation.index()
            with suppress(*AWAY, BrokenRecord):
                await reconciliation.free_places()
                for call_sid in reconciliation.without_place():
                    await secure_place(backend, call_sid)
            with suppress(*AWAY):
                await self._rewrite_log()
            await asyncio.sleep(RECONCILE_EVERY_S)

    async def _rewrite_log(self) -> None:
        """Have what has expired leave the append-only files, once a day for all consoles."""
        client = self._backend.client
        if await client.set(REWRITTEN, iso_utc(self._backend.clock()), nx=True, ex=REWRITE_EVERY_S):
            log.info("log_rewritten", result=(await rewrite_log(client)).value)

    async def _tidy(self) -> None:
        """Erase from this machine's journals what Redis would not have any more."""
        settings = self._backend.settings
        before = self._backend.clock() - timedelta(days=settings.retention_days)
        with suppress(*UNUSABLE):  # it comes again
            old = await asyncio.to_thread(erase_old_entries, settings.data_dir, before)
            if old.writes:
                log.warning("old_writes_erased", writes=old.writes)

    async def _keep_replaying(self) -> None:
        tidied_s = -inf
        while True:
            if time.monotonic() - tidied_s > TIDY_EVERY_S:
                tidied_s = time.monotonic()
                await self._tidy()
            await asyncio.sleep(REPLAY_EVERY_S)
            await self.breaker.closed()
            try:
                await self._replayer.run()
            except (TooFewReplicas, ResponseError) as error:  # some of them; asked again soon
                log.debug("replay_waits", why=why_away(error))
            except AWAY:
                self.breaker.trip()


def save_mode(settings: Settings, call_sid: CallSid) -> SaveMode:
    """Return REALTIME for VOICEBOT_REALTIME_SHARE of the calls, by CRC-32 of the callSid."""
    lot = zlib.crc32(call_sid.encode()) / 2**32
    chosen = settings.save_mode is SaveMode.REALTIME and lot < settings.realtime_share
    return SaveMode.REALTIME if chosen else SaveMode.BATCH
