"""Keys beside the records: recent calls, who called before, locks, and calls on the phone.

None of them decides anything about a record. Each is one key, so all are at home in any cluster.
A live mark expires by itself: a server that was killed keeps its calls from being answered
elsewhere for at most LIFE_S. What keeps two sessions apart is the epoch, not this mark.
"""

from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import ResponseError

from voicebot.call import CallSid, Status, Step, is_call_sid, is_e164
from voicebot.log import get_logger
from voicebot.store.client import AWAY, ask_each, is_wrong_type, unless_wrong_type
from voicebot.store.layout import (
    ANSWER_FIELD,
    BOOKED_FIELD,
    CONTINUED_FIELD,
    EMAIL_SENT_FIELD,
    MAILED_FIELD,
    RECENT_CALLS,
    REVISION_FIELD,
    call_keys,
    flag,
    iso_utc,
    timestamp_field,
)
from voicebot.store.live_marks import LiveMarks, live_key
from voicebot.store.record import read_count
from voicebot.validation import read_moment

log = get_logger(__name__)

MOST_CALLS = 5
"""More calls of one number do not help to find the one that broke off."""

MOST_OF_A_NUMBER = 200
"""Calls of one number that a search finds at once; older ones it finds by looking through all."""

LATEST_MS = 250_000_000_000_000
"""In the year 9892: a score of the index beyond it is no moment."""

_MAILS_SINCE = "voicebot:mail:since"
_PIPELINED = 100  # commands in flight at once
_ANY_CALL = CallSid("*")
_Name = TypeVar("_Name", bound=str)
NUMBER_FIELDS = ("caller", ANSWER_FIELD[Step.PHONE])
"""The fields of the number that called, and of the one that the caller gave."""
_CONFIRMING = [
    *(BOOKED_FIELD, "status", EMAIL_SENT_FIELD, REVISION_FIELD, MAILED_FIELD),
    *(ANSWER_FIELD[Step.EMAIL], timestamp_field(Step.TIME)),
]
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696"})
"""The provider's words for anonymous, restricted, blocked and unknown callers."""


def is_number(caller: str) -> bool:
    """Return whether it is a caller's own number, in E.164."""
    return is_e164(caller) and caller not in _WITHHELD


def in_parts(names: Sequence[_Name]) -> Iterator[Sequence[_Name]]:
    """Yield calls, or holders of places, in parts for one pipeline each."""
    return (names[i : i + _PIPELINED] for i in range(0, len(names), _PIPELINED))


async def primaries(client: Redis) -> list[dict[str, ClusterNode]]:
    """Return the arguments that send a command to one node, for each node that has calls."""
    if not isinstance(client, RedisCluster):
        return [{}]
    await client.initialize()
    return [{"target_nodes": node} for node in client.get_primaries()]


async def read_fields(
    client: Redis, call_sids: Sequence[CallSid], names: Sequence[str]
) -> list[list[str | None]]:
    """Return a few fields of each call's record, in the order of `names`; None where there is no
    such field, no record, or a broken one. Raises client.AWAY."""
    keys = [call_keys(call_sid).call for call_sid in call_sids]
    replies = await ask_each(client, [("HMGET", key, *names) for key in keys])
    return [[None] * len(names) if reply is None else reply for reply in replies]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A place in the index of recent calls: newest claim first, then by name."""

    call_sid: CallSid
    claimed_ms: int

    @property
    def order(self) -> tuple[int, str]:
        """Later places are smaller; equal moments in falling order of name."""
        return self.claimed_ms, self.call_sid


class CallIndex:
    """The indexes, locks and live marks on one client. Raises client.AWAY, where not said else."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._marks = LiveMarks(client)

    async def add(self, call_sid: CallSid, began: datetime, retention_s: int) -> None:
        """Add a call to the recent ones; drop those whose records have expired."""
        began_ms = int(began.timestamp() * 1000)
        await self._client.zadd(RECENT_CALLS, {call_sid: began_ms})
        await self._client.zremrangebyscore(RECENT_CALLS, 0, began_ms - retention_s * 1000)

    async def recent(self, limit: int, after: IndexEntry | None = None) -> list[IndexEntry]:
        """Return recent calls, newest first, from behind `after` on."""
        newest = str(after.claimed_ms) if after and after.claimed_ms < LATEST_MS else "+inf"
        found: list[IndexEntry] = []
        offset = 0
        while len(found) < limit:
            try:
                page = await self._client.zrevrangebyscore(
                    RECENT_CALLS, newest, "-inf", start=offset, num=limit, withscores=True
                )
            except ResponseError as error:
                if not is_wrong_type(error):
                    raise
                log.error("index_of_calls_broken", advice=f"delete the key {RECENT_CALLS}")
                break
            offset += len(page)
            scored = cast(list[tuple[str, float]], page)
            places = [_place(name, score) for name, score in scored if is_call_sid(name)]
            found += [place for place in places if after is None or place.order < after.order]
            if len(page) < limit:
                break
        return found[:limit]

    async def all_calls(self) -> AsyncIterator[tuple[CallSid, ...]]:
        """Yield every call that has a record, in parts of at most 100.

        By their keys: the index of recent calls is written when there is time, a record is not.
        Where nodes of a cluster are away the calls of the others come first, then what they raised.
        """
        away: Exception | None = None
        for node in await primaries(self._client):
            part: list[CallSid] = []
            try:
                async for key in self._client.scan_iter(
                    match=call_keys(_ANY_CALL).call,
                    count=1000,
                    **node,  # type: ignore[arg-type]
                ):
                    if is_call_sid(name := str(key).partition("{")[2].rstrip("}")):
                        part.append(CallSid(name))
                    if len(part) == _PIPELINED:
                        yield tuple(part)
                        part.clear()
            except AWAY as error:
                away = error
            yield tuple(part)
        if away is not None:
            raise away

    async def mails_since(self, now: datetime) -> datetime:
        """Return when mail was set up here: `now`, the first time that this is asked."""
        await self._client.set(_MAILS_SINCE, iso_utc(now), nx=True)
        return read_moment(await self._client.get(_MAILS_SINCE)) or now

    async def unconfirmed(
        self, call_sids: Sequence[CallSid], since: datetime
    ) -> dict[CallSid, bool]:
        """Return for each call whether it has an e-mail address, and an appointment that stands or
        was called off of which that address does not know. One made before `since` needs no mail,
        unless it was mailed before.

        A call that cannot be read now is left out, which needs no more than one node to be away.
        """
        found: dict[CallSid, bool] = {}
        for part in in_parts(call_sids):
            async with self._client.pipeline(transaction=False) as pipe:
                for call_sid in part:
                    pipe.hmget(call_keys(call_sid).call, _CONFIRMING)
                try:
                    replies = await pipe.execute(raise_on_error=False)
                except AWAY:  # of a cluster's node, perhaps: then each call is asked for by itself
                    replies = [await self._confirming(call_sid) for call_sid in part]
            for call_sid, reply in zip(part, replies, strict=True):
                if isinstance(reply, list):
                    booked, status, mailed, revision, mailed_revision, email, at = reply
                    is_old = mailed_revision is None and (read_moment(at) or since) < since
                    concerned = booked == flag(True) or status == Status.CANCELLED
                    knows = read_count(mailed_revision) >= read_count(revision)
                    done = mailed == flag(True) and knows
                    found[call_sid] = bool(email) and concerned and not (done or is_old)
        return found

    async def _confirming(self, call_sid: CallSid) -> list[str | None] | None:
        with suppress(*AWAY):
            asked = self._client.hmget(call_keys(call_sid).call, _CONFIRMING)
            return await cast(Awaitable[list[str | None]], asked)
        return None

    async def add_caller(
        self, caller: str, call_sid: CallSid, now: datetime, window: timedelta
    ) -> None:
        """Remember for `window` that this number made this call."""
        if not is_number(caller) or not window:
            return
        key = _caller_key(caller)
        await self._client.zadd(key, {call_sid: int(now.timestamp() * 1000)})
        await self._client.zremrangebyrank(key, 0, -MOST_CALLS - 1)
        await self._client.expire(key, window)

    async def calls_of(self, caller: str, since: datetime) -> list[CallSid]:
        """Return the newest calls of this number, newest first; none of a withheld number.

        Whether one can be continued is read from its record.
        """
        if not is_number(caller):
            return []
        oldest = int(since.timestamp() * 1000)
        found = await self._client.zrevrangebyscore(_caller_key(caller), "+inf", oldest)
        return [CallSid(str(name)) for name in found]

    async def add_numbers(self, call_sid: CallSid, began: datetime, retention_s: int) -> None:
        """Add a call to those of the numbers that it came from or was given, for staff's search."""
        (found,) = await self._numbers([call_sid])
        await self._add_numbers([(call_sid, began, found)], retention_s)

    async def restore(self, call_sids: Sequence[CallSid], retention_s: int) -> None:
        """Add calls to the recent ones and to those of their numbers where they are missing.

        As they are written when there is time, some may be; a call counts from its creation then.
        """
        for part in in_parts(call_sids):
            calls = [
                (call_sid, began, numbers)
                for call_sid, (created, *numbers) in zip(
                    part, await self._numbers(part, "createdAt"), strict=True
                )
                if (began := read_moment(created)) is not None
            ]
            if calls:
                ms = {str(call_sid): int(at.timestamp() * 1000) for call_sid, at, _ in calls}
                await self._client.zadd(RECENT_CALLS, ms, nx=True)
                await self._add_numbers(calls, retention_s)

    async def with_number(self, number: str) -> list[CallSid]:
        """Return the newest calls that came from this number or were given it, newest first."""
        with unless_wrong_type():
            found = await self._client.zrevrange(_number_key(number), 0, MOST_OF_A_NUMBER - 1)
            return [CallSid(str(name)) for name in found if is_call_sid(name)]
        return []

    async def _numbers(self, call_sids: Sequence[CallSid], *more: str) -> list[list[str | None]]:
        return await read_fields(self._client, call_sids, [*more, *NUMBER_FIELDS])

    async def _add_numbers(
        self, calls: Sequence[tuple[CallSid, datetime, Sequence[str | None]]], retention_s: int
    ) -> None:
        async with self._client.pipeline(transaction=False) as pipe:
            for call_sid, began, numbers in calls:
                for number in {n for n in numbers if n and is_number(n)}:
                    key = _number_key(number)
                    pipe.zadd(key, {call_sid: int(began.timestamp() * 1000)}, nx=True)
                    pipe.zremrangebyrank(key, 0, -MOST_OF_A_NUMBER - 1)
                    pipe.expire(key, retention_s)
            await pipe.execute()

    async def mark_continued(self, earlier: CallSid, later: CallSid) -> None:
        """Mark the earlier call as continued by the later one, so that it is not offered again.

        Best effort: nothing is marked while Redis is away.
        """
        with suppress(*AWAY):
            await self._client.hset(call_keys(earlier).call, CONTINUED_FIELD, later)

    async def lock(self, call_sid: CallSid, work: str, life_s: int) -> bool | None:
        """Keep other processes from the same work for a call, until `unlock` or for `life_s`.

        Returns True when the lock is ours now, False when another has it, None when Redis is away.
        """
        with suppress(*AWAY):
            return bool(await self._client.set(_lock_key(call_sid, work), "1", nx=True, ex=life_s))
        return None

    async def unlock(self, call_sid: CallSid, work: str) -> None:
        """Release a lock; while Redis is away it expires by itself."""
        with suppress(*AWAY):
            await self._client.delete(_lock_key(call_sid, work))

    async def on_the_phone(self, call_sids: Sequence[CallSid]) -> set[CallSid]:
        """Return those of the calls that a phone stream holds now."""
        held: set[CallSid] = set()
        for part in in_parts(call_sids):
            marks = await ask_each(self._client, [("EXISTS", live_key(c)) for c in part])
            held |= {call_sid for call_sid, on in zip(part, marks, strict=True) if on}
        return held

    async def is_live(self, call_sid: CallSid) -> bool:
        """Return whether a phone stream holds this call; False when Redis is away."""
        with suppress(*AWAY):
            return bool(await self.on_the_phone([call_sid]))
        return False

    def hold(self, call_sid: CallSid) -> AbstractAsyncContextManager[None]:
        """Keep the call marked as on the phone until the block is left, unless Redis is away."""
        return self._marks.hold(call_sid)


def _place(name: str, score: float) -> IndexEntry:
    """Return an entry of the index; a score that is no moment becomes the first or last one."""
    return IndexEntry(CallSid(name), int(min(max(score, 0), LATEST_MS)))


def _caller_key(caller: str) -> str:
    """Return the sorted set of the calls that one number made, by epoch milliseconds."""
    return f"caller:{{{caller}}}"


def _number_key(number: str) -> str:
    """Return the sorted set of the calls with a number, theirs or given, by epoch milliseconds."""
    return f"number:{{{number}}}"


def _lock_key(call_sid: CallSid, work: str) -> str:
    return f"{call_keys(call_sid).call}:lock:{work}"
