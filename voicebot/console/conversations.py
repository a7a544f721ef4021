"""Conversations over HTTP: every request is one turn of the very dialogue that the phone has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from voicebot.business import Business
from voicebot.call import Appointments, CallSid, CallState, Change, Ledger, Saved, Status
from voicebot.collect.collector import Conversation, SayAloud
from voicebot.collect.dialogue import begin
from voicebot.collect.events import Started, Utterance
from voicebot.collect.understanding import Understand
from voicebot.errors import VoicebotError
from voicebot.openai.bill import note_bill, open_bill
from voicebot.openai.usage import load_prices, meter
from voicebot.settings import Settings
from voicebot.store import CallSkeleton, Store
from voicebot.tracing import UNTRACED, Answer, CallTrace, Tracing

_GOES_ON = "goes_on"
"""What a trace says of a request after which the conversation is not over."""


class UnknownCall(VoicebotError):
    """There is no record of this call."""


class CallIsLive(VoicebotError):
    """A phone stream owns this call just now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the bot said, when, and the record after it."""

    text: str
    started_at: datetime
    skeleton: CallSkeleton


class Conversations:
    """The calls that are held over HTTP. Two requests for one call are served in turn.

    What a call costs is counted, and capped, as on the phone. Raises SettingsError for the prices.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        business: Business,
        understand: Understand,
        tracing: Tracing = UNTRACED,
    ) -> None:
        load_prices(settings.openai_prices)
        self._settings = settings
        self._store = store
        self._business = business
        self._understand = understand
        self._tracing = tracing
        self._turns: WeakValueDictionary[CallSid, asyncio.Lock] = WeakValueDictionary()

    async def start(self, call_sid: CallSid, caller: str | None) -> Answered:
        """Begin a call: its record is made, greeting and first question are in its history."""
        async with self._turn_of(call_sid):
            return await self._hold(call_sid, caller, None)

    async def answer(self, call_sid: CallSid, text: str, at: datetime) -> Answered:
        """One turn of the caller. Raises UnknownCall, or CallIsLive while a phone has the call."""
        async with self._turn_of(call_sid):
            if await self._store.get_call_skeleton(call_sid) is None:
                raise UnknownCall(f"there is no call {call_sid}; POST /calls begins one")
            if await self._store.presence.is_live(call_sid):
                raise CallIsLive(f"{call_sid} is on the phone just now")
            return await self._hold(call_sid, None, Utterance(text, at))

    async def _hold(
        self, call_sid: CallSid, caller: str | None, utterance: Utterance | None
    ) -> Answered:
        ledger = await self._store.open_call(call_sid, caller=caller, business=self._business)
        found = ledger.state
        trace = self._tracing.begin_call(call_sid, found.step, resumed=found.resumed)
        pen = _TracedPen(ledger, trace)
        bill = open_bill(self._settings, found)
        try:
            said = await self._take_turn(pen, utterance, trace)
        finally:
            await note_bill(bill, ledger)
            await ledger.close(goes_on=True)
            trace.end(pen.outcome)
        skeleton = await self._store.get_call_skeleton(call_sid)
        if skeleton is None:
            raise UnknownCall(f"the record of {call_sid} is gone")
        return Answered(
            " ".join(text for text, _ in said), said[0][1] if said else _now(), skeleton
        )

    async def _take_turn(
        self, pen: Ledger, utterance: Utterance | None, trace: CallTrace
    ) -> list[tuple[str, datetime]]:
        """What the bot says to the utterance; without one it begins."""
        said: list[tuple[str, datetime]] = []
        dialogue = begin(self._business, pen.state)
        talk = Conversation(dialogue, say=_write_down(said), ledger=pen, clock=_now)
        if utterance is None:
            await talk.take_turn(Started())
            return said
        trace.turn_began(began := time.perf_counter())
        await talk.take_turn(await talk.heard(utterance, self._understand))
        total_s, waited_s = time.perf_counter() - began, meter().waited_s
        trace.answered(Answer(total_s, 0.0, waited_s, 0.0, total_s - waited_s))
        return said

    def _turn_of(self, call_sid: CallSid) -> asyncio.Lock:
        return self._turns.setdefault(call_sid, asyncio.Lock())


class _TracedPen:
    """A ledger whose commits are told to the call's trace. It satisfies Ledger."""

    def __init__(self, ledger: Ledger, trace: CallTrace) -> None:
        self._ledger = ledger
        self._trace = trace
        self._status = ledger.state.status

    @property
    def state(self) -> CallState:
        """See Ledger.state."""
        return self._ledger.state

    @property
    def appointments(self) -> Appointments:
        """See Ledger.appointments."""
        return self._ledger.appointments

    @property
    def outcome(self) -> str:
        """How the call has ended, if it has."""
        return _GOES_ON if self._status is Status.ACTIVE else self._status

    async def commit(self, change: Change) -> Saved:
        """See Ledger.commit."""
        began = time.perf_counter()
        saved = await self._ledger.commit(change)
        self._trace.committed(change, saved, time.perf_counter() - began)
        self._status = change.status or self._status
        return saved

    async def continue_earlier(self, earlier: CallSid) -> None:
        """See Ledger.continue_earlier."""
        await self._ledger.continue_earlier(earlier)


def _write_down(
    said: list[tuple[str, datetime]],
) -> SayAloud:
    """A mouth that writes: the words become the HTTP answer."""

    async def say(text: str, before_first_frame: Callable[[datetime], Awaitable[None]]) -> None:
        at = _now()
        await before_first_frame(at)
        said.append((text, at))

    return say


def _now() -> datetime:
    return datetime.now(UTC)
