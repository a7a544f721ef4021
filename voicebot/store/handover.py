"""Who takes a call in hand: a mark on the record that staff set, seen by all colleagues.

One small atomic write outside the owning session's sequence: the conversation goes on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from redis.asyncio import Redis

from voicebot.call import CallSid
from voicebot.store.keys import CHANNEL, call_keys
from voicebot.store.record import clean, iso_utc
from voicebot.store.scripts import EVENTS_KEPT, Script

_TAKE = Script("take")


class Verdict(StrEnum):
    """What became of the wish; TAKEN: a colleague has the call."""

    UNKNOWN = "unknown"
    TAKEN = "taken"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class Handed:
    """`by` is who has the call now, empty when nobody has."""

    verdict: Verdict
    by: str


async def hand_over(
    client: Redis,
    call_sid: CallSid,
    by: str,
    *,
    at: datetime,
    retention_s: int,
    over: bool = False,
) -> Handed:
    """Mark the call as taken by `by`, or as free when `by` is empty.

    Raises client.AWAY and BrokenRecord.

    A call that a colleague has stays theirs unless `over` says to take it over.
    """
    shared = (iso_utc(at), retention_s, EVENTS_KEPT, CHANNEL, call_sid)
    reply = await _TAKE.run(
        client, call_keys(call_sid).all, (*shared, clean(by), "1" if over else "")
    )
    verdict, holder = cast(tuple[str, str], reply)
    return Handed(Verdict(verdict), holder)
