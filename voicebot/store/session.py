"""One session's pen: it numbers the commits, keeps the deadline, and never loses one.

    commit ──► Redis answers in time ───────────────► Saved.REDIS
           └─► away, or silent past the deadline ────► the shelf keeps it (journal, else memory)
                                                      and the session is behind:
    behind: later commits go to the shelf as well; a recovery brings all of them in order as
            soon as Redis answers, and the shelf may forget them

The shelf begins at half of the deadline, so that both have ended when the conversation has
waited long enough. A late answer is still awaited in the background: a slow Redis is not asked
twice. What Redis denies just now, or has and too few replicas have, is behind as well, until it
is written. Where a key of another type stands at the call's place, Redis is not asked again until
the call ends; what is not written then is put aside for a person (`voicebot journal`). None of
these keeps other calls from Redis: only a Redis that does not answer opens the breaker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from redis.exceptions import ResponseError

from voicebot.call import CallSid, CallState, Change, Saved
from voicebot.errors import BrokenRecord, Fenced
from voicebot.log import get_logger
from voicebot.settings import SaveMode
from voicebot.store import metrics
from voicebot.store.background import Tasks
from voicebot.store.breaker import FIRST_PAUSE_S, Breaker, longer
from voicebot.store.client import AWAY, why_away
from voicebot.store.commits import Commit, Founding, Held, Sealed, Session, merge, seal
from voicebot.store.record_diff import missing, record_of
from voicebot.store.replicas import TooFewReplicas
from voicebot.store.scripts import Claimed, Scripts, Verdict
from voicebot.store.slots import Slots

log = get_logger(__name__)

CLOSE_PATIENCE_S = 2.0
"""How long the end of a call waits for Redis; the caller is gone by then."""

SHELF_BEGINS = 0.5
"""This part of the deadline is left to Redis alone: most late answers come before it."""


class Shelf(Protocol):
    """Where commits rest while Redis is away."""

    async def keep(self, held: Held) -> Saved:
        """Take all that a session has to bring; the answer says how safe it is."""
        ...

    def forget(self, session_id: str) -> None:
        """Redis has everything of this session."""
        ...

    async def put_aside(self, held: Held, why: str) -> Saved:
        """Redis will never take it: keep it where only a person asks again."""
        ...


class MemoryShelf:
    """The session's own memory: good until this process dies."""

    async def keep(self, held: Held) -> Saved:
        """Nothing to do: the delivery keeps its commits anyway."""
        return Saved.MEMORY

    def forget(self, session_id: str) -> None:
        """Nothing to do."""

    async def put_aside(self, held: Held, why: str) -> Saved:
        """There is no place for it."""
        return Saved.MEMORY


@dataclass(frozen=True, slots=True)
class Manner:
    """How a session saves.

    deadline_s  how long the conversation waits for Redis on one commit
    saved       told after commits have reached Redis (the mirror); must not block
    settled     told when Redis is back, and at the end (the indexes); must not block
    continue_earlier  an earlier call of the caller goes on as this one
    slots       the places in the business's calendar that this call may hold
    """

    mode: SaveMode
    deadline_s: float
    shelf: Shelf
    breaker: Breaker
    tasks: Tasks
    read: Callable[[CallSid], Awaitable[Founding | None]]
    saved: Callable[[], None]
    settled: Callable[[], None]
    continue_earlier: Callable[[CallSid], Awaitable[None]]
    slots: Slots
    clock: Callable[[], datetime]


class RecordLedger:
    """`voicebot.call.Ledger` over the commit script. Close it when the call has ended."""

    def __init__(self, delivery: Delivery, state: CallState, manner: Manner) -> None:
        self._delivery = delivery
        self._state = state
        self._manner = manner
        self._turn = asyncio.Lock()
        self._flight: asyncio.Task[Outcome] | None = None
        self._shelving: asyncio.Task[Saved] | None = None
        self._recovery: asyncio.Task[None] | None = None
        self._outcome = Outcome.BROUGHT
        self._behind = False
        self._batch: list[Commit] = []

    @property
    def state(self) -> CallState:
        """The record as it was found when the session claimed the call."""
        return self._state

    @property
    def appointments(self) -> Slots:
        """The business's calendar; what is held and not booked is let go by `close`."""
        return self._manner.slots

    async def continue_earlier(self, earlier: CallSid) -> None:
        """See Ledger.continue_earlier."""
        await self._manner.continue_earlier(earlier)

    @property
    def unsaved(self) -> int:
        """Commits that are not in Redis yet."""
        return self._delivery.waiting + len(self._batch)

    async def commit(self, change: Change) -> Saved:
        """Write all of `change` or nothing; raises Fenced when a newer session owns the call."""
        async with self._turn:
            saved = await self._take(change)
        if self._delivery.fenced:
            raise Fenced("a newer session has taken this call over; end this one quietly")
        return saved

    async def caught_up(self) -> None:
        """Wait until a session that fell behind has everything in Redis."""
        if self._recovery is not None:
            await asyncio.wait({self._recovery})

    async def close(self) -> None:
        """Write what still waits, and in batch mode everything. Never raises for Redis.

        Places that are held and not booked are let go.
        """
        await self._manner.slots.leave()
        async with self._turn:
            if self._batch:
                self._delivery.add(seal(merge(self._batch)))
                self._batch.clear()
            if self._delivery.waiting:
                await self._save()
            await self._settle()
            await self._reconcile()
            self._manner.settled()

    async def _take(self, change: Change) -> Saved:
        at = self._manner.clock()
        if self._manner.mode is SaveMode.BATCH:
            self._batch.append(Commit(len(self._batch) + 1, change, at))
            return Saved.MEMORY
        self._delivery.add(seal(Commit(self._delivery.next_seq, change, at)))
        began_at = time.perf_counter()
        saved = await self._save()
        metrics.commit_seconds.labels(saved.value).observe(time.perf_counter() - began_at)
        return saved

    async def _save(self) -> Saved:
        if self._behind:
            return await self._manner.shelf.keep(self._delivery.held)
        cancelled, self._shelving = self._shelving, None  # begun for a commit nobody waits for
        self._outcome = Outcome.AWAY if self._manner.breaker.is_open else await self._brought()
        shelving, self._shelving = self._shelving, None
        if self._outcome is Outcome.BROUGHT:
            if shelving or cancelled:
                self._manner.shelf.forget(self._delivery.session.id)
            self._manner.saved()
            return Saved.REDIS
        self._fall_behind()
        return await (shelving or self._manner.shelf.keep(self._delivery.held))

    async def _brought(self) -> Outcome:
        """What Redis made of everything that waits, within the deadline."""
        if self._flight is None or self._flight.done():
            self._flight = self._manner.tasks.start(self._delivery.attempt())
        first_s = self._manner.deadline_s * SHELF_BEGINS
        await asyncio.wait({self._flight}, timeout=first_s)
        if not self._flight.done():
            self._shelving = self._manner.tasks.start(self._manner.shelf.keep(self._delivery.held))
            await asyncio.wait({self._flight}, timeout=self._manner.deadline_s - first_s)
        if not self._delivery.waiting:
            return Outcome.BROUGHT
        if not self._flight.done() or self._flight.cancelled():
            return Outcome.AWAY
        outcome = self._flight.result()  # a fault of ours, not of Redis, is seen here
        return Outcome.AWAY if outcome is Outcome.BROUGHT else outcome

    def _fall_behind(self) -> None:
        self._behind = True
        _warn(self._delivery, self._outcome)
        if self._outcome is Outcome.AWAY:
            self._manner.breaker.trip()
        self._recovery = self._manner.tasks.start(self._recover())

    async def _recover(self) -> None:
        """Bring what waits as soon as Redis answers; then the shelf may forget it."""
        if self._flight is not None:
            await asyncio.wait({self._flight})  # its late answer, or its end
        pause_s = FIRST_PAUSE_S
        await self._manner.breaker.closed()
        while (outcome := await self._delivery.attempt()) is not Outcome.BROUGHT:
            if outcome is not self._outcome:
                self._outcome = outcome
                _warn(self._delivery, outcome)
            if outcome is Outcome.BROKEN:
                return
            if outcome is Outcome.AWAY:
                self._manner.breaker.trip()
            await asyncio.sleep(pause_s)
            pause_s = longer(pause_s)
            await self._manner.breaker.closed()
        self._caught_up()

    def _caught_up(self) -> None:
        self._behind = False
        self._manner.shelf.forget(self._delivery.session.id)
        self._manner.saved()
        self._manner.settled()
        log.info("redis_back", call_sid=self._delivery.session.call_sid)

    async def _last_attempt(self) -> bool:
        """What stood in the way may have been mended since; else a person must bring it."""
        match await self._delivery.attempt():
            case Outcome.BROUGHT:
                self._caught_up()
                return True
            case Outcome.BROKEN:
                held, why = self._delivery.held, self._delivery.why
                return await self._manner.shelf.put_aside(held, why) is Saved.JOURNAL
        self._recovery = self._manner.tasks.start(self._recover())
        return False

    async def _settle(self) -> None:
        """Give Redis a moment at the end; the recovery goes on without the session."""
        if self._delivery.waiting and self._manner.breaker.is_open and await self._on_disk():
            return
        if self._recovery is not None:
            await asyncio.wait({self._recovery}, timeout=CLOSE_PATIENCE_S)
        broken = self._behind and self._outcome is Outcome.BROKEN
        if broken and await self._last_attempt():
            return
        if self._delivery.waiting and not await self._on_disk():
            log.error(
                "record_only_in_memory",
                call_sid=self._delivery.session.call_sid,
                commits=self._delivery.waiting,
                advice="Redis and the journal are both away; it is lost if this process ends now",
            )

    async def _on_disk(self) -> bool:
        return await self._manner.shelf.keep(self._delivery.held) is Saved.JOURNAL

    async def _reconcile(self) -> None:
        """The safety net: what this session wrote and Redis does not have is written again."""
        if self._delivery.waiting or self._delivery.fenced or self._delivery.next_seq == 1:
            return
        held = self._delivery.held
        try:
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                actual = await self._manner.read(held.session.call_sid)
        except (*AWAY, BrokenRecord, TimeoutError):
            return  # what this session wrote was acknowledged
        lost = missing(_expected(held, actual), actual or Founding({}))
        if lost.count:
            metrics.record_defects.inc(lost.count)
            log.error("record_mended", call_sid=held.session.call_sid, lost=lost.count)
            self._delivery.add(lost.commit(self._delivery.next_seq, held))
            await self._save()


def _expected(held: Held, actual: Founding | None) -> Founding:
    """The session's record; under a newer owner only its history must still be there."""
    record = record_of(held)
    ours = actual is None or actual.fields.get("epoch") == str(held.epoch)
    return record if ours else Founding({}, record.history)


def _warn(delivery: Delivery, outcome: Outcome) -> None:
    told = {"call_sid": delivery.session.call_sid, "waiting": delivery.waiting}
    match outcome:
        case Outcome.BROKEN:
            metrics.commits_refused.inc()
            advice = "what stands at this call's keys is no record of ours; see `voicebot journal`"
            log.error("redis_refuses", why=delivery.why, advice=advice, **told)
        case Outcome.UNCOPIED:
            metrics.commits_uncopied.inc()
            advice = "it is kept here as well until they do; see VOICEBOT_WAIT_REPLICAS"
            log.warning("too_few_replicas", advice=advice, **told)
        case _:
            metrics.commit_failures.inc()
            advice = "the call goes on; what was said is kept and written when Redis takes it"
            log.warning("redis_away", why=delivery.why, advice=advice, **told)


_BOOKKEEPING = ("epoch", "owner.", "seq.", "beganUs", "by.", "began.")
"""Fields that belong to claims, not to the call; a record made anew starts without them."""


class Outcome(StrEnum):
    """What became of bringing all that waits.

    AWAY     Redis did not answer
    DENIED   it answered that it takes no write now: no memory, a replica, no rights, busy, …
    BROKEN   a key of another type stands at the call's place; nobody but a person mends that
    UNCOPIED Redis has it, and too few replicas do
    """

    BROUGHT = "brought"
    AWAY = "away"
    DENIED = "denied"
    BROKEN = "broken"
    UNCOPIED = "uncopied"


Finder = Callable[[Session], Awaitable[Founding]]
"""Tells what a record is made from when there is none; may read Redis."""


class Delivery:
    """What a session has to bring, and how far it has come."""

    def __init__(
        self, scripts: Scripts, session: Session, find: Finder, clock: Callable[[], datetime]
    ) -> None:
        self.session = session
        self.fenced = False
        self.why = ""
        """What Redis said or did, after an attempt that did not bring everything."""
        self._scripts = scripts
        self._find = find
        self._clock = clock
        self._epoch: int | None = None
        self._found: Founding | None = None
        self._commits: list[Sealed] = []
        self._delivered = 0
        self._copied = 0

    @classmethod
    def restored(
        cls, held: Held, scripts: Scripts, find: Finder, clock: Callable[[], datetime]
    ) -> Self:
        """The delivery of a session whose process may be gone."""
        delivery = cls(scripts, held.session, find, clock)
        if held.epoch is not None:
            delivery._epoch, delivery._found = held.epoch, held.found
        delivery._commits = list(held.commits)
        delivery._delivered = delivery._copied = held.delivered
        return delivery

    @property
    def held(self) -> Held:
        """Everything, for the journal."""
        return Held(
            self.session,
            self._epoch,
            self._found or Founding(self.session.fresh),
            self._copied,
            tuple(self._commits),
        )

    @property
    def waiting(self) -> int:
        """How many commits Redis, and its replicas where they count, have not acknowledged."""
        return len(self._commits) - self._copied

    @property
    def next_seq(self) -> int:
        """The number of the next commit."""
        return len(self._commits) + 1

    def add(self, commit: Sealed) -> None:
        """Take a commit; `catch_up` brings it."""
        self._commits.append(commit)

    async def claim(self, *, late: bool = False) -> Claimed:
        """Own the call; raises client.AWAY and BrokenRecord."""
        found = self._found or await self._find(self.session)
        claimed = await self._scripts.claim(self.session, found, at=self._clock(), late=late)
        self._epoch = claimed.epoch
        self._found = self._found or _without_bookkeeping(claimed)
        self.fenced = self.fenced or claimed.late
        return claimed

    async def attempt(self) -> Outcome:
        """`catch_up`, with its end as a value."""
        try:
            await self.catch_up()
        except BrokenRecord as broken:
            self.why = broken.why
            return Outcome.BROKEN
        except TooFewReplicas:
            return Outcome.UNCOPIED
        except AWAY as error:
            self.why = why_away(error)
            log.debug("not_brought", call_sid=self.session.call_sid, why=self.why)
            return Outcome.DENIED if isinstance(error, ResponseError) else Outcome.AWAY
        return Outcome.BROUGHT

    async def catch_up(self) -> None:
        """Bring everything that waits, claiming first where that has not been done.

        Raises client.AWAY, BrokenRecord and TooFewReplicas; can be called again at any time,
        nothing is applied twice.
        """
        while self._delivered < len(self._commits):
            if self._epoch is None:
                await self.claim(late=True)
            else:
                await self._send(self._commits[self._delivered], self._epoch)
        self._copied = self._delivered

    async def _send(self, commit: Sealed, epoch: int) -> None:
        """Only the last one waits for replicas, for all before it: they copy in order."""
        last = commit.seq == len(self._commits)
        reply = await self._scripts.commit(self.session, epoch, commit, copied=last)
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


def _without_bookkeeping(claimed: Claimed) -> Founding:
    fields = {n: v for n, v in claimed.fields.items() if not n.startswith(_BOOKKEEPING)}
    return Founding(fields, claimed.history)
