"""The record of every call, as the rest of the house asks for it.

`open_call` gives a session its ledger; readers get skeletons; integrators get four small
writes. All writing goes through the scripts, so a change is in the record as a whole or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, CallState, Phase, Status, Step, parse_call_sid
from voicebot.errors import BrokenRecord, InvalidCallSid, StoreUnavailable
from voicebot.log import get_logger
from voicebot.settings import Settings
from voicebot.store import integrator_writes as updates
from voicebot.store.background import Chores, Tasks
from voicebot.store.breaker import Breaker
from voicebot.store.client import AWAY, answering, why_away
from voicebot.store.commits import Founding, Held, Session, Update, save_mode
from voicebot.store.events import EventReader
from voicebot.store.health import is_ready
from voicebot.store.index import Callers, Locks, Presence, RecentCalls
from voicebot.store.integrator_writes import SmallWrites
from voicebot.store.journal import Journal
from voicebot.store.keys import CHANNEL, call_keys, legacy_key
from voicebot.store.legacy import write_legacy
from voicebot.store.models import CallSkeleton
from voicebot.store.reader import Reader
from voicebot.store.record import call_skeleton, fresh_fields, iso_utc, utc_now
from voicebot.store.replay import Replayer
from voicebot.store.replicas import TooFewReplicas, replicated
from voicebot.store.scripts import EVENTS_KEPT, Script, Scripts
from voicebot.store.session import Delivery, Manner, MemoryShelf, RecordLedger
from voicebot.store.slots import Slots
from voicebot.store.turns import TurnLedger

log = get_logger(__name__)

OPEN_PATIENCE_S = 0.5
"""How long a beginning call waits for its claim; after that it begins unclaimed."""

REPLAY_PATIENCE_S = 10.0
REPLAY_EVERY_S = 1.0
"""A worker that was killed leaves its journal; the others look for it this often. What waited is
to be in Redis two seconds after Redis takes it again."""
PROBE_PATIENCE_S = 0.1  # one slow commit opens the breaker too: who begins blind asks all again
MIRROR_TRIES = 3
"""How often the mirror begins again when somebody else wrote it meanwhile."""
_MIRROR = Script("mirror", behind=())


class Store:
    """One process's way to the records. `open_store` makes one, starts it and closes it."""

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        business: Business,
        *,
        journal: Journal | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._settings = settings
        self._business = business
        self._journal = journal
        self._clock = clock
        self._retention_s = settings.retention_s
        copied = replicated(client, settings)
        self._scripts = Scripts(client, retention_s=self._retention_s, copied=copied)
        self._recent = RecentCalls(client, self._retention_s)
        self._chores = Chores()
        self._tasks = Tasks()
        self._breaker = Breaker(client.ping, self._tasks)
        self._reader = Reader(client, self._scripts, business, settings.data_dir, clock)
        self._small = SmallWrites(
            self._scripts, self._reader.old_record, journal, self._breaker, self._tasks, clock
        )
        self._replayer = Replayer(
            settings.data_dir, self._restored, self._small.bring, self._brought
        )
        self.events = EventReader(client, retention_s=self._retention_s)
        self.presence = Presence(client)
        self.locks = Locks(client)
        self.callers = Callers(
            client, self._reader.record, self._reader.state_of, settings.resume_window_h
        )

    async def start(self) -> None:
        """Open the journal and bring what ended processes left, before calls are taken."""
        if self._journal is not None:
            await self._journal.open()
        try:
            async with asyncio.timeout(REPLAY_PATIENCE_S):
                await self.replay()
        except (StoreUnavailable, TimeoutError):
            log.warning("replay_waits", advice="it goes on by itself when Redis answers")
        self._replaying = self._tasks.start(self._keep_replaying())

    async def aclose(self) -> None:
        """Finish the chores, let go of Redis; what waits in the journal is the next process's."""
        await self._tasks.close()
        await self._chores.finish()
        if self._journal is not None:
            await self._journal.close()
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
        """`replay`, and once more what was put aside because Redis refused it."""
        return await self._replayed(self._replayer.by_hand)

    async def _replayed(self, run: Callable[[], Awaitable[int]]) -> int:
        with answering():
            return await run()

    async def open_call(
        self, call_sid: CallSid, *, caller: str | None, business: Business | None = None
    ) -> RecordLedger:
        """Claim the call for a new session; never raises because Redis is away.

        A record is made when there is none, from the old system's when that has one. Without a
        caller the one in the record counts.
        """
        began = self._clock()
        fresh = fresh_fields(call_sid, business or self._business, caller, began)
        session = Session(call_sid, uuid4().hex, began, fresh)
        delivery = Delivery(self._scripts, session, self._reader.founding, self._clock)
        state = await self._claimed(delivery)
        caller = caller or state.caller
        state = await self._with_earlier(state, call_sid, caller, began)
        self._seen(call_sid, caller, began)
        self._touched(call_sid)
        return RecordLedger(delivery, state, self._manner(call_sid, caller, began))

    async def open_turn(
        self, call_sid: CallSid, *, caller: str | None = None, requests: Sequence[str] = ()
    ) -> TurnLedger:
        """Begin a turn over HTTP; what the named requests were answered before comes with it.

        Nothing is claimed or written yet. Raises StoreUnavailable and BrokenRecord.
        """
        began = self._clock()
        with answering():
            record, answers = await self._scripts.read_turn(call_sid, requests, at=began)
            found = record or await self._reader.old_record(call_sid)
        fresh = fresh_fields(call_sid, self._business, caller, began)
        record = record or Founding(
            {**fresh, **(found.fields if found else {})}, found.history if found else ()
        )
        state = await self._reader.state(call_sid, record)
        caller = caller or state.caller
        state = await self._with_earlier(state, call_sid, caller, began)

        def written() -> None:
            self._seen(call_sid, caller, began)
            self._touched(call_sid)

        manner = self._manner(call_sid, caller, began)
        return TurnLedger(
            call_sid=call_sid,
            began=began,
            known=found is not None,
            record=record,
            state=state,
            answers=answers,
            scripts=self._scripts,
            appointments=manner.slots,
            continued=manner.continue_earlier,
            written=written,
            clock=self._clock,
        )

    async def get_call_skeleton(self, call_sid: str) -> CallSkeleton | None:
        """The typed record, or None for an unknown call; StoreUnavailable, BrokenRecord."""
        try:
            with answering():
                record = await self._reader.record(parse_call_sid(call_sid))
        except InvalidCallSid:
            return None
        return (
            call_skeleton({**record.fields, "callSid": call_sid}, record.history)
            if record
            else None
        )

    async def get_call_skeleton_dict(self, call_sid: str) -> dict[str, object] | None:
        """The nested form, or None for an unknown call; StoreUnavailable, BrokenRecord."""
        skeleton = await self.get_call_skeleton(call_sid)
        return skeleton.nested() if skeleton else None

    async def status(self, call_sid: CallSid) -> Status | None:
        """Where a call stands, what waits in a journal included; None when nobody knows."""
        try:
            async with asyncio.timeout(OPEN_PATIENCE_S):
                text = await cast(
                    Awaitable[str | None], self._client.hget(call_keys(call_sid).call, "status")
                )
        except (*AWAY, TimeoutError):
            text = None
        return await self._reader.status(call_sid, text)

    async def recent_calls(self, limit: int = 50, offset: int = 0) -> list[CallSid]:
        """Newest first; raises StoreUnavailable."""
        with answering():
            return await self._recent.newest(limit, offset)

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
        """Set name, phone, address or email, in normal form. True when it is saved."""
        now, zone = self._clock(), self._business.zone
        return await self._update(
            call_sid,
            lambda: updates.user_info(
                self._business, field_name, field_value, updates.timestamp(timestamp, now, zone)
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
                self._business,
                service_name,
                service_time,
                updates.timestamp(timestamp, now, zone),
                now,
            ),
        )

    async def update_conversation_history(
        self, call_sid: str, message: updates.HistoryInput
    ) -> bool:
        """Append one message: speaker (`AI` or `customer`), message, startedAt."""
        return await self._update(call_sid, lambda: updates.history_message(message, self._clock()))

    async def update_booking_status(
        self, call_sid: str, is_booked: bool | None, email_sent: bool = False
    ) -> bool:
        """Set `servicebooked`, unless it is None; `email_sent=True` sets `confirmEmailsent`."""
        return await self._update(call_sid, lambda: updates.booking_status(is_booked, email_sent))

    async def _update(self, call_sid: str, make: Callable[[], Update]) -> bool:
        try:
            sid = parse_call_sid(call_sid)
            known = await self._small.write(sid, make())
        except (updates.Refused, InvalidCallSid, BrokenRecord) as refusal:
            log.warning("update_refused", why=str(refusal))
            return False
        except StoreUnavailable as error:
            log.warning("update_not_saved", call_sid=call_sid, why=str(error))
            return False
        if known:
            self._touched(sid)
        else:
            log.warning("update_refused", call_sid=call_sid, why="there is no record of this call")
        return known

    async def _with_earlier(
        self, state: CallState, call_sid: CallSid, caller: str | None, began: datetime
    ) -> CallState:
        """Add open calls of the same number; the caller does not wait long for being known."""
        if state.step is not Step.NAME:
            return state
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_PATIENCE_S):
                found = await self.callers.open_calls_of(caller, besides=call_sid, now=began)
                return replace(state, earlier=found)
        return state

    async def _claimed(self, delivery: Delivery) -> CallState:
        call_sid, record = delivery.session.call_sid, None
        try:
            async with asyncio.timeout(PROBE_PATIENCE_S):
                await self._breaker.closed()
            async with asyncio.timeout(OPEN_PATIENCE_S):
                claimed = await delivery.claim()
            record = Founding(claimed.fields, claimed.history)
            return await self._reader.state(call_sid, record)
        except BrokenRecord as broken:
            log.error("claim_refused", call_sid=call_sid, why=broken.why)
        except ResponseError:  # it takes no write just now; what it has it still tells
            with suppress(*AWAY, BrokenRecord, TimeoutError):
                async with asyncio.timeout(OPEN_PATIENCE_S):
                    record = await self._reader.record(call_sid)
        except (*AWAY, TimeoutError):
            self._breaker.trip()
        advice = "the call is taken, and written when Redis answers"
        log.warning("call_begins_unclaimed", call_sid=call_sid, advice=advice)
        return await self._reader.state(call_sid, record)

    def _restored(self, held: Held) -> Delivery:
        return Delivery.restored(held, self._scripts, self._reader.founding, self._clock)

    def _brought(self, session: Session) -> None:
        """A call whose process died while Redis was away may be in no index yet."""
        self._seen(session.call_sid, session.fresh.get("caller"), session.began)
        self._touched(session.call_sid)

    async def _keep_replaying(self) -> None:
        while True:
            await asyncio.sleep(REPLAY_EVERY_S)
            await self._breaker.closed()
            try:
                await self._replayer.run()
            except (TooFewReplicas, ResponseError) as error:  # some of them; asked again soon
                log.debug("replay_waits", why=why_away(error))
            except AWAY:
                self._breaker.trip()

    def _manner(self, call_sid: CallSid, caller: str | None, began: datetime) -> Manner:
        slots = Slots(self._client, self._business, call_sid, self._clock)

        async def continue_earlier(earlier: CallSid) -> None:
            await self.callers.continued(earlier, call_sid)
            await slots.take_over(earlier)

        return Manner(
            mode=save_mode(self._settings, call_sid),
            deadline_s=self._settings.commit_deadline_ms / 1000,
            shelf=self._journal or MemoryShelf(),
            breaker=self._breaker,
            tasks=self._tasks,
            read=self._reader.record,
            saved=lambda: self._touched(call_sid),
            settled=lambda: self._seen(call_sid, caller, began),
            continue_earlier=continue_earlier,
            slots=slots,
            clock=self._clock,
        )

    def _touched(self, call_sid: CallSid) -> None:
        """What follows a write, when there is time: the old system's string."""
        if self._settings.mirror_json:
            self._chores.add(("mirror", call_sid), lambda: self._mirror(call_sid))

    def _seen(self, call_sid: CallSid, caller: str | None, began: datetime) -> None:
        """The indexes of recent calls and of callers; again at the end, should Redis be away."""
        self._chores.add(("index", call_sid), lambda: self._recent.add(call_sid, began))
        if caller:
            self._chores.add(
                ("caller", call_sid), lambda: self.callers.add(caller, call_sid, began)
            )

    async def _mirror(self, call_sid: CallSid) -> None:
        """Bring the old system's string up to date; what it holds beside that stays in it."""
        for _ in range(MIRROR_TRIES):
            record = await self._scripts.read(call_sid, at=self._clock())
            old = await self._reader.old_bytes(call_sid)
            text = write_legacy(record, old, self._business) if record else None
            if text is None:
                return
            read, life_s = (old or b"").decode(), self._retention_s
            if await _MIRROR.run(self._client, [legacy_key(call_sid)], [read, text, life_s]):
                return
