"""The record: atomic commits, what readers get, what integrators may write.

    async with open_store(settings, business) as store:
        ledger = await store.open_call(call_sid, caller="+61...")
        await ledger.commit(Change(...))
        await ledger.close()

Promises

- What `commit` acknowledged is in Redis (`Saved.REDIS`) or on this machine's disk
  (`Saved.JOURNAL`) and reaches Redis exactly once, in the order of its session. `Saved.MEMORY`
  (Redis away and the disk full, or batch mode) is good until the process dies.
- All of a commit is in the record, or nothing.
- Commits are numbered per session. A number seen before is done already, one that comes too
  early is refused and the session, which keeps its commits until the call ends, sends what is
  missing: a lost reply, a repeat, a replay or a failover can neither double nor skip one.
- History reads in the order of `startedAt`; what began at one moment, as it was written.

Fencing. Each session that opens a call claims it: epoch + 1. The newest claim owns the record.
An older owner's commit, also one that comes out of a journal later, is kept as what it is, the
past: its messages are appended (they were said), its answers are taken only where the record
has none, its step, status, dialogue and confirmations are dropped, and a session that still
lives is told by `Fenced`. A call that began while Redis was away claims when Redis is back,
unless another session claimed after it began: then it is the older owner. (That one comparison
is of two machines' clocks; nothing else is.)

Turns over HTTP (`Store.open_turn`). A turn reads the record, and claims and commits in one
script, which refuses it as a whole when anybody has claimed or committed since. Its answer is
kept beside the record, so that a request that is sent again is no second turn.

What it takes. A crash of our processes costs nothing. A crash of the Redis process needs its
append-only file; a power cut also `appendfsync always`, or it costs up to a second, which a
session that lives sends again. A failover may lose the last writes: again the living session
sends them. SessionInfo and Redis lost together in that second are outside of the promise.

What is public

    open_store, Store           access to all records for one process
    CallSession, HttpTurn       the writer of a phone call's commits; of one turn over HTTP
    RevealRecord                who had which call's data shown
    CallRecord, CallSkeleton    a record as it leaves the store; its typed form with the old names
    Skeleton                    the typed form with the old names alone
    CompanyRecord, HistoryMessage, NoteRecord, ServiceRecord, User, UserInfo   parts of these
    Overtaken                   another turn over HTTP was faster
    CommandQueue                what staff have live calls do, on its way to them
    LineAudio, WISH_S           what is said on a line, on its way to staff who listen in
    EventReader, StreamEvent    event streams, records and the index of calls; one event
    IndexEntry, LATEST_MS, BEGINNING, entry_order   places in the index and in a stream
    AWAY, connect               what a Redis that does not acknowledge raises; a client for a URL
    open_client                 the same client for a block, with all its connections closed
    is_wrong_type, unavailable_when_away   what an error reply means, and StoreUnavailable for it
    require_form                checks that a URL has the form for the server that answers
    EmbeddedValkey, embedded_valkey, redis_url, running_url   the server of our own
    journal_backlog, journal_summaries, JournalSummary, JournalOwner   what waits in journals
    Forgetting, Erased, Rewrite   erases calls; what it has erased; the append-only file's state
    call_keys, ANSWER_FIELD     the keys of a call's record; the fields of its answers, by step
    iso_utc, utc_now, read_json, read_object   moments and JSON as the record writes them
    cancel_tasks                cancels tasks and waits for them
    vacant_times                what is free on a day, for a person to read
    get_call_skeleton, get_call_skeleton_dict, update_user_info_field, update_service_selection,
    update_conversation_history, update_booking_status, close_store   for integrators

The last group uses one store for the running loop, opened from the settings of the environment;
`close_store` closes it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from voicebot.business import Business, load_business
from voicebot.call import CallSid
from voicebot.settings import Settings, load_settings
from voicebot.store.background import cancel_tasks
from voicebot.store.client import (
    AWAY,
    connect,
    is_wrong_type,
    open_client,
    require_form,
    unavailable_when_away,
)
from voicebot.store.commands import CommandQueue
from voicebot.store.embedded import EmbeddedValkey, embedded_valkey, redis_url, running_url
from voicebot.store.events import BEGINNING, EventReader, StreamEvent, entry_order
from voicebot.store.fallback import FallbackStore
from voicebot.store.forgetting import Erased, Forgetting, Rewrite
from voicebot.store.http_turns import HttpTurn, Overtaken
from voicebot.store.index import LATEST_MS, IndexEntry
from voicebot.store.integrator_writes import HistoryInput, Moment
from voicebot.store.layout import ANSWER_FIELD, call_keys, iso_utc, utc_now
from voicebot.store.line_audio import WISH_S, LineAudio
from voicebot.store.models import (
    CallSkeleton,
    CompanyRecord,
    HistoryMessage,
    NoteRecord,
    RevealRecord,
    ServiceRecord,
    Skeleton,
    User,
    UserInfo,
)
from voicebot.store.record import CallRecord, read_json, read_object
from voicebot.store.replay import (
    JOURNALS,
    JournalOwner,
    JournalSummary,
    journal_backlog,
    journal_summaries,
)
from voicebot.store.session import CallSession
from voicebot.store.slots import Slots
from voicebot.store.store import Store

__all__ = [
    "ANSWER_FIELD", "AWAY", "BEGINNING", "LATEST_MS", "WISH_S", "CallRecord", "CallSession",
    "CallSkeleton", "CommandQueue", "CompanyRecord", "EmbeddedValkey", "Erased", "EventReader",
    "Forgetting", "HistoryMessage", "HttpTurn", "IndexEntry", "JournalOwner", "JournalSummary",
    "LineAudio", "NoteRecord", "Overtaken", "RevealRecord", "Rewrite", "ServiceRecord", "Skeleton",
    "Store", "StreamEvent", "User", "UserInfo", "call_keys", "cancel_tasks", "close_store",
    "connect", "embedded_valkey", "entry_order", "get_call_skeleton", "get_call_skeleton_dict",
    "is_wrong_type", "iso_utc", "journal_backlog", "journal_summaries", "open_client",
    "open_store", "read_json", "read_object", "redis_url", "require_form", "running_url",
    "unavailable_when_away", "update_booking_status", "update_conversation_history",
    "update_service_selection", "update_user_info_field", "utc_now", "vacant_times",
]  # fmt: skip

_stores: WeakKeyDictionary[asyncio.AbstractEventLoop, Store] = WeakKeyDictionary()


@asynccontextmanager
async def open_store(settings: Settings, business: Business) -> AsyncIterator[Store]:
    """Open the store that the settings name. Redis may be away: it connects when first used."""
    store = _made(settings, business)
    try:
        await store.start()
        yield store
    finally:
        await store.aclose()


async def vacant_times(client: Redis, business: Business, day: date) -> list[datetime]:
    """Return the moments at which a visit of the usual length could begin, and take none of them.

    Raises an error of AWAY.
    """
    return await Slots(client, business, CallSid("nobody"), utc_now).vacant(day)


async def get_call_skeleton(call_sid: str) -> CallSkeleton | None:
    """Return the typed record, or None for an unknown call; raises StoreUnavailable."""
    return await _store().get_call_skeleton(call_sid)


async def get_call_skeleton_dict(call_sid: str) -> dict[str, object] | None:
    """Return the nested form, or None for an unknown call; raises StoreUnavailable."""
    return await _store().get_call_skeleton_dict(call_sid)


async def update_user_info_field(
    call_sid: str, field_name: str, field_value: str, timestamp: Moment | None = None
) -> bool:
    """Set name, phone, address or email. True when it is saved, False when the value does not pass
    the check that a caller's answer passes; never raises."""
    return await _store().writes.update_user_info_field(
        call_sid, field_name, field_value, timestamp
    )


async def update_service_selection(
    call_sid: str,
    service_name: str,
    service_time: Moment | None = None,
    timestamp: Moment | None = None,
) -> bool:
    """Set the service, and a time at which a visit may begin (ISO 8601; naive: business's zone)."""
    return await _store().writes.update_service_selection(
        call_sid, service_name, service_time, timestamp
    )


async def update_conversation_history(call_sid: str, message: HistoryInput) -> bool:
    """Append one message: speaker (`AI` or `customer`), message, startedAt."""
    return await _store().writes.update_conversation_history(call_sid, message)


async def update_booking_status(call_sid: str, is_booked: bool, email_sent: bool = False) -> bool:
    """Set `servicebooked`; `email_sent=True` also sets `confirmEmailsent`."""
    return await _store().writes.update_booking_status(call_sid, is_booked, email_sent)


async def close_store() -> None:
    """Close the running loop's store, if one of the coroutines above opened it."""
    if store := _stores.pop(asyncio.get_running_loop(), None):
        await store.aclose()


def _store() -> Store:
    loop = asyncio.get_running_loop()
    if loop not in _stores:
        settings = load_settings()
        _stores[loop] = _made(settings, load_business(settings.business))
    return _stores[loop]


def _made(settings: Settings, business: Business) -> Store:
    fallback = FallbackStore(settings.data_dir / JOURNALS)
    client = connect(redis_url(settings), answer_s=settings.commit_deadline_ms / 1000)
    return Store(client, settings, business, fallback=fallback)
