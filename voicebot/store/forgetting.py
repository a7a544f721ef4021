"""Erase calls: their records, and what indexes, calendar and journals have of them.

    journals ──► indexes, calendar ──► keys of the calls ──► a rewrite of the append-only file

The records go last, so that it can be repeated after a crash. An append-only file keeps what was
erased until it is rewritten (https://valkey.io/topics/persistence/), so that is asked for. Copies
that others keep (back-ups, receivers of webhooks) are theirs to erase.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import ResponseError

from voicebot.business import Business
from voicebot.call import CallSid, is_call_sid
from voicebot.errors import StillInUse
from voicebot.store.client import ask_each
from voicebot.store.commit_encoding import PendingCommits, PendingUpdate, after
from voicebot.store.index import NUMBER_FIELDS, CallIndex, in_parts, primaries, read_fields
from voicebot.store.layout import CHANNEL, RECENT_CALLS, Fields, legacy_key
from voicebot.store.legacy import read_legacy
from voicebot.store.record import CallRecord
from voicebot.store.replay import JournalErasure, erase_from_journals, waiting_entries

SETS_OF_CALLS = ("booked:*", "booked-name:*", "caller:*", "number:*")
"""Sorted sets of callSids, by number and by name."""
REWRITE_PATIENCE_S = 20.0
"""Time that the end of a rewrite is awaited; it goes on by itself."""

_CALL_OF_KEY = re.compile(r"call:(?:\{(?P<ours>[^}]*)\}.*|(?P<old>[^{:]+))")
_POLL_S = 0.05


class Rewrite(StrEnum):
    """The state of the append-only files; OFF where none is kept."""

    DONE = "done"
    RUNNING = "running"
    REFUSED = "refused"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: how many calls, keys, entries of indexes, places of the calendar."""

    calls: int
    keys: int
    entries: int
    places: int
    journals: JournalErasure
    rewrite: Rewrite


class Forgetting:
    """Finds and erases calls. Raises client.AWAY, also when only some nodes of a cluster answer."""

    def __init__(self, client: Redis, business: Business, data_dir: Path) -> None:
        self._client = client
        self._business = business
        self._data_dir = data_dir

    async def known(self, call_sids: Collection[CallSid]) -> frozenset[CallSid]:
        """Return those calls of which anything is stored, here or in Redis."""
        keys = await self._keys(frozenset(call_sids))
        waiting = await asyncio.to_thread(waiting_entries, self._data_dir)
        return frozenset(keys) | ({entry.call_sid for entry in waiting} & set(call_sids))

    async def calls_of(self, number: str) -> frozenset[CallSid]:
        """Return the calls that came from a number (E.164) or were given it as the caller's."""
        found = {c for c, fields in (await self._numbers()).items() if _has(fields, number)}
        sessions: dict[CallSid, list[PendingCommits]] = {}
        for entry in await asyncio.to_thread(waiting_entries, self._data_dir):
            if isinstance(entry, PendingUpdate):
                found |= {entry.call_sid} if _has(entry.fields, number) else set()
            else:
                sessions.setdefault(entry.call_sid, []).append(entry)
        for call_sid, waiting in sessions.items():
            if _has(after(CallRecord({}), waiting).fields, number):
                found.add(call_sid)
        return frozenset(found)

    async def erase(self, call_sids: Collection[CallSid], number: str | None = None) -> Erased:
        """Erase these calls, and the sets of a number's calls; it can be repeated.

        Raises StillInUse while one is on the phone, or a running process has writes of it.
        """
        wanted = frozenset(call_sids)
        if on := await CallIndex(self._client).on_the_phone(list(wanted)):
            raise StillInUse(f"{', '.join(sorted(on))} is on the phone: try again when it is over")
        journals = await asyncio.to_thread(erase_from_journals, self._data_dir, wanted)
        entries = await self._erase_entries(wanted, number)
        places = await self._erase_places(wanted)
        keys = await self._keys(wanted)
        await self._unlink([key for found in keys.values() for key in found])
        for call_sid in wanted:  # consoles forget what they have read of it
            await self._client.publish(CHANNEL, call_sid)
        rewrite = await rewrite_log(self._client)
        count = sum(map(len, keys.values()))
        return Erased(len(wanted), count, entries, places, journals, rewrite)

    async def _keys(self, wanted: frozenset[CallSid]) -> dict[CallSid, list[str]]:
        """Return every key of these calls, whatever it holds."""
        found: dict[CallSid, list[str]] = {}
        async for part in self._scan("call:*"):
            for key in part:
                if (call_sid := _call_of(key)) in wanted:
                    found.setdefault(call_sid, []).append(key)
        return found

    async def _numbers(self) -> dict[CallSid, Mapping[str, str | None]]:
        """Return the fields with a number of every record, also of the old system's."""
        found: dict[CallSid, Mapping[str, str | None]] = {}
        async for part in CallIndex(self._client).all_calls():
            read = await read_fields(self._client, part, NUMBER_FIELDS)
            for call_sid, numbers in zip(part, read, strict=True):
                found[call_sid] = dict(zip(NUMBER_FIELDS, numbers, strict=True))
        async for keys in self._scan("call:[^{]*"):
            for key in keys:
                old = _call_of(key)
                if old is not None and key == legacy_key(old) and old not in found:
                    found[old] = await self._old_fields(key)
        return found

    async def _old_fields(self, key: str) -> Fields:
        with suppress(ResponseError):  # a key of another type, and of another program
            read = self._client.execute_command("GET", key, NEVER_DECODE=True)  # type: ignore[no-untyped-call]
            old = read_legacy(cast(bytes | None, await read), self._business)
            return dict(old.fields) if old else {}
        return {}

    async def _erase_entries(self, wanted: frozenset[CallSid], number: str | None) -> int:
        erased = 0
        for part in in_parts(list(wanted)):
            erased += await self._client.zrem(RECENT_CALLS, *part)
        for pattern in SETS_OF_CALLS:
            async for keys in self._scan(pattern):
                for part in in_parts(list(wanted)):
                    gone = await ask_each(self._client, [("ZREM", key, *part) for key in keys])
                    erased += sum(count or 0 for count in gone)
        if number is not None:  # what is left there is of records that have expired
            await self._unlink([f"{name}:{{{number}}}" for name in ("caller", "booked", "number")])
        return erased

    async def _erase_places(self, wanted: frozenset[CallSid]) -> int:
        erased = 0
        async for keys in self._scan("slots:*"):
            found = await ask_each(self._client, [("HKEYS", key) for key in keys])
            for key, holders in zip(keys, found, strict=True):
                ours = [h for h in holders or () if re.split("[?>]", h)[0] in wanted]
                if ours:
                    erased += await self._client.hdel(key, *ours)
        return erased

    async def _unlink(self, keys: list[str]) -> None:
        for at in range(0, len(keys), 100):
            await ask_each(self._client, [("UNLINK", key) for key in keys[at : at + 100]])

    async def _scan(self, pattern: str) -> AsyncIterator[list[str]]:
        for node in await primaries(self._client):
            part: list[str] = []
            async for key in self._client.scan_iter(match=pattern, count=1000, **node):  # type: ignore[arg-type]
                part.append(str(key))
                if len(part) == 100:
                    yield part
                    part = []
            if part:
                yield part


async def rewrite_log(client: Redis) -> Rewrite:
    """Have every server write its append-only file anew, and wait a while for the end.

    Raises client.AWAY.
    """
    nodes: list[dict[str, ClusterNode]] = [{}]
    if isinstance(client, RedisCluster):
        await client.initialize()
        nodes = [{"target_nodes": node} for node in client.get_nodes()]  # replicas have their own
    states = await asyncio.gather(*(_rewritten(client, node) for node in nodes))
    order = (Rewrite.REFUSED, Rewrite.RUNNING, Rewrite.DONE, Rewrite.OFF)
    return min(states, key=order.index)


async def _rewritten(client: Redis, node: Mapping[str, ClusterNode]) -> Rewrite:
    asked = False
    try:
        async with asyncio.timeout(REWRITE_PATIENCE_S):
            while True:
                info = await client.info("persistence", **node)
                busy = info.get("aof_rewrite_in_progress") or info.get("aof_rewrite_scheduled")
                if not info.get("aof_enabled"):
                    return Rewrite.OFF
                if not busy and asked:
                    return Rewrite.DONE
                if not busy:  # one that began before has what was erased
                    await client.bgrewriteaof(**node)
                    asked = True
                await asyncio.sleep(_POLL_S)
    except ResponseError:
        return Rewrite.REFUSED
    except TimeoutError:
        return Rewrite.RUNNING if asked else Rewrite.REFUSED


def _call_of(key: str) -> CallSid | None:
    match = _CALL_OF_KEY.fullmatch(key)
    name = str(match["ours"] or match["old"]) if match else ""
    return CallSid(name) if is_call_sid(name) else None


def _has(fields: Mapping[str, str | None], number: str) -> bool:
    return number in (fields.get(name) for name in NUMBER_FIELDS)
