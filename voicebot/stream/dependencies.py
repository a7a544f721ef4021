"""What a stream server and its calls work with, handed in: the seams to the other rooms."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from voicebot.call import CallSid, CommitObserver, Ledger, Phase
from voicebot.collect.collector import Hear, SayAloud
from voicebot.settings import Settings
from voicebot.speech import SpeechToText, Synthesizer, VoiceDetector
from voicebot.stream.speaking import Clock
from voicebot.stream.state import FillerPhrases
from voicebot.stream.tokens import StreamTokens
from voicebot.stream.webhook import Webhook
from voicebot.telemetry import UNTRACED, Tracing

Conversation = Callable[[Ledger, Hear, SayAloud], Awaitable[object]]
"""Holds the conversation to its end; raises what `hear`, `say` and the ledger raise."""


class OpenLedger(Ledger, Protocol):
    """A ledger of one session, which is observed, and closed at the end of its call."""

    def observe(self, observer: CommitObserver) -> None:
        """Tell `observer` of every commit from now on."""
        ...

    async def close(self) -> None: ...


Announce = Callable[[CallSid, Phase], Awaitable[None]]
"""Tells live watchers what the bot is doing; must not wait for anything."""


def utc_now() -> datetime:
    """The clock of the record."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDependencies:
    """What a call works with; the same for all calls of a worker.

    fixed  sentences whose audio the synthesizer has in its cache
    """

    stt: SpeechToText
    synthesizer: Synthesizer
    detector: Callable[[], VoiceDetector]
    fixed: Collection[str] = frozenset()
    """Sentences that the synthesizer has at hand."""
    converse: Conversation
    announce: Announce | None = None
    fillers: FillerPhrases | None = None
    language: str = "en"
    max_call_s: float = 900.0
    clock: Clock = utc_now
    stopwatch: Callable[[], float] = time.perf_counter


class OpenCall(Protocol):
    """Claims a call at the store, for a new session."""

    async def __call__(self, call_sid: CallSid, *, caller: str | None) -> OpenLedger: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDependencies:
    """What the server works with."""

    settings: Settings
    webhook: Webhook
    tokens: StreamTokens
    open_call: OpenCall
    hold: Callable[[CallSid], AbstractAsyncContextManager[None]]
    first: Callable[[CallSid, str, int], Awaitable[bool | None]]
    """Is this the first use of a call's word by any worker, for so many seconds? None while Redis
    is away."""
    calls: CallDependencies
    tracing: Tracing = UNTRACED
