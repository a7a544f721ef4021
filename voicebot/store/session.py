"""One session of one call: it commits each change, and awaits late answers of Redis.

    CallSession.commit(change) ──► Redis answers in time ────────────► Saved.REDIS
                               └─► away, or silent past the deadline ─► Saved.JOURNAL or MEMORY

States of a session (SaveState), and what changes them:

    BATCH ──close──► ONLINE ──no answer in time──────────────► AWAY      ─┐
                      ▲  │  ──an error reply─────────────────► DENIED     │ degraded: commits go to
                      │  │  ──too few replicas have it───────► UNCOPIED   │ the fallback store
                      │  └────a key of another type───────────► BROKEN   ─┘
                      └──────the recovery brought everything, in order

A recovery runs while the session is degraded and names the state after each attempt. It ends when
everything is in Redis, or at BROKEN: then Redis is asked once more when the call ends, and what
is not written becomes a dead letter for a person (`voicebot journal`). Only AWAY opens the
breaker: what Redis denies one call keeps no other call from Redis.

The fallback store begins at half of the deadline, so that both have ended when the conversation
has waited long enough. A late answer is still awaited in the background: a slow Redis is not
asked twice. The session keeps all of its commits until the call ends, because Redis may forget: a
restart can lose the last second, a failover the last writes. The commit script then answers `gap`
or `unclaimed`, and what is missing is sent again.
"""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from functools import partial

from redis.exceptions import ResponseError

from voicebot.call import CallSid, CallState, Change, Saved
from voicebot.errors import BrokenRecord, Fenced
from voicebot.ledger import CommitObserver
from voicebot.log import get_logger
from voicebot.settings import SaveMode
from voicebot.store import metrics
from voicebot.store.backend import Backend
from voicebot.store.client import AWAY, why_away
from voicebot.store.commit_encoding import (
    Commit,
    EncodedCommit,
    PendingCommits,
    SessionInfo,
    encode,
    encode_missing,
    merge,
    missing,
)
from voicebot.store.reconciliation import secure_place
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Claimed, TooFewReplicas, Verdict

log = get_logger(__name__)

CLOSE_PATIENCE_S = 2.0
"""Time that the end of a call waits for Redis; the caller is gone by then."""

FALLBACK_BEGINS = 0.5
"""This part of the deadline is left to Redis alone: most late answers come before it."""


class SaveState(StrEnum):
    """The destination of a session's commits; see the module's diagram."""

    BATCH = "batch"  # they are collected until the call ends
    ONLINE = "online"  # to Redis, which has all of them
    AWAY = "away"  # Redis did not answer
    DENIED = "denied"  # it takes no write now: no memory, a replica, no rights, busy, …
    UNCOPIED = "uncopied"  # Redis has them, and too few replicas do
    BROKEN = "broken"  # a key of another type stands at the call's place; a person must act

    @property
    def is_degraded(self) -> bool:
        """Commits go to the fallback store."""
        return self not in (SaveState.BATCH, SaveState.ONLINE)


class CallSession:
    """`voicebot.call.Ledger` over the commit script. Close it when the call has ended.

    info    which session of which call
    state   the record as it was found when the session claimed the call
    appointments  the business's calendar; `close` releases what is held and not booked
    fenced  a newer session owns the call; what was said is still appended to the history
    """

    def __init__(
        self, info: SessionInfo, backend: Backend, mode: SaveMode = SaveMode.REALTIME
    ) -> None:
        self.info = info
        self.state = CallState()
        self.fenced = False
        self._backend = backend
        self.appointments = backend.appointments(info.call_sid)
        self._saving = SaveState.BATCH if mode is SaveMode.BATCH else SaveState.ONLINE
        self._why = ""  # what Redis said or did when an attempt failed
        self._epoch: int | None = None
        self._snapshot: CallRecord | None = None
        self._commits: list[EncodedCommit] = []
        self._delivered = 0  # Redis has the commits up to this number
        self._copied = 0  # and so have its replicas, where they count
        self._batch: list[Commit] = []
        self._observers: list[CommitObserver] = []
        self._turn = asyncio.Lock()
        self._flight: asyncio.Task[SaveState] | None = None
        self._keeping: asyncio.Task[Saved] | None = None
        self._recovery: asyncio.Task[None] | None = None

    @classmethod
    def restored(cls, pending: PendingCommits, backend: Backend) -> CallSession:
        """Return a session whose process may be gone, with what it still has to deliver."""
        session = cls(pending.session, backend)
        if pending.epoch is not None:
            session._epoch, session._snapshot = pending.epoch, pending.snapshot
        session._commits = list(pending.commits)
        session._delivered = session._copied = pending.delivered
        return session

    async def continue_earlier(self, earlier: CallSid) -> None:
        """Go on with an earlier call of this caller; see Ledger.continue_earlier."""
        await self._backend.index.mark_continued(earlier, self.info.call_sid)
        await self.appointments.take_over(earlier)

    async def commit(self, change: Change) -> Saved:
        """Write all of `change` or nothing; raises Fenced when a newer session owns the call."""
        began_s = time.perf_counter()
        async with self._turn:
            saved = await self._commit(change)
        if self.fenced:
            raise Fenced("a newer session has taken this call over; end this one quietly")
        for tell in self._observers:
            tell(change, saved, time.perf_counter() - began_s)
        return saved

    def observe(self, observer: CommitObserver) -> None:
        """Tell `observer` of every commit from now on; see CommitObserver."""
        self._observers.append(observer)

    async def caught_up(self) -> None:
        """Wait until a degraded session has everything in Redis."""
        if self._recovery is not None:
            await asyncio.wait({self._recovery})

    async def close(self) -> None:
        """Write what still waits, and in batch mode everything. Never raises for Redis.

        Appointments that are held and not booked are released.
        """
        await self.appointments.leave()
        async with self._turn:
            if self._saving is SaveState.BATCH:
                self._saving = SaveState.ONLINE
            if self._batch:
                self._commits.append(encode(merge(self._batch)))
                self._batch.clear()
            if self._waiting:
                await self._save()
            await self._settle()
            await self._reconcile()
            self._settled()

    async def claim(self, *, late: bool = False) -> Claimed:
        """Own the call; `late` when it could not be claimed at the beginning.

        Raises client.AWAY and BrokenRecord.
        """
        backend, info = self._backend, self.info
        snapshot = self._snapshot or await backend.old_record(info.call_sid, info.fresh)
        snapshot = snapshot or CallRecord(info.fresh)
        claimed = await backend.scripts.claim(info, snapshot, at=backend.clock(), late=late)
        self._epoch = claimed.epoch
        self._snapshot = self._snapshot or claimed.snapshot
        self.fenced = self.fenced or claimed.late
        return claimed

    async def deliver(self) -> None:
        """Bring every commit to Redis, in order and once; claim first where that is not done.

        Raises client.AWAY, BrokenRecord and TooFewReplicas. It can be called again at any time.
        """
        while self._delivered < len(self._commits):
            if self._epoch is None:
                await self.claim(late=True)
            else:
                await self._send(self._commits[self._delivered], self._epoch)
        self._copied = self._delivered

    async def attempt(self) -> SaveState:
        """Deliver, with the result as a value: ONLINE, or why not everything is there."""
        try:
            await self.deliver()
        except BrokenRecord as broken:
            self._why = broken.why
            return SaveState.BROKEN
        except TooFewReplicas:
            return SaveState.UNCOPIED
        except AWAY as error:
            self._why = why_away(error)
            log.debug("not_brought", call_sid=self.info.call_sid, why=self._why)
            return SaveState.DENIED if isinstance(error, ResponseError) else SaveState.AWAY
        return SaveState.ONLINE

    @property
    def _waiting(self) -> int:
        return len(self._commits) - self._copied

    @property
    def pending(self) -> PendingCommits:
        """Everything that any process needs to deliver these commits."""
        snapshot = self._snapshot or CallRecord(self.info.fresh)
        return PendingCommits(self.info, self._epoch, snapshot, self._copied, tuple(self._commits))

    async def _send(self, commit: EncodedCommit, epoch: int) -> None:
        """Send one commit; only the last one waits for replicas, as they copy in order."""
        last = commit.seq == len(self._commits)
        reply = await self._backend.scripts.commit(self.info, epoch, commit, copied=last)
        self.fenced = self.fenced or reply.verdict is Verdict.FENCED
        match reply.verdict:
            case Verdict.GAP:
                self._delivered = reply.last
            case Verdict.UNCLAIMED:
                self._epoch = None
                self._delivered = 0
            case _ if not reply.copied:
                raise TooFewReplicas(reply)
            case Verdict.APPLIED | Verdict.DONE | Verdict.FENCED:
                end = len(self._commits) - (not last)  # also one that was done must wait
                self._delivered = max(self._delivered, min(reply.last, end))
        self._copied = min(self._copied, self._delivered)

    async def _commit(self, change: Change) -> Saved:
        at = self._backend.clock()
        if self._saving is SaveState.BATCH:
            self._batch.append(Commit(len(self._batch) + 1, change, at))
            return Saved.MEMORY
        self._commits.append(encode(Commit(len(self._commits) + 1, change, at)))
        began_at = time.perf_counter()
        saved = await self._save()
        metrics.commit_seconds.labels(saved.value).observe(time.perf_counter() - began_at)
        return saved

    async def _save(self) -> Saved:
        if self._saving.is_degraded:
            return await self._keep()
        cancelled, self._keeping = self._keeping, None  # begun for a commit that was cancelled
        is_open = self._backend.breaker.is_open
        result = SaveState.AWAY if is_open else await self._delivered_in_time()
        keeping, self._keeping = self._keeping, None
        if result is SaveState.ONLINE:
            if keeping or cancelled:
                self._backend.fallback.forget(self.info.id)
            self._backend.mirror_soon(self.info.call_sid)
            return Saved.REDIS
        self._degrade(result)
        self._recovery = self._backend.tasks.start(self._recover())
        return await (keeping or self._keep())

    async def _keep(self) -> Saved:
        return await self._backend.fallback.keep(self.pending)

    async def _delivered_in_time(self) -> SaveState:
        """Return the state after everything that waits was brought, or the deadline is over."""
        if self._flight is None or self._flight.done():
            self._flight = self._backend.tasks.start(self.attempt())
        deadline_s = self._backend.settings.commit_deadline_ms / 1000
        first_s = deadline_s * FALLBACK_BEGINS
        await asyncio.wait({self._flight}, timeout=first_s)
        if not self._flight.done():
            self._keeping = self._backend.tasks.start(self._keep())
            await asyncio.wait({self._flight}, timeout=deadline_s - first_s)
        if not self._waiting:
            return SaveState.ONLINE
        if not self._flight.done() or self._flight.cancelled():
            return SaveState.AWAY
        result = self._flight.result()  # a fault of ours, not of Redis, is seen here
        return SaveState.AWAY if result is SaveState.ONLINE else result

    def _degrade(self, state: SaveState) -> None:
        """Enter a degraded state, and log it when it is a new one."""
        if state is not self._saving:
            self._saving = state
            _warn(self.info.call_sid, state, self._why, self._waiting)
        if state is SaveState.AWAY:
            self._backend.breaker.trip()

    async def _recover(self) -> None:
        """Bring what waits as soon as Redis answers; then the fallback store may forget it."""
        if self._flight is not None:
            await asyncio.wait({self._flight})  # its late answer, or its end
        policy = self._backend.breaker.policy
        pause_s = policy.first_pause_s
        await self._backend.breaker.closed()
        while (result := await self.attempt()) is not SaveState.ONLINE:
            self._degrade(result)
            if result is SaveState.BROKEN:
                return
            await asyncio.sleep(pause_s)
            pause_s = policy.longer(pause_s)
            await self._backend.breaker.closed()
        self._recovered()

    def _recovered(self) -> None:
        self._saving = SaveState.ONLINE
        self._backend.fallback.forget(self.info.id)
        self._backend.mirror_soon(self.info.call_sid)
        self._settled()
        place = partial(secure_place, self._backend, self.info.call_sid)
        self._backend.best_effort.add(("place", self.info.call_sid), place)
        log.info("redis_back", call_sid=self.info.call_sid)

    def _settled(self) -> None:
        caller = self.info.fresh.get("caller") or self.state.caller
        self._backend.index_soon(self.info.call_sid, caller, self.info.began)

    async def _settle(self) -> None:
        """Give Redis a moment at the end; the recovery goes on without the session."""
        if self._waiting and self._backend.breaker.is_open and await self._keep() is Saved.JOURNAL:
            return
        if self._recovery is not None:
            await asyncio.wait({self._recovery}, timeout=CLOSE_PATIENCE_S)
        if self._saving is SaveState.BROKEN and await self._last_attempt():
            return
        if self._waiting and await self._keep() is not Saved.JOURNAL:
            advice = "Redis and the journal are both away; it is lost if this process ends now"
            facts = {"call_sid": self.info.call_sid, "commits": self._waiting, "advice": advice}
            log.error("record_only_in_memory", **facts)

    async def _last_attempt(self) -> bool:
        """Try once more: what stood in the way may be repaired. Else it becomes a dead letter."""
        match await self.attempt():
            case SaveState.ONLINE:
                self._recovered()
                return True
            case SaveState.BROKEN:
                letter = self._backend.fallback.put_dead_letter(self.pending, self._why)
                return await letter is Saved.JOURNAL
        self._recovery = self._backend.tasks.start(self._recover())
        return False

    async def _reconcile(self) -> None:
        """Write again what this session wrote and Redis does not have: the safety net."""
        if self._waiting or self.fenced or not self._commits:
            return
        try:
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                actual = await self._backend.record(self.info.call_sid)
        except (*AWAY, BrokenRecord, TimeoutError):
            return  # what this session wrote was acknowledged
        lost = missing(self.pending, actual)
        if count := len(lost.fields) + len(lost.history):
            metrics.record_defects.inc(count)
            log.error("record_mended", call_sid=self.info.call_sid, lost=count)
            at = self._commits[-1].at
            self._commits.append(encode_missing(len(self._commits) + 1, at, lost))
            await self._save()


def _warn(call_sid: CallSid, state: SaveState, why: str, waiting: int) -> None:
    facts = {"call_sid": call_sid, "waiting": waiting}
    match state:
        case SaveState.BROKEN:
            metrics.commits_refused.inc()
            advice = "what stands at this call's keys is no record of ours; see `voicebot journal`"
            log.error("redis_refuses", why=why, advice=advice, **facts)
        case SaveState.UNCOPIED:
            metrics.commits_uncopied.inc()
            advice = "it is kept here as well until they do; see VOICEBOT_WAIT_REPLICAS"
            log.warning("too_few_replicas", advice=advice, **facts)
        case _:
            metrics.commit_failures.inc()
            advice = "the call goes on; what was said is kept and written when Redis takes it"
            log.warning("redis_away", why=why, advice=advice, **facts)
