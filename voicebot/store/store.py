"""Store: one process's access to the records of all calls.

`open_call` returns the session of a phone call, `open_turn` a turn over HTTP. All writing goes
through the scripts, so a change is in the record as a whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, CallState, Phase, Status, Step, parse_call_sid
from voicebot.errors import BrokenRecord, InvalidCallSid, StoreUnavailable
from voicebot.log import get_logger
from voicebot.settings import Settings
from voicebot.store.background import BestEffortQueue, Tasks, redis_breaker
from voicebot.store.client import AWAY, unavailable_when_away, why_away
from voicebot.store.commits import PendingCommits, SessionInfo, save_mode
from voicebot.store.events import EventReader
from voicebot.store.fallback import FallbackStore
from voicebot.store.health import is_ready
from voicebot.store.index import Callers, Locks, Presence, add_recent
from voicebot.store.integrator_writes import IntegratorWrites
from voicebot.store.keys import CHANNEL, call_keys, legacy_key
from voicebot.store.legacy import write_legacy
from voicebot.store.models import CallSkeleton
from voicebot.store.reader import Reader
from voicebot.store.record import CallRecord, fresh_fields, iso_utc, utc_now
from voicebot.store.replay import Replayer
from voicebot.store.replicas import TooFewReplicas, replicated
from voicebot.store.scripts import EVENTS_KEPT, Script, Scripts
from voicebot.store.session import CallSession, SessionBackend
from voicebot.store.slots import Slots
from voicebot.store.turns import HttpTurn

log = get_logger(__name__)

OPEN_PATIENCE_S = 0.5
"""How long a beginning call waits for its claim; after that it begins unclaimed."""

INDEX_PATIENCE_S = 0.5
"""How long a turn over HTTP waits for the indexes; after that they are written in time."""

REPLAY_PATIENCE_S = 10.0
REPLAY_EVERY_S = 1.0
"""A worker that was killed leaves its journal; the others look for it this often. What waited is
to be in Redis two seconds after Redis takes it again."""
PROBE_PATIENCE_S = 0.1  # one slow commit opens the breaker too: who begins blind asks all again
MIRROR_TRIES = 3
"""How often the mirror begins again when another program wrote it meanwhile."""
_MIRROR = Script("mirror", behind=())


class Store:
    """Access to the records. `open_store` makes one, starts it and closes it.

    events      reads what happens in calls, and their records
    presence    marks calls that are on the phone
    locks       keep two processes from the same work for one call
    callers     finds earlier calls of a number
    writes      the four small writes of integrators
    fallback    where writes rest while Redis is away
    breaker     open while Redis does not answer
    best_effort work that may be late: indexes, the mirror, phases
    tasks       what runs beside the conversations; `replaying` is one of them
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
        self._client = client
        self._settings = settings
        self._business = business
        self._clock = clock
        self.fallback = fallback or FallbackStore(None)
        copied = replicated(client, settings)
        self._scripts = Scripts(client, retention_s=settings.retention_s, copied=copied)
        self.best_effort = BestEffortQueue()
        self.tasks = Tasks()
        self.breaker = redis_breaker(client.ping, self.tasks)
        self._reader = Reader(client, self._scripts, business, settings.data_dir, clock)
        self.events = EventReader(client, retention_s=settings.retention_s)
        self.presence = Presence(client)
        self.locks = Locks(client)
        self.callers = Callers(client, self._reader, settings.resume_window_h)
        self.writes = IntegratorWrites(
            self._scripts,
            self._reader,
            self.fallback,
            self.breaker,
            self.tasks,
            business,
            self._mirror_soon,
            clock,
        )
        self._backend = SessionBackend(
            scripts=self._scripts,
            reader=self._reader,
            fallback=self.fallback,
            breaker=self.breaker,
            tasks=self.tasks,
            callers=self.callers,
            slots=lambda call_sid: Slots(client, business, call_sid, clock),
            deadline_s=settings.commit_deadline_ms / 1000,
            saved=self._mirror_soon,
            settled=self._index_soon,
            clock=clock,
        )
        self._replayer = Replayer(
            settings.data_dir, self._deliver, self.writes.deliver, self._replayed_session
        )

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
        await self._client.aclose()

    async def is_ready(self) -> bool:
        """Return whether most records can be written in Redis now."""
        return await is_ready(self._client)

    async def replay(self) -> int:
        """Bring what ended processes left in their journals; returns how many writes.

        Raises StoreUnavailable when Redis did not take everything; nothing is lost by that.
        """
        return await self._replayed(self._replayer.run)

    async def replay_by_hand(self) -> int:
        """Replay, and try dead letters once more, which Redis has refused."""
        return await self._replayed(self._replayer.by_hand)

    async def _replayed(self, run: Callable[[], Awaitable[int]]) -> int:
        with unavailable_when_away():
            return await run()

    async def open_call(
        self, call_sid: CallSid, *, caller: str | None, business: Business | None = None
    ) -> CallSession:
        """Claim the call for a new session; never raises because Redis is away.

        A record is made when there is none, from the old system's when that has one. Without a
        caller the one in the record counts.
        """
        began = self._clock()
        fresh = fresh_fields(call_sid, business or self._business, caller, began)
        info = SessionInfo(call_sid, uuid4().hex, began, fresh)
        session = CallSession(info, self._backend, save_mode(self._settings, call_sid))
        state = await self._claimed(session)
        caller = caller or state.caller
        session.state = await self._with_earlier(state, call_sid, caller, began)
        self._written(call_sid, caller, began)
        return session

    async def open_turn(
        self, call_sid: CallSid, *, caller: str | None = None, requests: Sequence[str] = ()
    ) -> HttpTurn:
        """Begin a turn over HTTP; what the named requests were answered before comes with it.

        Nothing is claimed or written yet. Raises StoreUnavailable and BrokenRecord.
        """
        began = self._clock()
        with unavailable_when_away():
            record, answers = await self._scripts.read_turn(call_sid, requests, at=began)
            found = record or await self._reader.old_record(call_sid)
        fresh = fresh_fields(call_sid, self._business, caller, began)
        record = record or CallRecord(
            {**fresh, **(found.fields if found else {})}, found.history if found else ()
        )
        state = await self._reader.state(call_sid, record)
        caller = caller or state.caller
        return HttpTurn(
            call_sid=call_sid,
            began=began,
            known=found is not None,
            record=record,
            state=await self._with_earlier(state, call_sid, caller, began),
            answers=answers,
            backend=self._backend,
            appointments=self._backend.slots(call_sid),
            written=lambda: self._turn_written(call_sid, caller, began),
        )

    async def get_call_skeleton(self, call_sid: str) -> CallSkeleton | None:
        """Return the typed record, or None for an unknown call.

        Raises StoreUnavailable and BrokenRecord.
        """
        try:
            with unavailable_when_away():
                record = await self._reader.record(parse_call_sid(call_sid))
        except InvalidCallSid:
            return None
        return record.named(call_sid).skeleton if record else None

    async def get_call_skeleton_dict(self, call_sid: str) -> dict[str, object] | None:
        """Return the nested form of the record; see `get_call_skeleton`."""
        skeleton = await self.get_call_skeleton(call_sid)
        return skeleton.nested() if skeleton else None

    async def status(self, call_sid: CallSid) -> Status | None:
        """Return a call's status, what waits in a journal included; None for an unknown call."""
        try:
            async with asyncio.timeout(OPEN_PATIENCE_S):
                text = await cast(
                    Awaitable[str | None], self._client.hget(call_keys(call_sid).call, "status")
                )
        except (*AWAY, TimeoutError):
            text = None
        return await self._reader.status(call_sid, text)

    async def announce(self, call_sid: CallSid, phase: Phase) -> None:
        """Publish what the bot is doing to live watchers; best effort, never waits for Redis."""
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

        self.best_effort.add(("phase", call_sid, at, phase), tell)

    async def _with_earlier(
        self, state: CallState, call_sid: CallSid, caller: str | None, began: datetime
    ) -> CallState:
        """Return the state with open calls of the same number, looked up for OPEN_PATIENCE_S."""
        if state.step is not Step.NAME:
            return state
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_PATIENCE_S):
                found = await self.callers.open_calls_of(caller, besides=call_sid, now=began)
                return replace(state, earlier=found)
        return state

    async def _claimed(self, session: CallSession) -> CallState:
        call_sid, record = session.info.call_sid, None
        try:
            async with asyncio.timeout(PROBE_PATIENCE_S):
                await self.breaker.closed()
            async with asyncio.timeout(OPEN_PATIENCE_S):
                record = (await session.claim()).record
            return await self._reader.state(call_sid, record)
        except BrokenRecord as broken:
            log.error("claim_refused", call_sid=call_sid, why=broken.why)
        except ResponseError:  # it takes no write just now; what it has it still tells
            with suppress(*AWAY, BrokenRecord, TimeoutError):
                async with asyncio.timeout(OPEN_PATIENCE_S):
                    record = await self._reader.record(call_sid)
        except (*AWAY, TimeoutError):
            self.breaker.trip()
        advice = "the call is taken, and written when Redis answers"
        log.warning("call_begins_unclaimed", call_sid=call_sid, advice=advice)
        return await self._reader.state(call_sid, record)

    async def _deliver(self, pending: PendingCommits) -> None:
        await CallSession.restored(pending, self._backend).deliver()

    def _replayed_session(self, session: SessionInfo) -> None:
        """Add to the indexes: a process that died while Redis was away may not have done it."""
        self._written(session.call_sid, session.fresh.get("caller"), session.began)

    async def _keep_replaying(self) -> None:
        while True:
            await asyncio.sleep(REPLAY_EVERY_S)
            await self.breaker.closed()
            try:
                await self._replayer.run()
            except (TooFewReplicas, ResponseError) as error:  # some of them; asked again soon
                log.debug("replay_waits", why=why_away(error))
            except AWAY:
                self.breaker.trip()

    def _written(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        self._index_soon(call_sid, caller, began)
        self._mirror_soon(call_sid)

    async def _turn_written(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes before the answer to a turn over HTTP, whose client looks for it."""
        self._mirror_soon(call_sid)
        try:
            async with asyncio.timeout(INDEX_PATIENCE_S):
                await self._index(call_sid, caller, began)
        except (*AWAY, TimeoutError):
            self._index_soon(call_sid, caller, began)

    def _mirror_soon(self, call_sid: CallSid) -> None:
        """Rewrite the old system's string when there is time."""
        if self._settings.mirror_json:
            self.best_effort.add(("mirror", call_sid), lambda: self._mirror(call_sid))

    def _index_soon(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes when there is time; again at the end of the call."""
        index = partial(self._index, call_sid, caller, began)
        self.best_effort.add(("index", call_sid), index)

    async def _index(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """Add to the indexes of recent calls and of callers; raises client.AWAY."""
        await add_recent(self._client, call_sid, began, self._settings.retention_s)
        if caller:
            await self.callers.add(caller, call_sid, began)

    async def _mirror(self, call_sid: CallSid) -> None:
        """Rewrite the old system's string; what it holds beside our fields stays in it."""
        for _ in range(MIRROR_TRIES):
            record = await self._scripts.read(call_sid, at=self._clock())
            old = await self._reader.old_bytes(call_sid)
            text = write_legacy(record, old, self._business) if record else None
            if text is None:
                return
            read, life_s = (old or b"").decode(), self._settings.retention_s
            if await _MIRROR.run(self._client, [legacy_key(call_sid)], [read, text, life_s]):
                return
