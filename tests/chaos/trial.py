"""One trial: calls and troubles by plan, then the judgement."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import cast

import orjson
from redis.asyncio import Redis

from tests.chaos import faults
from tests.chaos.invariants import Evidence, Harm, Stored, Violation, judge
from tests.chaos.phone import Cut, Phone
from tests.chaos.plan import DENIALS, ENDS_SERVERS, OF_CLOCKS, OF_REDIS, Kind, Plan, Trouble
from tests.chaos.proxy import HOST
from tests.chaos.rebookings import wish_of
from tests.chaos.stage import Stage
from tests.chaos.trace import Trace
from tests.store.denials import no_memory, no_rights, read_only
from voicebot.business import load_business
from voicebot.call import CallSid
from voicebot.store import EventReader, utc_now
from voicebot.store.index import primaries
from voicebot.store.reconciliation import Reconciliation
from voicebot.store.replay import waiting_sessions

CALLS_S = 180.0
"""No trial's calls last so long, whatever happens to them."""

SETTLE_S = 60.0
"""After the last trouble everything must be in Redis within this."""

PROMPTLY_S = 2.0
"""Within this where Redis was there all the time and only took no writes for a while."""

_POLL_S = 0.02
_HELD_UP_S = 0.1
"""The wires to Redis go through this process: while it stands still so long, Redis is silent."""


@dataclass
class Result:
    """The result of a trial."""

    plan: Plan
    violations: list[Violation] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    """Of each call, at the end."""
    met: list[Kind] = field(default_factory=list)
    """Troubles that happened before the calls were over."""
    settled_s: float = 0.0
    log: str = ""


class Trial:
    """One plan on one stage. `run` is called once."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._trace = Trace()
        self._over = asyncio.Event()
        self._forgotten: tuple[float, float] | None = None
        self._held_up: list[float] = []
        self._result = Result(plan)
        self.phones = [self._phone(n) for n in range(plan.callers)]
        self._in_use = list(self.phones)
        """The phone of each caller's present call."""

    async def run(self) -> Result:
        """Run the trial; raises nothing that a broken promise could cause."""
        for worker in self._stage.workers:
            await worker.up.wait()
        self._stage.watch(self._trace)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._notice_hold_ups())
                for trouble in self._plan.troubles:
                    group.create_task(self._trouble(trouble))
                await self._calls()
        except ExceptionGroup as group:
            group.add_note(f"seed {self._plan.seed}: {self._plan}\n{self._stage.log}")
            raise
        await self._settle()
        return self._result

    def _phone(self, number: int) -> Phone:
        seed = self._plan.seed

        def choose() -> tuple[str, int]:
            return HOST, self._stage.next_worker().port

        return Phone(
            f"CA-{seed}-{number}", f"+612555{seed % 1000:03d}{number:02d}",
            Random(f"{seed}/{number}"), choose, self._plan.thinks_s,
        )  # fmt: skip

    async def _calls(self) -> None:
        try:
            async with asyncio.timeout(CALLS_S), asyncio.TaskGroup() as group:
                for number in range(self._plan.callers):
                    group.create_task(self._place(number))
        except TimeoutError:
            self._break(Harm.NEVER_ENDED, str(self._plan))
        finally:
            self._over.set()

    async def _place(self, number: int) -> None:
        """Place a call, and ring again where the caller wants something of the appointment."""
        phone = self.phones[number]
        await phone.place()
        if wish := wish_of(phone.call_sid):
            self._in_use[number] = again = phone.again(wish)
            self.phones.append(again)
            await again.place()

    async def _notice_hold_ups(self) -> None:
        now = asyncio.get_running_loop().time
        while not self._over.is_set():
            begun = now()
            await asyncio.sleep(_POLL_S)
            if now() - begun > _POLL_S + _HELD_UP_S:
                self._held_up.append(now())

    # -- troubles ------------------------------------------------------------------------

    async def _trouble(self, trouble: Trouble) -> None:
        while self._trace.saved < trouble.after:
            if self._over.is_set():
                return
            await asyncio.sleep(_POLL_S / 4)
        self._result.met.append(trouble.kind)
        async with self._fault(trouble):
            try:
                async with asyncio.timeout(trouble.lasts_s):
                    await self._over.wait()
            except TimeoutError:
                return

    def _fault(self, trouble: Trouble) -> AbstractAsyncContextManager[None]:
        stage, detail = self._stage, trouble.detail
        worker = stage.workers[trouble.victim % len(stage.workers)]
        phone = self._in_use[trouble.victim % len(self._in_use)]
        match trouble.kind:
            case Kind.REDIS_SLOW:
                return faults.redis_slow(stage, float(detail[0]))
            case Kind.REDIS_FORGETS:
                return self._redis_forgets()
            case Kind.SERVER_KILLED:
                return faults.server_killed_at(worker, str(detail[0]), trouble.commits)
            case Kind.SERVER_DRAINED:
                return faults.server_drained(worker, insist=detail[0] == "twice")
            case Kind.SOCKET_CUT:
                return faults.socket_cut_at(phone, str(detail[0]), Cut(str(detail[1])))
            case Kind.HUNG_UP:
                return faults.hung_up(phone)
            case Kind.DISK_FULL:
                return self._disk_full_too()
            case Kind.TWO_SESSIONS:
                return faults.two_sessions_for_one_call(phone)
            case Kind.CLOCK_JUMPED:
                return faults.clock_jumped(worker, float(detail[0]))
            case kind if kind in _DENIED:
                return faults.redis_denies(stage, _DENIED[kind])
            case kind:
                return _OF_STAGE[kind](stage)

    @asynccontextmanager
    async def _redis_forgets(self) -> AsyncIterator[None]:
        """Restart Redis, and note what it forgot."""
        now = asyncio.get_running_loop().time
        begun = now()
        async with faults.redis_forgets(self._stage):
            yield
        self._forgotten = begun, now()

    @asynccontextmanager
    async def _disk_full_too(self) -> AsyncIterator[None]:
        async with faults.redis_down(self._stage), faults.disk_full(self._stage):
            yield

    # -- judgement -----------------------------------------------------------------------

    async def _settle(self) -> None:
        """Wait until everything is in Redis and the journals are empty; then judge."""
        result, now = self._result, asyncio.get_running_loop().time
        begun = now()
        broken: list[Violation] = []
        waiting: Sequence[object] = ()
        while True:
            if open_ := self._trace.open:
                if now() - begun > SETTLE_S:
                    self._break(Harm.NEVER_ENDED, f"{open_} sessions are still open")
                    break
                await asyncio.sleep(_POLL_S)
                continue
            await self._reconcile()
            result.evidence = await self._look()
            broken = [found for evidence in result.evidence for found in judge(evidence)]
            waiting = await asyncio.to_thread(waiting_sessions, self._stage.data_dir)
            if (not broken and not waiting) or now() - begun > SETTLE_S:
                break
            await asyncio.sleep(_POLL_S)
        result.settled_s = now() - begun
        result.violations += broken
        if waiting:
            self._break(Harm.NEVER_ENDED, f"{len(waiting)} sessions still wait in journals")
        denied = self._plan.has(DENIALS) and not self._plan.has(OF_REDIS | ENDS_SERVERS)
        if denied and result.settled_s > PROMPTLY_S:
            self._break(Harm.WRITTEN_LATE, f"{result.settled_s:.1f} s after Redis took it again")
        if result.violations:
            stories = [self._trace.story(c) for c in sorted({v.call for v in result.violations})]
            result.log = "\n".join([*stories, self._stage.log])

    def _break(self, harm: Harm, about: str) -> None:
        """Note a broken promise that is no single call's."""
        self._result.violations.append(Violation(harm, "", about))

    async def _reconcile(self) -> None:
        """Free what crashes left in the calendar. Nothing is under way any more."""
        async with self._stage.redis() as redis:
            reconciliation = Reconciliation(redis, load_business(None), utc_now)
            for _ in range(2):
                await reconciliation.free_places()

    def _notes_of_others(self, sid: str) -> list[str]:
        others = (phone.call_sid for phone in self.phones if phone.call_sid != sid)
        commits = (c for each in others for s in self._trace.sessions(each) for c in s.commits)
        return [orjson.loads(note)["text"] for commit in commits for note in commit.notes]

    async def _look(self) -> list[Evidence]:
        """Return the evidence of each call."""
        found = []
        async with self._stage.redis() as redis:
            places = await _places(redis)
            for sid, phone in ((phone.call_sid, phone) for phone in self.phones):
                fields = await cast(Awaitable[dict[str, str]], redis.hgetall(f"call:{{{sid}}}"))
                key = f"call:{{{sid}}}:history"
                history = await cast(Awaitable[list[str]], redis.lrange(key, 0, -1))
                told = await EventReader(redis).of_call(CallSid(sid))
                events = [(e.fields.get("type", ""), e.fields.get("value", "")) for e in told]
                evidence = Evidence(
                    sid,
                    self._trace.sessions(sid),
                    Stored(fields, history, events, sorted(places.get(sid, ()))),
                    heard=phone.heard,
                    forgotten=self._forgotten,
                    sighted=not self._plan.has(OF_REDIS),
                    held_up=self._held_up,
                    findable=not self._plan.has(OF_REDIS | DENIALS),
                    in_step=not (self._plan.has(OF_REDIS | DENIALS) and self._plan.has(OF_CLOCKS)),
                    passed=self._notes_of_others(sid),
                )
                found.append(evidence)
        return found


async def _places(redis: Redis) -> dict[str, list[str]]:
    """Return what the calendar keeps for good, by call: day and minute."""
    found: dict[str, list[str]] = {}
    nodes = await primaries(redis)
    keys = [k for n in nodes async for k in redis.scan_iter("slots:*", **n)]  # type: ignore[arg-type]
    for key in keys:
        day = str(key).rpartition(":")[2].rstrip("}")
        taken = await cast(Awaitable[dict[str, str]], redis.hgetall(key))
        for holder, place in taken.items():
            minute, expires, *_ = place.split(" ")
            if expires == "0":
                found.setdefault(holder.partition(">")[0], []).append(f"{day} {minute}")
    return found


_OF_STAGE = {
    Kind.REDIS_DOWN: faults.redis_down,
    Kind.REDIS_SILENT: faults.redis_silent,
    Kind.REPLY_LOST: faults.reply_lost,
    Kind.REQUEST_LOST: faults.request_lost,
    Kind.REDIS_RESTARTED: faults.redis_restarted,
}
_DENIED = {Kind.OOM: no_memory, Kind.READONLY: read_only, Kind.NOPERM: no_rights}
